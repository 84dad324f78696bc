"""Hebbian and spike-timing-dependent plasticity (STDP).

    dW_ij = c0 W_ij + c1_pre mean_b(x_bj) + c1_post mean_b(y_bi) + c2_corr mean_b(y_bi x_bj)    W' = W + eta dW
    trace(t, z) = t + ((dt tau_inv) ((-t) + (a z)))
    W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)

Weights are (post, pre), spikes and traces (B, pre) and (B, post). Times in seconds.
Sources: Gerstner & Kistler 2002, eq. 3; semantics of norse.torch.functional.stdp 1.1.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikemirror.reference.namespace import Real


def hebbian(
    xp: Any,
    weights: Real,
    pre: Real,
    post: Real,
    *,
    eta: Real,
    c0: Real,
    c1_pre: Real,
    c1_post: Real,
    c2_corr: Real,
) -> tuple[Real]:
    """Weights (post, pre): budget. Not bounded; B >= 1. The four terms are added from left to right."""
    batch = len(pre)
    x = (xp.sum(pre, axis=0) / batch)[None, :]
    y = (xp.sum(post, axis=0) / batch)[:, None]
    both = xp.matmul(post.T, pre) / batch
    change = c0 * weights + c1_pre * x + c1_post * y + c2_corr * both
    return (weights + eta * change,)


def stdp_trace(xp: Any, trace: Real, spikes: Real, *, tau_inv: Real, a: Real, dt: Real) -> tuple[Real]:
    """Trace of the same shape: bits. order: t + ((dt tau_inv) ((-t) + (a z)))."""
    return (trace + ((dt * tau_inv) * ((-trace) + (a * xp.asarray(spikes)))),)


def stdp_linear(
    xp: Any,
    weights: Real,
    z_pre: Real,
    z_post: Real,
    t_pre: Real,
    t_post: Real,
    *,
    a_pre: Real,
    a_post: Real,
    tau_pre_inv: Real,
    tau_post_inv: Real,
    w_min: Real,
    w_max: Real,
    eta_plus: Real,
    eta_minus: Real,
    stdp_algorithm: str,
    mu: Real,
    hardbound: bool,
    dt: Real,
) -> tuple[Real, Real, Real]:
    """Weights (post, pre): budget; t_pre (B, pre) and t_post (B, post): bits. Both amplitudes use the old W."""
    (t_pre,) = stdp_trace(xp, t_pre, z_pre, tau_inv=tau_pre_inv, a=a_pre, dt=dt)
    (t_post,) = stdp_trace(xp, t_post, z_post, tau_inv=tau_post_inv, a=a_post, dt=dt)
    plus = xp.matmul(xp.asarray(z_post).T, t_pre)
    minus = xp.matmul(t_post.T, xp.asarray(z_pre))
    updated = update(xp, weights, plus, minus, w_min, w_max, eta_plus, eta_minus, stdp_algorithm, mu, hardbound)
    return updated, t_pre, t_post


def stdp_linear_run(
    xp: Any, weights: Real, z_pre: Real, z_post: Real, t_pre: Real, t_post: Real, **parameters: Any
) -> tuple[Real, Real, Real]:
    """Weights: budget; t_pre, t_post: bits. T steps of `stdp_linear` on spikes (B, T, pre) and (B, T, post)."""
    for t in range(z_pre.shape[1]):
        weights, t_pre, t_post = stdp_linear(xp, weights, z_pre[:, t], z_post[:, t], t_pre, t_post, **parameters)
    return weights, t_pre, t_post


def stdp_conv2d(
    xp: Any,
    weights: Real,
    z_pre: Real,
    z_post: Real,
    t_pre: Real,
    t_post: Real,
    *,
    a_pre: Real,
    a_post: Real,
    tau_pre_inv: Real,
    tau_post_inv: Real,
    w_min: Real,
    w_max: Real,
    eta_plus: Real,
    eta_minus: Real,
    stdp_algorithm: str,
    mu: Real,
    hardbound: bool,
    dt: Real,
    stride: int,
    padding: int,
    dilation: int,
) -> tuple[Real, Real, Real]:
    """Weights (out, in, kh, kw): budget; t_pre (B, in, H, W) and t_post (B, out, Ho, Wo): bits.

    Position (y, x) of the output meets the weight at (u, v) through row y stride + u dilation - padding of the image
    and the column alike; outside of the image traces and spikes are 0. Summed over batch and positions.
    """
    (t_pre,) = stdp_trace(xp, t_pre, z_pre, tau_inv=tau_pre_inv, a=a_pre, dt=dt)
    (t_post,) = stdp_trace(xp, t_post, z_post, tau_inv=tau_post_inv, a=a_post, dt=dt)
    trace, spikes = t_pre, xp.asarray(z_pre)
    plus, minus = xp.zeros(weights.shape), xp.zeros(weights.shape)
    for u, v in np.ndindex(weights.shape[2:]):
        first = u * dilation - padding, v * dilation - padding
        met_trace, met_spikes = (met(xp, image, first, z_post.shape[2:], stride) for image in (trace, spikes))
        plus[:, :, u, v] = xp.matmul(channels(xp.asarray(z_post)), channels(met_trace).T)
        minus[:, :, u, v] = xp.matmul(channels(t_post), channels(met_spikes).T)
    updated = update(xp, weights, plus, minus, w_min, w_max, eta_plus, eta_minus, stdp_algorithm, mu, hardbound)
    return updated, t_pre, t_post


def met(xp: Any, image: Real, first: tuple[int, int], shape: Sequence[int], stride: int) -> Real:
    """What so many rows and columns from the first on meet in an image (B, C, H, W); outside of it zeros."""
    seen = xp.zeros((*image.shape[:2], *shape))
    (y, rows), (x, columns) = (inside(*axis, stride) for axis in zip(image.shape[2:], first, shape, strict=True))
    seen[:, :, y, x] = image[:, :, rows, columns]
    return seen


def inside(length: int, first: int, count: int, stride: int) -> tuple[slice, slice]:
    """Which of the places first, first + stride, ... an axis has, and where they are in it."""
    low = min(max(-(first // stride), 0), count)
    high = max(min((length - 1 - first) // stride + 1, count), low)
    return slice(low, high), slice(first + low * stride, first + high * stride, stride)


def channels(image: Real) -> Real:
    """An image (B, C, H, W) as (C, B H W)."""
    batch, count, height, width = image.shape
    return image.swapaxes(0, 1).reshape(count, batch * height * width)


def update(
    xp: Any,
    weights: Real,
    plus: Real,
    minus: Real,
    w_min: Real,
    w_max: Real,
    eta_plus: Real,
    eta_minus: Real,
    stdp_algorithm: str,
    mu: Real,
    hardbound: bool,
) -> Real:
    """bound(W + A_plus(W) plus - A_minus(W) minus)."""
    grow, shrink = amplitudes(xp, weights, w_min, w_max, eta_plus, eta_minus, stdp_algorithm, mu)
    updated = weights + grow * plus - shrink * minus
    if hardbound:
        updated = xp.minimum(xp.maximum(updated, w_min), w_max)
    return updated


def amplitudes(
    xp: Any,
    weights: Real,
    w_min: Real,
    w_max: Real,
    eta_plus: Real,
    eta_minus: Real,
    stdp_algorithm: str,
    mu: Real,
) -> tuple[Real, Real]:
    """A_plus and A_minus for each weight; a power's base is clamped at 0 first, and 0^0 = 1."""
    above, below = w_max - weights, weights - w_min
    match stdp_algorithm:
        case "additive":
            return eta_plus, eta_minus
        case "additive_step":
            zero = xp.zeros(weights.shape)
            return xp.where(above > 0, eta_plus, zero), xp.where(below > 0, eta_minus, zero)
        case "multiplicative_pow":
            return (
                eta_plus * xp.power(xp.maximum(above, 0.0), mu),
                eta_minus * xp.power(xp.maximum(below, 0.0), mu),
            )
        case "multiplicative_relu":
            return eta_plus * xp.maximum(above, 0.0), eta_minus * xp.maximum(below, 0.0)
    raise AssertionError(stdp_algorithm)
