"""The canonical reference as a mirror."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence

import numpy as np

from spikemirror import reference
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.check import check
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.mirrors.mirror import Probe, timed


def probe() -> Probe:
    """Always there."""
    return Probe("python", True, {"python": platform.python_version(), "numpy": np.__version__})


class PythonMirror:
    """NumPy."""

    name = "python"
    kernels = frozenset(CATALOGUE)
    partial: Mapping[str, frozenset[str]] = {}

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror."""
        check(kernel, inputs, parameters)
        for output, result in zip(outputs, reference.compute(kernel, inputs, parameters), strict=True):
            np.copyto(output, result, casting="no")

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
