"""Cases of the contrastive family."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, ones, real, silence, spikes, train, uniform
from spikemirror.catalogue.kernel import Array

NOISE = uniform(11, 9, 16)
ORTHOGONAL = np.eye(5)
ROWS = uniform(12, 3, 4)


def _infonce(
    name: str,
    why: str,
    catches: tuple[str, ...],
    a: Any,
    b: Any,
    dtypes: tuple[str, ...] | None = None,
    **p: Any,
) -> Case:
    views = {"view_a": np.asarray(a, np.float64), "view_b": np.asarray(b, np.float64)}
    return Case(id=name, why=why, catches=catches, inputs=views, parameters=p, dtypes=dtypes)


INFONCE = (
    _infonce("plain", "two small batches at the default temperature", ("temperature-ignored", "view-not-normalized", "sum-for-mean", "log2-for-log", "positive-in-negatives"), uniform(1, 4, 3), uniform(2, 4, 3)),
    _infonce("symmetric", "both directions, of different value", ("symmetric-ignored", "symmetric-sum", "pivot-of-another-row"), uniform(1, 4, 3), uniform(2, 4, 3), symmetric=True),
    _infonce("no-rows", "an empty batch: loss 0, no rows", ("empty-nan",), np.zeros((0, 3)), np.zeros((0, 3))),
    _infonce("one-row", "a batch of one has no negatives: 0", ("batch-of-one",), uniform(3, 1, 5), uniform(4, 1, 5)),
    _infonce("two-rows-one-feature", "the smallest batch with negatives, one feature: cosines are 1 or -1", ("dropped-last", "view-not-normalized"), uniform(5, 2, 1), uniform(6, 2, 1)),
    _infonce("odd", "odd batch and features", ("dropped-last",), uniform(7, 7, 5), uniform(8, 7, 5), temperature=0.3),
    _infonce("past-simd", "one row and one feature past a SIMD width of 16", ("dropped-last",), uniform(9, 17, 17), uniform(10, 17, 17), temperature=0.2),
    _infonce("past-tile", "one row past a tile of 32, one feature past 64", ("dropped-last",), uniform(13, 33, 65), uniform(14, 33, 65)),
    _infonce("past-tile-symmetric", "both directions past a tile", ("dropped-last", "symmetric-ignored"), uniform(15, 65, 9), uniform(16, 65, 9), temperature=0.1, symmetric=True),
    _infonce("past-256", "one row past a tile of 256", ("tile-origin",), uniform(830, 257, 2), uniform(831, 257, 2), DOUBLE),
    _infonce("aligned-tau-0.02", "equal views at temperature 0.02: the loss is far below 1", ("lse-cancellation",), NOISE, NOISE, temperature=0.02),
    _infonce("aligned-tau-0.001", "equal views at temperature 0.001: exp without a pivot overflows", ("lse-overflow", "lse-cancellation"), NOISE, NOISE, temperature=0.001),
    _infonce("antipodal-tau-0.005", "opposite views at temperature 0.005: the loss is hundreds", ("probability-floor", "pivot-is-positive"), NOISE, -NOISE, temperature=0.005),
    _infonce("antipodal-symmetric", "opposite views, both directions, at temperature 0.01", ("probability-floor", "pivot-is-positive"), NOISE, -NOISE, temperature=0.01, symmetric=True),
    _infonce("opposed", "every score is below 0, and so is the greatest", ("padding-counted", "temperature-ignored"), abs(uniform(832, 5, 3)), -abs(uniform(833, 5, 3)), temperature=0.2),
    _infonce("orthogonal", "orthogonal rows: every negative alike", ("log2-for-log", "positive-in-negatives"), ORTHOGONAL, ORTHOGONAL, temperature=0.05),
    _infonce("ties", "equal rows: every score ties with the positive", ("positive-in-negatives",), np.repeat(uniform(17, 1, 4), 5, axis=0), np.repeat(uniform(18, 1, 4), 5, axis=0)),
    _infonce("tied-maximum", "two negatives tie above the positive", ("positive-in-negatives",), real([[1, 0], [0, 1], [0, 1]]), real([[-1, 0], [1, 0], [1, 0]])),
    _infonce("silent-view", "one view all zero: its rows stay zero under the floor", ("norm-floor", "scale-of-zero"), np.zeros((4, 3)), uniform(19, 4, 3)),
    _infonce("silent-row", "one row zero among others", ("norm-floor", "scale-of-zero"), ROWS * real([[1], [0], [1]]), uniform(20, 3, 4)),
    _infonce("below-floor", "norms below 1e-8 are divided by the floor", ("norm-floor", "another-floor"), real(ROWS * 1e-9), uniform(20, 3, 4)),
    _infonce("near-floor", "norms on both sides of 1e-8", ("norm-floor",), real(ROWS * np.array([[5e-9], [2e-8], [1e-8]])), uniform(20, 3, 4)),
    _infonce("scaled-rows", "rows of very different length: only directions count", ("view-not-normalized", "wrong-axis"), real(ROWS * np.array([[1e-6], [1.0], [1e6]])), uniform(21, 3, 4)),
    _infonce("at-1e30", "squares overflow in float32", ("norm-overflow",), real(NOISE * 1e30), real(-NOISE * 1e30 + uniform(22, 9, 16) * 1e29), temperature=0.1),
    _infonce("at-1e200", "squares overflow in float64", ("norm-overflow",), ROWS * 1e200, uniform(23, 3, 4) * 1e200, DOUBLE, temperature=0.1),
    _infonce("greatest", "the greatest numbers there are, float64", ("norm-overflow",), np.array([[1.7e308, -1.7e308], [1.0, 1.7e308]]), np.array([[1.0, -1.0], [1.7e308, 1.7e308]]), DOUBLE),
    _infonce("greatest-float32", "the greatest numbers there are, float32", ("norm-overflow",), real([[3.4e38, -3.4e38], [1.0, 3.4e38]]), real([[1.0, -1.0], [3.4e38, 3.4e38]]), SINGLE),
    _infonce("subnormal", "subnormal views are under the floor, not lost", ("norm-floor",), np.array([[5e-324, 1e-310], [3e-320, 2e-309]]), uniform(24, 2, 2), DOUBLE),
    _infonce("subnormal-float32", "subnormal float32 views", ("norm-floor",), real([[1e-45, 1e-40], [3e-42, 2e-39]]), uniform(24, 2, 2), SINGLE),
    _infonce("hot", "temperature 100: nearly uniform", ("temperature-multiplied",), uniform(25, 6, 4), uniform(26, 6, 4), temperature=100.0),
)  # fmt: skip

W = uniform(31, 5, 7)
PRE, POST = train([1, 0, 1, 1, 0, 0, 1]), train([0, 1, 1, 0, 1])
NEG_PRE, NEG_POST = train([0, 0, 1, 0, 1, 1, 1]), train([1, 1, 0, 0, 1])


IN_POSITIVE = {"decay-sign", "decay-only-on-spikes", "rounding-order", "fma-contraction"}
IN_NEGATIVE = {"decay-in-negative", "negative-phase-sign"}
IN_STEP = {"step-order-swapped", "phases-mixed"}
"""Faults that only updates of a positive phase, of a negative phase, or of both can have."""


def _csdp(name: str, why: str, catches: tuple[str, ...], w: Any, seed: int = 0, dtypes: tuple[str, ...] | None = None, **given: Any) -> tuple[Case, ...]:  # fmt: skip
    """The same weights, spikes and rates through the three updates; the step hides the faults `hidden`."""
    weights = np.asarray(w, np.float64)
    post, pre = weights.shape
    drawn = [spikes(4 * seed + 101 + k, n) for k, n in enumerate((pre, post, pre, post))]
    fixed = [PRE, POST, NEG_PRE, NEG_POST] if seed == 0 else drawn
    pos_pre, pos_post, neg_pre, neg_post = given.pop("spikes", fixed)
    rates = {"lr": given.get("lr", 0.01), "decay": given.get("decay", 0.001)}
    single = {"weights": weights, "pre_spikes": pos_pre, "post_spikes": pos_post}
    both = {"weights": weights, "pos_pre": pos_pre, "pos_post": pos_post, "neg_pre": neg_pre, "neg_post": neg_post}
    made: tuple[tuple[dict[str, Any], dict[str, Any], set[str]], ...] = (
        (single, rates, IN_NEGATIVE | IN_STEP),
        (single, {"lr": rates["lr"]}, IN_POSITIVE | IN_STEP),
        (both, rates, set(given.pop("hidden", ()))),
    )
    return tuple(
        Case(
            id=name,
            why=why,
            catches=tuple(c for c in catches if c not in other),
            inputs=inputs,
            parameters=parameters,
            dtypes=dtypes,
        )
        for inputs, parameters, other in made
    )


PHASES = ("decay-sign", "decay-only-on-spikes", "decay-in-negative", "negative-phase-sign", "phases-mixed")
UPDATES = (
    _csdp("plain", "a small layer at the default rates", (*PHASES, "step-order-swapped", "wrong-axis", "rounding-order"), W),
    _csdp("no-pre", "no presynaptic neuron: an empty matrix", ("empty-nan",), np.zeros((3, 0)), 1),
    _csdp("no-post", "no postsynaptic neuron: an empty matrix", ("empty-nan",), np.zeros((0, 3)), 2),
    _csdp("single", "one weight, both neurons fire", ("dropped-last", "decay-sign", "negative-phase-sign"), real([[0.5]]), spikes=(ones(1), ones(1), ones(1), ones(1))),
    _csdp("two", "one row of two", ("wrong-axis", "dropped-last"), real([[0.5, -0.25]]), spikes=(train([0, 1]), ones(1), train([1, 0]), ones(1))),
    _csdp("past-simd", "one column past a SIMD width of 16", ("dropped-last",), uniform(33, 3, 17), 3),
    _csdp("past-tile", "one row and column past 32", ("dropped-last", "wrong-axis"), uniform(34, 33, 33), 4),
    _csdp("wide", "more pre than post", ("wrong-axis", "phases-mixed"), uniform(35, 4, 37), 5),
    _csdp("silence", "no spike at all: only decay acts", ("decay-sign", "decay-only-on-spikes", "decay-in-negative"), W, spikes=(silence(7), silence(5), silence(7), silence(5))),
    _csdp("all-spike", "every neuron fires in both phases", ("negative-phase-sign", "step-order-swapped", "rounding-order"), W, spikes=(ones(7), ones(5), ones(7), ones(5))),
    _csdp("frozen", "rates 0 leave the weights as they are", ("parameter-ignored",), W, lr=0.0, decay=0.0),
    _csdp("no-decay", "decay 0", ("parameter-ignored",), W, lr=0.3, decay=0.0),
    _csdp("only-decay", "lr 0, decay 0.7", ("parameter-ignored", "decay-sign"), W, lr=0.0, decay=0.7),
    _csdp("large-rates", "rates above 1 that no dtype holds exactly", ("parameter-ignored", "rounding-order", "step-order-swapped"), W, lr=1.7, decay=1.3),
    _csdp("odd-rates", "rates with long fractions: each rounding counts", ("fma-contraction", "parameter-ignored", "rounding-order"), uniform(36, 11, 13), 6, lr=0.7123456789, decay=0.2987654321),
    _csdp("at-1e200", "weights at 1e200", ("float32-accumulator",), W * 1e200, dtypes=DOUBLE),
    _csdp("at-1e30", "weights at 1e30", ("rounding-order", "decay-in-negative"), real(W * 1e30)),
    _csdp("subnormal", "subnormal weights and products", ("subnormals-flushed",), np.array([[5e-324, -1e-310], [2e-308, 0.0]]), spikes=(train([1, 0]), train([1, 1]), train([0, 1]), train([1, 0])), dtypes=DOUBLE, lr=1e-310, decay=0.25),
    _csdp("subnormal-float32", "subnormal float32 weights and products", ("subnormals-flushed",), real([[1e-45, -1e-40], [1.2e-38, 0.0]]), spikes=(train([1, 0]), train([1, 1]), train([0, 1]), train([1, 0])), dtypes=SINGLE, lr=1e-40, decay=0.25),
    _csdp("signed-zero", "zeros of both signs keep or lose their sign as IEEE has it", ("decay-only-on-spikes", "decay-in-negative"), np.array([[0.0, -0.0], [-0.0, 0.0]]), spikes=(train([1, 0]), train([0, 1]), train([0, 1]), train([1, 0])), lr=0.0, decay=0.5, hidden=("decay-in-negative",)),
    _csdp("double-digits", "weights with all 53 bits", ("float32-accumulator",), W / 3.0, dtypes=DOUBLE),
)  # fmt: skip


def _goodness(name: str, why: str, catches: tuple[str, ...], z: Any, dtypes: tuple[str, ...] | None = None) -> Case:
    return Case(id=name, why=why, catches=catches, inputs={"activations": np.asarray(z, np.float64)}, dtypes=dtypes)


GOODNESS = (
    _goodness("plain", "a small layer", ("square-missing", "mean-for-sum", "root-taken"), uniform(41, 5)),
    _goodness("empty", "an empty array gives 0", ("mean-for-sum", "output-not-cleared"), np.zeros(0)),
    _goodness("empty-matrix", "a matrix without columns gives 0", ("mean-for-sum",), np.zeros((3, 0))),
    _goodness("scalar", "no axis at all", ("dropped-last",), np.array(-1.5)),
    _goodness("one", "one element", ("dropped-last", "square-missing"), real([3.25])),
    _goodness("two", "two elements", ("dropped-last",), real([3.0, -4.0])),
    _goodness("matrix", "two axes", ("dropped-last", "mean-for-sum"), uniform(42, 3, 5)),
    _goodness("deep", "seven axes", ("dropped-last",), uniform(43, 1, 2, 1, 3, 1, 2, 2)),
    _goodness("past-simd", "one past a SIMD width of 16", ("dropped-last",), uniform(44, 17)),
    _goodness("past-tile", "one past 1024", ("dropped-last",), uniform(45, 1025)),
    _goodness("negative", "only negative values", ("square-missing",), -abs(uniform(46, 9))),
    _goodness("silence", "all zeros", ("output-not-cleared",), np.zeros(8)),
    _goodness("wide-range", "small values beside large ones", ("float32-accumulator", "square-missing"), real(uniform(47, 40) * np.logspace(-6, 6, 40))),
    _goodness("double-digits", "values with all 53 bits", ("float32-accumulator",), uniform(48, 33) / 3.0, DOUBLE),
    _goodness("at-1e150", "squares near the greatest float64", ("float32-accumulator",), uniform(49, 6) * 1e150, DOUBLE),
    _goodness("overflow", "the true sum is past the greatest float64: inf", ("square-missing",), real([1.0, 2.0]) * 1e200, DOUBLE),
    _goodness("overflow-float32", "the true sum is past the greatest float32: inf", ("square-missing",), real([1e30, 2.0]), SINGLE),
    _goodness("subnormal", "squares underflow to 0 or to subnormals", ("square-missing",), np.array([5e-324, 1e-155, 3e-160]), DOUBLE),
)  # fmt: skip


def _layer(
    name: str,
    why: str,
    catches: tuple[str, ...],
    z: Any,
    labels: Any,
    theta: float,
    dtypes: tuple[str, ...] | None = None,
) -> Case:
    inputs: dict[str, Array] = {"activations": np.asarray(z, np.float64), "labels": np.asarray(labels, np.int32)}
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters={"theta": theta}, dtypes=dtypes)


Z = uniform(801, 5, 4)
LABELS = [1, 0, 0, 1, 1]

LAYER = (
    _layer("plain", "positive and negative samples around the threshold", ("square-missing", "root-taken", "mean-for-sum", "theta-squared", "label-sign", "modulator-sign", "sum-for-mean"), Z, LABELS, 1.25),
    _layer("no-sample", "an empty batch: loss 0", ("empty-nan",), np.zeros((0, 3)), [], 1.0),
    _layer("no-neuron", "no neuron: goodness 0", ("mean-for-sum", "theta-squared"), np.zeros((2, 0)), [0, 1], 0.5),
    _layer("single", "one sample, one neuron", ("dropped-last",), real([[0.75]]), [1], 0.5),
    _layer("two", "two samples, two neurons", ("wrong-axis", "dropped-last"), uniform(802, 2, 2), [0, 1], 0.5),
    _layer("past-simd", "one neuron past a SIMD width of 16", ("dropped-last",), uniform(803, 3, 17), [1, 0, 1], 6.0),
    _layer("past-tile", "one sample past 32", ("dropped-last", "wrong-axis"), uniform(804, 33, 5), spikes(805, 33).astype(np.int32), 1.7),
    _layer("all-positive", "positive samples only", ("label-sign",), Z, [1, 1, 1, 1, 1], 1.0),
    _layer("all-negative", "negative samples only", ("label-sign",), Z, [0, 0, 0, 0, 0], 1.0),
    _layer("on-threshold", "goodness exactly theta: probability 1/2", ("theta-squared", "log2-for-log"), real([[1.0, 2.0], [2.0, 1.0]]), [0, 1], 5.0),
    _layer("far-above", "goodness far above theta: exp overflows if taken from the wrong side", ("sigmoid-overflow", "softplus-overflow", "probability-floor"), real([[40.0, 3.0], [50.0, 1.0]]), [0, 1], 2.0),
    _layer("far-below", "theta far above the goodness", ("softplus-overflow", "probability-floor"), uniform(806, 2, 3), [0, 1], 2000.0),
    _layer("negative-theta", "a threshold below 0 is used as given", ("theta-squared",), Z, LABELS, -1.1),
    _layer("silence", "no activity", ("theta-squared",), np.zeros((3, 4)), [0, 1, 0], 0.3),
    _layer("double-digits", "activations with all 53 bits", ("float32-accumulator",), Z / 3.0, LABELS, 0.1, DOUBLE),
    _layer("at-1e100", "squares near the greatest float64", ("float32-accumulator",), Z * 1e100, LABELS, 1.0, DOUBLE),
)  # fmt: skip

INFONCE_GRAD = (
    *(c for c in INFONCE if not c.id.startswith(("near-floor", "greatest", "past-tile", "past-256"))),
    _infonce("past-tile", "one row past a tile of 32", ("dropped-last", "opposite-gradient", "slope-at-pivot"), uniform(828, 33, 7), uniform(829, 33, 7), symmetric=True),
    _infonce("past-256", "one row past a tile of 256, both directions", ("tile-origin",), uniform(834, 257, 2), uniform(835, 257, 2), DOUBLE, symmetric=True),
    _infonce("radial", "longer views of the same directions: the gradient shrinks with the norm", ("norm-gradient", "grad-batch-factor", "grad-temperature-factor", "grad-one-sided"), ROWS * 8, uniform(827, 3, 4) / 8),
    _infonce("hottest", "a temperature of which float64 holds three, not six: the gradient is almost nothing", ("temperature-overflow",), real(ROWS * 4e-9), uniform(20, 3, 4), DOUBLE, temperature=5e307, symmetric=True),
    _infonce("hottest-float32", "a temperature of which float32 holds three, not six: the gradient is almost nothing", ("temperature-overflow",), real(ROWS * 4e-9), uniform(20, 3, 4), SINGLE, temperature=1e38, symmetric=True),
    _infonce("constant-norm", "below the floor the norm is a constant and has no gradient", ("floor-gradient",), real(ROWS * 4e-9), uniform(20, 3, 4)),
)  # fmt: skip

CASES = {
    "infonce": INFONCE,
    "infonce_grad": INFONCE_GRAD,
    "csdp_positive": tuple(made[0] for made in UPDATES),
    "csdp_negative": tuple(made[1] for made in UPDATES),
    "csdp_step": tuple(made[2] for made in UPDATES),
    "goodness": GOODNESS,
    "csdp_layer_goodness": LAYER,
}
