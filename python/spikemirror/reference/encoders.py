"""Encoders: values (B, N) or signals (B, T, N) to spikes uint8 (B, T, ...), time second.

    p = clip(gain normalized(x) + bias, 0, 1)
    bernoulli:      spike at (b, t, n) iff w_k < ceil(p 2^32), w_k the Philox word at the flat index k of (b, t, n)
    poisson:        bernoulli with clip(p rate_dt, 0, 1)
    deterministic:  spike at t iff floor(fl((t+1) p)) > floor(fl(t p))
    latency, ttfs:  spike_time = rint(min(max(t, t_min), latest)), t from p by a mapping
    population:     a_ij = exp(-((p_i - c_j) / sigma)^2 / 2), then bernoulli or deterministic with a for p
    delta:          ON iff x_t - x_{t-1} > theta_on, OFF iff x_{t-1} - x_t > theta_off

Every decision but those behind a sigmoid, exp or log rests on + - * / alone, in the order written, and so has the same
bits everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.namespace import Real
from spikemirror.reference.philox import words

RANGE_FLOOR = 1e-8
PROBABILITY_FLOOR = 1e-7
"""What exponential takes for a smaller p: with the default tau it is mapped to the last step."""

Spikes = npt.NDArray[np.uint8]
Times = npt.NDArray[np.int32]


def encode_rate_bernoulli(
    xp: Any, x: Real, *, num_steps: int, normalization: str, gain: Real, bias: Real, seed: int, stream: int
) -> tuple[Spikes]:
    """Spikes (B, T, N): bits. p = 0 never fires and p = 1 always does."""
    p = probability(xp, x, normalization, gain, bias)
    return (bernoulli(xp, p, num_steps, seed, stream),)


def encode_rate_poisson(
    xp: Any,
    x: Real,
    *,
    num_steps: int,
    normalization: str,
    gain: Real,
    bias: Real,
    seed: int,
    stream: int,
    rate_dt: Real,
) -> tuple[Spikes]:
    """Spikes (B, T, N): bits. p is clipped before rate_dt and after it."""
    p = clip(xp, probability(xp, x, normalization, gain, bias) * rate_dt)
    return (bernoulli(xp, p, num_steps, seed, stream),)


def encode_rate_deterministic(
    xp: Any, x: Real, *, num_steps: int, normalization: str, gain: Real, bias: Real
) -> tuple[Spikes]:
    """Spikes (B, T, N): bits. The count over T is floor(fl(T p)), and any t can be computed alone."""
    return (deterministic(xp, probability(xp, x, normalization, gain, bias), num_steps),)


def encode_latency(
    xp: Any,
    x: Real,
    *,
    num_steps: int,
    normalization: str,
    gain: Real,
    bias: Real,
    mapping: str,
    tau: Real | None,
    t_min: Real,
    t_max: Real | None,
    burst: int,
) -> tuple[Spikes, Times]:
    """Spikes (B, T, N) and spike_times (B, N): bits. Spikes of a burst past the last step are dropped."""
    t = mapped(xp, probability(xp, x, normalization, gain, bias), num_steps, mapping, tau)
    times = rounded(xp, t, num_steps, t_min, t_max)
    return train(times, num_steps, burst), times


def encode_ttfs(
    xp: Any,
    x: Real,
    *,
    num_steps: int,
    normalization: str,
    gain: Real,
    bias: Real,
    seed: int,
    stream: int,
    mapping: str,
    tau: Real | None,
    t_min: Real,
    t_max: Real | None,
    allow_no_spike: bool,
    silence_below: Real,
    jitter: Real,
) -> tuple[Spikes, Times]:
    """Spikes (B, T, N) and spike_times (B, N): bits; time -1 and no spike for a value that is silenced.

    jitter > 0: t + (jitter u), u = w_k 2^-31 - 1 rounded once, w_k the Philox word at the flat index k of (b, n).
    """
    p = probability(xp, x, normalization, gain, bias)
    t = mapped(xp, p, num_steps, mapping, tau)
    if jitter > 0:
        u = words(seed, stream, 0, t.shape[0] * t.shape[1]) * 2.0**-31 - 1.0
        t = t + jitter * xp.asarray(u.reshape(t.shape))
    times = rounded(xp, t, num_steps, t_min, t_max)
    if allow_no_spike:
        times = np.where(p < silence_below, np.int32(-1), times)
    return train(times, num_steps, 1), times


def encode_population(
    xp: Any,
    x: Real,
    centers: Real,
    *,
    num_steps: int,
    normalization: str,
    gain: Real,
    bias: Real,
    seed: int,
    stream: int,
    population_size: int,
    sigma: Real,
    mode: str,
) -> tuple[Spikes, Real]:
    """Spikes (B, T, N P): bits; activations (B, N P): budget.

    Divided by sigma before squaring, so that neither a tiny nor a huge sigma gives 0/0 or inf/inf.
    """
    p = probability(xp, x, normalization, gain, bias)
    d = (p[:, :, None] - centers) / sigma
    activations = xp.exp(-(d * d) / 2).reshape(len(x), x.shape[1] * population_size)
    if mode == "bernoulli":
        return bernoulli(xp, activations, num_steps, seed, stream), activations
    return deterministic(xp, activations, num_steps), activations


def encode_delta(xp: Any, x: Real, previous: Real, *, theta_on: Real, theta_off: Real | None) -> tuple[Spikes, Real]:
    """Spikes (B, T, 2 N), ON before OFF, and previous (B, N), the last value: bits. theta_off None is theta_on."""
    batch, num_steps, n = x.shape
    spikes = np.zeros((batch, num_steps, 2 * n), np.uint8)
    for t in range(num_steps):
        spikes[:, t, :n] = x[:, t] - previous > theta_on
        spikes[:, t, n:] = previous - x[:, t] > (theta_on if theta_off is None else theta_off)
        previous = x[:, t]
    return spikes, previous


def bernoulli(xp: Any, p: Real, num_steps: int, seed: int, stream: int) -> Spikes:
    """Spikes (B, T, N), each with its probability (B, N); no draw is skipped."""
    shape = (p.shape[0], num_steps, p.shape[1])
    draws = words(seed, stream, 0, shape[0] * shape[1] * shape[2]).reshape(shape)
    spikes: Spikes = xp.below(draws, p[:, None, :]).astype(np.uint8)
    return spikes


def deterministic(xp: Any, p: Real, num_steps: int) -> Spikes:
    """Spikes (B, T, N), evenly spaced."""
    count = xp.floor(xp.asarray(np.arange(num_steps + 1))[:, None] * p[:, None, :])
    spikes: Spikes = (count[:, 1:] > count[:, :-1]).astype(np.uint8)
    return spikes


def mapped(xp: Any, p: Real, num_steps: int, mapping: str, tau: Real | None) -> Real:
    """Time in steps, from T - 1 at p = 0 to 0 at p = 1; exponential with another tau is not held to that."""
    last = xp.scalar(float(num_steps - 1))
    match mapping:
        case "linear":
            return (1.0 - p) * last
        case "exponential":
            scale = last / xp.log(xp.scalar(1e7)) if tau is None else tau
            return scale * xp.log(1.0 / xp.maximum(p, PROBABILITY_FLOOR))
        case "log":
            return last * (1.0 - xp.log(1.0 + p) / xp.log(xp.scalar(2.0)))
    raise AssertionError(mapping)


def rounded(xp: Any, t: Real, num_steps: int, t_min: Real, t_max: Real | None) -> Times:
    """rint(min(max(t, t_min), latest)), half to even; latest = T - 1 or min(t_max, T - 1), so t_min may exceed it."""
    latest = xp.scalar(float(num_steps - 1))
    if t_max is not None:
        latest = xp.minimum(t_max, latest)
    times: Times = xp.rint(xp.minimum(xp.maximum(t, t_min), latest)).astype(np.int32)
    return times


def train(times: Times, num_steps: int, burst: int) -> Spikes:
    """Spikes (B, T, N) at times, ..., times + burst - 1 where those are steps; none of a single spike at -1."""
    since = np.arange(num_steps)[:, None] - times[:, None, :]
    return ((since >= 0) & (since < burst)).astype(np.uint8)


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
