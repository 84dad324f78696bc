"""A scratch copy of the sources in which one fault at a time is seeded, built and run."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from spikemirror import programs
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.faults import Edit, FaultsError
from spikemirror.files import cache_folder, project_folder
from spikemirror.mirrors import julia
from spikemirror.mirrors.process import ProcessMirror

COPIED = ("python/spikemirror", "rust", "julia", "mojo", "golden", "tests", "pyproject.toml")
IGNORED = {"target", "__pycache__"}
BUILD_SECONDS = 900
CALL_SECONDS = 30.0
QUOTED = 3000
READ: Mapping[str, tuple[str, ...]] = {
    "python": ("python/spikemirror/reference/*.py", "python/spikemirror/catalogue/*.py"),
    "rust": ("rust/crates/kernels/src/*.rs", "rust/crates/python/src/*.rs", "rust/Cargo.lock"),
    "julia": ("julia/worker.jl", "julia/src/*.jl"),
    "mojo": ("mojo/*.mojo", "mojo/spikemirror/*.mojo"),
    "harness": ("python/spikemirror/**/*.py", "tests/*.py"),
}
"""The files on which a language's verdicts depend, beside the fixtures."""
CALLED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "python": {"encoders": ("philox",), "lpl": ("contrastive",), "losses": ("decoders",)},
    "rust": {"encoders": ("philox", "contrastive"), "lpl": ("contrastive",)},
    "julia": {"encoders": ("philox",), "lpl": ("contrastive",)},
    "mojo": {"encoders": ("philox",)},
}
"""Families whose functions the kernels of a family call; a test holds this against the sources."""
ENTRIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "rust": {
        "rust/crates/python/src/functions.rs": (
            r"module\.add_function\(wrap_pyfunction!\((\w+), module\)\?\)\?;",
            r"(?:///[^\n]*\n)+#\[pyfunction\](?:(?!\n}\n).)*?\nfn (\w+).*?\n}\n",
        )
    },
    "mojo": {"mojo/binding.mojo": (r'@export\("spikemirror_(\w+)"\)',)},
}
"""Where a kernel is entered: what is entered nowhere is not compiled, which makes builds small."""


class BuildError(Exception):
    """A seeded fault that does not build or start."""


