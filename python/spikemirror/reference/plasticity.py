"""Spike-timing-dependent plasticity (STDP).

    trace(t, z) = t + ((dt tau_inv) ((-t) + (a z)))
    W' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)

Weights are (post, pre), spikes and traces (B, pre) and (B, post). Times in seconds.
Source: semantics of norse.torch.functional.stdp 1.1.0.
"""

from __future__ import annotations

from typing import Any

from spikemirror.reference.namespace import Real


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
    grow, shrink = amplitudes(xp, weights, w_min, w_max, eta_plus, eta_minus, stdp_algorithm, mu)
    updated = weights + grow * plus - shrink * minus
    if hardbound:
        updated = xp.minimum(xp.maximum(updated, w_min), w_max)
    return updated, t_pre, t_post


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
