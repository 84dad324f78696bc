"""From spike trains to predictions."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    POSITIVE,
    Choice,
    Cost,
    Dims,
    Domain,
    DType,
    Fill,
    Flag,
    Holds,
    Input,
    Integer,
    Kernel,
    Linspace,
    Output,
    Policy,
    Real,
    Size,
)

READOUT = "Rate, latency and population readout: Gerstner & Kistler 2002, Spiking Neuron Models, sections 1.4 to 1.6"

SPIKES = Input("spikes", Holds.SPIKES, ("B", "T", "N"), "spike trains")
MASK = Input("mask", Holds.SPIKES, ("B", "T"), "1 where a step counts", default=Fill(1))
TEMPERATURE = Real("temperature", 1.0, POSITIVE, "divides the logits")
DTYPE = Choice("dtype", "float64", ("float32", "float64"), "dtype T of the real outputs: no input tells it")
SOFTMAX = "p = softmax(logits); confidence = greatest p - second greatest p, 1 if there is but one class"
SIZES = (Size({"B": 8, "T": 25, "N": 10}), Size({"B": 128, "T": 100, "N": 784}))


def _predictions(classes: str, confidence: str) -> tuple[Output, ...]:
    return (
        Output("logits", ("B", classes), Policy.BUDGET, "what the prediction is read from"),
        Output("prediction", ("B",), Policy.BITS, "index of the class; ties take the lowest", DType.int32),
        Output("confidence", ("B",), Policy.BUDGET, confidence),
    )


def _cost(element: Callable[[int], int]) -> Callable[[Dims, int], Cost]:
    def cost(d: Dims, size: int) -> Cost:
        spikes = d["B"] * d["T"] * d["N"]
        return Cost(bytes=float(element(size) * spikes), flops=float(spikes), elements=spikes)

    return cost


KERNELS = (
    Kernel(
        name="decode_rate",
        family="decoders",
        summary="The class that spikes most.",
        formula=(
            "n = sum over steps with mask of spikes, V = number of those steps, rates = n / max(V, 1)\n"
            "logits = n / temperature, or rates / temperature with normalize_by_time; prediction = argmax n\n"
            f"{SOFTMAX}"
        ),
        source=READOUT,
        inputs=(SPIKES, MASK),
        parameters=(TEMPERATURE, Flag("normalize_by_time", False, "rates instead of counts"), DTYPE),
        outputs=(
            *_predictions("N", "difference of the two greatest probabilities"),
            Output("counts", ("B", "N"), Policy.BITS, "n", DType.int32),
            Output("rates", ("B", "N"), Policy.BUDGET, "spikes per step"),
        ),
        at_least={"N": 1},
        cost=_cost(lambda _: 1),
        bench=SIZES,
    ),
    Kernel(
        name="decode_first_spike",
        family="decoders",
        summary="The class that spikes first.",
        formula=(
            "t = step of the first spike with mask, T if there is none; logits = -(t / T) / temperature\n"
            "prediction = argmin t; confidence = clip((t2 - t1) / T, 0, 1) of the two earliest, 1 for one class\n"
            "first_spike_times = t, -1 for silence"
        ),
        source=READOUT,
        inputs=(SPIKES, MASK),
        parameters=(TEMPERATURE, DTYPE),
        outputs=(
            *_predictions("N", "lead of the earliest over the second"),
            Output("first_spike_times", ("B", "N"), Policy.BITS, "step of the first spike or -1", DType.int32),
        ),
        at_least={"T": 1, "N": 1},
        cost=_cost(lambda _: 1),
        bench=SIZES,
    ),
    Kernel(
        name="decode_population",
        family="decoders",
        summary="Groups of neurons vote for classes, or code a value by their centers.",
        formula=(
            "G_g = spikes with mask of all neurons of group g, S_g = their number, r_g = G_g / max(S_g, 1)\n"
            "w = r / sum r, 1 / n_groups everywhere if all are silent; value = sum_g w_g centers_g\n"
            "classification: logits = G / temperature, prediction = argmax G, confidence as decode_rate\n"
            "regression: logits = w, prediction = argmax r, confidence = greatest w"
        ),
        source=READOUT,
        inputs=(
            SPIKES,
            MASK,
            Input("group_of", Holds.TARGETS, ("N",), "group of each neuron", below="n_groups"),
            Input("centers", Holds.REAL, ("n_groups",), "value of each group", default=Linspace()),
        ),
        parameters=(
            Integer("n_groups", None, Domain(1), "number of groups"),
            Choice("mode", "classification", ("classification", "regression"), "what the groups stand for"),
            TEMPERATURE,
        ),
        outputs=(
            *_predictions("n_groups", "difference of the two greatest probabilities, or greatest weight"),
            Output("value", ("B",), Policy.BUDGET, "mean of the centers, weighted by rate"),
        ),
        cost=_cost(lambda _: 1),
        bench=(
            Size({"B": 8, "T": 25, "N": 40, "n_groups": 10}),
            Size({"B": 128, "T": 100, "N": 784, "n_groups": 10}),
        ),
    ),
    Kernel(
        name="decode_membrane",
        family="decoders",
        summary="The class of the greatest membrane potential.",
        formula=(
            "v = membrane at the last step with mask (final), or its greatest value over those steps (max);"
            " 0 if there is none\n"
            f"logits = v / temperature, prediction = argmax logits; {SOFTMAX}"
        ),
        source=READOUT,
        inputs=(Input("membrane", Holds.REAL, ("B", "T", "N"), "membrane potentials"), MASK),
        parameters=(Choice("mode", "final", ("final", "max"), "which potential counts"), TEMPERATURE),
        outputs=_predictions("N", "difference of the two greatest probabilities"),
        at_least={"N": 1},
        cost=_cost(lambda size: size),
        bench=SIZES,
    ),
    Kernel(
        name="decode_ensemble",
        family="decoders",
        summary="The weighted mean of several decoders' logits.",
        formula=f"logits = sum_k weights_k logits_k, prediction = argmax logits; {SOFTMAX}",
        source=READOUT,
        inputs=(
            Input("logits", Holds.REAL, ("K", "B", "C"), "logits of each decoder"),
            Input("weights", Holds.REAL, ("K",), "weight of each decoder; they sum to 1", sums_to_one=True),
        ),
        parameters=(),
        outputs=_predictions("C", "difference of the two greatest probabilities"),
        at_least={"K": 1, "C": 1},
        cost=lambda d, size: Cost(
            bytes=float(size * d["B"] * d["C"] * (d["K"] + 1)),
            flops=2.0 * d["K"] * d["B"] * d["C"] + 20.0 * d["B"] * d["C"],
            elements=d["B"] * d["C"],
        ),
        bench=(Size({"K": 3, "B": 8, "C": 10}), Size({"K": 8, "B": 1024, "C": 100})),
    ),
)
