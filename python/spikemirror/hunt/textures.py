"""Arrays drawn as textures: few numbers that say what a whole array is like.

An element depends on its index and on those numbers alone. So a smaller array is a corner of the larger one, and what
fails on the larger one may still fail while hypothesis makes it smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

T = TypeVar("T")
Words: TypeAlias = npt.NDArray[np.uint64]
Floats: TypeAlias = npt.NDArray[Any]

INDEX = st.integers(0, 0xFFFF)
NEAR = st.integers(-4, 4)
WEYL = 0x9E3779B97F4A7C15
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
TOP = np.uint64(11)


def pick(draw: st.DrawFn, options: Sequence[T]) -> T:
    """One of the options, simplest first. Without a strategy of its own, which costs more to make than to draw from."""
    return options[draw(INDEX) % len(options)]


def words(seed: int, shape: Sequence[int], varying: Sequence[bool]) -> Words:
    """A random word for every index (the finalizer of SplitMix64, axis after axis), equal along axes not varying."""
    state = np.array(seed * WEYL % 2**64, np.uint64)
    with np.errstate(over="ignore"):
        for length, varies in zip((1, *shape), (True, *varying), strict=True):
            state = state[..., None] ^ np.arange(length if varies else 1, dtype=np.uint64)
            state = (state ^ (state >> SHIFTS[0])) * MIX[0]
            state = (state ^ (state >> SHIFTS[1])) * MIX[1]
            state = state ^ (state >> SHIFTS[2])
    return np.broadcast_to(state[0], shape)


def noise(draw: st.DrawFn, shape: Sequence[int]) -> Words:
    """Random words: one everywhere, independent ones, or equal along some axes."""
    every = 2 ** len(shape) - 1
    varying = pick(draw, (0, every, every, draw(INDEX) & every))
    return words(draw(INDEX), shape, [bool(varying >> axis & 1) for axis in range(len(shape))])


def spikes(draw: st.DrawFn, shape: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Spikes of one density: none, all or some, also of whole rows."""
    density = pick(draw, (0.0, 1.0, 0.5, 0.1, 0.9))
    return ((noise(draw, shape) >> TOP) < density * 2.0**53).astype(np.uint8)


def targets(draw: st.DrawFn, shape: Sequence[int], classes: int) -> npt.NDArray[np.int32]:
    """Class indices."""
    return (noise(draw, shape) % np.uint64(max(classes, 1))).astype(np.int32)


def shares(draw: st.DrawFn, shape: Sequence[int], dtype: str) -> Floats:
    """Numbers that sum to 1, but for rounding and perhaps an error that is allowed."""
    parts = 1.0 + (noise(draw, shape) >> TOP) * 2.0 ** pick(draw, (-60, -53, -40))
    whole = math.fsum(parts.flat) if parts.size else 1.0
    return (parts / whole * (1 + pick(draw, (0.0, 9e-5, -9e-5)))).astype(dtype)


def reals(
    draw: st.DrawFn, shape: Sequence[int], dtype: str, specials: Sequence[float], earlier: Sequence[Floats]
) -> Floats:
    """Finite numbers: of one scale or of many, special ones, near-ties, or much like an earlier array."""
    word, info = noise(draw, shape), np.finfo(np.dtype(dtype))
    match pick(draw, ("scaled", "special", "near-tie", "wild", "echo")):
        case "special":
            chosen = [pick(draw, specials) for _ in range(pick(draw, (1, 2, 4)))]
            array = np.array(chosen, dtype)[word % np.uint64(len(chosen))]
        case "near-tie":
            array = stepped(np.full(shape, number(draw, dtype), dtype), word, pick(draw, (0, 1, 2)))
        case "wild":
            low, high = info.minexp - info.nmant, info.maxexp - 1
            exponents = low + ((word >> np.uint64(40)) % np.uint64(high - low + 1)).astype(np.int64)
            array = np.ldexp(signed(word, pick(draw, (1, 2, 53))), exponents).astype(dtype)
        case "echo" if earlier:
            array = stepped(pick(draw, (1, -1)) * pick(draw, earlier), word, pick(draw, (0, 1, 2)))
        case _:
            array = np.ldexp(signed(word, pick(draw, (1, 2, 8, 24, 53))), exponent(draw, dtype)).astype(dtype)
    array = np.array(array, dtype)
    for _ in range(pick(draw, (0, 0, 1, 2)) if array.size else 0):
        array.reshape(-1)[draw(INDEX) * array.size >> 16] = pick(draw, specials)
    return array


def exponent(draw: st.DrawFn, dtype: str) -> int:
    """Of a scale: often of about 1, at times of any that the dtype has."""
    info = np.finfo(np.dtype(dtype))
    least, most = int(info.minexp - info.nmant), int(info.maxexp - 1)
    return pick(draw, (draw(NEAR), least + draw(INDEX) % (most - least + 1)))


def number(draw: st.DrawFn, dtype: str) -> float:
    """A number within the range of the dtype, of few or many digits."""
    digits = pick(draw, (1, 3, 24, 53))
    size = 1 + (draw(INDEX) * WEYL >> 11) % 2**digits
    return math.ldexp(pick(draw, (1, -1)) * size / 2**digits, exponent(draw, dtype))


def marks(dtype: str, parameters: Sequence[float]) -> list[float]:
    """Numbers at which something may happen: ends of the dtype, common floors, parameters; each with its neighbours."""
    info, cast = np.finfo(np.dtype(dtype)), np.dtype(dtype).type
    plain = [1.0, 0.5, 1e-8, float(info.tiny), float(info.max) / 4, *(float(cast(abs(x))) for x in parameters)]
    positive = {0.0, float(info.smallest_subnormal), float(info.max), *plain}
    positive |= {float(np.nextafter(cast(x), cast(end))) for x in plain if x for end in (0, info.max)}
    return [sign * x for x in sorted(positive) for sign in (1, -1) if x <= info.max]


def stepped(array: Floats, word: Words, most: int) -> Floats:
    """Every element moved by up to so many floats, up or down."""
    for step in range(most):
        up, moves = ((word >> np.uint64(shift + step)) & np.uint64(1) for shift in (8, 16))
        with np.errstate(over="ignore"):
            moved = np.nextafter(array, np.where(up, np.inf, -np.inf).astype(array.dtype))
        array = np.where((moves == 1) & np.isfinite(moved), moved, array)
    return array


def signed(word: Words, digits: int) -> npt.NDArray[np.float64]:
    """In (-1, 1), not 0, of so many digits."""
    size = ((word >> np.uint64(64 - digits)) | np.uint64(1)).astype(np.float64) / 2.0**digits
    return np.where(word & np.uint64(1), -size, size)
