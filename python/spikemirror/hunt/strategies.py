"""Calls of a kernel as hypothesis draws them, from the kernel's declaration alone.

Most calls are valid. Some depart from a valid one in an argument or two; what must become of those the checks of the
catalogue tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from spikemirror.catalogue.check import classes
from spikemirror.catalogue.kernel import (
    MAX_RANK,
    Array,
    Choice,
    Dims,
    Flag,
    Holds,
    Integer,
    Kernel,
    Parameter,
    Real,
    Value,
    Word,
)
from spikemirror.hunt import textures
from spikemirror.hunt.call import Call
from spikemirror.hunt.layouts import LAYOUTS
from spikemirror.hunt.textures import INDEX, pick

SHORT = (1, 2, 0, 3, 4, 5)
LONG = (7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257)
"""Around the widths of registers and the tiles of the mirrors."""
EFFORTS = (100, 100, 600, 100)
"""What the oracle does in a moment, and at times in some."""
FAR = (2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1)
PLAIN = (1.0, 0.5, 2.0, 0.01, 100.0)
WORDS = (0, 1, 2**32 - 1, 2**32, 2**64 - 1)
DEPARTURES = (0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0)
"""How many of a call's arguments; ends come up more often than the middle."""
DTYPES = ("float32", "float64", "float16", "complex128", "int64", "int32", "uint8", "bool")

Axes = dict[str, tuple[int, ...]]
"""The lengths of each axis: one, or those that an open-ended name stands for."""


@st.composite
def calls(draw: st.DrawFn, kernel: Kernel) -> Call:
    """Calls in any of the kernel's dtypes; most parameters are at their defaults."""
    dtype = pick(draw, [d.name for d in kernel.dtypes])
    values = _parameters(draw, kernel, dtype)
    axes: Axes = {symbol: _axis(draw, kernel, symbol) for symbol in _symbols(kernel)}
    axes = _affordable(kernel, values, axes, pick(draw, EFFORTS))
    dims = {symbol: math.prod(lengths) for symbol, lengths in axes.items()}
    values |= {p.name: dims[p.name] for p in kernel.parameters if p.name in dims}
    numbers = [value for value in values.values() if isinstance(value, float)]
    marks = textures.marks(dtype, numbers) if kernel.has_real else []
    inputs: dict[str, Array] = {}
    for declared in kernel.inputs:
        shape = [length for symbol in declared.symbols for length in axes[symbol]]
        match declared.holds:
            case Holds.SPIKES:
                array: Array = textures.spikes(draw, shape)
            case Holds.TARGETS:
                array = textures.targets(draw, shape, classes(declared, dims))
            case Holds.REAL if declared.sums_to_one:
                array = textures.shares(draw, shape, dtype)
            case Holds.REAL:
                alike = [a for a in inputs.values() if a.dtype == dtype and list(a.shape) == shape]
                array = textures.reals(draw, shape, dtype, marks, alike)
        inputs[declared.name] = array
    call = Call(dtype, inputs, values, {name: pick(draw, LAYOUTS) for name in inputs})
    for _ in range(pick(draw, DEPARTURES)):
        call = _departed(draw, kernel, call)
    return call


def _symbols(kernel: Kernel) -> list[str]:
    """The axes of inputs and outputs that no other axis determines."""
    derived = {c.symbol for c in kernel.convolved}
    named = [symbol for declared in kernel.inputs for symbol in declared.symbols]
    factors = {factor for output in kernel.outputs for axis in output.shape for factor in axis.split(" x ")}
    named += [p.name for p in kernel.parameters if p.name in factors]
    return [symbol for symbol in dict.fromkeys(named) if symbol not in derived]


def _axis(draw: st.DrawFn, kernel: Kernel, symbol: str) -> tuple[int, ...]:
    own = next((p.domain.low for p in kernel.parameters if p.name == symbol and isinstance(p, Integer)), None)
    least = max(kernel.at_least.get(symbol, 0), own or 0)
    length = pick(draw, pick(draw, ([n for n in SHORT if n >= least], LONG)))
    declared = next((i for i in kernel.inputs if i.open_ended and i.symbols[-1] == symbol), None)
    if declared is None:
        return (length,)
    several = [
        (length,),
        (1, length),
        (length, 1),
        (2, length),
        (1,) * (MAX_RANK - len(declared.shape) - 1) + (length,),
    ]
    return pick(draw, several if declared.min_rank == len(declared.shape) else [*several, ()])


def _affordable(kernel: Kernel, values: dict[str, Value], axes: Axes, effort: float) -> Axes:
    """The axes, the longest of them shortened while the oracle is not quick, and those that follow from them."""
    usual = {p.name: _usual(p) for p in kernel.parameters if isinstance(p, Integer)}
    while True:
        dims = {p.name: int(values[p.name] or 0) for p in kernel.parameters if isinstance(p, Integer)}
        dims |= {symbol: math.prod(lengths) for symbol, lengths in axes.items()}
        derived = {c.symbol: c.length(dims) for c in kernel.convolved}
        longest = max(axes, key=lambda symbol: max(axes[symbol], default=0))
        length = max(axes[longest], default=0)
        shortest = length <= 2 and usual.items() <= values.items()
        if shortest or _effort(kernel, dims | derived) + sum(derived.values()) <= effort:
            return axes | {symbol: (length,) for symbol, length in derived.items()}
        if length > 2:
            shorter = max(n for n in (*SHORT, *LONG) if n < length)
            axes[longest] = tuple(shorter if n == length else n for n in axes[longest])
        else:  # a parameter makes what follows long, such as a padding
            values |= usual


