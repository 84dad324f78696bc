"""From values to spikes, batch first and time second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.arguments import validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array

BATCH_DIM, TIME_DIM = 0, 1


@dataclass(frozen=True)
class SpikeBatch:
    """Trains (B, T, ...), which steps count (`mask` (B, T), None for all), and what a decoder may need (`aux`)."""

    spikes: Array
    mask: Array | None = None
    aux: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.spikes.ndim < 2:
            raise ValueError(f"spikes have shape {self.spikes.shape}; they must be (batch, time, ...)")
        if self.mask is not None and self.mask.shape != self.spikes.shape[:2]:
            raise ValueError(f"mask has shape {self.mask.shape}; it must be {self.spikes.shape[:2]}")

    @classmethod
    def from_dense(cls, spikes: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> SpikeBatch:
        """Trains from anything that NumPy makes an array of."""
        return cls(np.asarray(spikes), None if mask is None else np.asarray(mask))

    @property
    def batch_size(self) -> int:
        """B."""
        return int(self.spikes.shape[BATCH_DIM])

    @property
    def time_steps(self) -> int:
        """T."""
        return int(self.spikes.shape[TIME_DIM])

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The axes after batch and time."""
        return self.spikes.shape[2:]

    def is_binary(self) -> bool:
        """Whether every element is 0 or 1."""
        return bool(np.isin(self.spikes, (0, 1)).all())


RATE_METHODS = ("bernoulli", "deterministic")


@dataclass(frozen=True, kw_only=True)
class RateEncoder:
    """Rate coding with p = clip(gain normalized(x) + bias, 0, 1).

    `method` bernoulli draws independent spikes, from `seed` and `stream` alone: the same call gives the same train.
    With `deterministic_eval` it emits the evenly spaced deterministic train outside training.
    """

    method: str = "bernoulli"
    num_steps: int = 25
    normalization: str = "minmax"
    gain: float = 1.0
    bias: float = 0.0
    seed: int = 0
    stream: int = 0
    deterministic_eval: bool = True
    backend: str | None = None

    def __post_init__(self) -> None:
        if self.method not in RATE_METHODS:
            raise ValueError(f"method = {self.method!r} must be one of {', '.join(RATE_METHODS)}")
        validate_parameters(CATALOGUE["encode_rate_bernoulli"], self._shared() | self._random())

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values (B, ...) to trains (B, T, ...)."""
        if self.method == "bernoulli" and (training or not self.deterministic_eval):
            outputs = call("encode_rate_bernoulli", backend=self.backend, x=x, **self._shared(), **self._random())
        else:
            outputs = call("encode_rate_deterministic", backend=self.backend, x=x, **self._shared())
        return SpikeBatch(outputs["spikes"])

    def _shared(self) -> dict[str, Any]:
        return {
            "num_steps": self.num_steps,
            "normalization": self.normalization,
            "gain": self.gain,
            "bias": self.bias,
        }

    def _random(self) -> dict[str, Any]:
        return {"seed": self.seed, "stream": self.stream}
