"""Cases of LPL."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, ones, real, silence, spikes, uniform
from spikemirror.catalogue.kernel import Array


def _views(
    name: str, why: str, catches: tuple[str, ...], z1: Any, z2: Any, dtypes: tuple[str, ...] | None = None, **p: Any
) -> Case:
    views = {"z1": np.asarray(z1, np.float64), "z2": np.asarray(z2, np.float64)}
    return Case(id=name, why=why, catches=catches, inputs=views, parameters=p, dtypes=dtypes)


A, B = uniform(301, 5, 4), uniform(302, 5, 4)
ROWS = uniform(303, 4, 3)

VIEWS = (
    _views("plain", "two small batches at the default coefficients", ("pull-sum", "push-sign", "ddof", "diagonal-kept", "one-view", "views-summed", "coefficient-ignored"), A, B),
    _views("two-samples", "the smallest batch that has a variance", ("ddof", "dropped-last"), uniform(304, 2, 3), uniform(305, 2, 3)),
    _views("one-feature", "one feature: nothing to decorrelate", ("lone-feature",), uniform(306, 4, 1), uniform(307, 4, 1)),
    _views("two-features", "one pair of features", ("diagonal-kept", "wrong-axis"), uniform(308, 3, 2), uniform(309, 3, 2)),
    _views("past-simd", "one feature past a SIMD width of 16", ("dropped-last",), uniform(310, 7, 17), uniform(311, 7, 17)),
    _views("past-tile", "one sample past 32", ("dropped-last", "wrong-axis"), uniform(312, 33, 9), uniform(313, 33, 9)),
    _views("past-128-features", "three features past a tile of 128", ("half-of-pairs",), uniform(321, 2, 131), uniform(322, 2, 131), DOUBLE),
    _views("equal", "equal views: no pull", ("views-summed", "diagonal-kept"), A, A),
    _views("constant", "constant features: variance 0, only eps is left", ("eps-ignored",), np.full((3, 2), 0.5), np.full((3, 2), 0.25)),
    _views("large-mean", "a mean far above the spread: one pass over the batch cancels", ("variance-cancellation",), real(A * 0.01 + 100), real(B * 0.01 + 100)),
    _views("correlated", "features that copy one another", ("decorr-normalizer", "diagonal-kept"), np.repeat(uniform(314, 5, 1), 3, axis=1), np.repeat(uniform(315, 5, 1), 3, axis=1)),
    _views("only-pull", "the predictive term alone", ("coefficient-ignored", "one-view"), A, B, push_coeff=0.0, decorr_coeff=0.0),
    _views("only-push", "the Hebbian term alone", ("coefficient-ignored", "push-sign", "one-view"), A, B, pull_coeff=0.0, decorr_coeff=0.0),
    _views("only-decorr", "the decorrelation term alone", ("coefficient-ignored", "decorr-normalizer", "one-view"), A, B, pull_coeff=0.0, push_coeff=0.0),
    _views("coefficients", "three different coefficients and another eps", ("coefficient-ignored", "eps-ignored"), A, B, pull_coeff=0.7, push_coeff=-1.3, decorr_coeff=2.1, eps=0.01),
    _views("at-1e15", "squares near the greatest float32", ("float32-accumulator",), real(A * 1e7), real(B * 1e7)),
    _views("at-1e70", "fourth powers near the greatest float64", ("float32-accumulator",), A * 1e70, B * 1e70, DOUBLE),
    _views("subnormal", "subnormal views", ("eps-ignored",), A * 1e-310, B * 1e-310, DOUBLE),
    _views("double-digits", "views with all 53 bits", ("float32-accumulator",), A / 3.0, B / 3.0, DOUBLE),
)  # fmt: skip

GRADIENTS = (
    *VIEWS,
    _views("past-128-samples", "one sample past a tile of 128", ("coefficient-ignored", "decorr-normalizer"), uniform(323, 129, 2), uniform(324, 129, 2), DOUBLE),
    _views("great-push", "a coefficient near the greatest float64 over a variance of eps: their quotient overflows, the gradient does not", ("push-overflow",), np.full((2, 1), 0.5), [[2.0], [-2.0]], DOUBLE, push_coeff=1.5e308, eps=0.5),
    _views("great-push-float32", "a coefficient near the greatest float32 over a variance of eps: their quotient overflows, the gradient does not", ("push-overflow",), np.full((2, 1), 0.5), [[2.0], [-2.0]], SINGLE, push_coeff=3e38, eps=0.5),
    _views("stop-gradient", "the earlier view is held fixed in pull, not in the other terms", ("stop-gradient-ignored", "wrong-view-held"), A, B, stop_gradient=True),
    _views("stop-gradient-one-feature", "held fixed, one feature", ("stop-gradient-ignored",), uniform(306, 4, 1), uniform(307, 4, 1), stop_gradient=True),
)  # fmt: skip

NEGATIVE = (
    _views("plain", "two small batches", ("pull-sum", "push-sign", "view-not-normalized"), A, B),
    _views("two-samples", "the smallest batch with a non-pair", ("dropped-last", "ddof"), uniform(304, 2, 3), uniform(305, 2, 3)),
    _views("one-feature", "one feature: cosines are 1 or -1", ("view-not-normalized",), uniform(306, 4, 1), uniform(307, 4, 1)),
    _views("odd", "odd batch and features", ("dropped-last",), uniform(316, 7, 5), uniform(317, 7, 5)),
    _views("past-simd", "one feature past a SIMD width of 16", ("dropped-last",), uniform(310, 7, 17), uniform(311, 7, 17)),
    _views("past-tile", "one sample past 32", ("dropped-last", "wrong-axis"), uniform(312, 33, 9), uniform(313, 33, 9)),
    _views("past-128", "one sample past a tile of 128", ("tile-origin",), uniform(325, 129, 2), uniform(326, 129, 2), DOUBLE),
    _views("aligned", "equal views: every pair has cosine 1", ("push-sign", "pair-in-push"), A, A),
    _views("antipodal", "opposite views: every pair has cosine -1", ("push-sign", "pair-in-push"), A, -A),
    _views("orthogonal", "orthogonal rows: nothing to push", ("pair-in-push",), np.eye(4), np.eye(4)),
    _views("silent-row", "a row of zeros stays zero under the floor", ("norm-floor", "scale-of-zero"), ROWS * real([[1], [0], [1], [1]]), uniform(318, 4, 3)),
    _views("scaled-rows", "rows of very different length", ("view-not-normalized", "wrong-axis"), real(ROWS * np.array([[1e-6], [1.0], [1e6], [3.0]])), uniform(318, 4, 3)),
    _views("below-floor", "norms below 1e-8 are divided by the floor", ("norm-floor", "another-floor"), real(ROWS * 1e-9), uniform(318, 4, 3)),
    _views("at-1e30", "squares overflow in float32", ("norm-overflow",), real(ROWS * 1e30), uniform(318, 4, 3)),
    _views("at-1e200", "squares overflow in float64", ("norm-overflow",), ROWS * 1e200, uniform(318, 4, 3) * 1e200, DOUBLE),
    _views("subnormal", "subnormal views are under the floor, not lost", ("another-floor", "norm-floor"), ROWS * 1e-310, uniform(318, 4, 3), DOUBLE),
    _views("subnormal-float32", "subnormal float32 views", ("another-floor", "norm-floor"), real(ROWS * 1e-39), uniform(318, 4, 3), SINGLE),
)  # fmt: skip


def _step(
    name: str,
    why: str,
    catches: tuple[str, ...],
    post: int,
    pre: int,
    seed: int,
    dtypes: tuple[str, ...] | None = None,
    arrays: dict[str, Any] | None = None,
    **given: Any,
) -> Case:
    inputs: dict[str, Array] = {
        "weights": abs(uniform(seed, post, pre)),
        "z_pre": spikes(seed + 1, pre),
        "z_post": spikes(seed + 2, post),
        "z_post_delayed": spikes(seed + 3, post),
        "membrane": real(-0.05 + 0.01 * uniform(seed + 4, post)),
        "mean": abs(uniform(seed + 5, post)) * 8,
        "variance": abs(uniform(seed + 6, post)),
        "psp_syn": abs(uniform(seed + 7, pre)),
        "psp": abs(uniform(seed + 8, pre)),
        "error_rise": uniform(seed + 9, post),
        "error": uniform(seed + 10, post),
        "eligibility": uniform(seed + 11, post, pre),
        "eligibility_filtered": uniform(seed + 12, post, pre),
        "gradient": uniform(seed + 13, post, pre) * 4,
    }
    inputs |= {k: np.asarray(v) for k, v in (arrays or {}).items()}
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=given, dtypes=dtypes)


COARSE: dict[str, Any] = {
    "dt": 0.125,
    "tau_syn": 0.5,
    "tau_mem": 1.5,
    "tau_rise": 0.4,
    "tau_fall": 0.9,
    "tau_mean": 2.5,
    "tau_var": 1.75,
}
"""Time constants near the step, so that every decay counts."""

SPIKING = (
    _step("plain", "a small layer at the default parameters", ("wrong-axis", "surrogate-square"), 3, 4, 401),
    _step("coarse", "a step near the time constants: every decay counts", ("tau-swapped", "stale-state", "mean-before-variance", "expected-unscaled", "rise-fall-swapped", "decay-sign"), 3, 4, 421, **COARSE),
    _step("update", "the step after which the weights change", ("update-off-by-one", "gradient-kept", "gradient-summed"), 3, 4, 441, step=4999),
    _step("before-update", "the step before that: the weights rest", ("update-off-by-one",), 3, 4, 441, step=4998),
    _step("step-0-every-1", "every step updates", ("gradient-kept",), 3, 4, 461, every=1, eta=0.25),
    _step("clipped", "an update that meets both bounds", ("hardbound-ignored", "bounds-swapped"), 4, 5, 481, every=1, eta=2.0, w_max=0.6),
    _step("no-pre", "no presynaptic neuron", ("empty-layer-skipped",), 3, 0, 501),
    _step("no-post", "no postsynaptic neuron", ("empty-layer-skipped",), 0, 3, 521),
    _step("single", "one synapse", ("dropped-last",), 1, 1, 541, **COARSE),
    _step("past-simd", "one column past a SIMD width of 16", ("dropped-last", "wrong-axis"), 3, 17, 561, **COARSE),
    _step("silence", "no spike: traces decay", ("decay-sign", "stale-state"), 3, 4, 581, arrays={"z_pre": silence(4), "z_post": silence(3), "z_post_delayed": silence(3)}, **COARSE),
    _step("all-spike", "every neuron fires, now and before", ("stale-state", "mean-before-variance"), 3, 4, 601, arrays={"z_pre": ones(4), "z_post": ones(3), "z_post_delayed": ones(3)}, **COARSE),
    _step("cutoff", "membranes below, on and above the cutoff", ("ge-for-gt", "cutoff-ignored"), 4, 3, 621, arrays={"membrane": [-0.5, -0.25, -0.125, 0.0]}, cutoff=-0.25, threshold=-0.125, beta=8.0, **COARSE),
    _step("zero-variance", "variance 0: xi keeps the quotient finite", ("eps-ignored",), 3, 4, 641, arrays={"variance": np.zeros(3)}, **COARSE),
    _step("only-hebbian", "phi 0", ("parameter-ignored", "coefficient-ignored", "push-sign"), 3, 4, 661, phi=0.0, lambda_=2.0, **COARSE),
    _step("only-predictive", "lambda 0", ("parameter-ignored", "coefficient-ignored", "delay-ignored"), 3, 4, 681, lambda_=0.0, phi=1.5, delta=0.0, **COARSE),
    _step("parameters", "every parameter away from its default", ("parameter-ignored", "gradient-summed", "tau-swapped"), 3, 4, 881, step=5, every=3, lambda_=0.6, phi=-0.8, delta=0.3, xi=0.2, beta=11.0, threshold=-0.04, cutoff=-0.07, eta=0.4, w_max=0.9, **COARSE),
    _step("double-digits", "states with all 53 bits", ("float32-accumulator",), 3, 4, 721, DOUBLE, arrays={"eligibility": uniform(731, 3, 4) / 3.0, "psp": uniform(732, 4) / 3.0}, **COARSE),
)  # fmt: skip

CASES = {"lpl": VIEWS, "lpl_grad": GRADIENTS, "lpl_negative": NEGATIVE, "lpl_spiking_step": SPIKING}
