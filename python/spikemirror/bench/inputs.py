"""The arguments of a timed call: drawn from a generator seeded by kernel, size and argument, so the same everywhere."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from spikemirror.catalogue.check import classes
from spikemirror.catalogue.kernel import Array, DType, Fill, Holds, Integer, Kernel, Real, Size, Value

SPIKE_PROBABILITY = 0.1
DTYPES: dict[Holds, np.dtype[Any]] = {Holds.SPIKES: np.dtype(np.uint8), Holds.TARGETS: np.dtype(np.int32)}


def arguments(kernel: Kernel, size: Size, dtype: DType) -> tuple[list[Array], list[Value]]:
    """Inputs, which refuse to be written to, and parameters, in signature order.

    Reals are uniform in (0, 1), spikes come with probability 0.1, classes are equally likely, and what a user may leave
    out is left out; an open-ended axis is one axis. Parameters that the size does not give are at their defaults.
    """
    inputs = []
    for declared in kernel.inputs:
        shape = [size.dims[symbol] for symbol in declared.symbols]
        generator = np.random.default_rng(zlib.crc32(f"{kernel.name} {size} {declared.name}".encode()))
        array: Array
        match declared.holds:
            case _ if isinstance(declared.default, Fill):
                array = np.full(shape, declared.default.value)
            case _ if declared.sums_to_one:
                array = np.full(shape, 1 / shape[0])
            case Holds.SPIKES:
                array = generator.random(shape) < SPIKE_PROBABILITY
            case Holds.TARGETS:
                array = generator.integers(classes(declared, size.dims), size=shape)
            case Holds.REAL:
                array = generator.random(shape)
        array = array.astype(DTYPES.get(declared.holds, dtype.numpy))
        array.flags.writeable = False
        inputs.append(array)
    parameters: list[Value] = []
    for parameter in kernel.parameters:
        value = size.parameters.get(parameter.name, parameter.default)
        if isinstance(parameter, Integer) and parameter.name in size.dims:
            value = size.dims[parameter.name]
        if parameter.name == "dtype":
            value = dtype.name
        if value is None and not (isinstance(parameter, Real) and parameter.optional):
            raise LookupError(f"{kernel.name}: the bench size {size} does not say {parameter.name}")
        parameters.append(value)
    return inputs, parameters
