"""The Mojo kernels: a shared library built on demand, called in process through the C interface."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from spikemirror import programs
from spikemirror.catalogue import CATALOGUE
from spikemirror.files import cache_folder, project_folder
from spikemirror.mirrors.library import LibraryMirror, entry_points
from spikemirror.mirrors.mirror import MirrorAbsent, Probe

FLAGS = ("--Werror", "-j1", "--fp-mode", "contract=off", "--emit", "shared-lib")
BUILD_SECONDS = 600
REMEDY = "pip install mojo-compiler==1.2.0 (or run `make setup`); linking needs a C compiler named cc on PATH"


def compiler() -> str | None:
    """The mojo of this environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("mojo")
    return str(beside) if beside.exists() else shutil.which("mojo")


def probe() -> Probe:
    """Whether there is a compiler."""
    mojo = compiler()
    if mojo is None:
        return Probe("mojo", False, reason="no mojo beside this Python or on PATH", remedy=REMEDY)
    if shutil.which("cc") is None:
        return Probe("mojo", False, reason="no C compiler named cc on PATH, which mojo links with", remedy=REMEDY)
    try:
        return Probe("mojo", True, {"mojo": version(mojo)})
    except (OSError, subprocess.SubprocessError) as error:
        return Probe("mojo", False, reason=f"{mojo} --version fails: {error}", remedy=REMEDY)


def version(mojo: str) -> str:
    """What the compiler calls itself."""
    done = programs.run([mojo, "--version"], timeout=60)
    done.check_returncode()
    return done.stdout.strip().removeprefix("Mojo ")


def build(*more: str) -> Path:
    """The library for these sources, this compiler and these flags, or more: from the cache, or built into it."""
    mojo = compiler()
    if mojo is None:
        raise MirrorAbsent(f"no mojo beside this Python or on PATH: {REMEDY}")
    sources = project_folder() / "mojo"
    flags = (*FLAGS, *more)
    key = hashlib.sha256("\0".join((version(mojo), *flags)).encode())
    for path in sorted(sources.rglob("*.mojo")):
        if "tests" not in path.relative_to(sources).parts:
            key.update(f"\0{path.relative_to(sources)}\0".encode() + path.read_bytes())
    library = cache_folder() / "mojo" / f"libspikemirror-{key.hexdigest()[:32]}.so"
    if library.exists():
        return library
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            built = Path(scratch) / library.name
            command = [mojo, "build", *flags, "-I", str(sources), str(sources / "binding.mojo"), "-o", str(built)]
            environment = {"MODULAR_CACHE_DIR": str(cache_folder() / "modular"), **os.environ}
            done = programs.run(command, timeout=BUILD_SECONDS, env=environment)
            if done.returncode:
                raise MirrorAbsent(f"mojo build fails:\n{done.stderr.strip()}")
            os.replace(built, library)
    except subprocess.TimeoutExpired:
        raise MirrorAbsent(f"mojo build does not end within {BUILD_SECONDS} s") from None
    except OSError as error:
        raise MirrorAbsent(f"{library.parent} cannot be written ({error.strerror}): set SPIKEMIRROR_CACHE") from None
    return library


class MojoMirror(LibraryMirror):
    """The library's entry points; ctypes releases the interpreter lock."""

    def __init__(self) -> None:
        super().__init__("mojo", entry_points(ctypes.CDLL(str(build())), list(CATALOGUE)))
