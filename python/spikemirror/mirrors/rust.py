"""The Rust kernels, in process through their PyO3 extension."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Choice, Kernel, Value
from spikemirror.mirrors.mirror import MirrorAbsent, MirrorFault, Probe
from spikemirror.mirrors.status import choice_index, raise_for_status

REMEDY = "install Rust (rustup) and run `make setup`"


def _extension() -> ModuleType:
    try:
        return importlib.import_module("spikemirror._rust")
    except ImportError as error:
        raise MirrorAbsent(f"the Rust extension is not built ({error}): {REMEDY}") from error


def probe() -> Probe:
    """Whether the extension is there."""
    try:
        extension = _extension()
    except MirrorAbsent as absent:
        return Probe("rust", False, reason=str(absent.__cause__), remedy=REMEDY)
    return Probe("rust", True, extension.versions())


class RustMirror:
    """The extension's functions: arrays and outputs as they are, no copy."""

    name = "rust"
    partial: Mapping[str, frozenset[str]] = {}

    def __init__(self) -> None:
        extension = _extension()
        self._functions = {name: getattr(extension, name) for name in CATALOGUE if hasattr(extension, name)}
        self.kernels = frozenset(self._functions)

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror."""
        self._run(kernel, inputs, parameters, outputs, None)

    def time(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        """See Mirror."""
        nanoseconds = np.zeros(repeats, np.int64)
        self._run(kernel, inputs, parameters, outputs, nanoseconds)
        return [int(n) for n in nanoseconds]

    def _run(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        nanoseconds: Array | None,
    ) -> None:
        given = [
            choice_index(declared, value) if isinstance(declared, Choice) else value
            for declared, value in zip(kernel.parameters, parameters, strict=True)
        ]
        try:
            status = self._functions[kernel.name](*inputs, *given, *outputs, nanoseconds)
        except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
            raise MirrorFault(f"{kernel.name}: {error}") from error
        raise_for_status(status, kernel, inputs, parameters)

    def close(self) -> None:
        """Nothing to let go of."""
