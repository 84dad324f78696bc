"""What CONTRIBUTING says of adding a kernel: declaration, reference and cases are enough for all that follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

DECLARATION = """
KERNELS = (
    *KERNELS,
    Kernel(
        name="leak",
        family="contrastive",
        summary="A leaky trace.",
        formula="leaked = keep x + z",
        source="none",
        inputs=(
            Input("x", Holds.REAL, ("B", "N"), "trace"),
            Input("z", Holds.SPIKES, ("B", "N"), "spikes"),
        ),
        parameters=(Real("keep", 0.3, NON_NEGATIVE, "what is kept"), Flag("quiet", False, "leave the spikes out")),
        outputs=(Output("leaked", ("B", "N"), Policy.BUDGET, "the trace"),),
        at_least={"N": 1},
        cost=lambda d, size: Cost(1.0, 1.0, 1.0),
        bench=(Size({"B": 2, "N": 3}),),
    ),
)
"""
REFERENCE = '''

def leak(xp: Any, x: Real, z: Real, *, keep: Real, quiet: bool) -> tuple[Real]:
    """Trace (B, N): budget."""
    return (keep * x if quiet else keep * x + xp.asarray(z),)
'''
CASES = """
CASES["leak"] = (
    Case(id="plain", why="some", catches=("wrong-axis",), inputs={"x": uniform(1, 2, 3), "z": spikes(2, 2, 3)}),
)
"""
EMIT = """
from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.emit import fixture
print(fixture(CATALOGUE["leak"]))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the checkout that a new kernel touches first, with the kernel."""
    for folder in ("python", "tools", "golden"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for folder in ("rust", "mojo", "julia", "docs"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "rust" / "rustfmt.toml", tmp_path / "rust")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in (
        ("catalogue/contrastive.py", DECLARATION),
        ("reference/contrastive.py", REFERENCE),
        ("catalogue/cases/contrastive.py", CASES),
    ):
        with (tmp_path / "python" / "spikemirror" / name).open("a") as file:
            file.write(text)
    return tmp_path


def run(copy: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "python"), "SPIKEMIRROR_HOME": str(copy)}
    done = subprocess.run(
        [sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bindings_and_documentation_follow(copy: Path) -> None:
    run(copy, "tools/generate")
    for file, text in (
        ("rust/crates/kernels/src/checked.rs", "contrastive::leak"),
        ("rust/crates/python/src/functions.rs", "fn leak"),
        ("rust/crates/c/src/exports.rs", "spikemirror_leak"),
        ("python/spikemirror/starters/c/spikemirror.h", "SPIKEMIRROR_LEAK_KEEP = 2"),
        ("mojo/binding.mojo", "spikemirror_leak"),
        ("julia/src/dispatch.jl", "call_leak"),
        ("python/spikemirror/_rust.pyi", "def leak"),
        ("docs/kernels.md", "leaked = keep x + z"),
    ):
        assert text in (copy / file).read_text(), file


def test_fixtures_follow_with_all_rejections(copy: Path) -> None:
    cases = {c["id"]: c for c in json.loads(run(copy, "-c", EMIT))["cases"]}
    assert all(b > 0 for b in cases["plain"]["expected"]["float32"]["outputs"]["leaked"]["budget"])
    for due in ("reject-x-complex128", "reject-z-B-longer", "reject-x-N-short", "reject-keep-low", "reject-z-two"):
        assert "rejection" in cases[due]["expected"]["float64"], due


def test_it_can_be_called(copy: Path) -> None:
    said = run(copy, "-c", "import spikemirror; print(spikemirror.call('leak', x=[[1.0, 2.0]], z=[[0, 1]])['leaked'])")
    assert said.strip() == "[[0.3 1.6]]"