def _effort(kernel: Kernel, dims: Dims) -> float:
    """Operations and elements of a call, as the oracle feels them."""
    cost = kernel.cost(dims, 8)
    return cost.flops / 8 + 2 * cost.elements + sum(math.prod(dims[s] for s in i.symbols) for i in kernel.inputs)


def _parameters(draw: st.DrawFn, kernel: Kernel, dtype: str) -> dict[str, Value]:
    """Values in the parameters' domains: few are not at their defaults, and what is held against these follows them."""
    names = [p.name for p in kernel.parameters] or [""]
    unusual = {pick(draw, names) for _ in range(pick(draw, (0, 1, 2, 4)))}
    values: dict[str, Value] = {}
    for parameter in kernel.parameters:
        bounds = {parameter.above, parameter.at_least} if isinstance(parameter, Real) else set()
        match parameter:
            case Choice(name="dtype"):
                value: Value = dtype
            case Choice():
                value = pick(draw, parameter.options)
            case Flag():
                value = pick(draw, (False, True))
            case _ if not unusual & {parameter.name, *bounds}:
                value = _usual(parameter)
            case Word():
                value = pick(draw, (*WORDS, draw(INDEX) * textures.WEYL % 2**64))
            case Integer():
                low = int(parameter.domain.low or 0)
                value = pick(draw, (low, low + 1, low + 2, 7, *FAR))
            case Real():
                value = _real(draw, parameter, dtype if dtype.startswith("float") else "float64", values)
        values[parameter.name] = value
    return values


def _usual(parameter: Parameter) -> Value:
    optional = isinstance(parameter, Real) and parameter.optional
    return 1 if parameter.default is None and not optional else parameter.default


def _real(draw: st.DrawFn, parameter: Real, dtype: str, values: Mapping[str, Value]) -> Value:
    """A plain number, an end of the domain or the next to it, or a number of any scale; None where it is a value."""
    if parameter.optional and pick(draw, (True, False)):
        return None
    domain, cast, most = parameter.domain, np.dtype(dtype).type, np.finfo(np.dtype(dtype)).max
    low, high = cast(-most if domain.low is None else domain.low), cast(most if domain.high is None else domain.high)
    bound = values.get(parameter.above or parameter.at_least or "")
    low = low if bound is None else cast(bound)
    low = np.nextafter(low, high) if domain.low_open or parameter.above else low
    ends = [float(x) for x in (low, high, np.nextafter(low, high), np.nextafter(high, low))]
    value = pick(draw, (*PLAIN, *ends, *(textures.number(draw, dtype),) * 6))
    return min(max(value if value in domain else -value, ends[0]), ends[1])


def _departed(draw: st.DrawFn, kernel: Kernel, call: Call) -> Call:
    """The call with one argument changed to what may have to be refused."""
    name = pick(draw, kernel.arguments)
    for parameter in kernel.parameters:
        if parameter.name == name:
            bad = _bad_values(parameter) or [call.parameters[name]]
            return replace(call, parameters={**call.parameters, name: pick(draw, bad)})
    return replace(call, inputs={**call.inputs, name: _bad_array(draw, call.inputs[name])})


def _bad_values(parameter: Parameter) -> Sequence[Value]:
    match parameter:
        case Choice():
            return ["no_such_choice", "", parameter.options[0].upper()]
        case Integer():
            low = int(parameter.domain.low or 0)
            return [low - 1, -(2**31), -(2**63)]
        case Real(domain=domain):
            ends = [float(end) for end in (domain.low, domain.high) if end is not None]
            return [math.nan, math.inf, -math.inf, 1e39, -1.0, 0.0, -5e-324, 1e-60, *ends]
        case Word() | Flag():
            return []


def _bad_array(draw: st.DrawFn, array: Array) -> Array:
    """Another content, length, rank or dtype."""
    match pick(draw, ("content", "length", "rank", "dtype")):
        case "content" if array.size:
            marks = {"f": (math.nan, math.inf, -math.inf), "u": (2, 255), "i": (-1, 2**31 - 1, -(2**31))}
            marked = array.copy()
            place = draw(INDEX) * array.size >> 16
            marked.reshape(-1)[place] = pick(draw, marks.get(array.dtype.kind, (1,)))
            return marked
        case "length" if array.ndim:
            axis, change = draw(INDEX) % array.ndim, pick(draw, (1, -1))
            return np.resize(array, [max(n + change * (i == axis), 0) for i, n in enumerate(array.shape)])
        case "rank":
            return pick(draw, (array[None].copy(), array[..., None].copy(), np.zeros(array.shape[1:], array.dtype)))
        case _:
            with np.errstate(all="ignore"):
                return array.real.astype(pick(draw, DTYPES))
