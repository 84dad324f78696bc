"""Counter-based random numbers: Philox4x32-10 of Salmon et al. 2011.

    key     = (seed low, seed high)
    counter = (block low, block high, stream low, stream high)
    w_k     = lane k mod 4 of the generator at block k div 4
    u_k     = w_k 2^-32
"""

from std.algorithm import vectorize
from std.math import iota
from std.memory import bitcast
from std.sys import simd_width_of

from .memory import Source, Target

comptime _ROUNDS = 10
comptime _MULTIPLIER_0 = UInt64(0xD2511F53)
comptime _MULTIPLIER_1 = UInt64(0xCD9E8D57)
comptime _WEYL_0 = UInt64(0x9E3779B9)
comptime _WEYL_1 = UInt64(0xBB67AE85)
comptime _LOW_32 = UInt64(0xFFFFFFFF)
comptime _LAST_BLOCK = ~UInt64(0) >> 2

comptime _BLOCKS = 16
"""Blocks computed side by side, one per 64-bit lane."""

comptime CHUNK = 1024
"""Words that callers who turn words into something else take at a time."""


def philox_words(
    seed: UInt64,
    stream: UInt64,
    offset: UInt64,
    n: Int,
    words: Target[DType.uint32],
):
    """Random 32-bit words, each from its own index: w_k for k = offset .. offset + n - 1.

    Indices wrap at 2^64. Bits. Source: Salmon et al. 2011.

    Args:
        seed: Key of the generator.
        stream: Upper 64 bits of the counter.
        offset: Index of the first word.
        n: Number of words.
        words: Receives n words.
    """
    var done = 0
    # Up to the first whole block, then many blocks at once, then what is left.
    var lane = Int(offset & 3)
    if lane > 0:
        done = min(n, 4 - lane)
        _some(seed, stream, offset >> 2, lane, done, words)
    var block = ((offset + UInt64(done)) >> 2) & _LAST_BLOCK
    while n - done >= 4 * _BLOCKS:
        var blocks = (
            iota[DType.uint64, _BLOCKS]() + SIMD[DType.uint64, _BLOCKS](block)
        ) & _LAST_BLOCK
        words.store(done, philox4x32[_BLOCKS](seed, stream, blocks))
        done += 4 * _BLOCKS
        block += UInt64(_BLOCKS)
    while done < n:
        var count = min(n - done, 4)
        _some(seed, stream, block & _LAST_BLOCK, 0, count, words.skip(done))
        done += count
        block += 1


def philox_uniform(
    seed: UInt64,
    stream: UInt64,
    offset: UInt64,
    n: Int,
    u: Target[DType.float64],
):
    """Uniform numbers in [0, 1), exact in float64: u_k = w_k 2^-32 for k = offset .. offset + n - 1.

    Indices wrap at 2^64. Bits. Source: Salmon et al. 2011.

    Args:
        seed: Key of the generator.
        stream: Upper 64 bits of the counter.
        offset: Index of the first word.
        n: Number of words.
        u: Receives n numbers.
    """
    var storage = Array[UInt32, CHUNK](fill=0)
    var words = Target[DType.uint32](UInt64(Int(storage.unsafe_ptr())))
    for first in range(0, n, CHUNK):
        var count = min(CHUNK, n - first)
        philox_words(seed, stream, offset + UInt64(first), count, words)
        var part = u.skip(first)

        def body[w: Int](i: Int) {imm}:
            part.store(
                i,
                words.load[w](i).cast[DType.float64]() * 2.3283064365386963e-10,
            )

        vectorize[simd_width_of[DType.float64](), unroll_factor=4](count, body)
    _ = storage^


@always_inline
def philox4x32[
    w: Int
](seed: UInt64, stream: UInt64, block: SIMD[DType.uint64, w]) -> SIMD[
    DType.uint32, 4 * w
]:
    """Computes whole blocks of words.

    Parameters:
        w: How many.

    Args:
        seed: Key of the generator.
        stream: Upper half of the counters.
        block: Lower halves of the counters.

    Returns:
        Four words per block, block after block.
    """
    comptime V = SIMD[DType.uint64, w]
    # Only the low 32 bits of a lane count; a product's upper half may ride along.
    var c0 = block
    var c1 = block >> 32
    var c2 = V(stream)
    var c3 = V(stream >> 32)
    var k0 = seed
    var k1 = seed >> 32
    comptime for _ in range(_ROUNDS):
        var product_0 = (c0 & _LOW_32) * _MULTIPLIER_0
        var product_1 = (c2 & _LOW_32) * _MULTIPLIER_1
        c0 = (product_1 >> 32) ^ c1 ^ k0
        c1 = product_1
        c2 = (product_0 >> 32) ^ c3 ^ k1
        c3 = product_0
        k0 += _WEYL_0
        k1 += _WEYL_1
    var first = (c0 & _LOW_32) | (c1 << 32)
    var second = (c2 & _LOW_32) | (c3 << 32)
    return bitcast[DType.uint32, 4 * w](first.interleave(second))


def _some(
    seed: UInt64,
    stream: UInt64,
    block: UInt64,
    lane: Int,
    count: Int,
    words: Target[DType.uint32],
):
    """Writes some lanes of one block."""
    var four = philox4x32[1](seed, stream, block)
    for i in range(count):
        words[i] = four[lane + i]
