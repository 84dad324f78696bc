"""Expected values and error budgets of a kernel's outputs, from its reference text in balls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from flint import ctx

from spikemirror import reference
from spikemirror.catalogue.check import parameter_dtype, rounded
from spikemirror.catalogue.kernel import Array, Kernel, Real, Value
from spikemirror.exact.balls import Balls, Undecided
from spikemirror.exact.formats import FORMATS, ends

PRECISIONS = (160, 320, 640, 1280, 2560, 5120)
BUDGET_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """One output: its correctly rounded value and, for reals, how far each element may be from it."""

    value: Array
    budget: Array


def evaluate(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[Expected]:
    """Every output of a call whose arguments have passed the checks.

    The value is certain: the precision is raised until the ball of every element rounds to one float (Ziv). The budget
    is the distance from it to the far end of the ball that any evaluation in the call's dtype must hit.
    Undecided is raised where a comparison in the text cannot be decided at the dtype's precision, and where a finite
    value has no finite budget: something on the way to it may overflow, or divide by 0.
    """
    dtype = parameter_dtype(kernel, inputs, parameters)
    modelled = FORMATS[dtype.name]
    values = [
        rounded(value, dtype) if isinstance(declared, Real) and value is not None else value
        for declared, value in zip(kernel.parameters, parameters, strict=True)
    ]
    saved = ctx.prec
    try:
        for precision in PRECISIONS:
            # both anew: what the precision swallows may make balls equal that are not
            loose, exact = (_run(kernel, space, precision, inputs, values) for space in (Balls(modelled), Balls()))
            nearest = [[(modelled.round(low), modelled.round(high)) for low, high in output] for output in exact]
            if all(low == high for output in nearest for low, high in output):
                break
        else:
            raise Undecided(
                f"{kernel.name}: an element has no value, or lies between two floats at {PRECISIONS[-1]} bits"
            )
        shapes = kernel.output_shapes(inputs, parameters)
        results = []
        for declared, shape, inner, outer, near in zip(kernel.outputs, shapes, exact, loose, nearest, strict=True):
            budget = [
                _ceiling(Fraction(declared.budget_factor) * _reach(want, *ends))
                for (want, _), *ends in zip(near, inner, outer, strict=True)
            ]
            if math.inf in budget:
                raise Undecided(f"{kernel.name}: {declared.name} may overflow on the way")
            output_dtype = declared.dtype.numpy if declared.dtype else dtype
            results.append(
                Expected(
                    np.array([want + 0.0 for want, _ in near], np.float64).astype(output_dtype).reshape(shape),
                    np.array(budget, np.float64).reshape(shape),
                )
            )
        return results
    finally:
        ctx.prec = saved


def _run(
    kernel: Kernel, space: Balls, precision: int, inputs: Sequence[Array], values: Sequence[Value]
) -> list[list[tuple[Fraction, Fraction]]]:
    """The ends of every element of every output."""
    ctx.prec = precision
    outputs = reference.evaluate(kernel, space, inputs, values)
    return [[_ends(element) for element in np.asarray(output, object).flat] for output in outputs]


def _ends(element: Any) -> tuple[Fraction, Fraction]:
    """The ends of a ball; an integer or spike is its own."""
    if hasattr(element, "value"):
        return ends(element.value)
    return Fraction(int(element)), Fraction(int(element))


def _reach(want: float, inner: tuple[Fraction, Fraction], outer: tuple[Fraction, Fraction]) -> Fraction:
    """From the stored value to the farthest point of the loose ball, which must meet the exact one."""
    if outer[1] < inner[0] or inner[1] < outer[0]:
        raise AssertionError("the two evaluations exclude each other")
    if not math.isfinite(want):
        return Fraction(0)
    return max(abs(outer[1] - Fraction(want)), abs(Fraction(want) - outer[0]))


def _ceiling(value: Fraction) -> float:
    """A short decimal not below the value; inf beyond the greatest float."""
    if value == 0:
        return 0.0
    context = Context(prec=BUDGET_DIGITS, rounding=ROUND_CEILING)
    short = float(context.divide(Decimal(value.numerator), Decimal(value.denominator)))
    return short if math.isinf(short) or Fraction(short) >= value else math.nextafter(short, math.inf)
