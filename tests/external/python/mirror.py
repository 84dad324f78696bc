"""Two kernels in plain Python whose bits are due: integers, and float32 by rounding each result of float64."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator

from wire import Array, Outputs, Rejection, serve

MASK = 0xFFFFFFFF


def rounded(dtype: str) -> Callable[[float], float]:
    """What the dtype makes of a number."""

    def to_float32(number: float) -> float:
        try:
            return float(struct.unpack("<f", struct.pack("<f", number))[0])
        except OverflowError:
            return math.copysign(math.inf, number)

    return to_float32 if dtype == "float32" else float


def stdp_trace(trace: Array, spikes: Array, tau_inv: float, a: float, dt: float) -> Outputs:
    """t + ((dt tau_inv) ((-t) + (a z))), in this order."""
    if trace.dtype not in ("float32", "float64"):
        raise Rejection("bad_dtype", "trace")
    if spikes.dtype != "uint8":
        raise Rejection("bad_dtype", "spikes")
    for name, array in (("trace", trace), ("spikes", spikes)):
        if len(array.shape) > 7:
            raise Rejection("bad_rank", name)
    if spikes.shape != trace.shape:
        raise Rejection("bad_shape", "spikes")
    r = rounded(trace.dtype)
    tau_inv, a, dt = r(tau_inv), r(a), r(dt)
    for name, value, good in (("tau_inv", tau_inv, tau_inv >= 0), ("a", a, True), ("dt", dt, dt > 0)):
        if not (math.isfinite(value) and good):
            raise Rejection("bad_parameter", name)
    if not all(map(math.isfinite, trace.values)):
        raise Rejection("non_finite", "trace")
    if max(spikes.values, default=0) > 1:
        raise Rejection("bad_spikes", "spikes")
    rate = r(dt * tau_inv)
    pairs = zip(trace.values, spikes.values, strict=True)
    return {"trace": [r(t + r(rate * r(-t + r(a * z)))) for t, z in pairs]}


def philox_words(seed: int, stream: int, offset: int, n: int) -> Outputs:
    """Words offset .. offset + n - 1 of Philox4x32-10."""
    if n < 0:
        raise Rejection("bad_parameter", "n")
    return {"words": list(_words(seed, stream, offset, n))}


def _words(seed: int, stream: int, offset: int, n: int) -> Iterator[int]:
    for index in range(offset, offset + n):
        yield _block(seed, stream, index % 2**64 // 4)[index % 4]


def _block(seed: int, stream: int, block: int) -> tuple[int, int, int, int]:
    key, other = seed & MASK, seed >> 32
    a, b, c, d = block & MASK, block >> 32, stream & MASK, stream >> 32
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (right >> 32) ^ b ^ key, right & MASK, (left >> 32) ^ d ^ other, left & MASK
        key, other = (key + 0x9E3779B9) & MASK, (other + 0xBB67AE85) & MASK
    return a, b, c, d


if __name__ == "__main__":
    serve("plain-python", {"stdp_trace": stdp_trace, "philox_words": philox_words})
