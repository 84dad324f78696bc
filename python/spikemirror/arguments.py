"""From what users have at hand to what kernels take: any strides, byte order, lists, float16, bool, float spikes."""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Mapping, Sequence
from numbers import Real as RealNumber
from typing import Any

import numpy as np

from spikemirror import memory
from spikemirror.catalogue.check import parameter_fault, rejection
from spikemirror.catalogue.kernel import (
    Array,
    Choice,
    Fill,
    Flag,
    Holds,
    Input,
    Integer,
    Kernel,
    Linspace,
    Parameter,
    Real,
    Value,
    Word,
)
from spikemirror.catalogue.rejection import Code, Rejection

NOT_A_SPIKE = 255
"""Stands for any number but 0 and 1 when spikes become uint8, so that the kernel refuses it in its turn."""

FLOAT64 = np.dtype(np.float64)
SPIKE = np.dtype(np.uint8)
TARGET = np.dtype(np.int32)
AS_THEY_ARE = {
    Holds.REAL: frozenset((np.dtype(np.float32), FLOAT64)),
    Holds.SPIKES: frozenset((SPIKE,)),
    Holds.TARGETS: frozenset((TARGET,)),
}
"""Dtypes (of native byte order) that a kernel takes without conversion."""


def bind(kernel: Kernel, arguments: Mapping[str, Any]) -> tuple[list[Array], list[Array], list[Value]]:
    """Inputs as given (as arrays) and as the kernel takes them, and parameters; a TypeError names a wrong argument."""
    given: list[Array] = []
    taken: list[Array] = []
    used = 0
    for declared in kernel.inputs:
        argument = arguments.get(declared.name)
        used += declared.name in arguments
        if argument is None:
            if declared.default is None:
                raise TypeError(f"{kernel.name} needs {declared.name}; it takes {', '.join(kernel.arguments)}")
            argument = declared.default.value if isinstance(declared.default, Fill) else 0.0
        if isinstance(argument, np.ma.MaskedArray) and np.ma.is_masked(argument):
            raise TypeError(f"{kernel.name}: {declared.name} has masked elements; kernels know no masks, so fill them")
        array = np.asarray(argument)
        given.append(array)
        if array.size == 0:  # takes no memory, but what a kernel keeps for each row of it would
            rows = math.prod(filter(None, array.shape))
            memory.require(rows * FLOAT64.itemsize, f"{kernel.name}: something for every row of {declared.name}")
        if (
            array.dtype in AS_THEY_ARE[declared.holds]
            and array.flags.c_contiguous
            and array.flags.aligned
            and hasattr(argument, "dtype")
        ):
            taken.append(array)
        else:
            memory.require(array.size * FLOAT64.itemsize, f"{kernel.name}: a contiguous copy of {declared.name}")
            converted = _converted(kernel, declared.holds, array, arguments, argument)
            taken.append(np.require(converted, converted.dtype.newbyteorder("="), ("C", "A")))
    parameters: list[Value] = []
    for parameter in kernel.parameters:
        if parameter.name in arguments:
            used += 1
            parameters.append(parameter_value(kernel, parameter, arguments[parameter.name]))
        elif parameter.default is None and not getattr(parameter, "optional", False):
            raise TypeError(f"{kernel.name} needs {parameter.name}; it takes {', '.join(kernel.arguments)}")
        else:
            parameters.append(parameter.default)
    for place, declared in enumerate(kernel.inputs):
        if declared.default is not None and taken[place].ndim == 0:
            taken[place] = given[place] = _expanded(kernel, declared, taken, parameters, place)
    if used != len(arguments):
        name = next(name for name in arguments if name not in kernel.arguments)
        raise TypeError(f"{kernel.name} has no argument {name!r}; it takes {', '.join(kernel.arguments)}")
    return given, taken, parameters


def _converted(kernel: Kernel, holds: Holds, array: Array, arguments: Mapping[str, Any], argument: Any) -> Array:
    match holds:
        case Holds.REAL:
            return _reals(kernel, array, arguments, argument)
        case Holds.SPIKES:
            return _spikes(array)
        case Holds.TARGETS:
            return _targets(array)


