"""The canonical reference as a mirror."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence

import numpy as np

from spikemirror import reference
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.check import check
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.mirrors.mirror import Probe


def probe() -> Probe:
    """Always there."""
    return Probe("python", True, {"python": platform.python_version(), "numpy": np.__version__})


class PythonMirror:
    """NumPy."""

    name = "python"
    kernels = frozenset(CATALOGUE)

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
        samples = []
        for _ in range(repeats):
            start = time.perf_counter_ns()
            self.call(kernel, inputs, parameters, outputs)
            samples.append(time.perf_counter_ns() - start)
        return samples

    def close(self) -> None:
        """Nothing to let go of."""
