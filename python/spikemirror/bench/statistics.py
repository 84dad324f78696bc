"""Medians with bootstrap intervals, and what two sets of samples allow to be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from spikemirror.bench.record import Timing

CONFIDENCE = 0.95
RESAMPLES = 2000
NOISE = 0.05
"""A change of less than this is not told apart from noise, however narrow the interval: placement of code and memory
differs from run to run by as much."""
FEWEST = 5

Verdict = Literal["faster", "slower", "can't tell"]


def timing(samples: Sequence[float], calls: int) -> Timing:
    """The samples with their median, its interval, and whether they scatter too much."""
    low, high = _bootstrap((samples,), np.median)
    middle, mean = float(np.median(samples)), float(np.mean(samples))
    scattered = float(np.std(samples)) > 0.1 * mean or max(abs(s - mean) for s in samples) > 0.5 * mean
    return Timing(
        calls=calls,
        samples=list(samples),
        median=middle,
        low=min(low, middle),
        high=max(high, middle),
        unstable=scattered,
    )


def ratio(before: Sequence[float], after: Sequence[float]) -> tuple[float, float, float]:
    """Median after over median before, with the ends of its interval."""

    def quotient(a: Any, b: Any, axis: int = -1) -> Any:
        return np.median(b, axis=axis) / np.median(a, axis=axis)

    low, high = _bootstrap((before, after), quotient)
    return float(np.median(after) / np.median(before)), low, high


def verdict(before: Sequence[float], after: Sequence[float], low: float, high: float, noise: float = NOISE) -> Verdict:
    """From the interval of the ratio of durations: it must leave the band of noise around 1."""
    if min(len(before), len(after)) < FEWEST:
        return "can't tell"
    if high < 1 / (1 + noise):
        return "faster"
    return "slower" if low > 1 + noise else "can't tell"


def _bootstrap(data: tuple[Sequence[float], ...], statistic: Any) -> tuple[float, float]:
    from scipy.stats import bootstrap

    found = bootstrap(
        tuple(np.asarray(d, np.float64) for d in data),
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)
