"""The reference's namespace over running error bounds: a wider float beside a bound on how far a call may be from it.

The bound follows the same rules as `spikemirror.exact.balls` in a modelled format: each operation rounds, sums and
products of matrices come in any order, fused or not, transcendental functions err by 4 ulp. Here all of it is whole
arrays of NumPy, so it is fast enough for the sizes of a bench. The unit roundoff of the wider float is added to that of
the call's dtype, so that the bound also covers the error of the value beside it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.namespace import COMPOSED_ULPS, TRANSCENDENTAL_ULPS, power_of_two

Floats = npt.NDArray[np.floating[Any]]
Errors = npt.NDArray[np.float64]


class Unbounded(ArithmeticError):
    """There is no bound: a comparison that errors might turn, a root or logarithm at its edge, an overflow."""


class Bounded:
    """Values, each with a bound on its error."""

    __array_ufunc__ = None
    __slots__ = ("error", "space", "value")

    def __init__(self, space: Running, value: npt.ArrayLike, error: npt.ArrayLike) -> None:
        self.space = space
        self.value: Floats = np.asarray(value, space.wide)
        self.error: Errors = np.asarray(error, np.float64)

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def T(self) -> Bounded:  # noqa: N802 (NumPy's name)
        return Bounded(self.space, self.value.T, self.error.T)

    @property
    def size(self) -> Errors:
        """The greatest magnitude that the number may have."""
        return np.abs(self.value).astype(np.float64) + self.error

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, index: Any) -> Bounded:
        return Bounded(self.space, self.value[index], self.error[index])

    def __setitem__(self, index: Any, part: Any) -> None:
        lifted = self.space.lifted(part)
        self.value[index], self.error[index] = lifted.value, lifted.error

    def swapaxes(self, first: int, second: int) -> Bounded:
        return Bounded(self.space, self.value.swapaxes(first, second), self.error.swapaxes(first, second))

    def reshape(self, *shape: Any) -> Bounded:
        return Bounded(self.space, self.value.reshape(*shape), self.error.reshape(*shape))

    def __neg__(self) -> Bounded:
        return Bounded(self.space, -self.value, self.error)

    def __abs__(self) -> Bounded:
        return Bounded(self.space, abs(self.value), self.error)

    def __add__(self, other: Any) -> Bounded:
        o = self.space.lifted(other)
        return self.space.rounded(self.value + o.value, self.error + o.error)

    def __sub__(self, other: Any) -> Bounded:
        return self + -self.space.lifted(other)

    def __rsub__(self, other: Any) -> Bounded:
        return self.space.lifted(other) + -self

    def __mul__(self, other: Any) -> Bounded:
        o = self.space.lifted(other)
        return self.space.rounded(self.value * o.value, self.size * o.error + self.error * _magnitude(o))

    def __truediv__(self, other: Any) -> Bounded:
        o = self.space.lifted(other)
        quotient = self.value / o.value
        room = _magnitude(o) - o.error
        error = np.where(room > 0, (self.error + abs(quotient) * o.error) / room, np.inf)
        return self.space.rounded(quotient, error)

    def __rtruediv__(self, other: Any) -> Bounded:
        return self.space.lifted(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def _decided(self, other: Any, compare: Callable[[Any, Any], Any]) -> npt.NDArray[np.bool_]:
        o = self.space.lifted(other)
        doubt = self.error + o.error
        if np.any((doubt > 0) & (abs(self.value - o.value) <= doubt)):
            raise Unbounded("a comparison of the reference is closer than rounding errors")
        return np.asarray(compare(self.value, o.value))

    def __lt__(self, other: Any) -> npt.NDArray[np.bool_]:
        return self._decided(other, operator.lt)

    def __le__(self, other: Any) -> npt.NDArray[np.bool_]:
        return self._decided(other, operator.le)

    def __gt__(self, other: Any) -> npt.NDArray[np.bool_]:
        return self._decided(other, operator.gt)

    def __ge__(self, other: Any) -> npt.NDArray[np.bool_]:
        return self._decided(other, operator.ge)


class Running:
    """The namespace for calls in one dtype; see the module."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.wide: np.dtype[Any] = np.dtype(np.float64 if self.dtype.itemsize < 8 else np.longdouble)
        narrow = np.finfo(self.dtype)
        self.unit = (float(narrow.eps) + float(np.finfo(self.wide).eps)) / 2
        self.tiny = float(narrow.smallest_subnormal)
        self._huge = 2.0 ** (int(narrow.maxexp) - 2)

    def rounded(self, value: Any, error: Any, ulps: float = 0.5, underflows: int = 1) -> Bounded:
        """A result with what one operation may add: part of an ulp, and underflow."""
        error = np.asarray(error, np.float64)
        size = np.abs(value).astype(np.float64) + error
        return Bounded(self, value, error + 2 * ulps * self.unit * size + underflows * self.tiny)

    def lifted(self, x: Any) -> Bounded:
        """A number of the text: itself, or what the call's dtype makes of it."""
        if isinstance(x, Bounded):
            return x
        exact = np.asarray(x)
        off = exact.astype(self.dtype).astype(self.wide) != exact
        return Bounded(self, exact, np.where(off, self.unit * np.abs(exact) + self.tiny, 0.0))

    asarray = lifted

    def scalar(self, x: float) -> Bounded:
        """A parameter, rounded to the dtype: then exact."""
        return self.lifted(self.dtype.type(x))

    def zeros(self, shape: tuple[int, ...]) -> Bounded:
        return Bounded(self, np.zeros(shape), np.zeros(shape))

    def exp(self, x: Any) -> Bounded:
        x = self.lifted(x)
        y = np.exp(x.value)
        return self.rounded(y, y * np.expm1(x.error), TRANSCENDENTAL_ULPS)

    def log(self, x: Any) -> Bounded:
        x = self.lifted(x)
        return self.rounded(np.log(x.value), _slope(x.error, x.value - x.error), TRANSCENDENTAL_ULPS)

    def log1p(self, x: Any) -> Bounded:
        x = self.lifted(x)
        return self.rounded(np.log1p(x.value), _slope(x.error, 1 + x.value - x.error), TRANSCENDENTAL_ULPS)

    def sqrt(self, x: Any) -> Bounded:
        """Both ends by differences of squares, which do not cancel."""
        x = self.lifted(x)
        root = np.sqrt(x.value)
        below = np.sqrt(np.maximum(x.value - x.error, 0)) + root
        drop = np.where(below > 0, np.minimum(x.error, x.value) / np.where(below > 0, below, 1), 0)
        above = np.sqrt(x.value + x.error) + root
        rise = np.where(above > 0, x.error / np.where(above > 0, above, 1), 0)
        return self.rounded(root, np.maximum(drop, rise))

    def power(self, base: Any, exponent: Any) -> Bounded:
        """base^exponent for base >= 0 and an exact exponent >= 0, by the steepest slope between the ends."""
        base, exponent = self.lifted(base), self.lifted(exponent)
        if np.any(exponent.error):
            raise Unbounded("a power with an inexact exponent")
        y = np.power(base.value, exponent.value)
        low, high = np.maximum(base.value - base.error, 0), base.value + base.error
        steepest = np.maximum(*(np.power(np.where(end > 0, end, 1), exponent.value - 1) for end in (low, high)))
        near = base.error * exponent.value * steepest
        far = np.power(high, exponent.value)
        return self.rounded(y, np.where(low > 0, near, np.where(exponent.value == 0, 0, far)), TRANSCENDENTAL_ULPS)

    def maximum(self, x: Any, y: Any) -> Bounded:
        return self._choice(np.maximum, x, y)

    def minimum(self, x: Any, y: Any) -> Bounded:
        return self._choice(np.minimum, x, y)

    def _choice(self, function: Callable[[Any, Any], Any], x: Any, y: Any) -> Bounded:
        x, y = self.lifted(x), self.lifted(y)
        value = function(x.value, y.value)
        apart = abs(x.value - y.value) > x.error + y.error
        winner = np.where(value == x.value, x.error, y.error)
        return Bounded(self, value, np.where(apart, winner, np.maximum(x.error, y.error)))

    def where(self, mask: Any, x: Any, y: Any) -> Bounded:
        x, y = self.lifted(x), self.lifted(y)
        return Bounded(self, np.where(mask, x.value, y.value), np.where(mask, x.error, y.error))

    def sigmoid(self, x: Any) -> Bounded:
        """Its slope is at most 1/4, and at most itself."""
        x = self.lifted(x)
        e = np.exp(-np.abs(x.value))
        value = np.where(x.value >= 0, 1 / (1 + e), e / (1 + e))
        return self.rounded(value, np.minimum(0.25, value * np.exp(x.error)) * x.error, COMPOSED_ULPS)

    def softplus(self, x: Any) -> Bounded:
        """Its slope is at most 1, and at most itself."""
        x = self.lifted(x)
        value = np.maximum(x.value, 0) + np.log1p(np.exp(-np.abs(x.value)))
        return self.rounded(value, np.minimum(1, value * np.exp(x.error)) * x.error, COMPOSED_ULPS)

    def floor(self, x: Any) -> Bounded:
        x = self.lifted(x)
        if np.any(np.floor(x.value - x.error) != np.floor(x.value + x.error)):
            raise Unbounded("a floor of the reference is closer than rounding errors")
        return Bounded(self, np.floor(x.value), np.zeros(x.shape))

    def rint(self, x: Any) -> Any:
        low, high = np.rint(x.value - x.error), np.rint(x.value + x.error)
        if (low != high).any():
            raise Unbounded("a rounding to the nearest integer is not decided")
        return low

    def below(self, words: Any, p: Any) -> Any:
        """As the values have it: bits outputs are held against the reference's own."""
        return words < np.asarray(self.lifted(p).value, np.float64) * 4294967296.0

    def argmax(self, x: Any, axis: int) -> Any:
        """As the values have it: bits outputs are held against the reference's own."""
        return np.argmax(x.value, axis=axis)

    def concatenate(self, parts: list[Bounded]) -> Bounded:
        values, errors = [p.value for p in parts], [p.error for p in parts]
        return Bounded(self, np.concatenate(values), np.concatenate(errors))

    def sum(self, x: Any, axis: int) -> Bounded:
        """A sum in any order: fewer than n roundings of at most the sum of magnitudes."""
        x = self.lifted(x)
        n = x.shape[axis]
        error = np.sum(x.error, axis=axis) + n * self.unit * np.sum(x.size, axis=axis)
        return self.rounded(np.sum(x.value, axis=axis, dtype=self.wide), error)

    def matmul(self, x: Any, y: Any) -> Bounded:
        """Products summed in any order, fused or not; each product may underflow."""
        x, y = self.lifted(x), self.lifted(y)
        k = x.shape[1]
        error = _magnitude(x) @ y.error + x.error @ y.size + k * self.unit * (x.size @ y.size)
        return self.rounded(x.value @ y.value, error, underflows=k + 1)

    def max(self, x: Any, axis: int) -> Bounded:
        x = self.lifted(x)
        return Bounded(self, np.max(x.value, axis=axis), np.max(x.error, axis=axis))

    def min(self, x: Any, axis: int) -> Bounded:
        x = self.lifted(x)
        return Bounded(self, np.min(x.value, axis=axis), np.max(x.error, axis=axis))

    # The way may be chosen without regard to errors: whichever is taken, the value is the same.

    def pivot(self, x: Any, axis: int) -> npt.NDArray[np.intp]:
        where: npt.NDArray[np.intp] = np.argmax(self.lifted(x).value, axis=axis)
        return where

    def binade(self, x: Any) -> Bounded:
        x = self.lifted(x)
        return Bounded(self, power_of_two(x.value), np.zeros(x.shape))

    def headroom(self, x: Any) -> Bounded:
        x = self.lifted(x)
        return Bounded(self, np.where(x.value > self._huge, 0.5, 1.0), np.zeros(x.shape))


def _magnitude(x: Bounded) -> Errors:
    return np.abs(x.value).astype(np.float64)


def _slope(error: Any, least: Any) -> Any:
    """The change of a logarithm whose argument may be as low as `least`."""
    return np.where(least > 0, error / np.where(least > 0, least, 1), np.where(error > 0, np.inf, 0))
