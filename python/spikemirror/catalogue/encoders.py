"""From values to spike trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spikemirror.catalogue.kernel import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    Choice,
    Cost,
    Dims,
    Domain,
    DType,
    Flag,
    Holds,
    Input,
    Integer,
    Kernel,
    Linspace,
    Output,
    Parameter,
    Policy,
    Real,
    Size,
    Value,
)
from spikemirror.catalogue.philox import SEED, STREAM

RATE = "Rate code: Gerstner & Kistler 2002, Spiking Neuron Models, section 1.5; draws: Salmon et al. 2011 (Philox)"

X = Input("x", Holds.REAL, ("B", "N..."), "values, one sample per row")
NORMALIZATION = (
    Integer("num_steps", 25, Domain(1), "length T of the train"),
    Choice(
        "normalization",
        "minmax",
        ("none", "clamp", "sigmoid", "minmax"),
        "per sample: as given | clip(x, 0, 1) | 1/(1+exp(-x)) | (x-min)/max(max-min, 1e-8)",
    ),
    Real("gain", 1.0, FINITE, "multiplies the normalized value"),
    Real("bias", 0.0, FINITE, "is added to it"),
)
RANDOM: tuple[Parameter, ...] = (SEED, STREAM)
PROBABILITY = "p = clip(gain normalized(x) + bias, 0, 1)"
SPIKES = Output("spikes", ("B", "num_steps", "N..."), Policy.BITS, "the spike trains", DType.uint8)
SIZES = (Size({"B": 8, "N": 64}), Size({"B": 32, "N": 784}, {"num_steps": 100}))


def _cost(flops_per_spike: float) -> Callable[[Dims, int], Cost]:
    def cost(d: Dims, size: int) -> Cost:
        values = d["B"] * d["N"]
        spikes = values * d["num_steps"]
        return Cost(bytes=float(size * values + spikes), flops=flops_per_spike * spikes + 4.0 * values, elements=spikes)

    return cost


def _sigmoid(parameters: Mapping[str, Value]) -> bool:
    return parameters["normalization"] == "sigmoid"


def _timed(parameters: Mapping[str, Value]) -> bool:
    return _sigmoid(parameters) or parameters["mapping"] != "linear"


MAPPING = (
    Choice("mapping", "exponential", ("linear", "exponential", "log"), "from p to time"),
    Real("tau", None, POSITIVE, "time constant of exponential, in steps", optional=True),
    Real("t_min", 0.0, NON_NEGATIVE, "earliest time, in steps"),
    Real("t_max", None, NON_NEGATIVE, "latest time, in steps", at_least="t_min", optional=True),
)
TIME = (
    "linear: t = (1 - p) (T - 1); exponential: t = tau ln(1 / max(p, 1e-7)), tau None = (T - 1) / ln(1e7);"
    " log: t = (T - 1) (1 - log2(1 + p))"
)
CLIP = "rint(min(max(t, t_min), latest)), latest = T - 1 or min(t_max, T - 1)"
TIMES = Output("spike_times", ("B", "N..."), Policy.BITS, "step of the (first) spike, -1 for none", DType.int32)
LATENCY = "Latency code: Thorpe et al. 2001, Spike-based strategies for rapid processing, Neural Networks 14"

KERNELS = (
    Kernel(
        name="encode_rate_bernoulli",
        family="encoders",
        summary="Independent Bernoulli spikes with probability p at every step.",
        formula=(
            f"{PROBABILITY}\n"
            "spike at (b, t, n) iff w_k < ceil(p 2^32), w_k the Philox word at the flat index k of (b, t, n): U < p"
        ),
        source=RATE,
        inputs=(X,),
        parameters=(*NORMALIZATION, *RANDOM),
        outputs=(SPIKES,),
        cost=_cost(22),
        bench=SIZES,
        transcendental=_sigmoid,
    ),
    Kernel(
        name="encode_rate_poisson",
        family="encoders",
        summary="Bernoulli spikes of a rate: a Poisson process in steps of rate_dt.",
        formula=f"{PROBABILITY}; p' = clip(p rate_dt, 0, 1); then as encode_rate_bernoulli with p'",
        source=RATE,
        inputs=(X,),
        parameters=(*NORMALIZATION, *RANDOM, Real("rate_dt", 1.0, NON_NEGATIVE, "length of a step in units of 1/rate")),
        outputs=(SPIKES,),
        cost=_cost(22),
        bench=SIZES,
        transcendental=_sigmoid,
    ),
    Kernel(
        name="encode_rate_deterministic",
        family="encoders",
        summary="Evenly spaced spikes, floor(T p) of them.",
        formula=f"{PROBABILITY}\nspike at t iff floor(fl((t+1) p)) > floor(fl(t p))",
        source=RATE,
        inputs=(X,),
        parameters=NORMALIZATION,
        outputs=(SPIKES,),
        cost=_cost(4),
        bench=SIZES,
        transcendental=_sigmoid,
    ),
    Kernel(
        name="encode_latency",
        family="encoders",
        summary="The greater the value, the earlier the spike; a burst of consecutive spikes if asked for.",
        formula=(
            f"{PROBABILITY}\n{TIME}\nspike_times = {CLIP}\n"
            "spikes at spike_times, ..., spike_times + burst - 1; those past T - 1 are dropped"
        ),
        source=LATENCY,
        inputs=(X,),
        parameters=(*NORMALIZATION, *MAPPING, Integer("burst", 1, Domain(1), "consecutive spikes")),
        outputs=(SPIKES, TIMES),
        cost=_cost(1),
        bench=SIZES,
        transcendental=_timed,
    ),
    Kernel(
        name="encode_ttfs",
        family="encoders",
        summary="Time to first spike: exactly one spike, or none for a small value if that is allowed.",
        formula=(
            f"{PROBABILITY}\n{TIME}\njitter > 0: t + (jitter (2 U - 1)), U the uniform at the flat index of (b, n)\n"
            f"spike_times = {CLIP}; -1 and no spike where allow_no_spike and p < silence_below"
        ),
        source=LATENCY,
        inputs=(X,),
        parameters=(
            *NORMALIZATION,
            *RANDOM,
            *MAPPING,
            Flag("allow_no_spike", False, "silence small values"),
            Real("silence_below", 0.01, Domain(0, 1), "what counts as small"),
            Real("jitter", 0.0, NON_NEGATIVE, "greatest shift in steps, for training"),
        ),
        outputs=(SPIKES, TIMES),
        cost=_cost(1),
        bench=SIZES,
        transcendental=_timed,
    ),
    Kernel(
        name="encode_population",
        family="encoders",
        summary="Each value drives a population of neurons with Gaussian tuning curves.",
        formula=(
            f"{PROBABILITY}\n"
            "d = (p_i - c_j) / sigma, a_ij = exp(-(d d) / 2), at the flat index i population_size + j\n"
            "spikes as encode_rate_bernoulli or encode_rate_deterministic with a for p"
        ),
        source="Population code: Georgopoulos et al. 1986, Science 233; Bohte et al. 2002, Neurocomputing 48",
        inputs=(
            X,
            Input("centers", Holds.REAL, ("population_size",), "centers of the tuning curves", default=Linspace()),
        ),
        parameters=(
            *NORMALIZATION,
            *RANDOM,
            Integer("population_size", 8, Domain(1), "neurons per value"),
            Real("sigma", 0.2, POSITIVE, "width of the tuning curves"),
            Choice("mode", "bernoulli", ("bernoulli", "deterministic"), "how activations become spikes"),
        ),
        outputs=(
            Output("spikes", ("B", "num_steps", "N x population_size"), Policy.BITS, "the spike trains", DType.uint8),
            Output("activations", ("B", "N x population_size"), Policy.BUDGET, "the tuning curves' values"),
        ),
        cost=lambda d, size: Cost(
            bytes=float(d["B"] * d["N"] * d["population_size"] * (d["num_steps"] + size)),
            flops=22.0 * d["B"] * d["N"] * d["population_size"] * d["num_steps"],
            elements=d["B"] * d["N"] * d["population_size"] * d["num_steps"],
        ),
        bench=(
            Size({"B": 8, "N": 16, "population_size": 8}),
            Size({"B": 32, "N": 98, "population_size": 8}, {"num_steps": 100}),
        ),
        transcendental=lambda _: True,
    ),
    Kernel(
        name="encode_delta",
        family="encoders",
        summary="Spikes where a signal rises or falls: channels ON, then OFF.",
        formula=(
            "ON spike at t iff x_t - previous > theta_on, OFF iff previous - x_t > theta_off (None = theta_on);"
            " then previous = x_t"
        ),
        source="Send-on-delta of event cameras: Lichtsteiner et al. 2008, IEEE JSSC 43, doi:10.1109/JSSC.2007.914337",
        inputs=(
            Input("x", Holds.REAL, ("B", "T", "N"), "signals"),
            Input("previous", Holds.REAL, ("B", "N"), "value before the first step"),
        ),
        parameters=(
            Real("theta_on", 0.1, NON_NEGATIVE, "rise above which ON spikes"),
            Real("theta_off", None, NON_NEGATIVE, "fall above which OFF spikes", optional=True),
        ),
        outputs=(
            Output("spikes", ("B", "T", "2 x N"), Policy.BITS, "ON channels, then OFF channels", DType.uint8),
            Output("previous", ("B", "N"), Policy.BITS, "the last value"),
        ),
        cost=lambda d, size: Cost(
            bytes=float(d["B"] * d["T"] * d["N"] * (size + 2)),
            flops=4.0 * d["B"] * d["T"] * d["N"],
            elements=2 * d["B"] * d["T"] * d["N"],
        ),
        bench=(Size({"B": 8, "T": 25, "N": 64}), Size({"B": 32, "T": 100, "N": 784})),
    ),
)
