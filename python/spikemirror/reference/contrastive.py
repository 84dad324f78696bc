"""InfoNCE and contrastive signal-dependent plasticity (CSDP).

    q_i = a_i / max(|a_i|, 1e-8)    k_j = b_j / max(|b_j|, 1e-8)    s_ij = q_i.k_j / temperature
    row_i = ln(sum_j exp(s_ij)) - s_ii                              loss = mean_i row_i
    positive(W) = W + (((lr post_i) pre_j) - (decay W))             negative(W) = W - ((lr post_i) pre_j)
    goodness(z) = sum z^2

Views are (B, F), weights (post, pre).
Sources: van den Oord et al. 2018; Ororbia 2024, doi:10.1126/sciadv.adn6076.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.reference.namespace import Real

NORM_FLOOR = 1e-8
SMALLEST_SCALE = 2.0**-27
"""The greatest power of two below the floor: smaller rows need no scaling up."""


def infonce(xp: Any, view_a: Real, view_b: Real, *, temperature: Real, symmetric: bool) -> tuple[Real, Real]:
    """Loss () and per_row (B): budget. B < 2 gives 0: no in-batch negatives. symmetric: mean of both directions."""
    batch = len(view_a)
    if batch < 2:
        return xp.zeros(()), xp.zeros((batch,))
    q, k = unit_rows(xp, view_a), unit_rows(xp, view_b)
    per_row = _rows(xp, q, k, temperature)
    if symmetric:
        per_row = (per_row + _rows(xp, k, q, temperature)) / 2
    return xp.sum(per_row, axis=0) / batch, per_row


def unit_rows(xp: Any, x: Real) -> Real:
    """Rows over max(norm, 1e-8), scaled by a power of two first: neither 1e200 nor a subnormal is lost."""
    scale = xp.maximum(xp.binade(xp.max(abs(x), axis=1)), SMALLEST_SCALE)[:, None]
    y = x / scale
    norm = xp.maximum(xp.sqrt(xp.sum(y * y, axis=1))[:, None], NORM_FLOOR / scale)
    return y / norm


def _rows(xp: Any, q: Real, k: Real, temperature: Real) -> Real:
    """ln sum_j exp(s_ij) - s_ii; the pivot's own term is left out of the sum, so nothing cancels."""
    s = xp.matmul(q, k.T) / temperature
    rows = np.arange(len(s))
    pivot = xp.pivot(s, axis=1)
    positive, top = s[rows, rows], s[rows, pivot]
    others = xp.where(pivot[:, None] == rows, xp.zeros(s.shape), xp.exp(s - top[:, None]))
    lead = xp.where(pivot == rows, xp.zeros(positive.shape), top - positive)
    return lead + xp.log1p(xp.sum(others, axis=1))


def csdp_positive(xp: Any, weights: Real, pre_spikes: Real, post_spikes: Real, *, lr: Real, decay: Real) -> tuple[Real]:
    """Weights (post, pre): bits. order: W + (((lr post_i) pre_j) - (decay W))."""
    pre, post = xp.asarray(pre_spikes)[None, :], xp.asarray(post_spikes)[:, None]
    return (weights + (((lr * post) * pre) - (decay * weights)),)


def csdp_negative(xp: Any, weights: Real, pre_spikes: Real, post_spikes: Real, *, lr: Real) -> tuple[Real]:
    """Weights (post, pre): bits. order: W - ((lr post_i) pre_j); no decay."""
    pre, post = xp.asarray(pre_spikes)[None, :], xp.asarray(post_spikes)[:, None]
    return (weights - ((lr * post) * pre),)


def csdp_step(
    xp: Any, weights: Real, pos_pre: Real, pos_post: Real, neg_pre: Real, neg_post: Real, *, lr: Real, decay: Real
) -> tuple[Real]:
    """Weights (post, pre): the bits of negative(positive(W))."""
    (grown,) = csdp_positive(xp, weights, pos_pre, pos_post, lr=lr, decay=decay)
    return csdp_negative(xp, grown, neg_pre, neg_post, lr=lr)


def goodness(xp: Any, activations: Real) -> tuple[Real]:
    """Sum of squares (): budget. Empty gives 0."""
    return (xp.sum(activations * activations, axis=0),)
