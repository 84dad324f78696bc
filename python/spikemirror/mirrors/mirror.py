"""What a mirror is to the harness: something that computes kernels, and may be absent, refuse, or fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from spikemirror.catalogue.kernel import Array, Kernel, Value


class MirrorFault(Exception):
    """A mirror crashed, hung, answered nonsense or said itself that it failed."""


class MirrorHung(MirrorFault):
    """A mirror that did not answer in time."""


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


class Mirror(Protocol):
    """One implementation of the kernels. Arrays are C-contiguous, in signature order; the caller allocates outputs."""

    @property
    def name(self) -> str:
        """How reports call it."""

    @property
    def kernels(self) -> frozenset[str]:
        """The kernels that it has."""

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """Write the outputs; raise Rejection for bad input, MirrorFault for anything else."""

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
