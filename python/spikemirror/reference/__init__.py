"""The canonical algebra: one function per kernel, in the family's file, over a small array namespace."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spikemirror.catalogue.kernel import Array, Integer, Kernel, Real, Value
from spikemirror.reference.namespace import NumPy


def text(kernel: Kernel) -> Callable[..., tuple[Any, ...]]:
    """The reference function of a kernel: that of its name in the file of its family."""
    family = importlib.import_module(f"spikemirror.reference.{kernel.family}")
    function: Callable[..., tuple[Any, ...]] = getattr(family, kernel.name)
    return function


def evaluate(kernel: Kernel, xp: Any, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[Any]:
    """The kernel's text over a namespace; outputs have the axes that the kernel sees, open-ended ones as one."""
    dims = kernel.dims([i.shape for i in inputs], parameters)
    arrays = []
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        flat = array.reshape([dims[s] for s in declared.symbols])
        arrays.append(xp.asarray(flat) if declared.holds == "real" else flat)
    values: dict[str, Any] = {}
    for parameter, value in zip(kernel.parameters, parameters, strict=True):
        match parameter:
            case Real():
                values[parameter.name] = None if value is None else xp.scalar(float(value))
            case Integer():
                values[parameter.name] = int(value or 0)
            case _:
                values[parameter.name] = value
    return list(text(kernel)(xp, *arrays, **values))


def compute(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[Array]:
    """The canonical result in the call's dtype; the arguments must have passed the checks."""
    dtype = kernel.call_dtype(inputs, parameters)
    xp = NumPy(dtype if dtype.kind == "f" else np.float64)
    with np.errstate(all="ignore"):
        results = evaluate(kernel, xp, inputs, parameters)
    shapes = kernel.output_shapes(inputs, parameters)
    return [
        np.ascontiguousarray(result, output.dtype.numpy if output.dtype else dtype).reshape(shape)
        for output, result, shape in zip(kernel.outputs, results, shapes, strict=True)
    ]
