"""The command line: parity in all its formats, exit codes, one case alone, and the doctor."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.emit import MANIFEST, manifest
from spikemirror.golden.fixture import to_json
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.mirrors import NAMES

Program = Callable[..., Any]
ALL = ",".join(NAMES)


@pytest.fixture(scope="module")
def whole(spikemirror: Program) -> dict[str, Any]:
    """One run of everything."""
    done = spikemirror("parity", "--require", ALL, "--format", "json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    record = json.loads(done.stdout)
    assert isinstance(record, dict)
    return record


@pytest.fixture
def wrong_golden(project: Path, tmp_path: Path) -> Path:
    """Fixtures in which one expectation of goodness is false, sealed as if it were meant."""
    folder = tmp_path / "golden"
    shutil.copytree(project / "golden", folder)
    path = folder / "goodness.json"
    document = json.loads(path.read_text())
    output = document["cases"][0]["expected"]["float64"]["outputs"]["goodness"]
    output["bits"], output["values"] = "4008000000000000", [3.0]
    path.write_text(to_json(document))
    texts = {p.name: p.read_text() for p in folder.glob("*.json") if p.name != MANIFEST}
    (folder / MANIFEST).write_text(manifest(texts))
    return folder


def test_all_four_agree_on_everything(whole: dict[str, Any], golden: Golden) -> None:
    assert {c["status"] for c in whole["cells"]} == {"ok"}
    keys = [(c["mirror"], c["kernel"], c["case"], c["dtype"]) for c in whole["cells"]]
    wanted = [(m, k, c.id, d) for m in NAMES for k in golden.kernels for c in golden.cases(k) for d in c.expected]
    assert sorted(keys) == sorted(wanted)
    assert {m["name"]: m["found"] for m in whole["mirrors"]} == dict.fromkeys(NAMES, True)
    assert all(m["versions"] for m in whole["mirrors"])
    assert whole["golden_digest"] == golden.digest
    shares = [c["used"] for c in whole["cells"] if c["used"] is not None]
    assert 0 < max(shares) <= 1


def test_the_record_keeps_its_schema(whole: dict[str, Any]) -> None:
    schema = validator("parity")
    assert list(schema.iter_errors(whole)) == []
    assert not schema.is_valid({**whole, "surprise": 1})
    assert not schema.is_valid({**whole, "cells": [{**whole["cells"][0], "status": "fine"}]})
    assert not schema.is_valid({k: v for k, v in whole.items() if k != "golden_digest"})


def test_table(spikemirror: Program) -> None:
    done = spikemirror("parity", "-k", "goodness", "-k", "csdp_step", "--mirror", "python", "--mirror", "rust")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "share of the error budget used" in done.stdout
    assert "same bits" in done.stdout
    assert " %" in done.stdout
    for word in ("goodness", "csdp_step", "f32", "f64", "python", "rust"):
        assert word in done.stdout
    assert "infonce" not in done.stdout
    assert "0 differ or fail" in done.stdout


def test_json_goes_to_stdout_alone_or_to_a_file(spikemirror: Program, tmp_path: Path) -> None:
    target = tmp_path / "new" / "record.json"
    options = ("parity", "-k", "goodness", "--mirror", "python", "--dtype", "float32", "--format", "json")
    piped, filed = spikemirror(*options), spikemirror(*options, "--out", str(target))
    assert filed.stdout == ""
    for text in (piped.stdout, target.read_text()):
        record = json.loads(text)
        assert validator("parity").is_valid(record)
        assert {c["dtype"] for c in record["cells"]} == {"float32"}


def test_junit(spikemirror: Program, wrong_golden: Path) -> None:
    options = ("parity", "-k", "goodness", "--mirror", "python", "--mirror", "mojo", "--format", "junit")
    root = ElementTree.fromstring(spikemirror(*options).stdout)
    assert [s.get("name") for s in root] == ["python", "mojo"]
    assert {s.get("failures") for s in root} == {"0"}
    assert len(root[0]) == int(root[0].get("tests", "-1"))
    done = spikemirror(*options, env={"SPIKEMIRROR_GOLDEN": str(wrong_golden)})
    assert done.returncode == 1
    suite = ElementTree.fromstring(done.stdout)[0]
    assert suite.get("failures") == "1"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "reproduce: spikemirror run goodness/plain --mirror python" in (failure.text or "")


def test_markdown(spikemirror: Program) -> None:
    done = spikemirror("parity", "-k", "goodness", "--mirror", "python", "--mirror", "rust", "--format", "markdown")
    lines = done.stdout.splitlines()
    assert lines[0] == "| kernel | dtype | cases | python | rust |"
    assert {line.count("|") for line in lines[:4]} == {6}
    assert "cells agree" in lines[5]


def hidden(tmp_path: Path) -> dict[str, str]:
    """No Julia on PATH or in the cache."""
    cache = tmp_path / "cache"
    cache.mkdir()
    folders = [f for f in os.environ["PATH"].split(os.pathsep) if not (Path(f) / "julia").exists()]
    return {"PATH": os.pathsep.join(folders), "SPIKEMIRROR_CACHE": str(cache), "SPIKEMIRROR_JULIA_EXE": ""}


def test_without_julia(spikemirror: Program, tmp_path: Path) -> None:
    options = ("parity", "-k", "goodness", "--mirror", "python", "--mirror", "julia")
    environment = hidden(tmp_path)
    done = spikemirror(*options, env=environment)
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "julia was not run: no julia in the project's cache or on PATH" in text
    assert "make setup" in text
    assert "not run" in done.stdout
    needed = spikemirror(*options, "--require", "python,julia", env=environment)
    assert needed.returncode == 3
    assert "required, but missing: julia: no julia in the project's cache or on PATH" in needed.stderr
    as_json = spikemirror(*options, "--format", "json", env=environment)
    record = json.loads(as_json.stdout)
    assert validator("parity").is_valid(record)
    absent = [c for c in record["cells"] if c["mirror"] == "julia"]
    assert {c["status"] for c in absent} == {"not run"}
    assert all("no julia" in c["message"] for c in absent)
    assert {c["status"] for c in record["cells"] if c["mirror"] == "python"} == {"ok"}
    doctor = spikemirror("doctor", env=environment)
    assert doctor.returncode == 0
    assert "no julia in the project's cache or on PATH" in " ".join(doctor.stdout.replace("│", " ").split())
    alone = spikemirror("run", "goodness/plain", "--mirror", "julia", env=environment)
    assert alone.returncode == 3
    assert "no julia" in alone.stderr


@pytest.mark.parametrize(
    ("program", "reason"),
    [("/no/such/julia", "does not run"), ("/bin/false", "fails when an exception is thrown (status 1)")],
)
def test_a_julia_that_does_not_work(program: str, reason: str, spikemirror: Program) -> None:
    done = spikemirror(
        "parity", "-k", "goodness", "--mirror", "julia", "--require", "julia", env={"SPIKEMIRROR_JULIA_EXE": program}
    )
    assert done.returncode == 3
    assert reason in done.stderr


def test_a_julia_that_dies_of_exceptions(spikemirror: Program, tmp_path: Path) -> None:
    program = tmp_path / "julia"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    done = spikemirror(
        "parity",
        "-k",
        "goodness",
        "--mirror",
        "julia",
        "--require",
        "julia",
        env={"SPIKEMIRROR_JULIA_EXE": str(program)},
    )
    assert done.returncode == 3
    assert "fails when an exception is thrown (signal SIGSEGV)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("parity", "-k", "nonsense"), "no kernel 'nonsense'; there are philox_words"),
        (("parity", "--mirror", "fortran"), "no mirror 'fortran'; there are python"),
        (("parity", "--dtype", "float16"), "float16"),
        (("parity", "--format", "pdf"), "pdf"),
        (("parity", "--require", "fortran"), "no mirror 'fortran'"),
        (("parity", "--mirror", "python", "--require", "rust"), "--require rust is not among the mirrors of --mirror"),
        (("parity", "-k", "philox_words", "--dtype", "float32"), "no case has that kernel and dtype"),
        (("parity", "--julia", "guess"), "worker or juliacall"),
        (("run", "nonsense/plain"), "no kernel 'nonsense'"),
        (("run", "goodness/nonsense"), "goodness has no case 'nonsense'; there are"),
        (("run", "goodness/plain", "--mirror", "fortran"), "no mirror 'fortran'"),
        (("run", "goodness/plain", "--dtype", "uint32"), "goodness/plain has no uint32"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], text: str, spikemirror: Program) -> None:
    done = spikemirror(*arguments)
    assert done.returncode == 2
    assert text in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_run_shows_one_case(spikemirror: Program) -> None:
    done = spikemirror("run", "stdp_linear/plain-additive", "--mirror", "rust", "--dtype", "float32")
    assert done.returncode == 0
    for text in (
        "stdp_linear/plain-additive float32 on rust",
        "catches:",
        "stdp_algorithm = 'additive'",
        "weights float32",
        "worst share",
    ):
        assert text in done.stdout
    both = spikemirror("run", "goodness/plain")
    assert "float32 on python" in both.stdout
    assert "float64 on python" in both.stdout
    refused = spikemirror("run", "infonce/reject-temperature-nan", "--mirror", "mojo")
    assert refused.returncode == 0
    assert "refused: bad_parameter: infonce: temperature = nan must be finite and > 0" in refused.stdout


def test_a_failing_cell_is_told_and_reproduced(spikemirror: Program, wrong_golden: Path) -> None:
    environment = {"SPIKEMIRROR_GOLDEN": str(wrong_golden)}
    done = spikemirror("parity", "-k", "goodness", "--mirror", "rust", env=environment)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("goodness/plain  rust f64  goodness"))
    told = " ".join(lines[at : at + 4])
    for text in (
        "got 3.407",
        "(0x400b42",
        "want 3.0 (0x4008000000000000)",
        "of its budget",
        "ulp)",
        "catches: square-missing",
    ):
        assert text in told
    command = told.split("reproduce: spikemirror ")[1].split("  ")[0].split()[:6]
    assert command == ["run", "goodness/plain", "--mirror", "rust", "--dtype", "float64"]
    again = spikemirror(*command, env=environment)
    assert again.returncode == 1
    assert "4008000000000000" in again.stdout or "3.0" in again.stdout
    assert (
        spikemirror("run", "goodness/plain", "--mirror", "rust", "--dtype", "float32", env=environment).returncode == 0
    )


def test_doctor(spikemirror: Program, golden: Golden) -> None:
    done = spikemirror("doctor")
    assert done.returncode == 0
    for name in NAMES:
        assert name in done.stdout
    assert f"{len(CATALOGUE)} kernels, digest {golden.digest[:12]}" in " ".join(done.stdout.split())
    lost = spikemirror("doctor", env={"SPIKEMIRROR_GOLDEN": "/nowhere"})
    assert "golden fixtures: /nowhere" in lost.stdout
    assert "Traceback" not in lost.stderr


def test_version_and_help(spikemirror: Program) -> None:
    assert spikemirror("--version").stdout == "0.1.0\n"
    for arguments in (("--help",), ("parity", "--help"), ("golden", "--help"), ("run", "--help")):
        assert spikemirror(*arguments).returncode == 0


def test_a_result_that_cannot_be_written_is_told(spikemirror: Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = str(tmp_path / "file" / "record.json")
    done = spikemirror("parity", "-k", "philox_words", "--mirror", "python", "--format", "json", "--out", target)
    assert done.returncode in (1, 2)
    assert target.rsplit("/", 1)[0] in done.stderr
    assert "Traceback" not in done.stderr
