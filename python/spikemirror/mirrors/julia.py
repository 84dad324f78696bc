"""The Julia kernels: a worker process that speaks the protocol or, on request, inside this process by juliacall."""

from __future__ import annotations

import ctypes
import functools
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from spikemirror import programs
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.files import cache_folder, project_folder
from spikemirror.mirrors.library import ARGUMENTS, LibraryMirror
from spikemirror.mirrors.mirror import MirrorAbsent, MirrorFault, Probe
from spikemirror.mirrors.process import CALL_SECONDS, ProcessMirror

OLDEST = (1, 5)
REMEDY = "install Julia 1.5 or later (juliaup), or run `make setup`, which finds or brings one"
SMOKE = 'f() = error("x"); try f() catch; print("spikemirror julia ", VERSION) end'
"""Some builds of Julia die of the first exception that leaves compiled code."""


def executable() -> str | None:
    """SPIKEMIRROR_JULIA_EXE, else what `make setup` found or brought, else the julia on PATH."""
    given = os.environ.get("SPIKEMIRROR_JULIA_EXE")
    if given:
        return given
    noted = cache_folder() / "julia-exe"
    if noted.is_file() and os.access(path := noted.read_text().strip(), os.X_OK):
        return path
    return shutil.which("julia")


def probe() -> Probe:
    """Whether there is a Julia that survives an exception."""
    julia = executable()
    if julia is None:
        return Probe("julia", False, reason="no julia in the project's cache or on PATH", remedy=REMEDY)
    try:
        return Probe("julia", True, {"julia": version(julia)})
    except MirrorAbsent as absent:
        return Probe("julia", False, reason=str(absent), remedy=REMEDY)


@functools.cache
def version(julia: str) -> str:
    """The version of an executable that passes the exception test; MirrorAbsent says why one does not."""
    command = [julia, "--startup-file=no", "-O0", "-e", SMOKE]
    try:
        done = programs.run(command, timeout=120, env=environment())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MirrorAbsent(f"{julia} does not run: {error}") from None
    found = re.search(r"spikemirror julia (\d+)\.(\d+)(\S*)", done.stdout)
    if done.returncode or not found:
        how = f"signal {signal.Signals(-done.returncode).name}" if done.returncode < 0 else f"status {done.returncode}"
        raise MirrorAbsent(f"{julia} fails when an exception is thrown ({how})")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise MirrorAbsent(f"{julia} is Julia {found[1]}.{found[2]}{found[3]}; 1.5 is the oldest that will do")
    return f"{found[1]}.{found[2]}{found[3]}"


def environment() -> dict[str, str]:
    """That of a Julia process: a depot of the project's keeps the home folder clean."""
    return {**os.environ, "JULIA_DEPOT_PATH": f"{cache_folder() / 'julia-depot'}:"}


class JuliaMirror(ProcessMirror):
    """The worker."""

    def __init__(self, *, trusted: bool = False, call_seconds: float = CALL_SECONDS) -> None:
        julia = executable()
        if julia is None:
            raise MirrorAbsent(f"no julia in the project's cache or on PATH: {REMEDY}")
        version(julia)
        worker = project_folder() / "julia" / "worker.jl"
        command = [julia, "--startup-file=no", str(worker)]
        super().__init__(
            "julia", command, environment(), own_descriptors=True, trusted=trusted, call_seconds=call_seconds
        )


class Loader(Protocol):
    """A Julia inside this process: it only loads code and hands over addresses."""

    def include(self, path: Path) -> None:
        """Run a file in Main."""

    def address(self, expression: str) -> int:
        """The value of a pointer expression."""


class JuliaCall:
    """The Julia of juliacall, which finds or downloads one when it is imported: only on the user's word."""

    def __init__(self) -> None:
        os.environ.setdefault("PYTHON_JULIACALL_HANDLE_SIGNALS", "no")
        try:
            from juliacall import Main  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except Exception as error:  # juliacall fails with whatever its download or Julia brings
            remedy = "pip install spikemirror[julia], with a Julia that PythonCall supports"
            raise MirrorAbsent(f"juliacall does not load ({error}): {remedy}") from error
        self._main = Main

    def include(self, path: Path) -> None:
        """See Loader."""
        self._main.include(str(path))

    def address(self, expression: str) -> int:
        """See Loader."""
        return int(self._main.seval(f"UInt({expression})"))


class JuliaInProcess(LibraryMirror):
    """The C entry points of the Julia package, called by address on the thread that loaded Julia."""

    def __init__(self, loader: Loader) -> None:
        self._thread = threading.get_ident()
        loader.include(project_folder() / "julia" / "src" / "SpikeMirror.jl")
        prototype = ctypes.PYFUNCTYPE(ctypes.c_int32, *ARGUMENTS)
        addresses = {name: loader.address(f'Main.SpikeMirror.EXPORTS["{name}"]') for name in CATALOGUE}
        super().__init__("julia", {name: prototype(address) for name, address in addresses.items()})

    def _run(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        nanoseconds: int | None,
        repeats: int,
    ) -> None:
        if threading.get_ident() != self._thread:
            raise MirrorFault("Julia in this process may only be called from the thread that loaded it")
        super()._run(kernel, inputs, parameters, outputs, nanoseconds, repeats)
