"""InfoNCE and contrastive signal-dependent plasticity."""

from __future__ import annotations

from collections.abc import Callable

from spikemirror.catalogue.kernel import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    Cost,
    Dims,
    DType,
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


INFONCE_PARAMETERS = (
    Real("temperature", 0.5, POSITIVE, "divides the cosines"),
    Flag("symmetric", False, "also contrast view_b against view_a and take the mean"),
)


def _infonce_grad_cost(d: Dims, size: int) -> Cost:
    scores = d["B"] * d["B"]
    return Cost(bytes=4.0 * size * d["B"] * d["F"], flops=scores * (6.0 * d["F"] + 25), elements=scores)


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
        parameters=INFONCE_PARAMETERS,
        outputs=(
            Output("loss", (), Policy.BUDGET, "mean over rows"),
            Output("per_row", ("B",), Policy.BUDGET, "loss of each row"),
        ),
        at_least={"F": 1},
        cost=_infonce_cost,
        bench=(
            Size({"B": 32, "F": 128}),
            Size({"B": 512, "F": 512}),
            Size({"B": 16384, "F": 256}, dtypes=(DType.float32,), memory=True),
        ),
    ),
    Kernel(
        name="infonce_grad",
        family="contrastive",
        summary="InfoNCE and its gradient with respect to the views before normalization.",
        formula=(
            "loss as infonce; P_ij = exp(s_ij) / sum_k exp(s_ik), D = (P - I) / (B temperature)\n"
            "dq_i = sum_j D_ij k_j, dk_j = sum_i D_ij q_i; symmetric: mean of both directions\n"
            "grad_a_i = (dq_i - (dq_i.q_i) q_i) / |a_i|, grad_b alike; where |a_i| < 1e-8 the norm is a constant:"
            " dq_i / 1e-8\n"
            "B < 2 gives 0"
        ),
        source=INFONCE,
        inputs=(
            Input("view_a", Holds.REAL, ("B", "F"), "first views, one per row"),
            Input("view_b", Holds.REAL, ("B", "F"), "second views: row i is the positive of row i of view_a"),
        ),
        parameters=INFONCE_PARAMETERS,
        outputs=(
            Output("loss", (), Policy.BUDGET, "mean over rows"),
            Output("grad_a", ("B", "F"), Policy.BUDGET, "gradient with respect to view_a"),
            Output("grad_b", ("B", "F"), Policy.BUDGET, "gradient with respect to view_b"),
        ),
        at_least={"F": 1},
        cost=_infonce_grad_cost,
        bench=(Size({"B": 32, "F": 128}), Size({"B": 512, "F": 256})),
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
    Kernel(
        name="csdp_layer_goodness",
        family="contrastive",
        summary="Goodness of each sample of a layer, its probability of being positive, loss and modulator.",
        formula=(
            "g_b = sum_n z_bn^2, p_b = sigmoid(g_b - theta), modulator_b = p_b - label_b\n"
            "loss = mean_b softplus((1 - 2 label_b) (g_b - theta)), softplus(x) = max(x, 0) + log1p(exp(-|x|))\n"
            "theta is used as given; nothing is clipped; B = 0 gives loss 0"
        ),
        source=CSDP,
        inputs=(
            Input("activations", Holds.REAL, ("B", "N"), "activations z"),
            Input("labels", Holds.TARGETS, ("B",), "1 for positive samples, 0 for negative ones", below=2),
        ),
        parameters=(Real("theta", None, FINITE, "threshold of the goodness"),),
        outputs=(
            Output("goodness", ("B",), Policy.BUDGET, "sum of squares"),
            Output("probability", ("B",), Policy.BUDGET, "of being positive"),
            Output("loss", (), Policy.BUDGET, "mean binary cross-entropy"),
            Output("modulator", ("B",), Policy.BUDGET, "probability - label"),
        ),
        cost=lambda d, size: Cost(
            bytes=float(size * d["B"] * (d["N"] + 3)), flops=2.0 * d["B"] * (d["N"] + 20), elements=d["B"] * d["N"]
        ),
        bench=(Size({"B": 32, "N": 128}, {"theta": 10.0}), Size({"B": 256, "N": 4096}, {"theta": 400.0})),
    ),
)
