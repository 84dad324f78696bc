"""Julia's C entry points inside Python, and its driver. The real juliacall is tried where PythonCall works."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spikemirror.mirrors import MirrorAbsent, julia

TESTS = Path(__file__).parent
IN_PROCESS = """
import json, sys, threading
sys.path.insert(0, {tests!r})
from julia_loader import JuliaLoader
from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.load import Golden
from spikemirror.mirrors import MirrorFault, julia
from spikemirror.parity.cell import fill
from spikemirror.parity.run import tasks

mirror = julia.JuliaInProcess(JuliaLoader(julia.executable()))
golden = Golden()
names = ["philox_words", "infonce", "csdp_step", "stdp_linear", "encode_rate_deterministic"]
cells = [fill(mirror, task) for task in tasks(golden, names)]
bad = [str(cell) for cell in cells if cell.status != "ok"]

import numpy as np
out = np.zeros(())
samples = mirror.time(CATALOGUE["goodness"], [np.arange(4.0)], [], [out], 3)

elsewhere = []
def other():
    try:
        mirror.call(CATALOGUE["goodness"], [np.arange(4.0)], [], [out])
    except MirrorFault as fault:
        elsewhere.append(str(fault))
thread = threading.Thread(target=other)
thread.start()
thread.join()
told = {{"bad": bad, "cells": len(cells), "goodness": float(out), "samples": len(samples), "elsewhere": elsewhere}}
print(json.dumps(told))
"""


def test_entry_points_by_address_agree_with_the_fixtures() -> None:
    executable = julia.executable()
    assert executable is not None
    libraries = subprocess.run(
        [executable, "-e", 'print(get(ENV, "LD_LIBRARY_PATH", ""))'], capture_output=True, text=True, check=True
    )
    environment = {
        **os.environ,
        "JULIA_DEPOT_PATH": julia.environment()["JULIA_DEPOT_PATH"],
        "LD_LIBRARY_PATH": libraries.stdout,
    }
    script = IN_PROCESS.format(tests=str(TESTS))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment, timeout=250
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["bad"] == []
    assert told["cells"] > 300
    assert (told["goodness"], told["samples"]) == (14.0, 3)
    assert told["elsewhere"] == ["Julia in this process may only be called from the thread that loaded it"]


def test_juliacall() -> None:
    """In a process of its own: importing juliacall starts Julia, or a download where it is not configured."""
    if importlib.util.find_spec("juliacall") is None:
        pytest.skip("juliacall is not installed (extra `julia`): PythonCall needs Julia 1.10 and its package registry")
    script = (
        "from spikemirror.golden.load import Golden\n"
        "from spikemirror.mirrors import julia\n"
        "from spikemirror.parity.cell import fill\n"
        "from spikemirror.parity.run import tasks\n"
        "mirror = julia.JuliaInProcess(julia.JuliaCall())\n"
        "assert all(fill(mirror, t).status == 'ok' for t in tasks(Golden(), ['infonce', 'csdp_step']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=250)
    if "MirrorAbsent" in done.stderr:
        pytest.skip(f"PythonCall does not work here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def test_juliacall_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "juliacall", None)
    with pytest.raises(MirrorAbsent, match="juliacall does not load"):
        julia.JuliaCall()


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo 'spikemirror julia 1.4.2'", r"is Julia 1\.4\.2; 1\.5 is the oldest that will do"),
        ("kill -SEGV $$", r"fails when an exception is thrown \(signal SIGSEGV\)"),
        ("exit 7", r"fails when an exception is thrown \(status 7\)"),
        ("echo hello", "fails when an exception is thrown"),
    ],
)
def test_julias_that_will_not_do(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(MirrorAbsent, match=reason):
        julia.version(script(tmp_path / "julia", text))


def test_which_julia_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "bin"
    cache.mkdir()
    folder.mkdir()
    monkeypatch.setenv("SPIKEMIRROR_CACHE", str(cache))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("SPIKEMIRROR_JULIA_EXE", raising=False)
    assert julia.executable() is None
    assert not julia.probe().found
    on_path = script(folder / "julia", "true")
    assert julia.executable() == on_path
    noted = script(tmp_path / "noted", "true")
    (cache / "julia-exe").write_text(f"{noted}\n")
    assert julia.executable() == noted
    os.unlink(noted)
    assert julia.executable() == on_path
    monkeypatch.setenv("SPIKEMIRROR_JULIA_EXE", "/my/julia")
    assert julia.executable() == "/my/julia"
