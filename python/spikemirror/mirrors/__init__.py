"""The implementations that the harness drives: one driver per language, all with the same small interface."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from spikemirror.mirrors import julia, mojo, peers, python, rust
from spikemirror.mirrors.mirror import Mirror, MirrorAbsent, MirrorFault, Probe, Unsupported
from spikemirror.mirrors.process import CALL_SECONDS, ProcessMirror

NAMES = ("python", "rust", "julia", "mojo")
PEERS = tuple(peers.DISTRIBUTIONS)
JULIA_IN_PROCESS = "juliacall"

_PROBES: dict[str, Callable[[], Probe]] = {
    "python": python.probe,
    "rust": rust.probe,
    "julia": julia.probe,
    "mojo": mojo.probe,
}
_IN_PROCESS: dict[str, Callable[[], Mirror]] = {
    "python": python.PythonMirror,
    "rust": rust.RustMirror,
    "julia": lambda: julia.JuliaInProcess(julia.JuliaCall()),
    "mojo": mojo.MojoMirror,
}


def probe(name: str) -> Probe:
    """Whether a mirror can run here."""
    return peers.probe(name) if name in PEERS else _PROBES[name]()


def open_in_process(name: str) -> Mirror:
    """A mirror inside this process; for Julia that is juliacall."""
    return _IN_PROCESS[name]()


def open_mirror(name: str) -> Mirror:
    """A mirror for use: in this process where that is the fast way, Julia in its worker unless asked otherwise."""
    if name == "julia" and os.environ.get("SPIKEMIRROR_JULIA") != JULIA_IN_PROCESS:
        return julia.JuliaMirror(trusted=True)
    return open_in_process(name)


def open_isolated(name: str, call_seconds: float = CALL_SECONDS) -> Mirror:
    """A mirror in a process of its own, for runs that must outlive it. MirrorAbsent if it cannot be had."""
    if name == "julia" and os.environ.get("SPIKEMIRROR_JULIA") != JULIA_IN_PROCESS:
        return julia.JuliaMirror(call_seconds=call_seconds)
    if name in PEERS:
        return peers.open_isolated(name, call_seconds)
    if name == "mojo":
        mojo.build()  # here, where a failure can be told as such
    command = [sys.executable, "-m", "spikemirror.mirrors.serve", name]
    return ProcessMirror(name, command, own_descriptors=True, call_seconds=call_seconds)


__all__ = [
    "JULIA_IN_PROCESS",
    "NAMES",
    "PEERS",
    "Mirror",
    "MirrorAbsent",
    "MirrorFault",
    "Probe",
    "Unsupported",
    "open_in_process",
    "open_isolated",
    "open_mirror",
    "probe",
]
