"""The two float formats, and correct rounding into them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from flint import arb


@dataclass(frozen=True, slots=True)
class Format:
    """A binary float format: digits of its significand, exponents of its least and greatest normal numbers."""

    bits: int
    min_exponent: int
    max_exponent: int

    def round(self, value: Fraction) -> float:
        """The nearest number of the format, ties to even, subnormals included; inf past the largest."""
        n, d = abs(value.numerator), value.denominator
        if n == 0:
            return 0.0
        exponent = n.bit_length() - d.bit_length()
        exponent -= n << max(-exponent, 0) < d << max(exponent, 0)
        quantum = max(exponent, self.min_exponent) - self.bits + 1
        whole, rest = divmod(n << max(-quantum, 0), d << max(quantum, 0))
        half = 2 * rest - (d << max(quantum, 0))
        whole += half > 0 or (half == 0 and whole % 2 == 1)
        result = math.inf if whole.bit_length() + quantum > self.max_exponent + 1 else math.ldexp(whole, quantum)
        return -result if value < 0 else result

    def holds(self, value: arb) -> bool:
        """Whether a ball is one number of the format."""
        if not value.is_exact():
            return False
        mantissa, exponent = (int(part) for part in value.man_exp())  # the mantissa is odd
        digits = mantissa.bit_length()
        return mantissa == 0 or (
            digits <= self.bits
            and exponent >= self.min_exponent - self.bits + 1
            and exponent + digits - 1 <= self.max_exponent
        )


FORMATS = {"float32": Format(24, -126, 127), "float64": Format(53, -1022, 1023)}


FARTHEST = 4096
"""An exponent beyond those of all formats."""
HUGE, TINY = Fraction(2) ** FARTHEST, Fraction(2) ** -FARTHEST


def ends(ball: arb) -> tuple[Fraction, Fraction]:
    """The two ends of a ball; of one that knows nothing -HUGE and HUGE.

    An end too near to 0 for any format moves outwards to 0 or TINY, one too far away comes back to HUGE: exponents may
    be astronomical, and fractions of them would fill the memory.
    """
    if not ball.is_finite():
        return -HUGE, HUGE
    return -_upper(-ball.lower()), _upper(ball.upper())


def _upper(end: arb) -> Fraction:
    mantissa, exponent = (int(part) for part in end.man_exp())
    magnitude = mantissa.bit_length() + exponent
    if mantissa == 0 or (magnitude < -FARTHEST and mantissa < 0):
        return Fraction(0)
    if magnitude < -FARTHEST:
        return TINY
    if magnitude > FARTHEST:
        return HUGE if mantissa > 0 else -HUGE
    return Fraction(mantissa << max(exponent, 0), 1 << max(-exponent, 0))
