"""The reference's namespace over balls of python-flint.

`Balls()` is rigorous at the working precision: its balls hold the true value.
`Balls(FORMATS[...])` models what *any* evaluation in that format may give: every operation rounds unless its result is
a number of the format, transcendental functions err by a few ulp, sums and products of matrices are taken in any order,
fused or not, and results may be subnormal. The working precision only has to exceed the format's by far. A result that
may overflow becomes a ball that knows nothing, for what comes of infinity depends on the order of operations.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, arb_mat

from spikemirror.exact.formats import Format, ends
from spikemirror.reference.namespace import COMPOSED_ULPS, TRANSCENDENTAL_ULPS, power_of_two

Objects = npt.NDArray[Any]


class Undecided(ArithmeticError):
    """A comparison whose two sides overlap: the case must move away from the edge."""


class Ball:
    """One real number known to lie in `value`; every operation rounds as `space` says.

    `terms` are what was summed to it: in another order they may sum to another number.
    """

    __slots__ = ("space", "terms", "value")

    def __init__(self, space: Balls, value: arb, terms: Sequence[arb] = ()) -> None:
        self.space, self.value, self.terms = space, value, terms

    def _two(self, other: Any, op: Callable[[arb, arb], arb]) -> Ball:
        if isinstance(other, np.ndarray):
            return NotImplemented  # type: ignore[no-any-return]
        return self.space.rounded(op(self.value, self.space.constant(other)))

    def __add__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: a + b)

    def __radd__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: b + a)

    def __sub__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: a - b)

    def __rsub__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: b - a)

    def __mul__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: a * b)

    def __rmul__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: b * a)

    def __truediv__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: a / b)

    def __rtruediv__(self, o: Any) -> Ball:
        return self._two(o, lambda a, b: b / a)

    def __neg__(self) -> Ball:
        return Ball(self.space, -self.value)

    def __abs__(self) -> Ball:
        return Ball(self.space, abs(self.value))

    def _decide(self, other: Any, compare: Callable[[arb, arb], tuple[bool, bool]]) -> bool:
        yes, no = compare(self.value, self.space.constant(other))
        if yes == no:
            raise Undecided(f"{self.value} against {other.value if isinstance(other, Ball) else other}")
        return yes

    def __lt__(self, o: Any) -> bool:
        return self._decide(o, lambda a, b: (a < b, a >= b))

    def __le__(self, o: Any) -> bool:
        return self._decide(o, lambda a, b: (a <= b, a > b))

    def __gt__(self, o: Any) -> bool:
        return self._decide(o, lambda a, b: (a > b, a <= b))

    def __ge__(self, o: Any) -> bool:
        return self._decide(o, lambda a, b: (a >= b, a < b))


class Balls:
    """The namespace; see the module."""

    def __init__(self, modelled: Format | None = None) -> None:
        self.unit = arb(0) if modelled is None else arb(2) ** -modelled.bits
        self.modelled = modelled
        self._relative = {ulps: 2 * ulps * self.unit for ulps in (0.5, TRANSCENDENTAL_ULPS, COMPOSED_ULPS)}
        self._least_normal = arb(0) if modelled is None else arb(2) ** modelled.min_exponent
        self._half_subnormal = arb(0) if modelled is None else arb(2) ** (modelled.min_exponent - modelled.bits)
        self._greatest = arb(0) if modelled is None else (2 - 2 * self.unit) * arb(2) ** modelled.max_exponent

    def rounded(self, value: arb, ulps: float = 0.5) -> Ball:
        """A result with what one operation of the modelled format may add: part of an ulp, and underflow."""
        if self.modelled is None or self.modelled.holds(value):
            return Ball(self, value)
        widened = value + arb(0, (self._relative[ulps] * value.abs_upper()).abs_upper())
        if value.abs_lower() < self._least_normal:
            widened += arb(0, self._half_subnormal)
        return Ball(self, self._unless_overflow(widened, widened))

    def _unless_overflow(self, result: arb, magnitude: arb) -> arb:
        """The result, unless something of that magnitude on the way to it may exceed the modelled format."""
        return result if self.modelled is None or magnitude.abs_upper() <= self._greatest else arb.nan()

    def constant(self, x: Any) -> arb:
        """A number of the text: itself, or what the modelled format makes of it."""
        return x.value if isinstance(x, Ball) else self.rounded(arb(float(x))).value

    def _map(self, function: Callable[..., Any], *arrays: Any) -> Objects:
        arrays = np.broadcast_arrays(*(np.asarray(a, object) for a in arrays))
        out = np.empty(arrays[0].shape, object)
        for index in np.ndindex(out.shape):
            out[index] = function(*(a[index] for a in arrays))
        return out

    def asarray(self, x: npt.ArrayLike) -> Objects:
        return self._map(lambda v: self.rounded(arb(float(v))), np.asarray(x))

    def scalar(self, x: float) -> Ball:
        return Ball(self, arb(float(x)))

    def zeros(self, shape: tuple[int, ...]) -> Objects:
        return self.asarray(np.zeros(shape))

    def _function(self, function: Callable[[arb], arb], x: Any) -> Objects:
        return self._map(lambda b: self.rounded(function(b.value), TRANSCENDENTAL_ULPS), x)

    def exp(self, x: Any) -> Objects:
        return self._function(arb.exp, x)

    def log(self, x: Any) -> Objects:
        return self._function(arb.log, x)

    def log1p(self, x: Any) -> Objects:
        return self._function(arb.log1p, x)

    def sqrt(self, x: Any) -> Objects:
        """Monotone, so the two ends decide; a sum of squares may reach below 0 by its widening only."""

        def one(b: Ball) -> Ball:
            low, high = (arb(0) if end <= 0 else end.sqrt() for end in (b.value.lower(), b.value.upper()))
            return self.rounded(low.union(high) if low != high else high)

        return self._map(one, x)

    def _increasing(self, function: Callable[[arb], arb], x: Any, ulps: int) -> Objects:
        def one(b: Ball) -> Ball:
            low, high = function(b.value.lower()), function(b.value.upper())
            return self.rounded(low.union(high) if b.value.rad() > 0 else low, ulps)

        return self._map(one, x)

    def sigmoid(self, x: Any) -> Objects:
        return self._increasing(lambda v: 1 / (1 + (-v).exp()), x, COMPOSED_ULPS)

    def softplus(self, x: Any) -> Objects:
        return self._increasing(lambda v: v.exp().log1p() if v < 0 else v + (-v).exp().log1p(), x, COMPOSED_ULPS)

    def power(self, base: Any, exponent: Ball) -> Objects:
        """Monotone in the base, so the two ends decide; that way a base that may be 0 is no trouble."""

        def one(b: Ball) -> Ball:
            if exponent.value.is_zero():
                return Ball(self, arb(1))
            low, high = (_nonnegative_power(end, exponent.value) for end in (b.value.lower(), b.value.upper()))
            return self.rounded(low.union(high), TRANSCENDENTAL_ULPS)

        return self._map(one, base)

    def maximum(self, x: Any, y: Any) -> Objects:
        return self._map(lambda a, b: Ball(self, self.constant(a).max(self.constant(b))), x, y)

    def minimum(self, x: Any, y: Any) -> Objects:
        return self._map(lambda a, b: Ball(self, self.constant(a).min(self.constant(b))), x, y)

    def where(self, mask: Any, x: Any, y: Any) -> Objects:
        return self._map(lambda m, a, b: a if m else b, mask, x, y)

    def floor(self, x: Any) -> Objects:
        def one(b: Ball) -> float:
            low, high = b.value.lower().floor(), b.value.upper().floor()
            if not bool(low == high):
                raise Undecided(f"floor of {b.value}")
            return float(low.mid())

        return self._map(one, x)

    def rint(self, x: Any) -> Objects:
        """To the nearest integer; a tie is decided where it is exact."""

        def one(b: Ball) -> float:
            low, high = map(round, ends(b.value))
            if low != high:
                raise Undecided(f"rounding of {b.value}")
            return float(low)

        return self._map(one, x)

    def argmax(self, x: Any, axis: int) -> npt.NDArray[np.intp]:
        """Decided by the balls; identical balls come from identical operations, which give identical floats: a tie."""

        def one(row: Objects) -> int:
            best = 0
            for i in range(1, len(row)):
                if not self._tie(row[i], row[best]) and row[i] > row[best]:
                    best = i
            return best

        x = np.moveaxis(np.asarray(x, object), axis, -1)
        places = np.empty(x.shape[:-1], np.intp)
        for index in np.ndindex(places.shape):
            places[index] = one(x[index])
        return places

    def below(self, words: npt.NDArray[np.uint32], p: Any) -> npt.NDArray[np.bool_]:
        scaled = self._map(lambda b: Ball(self, b.value * arb(2) ** 32), p)
        return self._map(lambda word, bound: bound > int(word), words, scaled).astype(np.bool_)

    def concatenate(self, parts: list[Objects]) -> Objects:
        return np.concatenate(parts)

    def sum(self, x: Any, axis: int) -> Objects:
        x = np.moveaxis(np.asarray(x, object), axis, -1)
        out = np.empty(x.shape[:-1], object)
        for index in np.ndindex(out.shape):
            out[index] = self._sum(x[index])
        return out

    def _sum(self, balls: Objects) -> Ball:
        """A sum in any order: n - 1 roundings of at most the sum of magnitudes."""
        values = [b.value for b in balls]
        total = functools.reduce(lambda a, b: a + b, values, arb(0))
        if self.modelled is not None and len(values) > 1:
            magnitude = functools.reduce(lambda a, b: a + b, (v.abs_upper() for v in values), arb(0))
            total += arb(0, ((len(values) - 1) * self.unit * magnitude).abs_upper())
            if len(values) > 2:
                total = self._unless_overflow(total, magnitude)  # the partial sums
        return Ball(self, self.rounded(total).value, values)

    def _tie(self, a: Ball, b: Ball) -> bool:
        """Whether both are the same float, whatever it is: sums of the same in one order, or without rounding."""
        return _identical([a.value], [b.value]) and (
            _identical(a.terms, b.terms) or (self._adds_exactly(a.terms) and self._adds_exactly(b.terms))
        )

    def _adds_exactly(self, values: Sequence[arb]) -> bool:
        """Whether no partial sum rounds, in whatever order: none has more digits than the format."""
        if len(values) < 3:
            return True
        if self.modelled is None or not all(v.is_exact() for v in values):
            return False
        parts = [[int(part) for part in v.man_exp()] for v in values if not v.is_zero()]
        last = min((exponent for _, exponent in parts), default=0)
        return sum(abs(mantissa) << (exponent - last) for mantissa, exponent in parts) <= 1 << self.modelled.bits

    def matmul(self, a: Objects, b: Objects) -> Objects:
        """Products summed in any order, fused or not."""
        (n, k), m = a.shape, b.shape[1]
        if 0 in (n, k, m):
            return self.zeros((n, m))
        exact = arb_mat(n, k, [v.value for v in a.flat]) * arb_mat(k, m, [v.value for v in b.flat])
        size = arb_mat(n, k, [v.value.abs_upper() for v in a.flat]) * arb_mat(
            k, m, [v.value.abs_upper() for v in b.flat]
        )
        out = np.empty((n, m), object)
        for i, j in np.ndindex(n, m):
            error = (k * self.unit * size[i, j]).abs_upper()
            if self.modelled is not None:
                error += k * self._half_subnormal  # every product may underflow
            total = exact[i, j] + arb(0, error.abs_upper())
            out[i, j] = self.rounded(self._unless_overflow(total, size[i, j]))  # products and partial sums
        return out

    def max(self, x: Any, axis: int) -> Objects:
        return self._reduce(arb.max, x, axis)

    def min(self, x: Any, axis: int) -> Objects:
        return self._reduce(arb.min, x, axis)

    def _reduce(self, function: Callable[[arb, arb], arb], x: Any, axis: int) -> Objects:
        x = np.moveaxis(np.asarray(x, object), axis, -1)
        out = np.empty(x.shape[:-1], object)
        for index in np.ndindex(out.shape):
            out[index] = Ball(self, functools.reduce(function, (b.value for b in x[index])))
        return out

    # The way may be chosen on midpoints: whichever is taken, the value is the same.

    def pivot(self, x: Any, axis: int) -> npt.NDArray[np.intp]:
        places: npt.NDArray[np.intp] = np.argmax(_midpoints(x), axis=axis)
        return places

    def binade(self, x: Any) -> npt.NDArray[np.float64]:
        return power_of_two(_midpoints(x))

    def headroom(self, x: Any) -> npt.NDArray[np.float64]:
        huge = 2.0**1022 if self.modelled is None else 2.0 ** (self.modelled.max_exponent - 1)
        return np.where(_midpoints(x) > huge, 0.5, 1.0)


def _midpoints(x: Any) -> npt.NDArray[np.float64]:
    x = np.asarray(x, object)
    return np.array([float(b.value.mid()) for b in x.flat], np.float64).reshape(x.shape)


def _identical(a: Sequence[arb], b: Sequence[arb]) -> bool:
    return len(a) == len(b) and all(
        bool(x.mid() == y.mid()) and bool(x.rad() == y.rad()) for x, y in zip(a, b, strict=True)
    )


def _nonnegative_power(base: arb, exponent: arb) -> arb:
    return arb(0) if base <= 0 else base**exponent
