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
        if value == 0:
            return 0.0
        n, d = abs(value.numerator), value.denominator
        exponent = n.bit_length() - d.bit_length()
        if Fraction(n, d) < Fraction(2) ** exponent:
            exponent -= 1
        quantum = Fraction(2) ** (max(exponent, self.min_exponent) - self.bits + 1)
        nearest = round(Fraction(n, d) / quantum) * quantum  # Python's round is half to even
        result = math.inf if nearest >= Fraction(2) ** (self.max_exponent + 1) else float(nearest)
        return -result if value < 0 else result

    def holds(self, value: arb) -> bool:
        """Whether a ball is one number of the format."""
        if not value.is_exact():
            return False
        mantissa, exponent = (int(part) for part in value.man_exp())
        return mantissa == 0 or (
            mantissa.bit_length() <= self.bits and exponent >= self.min_exponent - self.bits + 1
        )  # man_exp gives an odd mantissa


FORMATS = {"float32": Format(24, -126, 127), "float64": Format(53, -1022, 1023)}


def fraction(end: arb) -> Fraction:
    """An exact ball as a fraction."""
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def ends(ball: arb) -> tuple[Fraction, Fraction]:
    """The two ends of a ball."""
    return fraction(ball.lower()), fraction(ball.upper())
