"""Rejection cases, derived from a kernel's declaration: every check with every argument, and the order of the checks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np

from spikemirror.catalogue.cases.case import Case, real, spikes, uniform
from spikemirror.catalogue.kernel import Array, Choice, Holds, Input, Integer, Kernel, Real, Value
from spikemirror.catalogue.rejection import Code

LENGTHS = (2, 3, 4, 5, 6)
MANY_LENGTHS = (2, 1, 2, 3, 1, 3, 4, 1, 1)
PHASE = {
    Code.bad_dtype: 0,
    Code.bad_rank: 1,
    Code.bad_shape: 2,
    Code.bad_choice: 3,
    Code.bad_parameter: 3,
    Code.non_finite: 4,
    Code.bad_spikes: 4,
    Code.bad_target: 4,
}
"""Which codes are checked together, and in which order."""


@dataclass(frozen=True, slots=True)
class Departure:
    """What one fault changes in a valid call."""

    code: Code
    argument: str
    label: str
    why: str
    catches: str = "missing-check"
    inputs: Mapping[str, Array] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dtypes: tuple[str, ...] | None = None
    late: bool = False
    """A shape that is checked after the parameters."""

    @property
    def touched(self) -> set[str]:
        """The arguments that it changes."""
        return {*self.inputs, *self.parameters}


def rejections(kernel: Kernel) -> list[Case]:
    """All of them; ids are unique and stable."""
    base = _base(kernel)
    singles = [*_arrays(kernel, base), *_parameters(kernel), *_contents(kernel, base), *_sums(kernel, base)]
    cases = [_case(base, f"reject-{d.argument}-{d.label}", d.why, d.catches, d) for d in singles]
    for first, second in _pairs(kernel, singles):
        name = f"order-{first.argument}-{first.label}-before-{second.argument}-{second.label}"
        cases.append(
            _case(base, name, f"{first.why}, which is found before: {second.why}", "check-order", first, second)
        )
    return cases


def _case(base: Case, name: str, why: str, catches: str, *departures: Departure) -> Case:
    first = departures[0]
    verbatim = any(d.code is Code.bad_dtype for d in departures)
    dtypes = next((d.dtypes for d in departures if d.dtypes), None)
    return Case(
        id=name,
        why=why,
        catches=(catches,),
        inputs=dict(base.inputs) | {k: v for d in reversed(departures) for k, v in d.inputs.items()},
        parameters=dict(base.parameters) | {k: v for d in reversed(departures) for k, v in d.parameters.items()},
        dtypes=("float64",) if verbatim else dtypes,
        rejects=(first.code, first.argument),
        verbatim=verbatim,
    )


def _base(kernel: Kernel) -> Case:
    """A small valid call, from which each rejection departs."""
    symbols = list(dict.fromkeys(s for i in kernel.inputs for s in i.symbols))
    lengths = dict(zip(symbols, LENGTHS if len(symbols) <= len(LENGTHS) else MANY_LENGTHS, strict=False)) | {
        p.name: 3 if p.default is None else p.default for p in kernel.parameters if isinstance(p, Integer)
    }
    sizes = {"stride": 1, "padding": 0, "dilation": 1} | lengths
    lengths |= {c.symbol: c.length(sizes) for c in kernel.convolved}
    inputs = {
        declared.name: _array(declared, seed, [lengths[s] for s in declared.symbols], lengths)
        for seed, declared in enumerate(kernel.inputs, start=1)
    }
    parameters: dict[str, Value] = {
        p.name: 3 if isinstance(p, Integer) else 1.0
        for p in kernel.parameters
        if p.default is None and (isinstance(p, Integer) or (isinstance(p, Real) and not p.optional))
    }
    return Case(id="base", why="", catches=(), inputs=inputs, parameters=parameters)


def _array(declared: Input, seed: int, shape: Sequence[int], lengths: Mapping[str, int]) -> Array:
    match declared.holds:
        case Holds.REAL:
            return np.full(shape, 1 / shape[0]) if declared.sums_to_one else uniform(seed, *shape)
        case Holds.SPIKES:
            return spikes(seed, *shape)
        case Holds.TARGETS:
            return spikes(seed, *shape).astype(np.int32)


def _arrays(kernel: Kernel, base: Case) -> Iterator[Departure]:
    reals = [i.name for i in kernel.inputs if i.holds is Holds.REAL]
    for declared in kernel.inputs:
        name, array = declared.name, base.inputs[declared.name]
        for dtype in ("complex128", "int64"):
            why = f"{name} is {dtype}, which the kernel does not take"
            yield Departure(Code.bad_dtype, name, dtype, why, inputs={name: array.astype(dtype)})
        if name in reals[1:]:
            why = f"the real arrays of one call share one dtype, but {name} is float32 and {reals[0]} float64"
            yield Departure(Code.bad_dtype, name, "mixed", why, inputs={name: array.astype(np.float32)})
    for declared in kernel.inputs:
        name, array = declared.name, base.inputs[declared.name]
        deeper = array.reshape((1,) * (declared.max_rank + 1 - array.ndim) + array.shape)
        yield Departure(Code.bad_rank, name, "rank-high", f"{name} has an axis too many", inputs={name: deeper})
        if declared.min_rank:
            shallow = array[(0,) * (array.ndim - declared.min_rank + 1)]
            why = f"{name} has an axis too few"
            yield Departure(Code.bad_rank, name, "rank-low", why, inputs={name: np.asarray(shallow)})
    yield from _shapes(kernel, base)


def _shapes(kernel: Kernel, base: Case) -> Iterator[Departure]:
    late = {p.name for p in kernel.parameters} | {c.symbol for c in kernel.convolved}
    seen: set[str] = set()
    for declared in kernel.inputs:
        name, array = declared.name, base.inputs[declared.name]
        for axis, symbol in enumerate(declared.symbols):
            open_ended = declared.open_ended and axis == len(declared.shape) - 1
            if symbol in seen or symbol in late:
                for label, change in (("longer", 1), ("shorter", -1)):
                    shape = [length + change * (axis == i) for i, length in enumerate(array.shape)]
                    why = f"axis {symbol} of {name} is {label} than it must be"
                    other = {name: np.resize(array, shape)}
                    yield Departure(Code.bad_shape, name, f"{symbol}-{label}", why, inputs=other, late=symbol in late)
            elif symbol in kernel.at_least:
                least = kernel.at_least[symbol]
                cut = {
                    i.name: np.delete(base.inputs[i.name], np.s_[least - 1 :], i.symbols.index(symbol))
                    for i in kernel.inputs
                    if symbol in i.symbols
                }
                why = f"axis {symbol} of {name} is shorter than {least}"
                yield Departure(Code.bad_shape, name, f"{symbol}-short", why, "empty-nan", inputs=cut)
            if open_ended and symbol in seen:
                why = f"{name} has as many elements as an earlier input, but other axes"
                other = {name: array.reshape(*array.shape[:axis], 1, *array.shape[axis:])}
                yield Departure(Code.bad_shape, name, "other-axes", why, "wrong-axis", inputs=other)
            seen.add(symbol)


def _parameters(kernel: Kernel) -> Iterator[Departure]:
    for parameter in kernel.parameters:
        name = parameter.name
        bad: list[tuple[str, Value, str]] = []
        code = Code.bad_parameter
        match parameter:
            case Choice():
                code, bad = Code.bad_choice, [("unknown", "no_such_choice", "not one of its names")]
            case Integer():
                low = 0 if parameter.domain.low is None else int(parameter.domain.low)
                bad = [("low", low - 1, "too low"), ("least", -(2**63), "the least integer there is")]
            case Real():
                bad = [("nan", math.nan, "NaN"), ("inf", math.inf, "inf"), ("minus-inf", -math.inf, "-inf")]
                domain = parameter.domain
                if domain.low is not None:
                    bad.append(("low", domain.low - 0.5, "too low"))
                    if domain.low_open:
                        bad.append(("bound", domain.low, "on its open bound"))
                if domain.high is not None:
                    bad.append(("high", float(np.nextafter(np.float32(domain.high), np.float32(np.inf))), "too high"))
                if parameter.above is not None:
                    lower = next(p.default for p in kernel.parameters if p.name == parameter.above)
                    bad.append(("equal", lower or 0.0, f"not above {parameter.above}"))
                if parameter.at_least is not None:
                    yield _below(kernel, parameter)
        for label, value, reason in bad:
            yield Departure(code, name, label, f"{name} is {reason}", parameters={name: value})
        if isinstance(parameter, Real) and "float32" in (d.name for d in kernel.dtypes):
            why = f"{name} is finite in float64 and infinite once rounded to float32"
            changed: dict[str, Value] = {name: 1e39}
            yield Departure(
                code, name, "rounded-inf", why, "parameter-unrounded", parameters=changed, dtypes=("float32",)
            )


def _below(kernel: Kernel, parameter: Real) -> Departure:
    """A value in its domain, but below the one of an earlier parameter, which is raised for that."""
    low = parameter.domain.low or 0.0
    changed: dict[str, Value] = {str(parameter.at_least): low + 0.75, parameter.name: low + 0.25}
    why = f"{parameter.name} is below {parameter.at_least}"
    return Departure(Code.bad_parameter, parameter.name, "below", why, parameters=changed)


def _contents(kernel: Kernel, base: Case) -> Iterator[Departure]:
    for declared in kernel.inputs:
        name, array = declared.name, base.inputs[declared.name]
        if declared.holds is Holds.SPIKES:
            code, catches = Code.bad_spikes, "missing-check"
            marks: tuple[tuple[str, float, int], ...] = (("two", 2, 0), ("255", 255, array.size - 1))
        elif declared.holds is Holds.TARGETS:
            code, catches = Code.bad_target, "missing-check"
            lengths = {s: n for i in kernel.inputs for s, n in zip(i.symbols, base.inputs[i.name].shape, strict=True)}
            lengths |= {k: int(v) for k, v in base.parameters.items() if isinstance(v, int)}
            count = declared.below if isinstance(declared.below, int) else lengths[str(declared.below)]
            marks = (("minus-one", -1, 0), ("too-great", count, array.size - 1))
        else:
            code, catches = Code.non_finite, "missing-finite-check"
            marks = (("nan", math.nan, 0), ("inf", math.inf, array.size - 1), ("minus-inf", -math.inf, array.size // 2))
        for label, value, place in marks:
            marked = array.copy()
            marked.flat[place] = value
            why = f"{name} holds {value}"
            yield Departure(code, name, label, why, catches, inputs={name: marked})


def _sums(kernel: Kernel, base: Case) -> Iterator[Departure]:
    for declared in kernel.inputs:
        if declared.sums_to_one:
            for label, factor in (("sum-high", 1.001), ("sum-low", 0.999)):
                changed = {declared.name: real(base.inputs[declared.name] * factor)}
                yield Departure(
                    Code.bad_parameter,
                    declared.name,
                    label,
                    f"{declared.name} does not sum to 1",
                    inputs=changed,
                    late=True,
                )


def _pairs(kernel: Kernel, singles: list[Departure]) -> Iterator[tuple[Departure, Departure]]:
    """Two faults at once: of adjacent checks, the earlier check at the later argument; of one check, both ends."""
    place = {name: i for i, name in enumerate(kernel.arguments)}
    phases: dict[int, list[Departure]] = {}
    for departure in singles:
        if departure.dtypes is None and departure.label != "mixed" and not departure.late:
            phases.setdefault(PHASE[departure.code], []).append(departure)
    ordered = [sorted(group, key=lambda d: place[d.argument]) for _, group in sorted(phases.items())]
    for earlier, later in pairwise(ordered):
        for first, second in ((f, s) for f in reversed(earlier) for s in later):
            if not first.touched & second.touched:
                yield first, second
                break
    for group in ordered:
        one_each = list({d.argument: d for d in group}.values())
        if len(one_each) > 1 and PHASE[group[0].code] != PHASE[Code.bad_shape]:
            yield from ((a, b) for a, b in list(combinations(one_each, 2))[:3] if not a.touched & b.touched)
