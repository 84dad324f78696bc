"""A mirror to start from: one kernel, behind all its checks in their order. docs/kernels.md says what it computes."""

from __future__ import annotations

import math

from wire import Array, Outputs, Rejection, serve


def goodness(activations: Array) -> Outputs:
    """The sum of squares."""
    if activations.dtype not in ("float32", "float64"):
        raise Rejection("bad_dtype", "activations")
    if len(activations.shape) > 7:
        raise Rejection("bad_rank", "activations")
    if not all(map(math.isfinite, activations.values)):
        raise Rejection("non_finite", "activations")
    return {"goodness": [sum(z * z for z in activations.values)]}


if __name__ == "__main__":
    serve("mirror", {"goodness": goodness})
