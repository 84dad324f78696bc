"""What the outputs of a timed call must be, at sizes where balls would take hours.

- *bits* outputs: the bits of the reference's own evaluation in the call's dtype.
- *budget* outputs: the reference text once more over `Running`: float64 for float32 calls, long double for float64
  calls, each number beside a bound on how far an evaluation in the call's dtype may be from it. The wide value, rounded
  to the dtype, is the expected one; the bound plus that rounding is each element's budget. It is derived from the text,
  operation by operation, with no tolerance chosen by hand. Where long double is no wider than float64, the bound covers
  both evaluations.

A worst-case bound grows with the number of terms: after a sum of 2^20 float32 squares it is 6 % of the result. Small
faults are therefore the business of the fixtures; rows also carry the distance in ulp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikemirror import reference
from spikemirror.bench.running import Running, Unbounded
from spikemirror.catalogue.kernel import Array, Kernel, Policy, Value
from spikemirror.parity.compare import ulps, used

SLACK = 1 + 2.0**-10
"""For the roundings of the bound itself."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One output; no budget means bit for bit."""

    name: str
    want: Array
    budget: Array | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The worst element over all outputs. `used` is None where no budget applies, `fault` empty if all is well."""

    used: float | None
    ulps: int | None
    fault: str


def expected(kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> list[Expected]:
    """Every output of a call whose arguments pass the checks; Unbounded where there is no bound for one."""
    narrow = reference.compute(kernel, inputs, parameters)
    if all(o.policy is Policy.BITS for o in kernel.outputs):
        return [Expected(o.name, want, None) for o, want in zip(kernel.outputs, narrow, strict=True)]
    xp = Running(kernel.call_dtype(inputs, parameters))
    with np.errstate(all="ignore"):
        results = reference.evaluate(kernel, xp, inputs, parameters)
    collected = []
    for output, bits, result in zip(kernel.outputs, narrow, results, strict=True):
        if output.policy is Policy.BITS:
            collected.append(Expected(output.name, bits, None))
            continue
        value = result.value.reshape(bits.shape)
        want = value.astype(bits.dtype)
        rounding = abs(value - want).astype(np.float64)
        budget = (output.budget_factor * result.error.reshape(bits.shape) + rounding) * SLACK
        if not (np.isfinite(want).all() and np.isfinite(budget).all()):
            raise Unbounded(f"{output.name} has an element without a finite bound")
        collected.append(Expected(output.name, want, budget))
    return collected


def judge(outputs: Sequence[Array], wanted: Sequence[Expected]) -> Judgement:
    """Hold the outputs of a call against what they must be."""
    worst, distance = None, None
    for got, due in zip(outputs, wanted, strict=True):
        shares = used(got, due.want, due.budget)
        if not shares.size:
            continue
        index = np.unravel_index(int(np.argmax(shares)), shares.shape)
        share, apart = float(shares[index]), ulps(got[index], due.want[index])
        if not share <= 1:
            place = f"{due.name}{[int(i) for i in index] or ''}"
            how = f"used {share:.3g} of its budget" if np.isfinite(share) else "no budget allows this"
            far = f" ({apart} ulp)" if apart is not None else ""
            fault = f"{place} got {got[index]!s} want {due.want[index]!s}  {how}{far}"
            return Judgement(share if np.isfinite(share) else None, apart, fault)
        if due.budget is not None and (worst is None or share > worst):
            worst, distance = share, apart
    return Judgement(worst, distance, "")
