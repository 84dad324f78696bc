"""What a mirror is to the harness: something that computes kernels, and may be absent, refuse, or fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from spikemirror.catalogue.kernel import Array, Kernel, Value


class MirrorFault(Exception):
    """A mirror crashed, hung, answered nonsense or said itself that it failed."""


class MirrorHung(MirrorFault):
    """A mirror that did not answer in time."""


class Unsupported(MirrorFault):
    """A mirror says that it has no way to express a call: an option or an input that it does not know."""


class MirrorAbsent(Exception):
    """A mirror is not to be had on this machine; the message says why and how to get it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a mirror can run here, with the versions behind it, or why not and what to do."""

    name: str
    found: bool
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    remedy: str = ""


def timed(call: Callable[[], None], repeats: int) -> list[int]:
    """Nanoseconds of each of several calls of something in Python."""
    samples = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - start)
    return samples


class Mirror(Protocol):
    """One implementation of the kernels. Arrays are C-contiguous, in signature order; the caller allocates outputs."""

    @property
    def name(self) -> str:
        """How reports call it."""

    @property
    def kernels(self) -> frozenset[str]:
        """The kernels that it has."""

    @property
    def partial(self) -> Mapping[str, frozenset[str]]:
        """Kernels of which it computes only these outputs."""

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """Write the outputs. Rejection for bad input, Unsupported for what it lacks, MirrorFault for a failure."""

    def time(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        """Call it `repeats` times; nanoseconds of each, measured inside the language."""

    def close(self) -> None:
        """Let go of whatever it holds; it is not called again."""
