"""What every mirror checks before it computes, in the one order that all of them keep, and how a rejection reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from spikemirror.catalogue.kernel import (
    Array,
    Choice,
    Dims,
    Flag,
    Holds,
    Input,
    Integer,
    Kernel,
    Parameter,
    Real,
    Value,
    Word,
)
from spikemirror.catalogue.rejection import Code, Rejection

SPIKE_DTYPE = np.dtype(np.uint8)
TARGET_DTYPE = np.dtype(np.int32)
SUM_TOLERANCE = 1e-4


def total(numbers: Iterable[float]) -> float:
    """The sum, rounded once; inf where it, or a part of it, is beyond every float."""
    try:
        return math.fsum(numbers)
    except OverflowError:
        return math.inf


def sums_to_one(numbers: Iterable[float]) -> bool:
    """Whether they do, nearly."""
    return abs(total(numbers) - 1) <= SUM_TOLERANCE


def rounded(value: Value, dtype: np.dtype[np.generic]) -> float:
    """A real parameter as the call's dtype has it."""
    assert value is not None
    if dtype == np.float64:
        return float(value)
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float64(value).astype(dtype))


def parameter_dtype(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> np.dtype[np.generic]:
    """The dtype to which real parameters are rounded."""
    dtype = kernel.call_dtype(inputs, parameters)
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def check(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> None:
    """Raise the first Rejection: dtype, rank, shape; choices and parameters; contents; each in signature order."""
    for code, argument in faults(kernel, inputs, parameters):
        raise rejection(kernel, code, argument, inputs, parameters)


def faults(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> Iterator[tuple[Code, str]]:
    """Faults with the argument at fault, in the order of the checks; only the first one is meaningful."""
    dtype = kernel.call_dtype(inputs, parameters)
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        match declared.holds:
            case Holds.SPIKES:
                good = array.dtype == SPIKE_DTYPE
            case Holds.TARGETS:
                good = array.dtype == TARGET_DTYPE
            case Holds.REAL:
                good = array.dtype == dtype and kernel.takes(dtype)
        if not good:
            yield Code.bad_dtype, declared.name
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        if not declared.min_rank <= array.ndim <= declared.max_rank:
            yield Code.bad_rank, declared.name
    given = {p.name for p in kernel.parameters} | {c.symbol for c in kernel.convolved}
    seen: dict[str, tuple[int, ...]] = {}
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        for symbol, length in axes(declared, array):
            short = math.prod(length) < kernel.at_least.get(symbol, 0)
            if short or (symbol not in given and seen.setdefault(symbol, length) != length):
                yield Code.bad_shape, declared.name
                break
    rounding = parameter_dtype(kernel, inputs, parameters)
    values = dict(zip((p.name for p in kernel.parameters), parameters, strict=True))
    for parameter in kernel.parameters:
        code = parameter_fault(parameter, values, rounding)
        if code is not None:
            yield code, parameter.name
    dims = kernel.dims([a.shape for a in inputs], parameters)
    dims |= {c.symbol: c.length(dims) for c in kernel.convolved}
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        if any(s in given and length != (dims[s],) for s, length in axes(declared, array)):
            yield Code.bad_shape, declared.name
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        match declared.holds:
            case Holds.SPIKES:
                if array.size and array.max() > 1:
                    yield Code.bad_spikes, declared.name
            case Holds.TARGETS:
                if array.size and (array.min() < 0 or array.max() >= classes(declared, dims)):
                    yield Code.bad_target, declared.name
            case Holds.REAL:
                if not np.isfinite(array).all():
                    yield Code.non_finite, declared.name
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        if declared.sums_to_one and not sums_to_one(array):
            yield Code.bad_parameter, declared.name


def classes(declared: Input, dims: Dims) -> int:
    """How many classes there are for targets."""
    assert declared.below is not None
    return declared.below if isinstance(declared.below, int) else dims[declared.below]


def axes(declared: Input, array: Array) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each named axis with its lengths: one, or those that an open-ended name stands for."""
    fixed = len(declared.shape) - declared.open_ended
    for symbol, length in zip(declared.symbols[:fixed], array.shape, strict=False):
        yield symbol, (length,)
    if declared.open_ended:
        yield declared.symbols[-1], array.shape[fixed:]


def parameter_fault(parameter: Parameter, values: dict[str, Value], dtype: np.dtype[np.generic]) -> Code | None:
    """Why a parameter's value is refused, if it is."""
    value = values[parameter.name]
    match parameter:
        case Choice():
            return None if value in parameter.options else Code.bad_choice
        case Real():
            if value is None:
                return None if parameter.optional else Code.bad_parameter
            number = rounded(value, dtype)
            if number not in parameter.domain:
                return Code.bad_parameter
            if parameter.above and not number > rounded(values[parameter.above], dtype):
                return Code.bad_parameter
            other = values[parameter.at_least] if parameter.at_least else None
            return Code.bad_parameter if other is not None and number < rounded(other, dtype) else None
        case Integer():
            return None if value is not None and int(value) in parameter.domain else Code.bad_parameter
        case Word() | Flag():
            return None


def rejection(
    kernel: Kernel, code: Code, argument: str, inputs: Sequence[Array], parameters: Sequence[Value]
) -> Rejection:
    """The error for people: what was wrong, with which value, and what would be right."""
    values = dict(zip((p.name for p in kernel.parameters), parameters, strict=True))
    for parameter in kernel.parameters:
        if parameter.name == argument:
            return Rejection(code, argument, f"{kernel.name}: {_about_parameter(parameter, values)}")
    for declared, array in zip(kernel.inputs, inputs, strict=True):
        if declared.name == argument:
            dims = kernel.dims([i.shape for i in inputs], parameters) if code is Code.bad_target else {}
            about = _about_input(kernel, code, declared, array, inputs, dims)
            return Rejection(code, argument, f"{kernel.name}: {about}")
    raise LookupError(f"{kernel.name} has no argument {argument!r}")


def claimed(
    kernel: Kernel, code: Code, argument: str, inputs: Sequence[Array], parameters: Sequence[Value]
) -> Rejection:
    """The error for a refusal by somebody who may be wrong: with reasons only where the checks find the same."""
    if next(faults(kernel, inputs, parameters), None) == (code, argument):
        return rejection(kernel, code, argument, inputs, parameters)
    return Rejection(code, argument, f"{kernel.name}: {argument}, where the checks find no such fault first")


def _about_parameter(parameter: Parameter, values: dict[str, Value]) -> str:
    value = values[parameter.name]
    match parameter:
        case Choice():
            return f"{parameter.name} = {value!r} must be one of {', '.join(parameter.options)}"
        case Real(above=str() as lower) if value is not None and float(value) in parameter.domain:
            return f"{parameter.name} = {value!r} must be greater than {lower} = {values[lower]!r}"
        case Real(at_least=str() as lower) if value is not None and float(value) in parameter.domain:
            return f"{parameter.name} = {value!r} must be at least {lower} = {values[lower]!r}"
        case Real():
            none = " or None" if parameter.optional else ""
            return f"{parameter.name} = {value!r} must be {parameter.domain}{none}, also rounded to the call's dtype"
        case Integer():
            return f"{parameter.name} = {value!r} must be an integer, {parameter.domain}"
        case Word():
            return f"{parameter.name} = {value!r} must be an integer in [0, 2^64)"
        case Flag():
            return f"{parameter.name} = {value!r} must be True or False"


def _about_input(kernel: Kernel, code: Code, declared: Input, array: Array, inputs: Sequence[Array], dims: Dims) -> str:
    name = declared.name
    expected = f"({', '.join(declared.shape)}{',' if len(declared.shape) == 1 else ''})"
    match code:
        case Code.bad_dtype if declared.holds is Holds.SPIKES:
            return f"{name} has dtype {array.dtype}; spikes are uint8 or bool"
        case Code.bad_dtype if declared.holds is Holds.TARGETS:
            return f"{name} has dtype {array.dtype}; class indices are int32"
        case Code.bad_dtype:
            listed = " or ".join(d.name for d in kernel.dtypes)
            others = ", ".join(
                f"{i.name} {a.dtype}" for i, a in zip(kernel.inputs, inputs, strict=True) if i.holds is Holds.REAL
            )
            return (
                f"{name} has dtype {array.dtype}; the real arrays of one call share one dtype, {listed} (got {others})"
            )
        case Code.bad_rank:
            return f"{name} has shape {array.shape}; it must have the axes {expected}"
        case Code.bad_shape:
            known = ", ".join(f"{i.name} {a.shape}" for i, a in zip(kernel.inputs, inputs, strict=True))
            rules = [f"{s} >= {kernel.at_least[s]}" for s in declared.symbols if s in kernel.at_least]
            rules += [f"{c.symbol} the convolution's" for c in kernel.convolved if c.symbol in declared.symbols]
            rule = f"{expected} with {', '.join(rules)}" if rules else expected
            return f"{name} has shape {array.shape}; its axes are {rule}, alike where named alike (got {known})"
        case Code.bad_spikes:
            index = tuple(int(i) for i in np.argwhere((array != 0) & (array != 1))[0])
            return f"{name}{list(index)} = {array[index]}; spikes are 0 or 1"
        case Code.bad_target:
            count = classes(declared, dims)
            index = tuple(int(i) for i in np.argwhere((array < 0) | (array >= count))[0])
            return f"{name}{list(index)} = {array[index]}; class indices are in [0, {count})"
        case Code.bad_parameter:
            return f"{name} sums to {total(array):.6g}; it must sum to 1 within {SUM_TOLERANCE:g}"
        case Code.non_finite:
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            return f"{name}{list(index)} = {array[index]}; every element must be finite"
        case _:
            return f"{name} is refused"
