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
LONG = 131
"""Past the widest vectors that a check may read, with a tail."""
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
CATCHES = {
    Code.bad_dtype: "missing-dtype-check",
    Code.bad_rank: "missing-rank-check",
    Code.bad_shape: "missing-shape-check",
    Code.bad_choice: "missing-choice-check",
    Code.bad_parameter: "missing-domain-check",
    Code.non_finite: "missing-finite-check",
    Code.bad_spikes: "missing-spikes-check",
    Code.bad_target: "missing-target-check",
}
"""The fault that a rejection exposes, where its departure names no finer one."""


@dataclass(frozen=True, slots=True)
class Departure:
    """What one fault changes in a valid call."""

    code: Code
    argument: str
    label: str
    why: str
    finer: str | None = None
    """The fault that it exposes, where that is not the one of its code."""
    inputs: Mapping[str, Array] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dtypes: tuple[str, ...] | None = None
    late: bool = False
    """A shape that is checked after the parameters."""

    @property
    def catches(self) -> str:
        """The fault that it exposes."""
        return self.finer or CATCHES[self.code]

    @property
    def touched(self) -> set[str]:
        """The arguments that it changes."""
        return {*self.inputs, *self.parameters}


def rejections(kernel: Kernel) -> list[Case]:
    """All of them; ids are unique and stable."""
    base = _base(kernel)
    singles = [*_arrays(kernel, base), *_parameters(kernel), *_contents(kernel, base), *_sums(kernel, base)]
    cases = [_case(base, f"reject-{d.argument}-{d.label}", d.why, d.catches, d) for d in (*singles, *_long(kernel))]
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


def _base(kernel: Kernel, given: Mapping[str, int] | None = None) -> Case:
    """A small valid call, from which each rejection departs; with given axes, the others are as short as they may be."""
    symbols = list(dict.fromkeys(s for i in kernel.inputs for s in i.symbols))
    if given is None:
        usual = zip(symbols, LENGTHS if len(symbols) <= len(LENGTHS) else MANY_LENGTHS, strict=False)
        lengths = {s: max(n, kernel.at_least.get(s, 0) + 1) for s, n in usual}
    else:
        lengths = {s: max(kernel.at_least.get(s, 1), 1) for s in symbols} | dict(given)
    lengths |= {p.name: 3 if p.default is None else p.default for p in kernel.parameters if isinstance(p, Integer)}
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
            yield Departure(Code.bad_dtype, name, "mixed", why, "mixed-dtypes", inputs={name: array.astype(np.float32)})
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
                    finer = "missing-late-shape-check" if symbol in late else None
                    yield Departure(
                        Code.bad_shape, name, f"{symbol}-{label}", why, finer, inputs=other, late=symbol in late
                    )
            elif symbol in kernel.at_least:
                least = kernel.at_least[symbol]
                cut = {
                    i.name: np.delete(base.inputs[i.name], np.s_[least - 1 :], i.symbols.index(symbol))
                    for i in kernel.inputs
                    if symbol in i.symbols
                }
                why = f"axis {symbol} of {name} is shorter than {least}"
                yield Departure(Code.bad_shape, name, f"{symbol}-short", why, "missing-length-check", inputs=cut)
            if open_ended and symbol in seen:
                why = f"{name} has as many elements as an earlier input, but other axes"
                other = {name: array.reshape(*array.shape[:axis], 1, *array.shape[axis:])}
                yield Departure(Code.bad_shape, name, "other-axes", why, "axes-flattened", inputs=other)
            seen.add(symbol)


def _parameters(kernel: Kernel) -> Iterator[Departure]:
    for parameter in kernel.parameters:
        name = parameter.name
        bad: list[tuple[str, Value, str]] = []
        code, finer = Code.bad_parameter, None
        match parameter:
            case Choice():
                code, bad = Code.bad_choice, [("unknown", "no_such_choice", "not one of its names")]
            case Integer():
                finer = "missing-integer-check"
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
                yield from _relations(kernel, parameter)
        related = isinstance(parameter, Real) and (parameter.above or parameter.at_least) is not None
        for label, value, reason in bad:
            exposes = "open-end-closed" if label == "bound" else finer
            if related and label in ("nan", "minus-inf", "low"):
                # The earlier parameter rules it out too, so that what is told of it is all that can be wrong.
                exposes = "argument-miscounted"
            yield Departure(code, name, label, f"{name} is {reason}", exposes, parameters={name: value})
        if isinstance(parameter, Real) and "float32" in (d.name for d in kernel.dtypes):
            yield from _rounded(kernel, parameter)


