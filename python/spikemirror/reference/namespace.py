"""The operations a reference function may use, over NumPy: the canonical implementation.

`spikemirror.exact.balls.Balls` has the same names over ball arithmetic; a reference function gets one of the two as its
first argument and reads the same in both. Besides these names it may use + - * / abs, comparisons, indexing, `reshape`
and `.T`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Real = Any
"""An array or scalar of the namespace: NumPy floats here, balls there."""


TRANSCENDENTAL_ULPS = 4
"""What a mirror's exp, log or power may be off by."""
COMPOSED_ULPS = 2 * TRANSCENDENTAL_ULPS
"""What its sigmoid or softplus, made of such functions, may be off by."""


def power_of_two(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The greatest power of two not above |x|, by which scaling is exact; 0 for 0."""
    mantissa, exponent = np.frexp(x)
    return np.where(mantissa == 0, 0.0, np.ldexp(1.0, exponent - 1))


class NumPy:
    """The namespace in one dtype."""

    exp, log, log1p, sqrt = staticmethod(np.exp), staticmethod(np.log), staticmethod(np.log1p), staticmethod(np.sqrt)
    maximum, minimum = staticmethod(np.maximum), staticmethod(np.minimum)
    floor, rint = staticmethod(np.floor), staticmethod(np.rint)
    where, matmul = staticmethod(np.where), staticmethod(np.matmul)

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._huge = 2.0 ** (int(np.finfo(self.dtype).maxexp) - 2)

    def asarray(self, x: npt.ArrayLike) -> Real:
        """Numbers of any dtype as reals of this one."""
        return np.asarray(x, self.dtype)

    def scalar(self, x: float) -> Real:
        """A parameter, rounded to the dtype."""
        with np.errstate(over="ignore", under="ignore"):
            return self.dtype.type(x)

    def zeros(self, shape: tuple[int, ...]) -> Real:
        """Zeros."""
        return np.zeros(shape, self.dtype)

    def concatenate(self, parts: list[Real]) -> Real:
        """Vectors one after the other."""
        return np.concatenate(parts)

    def sum(self, x: Real, axis: int) -> Real:
        """Sum along an axis, in any order."""
        return np.sum(x, axis=axis, dtype=self.dtype)

    def max(self, x: Real, axis: int) -> Real:
        """Greatest element along an axis."""
        return np.max(x, axis=axis)

    def min(self, x: Real, axis: int) -> Real:
        """Least element along an axis."""
        return np.min(x, axis=axis)

    def power(self, base: Real, exponent: Real) -> Real:
        """base^exponent for base >= 0 and exponent >= 0, with 0^0 = 1."""
        return np.power(base, exponent)

    def sigmoid(self, x: Real) -> Real:
        """1 / (1 + exp(-x)), from the side on which exp does not overflow."""
        e = np.exp(-abs(x))
        return np.where(x >= 0, 1 / (1 + e), e / (1 + e))

    def softplus(self, x: Real) -> Real:
        """ln(1 + exp(x)), without overflow or cancellation."""
        return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))

    def below(self, words: npt.NDArray[np.uint32], p: Real) -> npt.NDArray[np.bool_]:
        """w < ceil(p 2^32), which is w < p 2^32, decided in float64: exact."""
        below: npt.NDArray[np.bool_] = words < np.asarray(p, np.float64) * 4294967296.0
        return below

    def argmax(self, x: Real, axis: int) -> Any:
        """Where the greatest element is, the lowest index of equal ones: a decision."""
        return np.argmax(x, axis=axis)

    def pivot(self, x: Real, axis: int) -> Any:
        """Where the greatest element is: chooses the way a sum is evaluated, not its value."""
        return np.argmax(x, axis=axis)

    def binade(self, x: Real) -> Real:
        """The power of two that scales x to [1, 2): chooses the way, not the value."""
        return power_of_two(x).astype(self.dtype)

    def headroom(self, x: Real) -> Real:
        """1/2 where the difference of two such numbers may overflow, else 1: chooses the way, not the value."""
        return np.where(x > self._huge, self.dtype.type(0.5), self.dtype.type(1.0))
