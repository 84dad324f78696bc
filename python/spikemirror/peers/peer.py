"""What the adapters share: from a kernel call to named arguments of the call's dtype, and back into its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from spikemirror.catalogue.check import check
from spikemirror.catalogue.kernel import Array, Kernel, Real, Value
from spikemirror.catalogue.rejection import Rejection
from spikemirror.mirrors.mirror import MirrorFault, Unsupported, timed


class Peer:
    """A mirror whose kernels are methods of the same names.

    A method gets the arguments by name and returns the outputs in order, as arrays of any real dtype; it raises
    Unsupported for what the peer has no way to say. It uses the peer as its documentation shows, one call a step, and
    computes nothing of the kernel itself.
    """

    name: ClassVar[str]
    kernels: ClassVar[frozenset[str]]
    partial: ClassVar[Mapping[str, frozenset[str]]] = {}

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror. Reals are passed as the call's dtype rounds them, as every mirror understands them."""
        try:
            check(kernel, inputs, parameters)
        except Rejection:
            raise Unsupported("input that must be refused: peers have no rejection codes") from None
        round_ = kernel.call_dtype(inputs, parameters).type
        given: dict[str, Any] = dict(zip(kernel.arguments, (*inputs, *parameters), strict=True))
        for declared in kernel.parameters:
            if isinstance(declared, Real) and given[declared.name] is not None:
                given[declared.name] = float(round_(given[declared.name]))
        results = getattr(self, kernel.name)(**given)
        computed = self.partial.get(kernel.name)
        due = [
            (declared.name, output)
            for declared, output in zip(kernel.outputs, outputs, strict=True)
            if computed is None or declared.name in computed
        ]
        for (name, output), result in zip(due, results, strict=True):
            if result.shape != output.shape:
                raise MirrorFault(f"{name} has shape {result.shape}; it must be {output.shape}")
            np.copyto(output, result, casting="same_kind")

    def time(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        """See Mirror."""
        return timed(lambda: self.call(kernel, inputs, parameters, outputs), repeats)

    def close(self) -> None:
        """Nothing to let go of."""
