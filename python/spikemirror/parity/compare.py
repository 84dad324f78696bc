"""The one metric: share of the error budget that an output uses, with the distance in ulp beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.catalogue.kernel import Array
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.fixture import OutputRecord, RejectionRecord

POISON = 0xA5
"""The byte that fills integer outputs before a call: no expected value consists of it. Reals are filled with NaN."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The worst element of one output. `used` is infinite where no budget can excuse the difference."""

    output: str
    used: float
    index: tuple[int, ...] = ()
    got: str = ""
    want: str = ""
    ulps: int | None = None

    @property
    def good(self) -> bool:
        """Whether every element is inside its budget."""
        return self.used <= 1


def poison(output: Array) -> None:
    """Fill an output with what no kernel writes."""
    if output.dtype.kind == "f":
        output[...] = np.nan  # small numbers would pass for a 0 that has a budget
    else:
        output.reshape(-1).view(np.uint8)[...] = POISON


def compare(name: str, got: Array, expected: OutputRecord) -> Comparison:
    """Hold an output against its fixture."""
    want = expected.array()
    if got.dtype != want.dtype or got.shape != want.shape:
        return Comparison(name, np.inf, (), f"{got.dtype}{got.shape}", f"{want.dtype}{want.shape}")
    shares = used(got, want, expected.budgets() if expected.policy == "budget" else None)
    if not shares.size:
        return Comparison(name, 0.0)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(shares)), shares.shape))
    return Comparison(
        name,
        float(shares[index]),
        index,
        _element(got[index]),
        _element(want[index]),
        ulps(got[index], want[index]),
    )


def same_refusal(got: Rejection, due: RejectionRecord | None) -> bool:
    """Whether a call was refused as it must be; a mirror that does not name the argument is held to the code alone."""
    return due is not None and got.code == due.code and got.argument in ("", due.argument)


def used(got: Array, want: Array, budget: Array | None) -> npt.NDArray[np.float64]:
    """Share of the budget that each element uses; without budgets 0 for the same bits, else inf."""
    if budget is None:
        return np.where(_bits(got) == _bits(want), 0.0, np.inf)
    with np.errstate(all="ignore"):
        distance = np.abs(got.astype(np.float64) - want.astype(np.float64))
        share = np.where(budget > 0, distance / budget, np.inf)
    return np.where(got == want, 0.0, np.where(np.isfinite(distance), share, np.inf))


def ulps(got: Any, want: Any) -> int | None:
    """How many floats lie between two; None for integers and non-finite numbers."""
    if not isinstance(got, np.floating) or not (np.isfinite(got) and np.isfinite(want)):
        return None
    return abs(_place(got) - _place(want))


def _place(x: np.floating[Any]) -> int:
    """Floats in their order, as consecutive integers; both zeros are 0."""
    bits = int(_bits(np.asarray(x))[()])
    sign = 1 << (8 * x.dtype.itemsize - 1)
    return sign - bits if bits >= sign else bits


def _bits(array: Array) -> npt.NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").reshape(array.shape)


def _element(x: Any) -> str:
    if not isinstance(x, np.floating):
        return str(x)
    digits = 2 * x.dtype.itemsize
    return f"{x!s} (0x{int(_bits(np.asarray(x))[()]):0{digits}x})"
