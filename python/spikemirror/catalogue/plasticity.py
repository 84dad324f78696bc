"""Spike-timing-dependent plasticity."""

from __future__ import annotations

from spikemirror.catalogue.kernel import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    Choice,
    Cost,
    Dims,
    Domain,
    Flag,
    Holds,
    Input,
    Kernel,
    Output,
    Policy,
    Real,
    Size,
)

STDP = "Semantics of norse.torch.functional.stdp 1.1.0; pair-based STDP after Gerstner & Kistler 2002"

DT = Real("dt", 1e-3, POSITIVE, "time step in seconds")
STDP_PARAMETERS = (
    Real("a_pre", 1.0, FINITE, "contribution of a presynaptic spike to its trace"),
    Real("a_post", 1.0, FINITE, "contribution of a postsynaptic spike to its trace"),
    Real("tau_pre_inv", 20.0, NON_NEGATIVE, "inverse time constant of the presynaptic trace, 1/s"),
    Real("tau_post_inv", 20.0, NON_NEGATIVE, "inverse time constant of the postsynaptic trace, 1/s"),
    Real("w_min", 0.0, FINITE, "lower bound of the weights"),
    Real("w_max", 1.0, FINITE, "upper bound of the weights", above="w_min"),
    Real("eta_plus", 1e-3, NON_NEGATIVE, "amplitude of potentiation"),
    Real("eta_minus", 1e-3, NON_NEGATIVE, "amplitude of depression"),
    Choice(
        "stdp_algorithm",
        "additive",
        ("additive", "additive_step", "multiplicative_pow", "multiplicative_relu"),
        "how the amplitudes depend on the weight",
    ),
    Real("mu", 0.0, Domain(0, 1), "exponent of multiplicative_pow"),
    Flag("hardbound", True, "clamp the new weights to [w_min, w_max]"),
    DT,
)


def _linear_cost(d: Dims, size: int) -> Cost:
    weights = d["post"] * d["pre"]
    neurons = d["B"] * (d["post"] + d["pre"])
    return Cost(
        bytes=2.0 * size * (weights + neurons) + neurons,
        flops=weights * (4.0 * d["B"] + 6) + 4.0 * neurons,
        elements=weights,
    )


KERNELS = (
    Kernel(
        name="stdp_trace",
        family="plasticity",
        summary="One explicit Euler step of a spike trace.",
        formula="trace' = t + ((dt tau_inv) ((-t) + (a z))), in this order",
        source=STDP,
        inputs=(
            Input("trace", Holds.REAL, ("N*",), "trace t, of any shape"),
            Input("spikes", Holds.SPIKES, ("N*",), "spikes z of this step, as many as traces"),
        ),
        parameters=(
            Real("tau_inv", 20.0, NON_NEGATIVE, "inverse time constant, 1/s"),
            Real("a", 1.0, FINITE, "contribution of a spike"),
            DT,
        ),
        outputs=(Output("trace", ("N*",), Policy.BITS, "the updated trace"),),
        cost=lambda d, size: Cost(bytes=(2.0 * size + 1) * d["N"], flops=4.0 * d["N"], elements=d["N"]),
        bench=(Size({"N": 4096}), Size({"N": 1 << 20})),
    ),
    Kernel(
        name="stdp_linear",
        family="plasticity",
        summary="One STDP step of a dense layer: traces first, then weights.",
        formula=(
            "t_pre' = stdp_trace(t_pre, z_pre), t_post' = stdp_trace(t_post, z_post)\n"
            "weights' = bound(W + A_plus(W) sum_b z_post t_pre' - A_minus(W) sum_b t_post' z_pre)\n"
            "                      A_plus(W)                        A_minus(W)\n"
            "additive               eta_plus                         eta_minus\n"
            "additive_step          eta_plus [w_max - W > 0]         eta_minus [W - w_min > 0]\n"
            "multiplicative_pow     eta_plus max(w_max - W, 0)^mu    eta_minus max(W - w_min, 0)^mu, 0^0 = 1\n"
            "multiplicative_relu    eta_plus max(w_max - W, 0)       eta_minus max(W - w_min, 0)"
        ),
        source=STDP,
        inputs=(
            Input("weights", Holds.REAL, ("post", "pre"), "synaptic weights W"),
            Input("z_pre", Holds.SPIKES, ("B", "pre"), "presynaptic spikes"),
            Input("z_post", Holds.SPIKES, ("B", "post"), "postsynaptic spikes"),
            Input("t_pre", Holds.REAL, ("B", "pre"), "presynaptic traces"),
            Input("t_post", Holds.REAL, ("B", "post"), "postsynaptic traces"),
        ),
        parameters=STDP_PARAMETERS,
        outputs=(
            Output("weights", ("post", "pre"), Policy.BUDGET, "the updated weights"),
            Output("t_pre", ("B", "pre"), Policy.BITS, "the updated presynaptic traces"),
            Output("t_post", ("B", "post"), Policy.BITS, "the updated postsynaptic traces"),
        ),
        cost=_linear_cost,
        bench=(Size({"post": 64, "pre": 32, "B": 4}), Size({"post": 1024, "pre": 1024, "B": 1})),
    ),
)
