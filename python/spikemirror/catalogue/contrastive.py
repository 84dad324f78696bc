"""InfoNCE and contrastive signal-dependent plasticity."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    NON_NEGATIVE,
    POSITIVE,
    Cost,
    Dims,
    Flag,
    Holds,
    Input,
    Kernel,
    Output,
    Policy,
    Real,
    Size,
)

INFONCE = "van den Oord et al. 2018, Representation learning with contrastive predictive coding, arXiv:1807.03748"
CSDP = "Ororbia 2024, Contrastive signal-dependent plasticity, Science Advances, doi:10.1126/sciadv.adn6076"

WEIGHTS = Input("weights", Holds.REAL, ("post", "pre"), "synaptic weights W")
UPDATED = Output("weights", ("post", "pre"), Policy.BITS, "the updated weights")
LR = Real("lr", 0.01, NON_NEGATIVE, "learning rate")
DECAY = Real("decay", 0.001, NON_NEGATIVE, "weight decay per positive phase")
CSDP_SIZES = (Size({"post": 64, "pre": 32}), Size({"post": 1024, "pre": 1024}))


def _spikes(name: str, axis: str, doc: str) -> Input:
    return Input(name, Holds.SPIKES, (axis,), doc)


def _update_cost(flops_per_weight: float, phases: int) -> Callable[[Dims, int], Cost]:
    def cost(d: Dims, size: int) -> Cost:
        weights = d["post"] * d["pre"]
        return Cost(
            bytes=2.0 * size * weights + phases * (d["post"] + d["pre"]),
            flops=flops_per_weight * weights,
            elements=weights,
        )

    return cost


def _infonce_cost(d: Dims, size: int) -> Cost:
    scores = d["B"] * d["B"]
    return Cost(bytes=size * (2.0 * d["B"] * d["F"] + d["B"]), flops=scores * (2.0 * d["F"] + 20), elements=scores)


KERNELS = (
    Kernel(
        name="infonce",
        family="contrastive",
        summary="Contrastive loss of two batches of views, with in-batch negatives.",
        formula=(
            "q_i = a_i / max(|a_i|, 1e-8), k_j = b_j / max(|b_j|, 1e-8), s_ij = q_i.k_j / temperature\n"
            "row_i = ln(sum_j exp(s_ij)) - s_ii, loss = mean_i row_i\n"
            "symmetric: mean of both directions; B < 2 gives 0: no in-batch negatives"
        ),
        source=INFONCE,
        inputs=(
            Input("view_a", Holds.REAL, ("B", "F"), "first views, one per row"),
            Input("view_b", Holds.REAL, ("B", "F"), "second views: row i is the positive of row i of view_a"),
        ),
        parameters=(
            Real("temperature", 0.5, POSITIVE, "divides the cosines"),
            Flag("symmetric", False, "also contrast view_b against view_a and take the mean"),
        ),
        outputs=(
            Output("loss", (), Policy.BUDGET, "mean over rows"),
            Output("per_row", ("B",), Policy.BUDGET, "loss of each row"),
        ),
        positive=frozenset({"F"}),
        cost=_infonce_cost,
        bench=(Size({"B": 32, "F": 128}), Size({"B": 512, "F": 512})),
    ),
    Kernel(
        name="csdp_positive",
        family="contrastive",
        summary="CSDP update of the positive phase: Hebbian growth and decay.",
        formula="weights' = W + (((lr post_i) pre_j) - (decay W)), in this order",
        source=CSDP,
        inputs=(
            WEIGHTS,
            _spikes("pre_spikes", "pre", "presynaptic spikes"),
            _spikes("post_spikes", "post", "postsynaptic spikes"),
        ),
        parameters=(LR, DECAY),
        outputs=(UPDATED,),
        cost=_update_cost(5, 1),
        bench=CSDP_SIZES,
    ),
    Kernel(
        name="csdp_negative",
        family="contrastive",
        summary="CSDP update of the negative phase: anti-Hebbian, without decay.",
        formula="weights' = W - ((lr post_i) pre_j), in this order",
        source=CSDP,
        inputs=(
            WEIGHTS,
            _spikes("pre_spikes", "pre", "presynaptic spikes"),
            _spikes("post_spikes", "post", "postsynaptic spikes"),
        ),
        parameters=(LR,),
        outputs=(UPDATED,),
        cost=_update_cost(3, 1),
        bench=CSDP_SIZES,
    ),
    Kernel(
        name="csdp_step",
        family="contrastive",
        summary="Both CSDP phases in one pass over the weights.",
        formula="weights' = negative(positive(W)), with the bits of the two single updates",
        source=CSDP,
        inputs=(
            WEIGHTS,
            _spikes("pos_pre", "pre", "presynaptic spikes of the positive phase"),
            _spikes("pos_post", "post", "postsynaptic spikes of the positive phase"),
            _spikes("neg_pre", "pre", "presynaptic spikes of the negative phase"),
            _spikes("neg_post", "post", "postsynaptic spikes of the negative phase"),
        ),
        parameters=(LR, DECAY),
        outputs=(UPDATED,),
        cost=_update_cost(8, 2),
        bench=CSDP_SIZES,
    ),
    Kernel(
        name="goodness",
        family="contrastive",
        summary="Goodness of a layer: the sum of its squared activations.",
        formula="goodness = sum z^2; an empty array gives 0",
        source=CSDP,
        inputs=(Input("activations", Holds.REAL, ("N*",), "activations z, of any shape"),),
        parameters=(),
        outputs=(Output("goodness", (), Policy.BUDGET, "sum of squares"),),
        cost=lambda d, size: Cost(bytes=float(size * d["N"]), flops=2.0 * d["N"], elements=d["N"]),
        bench=(Size({"N": 4096}), Size({"N": 1 << 20})),
    ),
)
