"""Losses over spikes, rates or membranes (B, T, N), each with its gradient with respect to them.

    n = sum_t s, r = n / max(T, 1)
    probspikes  cross-entropy of softmax(m / temperature) or of (m + eps) / (sum_c m + eps N), m = n or r
    rate        mean (r - target_rate)^2 + mean (relu(rate_min - r)^2 + relu(r - rate_max)^2)
    temporal    mean |s_t - s_t-1|, mean (s_t - s_t-1)^2, or the variance of the rates of windows
    isi         mean s_t sum_{l >= 1} exp(-l / tau) s_t-l
    membrane    mean relu(|v| - max_membrane)^2

Means over nothing are 0. All real outputs are budget.
Sources: Eshraghian et al. 2023, doi:10.1109/JPROC.2023.3308088; Zenke & Vogels 2021, doi:10.1162/neco_a_01367;
Gerstner & Kistler 2002, section 1.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.decoders import softmax
from spikemirror.reference.namespace import Real

Integers = npt.NDArray[Any]


def loss_probspikes(
    xp: Any,
    spikes: Real,
    targets: Integers,
    *,
    temperature: Real,
    normalize_by_time: bool,
    mode: str,
    eps: Real,
) -> tuple[Real, Real]:
    """Loss () and accuracy (). Log-sum-exp leaves out the pivot's own term, so nothing cancels."""
    batch, steps, classes = spikes.shape
    counts = xp.sum(spikes, axis=1)
    m = counts / max(steps, 1) if normalize_by_time else counts
    rows = np.arange(batch)
    if mode == "normalize":
        per_row = -xp.log((m[rows, targets] + eps) / (xp.sum(m, axis=1) + eps * classes))
    else:
        scores = m / temperature
        pivot = xp.pivot(scores, axis=1)
        top = scores[rows, pivot]
        own = pivot[:, None] == np.arange(classes)
        others = xp.where(own, xp.zeros(scores.shape), xp.exp(scores - top[:, None]))
        gap = xp.where(pivot == targets, xp.zeros(top.shape), top - scores[rows, targets])
        per_row = gap + xp.log1p(xp.sum(others, axis=1))
    return mean(xp, per_row), share(xp, xp.argmax(counts, axis=1) == targets)


def loss_probspikes_grad(
    xp: Any,
    spikes: Real,
    targets: Integers,
    *,
    temperature: Real,
    normalize_by_time: bool,
    mode: str,
    eps: Real,
) -> tuple[Real]:
    """Grad (B, T, N), the same at every step."""
    batch, steps, classes = spikes.shape
    counts = xp.sum(spikes, axis=1)
    m = counts / max(steps, 1) if normalize_by_time else counts
    hit = targets[:, None] == np.arange(classes)
    if mode == "normalize":
        total = xp.sum(m, axis=1) + eps * classes
        grad = 1 / total[:, None] - xp.where(hit, 1 / (m + eps), xp.zeros(m.shape))
    else:
        scores = m / temperature
        grad = (softmax(xp, scores, xp.pivot(scores, axis=1)) - xp.asarray(hit)) / temperature
    return (at_every_step(grad / (batch * max(steps, 1) if normalize_by_time else batch), steps),)


def loss_rate(xp: Any, spikes: Real, target_rate: Real, *, rate_min: Real, rate_max: Real) -> tuple[Real, Real, Real]:
    """Loss (), dead_fraction () and saturated_fraction (), both strictly outside the range."""
    rates = xp.sum(spikes, axis=1) / max(spikes.shape[1], 1)
    away, low, high = rates - target_rate, xp.maximum(rate_min - rates, 0.0), xp.maximum(rates - rate_max, 0.0)
    loss = mean(xp, away * away) + mean(xp, low * low + high * high)
    return loss, share(xp, rates < rate_min), share(xp, rates > rate_max)


def loss_rate_grad(xp: Any, spikes: Real, target_rate: Real, *, rate_min: Real, rate_max: Real) -> tuple[Real]:
    """Grad (B, T, N), the same at every step."""
    batch, steps, neurons = spikes.shape
    rates = xp.sum(spikes, axis=1) / max(steps, 1)
    pull = (rates - target_rate) - xp.maximum(rate_min - rates, 0.0) + xp.maximum(rates - rate_max, 0.0)
    return (at_every_step(2 * pull / (batch * neurons * max(steps, 1)), steps),)


def loss_temporal(xp: Any, spikes: Real, *, penalty: str, window: int) -> tuple[Real]:
    """Loss (); 0 for fewer than two steps or two full windows."""
    steps = spikes.shape[1]
    if penalty == "variance":
        count = steps // window
        if count < 2:
            return (xp.zeros(()),)
        away = window_rates_from_mean(xp, spikes, window)
        return (mean(xp, xp.sum(away * away, axis=1) / (count - 1)),)
    change = spikes[:, 1:] - spikes[:, : max(steps - 1, 0)]
    return (mean(xp, abs(change) if penalty == "l1" else change * change),)