def _relations(kernel: Kernel, parameter: Real) -> Iterator[Departure]:
    """Values in the domain that an earlier parameter rules out."""
    if parameter.above is not None:
        why = f"{parameter.name} is not above {parameter.above}"
        changed: dict[str, Value] = {parameter.name: _default(kernel, parameter.above)}
        yield Departure(Code.bad_parameter, parameter.name, "equal", why, "missing-relation-check", parameters=changed)
    if parameter.at_least is not None:
        low = parameter.domain.low or 0.0
        why = f"{parameter.name} is below {parameter.at_least}, which is raised for that"
        changed = {parameter.at_least: low + 0.75, parameter.name: low + 0.25}
        yield Departure(Code.bad_parameter, parameter.name, "below", why, "missing-relation-check", parameters=changed)


def _rounded(kernel: Kernel, parameter: Real) -> Iterator[Departure]:
    """Values that are good in float64, but not once rounded to float32."""
    name = parameter.name
    infinite = "parameter-unrounded" if parameter.domain.high is None else "missing-domain-check"
    bad = [("rounded-inf", 1e39, "infinite", infinite)]
    if parameter.domain.low_open:
        bad.append(("rounded-bound", _above(parameter.domain.low or 0.0), "on its open bound", "open-end-closed"))
    if parameter.above is not None:
        lower = _above(_default(kernel, parameter.above))
        bad.append(("rounded-equal", lower, f"not above {parameter.above}", "missing-relation-check"))
    for label, value, reason, exposes in bad:
        why = f"{name} is good in float64, and {reason} once rounded to float32"
        yield Departure(Code.bad_parameter, name, label, why, exposes, parameters={name: value}, dtypes=("float32",))


def _default(kernel: Kernel, name: str) -> float:
    """That of a real parameter."""
    return next(p.default or 0.0 for p in kernel.parameters if isinstance(p, Real) and p.name == name)


def _above(value: float) -> float:
    """The next number in float64."""
    return math.nextafter(value, math.inf)


def _contents(kernel: Kernel, base: Case) -> Iterator[Departure]:
    for declared in kernel.inputs:
        name, array = declared.name, base.inputs[declared.name]
        code, marks = _marks(kernel, base, declared)
        for label, value, place in marks:
            why = f"{name} holds {value}"
            yield Departure(code, name, label, why, inputs={name: _marked(array, place, value)})


def _marks(kernel: Kernel, base: Case, declared: Input) -> tuple[Code, list[tuple[str, float, int]]]:
    """What an input may not hold, and where it is put: at the start, the end or in the middle."""
    last = base.inputs[declared.name].size - 1
    match declared.holds:
        case Holds.SPIKES:
            return Code.bad_spikes, [("two", 2, 0), ("255", 255, last)]
        case Holds.TARGETS:
            lengths = {s: n for i in kernel.inputs for s, n in zip(i.symbols, base.inputs[i.name].shape, strict=True)}
            lengths |= {k: int(v) for k, v in base.parameters.items() if isinstance(v, int)}
            count = declared.below if isinstance(declared.below, int) else lengths[str(declared.below)]
            return Code.bad_target, [("minus-one", -1, 0), ("too-great", count, last)]
        case Holds.REAL:
            return Code.non_finite, [
                ("nan", math.nan, 0),
                ("inf", math.inf, last),
                ("minus-inf", -math.inf, (last + 1) // 2),
            ]


def _long(kernel: Kernel) -> Iterator[Departure]:
    """The first mark at the start of a long array, which a check by whole vectors meets before the tail."""
    bound = {p.name for p in kernel.parameters} | {c.symbol for c in kernel.convolved}
    for holds in (Holds.REAL, Holds.SPIKES):
        declared = next((i for i in kernel.inputs if i.holds is holds), None)
        free = [s for s in declared.symbols if s not in bound] if declared else []
        if declared and free:
            base = _base(kernel, {free[-1]: LONG})
            code, marks = _marks(kernel, base, declared)
            label, value, place = marks[0]
            inputs = dict(base.inputs) | {declared.name: _marked(base.inputs[declared.name], place, value)}
            why = f"{declared.name} holds {value} at the start of a long axis {free[-1]}"
            yield Departure(code, declared.name, f"{label}-in-long", why, inputs=inputs)


def _marked(array: Array, place: int, value: float) -> Array:
    marked = array.copy()
    marked.flat[place] = value
    return marked


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
                    "missing-sum-check",
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