def _expanded(kernel: Kernel, declared: Input, taken: list[Array], parameters: list[Value], place: int) -> Array:
    """The array that stands for a single number, or for nothing, in the place of an input with a default."""
    dims: dict[str, int] = {
        p.name: int(v)
        for p, v in zip(kernel.parameters, parameters, strict=True)
        if isinstance(p, Integer) and v is not None
    }
    for other, array in zip(kernel.inputs, taken, strict=True):
        if other is not declared and not (other.default is not None and array.ndim == 0):
            for symbol, length in zip(other.symbols, array.shape, strict=False):
                dims.setdefault(symbol, length)
    shape = [max(dims.get(symbol, 0), 0) for symbol in declared.symbols]
    if isinstance(declared.default, Linspace):
        return np.linspace(0, 1, shape[0], dtype=taken[place].dtype)
    return np.full(shape, taken[place])


def _is_half(dtype: np.dtype[Any]) -> bool:
    return dtype.name in ("float16", "bfloat16")


def _reals(kernel: Kernel, array: Array, arguments: Mapping[str, Any], argument: Any) -> Array:
    """Half precision becomes float32; what came without a dtype of its own takes the one of the call."""
    if _is_half(array.dtype):
        return array.astype(np.float32)
    if hasattr(argument, "dtype") or array.dtype.kind not in "biuf":
        return array
    reals = (arguments.get(i.name) for i in kernel.inputs if i.holds is Holds.REAL)
    first = next((np.asarray(other).dtype for other in reals if hasattr(other, "dtype")), FLOAT64)
    return array.astype(np.float32 if _is_half(first) else first if first.kind == "f" else FLOAT64)


def _spikes(array: Array) -> Array:
    if array.dtype == np.bool_:
        return array.view(SPIKE)
    if array.dtype == SPIKE or not (array.dtype.kind in "iuf" or _is_half(array.dtype)):
        return array
    spikes = np.full(array.shape, NOT_A_SPIKE, SPIKE)
    spikes[array == 0] = 0
    spikes[array == 1] = 1
    return spikes


def _targets(array: Array) -> Array:
    """Whole numbers of any dtype as int32; what int32 does not hold becomes -1, which the kernel refuses."""
    if not (array.dtype.kind in "biuf" or _is_half(array.dtype)):
        return array
    with np.errstate(invalid="ignore"):
        whole = array.astype(TARGET)
        return np.where(whole == array, whole, -1).astype(TARGET)


def parameter_value(kernel: Kernel, parameter: Parameter, value: Any) -> Value:
    """A parameter of the right Python type; a Rejection says what would be right."""
    match parameter:
        case Real():
            if type(value) is float or (value is None and parameter.optional):
                return value
            if not isinstance(value, bool) and isinstance(value, RealNumber | np.floating):
                with contextlib.suppress(OverflowError):
                    return float(value)
            what = "a real number that float64 holds"
        case Integer() | Word():
            low, high = (0, 2**64) if isinstance(parameter, Word) else (-(2**63), 2**63)
            what = f"an integer in [{low}, {high})"
            if not isinstance(value, bool | np.bool_):
                try:
                    number = operator.index(value)
                except TypeError:
                    number = high
                if low <= number < high:
                    return number
        case Flag():
            if isinstance(value, bool | np.bool_):
                return bool(value)
            what = "True or False"
        case Choice():
            if isinstance(value, str):
                return value
            message = f"{kernel.name}: {parameter.name} = {value!r} must be one of {', '.join(parameter.options)}"
            raise Rejection(Code.bad_choice, parameter.name, message)
    raise Rejection(Code.bad_parameter, parameter.name, f"{kernel.name}: {parameter.name} = {value!r} must be {what}")


def validate_parameters(kernel: Kernel, values: Mapping[str, Any]) -> None:
    """Hold some of a kernel's parameters against their domains, without a call: for objects that keep them."""
    taken: dict[str, Value] = {}
    for parameter in kernel.parameters:
        optional = isinstance(parameter, Real) and parameter.optional
        default = 0 if parameter.default is None and not optional else parameter.default
        taken[parameter.name] = parameter_value(kernel, parameter, values.get(parameter.name, default))
    for parameter in kernel.parameters:
        if parameter.name not in values:
            continue
        code = parameter_fault(parameter, taken, np.dtype(np.float64))
        if code is not None:
            raise rejection(kernel, code, parameter.name, _none(kernel), list(taken.values()))


def _none(kernel: Kernel) -> Sequence[Array]:
    return [np.empty(0)] * len(kernel.inputs)
