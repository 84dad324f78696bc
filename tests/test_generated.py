"""Generated files are fresh, and a stale one is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "generate"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def scratch(project: Path, tmp_path: Path) -> Path:
    """A copy of the templates and of what they made."""
    for name in ("tools", "rust", "mojo", "julia", "docs"):
        ignored = shutil.ignore_patterns("target", "__pycache__")
        shutil.copytree(project / name, tmp_path / name, ignore=ignored)
    shutil.copytree(project / "golden" / "schema", tmp_path / "golden" / "schema")
    for name in ("_rust.pyi", "starters/c/spikemirror.h"):
        made = Path("python") / "spikemirror" / name
        (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project / made, tmp_path / made)
    shutil.copy(project / "pyproject.toml", tmp_path)
    return tmp_path


def test_generated_files_are_fresh(project: Path) -> None:
    done = generate(project, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_stale_files_are_found_and_renewed(scratch: Path) -> None:
    assert generate(scratch, "--check").returncode == 0
    targets = ("mojo/binding.mojo", "docs/kernels.md", "golden/schema/fixture.schema.json")
    for target in targets:
        path = scratch / target
        path.write_text(path.read_text() + "edited by hand\n")
    (scratch / "julia" / "src" / "dispatch.jl").unlink()
    done = generate(scratch, "--check")
    assert done.returncode == 1
    assert "-edited by hand" in done.stdout
    stale = done.stderr.split("stale: ")[1].split(";")[0].split(", ")
    assert sorted(stale) == sorted([*targets, "julia/src/dispatch.jl"])
    assert "edited by hand" in (scratch / targets[0]).read_text()
    only = generate(scratch, "mojo/binding.mojo")
    assert only.stdout == "wrote mojo/binding.mojo\n"
    assert generate(scratch).returncode == 0
    assert generate(scratch, "--check").returncode == 0


def test_a_changed_template_makes_its_file_stale(scratch: Path) -> None:
    template = scratch / "tools" / "templates" / "kernels.md.jinja"
    template.write_text(template.read_text() + "One more line.\n")
    done = generate(scratch, "--check")
    assert done.returncode == 1
    assert "+One more line." in done.stdout


def test_unknown_targets_are_refused(project: Path) -> None:
    done = generate(project, "--check", "docs/nonsense.md")
    assert done.returncode == 2
    assert "no target docs/nonsense.md; there are " in done.stderr


def test_generated_files_say_so_in_their_first_line(project: Path) -> None:
    names = [
        "rust/crates/kernels/src/checked.rs",
        "rust/crates/python/src/functions.rs",
        "rust/crates/c/src/exports.rs",
        "python/spikemirror/starters/c/spikemirror.h",
        "mojo/binding.mojo",
        "julia/src/dispatch.jl",
        "python/spikemirror/_rust.pyi",
        "docs/kernels.md",
    ]
    for name in names:
        first = (project / name).read_text().splitlines()[0]
        assert "tools/templates/" in first, name
        assert "edit" in first, name
