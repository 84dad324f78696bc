"""Latent predictive learning (LPL): losses over two views (B, D), their gradients, and the spiking rule.

    pull   = mean (z1 - z2)^2
    push   = 1/2 sum over views of -(1/D) sum_d ln(var_d + eps)
    decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (D^2 - D)

Variances and covariances over the batch, with B - 1. Time constants in seconds, membranes in volt.
Source: Halvagal & Zenke 2023, doi:10.1038/s41593-023-01460-y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.reference.contrastive import unit_rows
from spikemirror.reference.namespace import Real


def lpl(
    xp: Any, z1: Real, z2: Real, *, pull_coeff: Real, push_coeff: Real, decorr_coeff: Real, eps: Real
) -> tuple[Real, Real, Real, Real]:
    """Pull, push, decorr and total, () each: budget. One feature gives decorr 0."""
    batch, features = z1.shape
    pull = _total(xp, (z1 - z2) * (z1 - z2)) / (batch * features)
    push = (_push(xp, z1, eps) + _push(xp, z2, eps)) / 2
    decorr = (_decorr(xp, z1) + _decorr(xp, z2)) / 2
    return pull, push, decorr, pull_coeff * pull + push_coeff * push + decorr_coeff * decorr


def lpl_grad(
    xp: Any,
    z1: Real,
    z2: Real,
    *,
    pull_coeff: Real,
    push_coeff: Real,
    decorr_coeff: Real,
    eps: Real,
    stop_gradient: bool,
) -> tuple[Real, Real, Real, Real, Real, Real]:
    """The terms, and the gradient of total with respect to each view (B, D): budget. The batch's mean is held fixed."""
    batch, features = z1.shape
    terms = lpl(xp, z1, z2, pull_coeff=pull_coeff, push_coeff=push_coeff, decorr_coeff=decorr_coeff, eps=eps)
    apart = pull_coeff * (2 * (z1 - z2) / (batch * features))

    def spread(z: Real) -> Real:
        c, var = _centered(xp, z)
        push = -c / (features * (batch - 1) * (var + eps))
        if features == 1:
            return push_coeff * push
        decorr = 2 * xp.matmul(c, _covariance(xp, c)) / ((batch - 1) * (features * features - features))
        return push_coeff * push + decorr_coeff * decorr

    first = spread(z1) if stop_gradient else apart + spread(z1)
    return *terms, first, spread(z2) - apart


def lpl_negative(xp: Any, z1: Real, z2: Real) -> tuple[Real, Real]:
    """Pull and push, () each: budget. Norms below 1e-8 count as 1e-8."""
    batch = len(z1)
    cosines = xp.matmul(unit_rows(xp, z1), unit_rows(xp, z2).T)
    rows = np.arange(batch)
    others = xp.where(rows[:, None] == rows, xp.zeros(cosines.shape), cosines * cosines)
    return -(xp.sum(cosines[rows, rows], axis=0) / batch), _total(xp, others) / (batch * (batch - 1))


def _total(xp: Any, x: Real) -> Real:
    return xp.sum(x.reshape(-1), axis=0)


def _centered(xp: Any, z: Real) -> tuple[Real, Real]:
    """Deviations from the mean of the batch, and the variance."""
    batch = len(z)
    c = z - xp.sum(z, axis=0) / batch
    return c, xp.sum(c * c, axis=0) / (batch - 1)


def _covariance(xp: Any, c: Real) -> Real:
    """Between different features; 0 on the diagonal."""
    features = np.arange(c.shape[1])
    covariance = xp.matmul(c.T, c) / (len(c) - 1)
    return xp.where(features[:, None] == features, xp.zeros(covariance.shape), covariance)


def _push(xp: Any, z: Real, eps: Real) -> Real:
    _, var = _centered(xp, z)
    return -(xp.sum(xp.log(var + eps), axis=0) / z.shape[1])


def _decorr(xp: Any, z: Real) -> Real:
    features = z.shape[1]
    if features == 1:
        return xp.zeros(())
    c, _ = _centered(xp, z)
    covariance = _covariance(xp, c)
    return _total(xp, covariance * covariance) / (features * features - features)


def lpl_spiking_step(
    xp: Any,
    weights: Real,
    z_pre: Real,
    z_post: Real,
    z_post_delayed: Real,
    membrane: Real,
    mean: Real,
    variance: Real,
    psp_syn: Real,
    psp: Real,
    error_rise: Real,
    error: Real,
    eligibility: Real,
    eligibility_filtered: Real,
    gradient: Real,
    *,
    step: int,
    dt: Real,
    tau_syn: Real,
    tau_mem: Real,
    tau_rise: Real,
    tau_fall: Real,
    tau_mean: Real,
    tau_var: Real,
    lambda_: Real,
    phi: Real,
    delta: Real,
    xi: Real,
    beta: Real,
    threshold: Real,
    cutoff: Real,
    eta: Real,
    every: int,
    w_max: Real,
) -> tuple[Real, ...]:
    """Weights and state after one step: budget. Neurons (pre) and (post), synapses (post, pre).

    Where the published equations and the authors' simulation code differ (normalizers, units of delta and xi), this
    follows the code.
    """
    pre, post, delayed = xp.asarray(z_pre), xp.asarray(z_post), xp.asarray(z_post_delayed)
    expected = mean * dt / tau_mean
    psp_syn = psp_syn * xp.exp(-dt / tau_syn) + pre
    psp = psp + (dt / tau_mem) * (psp_syn - psp)
    e = lambda_ * (post - expected) / (variance + xi) + delta - phi * post + phi * delayed
    error_rise = error_rise * xp.exp(-dt / tau_rise) + e
    error = error + (dt / tau_fall) * (error_rise - error)
    steepness = 1 + abs(beta * (membrane - threshold))
    f = xp.where(membrane < cutoff, xp.zeros(membrane.shape), beta / (steepness * steepness))
    c = eligibility + f[:, None] * psp[None, :]
    eligibility_filtered = eligibility_filtered + (dt / tau_fall) * (c - eligibility_filtered)
    eligibility = c * xp.exp(-dt / tau_rise)
    gradient = gradient + eligibility_filtered * error[:, None]
    surprise = post - expected
    variance = (variance + surprise * surprise / tau_var) * xp.exp(-dt / tau_var)
    mean = (mean + post) * xp.exp(-dt / tau_mean)
    if (step + 1) % every == 0:
        weights = xp.minimum(xp.maximum(weights + eta * gradient / every, 0.0), w_max)
        gradient = xp.zeros(gradient.shape)
    return (
        weights,
        mean,
        variance,
        psp_syn,
        psp,
        error_rise,
        error,
        eligibility,
        eligibility_filtered,
        gradient,
    )
