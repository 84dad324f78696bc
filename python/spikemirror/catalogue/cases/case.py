"""One fixture case, and the means to write its arrays down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from spikemirror.catalogue.kernel import Array, Value
from spikemirror.catalogue.rejection import Code

BOTH = ("float32", "float64")
DOUBLE = ("float64",)
SINGLE = ("float32",)


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a case comes from that `spikemirror hunt` found: which mirror differed in what, and the search."""

    mirror: str
    what: str
    seed: int
    date: str
    spikemirror: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call: what it is for (`why`), the seeded faults it must expose (`catches`), its arguments.

    Reals are given in float64 and must be representable in every dtype of the case. `verbatim` arrays are passed as they
    are. Parameters that are not given take their defaults.
    """

    id: str
    why: str
    catches: tuple[str, ...]
    inputs: Mapping[str, Array] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    dtypes: tuple[str, ...] | None = None
    rejects: tuple[Code, str] | None = None
    verbatim: bool = False
    found: Found | None = None


def real(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Numbers rounded to float32, so that both dtypes hold the same ones."""
    return np.asarray(values, np.float32).astype(np.float64)


def uniform(seed: int, *shape: int) -> npt.NDArray[np.float64]:
    """Numbers in [-1, 1) of 24 significant bits, the same on every machine."""
    words = _words(seed, math.prod(shape))
    return np.array([(next(words) >> 40) * 2.0**-23 - 1.0 for _ in range(math.prod(shape))]).reshape(shape)


def spikes(seed: int, *shape: int, p: float = 0.4) -> npt.NDArray[np.uint8]:
    """Spikes, each with probability p."""
    words = _words(seed, math.prod(shape))
    return np.array([next(words) < p * 2.0**64 for _ in range(math.prod(shape))], np.uint8).reshape(shape)


def ones(*shape: int) -> npt.NDArray[np.uint8]:
    """All spikes."""
    return np.ones(shape, np.uint8)


def silence(*shape: int) -> npt.NDArray[np.uint8]:
    """No spikes."""
    return np.zeros(shape, np.uint8)


def train(values: Sequence[Any]) -> npt.NDArray[np.uint8]:
    """Spikes as written."""
    return np.array(values, np.uint8)


def _words(seed: int, count: int) -> Iterator[int]:
    """SplitMix64 (Steele et al. 2014): input data need a generator that is not the one under test."""
    mask = (1 << 64) - 1
    state = (seed * 0x9E3779B97F4A7C15) & mask
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)
