"""Rate encoders: values (B, N) to spikes uint8 (B, T, N).

    p = clip(gain normalized(x) + bias, 0, 1)
    bernoulli:      spike at (b, t, n) iff w_k < ceil(p 2^32), w_k the Philox word at the flat index k of (b, t, n)
    deterministic:  spike at t iff floor(fl((t+1) p)) > floor(fl(t p))

Every decision but those behind the sigmoid rests on + - * / alone, in the order written, and so has the same bits
everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.namespace import Real
from spikemirror.reference.philox import words

RANGE_FLOOR = 1e-8


def encode_rate_bernoulli(
    xp: Any,
    x: Real,
    *,
    num_steps: int,
    normalization: str,
    gain: Real,
    bias: Real,
    seed: int,
    stream: int,
) -> tuple[npt.NDArray[np.uint8]]:
    """Spikes (B, T, N): bits. p = 0 never fires and p = 1 always does."""
    p = probability(xp, x, normalization, gain, bias)
    shape = (len(x), num_steps, x.shape[1])
    draws = words(seed, stream, 0, shape[0] * shape[1] * shape[2]).reshape(shape)
    return (xp.below(draws, p[:, None, :]).astype(np.uint8),)


def encode_rate_deterministic(
    xp: Any, x: Real, *, num_steps: int, normalization: str, gain: Real, bias: Real
) -> tuple[npt.NDArray[np.uint8]]:
    """Spikes (B, T, N): bits. The count over T is floor(fl(T p)), and any t can be computed alone."""
    p = probability(xp, x, normalization, gain, bias)
    count = xp.floor(xp.asarray(np.arange(num_steps + 1))[:, None] * p[:, None, :])
    return ((count[:, 1:] > count[:, :-1]).astype(np.uint8),)


def probability(xp: Any, x: Real, normalization: str, gain: Real, bias: Real) -> Real:
    """p = clip(gain normalized(x) + bias, 0, 1)."""
    return clip(xp, gain * normalized(xp, x, normalization) + bias)


def normalized(xp: Any, x: Real, normalization: str) -> Real:
    """The values of each sample as its normalization has them; a constant sample is 0 under minmax."""
    match normalization:
        case "none":
            return x
        case "clamp":
            return clip(xp, x)
        case "sigmoid":
            e = xp.exp(-abs(x))
            return xp.where(x >= 0, 1 / (1 + e), e / (1 + e))
        case "minmax":
            if x.shape[1] == 0:
                return x
            low, high = xp.min(x, axis=1)[:, None], xp.max(x, axis=1)[:, None]
            scale = xp.headroom(xp.maximum(abs(low), abs(high)))
            span = xp.maximum(high * scale - low * scale, RANGE_FLOOR * scale)
            return (x * scale - low * scale) / span
    raise AssertionError(normalization)


def clip(xp: Any, x: Real) -> Real:
    """x clamped to [0, 1]."""
    return xp.minimum(xp.maximum(x, 0.0), 1.0)