class Workspace:
    """The copy for one language; several runs may share it, one fault at a time."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.path = cache_folder() / "mutants" / language
        self.path.mkdir(parents=True, exist_ok=True)

    def sources(self, family: str | None) -> str:
        """A digest of what a family's kernels are built from: no file of a family that they do not call."""
        digest = hashlib.sha256()
        called = CALLED.get(self.language, {}).get(family or "", ())
        others = {kernel.family for kernel in CATALOGUE.values()} - {family, *called}
        for pattern in READ[self.language]:
            for path in sorted(project_folder().glob(pattern)):
                if IGNORED.isdisjoint(path.parts) and (family is None or path.stem not in others):
                    digest.update(f"{path.name}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    @contextlib.contextmanager
    def seeded(self, edit: Edit | None) -> Iterator[None]:
        """The copy, as the project is now, with one fault or none."""
        with open(self.path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._copy()
            if edit is None:
                yield
                return
            target = self.path / edit.file
            if not target.is_file():
                raise FaultsError(f"{edit.name}: there is no {edit.file}")
            text = target.read_text()
            target.write_text(edit.apply(text))
            try:
                yield
            finally:
                target.write_text(text)

    def _copy(self) -> None:
        """Take over what changed; what did not keeps its time, so that builds stay incremental."""
        for name in COPIED:
            source = project_folder() / name
            wanted = {p.relative_to(project_folder()) for p in self._files(source)}
            for relative in wanted:
                _take(project_folder() / relative, self.path / relative)
            for stale in self._files(self.path / name):
                if stale.relative_to(self.path) not in wanted:
                    stale.unlink()

    def _files(self, top: Path) -> list[Path]:
        """Those below a folder, or the file itself; without what builds leave behind."""
        files = [p for p in (top, *top.rglob("*")) if p.is_file() and IGNORED.isdisjoint(p.parts)]
        return files if self.language == "harness" else [p for p in files if p.suffix != ".so"]

    def open(self, kernels: Collection[str]) -> ProcessMirror:
        """Build the kernels of the copy and start its mirror; BuildError if either fails."""
        for file, entries in ENTRIES.get(self.language, {}).items():
            for entry in entries:
                self._edit(file, entry, lambda found: found[0] if found[1] in kernels else "")
        if self.language == "rust":
            self._build_rust()
        if self.language == "mojo":
            shutil.rmtree(self.path / ".cache" / "mojo", ignore_errors=True)
            self._run([sys.executable, "-c", "from spikemirror.mirrors import mojo; mojo.build()"])
        if self.language == "julia":
            command = [str(julia.executable()), "--startup-file=no", str(self.path / "julia" / "worker.jl")]
        else:
            command = [sys.executable, "-m", "spikemirror.mirrors.serve", self.language]
        return ProcessMirror(
            self.language, command, self._environment(), own_descriptors=True, call_seconds=CALL_SECONDS
        )

    def _build_rust(self) -> None:
        """A quick build: what a fault does to the outputs does not depend on the optimiser."""
        # compiled where they are entered, and not with their crate
        self._edit("rust/crates/kernels/src/checked.rs", "^pub fn ", lambda found: f"#[inline]\n{found[0]}")
        command = [
            "cargo", "build", "--quiet", "--offline", "--manifest-path", "rust/Cargo.toml",
            "--package", "spikemirror-python",
        ]  # fmt: skip
        debug = self.path / "rust" / "target" / "debug"
        try:
            self._run(command)
        except BuildError:  # perhaps for what an interrupted build left
            shutil.rmtree(debug / "incremental", ignore_errors=True)
            self._run(command)
        built = debug / "lib_rust.so"
        extension = self.path / "python" / "spikemirror" / "_rust.abi3.so"
        shutil.copyfile(built, beside := extension.with_suffix(".new"))
        os.replace(beside, extension)

    def _edit(self, file: str, pattern: str, change: Callable[[re.Match[str]], str]) -> None:
        path = self.path / file
        path.write_text(re.sub(pattern, change, path.read_text(), flags=re.DOTALL | re.MULTILINE))

    def test(self, files: tuple[str, ...], report: Path) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy, with their outcome in a JUnit file."""
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--maxfail=3",
            f"--junitxml={report}",
        ]
        environment = {**self._environment(), "SPIKEMIRROR_CACHE": str(cache_folder())}
        return programs.run([*command, *files], cwd=self.path, env=environment, timeout=BUILD_SECONDS)

    def _environment(self) -> dict[str, str]:
        return {
            **(julia.environment() if self.language == "julia" else os.environ),
            "SPIKEMIRROR_HOME": str(self.path),
            "SPIKEMIRROR_CACHE": str(self.path / ".cache"),
            "MODULAR_CACHE_DIR": str(cache_folder() / "modular"),
            "PYTHONPATH": str(self.path / "python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYO3_PYTHON": sys.executable,
            "CARGO_TARGET_DIR": str(self.path / "rust" / "target"),
            "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
            "CARGO_PROFILE_DEV_DEBUG": "false",
            "CARGO_PROFILE_DEV_DEBUG_ASSERTIONS": "false",
            "CARGO_PROFILE_DEV_OVERFLOW_CHECKS": "false",
        }

    def _run(self, command: list[str]) -> None:
        done = programs.run(command, cwd=self.path, env=self._environment(), timeout=BUILD_SECONDS)
        if done.returncode:
            raise BuildError(f"does not build:\n{done.stderr.strip()[-QUOTED:]}")


def _take(source: Path, target: Path) -> None:
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, beside := target.with_name(f".{target.name}.new"))
    os.replace(beside, target)
