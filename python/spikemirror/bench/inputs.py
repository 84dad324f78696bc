"""The arguments of a timed call: drawn from a generator seeded by kernel, size and argument, so the same everywhere."""

from __future__ import annotations

import zlib

import numpy as np

from spikemirror.catalogue.kernel import Array, DType, Holds, Integer, Kernel, Size, Value

SPIKE_PROBABILITY = 0.1


def arguments(kernel: Kernel, size: Size, dtype: DType) -> tuple[list[Array], list[Value]]:
    """Inputs, which refuse to be written to, and parameters, in signature order.

    Reals are uniform in (-1, 1) and spikes come with probability 0.1; an open-ended axis is one axis. Parameters that
    the size does not give are at their defaults.
    """
    inputs = []
    for declared in kernel.inputs:
        shape = [size.dims[symbol] for symbol in declared.symbols]
        generator = np.random.default_rng(zlib.crc32(f"{kernel.name} {size} {declared.name}".encode()))
        array: Array
        if declared.holds is Holds.SPIKES:
            array = (generator.random(shape) < SPIKE_PROBABILITY).astype(np.uint8)
        else:
            array = generator.uniform(-1, 1, shape).astype(dtype.numpy)
        array.flags.writeable = False
        inputs.append(array)
    parameters: list[Value] = []
    for parameter in kernel.parameters:
        value = size.parameters.get(parameter.name, parameter.default)
        if isinstance(parameter, Integer) and parameter.name in size.dims:
            value = size.dims[parameter.name]
        if value is None:
            raise LookupError(f"{kernel.name}: the bench size {size} does not say {parameter.name}")
        parameters.append(value)
    return inputs, parameters
