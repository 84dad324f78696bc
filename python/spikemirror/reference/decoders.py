"""Decoders: spikes uint8 or membranes (B, T, N), with a mask (B, T), to a class for each sample.

    decode_rate:        n = masked count, V = valid steps; logits = n / temperature or (n / max(V, 1)) / temperature
    decode_first_spike: t = first valid spike or T; logits = -(t / T) / temperature
    decode_population:  G = counts by group, r = G / max(size, 1), w = r / sum r, value = sum w c
    decode_membrane:    logits = v / temperature, v at the last valid step or the greatest
    decode_ensemble:    logits = sum_k weights_k logits_k
    confidence = p1 - p2, the two greatest of softmax(logits), except where said

Counts and times are integers, and predictions from them are taken on integers, so no rounding decides. Ties take the
lowest index.
Source: Gerstner & Kistler 2002, Spiking Neuron Models, sections 1.4 to 1.6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.namespace import Real

Integers = npt.NDArray[Any]


def decode_rate(
    xp: Any, spikes: Integers, mask: Integers, *, temperature: Real, normalize_by_time: bool, dtype: str
) -> tuple[Real, Integers, Real, Integers, Real]:
    """Logits (B, N), confidence (B), rates (B, N): budget; prediction (B), counts (B, N): bits."""
    counts = masked_counts(spikes, mask)
    valid = np.maximum(np.sum(mask, axis=1, dtype=np.int64), 1)
    rates = xp.asarray(counts) / xp.asarray(valid)[:, None]
    logits = (rates if normalize_by_time else xp.asarray(counts)) / temperature
    return logits, np.argmax(counts, axis=1), lead(xp, logits), counts, rates


def decode_first_spike(
    xp: Any, spikes: Integers, mask: Integers, *, temperature: Real, dtype: str
) -> tuple[Real, Integers, Real, Integers]:
    """Logits (B, N), confidence (B): budget; prediction (B), first_spike_times (B, N): bits. T >= 1."""
    seen = spikes * mask[:, :, None]
    steps = seen.shape[1]
    fired = seen.any(axis=1)
    first = np.where(fired, np.argmax(seen, axis=1), steps)
    logits = -(xp.asarray(first) / steps) / temperature
    ranked = np.sort(first, axis=1)
    gap = ranked[:, 1] - ranked[:, 0] if first.shape[1] > 1 else np.full(len(first), steps)
    return logits, np.argmin(first, axis=1), xp.asarray(gap) / steps, np.where(fired, first, -1)


def decode_population(
    xp: Any,
    spikes: Integers,
    mask: Integers,
    group_of: Integers,
    centers: Real,
    *,
    n_groups: int,
    mode: str,
    temperature: Real,
) -> tuple[Real, Integers, Real, Real]:
    """Logits (B, n_groups), confidence (B), value (B): budget; prediction (B): bits. Groups may be ragged or empty."""
    member = (group_of[:, None] == np.arange(n_groups)).astype(np.int64)
    votes = masked_counts(spikes, mask) @ member
    rates = xp.asarray(votes) / xp.asarray(np.maximum(member.sum(axis=0), 1))
    silent = votes.sum(axis=1) == 0
    total = xp.where(silent, xp.asarray(np.ones(len(votes))), xp.sum(rates, axis=1))
    uniform = xp.asarray(np.ones(votes.shape)) / n_groups
    weights = xp.where(silent[:, None], uniform, rates / total[:, None])
    value = xp.sum(weights * centers, axis=1)
    if mode == "regression":
        return weights, xp.argmax(rates, axis=1), xp.max(weights, axis=1), value
    logits = xp.asarray(votes) / temperature
    return logits, np.argmax(votes, axis=1), lead(xp, logits), value


def decode_membrane(
    xp: Any, membrane: Real, mask: Integers, *, mode: str, temperature: Real
) -> tuple[Real, Integers, Real]:
    """Logits (B, N), confidence (B): budget; prediction (B): bits. No valid step: potentials 0."""
    batch, steps, neurons = membrane.shape
    potential = xp.zeros((batch, neurons))
    if steps:
        last = np.max(mask * np.arange(1, steps + 1), axis=1)
        potential = xp.where((last > 0)[:, None], membrane[np.arange(batch), last - 1], potential)
        if mode == "max":
            potential = xp.max(xp.where(mask[:, :, None] == 1, membrane, potential[:, None, :]), axis=1)
    logits = potential / temperature
    return logits, xp.argmax(logits, axis=1), lead(xp, logits)


def decode_ensemble(xp: Any, logits: Real, weights: Real) -> tuple[Real, Integers, Real]:
    """Logits (B, C), confidence (B): budget; prediction (B): bits."""
    mean = xp.sum(weights[:, None, None] * logits, axis=0)
    return mean, xp.argmax(mean, axis=1), lead(xp, mean)


def masked_counts(spikes: Integers, mask: Integers) -> Integers:
    """Spikes (B, N) at the steps that count."""
    return np.asarray(np.sum(spikes * mask[:, :, None], axis=1, dtype=np.int64))


def lead(xp: Any, logits: Real) -> Real:
    """Greatest minus second greatest probability (B); 1 if there is but one class."""
    batch, classes = logits.shape
    top = xp.pivot(logits, axis=1)
    p = softmax(xp, logits, top)
    rows, columns = np.arange(batch), np.arange(classes - 1)
    best = p[rows, top]
    if classes == 1:
        return best
    others = p[rows[:, None], columns + (columns >= top[:, None])]
    return best - xp.max(others, axis=1)


def softmax(xp: Any, logits: Real, top: Integers) -> Real:
    """Probabilities (B, C) with their pivot at the greatest logit, whose own term is exactly 1."""
    batch, classes = logits.shape
    gap = logits - logits[np.arange(batch), top][:, None]
    e = xp.where(top[:, None] == np.arange(classes), xp.asarray(np.ones(logits.shape)), xp.exp(gap))
    return e / xp.sum(e, axis=1)[:, None]
