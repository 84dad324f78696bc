"""How an array may lie in memory, and the way to a mirror that meets it: `spikemirror.call`, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikemirror import backend
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.mirrors.python import PythonMirror

LAYOUTS = ("plain", "fortran", "strided", "reversed", "misaligned", "swapped", "read-only")
BACKENDS = ("python", "rust", "mojo")
"""Those that compute in this process; Julia's arrays go to a worker."""


def laid(array: Array, layout: str) -> Array:
    """The same elements, lying otherwise."""
    view: Array
    match layout:
        case "fortran":
            return np.array(array, order="F")
        case "swapped":
            return array.astype(array.dtype.newbyteorder())
        case "strided":
            wide = np.empty([2 * n + 1 for n in array.shape], array.dtype)
            view = wide[_everywhere(array, slice(1, None, 2))]
        case "reversed":
            view = np.empty_like(array)[_everywhere(array, slice(None, None, -1))]
        case "misaligned":
            view = np.ndarray(array.shape, array.dtype, np.empty(array.nbytes + 1, np.uint8), 1)
        case _:
            view = np.empty_like(array)
    view[...] = array
    view.flags.writeable = layout != "read-only"
    return view


def _everywhere(array: Array, part: slice) -> tuple[Any, ...]:
    """A part of every axis; of an array without axes a view all the same."""
    return (..., *[part] * array.ndim)


class LaidOut(PythonMirror):
    """`spikemirror.call` on a backend as a mirror; every input lies in its layout."""

    def __init__(self, name: str, layouts: Mapping[str, str]) -> None:
        self.name = name
        self._layouts = layouts

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror."""
        arrays = {i.name: laid(array, self._layouts[i.name]) for i, array in zip(kernel.inputs, inputs, strict=True)}
        values = {p.name: value for p, value in zip(kernel.parameters, parameters, strict=True)}
        arguments: dict[str, Any] = {**arrays, **values}
        answer = backend.call(kernel.name, backend=self.name, **arguments)
        for output, result in zip(outputs, answer.values(), strict=True):
            np.copyto(output, result, casting="no")
