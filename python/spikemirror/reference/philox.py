"""Philox4x32-10: word k of a stream is lane k mod 4 of block k div 4, computed from (seed, stream, k) alone.

Source: Salmon et al. 2011. Integer arithmetic only, so there is nothing to evaluate in balls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox_words(xp: Any, *, seed: int, stream: int, offset: int, n: int) -> tuple[npt.NDArray[np.uint32]]:
    """Words offset .. offset + n - 1 of a stream, uint32.

    Key (seed low, seed high), counter (block low, block high, stream low, stream high). Indices wrap at 2^64.
    """
    return (words(seed, stream, offset, n),)


def philox_uniform(xp: Any, *, seed: int, stream: int, offset: int, n: int) -> tuple[npt.NDArray[Any]]:
    """u_k = w_k 2^-32 in [0, 1), exact in float64."""
    return (words(seed, stream, offset, n) * 2.0**-32,)


def words(seed: int, stream: int, offset: int, n: int) -> npt.NDArray[Any]:
    """The words of `philox_words`."""
    index = np.uint64(offset) + np.arange(n, dtype=np.uint64)
    blocks, place = np.unique(index >> np.uint64(2), return_inverse=True)
    lanes = _rounds(seed, stream, blocks)
    chosen: npt.NDArray[Any] = lanes[place.reshape(index.shape), (index & np.uint64(3)).astype(np.intp)]
    return chosen


def _rounds(seed: int, stream: int, block: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    c0, c1 = block & LOW, block >> HIGH
    c2 = np.full_like(block, stream & 0xFFFFFFFF)
    c3 = np.full_like(block, stream >> 32)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(ROUNDS):
        p0, p1 = M0 * c0, M1 * c2
        c0, c1, c2, c3 = (p1 >> HIGH) ^ c1 ^ np.uint64(k0), p1 & LOW, (p0 >> HIGH) ^ c3 ^ np.uint64(k1), p0 & LOW
        k0, k1 = (k0 + W0) & 0xFFFFFFFF, (k1 + W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1).astype(np.uint32)
