"""Latent predictive learning: losses, gradients and the spiking rule."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
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

LPL = "Halvagal & Zenke 2023, Nature Neuroscience 26, doi:10.1038/s41593-023-01460-y"

VIEWS = (
    Input("z1", Holds.REAL, ("B", "D"), "activity in response to the earlier view"),
    Input("z2", Holds.REAL, ("B", "D"), "activity in response to the later view"),
)
COEFFICIENTS = (
    Real("pull_coeff", 1.0, FINITE, "weight of the predictive term"),
    Real("push_coeff", 1.0, FINITE, "weight of the Hebbian (variance) term"),
    Real("decorr_coeff", 10.0, FINITE, "weight of the decorrelation term"),
    Real("eps", 1e-4, POSITIVE, "added to each variance"),
)
TERMS = (
    Output("pull", (), Policy.BUDGET, "predictive term"),
    Output("push", (), Policy.BUDGET, "Hebbian term"),
    Output("decorr", (), Policy.BUDGET, "decorrelation term"),
    Output("total", (), Policy.BUDGET, "pull_coeff pull + push_coeff push + decorr_coeff decorr"),
)
FORMULA = (
    "pull = mean_bd (z1 - z2)^2\n"
    "push = 1/2 sum over views of -(1/D) sum_d ln(var_d + eps), var_d over the batch with B - 1\n"
    "decorr = 1/2 sum over views of sum_{j != k} C_jk^2 / (D^2 - D), C the covariance with B - 1; D = 1 gives 0"
)
SIZES = (Size({"B": 32, "D": 64}), Size({"B": 256, "D": 512}))


def _cost(passes: float) -> Callable[[Dims, int], Cost]:
    def cost(d: Dims, size: int) -> Cost:
        values = d["B"] * d["D"]
        return Cost(bytes=passes * 2 * size * values, flops=passes * 4.0 * values * d["D"], elements=2 * values)

    return cost


STATE = (
    ("mean", "post", "leaky count of postsynaptic spikes"),
    ("variance", "post", "its leaky variance"),
    ("psp_syn", "pre", "synaptic trace of presynaptic spikes"),
    ("psp", "pre", "postsynaptic potential"),
    ("error_rise", "post", "rising trace of the error signal"),
    ("error", "post", "error signal"),
)
SYNAPSES = (
    ("eligibility", "eligibility trace"),
    ("eligibility_filtered", "filtered eligibility trace"),
    ("gradient", "gradient gathered since the last update of the weights"),
)


def _spiking_cost(d: Dims, size: int) -> Cost:
    synapses = d["post"] * d["pre"]
    return Cost(bytes=8.0 * size * synapses, flops=9.0 * synapses, elements=synapses)


KERNELS = (
    Kernel(
        name="lpl",
        family="lpl",
        summary="The LPL loss of a layer's responses to two consecutive views, and its three terms.",
        formula=FORMULA,
        source=LPL,
        inputs=VIEWS,
        parameters=COEFFICIENTS,
        outputs=TERMS,
        at_least={"B": 2, "D": 1},
        cost=_cost(1),
        bench=SIZES,
    ),
    Kernel(
        name="lpl_grad",
        family="lpl",
        summary="The LPL loss and the gradient of its total with respect to both views.",
        formula=(
            f"{FORMULA}\n"
            "the mean held fixed: d push / d z_bd = -(z_bd - mean_d) / (D (B - 1) (var_d + eps))\n"
            "d pull / d z1 = 2 (z1 - z2) / (B D), and 0 under stop_gradient; d pull / d z2 = -2 (z1 - z2) / (B D)\n"
            "d decorr / d z_bj = 2 / ((B - 1) (D^2 - D)) sum_{k != j} C_jk (z_bk - mean_k)"
        ),
        source=LPL,
        inputs=VIEWS,
        parameters=(*COEFFICIENTS, Flag("stop_gradient", False, "hold z1 fixed in pull")),
        outputs=(
            *TERMS,
            Output("grad_z1", ("B", "D"), Policy.BUDGET, "gradient of total with respect to z1"),
            Output("grad_z2", ("B", "D"), Policy.BUDGET, "gradient of total with respect to z2"),
        ),
        at_least={"B": 2, "D": 1},
        cost=_cost(2),
        bench=SIZES,
    ),
    Kernel(
        name="lpl_negative",
        family="lpl",
        summary="LPL with negative samples: pull together what belongs together, push the rest towards orthogonality.",
        formula=(
            "cos_ij = q_i.k_j with q_i = z1_i / max(|z1_i|, 1e-8), k_j alike\n"
            "pull = -mean_i cos_ii, push = mean_{i != j} cos_ij^2"
        ),
        source=LPL,
        inputs=VIEWS,
        parameters=(),
        outputs=(
            Output("pull", (), Policy.BUDGET, "minus the mean cosine of pairs"),
            Output("push", (), Policy.BUDGET, "mean squared cosine of non-pairs"),
        ),
        at_least={"B": 2, "D": 1},
        cost=lambda d, size: Cost(
            bytes=2.0 * size * d["B"] * d["D"], flops=2.0 * d["B"] * d["B"] * d["D"], elements=d["B"] * d["B"]
        ),
        bench=SIZES,
    ),
    Kernel(
        name="lpl_spiking_step",
        family="lpl",
        summary="One step of the spiking LPL rule for one layer.",
        formula=(
            "x = mean dt / tau_mean, the expected spikes of a step\n"
            "psp_syn' = psp_syn exp(-dt/tau_syn) + z_pre; psp' = psp + (dt/tau_mem) (psp_syn' - psp)\n"
            "e = lambda_ (z_post - x) / (variance + xi) + delta - phi z_post + phi z_post_delayed\n"
            "error_rise' = error_rise exp(-dt/tau_rise) + e; error' = error + (dt/tau_fall) (error_rise' - error)\n"
            "f = beta / (1 + |beta (membrane - threshold)|)^2, 0 where membrane < cutoff\n"
            "c = eligibility + f_i psp'_j\n"
            "eligibility_filtered' = eligibility_filtered + (dt/tau_fall) (c - eligibility_filtered)\n"
            "eligibility' = c exp(-dt/tau_rise); gradient' = gradient + eligibility_filtered' error'_i\n"
            "variance' = (variance + (z_post - x)^2 / tau_var) exp(-dt/tau_var)\n"
            "mean' = (mean + z_post) exp(-dt/tau_mean)\n"
            "if (step + 1) mod every = 0: weights' = clip(weights + eta gradient' / every, 0, w_max), gradient' = 0"
        ),
        source=f"{LPL}; normalizers and units of delta and xi as in the authors' simulation code, not the equations",
        inputs=(
            Input("weights", Holds.REAL, ("post", "pre"), "synaptic weights"),
            Input("z_pre", Holds.SPIKES, ("pre",), "presynaptic spikes"),
            Input("z_post", Holds.SPIKES, ("post",), "postsynaptic spikes"),
            Input("z_post_delayed", Holds.SPIKES, ("post",), "postsynaptic spikes some time ago"),
            Input("membrane", Holds.REAL, ("post",), "membrane potential, volt"),
            *(Input(name, Holds.REAL, (axis,), doc) for name, axis, doc in STATE),
            *(Input(name, Holds.REAL, ("post", "pre"), doc) for name, doc in SYNAPSES),
        ),
        parameters=(
            Integer("step", 0, Domain(0), "index of this step"),
            Real("dt", 1e-4, POSITIVE, "time step, s"),
            Real("tau_syn", 5e-3, POSITIVE, "synaptic time constant, s"),
            Real("tau_mem", 20e-3, POSITIVE, "membrane time constant, s"),
            Real("tau_rise", 2e-3, POSITIVE, "rise of error and eligibility, s"),
            Real("tau_fall", 10e-3, POSITIVE, "their fall, s"),
            Real("tau_mean", 600.0, POSITIVE, "time constant of the mean, s"),
            Real("tau_var", 30.0, POSITIVE, "time constant of the variance, s"),
            Real("lambda_", 1.0, FINITE, "strength of the Hebbian term"),
            Real("phi", 1.0, FINITE, "strength of the predictive term"),
            Real("delta", 1e-5, FINITE, "constant drive"),
            Real("xi", 1e-3, POSITIVE, "added to the variance"),
            Real("beta", 1000.0, NON_NEGATIVE, "steepness of the surrogate derivative, 1/volt"),
            Real("threshold", -50e-3, FINITE, "firing threshold, volt"),
            Real("cutoff", -80e-3, FINITE, "below it the surrogate derivative is 0, volt"),
            Real("eta", 1e-2, NON_NEGATIVE, "learning rate"),
            Integer("every", 5000, Domain(1), "steps between updates of the weights"),
            Real("w_max", 1.0, POSITIVE, "upper bound of the weights"),
        ),
        outputs=(
            Output("weights", ("post", "pre"), Policy.BUDGET, "the weights"),
            *(Output(name, (axis,), Policy.BUDGET, doc) for name, axis, doc in STATE),
            *(Output(name, ("post", "pre"), Policy.BUDGET, doc) for name, doc in SYNAPSES),
        ),
        cost=_spiking_cost,
        bench=(Size({"post": 32, "pre": 64}), Size({"post": 512, "pre": 512})),
    ),
)
