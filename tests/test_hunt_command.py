"""`spikemirror hunt` and `spikemirror run` of what it found, here and on a cluster."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

from spikemirror import cli
from spikemirror.golden import found
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator

Program = Callable[..., Any]
WRONG = Path(__file__).with_name("wrong_mirrors.py")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A program that is wrong in the last element."""
    path = tmp_path / "wrong.toml"
    command = json.dumps([sys.executable, str(WRONG), "slightly-off", str(tmp_path)])
    path.write_text(f'name = "wrong"\ncommand = {command}\nown_descriptors = true\n')
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A cache of the test's own."""
    return {"SPIKEMIRROR_CACHE": str(tmp_path / "cache")}


def test_nothing_found(spikemirror: Program, environment: dict[str, str]) -> None:
    done = spikemirror(
        "hunt",
        "-k",
        "csdp_step",
        "-k",
        "goodness",
        "--mirrors",
        "python",
        "--time",
        "3",
        "--seed",
        "1",
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing found" in done.stdout
    assert "seed 1" in done.stdout
    assert all(word in done.stdout for word in ("csdp_step", "goodness", "bits", " %"))
    assert "\x1b" not in done.stdout


def test_a_finding_is_told_kept_and_reproduced(
    spikemirror: Program, environment: dict[str, str], manifest: Path
) -> None:
    hunt = spikemirror(
        "hunt", "-k", "goodness", "--external", str(manifest), "--time", "4", "--seed", "1", env=environment
    )
    assert hunt.returncode == 1, hunt.stdout + hunt.stderr
    assert "1 found" in hunt.stdout
    lines = [line.strip() for line in hunt.stdout.splitlines()]
    (command,) = (line.removeprefix("reproduce: ") for line in lines if line.startswith("reproduce: "))
    program, run, file, *whom = shlex.split(command)
    assert (program, run, whom) == ("spikemirror", "run", ["--external", str(manifest)])
    assert Path(file).is_file()
    again = spikemirror(run, file, *whom, env=environment)
    assert again.returncode == 1, again.stdout + again.stderr
    assert "found by spikemirror hunt" in again.stdout
    right = spikemirror(run, file, "--mirror", "python", env=environment)
    assert right.returncode == 0, right.stdout + right.stderr


def test_the_record_keeps_its_schema(spikemirror: Program, environment: dict[str, str], manifest: Path) -> None:
    options = ("hunt", "-k", "stdp_trace", "--mirrors", "python", "--external", str(manifest), "--time", "3")
    done = spikemirror(*options, "--format", "json", env=environment)
    record = json.loads(done.stdout)
    assert list(validator("hunt").iter_errors(record)) == []
    assert record["mirrors"] == ["python", "wrong"]
    (kernel,) = record["kernels"]
    assert kernel["examples"] > 0
    assert {f["cell"]["mirror"] for f in kernel["findings"]} == {"wrong"}


def test_wrong_usage_is_told(spikemirror: Program, tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "none.json").write_text("{}")
    for arguments, said in (
        (("hunt", "-k", "nobody"), "no kernel 'nobody'"),
        (("hunt", "--mirrors", "cobol"), "no mirror 'cobol'"),
        (("run", str(tmp_path / "none.json")), "none.json"),
    ):
        done = spikemirror(*arguments, env=environment)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_missing_packages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "flint" else name)
    done = CliRunner().invoke(cli.app, ["hunt"])
    assert done.exit_code == 3
    assert "spikemirror hunt needs flint: pip install 'spikemirror[hunt]'" in done.stderr


def test_promotion(manifest: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "golden"
    shutil.copytree(project / "golden", folder)
    monkeypatch.setenv("SPIKEMIRROR_GOLDEN", str(folder))
    monkeypatch.setenv("SPIKEMIRROR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(found, "FOLDER", tmp_path / "found")
    arguments = ["hunt", "-k", "csdp_negative", "--external", str(manifest), "--time", "3", "--promote"]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 1, done.output
    (case,) = json.loads((tmp_path / "found" / "csdp_negative.json").read_text())["cases"]
    assert f"csdp_negative/{case['id']}: promoted" in done.stderr
    assert Golden(folder).case("csdp_negative", case["id"]).found is not None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_what_was_found(
    number: signal.Signals, environment: dict[str, str], manifest: Path, tmp_path: Path
) -> None:
    command = [str(Path(sys.executable).with_name("spikemirror")), "hunt", "-k", "goodness", "--time", "250"]
    hunt = subprocess.Popen(
        [*command, "--external", str(manifest)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not list((tmp_path / "cache" / "hunt").glob("goodness-found-*-wrong.json")):
            assert hunt.poll() is None, hunt.communicate()
            time.sleep(0.1)
        hunt.send_signal(number)
        output, errors = hunt.communicate(timeout=60)
    finally:
        hunt.kill()
    assert hunt.returncode == 128 + number, errors
    assert re.search(r"\b[1-9]\d* found\b", output)
    assert "reproduce: spikemirror run" in output
    assert "Traceback" not in errors
    left = subprocess.run(["pgrep", "-f", f"slightly-off {tmp_path}"], capture_output=True, text=True, check=False)
    assert left.stdout == ""


@pytest.fixture
def scheduler(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of two processes on this machine."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def test_on_a_cluster(spikemirror: Program, scheduler: str, environment: dict[str, str], manifest: Path) -> None:
    """Every worker searches every kernel with a seed of its own; what they find is merged."""
    search = ("hunt", "-k", "goodness", "-k", "stdp_trace", "--external", str(manifest), "--mirrors", "python")
    limits = ("--time", "12", "--seed", "3", "--scheduler", scheduler)
    done = spikemirror(*search, *limits, "--format", "json", env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    record = json.loads(done.stdout)
    assert [kernel["kernel"] for kernel in record["kernels"]] == ["goodness", "stdp_trace"]
    for kernel in record["kernels"]:
        assert kernel["examples"] > 0
        assert "python" in kernel["worst"]
        findings = kernel["findings"]
        assert {f["cell"]["mirror"] for f in findings} == {"wrong"}
        assert len({(f["cell"]["output"], f["cell"]["status"]) for f in findings}) == len(findings)
        for finding in findings:
            name = f"{kernel['kernel']}-{finding['case']['id']}-wrong.json"
            assert (Path(environment["SPIKEMIRROR_CACHE"]) / "hunt" / name).is_file()
    seeds = {f["case"]["found"]["seed"] for kernel in record["kernels"] for f in kernel["findings"]}
    assert seeds <= {3, 4}
