"""What a case must be before anything is done with it, whoever wrote it: checked when a fixture file is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from spikemirror.catalogue.kernel import MAX_RANK, DType, Holds, Kernel, Policy
from spikemirror.catalogue.rejection import Code
from spikemirror.golden.fixture import ArrayRecord, CaseRecord, ExpectedRecord

REFUSED = ("bool", "int8", "int16", "int64", "uint16", "uint64", "float16", "complex64", "complex128")
DTYPES = {name: np.dtype(name).itemsize for name in (*DType.__members__, *REFUSED)}
"""Dtypes that a fixture may hold, with the bytes of an element: those of kernels, and some that they must refuse."""
MAX_BYTES = 1 << 26
"""The most that one array of a call may take."""


def problems(kernel: Kernel, case: CaseRecord) -> Iterator[str]:
    """What makes a case unusable; nothing for a good one."""
    if set(case.parameters) != {p.name for p in kernel.parameters}:
        yield f"parameters are {', '.join(case.parameters)}; they must be those of the catalogue"
        return
    if set(case.inputs) != {i.name for i in kernel.inputs}:
        yield f"inputs are {', '.join(case.inputs)}; they must be those of the catalogue"
        return
    broken = [f"{name}: {problem}" for name, record in case.inputs.items() for problem in _array(record)]
    yield from broken
    if not case.expected:
        yield "expects nothing"
    for dtype, expected in case.expected.items():
        if dtype not in (d.name for d in kernel.dtypes):
            yield f"{dtype} is not a dtype of the kernel"
        elif not broken:
            yield from (f"{dtype}: {problem}" for problem in _expected(kernel, case, dtype, expected))


def _array(record: ArrayRecord) -> Iterator[str]:
    if record.dtype not in DTYPES:
        yield f"{record.dtype!r} is no dtype of a fixture"
    elif len(record.shape) > MAX_RANK + 1 or min(record.shape, default=0) < 0:
        yield f"{tuple(record.shape)} is no shape"
    else:
        count, digits = math.prod(record.shape), 2 * DTYPES[record.dtype]
        word = f"[0-9a-f]{{{digits}}}"
        if not re.fullmatch(f"{word}(?: {word})*" if count else "", record.bits):
            yield f"`bits` are not words of {digits} hexadecimal digits"
        elif len(record.bits) + 1 != count * (digits + 1) and count:
            yield f"`bits` hold {len(record.bits.split())} elements for shape {tuple(record.shape)}"


def _expected(kernel: Kernel, case: CaseRecord, dtype: str, expected: ExpectedRecord) -> Iterator[str]:
    if (expected.outputs is None) == (expected.rejection is None):
        yield "expects both or neither of outputs and a rejection"
        return
    real = [case.inputs[i.name].dtype for i in kernel.inputs if i.holds is Holds.REAL]
    if not case.verbatim and any(np.dtype(d).kind != "f" for d in real):
        yield f"real inputs are {', '.join(real)}"
        return
    try:
        inputs, parameters = case.arguments(kernel, dtype)
        shapes = kernel.output_shapes(inputs, parameters)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        yield f"its arguments are no call of {kernel.name}: {error}"
        return
    if any(8 * math.prod(shape) > MAX_BYTES for shape in shapes):
        yield f"its outputs would have shapes {', '.join(map(str, shapes))}: more than {MAX_BYTES >> 20} MiB"
        return
    if expected.rejection is not None:
        code, argument = expected.rejection.code, expected.rejection.argument
        if code not in Code.__members__ or argument not in kernel.arguments:
            yield f"no such rejection: {code} of {argument}"
        return
    assert expected.outputs is not None
    if list(expected.outputs) != [o.name for o in kernel.outputs]:
        yield f"outputs are {', '.join(expected.outputs)}; they must be those of the catalogue"
        return
    for declared, shape in zip(kernel.outputs, shapes, strict=True):
        record = expected.outputs[declared.name]
        broken = list(_array(record))
        yield from (f"{declared.name}: {problem}" for problem in broken)
        due = declared.dtype.name if declared.dtype else dtype
        if not broken and (record.dtype, tuple(record.shape)) != (due, shape):
            yield f"{declared.name}: {record.dtype}{tuple(record.shape)}; it must be {due}{shape}"
        if record.policy != declared.policy:
            yield f"{declared.name}: policy {record.policy}; the catalogue says {declared.policy}"
        fine = all(math.isfinite(b) and b >= 0 for b in record.budget)
        if len(record.budget) != (math.prod(record.shape) if declared.policy is Policy.BUDGET else 0) or not fine:
            yield f"{declared.name}: one finite budget per element is due, and none where bits are compared"