def loss_temporal_grad(xp: Any, spikes: Real, *, penalty: str, window: int) -> tuple[Real]:
    """Grad (B, T, N)."""
    batch, steps, neurons = spikes.shape
    step = np.arange(steps)
    if penalty == "variance":
        count = steps // window
        if count < 2:
            return (xp.zeros(spikes.shape),)
        away = window_rates_from_mean(xp, spikes, window)
        grad = 2 * away / ((count - 1) * window * batch * neurons)
        inside = (step < count * window)[:, None]
        return (xp.where(inside, grad[:, np.minimum(step // window, count - 1)], xp.zeros(spikes.shape)),)
    # A step beyond an end is taken as the end itself, which makes its term 0.
    before, after = spikes[:, np.maximum(step - 1, 0)], spikes[:, np.minimum(step + 1, max(steps - 1, 0))]
    pairs = batch * max(steps - 1, 1) * neurons
    if penalty == "l1":
        return (xp.asarray(sign_of_change(before, spikes) - sign_of_change(spikes, after)) / pairs,)
    return (2 * ((spikes - before) - (after - spikes)) / pairs,)


def loss_isi(xp: Any, spikes: Real, *, window: int, tau: Real | None) -> tuple[Real]:
    """Loss (); lag 0 is not penalized, terms before the first step are 0."""
    past, _ = echoes(xp, spikes, window, tau)
    return (mean(xp, spikes * xp.sum(past, axis=1)),)


def loss_isi_grad(xp: Any, spikes: Real, *, window: int, tau: Real | None) -> tuple[Real]:
    """Grad (B, T, N); terms beyond the ends are 0."""
    past, future = echoes(xp, spikes, window, tau)
    batch, steps, neurons = spikes.shape
    return (xp.sum(past + future, axis=1) / (batch * steps * neurons),)


def loss_membrane(xp: Any, membrane: Real, *, max_membrane: Real) -> tuple[Real, Real]:
    """Loss () and exceeding_fraction (), strictly beyond the bound."""
    beyond = xp.maximum(abs(membrane) - max_membrane, 0.0)
    return mean(xp, beyond * beyond), share(xp, abs(membrane) > max_membrane)


def loss_membrane_grad(xp: Any, membrane: Real, *, max_membrane: Real) -> tuple[Real]:
    """Grad (B, T, N)."""
    batch, steps, neurons = membrane.shape
    beyond = xp.maximum(abs(membrane) - max_membrane, 0.0)
    return (2 * xp.where(membrane >= 0, beyond, -beyond) / (batch * steps * neurons),)


def mean(xp: Any, x: Real) -> Real:
    """Mean of all elements (), 0 if there is none."""
    flat = x.reshape(-1)
    return xp.sum(flat, axis=0) / max(len(flat), 1)


def share(xp: Any, decided: Any) -> Real:
    """Share of true elements (), 0 if there is none."""
    flags = np.asarray(decided, np.bool_)
    return xp.asarray(np.count_nonzero(flags)) / max(flags.size, 1)


def at_every_step(grad: Real, steps: int) -> Real:
    """(B, N) to (B, T, N)."""
    return grad[:, None, :][:, np.zeros(steps, np.intp)]


def sign_of_change(before: Real, after: Real) -> Integers:
    """1, 0 or -1."""
    return np.asarray(after > before, np.int8) - np.asarray(after < before, np.int8)


def window_rates_from_mean(xp: Any, spikes: Real, window: int) -> Real:
    """Rates of the full windows less their mean (B, K, N)."""
    batch, steps, neurons = spikes.shape
    count = steps // window
    rates = xp.sum(spikes[:, : count * window].reshape(batch, count, window, neurons), axis=2) / window
    return rates - (xp.sum(rates, axis=1) / count)[:, None, :]


def echoes(xp: Any, spikes: Real, window: int, tau: Real | None) -> tuple[Real, Real]:
    """exp(-l / tau) s_t-l and exp(-l / tau) s_t+l for every lag: (B, lags, T, N) each."""
    steps = spikes.shape[1]
    lags, step = np.arange(1, min(window, max(steps - 1, 0)) + 1)[:, None], np.arange(steps)
    tau = xp.scalar(max(1.0, window / 2)) if tau is None else tau
    decay = xp.exp(-(xp.asarray(lags) / tau))[:, :, None]
    nothing = xp.zeros((1, 1, 1))
    past = xp.where((step >= lags)[:, :, None], spikes[:, np.maximum(step - lags, 0)], nothing)
    future = xp.where((step + lags < steps)[:, :, None], spikes[:, np.minimum(step + lags, steps - 1)], nothing)
    return decay * past, decay * future
