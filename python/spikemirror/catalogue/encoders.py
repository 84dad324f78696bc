"""From values to spike trains."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    FINITE,
    Choice,
    Cost,
    Dims,
    Domain,
    DType,
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
        transcendental=lambda parameters: parameters["normalization"] == "sigmoid",
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
        transcendental=lambda parameters: parameters["normalization"] == "sigmoid",
    ),
)
