"""Spike-timing-dependent plasticity."""

from __future__ import annotations

from spikemirror.catalogue.kernel import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    Choice,
    Convolved,
    Cost,
    Dims,
    Domain,
    Flag,
    Holds,
    Input,
    Integer,
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


def _run_cost(d: Dims, size: int) -> Cost:
    weights, neurons = d["post"] * d["pre"], d["B"] * (d["post"] + d["pre"])
    return Cost(
        bytes=2.0 * size * (weights + neurons) + d["T"] * neurons,
        flops=d["T"] * (weights * (4.0 * d["B"] + 6) + 4.0 * neurons),
        elements=d["T"] * weights,
    )


def _conv_cost(d: Dims, size: int) -> Cost:
    weights = d["out"] * d["in"] * d["kh"] * d["kw"]
    pre, post = d["B"] * d["in"] * d["H"] * d["W"], d["B"] * d["out"] * d["Ho"] * d["Wo"]
    return Cost(
        bytes=2.0 * size * (weights + pre + post) + pre + post,
        flops=4.0 * weights * d["B"] * d["Ho"] * d["Wo"] + 6.0 * weights + 4.0 * (pre + post),
        elements=weights * d["B"] * d["Ho"] * d["Wo"],
    )


KERNELS = (
    Kernel(
        name="hebbian",
        family="plasticity",
        summary="General Hebbian expansion to second order, averaged over a batch; unbounded.",
        formula=(
            "dW_ij = c0 W_ij + c1_pre mean_b(x_bj) + c1_post mean_b(y_bi) + c2_corr mean_b(y_bi x_bj)\n"
            "weights' = W + eta dW"
        ),
        source="Gerstner & Kistler 2002, Mathematical formulations of Hebbian learning, eq. 3, Biol. Cybern. 87",
        inputs=(
            Input("weights", Holds.REAL, ("post", "pre"), "synaptic weights W"),
            Input("pre", Holds.REAL, ("B", "pre"), "presynaptic activity x"),
            Input("post", Holds.REAL, ("B", "post"), "postsynaptic activity y"),
        ),
        parameters=(
            Real("eta", 0.01, FINITE, "learning rate"),
            Real("c0", 0.0, FINITE, "coefficient of the weight itself: decay if negative"),
            Real("c1_pre", 0.0, FINITE, "coefficient of presynaptic activity alone"),
            Real("c1_post", 0.0, FINITE, "coefficient of postsynaptic activity alone"),
            Real("c2_corr", 1.0, FINITE, "coefficient of the correlation: negative for anti-Hebbian"),
        ),
        outputs=(Output("weights", ("post", "pre"), Policy.BUDGET, "the updated weights"),),
        at_least={"B": 1},
        cost=lambda d, size: Cost(
            bytes=size * (2.0 * d["post"] * d["pre"] + d["B"] * (d["post"] + d["pre"])),
            flops=d["post"] * d["pre"] * (2.0 * d["B"] + 8),
            elements=d["post"] * d["pre"],
        ),
        bench=(Size({"post": 64, "pre": 32, "B": 8}), Size({"post": 1024, "pre": 1024, "B": 32})),
    ),
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
    Kernel(
        name="stdp_linear_run",
        family="plasticity",
        summary="T STDP steps of a dense layer in one call.",
        formula="equal to T times stdp_linear, each step on the weights and traces of the step before",
        source=STDP,
        inputs=(
            Input("weights", Holds.REAL, ("post", "pre"), "synaptic weights W"),
            Input("z_pre", Holds.SPIKES, ("B", "T", "pre"), "presynaptic spikes"),
            Input("z_post", Holds.SPIKES, ("B", "T", "post"), "postsynaptic spikes"),
            Input("t_pre", Holds.REAL, ("B", "pre"), "presynaptic traces before the first step"),
            Input("t_post", Holds.REAL, ("B", "post"), "postsynaptic traces before the first step"),
        ),
        parameters=STDP_PARAMETERS,
        outputs=(
            Output("weights", ("post", "pre"), Policy.BUDGET, "the weights after the last step"),
            Output("t_pre", ("B", "pre"), Policy.BITS, "the presynaptic traces after the last step"),
            Output("t_post", ("B", "post"), Policy.BITS, "the postsynaptic traces after the last step"),
        ),
        cost=_run_cost,
        bench=(
            Size({"post": 64, "pre": 32, "B": 4, "T": 25}),
            Size({"post": 1024, "pre": 1024, "B": 1, "T": 100}),
        ),
    ),
    Kernel(
        name="stdp_conv2d",
        family="plasticity",
        summary="One STDP step of a two-dimensional convolution.",
        formula=(
            "traces as in stdp_linear; row = y stride + u dilation - padding, column = x stride + v dilation - padding;"
            " outside of the image traces and spikes are 0\n"
            "plus_oiuv = sum_b,y,x z_post_boyx t_pre'_bi,row,column\n"
            "minus_oiuv = sum_b,y,x t_post'_boyx z_pre_bi,row,column\n"
            "weights' = bound(W + A_plus(W) plus - A_minus(W) minus), amplitudes as in stdp_linear\n"
            "Ho = floor((H + 2 padding - dilation (kh - 1) - 1) / stride) + 1, and not below 0; Wo alike"
        ),
        source=STDP,
        inputs=(
            Input("weights", Holds.REAL, ("out", "in", "kh", "kw"), "synaptic weights W"),
            Input("z_pre", Holds.SPIKES, ("B", "in", "H", "W"), "presynaptic spikes"),
            Input("z_post", Holds.SPIKES, ("B", "out", "Ho", "Wo"), "postsynaptic spikes"),
            Input("t_pre", Holds.REAL, ("B", "in", "H", "W"), "presynaptic traces"),
            Input("t_post", Holds.REAL, ("B", "out", "Ho", "Wo"), "postsynaptic traces"),
        ),
        parameters=(
            *STDP_PARAMETERS,
            Integer("stride", 1, Domain(1), "step between positions"),
            Integer("padding", 0, Domain(0), "zeros around the image"),
            Integer("dilation", 1, Domain(1), "distance between the window's elements"),
        ),
        outputs=(
            Output("weights", ("out", "in", "kh", "kw"), Policy.BUDGET, "the updated weights"),
            Output("t_pre", ("B", "in", "H", "W"), Policy.BITS, "the updated presynaptic traces"),
            Output("t_post", ("B", "out", "Ho", "Wo"), Policy.BITS, "the updated postsynaptic traces"),
        ),
        at_least={"kh": 1, "kw": 1},
        convolved=(Convolved("Ho", "H", "kh"), Convolved("Wo", "W", "kw")),
        cost=_conv_cost,
        bench=(
            Size({"B": 1, "in": 2, "out": 4, "kh": 3, "kw": 3, "H": 8, "W": 8, "Ho": 6, "Wo": 6}),
            Size({"B": 8, "in": 16, "out": 32, "kh": 3, "kw": 3, "H": 28, "W": 28, "Ho": 26, "Wo": 26}),
        ),
    ),
)
