"""Losses over spike trains and membranes, each with the gradient with respect to its first input."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    NON_NEGATIVE,
    POSITIVE,
    Choice,
    Cost,
    Dims,
    Domain,
    Fill,
    Flag,
    Holds,
    Input,
    Integer,
    Kernel,
    Output,
    Parameter,
    Policy,
    Real,
    Size,
)

SPIKES = Input("spikes", Holds.REAL, ("B", "T", "N"), "spikes or rates s; n = sum_t s, r = n / max(T, 1)")
MEMBRANE = Input("membrane", Holds.REAL, ("B", "T", "N"), "membrane potentials v")
LOSS = Output("loss", (), Policy.BUDGET, "the loss; 0 for an empty batch")
GRAD = Output("grad", ("B", "T", "N"), Policy.BUDGET, "gradient of the loss with respect to the first input")
SIZES = (Size({"B": 8, "T": 25, "N": 10}), Size({"B": 64, "T": 100, "N": 256}))


def _cost(flops: float, passes: int) -> Callable[[Dims, int], Cost]:
    def cost(d: Dims, size: int) -> Cost:
        values = d["B"] * d["T"] * d["N"]
        return Cost(bytes=float(passes * size * values), flops=flops * values, elements=values)

    return cost


def _pair(
    name: str,
    summary: str,
    formula: str,
    gradient: str,
    source: str,
    inputs: tuple[Input, ...],
    parameters: tuple[Parameter, ...],
    diagnostics: tuple[Output, ...] = (),
    at_least: dict[str, int] | None = None,
    flops: float = 2,
) -> tuple[Kernel, Kernel]:
    """A loss and its gradient, over the same arguments."""
    loss = Kernel(
        name=name,
        family="losses",
        summary=summary,
        formula=formula,
        source=source,
        inputs=inputs,
        parameters=parameters,
        outputs=(LOSS, *diagnostics),
        at_least=at_least or {},
        cost=_cost(flops, 1),
        bench=SIZES,
    )
    grad = Kernel(
        name=f"{name}_grad",
        family="losses",
        summary=f"The gradient of {name} with respect to its first input.",
        formula=gradient,
        source=source,
        inputs=inputs,
        parameters=parameters,
        outputs=(GRAD,),
        at_least=at_least or {},
        cost=_cost(2 * flops, 2),
        bench=SIZES,
    )
    return loss, grad


KERNELS = (
    *_pair(
        "loss_probspikes",
        "Cross-entropy of class probabilities read from spike counts.",
        (
            "m = n, or n / max(T, 1) with normalize_by_time\n"
            "softmax: loss = mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature)\n"
            "normalize (for s >= 0): q = (m + eps) / (sum_c m + eps N), loss = -mean_b ln q_b,target\n"
            "accuracy = share of samples whose argmax n (ties take the lowest) is the target; 0 for an empty batch"
        ),
        (
            "u = 1 / B, or 1 / (B max(T, 1)) with normalize_by_time; the same at every step t\n"
            "softmax: grad_btc = u (softmax(m_b / temperature)_c - [c = target_b]) / temperature\n"
            "normalize: grad_btc = u (1 / (sum_c m_bc + eps N) - [c = target_b] / (m_bc + eps))"
        ),
        "Spike count cross-entropy: Eshraghian et al. 2023, Proceedings of the IEEE, doi:10.1109/JPROC.2023.3308088",
        (SPIKES, Input("targets", Holds.TARGETS, ("B",), "class of each sample", below="N")),
        (
            Real("temperature", 1.0, POSITIVE, "divides the counts"),
            Flag("normalize_by_time", False, "rates instead of counts"),
            Choice("mode", "softmax", ("softmax", "normalize"), "how counts become probabilities"),
            Real("eps", 1e-7, POSITIVE, "added to every count in mode normalize"),
        ),
        (Output("accuracy", (), Policy.BUDGET, "share of right predictions"),),
        {"N": 1},
    ),
    *_pair(
        "loss_rate",
        "Distance of firing rates from a target, and from a range.",
        (
            "loss = mean_bn (r - target_rate)^2 + mean_bn (relu(rate_min - r)^2 + relu(r - rate_max)^2)\n"
            "dead_fraction = share of (b, n) with r < rate_min, saturated_fraction = share with r > rate_max"
        ),
        "grad_btn = 2 ((r - target_rate) - relu(rate_min - r) + relu(r - rate_max)) / (B N max(T, 1))",
        "Rate regularization: Zenke & Vogels 2021, Neural Computation 33, doi:10.1162/neco_a_01367",
        (SPIKES, Input("target_rate", Holds.REAL, ("N",), "rate that each neuron should have", default=Fill(0.1))),
        (
            Real("rate_min", 0.01, NON_NEGATIVE, "lower end of the range"),
            Real("rate_max", 0.3, NON_NEGATIVE, "upper end of the range", at_least="rate_min"),
        ),
        (
            Output("dead_fraction", (), Policy.BUDGET, "share below the range"),
            Output("saturated_fraction", (), Policy.BUDGET, "share above the range"),
        ),
    ),
    *_pair(
        "loss_temporal",
        "Roughness of spike trains in time.",
        (
            "l1: mean_b,t,n |s_t - s_t-1|; l2: mean_b,t,n (s_t - s_t-1)^2; both 0 for T < 2\n"
            "variance: of the rates of the K = floor(T / window) full windows, with K - 1, mean over (b, n);"
            " 0 for K < 2"
        ),
        (
            "l1: grad_t = (sign(s_t - s_t-1) - sign(s_t+1 - s_t)) / (B (T - 1) N), sign(0) = 0;"
            " l2: 2 ((s_t - s_t-1) - (s_t+1 - s_t)) / (B (T - 1) N); terms beyond the ends are 0\n"
            "variance: grad_t = 2 (rate of t's window - mean rate) / ((K - 1) window B N), 0 after the last full window"
        ),
        "Temporal smoothness penalty: mean absolute or squared difference of consecutive steps",
        (SPIKES,),
        (
            Choice("penalty", "l1", ("l1", "l2", "variance"), "what counts as rough"),
            Integer("window", 5, Domain(1), "steps in a window of the variance"),
        ),
    ),
    *_pair(
        "loss_isi",
        "Penalty on spikes that follow one another closely.",
        (
            "loss = (1 / (B T N)) sum_t s_t sum_{l=1..window} exp(-l / tau) s_t-l, terms before the first step are 0\n"
            "tau None = max(1, window / 2); lag 0 is not penalized"
        ),
        "grad_t = (1 / (B T N)) sum_{l=1..window} exp(-l / tau) (s_t-l + s_t+l), terms beyond the ends are 0",
        "Inter-spike interval penalty, exponential kernel: Gerstner & Kistler 2002, section 1.5 (refractoriness)",
        (SPIKES,),
        (
            Integer("window", 3, Domain(1), "greatest lag that is penalized"),
            Real("tau", None, POSITIVE, "time constant in steps", optional=True),
        ),
        flops=6,
    ),
    *_pair(
        "loss_membrane",
        "Penalty on membrane potentials beyond a bound.",
        ("loss = mean_btn relu(|v| - max_membrane)^2\nexceeding_fraction = share of (b, t, n) with |v| > max_membrane"),
        "grad = 2 relu(|v| - max_membrane) sign(v) / (B T N)",
        "Membrane regularization: Zenke & Vogels 2021, Neural Computation 33, doi:10.1162/neco_a_01367",
        (MEMBRANE,),
        (Real("max_membrane", 1.5, NON_NEGATIVE, "bound on |v|"),),
        (Output("exceeding_fraction", (), Policy.BUDGET, "share beyond the bound"),),
    ),
)
