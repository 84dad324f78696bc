"""InfoNCE and contrastive signal-dependent plasticity (CSDP).

    q_i = a_i / max(|a_i|, 1e-8)    k_j = b_j / max(|b_j|, 1e-8)    s_ij = q_i.k_j / temperature
    row_i = ln(sum_j exp(s_ij)) - s_ii                              loss = mean_i row_i
    D_ij = (softmax(s_i)_j - [i = j]) / (B temperature)             dq = D k, dk = D^T q
    positive(W) = W + (((lr post_i) pre_j) - (decay W))             negative(W) = W - ((lr post_i) pre_j)
    goodness(z) = sum z^2                                           p = sigmoid(goodness - theta)

Views are (B, F), weights (post, pre).
Sources: van den Oord et al. 2018; Ororbia 2024, doi:10.1126/sciadv.adn6076.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.reference.namespace import Real

NORM_FLOOR = 1e-8
SMALLEST_SCALE = 2.0**-27
"""The greatest power of two below the floor: smaller rows need no scaling up."""
BLOCK = 1024
"""Rows of scores that are held at a time."""


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


def infonce_grad(xp: Any, view_a: Real, view_b: Real, *, temperature: Real, symmetric: bool) -> tuple[Real, Real, Real]:
    """Loss () and its gradient with respect to the views before normalization, (B, F) each: budget."""
    batch = len(view_a)
    if batch < 2:
        return xp.zeros(()), xp.zeros(view_a.shape), xp.zeros(view_b.shape)
    q, k = unit_rows(xp, view_a), unit_rows(xp, view_b)
    s = xp.matmul(q, k.T) / temperature
    slopes = _slopes(xp, s)
    dq, dk = xp.matmul(slopes, k), xp.matmul(slopes.T, q)
    if symmetric:
        opposite = _slopes(xp, s.T)
        dq, dk = (dq + xp.matmul(opposite.T, k)) / 2, (dk + xp.matmul(opposite, q)) / 2
    loss, _ = infonce(xp, view_a, view_b, temperature=temperature, symmetric=symmetric)
    count = batch * temperature  # last: sooner, a low temperature would make the slopes overflow
    return loss, _through_norm(xp, view_a, q, dq) / count, _through_norm(xp, view_b, k, dk) / count


def _slopes(xp: Any, s: Real) -> Real:
    """softmax(s_i)_j - [i = j]; on the diagonal minus the sum of the others, so nothing cancels."""
    rows = np.arange(len(s))
    diagonal = rows[:, None] == rows
    e = xp.exp(s - s[rows, xp.pivot(s, axis=1)][:, None])
    others = xp.sum(xp.where(diagonal, xp.zeros(s.shape), e), axis=1)[:, None]
    return xp.where(diagonal, -others, e) / xp.sum(e, axis=1)[:, None]


def _through_norm(xp: Any, x: Real, q: Real, dq: Real) -> Real:
    """From the gradient of a unit row to that of the row; below the floor its norm is a constant."""
    scale, norm = _scaled_norm(xp, x)
    floor = NORM_FLOOR / scale
    along = xp.where(norm < floor, xp.zeros(norm.shape), xp.sum(dq * q, axis=1)[:, None])
    return (dq - along * q) / xp.maximum(norm, floor) / scale


def unit_rows(xp: Any, x: Real) -> Real:
    """Rows over max(norm, 1e-8)."""
    scale, norm = _scaled_norm(xp, x)
    return x / scale / xp.maximum(norm, NORM_FLOOR / scale)


def _scaled_norm(xp: Any, x: Real) -> tuple[Real, Real]:
    """A power of two for each row and the norm of the row over it: neither 1e200 nor a subnormal is lost."""
    scale = xp.maximum(xp.binade(xp.max(abs(x), axis=1)), SMALLEST_SCALE)[:, None]
    y = x / scale
    return scale, xp.sqrt(xp.sum(y * y, axis=1))[:, None]


def _rows(xp: Any, q: Real, k: Real, temperature: Real) -> Real:
    """ln sum_j exp(s_ij) - s_ii, some rows at a time: B x B scores of a large batch do not fit into memory."""
    batch = len(q)
    firsts = range(0, batch, BLOCK)
    return xp.concatenate(
        [_block(xp, q[i : i + BLOCK], k, temperature, np.arange(i, min(i + BLOCK, batch))) for i in firsts]
    )


def _block(xp: Any, q: Real, k: Real, temperature: Real, positives: npt.NDArray[np.intp]) -> Real:
    """Rows whose positives are at these columns; the pivot's own term is left out of the sum, so nothing cancels."""
    s = xp.matmul(q, k.T) / temperature
    rows, columns = np.arange(s.shape[0]), np.arange(s.shape[1])
    pivot = xp.pivot(s, axis=1)
    positive, top = s[rows, positives], s[rows, pivot]
    others = xp.where(pivot[:, None] == columns, xp.zeros(s.shape), xp.exp(s - top[:, None]))
    lead = xp.where(pivot == positives, xp.zeros(positive.shape), top - positive)
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


def csdp_layer_goodness(xp: Any, activations: Real, labels: Real, *, theta: Real) -> tuple[Real, Real, Real, Real]:
    """Goodness (B), probability (B), loss () and modulator (B): budget. theta is used as given; nothing is clipped."""
    batch = len(activations)
    y = xp.asarray(labels)
    g = xp.sum(activations * activations, axis=1)
    p = xp.sigmoid(g - theta)
    loss = xp.sum(xp.softplus((1 - 2 * y) * (g - theta)), axis=0) / max(batch, 1)
    return g, p, loss, p - y
