"""The Mojo library: built once for the same sources, compiler and flags, and in need of no Mojo at run time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from spikemirror import programs
from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors import MirrorAbsent, mojo


class Compiler:
    """Stands for `mojo`: it tells a version and writes a file, or fails."""

    def __init__(self) -> None:
        self.version, self.status, self.builds = "Mojo 1.2.0 (fake)", 0, 0

    def __call__(self, command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if command[1:] == ["--version"]:
            return subprocess.CompletedProcess(command, 0, f"{self.version}\n", "")
        self.builds += 1
        if self.status == 0:
            Path(command[command.index("-o") + 1]).write_bytes(b"library")
        return subprocess.CompletedProcess(command, self.status, "", "binding.mojo:1:1: error: no")


@pytest.fixture
def compiler(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    """A scratch project with that compiler."""
    shutil.copytree(project / "mojo", tmp_path / "home" / "mojo")
    monkeypatch.setenv("SPIKEMIRROR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SPIKEMIRROR_CACHE", str(tmp_path / "cache"))
    fake = Compiler()
    monkeypatch.setattr(programs, "run", fake)
    monkeypatch.setattr(mojo, "compiler", lambda: "/bin/mojo")
    return fake


def test_library_is_cached() -> None:
    library = mojo.build()
    before = library.stat().st_mtime_ns
    assert mojo.build() == library
    assert library.stat().st_mtime_ns == before


def test_library_needs_no_mojo_at_run_time() -> None:
    done = subprocess.run(["ldd", str(mojo.build())], capture_output=True, text=True, check=False)
    assert "KGEN" not in done.stdout
    assert "modular" not in done.stdout
    needed = [line.split()[0] for line in done.stdout.splitlines() if "=>" in line]
    assert all(name.startswith(("libc.", "libm.", "libpthread.", "libgcc_s.")) for name in needed), needed


def test_library_exports_every_kernel() -> None:
    assert mojo.MojoMirror().kernels == frozenset(CATALOGUE)


def test_contraction_is_off() -> None:
    assert "contract=off" in mojo.FLAGS


def test_one_build_for_the_same_content(compiler: Compiler, tmp_path: Path) -> None:
    first = mojo.build()
    assert first.read_bytes() == b"library"
    assert first.parent == tmp_path / "cache" / "mojo"
    for path in (tmp_path / "home" / "mojo").rglob("*.mojo"):
        os.utime(path)
    assert mojo.build() == first
    assert compiler.builds == 1
    assert [p.name for p in first.parent.iterdir()] == [first.name]


def test_sources_version_and_flags_are_in_the_key(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "home" / "mojo"
    built = [mojo.build()]
    kernel = sources / "spikemirror" / "contrastive.mojo"
    kernel.write_text(kernel.read_text() + "\n# edited\n")
    built.append(mojo.build())
    kernel.rename(kernel.with_name("renamed.mojo"))
    built.append(mojo.build())
    compiler.version = "Mojo 1.3.0 (fake)"
    built.append(mojo.build())
    monkeypatch.setattr(mojo, "FLAGS", (*mojo.FLAGS, "-g"))
    built.append(mojo.build())
    assert len(set(built)) == compiler.builds == 5
    (sources / "tests" / "extra.mojo").write_text("def main(): pass\n")
    assert mojo.build() == built[-1]


def test_a_failed_build_says_why_and_leaves_nothing(compiler: Compiler, tmp_path: Path) -> None:
    compiler.status = 1
    with pytest.raises(MirrorAbsent, match=r"mojo build fails:\nbinding\.mojo:1:1: error: no"):
        mojo.build()
    assert list((tmp_path / "cache" / "mojo").iterdir()) == []
    compiler.status = 0
    assert mojo.build().exists()


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mojo, "compiler", lambda: None)
    with pytest.raises(
        MirrorAbsent, match=r"no mojo beside this Python or on PATH: pip install mojo-compiler==1\.2\.0"
    ):
        mojo.build()
    found = mojo.probe()
    assert not found.found
    assert "pip install mojo-compiler==1.2.0" in found.remedy


def test_without_a_linker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    found = mojo.probe()
    assert not found.found
    assert "no C compiler named cc on PATH" in found.reason
