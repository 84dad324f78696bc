"""Cases of Hebbian plasticity and STDP."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, ones, real, silence, spikes, train, uniform
from spikemirror.catalogue.kernel import Array


def _trace(name: str, why: str, catches: tuple[str, ...], t: Any, z: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> Case:  # fmt: skip
    inputs: dict[str, Array] = {"trace": np.asarray(t, np.float64), "spikes": np.asarray(z, np.uint8)}
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=p, dtypes=dtypes)


TRACE = (
    _trace("plain", "some spikes on some traces", ("trace-sign", "tau-for-inverse", "trace-scale", "fma-contraction"), uniform(51, 7), spikes(52, 7), a=0.7),
    _trace("empty", "no neuron", ("empty-refused",), np.zeros(0), np.zeros(0)),
    _trace("scalar", "no axis at all", ("trace-sign",), 0.25, 1),
    _trace("one", "one neuron", ("trace-sign",), real([0.5]), [1]),
    _trace("two", "two neurons", ("trace-sign",), real([0.5, 0.25]), [0, 1]),
    _trace("matrix", "a batch of neurons", ("trace-sign",), uniform(53, 3, 5), spikes(54, 3, 5)),
    _trace("past-simd", "one past a SIMD width of 16", ("trace-sign",), uniform(55, 17), spikes(56, 17), tau_inv=13.7),
    _trace("past-tile", "one past 256", ("parameter-ignored", "trace-sign"), uniform(57, 257), spikes(58, 257), a=-1.3, tau_inv=0.77, dt=0.1),
    _trace("silence", "traces decay", ("trace-sign",), uniform(59, 9), silence(9)),
    _trace("all-spike", "every neuron fires", ("trace-scale",), uniform(60, 9), ones(9), a=2.5),
    _trace("no-decay", "tau_inv 0 leaves the traces", ("tau-for-inverse",), uniform(61, 5), ones(5), tau_inv=0.0),
    _trace("large-step", "dt tau_inv above 1: the step overshoots", ("trace-sign", "parameter-ignored"), uniform(62, 6), spikes(63, 6), dt=0.3),
    _trace("odd-parameters", "parameters that no dtype holds exactly: the product of dt and tau_inv is rounded too", ("rounding-order",), uniform(64, 23), spikes(65, 23), a=1.1, tau_inv=19.7, dt=0.0013),
    _trace("at-1e30", "traces at 1e30", ("trace-sign",), real(uniform(66, 5) * 1e30), spikes(67, 5)),
    _trace("at-1e200", "traces at 1e200", ("trace-sign",), uniform(66, 5) * 1e200, spikes(67, 5), DOUBLE),
    _trace("subnormal", "subnormal traces", ("trace-sign",), [5e-324, -1e-310, 2e-308], [0, 1, 0], DOUBLE, a=1e-309),
    _trace("subnormal-float32", "subnormal float32 traces", ("trace-sign",), real([1e-45, -1e-40, 1e-38]), [0, 1, 0], SINGLE, a=1e-41),
    _trace("signed-zero", "zeros of both signs", ("simd-tail",), [0.0, -0.0], [0, 0]),
)  # fmt: skip


def _linear(
    name: str,
    why: str,
    catches: tuple[str, ...],
    w: Any,
    batch: int,
    seed: int,
    dtypes: tuple[str, ...] | None = None,
    scale: float = 1.0,
    **given: Any,
) -> Case:
    weights = np.asarray(w, np.float64)
    post, pre = weights.shape
    inputs = {
        "weights": weights,
        "z_pre": given.pop("z_pre", spikes(seed, batch, pre)),
        "z_post": given.pop("z_post", spikes(seed + 1, batch, post)),
        "t_pre": given.pop("t_pre", abs(uniform(seed + 2, batch, pre)) * scale),
        "t_post": given.pop("t_post", abs(uniform(seed + 3, batch, post)) * scale),
    }
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=given, dtypes=dtypes)


W = abs(uniform(70, 5, 7))
OUTSIDE = real([[-0.25, 0.0, 0.5], [1.0, 1.25, 0.75]])
NEAR = real([[-1e-30, -3e-20], [-2e-25, -7e-15]])
NEARER = np.array([[-1e-310, -5e-324], [-2e-308, -3e-316]])
NEAR_BOUND: dict[str, Any] = {
    "stdp_algorithm": "multiplicative_pow",
    "mu": 0.9,
    "w_min": -1.0,
    "w_max": 0.0,
    "hardbound": False,
}
FAST: dict[str, Any] = {"eta_plus": 0.05, "eta_minus": 0.03}
CORE = ("old-trace", "traces-times-wrong-spikes", "depression-sign", "wrong-axis")
OUT_OF: dict[str, tuple[str, ...]] = {
    "additive": (),
    "additive_step": ("ge-for-gt",),
    "multiplicative_pow": ("pow-base-unclamped",),
    "multiplicative_relu": ("bounds-swapped",),
}
"""What weights on and outside the bounds expose of each algorithm."""
ALGORITHMS = tuple(OUT_OF)

LINEAR = (
    *(
        _linear(f"plain-{algorithm}", f"a small layer under {algorithm}", (*CORE, "batch-mean"), W, 3, 71, stdp_algorithm=algorithm, mu=0.5, **FAST)
        for algorithm in ALGORITHMS
    ),
    *(
        _linear(f"outside-{algorithm}", f"weights on and outside the bounds under {algorithm}, not clamped", ("hardbound-ignored", *OUT_OF[algorithm]), OUTSIDE, 2, 75, stdp_algorithm=algorithm, mu=0.3, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST)
        for algorithm in ALGORITHMS
    ),
    *(
        _linear(f"clamped-{algorithm}", f"weights on and outside the bounds under {algorithm}, clamped", ("batch-mean", "depression-sign"), OUTSIDE, 2, 79, stdp_algorithm=algorithm, mu=0.3, **FAST)
        for algorithm in ALGORITHMS
    ),
    _linear("mu-0", "mu 0: the power is 1, on the bounds too", ("zero-to-zero",), OUTSIDE, 2, 83, stdp_algorithm="multiplicative_pow", mu=0.0, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST),
    _linear("mu-1", "mu 1: the power is the relu", ("trace-sign",), OUTSIDE, 2, 83, stdp_algorithm="multiplicative_pow", mu=1.0, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST),
    _linear("pow-near-bound", "distances of 1e-30 and more to a bound: their power is all that is added", ("power-by-logarithm",), NEAR, 2, 239, z_pre=silence(2, 2), z_post=ones(2, 2), **NEAR_BOUND, **FAST),
    _linear("pow-subnormal", "subnormal distances to a bound: their power is all that is left", ("subnormal-distance", "power-by-logarithm"), NEARER, 2, 239, DOUBLE, z_pre=silence(2, 2), z_post=ones(2, 2), **NEAR_BOUND, **FAST),
    _linear("no-batch", "an empty batch: weights are only clamped", ("silent-step-unclamped", "empty-refused"), OUTSIDE, 0, 87),
    _linear("no-pre", "no presynaptic neuron", ("empty-nan",), np.zeros((3, 0)), 2, 91),
    _linear("no-post", "no postsynaptic neuron", ("empty-refused", "fma-contraction"), np.zeros((0, 3)), 2, 95),
    _linear("single", "one synapse, both neurons fire", ("old-trace", "depression-sign"), real([[0.5]]), 1, 99, z_pre=ones(1, 1), z_post=ones(1, 1), **FAST),
    _linear("two", "two synapses", ("dropped-last",), real([[0.5, 0.25]]), 1, 103, z_pre=train([[0, 1]]), z_post=ones(1, 1), **FAST),
    _linear("past-simd", "one column past a SIMD width of 16", ("dropped-last",), abs(uniform(107, 3, 17)), 2, 108, **FAST),
    _linear("past-tile", "one row and column past 32, a batch of 9", ("dropped-last", "batch-mean"), abs(uniform(112, 33, 33)), 9, 113, stdp_algorithm="multiplicative_relu", **FAST),
    _linear("past-row", "three columns past 512 in a single row", ("tile-origin", "stale-sums", "dropped-last"), abs(uniform(250, 1, 515)), 1, 247, z_post=ones(1, 1), **FAST),
    _linear("silence-outside", "no spike, weights outside the bounds: clamped", ("silent-step-unclamped",), OUTSIDE, 2, 118, z_pre=silence(2, 3), z_post=silence(2, 2), **FAST),
    _linear("silence", "no spike: only the traces move", ("trace-sign",), W, 2, 117, z_pre=silence(2, 7), z_post=silence(2, 5), **FAST),
    _linear("only-pre", "only presynaptic spikes: depression alone", ("depression-sign",), W, 2, 121, z_post=silence(2, 5), **FAST),
    _linear("only-post", "only postsynaptic spikes: potentiation alone", ("traces-times-wrong-spikes",), W, 2, 125, z_pre=silence(2, 7), **FAST),
    _linear("all-spike", "every neuron fires", ("batch-mean", "old-trace"), W, 4, 129, z_pre=ones(4, 7), z_post=ones(4, 5), **FAST),
    _linear("to-the-bounds", "steps that reach both bounds exactly", ("trace-sign",), real([[0.0, 1.0], [0.5, 0.5]]), 1, 133, z_pre=ones(1, 2), z_post=train([[1, 0]]), t_pre=real([[8, 8]]), t_post=real([[8, 8]]), eta_plus=0.5, eta_minus=0.125, a_pre=8.0, a_post=8.0),
    _linear("bounds", "bounds other than 0 and 1", ("bounds-swapped",), uniform(137, 4, 3) * 2, 2, 138, w_min=-1.5, w_max=1.25, stdp_algorithm="multiplicative_relu", eta_plus=0.4, eta_minus=0.2),
    _linear("asymmetric", "every parameter different on the two sides", ("parameter-ignored", "traces-times-wrong-spikes", "tau-for-inverse"), W, 3, 141, a_pre=0.8, a_post=-1.2, tau_pre_inv=33.0, tau_post_inv=11.0, eta_plus=0.07, eta_minus=0.02, dt=0.004),
    _linear("frozen", "both rates 0", ("trace-sign",), W, 2, 145, eta_plus=0.0, eta_minus=0.0),
    _linear("at-1e30", "weights and traces at 1e30, not clamped", ("float32-accumulator",), real(W * 1e30), 2, 149, t_pre=real(uniform(151, 2, 7) * 1e30), t_post=real(uniform(152, 2, 5) * 1e30), hardbound=False),
    _linear("at-1e200", "weights and traces at 1e200, not clamped", ("float32-accumulator",), W * 1e200, 2, 149, DOUBLE, scale=1e200, hardbound=False),
    _linear("subnormal", "subnormal weights and traces", ("trace-sign",), W * 1e-310, 2, 153, DOUBLE, scale=1e-309, a_pre=1e-310, a_post=1e-310),
    _linear("double-digits", "weights and traces with all 53 bits", ("float32-accumulator",), W / 3.0, 5, 157, DOUBLE, scale=1 / 3.0, **FAST),
)  # fmt: skip


def _hebbian(
    name: str,
    why: str,
    catches: tuple[str, ...],
    w: Any,
    pre: Any,
    post: Any,
    dtypes: tuple[str, ...] | None = None,
    **p: Any,
) -> Case:
    inputs = {n: np.asarray(a, np.float64) for n, a in (("weights", w), ("pre", pre), ("post", post))}
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=p, dtypes=dtypes)


def _layer(seed: int, post: int, pre: int, batch: int, scale: float = 1.0) -> tuple[Array, Array, Array]:
    """Weights and activities of both signs."""
    return (
        uniform(seed, post, pre) * scale,
        uniform(seed + 1, batch, pre) * scale,
        uniform(seed + 2, batch, post) * scale,
    )


LAYER = _layer(161, 3, 4, 5)
BINARY = (uniform(164, 3, 4), spikes(165, 5, 4), spikes(166, 5, 3))
COVARIANCE = (uniform(167, 2, 3), real([[1, 0.5, -0.25], [3, 0.25, 0.75]]), real([[0.5, -1], [1, 2.5]]))
"""The means of both postsynaptic activities are 0.75, so c1_pre = -0.75 takes mean(y) mean(x) from the correlation."""
MIRRORED = (uniform(168, 3, 2), COVARIANCE[2], COVARIANCE[1])
ALL_TERMS: dict[str, Any] = {"eta": 0.3, "c0": -0.2, "c1_pre": 0.7, "c1_post": -0.4, "c2_corr": 1.1}

HEBBIAN = (
    _hebbian("hebb", "Hebb's rule: the correlation alone, by default", ("batch-sum", "wrong-axis"), *LAYER),
    _hebbian("anti-hebb", "anti-Hebbian: c2_corr below 0", ("parameter-ignored", "batch-sum"), *LAYER, eta=0.1, c2_corr=-1.0),
    _hebbian("covariance", "the covariance rule: the mean of post on the presynaptic term", ("coefficients-swapped", "batch-sum"), *COVARIANCE, eta=0.5, c1_pre=-0.75),
    _hebbian("covariance-post", "the covariance rule: the mean of pre on the postsynaptic term", ("coefficients-swapped", "batch-sum"), *MIRRORED, eta=0.5, c1_post=-0.75),
    _hebbian("decay", "decay alone: c0 below 0", ("decay-sign", "parameter-ignored"), *LAYER, eta=0.25, c0=-0.5, c2_corr=0.0),
    _hebbian("hebb-with-decay", "Hebb's rule with decay", ("decay-sign", "batch-sum"), *LAYER, eta=0.1, c0=-0.05),
    _hebbian("only-pre", "the presynaptic term alone: rows alike", ("coefficients-swapped",), *LAYER, eta=0.5, c1_pre=1.0, c2_corr=0.0),
    _hebbian("only-post", "the postsynaptic term alone: columns alike", ("coefficients-swapped",), *LAYER, eta=0.5, c1_post=1.0, c2_corr=0.0),
    _hebbian("all-terms", "every coefficient different", ("coefficients-swapped", "parameter-ignored", "eta-partial"), *LAYER, **ALL_TERMS),
    _hebbian("presynaptic-gating", "change only where pre is active: c1_pre below 0 beside the correlation, on spikes", ("coefficients-swapped",), *BINARY, eta=0.2, c1_pre=-0.3, c2_corr=1.0),
    _hebbian("negative-eta", "eta below 0 unlearns", ("eta-partial",), *LAYER, **(ALL_TERMS | {"eta": -0.3})),
    _hebbian("large-eta", "eta 40: nothing bounds the weights", ("hebbian-bounded", "eta-partial"), *LAYER, **(ALL_TERMS | {"eta": 40.0})),
    _hebbian("frozen", "eta 0", ("parameter-ignored", "eta-partial"), *LAYER, **(ALL_TERMS | {"eta": 0.0})),
    _hebbian("no-terms", "every coefficient 0", ("dropped-last",), *LAYER, c2_corr=0.0),
    _hebbian("no-pre", "no presynaptic neuron", ("empty-nan",), *_layer(171, 3, 0, 2)),
    _hebbian("no-post", "no postsynaptic neuron", ("empty-refused",), *_layer(174, 0, 3, 2)),
    _hebbian("single", "one synapse, one sample", ("dropped-last", "eta-partial"), real([[0.5]]), real([[2.0]]), real([[-0.75]]), **ALL_TERMS),
    _hebbian("one-sample", "a batch of one: the mean is the sample", ("dropped-last",), *_layer(177, 2, 3, 1), **ALL_TERMS),
    _hebbian("two-samples", "a batch of two", ("batch-sum", "dropped-last"), *_layer(180, 2, 2, 2), **ALL_TERMS),
    _hebbian("past-simd", "one column past a SIMD width of 16", ("dropped-last",), *_layer(183, 3, 17, 3), **ALL_TERMS),
    _hebbian("past-tile", "one row and column past 32, a batch of 9", ("dropped-last", "wrong-axis"), *_layer(186, 33, 33, 9), **ALL_TERMS),
    _hebbian("past-rows", "one row past 64", ("tile-origin", "dropped-last"), *_layer(195, 65, 2, 2), **ALL_TERMS),
    _hebbian("large-batch", "one sample past 64", ("dropped-last", "batch-sum", "float32-accumulator"), *_layer(189, 3, 2, 65), **ALL_TERMS),
    _hebbian("silence", "no activity: only c0 acts", ("decay-sign", "parameter-ignored"), LAYER[0], silence(5, 4), silence(5, 3), **ALL_TERMS),
    _hebbian("all-spike", "all activity 1", ("batch-sum",), LAYER[0], ones(5, 4), ones(5, 3), **ALL_TERMS),
    _hebbian("signs", "positive, negative and no correlation", ("batch-sum",), np.zeros((3, 1)), real([[1], [-1], [1], [-1]]), real([[1, -1, 1], [-1, 1, 1], [1, -1, -1], [-1, 1, -1]]), eta=0.25),
    _hebbian("at-1e30", "weights at 1e30 and activities at 1e15", ("dropped-last",), real(LAYER[0] * 1e30), real(LAYER[1] * 1e15), real(LAYER[2] * 1e15), **ALL_TERMS),
    _hebbian("at-1e200", "weights at 1e200 and activities at 1e100", ("float32-accumulator",), LAYER[0] * 1e200, LAYER[1] * 1e100, LAYER[2] * 1e100, DOUBLE, **ALL_TERMS),
    _hebbian("subnormal", "subnormal weights, products that underflow", ("dropped-last",), LAYER[0] * 1e-310, LAYER[1] * 1e-155, LAYER[2] * 1e-155, DOUBLE, **ALL_TERMS),
    _hebbian("double-digits", "values with all 53 bits", ("float32-accumulator",), *_layer(192, 3, 5, 4, 1 / 3.0), DOUBLE, **ALL_TERMS),
)  # fmt: skip


def _run(
    name: str,
    why: str,
    catches: tuple[str, ...],
    w: Any,
    batch: int,
    steps: int,
    seed: int,
    dtypes: tuple[str, ...] | None = None,
    scale: float = 1.0,
    p: float = 0.4,
    **given: Any,
) -> Case:
    weights = np.asarray(w, np.float64)
    post, pre = weights.shape
    inputs = {
        "weights": weights,
        "z_pre": given.pop("z_pre", spikes(seed, batch, steps, pre, p=p)),
        "z_post": given.pop("z_post", spikes(seed + 1, batch, steps, post, p=p)),
        "t_pre": given.pop("t_pre", abs(uniform(seed + 2, batch, pre)) * scale),
        "t_post": given.pop("t_post", abs(uniform(seed + 3, batch, post)) * scale),
    }
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=given, dtypes=dtypes)


def _at(steps: int, neurons: int, *marks: tuple[int, int]) -> Array:
    """One sample that fires at (step, neuron) only."""
    z = silence(1, steps, neurons)
    for mark in marks:
        z[(0, *mark)] = 1
    return z


def _sparse(batch: int) -> dict[str, Any]:
    """Few spikes of 33 neurons, one of them in every sample at once, and a row that fires in one sample at a time."""
    z_pre, z_post = silence(batch, 7, 33), silence(batch, 7, 2)
    last = batch - 1
    for b, t, j in ((slice(None), 2, 20), (0, 3, 0), (last, 3, 32), (0, 5, 20), (last, 5, 9), (last, 6, 20)):
        z_pre[b, t, j] = 1
    z_post[0, 4, 1] = z_post[last, 6, 1] = 1
    return {"z_pre": z_pre, "z_post": z_post}


OVER_TIME = ("traces-not-carried", "step-skipped", *CORE)
MILD: dict[str, Any] = {"eta_plus": 0.02, "eta_minus": 0.015, "tau_pre_inv": 50.0, "tau_post_inv": 40.0}
HIGH = abs(uniform(251, 4, 5))
MIDDLE = real(0.25 + 0.5 * abs(uniform(252, 4, 5)))
LOW = real(0.06 * abs(uniform(246, 2, 33)))

RUN = (
    *(
        _run(f"plain-{algorithm}", f"ten steps under {algorithm}, away from the bounds", (*OVER_TIME, "batch-mean"), MIDDLE, 2, 10, 253, stdp_algorithm=algorithm, mu=0.5, **MILD)
        for algorithm in ALGORITHMS
    ),
    *(
        _run(f"free-{algorithm}", f"weights inside and outside the bounds under {algorithm}, not clamped", ("hardbound-ignored",), OUTSIDE, 2, 6, 257, stdp_algorithm=algorithm, mu=0.3, hardbound=False, **MILD)
        for algorithm in ALGORITHMS
    ),
    *(
        _run(f"clamped-{algorithm}", f"steps large enough for both bounds under {algorithm}", ("clamp-once",), HIGH, 1, 8, 261, stdp_algorithm=algorithm, mu=0.5, a_pre=6.0, a_post=5.0, **(MILD | {"eta_plus": 0.9, "eta_minus": 0.7}))
        for algorithm in ("additive", "multiplicative_pow", "multiplicative_relu")
    ),
    _run("clamped-additive_step", "a weight on a bound only moves away from it, step after step", ("clamp-once", "ge-for-gt"), real([[0.5, 0.75]]), 1, 5, 265, stdp_algorithm="additive_step", eta_plus=0.5, eta_minus=0.75, tau_pre_inv=0.0, tau_post_inv=0.0, t_pre=real([[4, 3]]), t_post=real([[1]]), z_pre=train([[[0, 0], [1, 1], [1, 1], [1, 1], [1, 1]]]), z_post=train([[[1], [1], [0], [1], [1]]])),
    _run("no-step", "T = 0: nothing changes, nothing is clamped", ("clamped-before",), OUTSIDE, 2, 0, 269, **FAST),
    _run("no-step-bounds", "T = 0 with the weights above w_max", ("clamped-before",), OUTSIDE + 4, 1, 0, 269, **FAST),
    _run("one-step", "T = 1: stdp_linear", ("batch-mean", "fma-contraction"), MIDDLE, 3, 1, 273, **FAST),
    _run("two-steps", "T = 2: the second step starts from the first", ("traces-not-carried", "step-skipped"), MIDDLE, 2, 2, 277, stdp_algorithm="multiplicative_relu", **FAST),
    _run("no-batch", "an empty batch: weights are only clamped", ("silent-step-unclamped",), OUTSIDE, 0, 3, 281),
    _run("no-pre", "no presynaptic neuron", ("empty-refused", "fma-contraction"), np.zeros((3, 0)), 2, 3, 285),
    _run("no-post", "no postsynaptic neuron", ("empty-refused", "fma-contraction"), np.zeros((0, 3)), 2, 3, 289),
    _run("single", "one synapse", ("old-trace", "depression-sign"), real([[0.5]]), 1, 7, 293, **FAST),
    _run("odd", "odd batch, steps and neurons", ("dropped-last", "wrong-axis"), MIDDLE[:3], 3, 5, 297, **MILD),
    _run("past-simd", "one column past a SIMD width of 16", ("dropped-last",), abs(uniform(301, 2, 17)), 2, 4, 302, **MILD),
    _run("past-tile-pre", "one column past 32", ("dropped-last",), abs(uniform(306, 2, 33)), 1, 3, 307, stdp_algorithm="multiplicative_relu", **MILD),
    _run("past-tile-post", "one row past 32", ("dropped-last",), abs(uniform(306, 33, 2)), 1, 3, 307, **MILD),
    _run("past-time-block", "one step past eight, twelve in all, sparse", ("step-skipped", "dropped-last"), MIDDLE, 2, 12, 311, p=0.15, **MILD),
    _run("sparse", "few spikes of many neurons: what they lower is clamped", ("sparse-unclamped", "depression-sign", "simd-tail"), LOW, 1, 7, 243, eta_minus=0.05, eta_plus=0.02, **_sparse(1)),
    *(
        _run(f"sparse-{algorithm}", f"few spikes of many neurons in three samples under {algorithm}, one column in all of them", ("silent-by-one-sample", "simd-tail"), LOW, 3, 7, 243, eta_minus=0.05, eta_plus=0.02, stdp_algorithm=algorithm, mu=0.5, **_sparse(3))
        for algorithm in ("additive", "multiplicative_pow", "multiplicative_relu")
    ),
    _run("silence", "no spike: traces decay, weights stay", ("trace-sign",), HIGH, 2, 6, 315, p=0.0, **MILD),
    _run("silence-outside", "no spike, weights outside the bounds: clamped", ("silent-step-unclamped",), OUTSIDE, 2, 4, 319, p=0.0, **MILD),
    _run("silence-outside-free", "no spike, weights outside the bounds, not clamped", ("hardbound-ignored",), OUTSIDE, 2, 4, 319, p=0.0, hardbound=False, **MILD),
    _run("silent-first", "a silent first step clamps before the spikes of the next", ("silent-step-unclamped",), OUTSIDE, 1, 3, 323, z_pre=_at(3, 3, (1, 1), (2, 2)), z_post=_at(3, 2, (1, 0), (2, 1)), stdp_algorithm="multiplicative_relu", **FAST),
    _run("silent-between", "silent steps between spikes: traces go on", ("traces-not-carried", "step-skipped"), MIDDLE, 1, 9, 327, z_pre=_at(9, 5, (0, 1), (0, 3), (6, 2)), z_post=_at(9, 4, (3, 0), (3, 2), (8, 1)), **FAST),
    _run("silent-rows-outside", "rows and columns that never fire are clamped with the others", ("dropped-last",), OUTSIDE, 1, 4, 331, z_pre=_at(4, 3, (1, 2)), z_post=_at(4, 2, (2, 1)), **FAST),
    _run("pre-before-post", "a pre spike, then a post spike: potentiation", ("fma-contraction", "trace-sign"), real([[0.5, 0.5], [0.5, 0.5]]), 1, 6, 335, scale=0.0, z_pre=_at(6, 2, (1, 0)), z_post=_at(6, 2, (4, 1)), **FAST),
    _run("post-before-pre", "a post spike, then a pre spike: depression", ("depression-sign",), real([[0.5, 0.5], [0.5, 0.5]]), 1, 6, 339, scale=0.0, z_pre=_at(6, 2, (4, 0)), z_post=_at(6, 2, (1, 1)), **FAST),
    _run("only-pre", "only presynaptic spikes", ("depression-sign",), MIDDLE, 2, 5, 343, z_post=silence(2, 5, 4), **MILD),
    _run("only-post", "only postsynaptic spikes", ("traces-times-wrong-spikes",), MIDDLE, 2, 5, 347, z_pre=silence(2, 5, 5), **MILD),
    _run("all-spike", "every neuron fires at every step", ("batch-mean", "old-trace"), MIDDLE, 2, 5, 351, p=1.0, **MILD),
    _run("bounds", "bounds other than 0 and 1", ("bounds-swapped",), uniform(355, 3, 4) * 1.5, 2, 4, 356, w_min=-1.25, w_max=1.25, stdp_algorithm="multiplicative_relu", eta_plus=0.2, eta_minus=0.15),
    _run("asymmetric", "every parameter different on the two sides", ("parameter-ignored", "traces-times-wrong-spikes", "tau-for-inverse"), MIDDLE, 2, 6, 360, a_pre=0.8, a_post=-1.2, tau_pre_inv=33.0, tau_post_inv=11.0, eta_plus=0.02, eta_minus=0.01, dt=0.004),
    _run("mu-0", "mu 0: the power is 1, on the bounds too", ("zero-to-zero",), OUTSIDE, 2, 4, 364, stdp_algorithm="multiplicative_pow", mu=0.0, hardbound=False, **MILD),
    _run("mu-1", "mu 1: the power is the relu", ("dropped-last",), OUTSIDE, 2, 4, 364, stdp_algorithm="multiplicative_pow", mu=1.0, hardbound=False, **MILD),
    _run("pow-near-bound", "distances of 1e-30 and more to a bound: their power is all that is added", ("power-by-logarithm",), NEAR, 2, 1, 239, z_pre=silence(2, 1, 2), z_post=ones(2, 1, 2), **NEAR_BOUND, **FAST),
    _run("pow-subnormal", "subnormal distances to a bound: their power is all that is left", ("subnormal-distance", "power-by-logarithm"), NEARER, 2, 1, 239, DOUBLE, z_pre=silence(2, 1, 2), z_post=ones(2, 1, 2), **NEAR_BOUND, **FAST),
    _run("frozen", "both rates 0", ("trace-sign",), HIGH, 2, 4, 368, eta_plus=0.0, eta_minus=0.0),
    _run("at-1e30", "weights and traces at 1e30, not clamped", ("float32-accumulator",), real(HIGH * 1e30), 2, 4, 372, t_pre=real(uniform(376, 2, 5) * 1e30), t_post=real(uniform(377, 2, 4) * 1e30), hardbound=False),
    _run("at-1e200", "weights and traces at 1e200, not clamped", ("float32-accumulator",), HIGH * 1e200, 2, 4, 372, DOUBLE, scale=1e200, hardbound=False),
    _run("subnormal", "subnormal weights and traces", ("float32-accumulator",), HIGH * 1e-310, 2, 4, 378, DOUBLE, scale=1e-309, a_pre=1e-310, a_post=1e-310),
    _run("double-digits", "weights and traces with all 53 bits", ("float32-accumulator",), MIDDLE / 3.0, 2, 6, 382, DOUBLE, scale=1 / 3.0, **MILD),
)  # fmt: skip


def _conv(
    name: str,
    why: str,
    catches: tuple[str, ...],
    window: tuple[int, int, int, int],
    image: tuple[int, int],
    seed: int,
    batch: int = 1,
    dtypes: tuple[str, ...] | None = None,
    scale: float = 1.0,
    p: float = 0.4,
    **given: Any,
) -> Case:
    """A window (out, in, kh, kw) over images of some height and width."""
    count, depth, *lengths = window
    stride, padding, dilation = (given.get(n, d) for n, d in (("stride", 1), ("padding", 0), ("dilation", 1)))
    positions = tuple(
        max((n + 2 * padding - dilation * (k - 1) - 1) // stride + 1, 0) for n, k in zip(image, lengths, strict=True)
    )
    before, after = (batch, depth, *image), (batch, count, *positions)
    inputs = {
        "weights": given.pop("weights", abs(uniform(seed, *window))),
        "z_pre": given.pop("z_pre", spikes(seed + 1, *before, p=p)),
        "z_post": given.pop("z_post", spikes(seed + 2, *after, p=p)),
        "t_pre": given.pop("t_pre", abs(uniform(seed + 3, *before)) * scale),
        "t_post": given.pop("t_post", abs(uniform(seed + 4, *after)) * scale),
    }
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=given, dtypes=dtypes)


PATCH = (*CORE, "window-flipped", "axes-swapped")
GENTLE: dict[str, Any] = {"eta_plus": 0.02, "eta_minus": 0.015}
BEYOND = real([[[[-0.25, 0.0], [0.5, 1.0]]], [[[1.25, 0.75], [0.25, -1.0]]]])


def _impulse(*at: int, shape: tuple[int, ...]) -> Array:
    """One spike."""
    z = silence(*shape)
    z[at] = 1
    return z


CONV = (
    *(
        _conv(f"plain-{algorithm}", f"a small convolution under {algorithm}", (*PATCH, "batch-mean"), (2, 1, 2, 3), (3, 5), 391, 2, stdp_algorithm=algorithm, mu=0.5, **GENTLE)
        for algorithm in ALGORITHMS
    ),
    *(
        _conv(f"outside-{algorithm}", f"weights on and outside the bounds under {algorithm}, not clamped", ("hardbound-ignored", *OUT_OF[algorithm]), (2, 1, 2, 2), (3, 3), 396, weights=BEYOND, p=0.8, stdp_algorithm=algorithm, mu=0.3, hardbound=False, **GENTLE)
        for algorithm in ALGORITHMS
    ),
    *(
        _conv(f"clamped-{algorithm}", f"weights on and outside the bounds under {algorithm}, clamped", ("fma-contraction", "stale-sums"), (2, 1, 2, 2), (3, 3), 401, weights=BEYOND, stdp_algorithm=algorithm, mu=0.3, **GENTLE)
        for algorithm in ALGORITHMS
    ),
    _conv("mu-0", "mu 0: the power is 1, on the bounds too", ("zero-to-zero",), (2, 1, 2, 2), (3, 3), 396, weights=BEYOND, p=0.8, stdp_algorithm="multiplicative_pow", mu=0.0, hardbound=False, **GENTLE),
    _conv("pow-near-bound", "distances of 1e-30 and more to a bound: their power is all that is added", ("power-by-logarithm",), (2, 1, 2, 1), (3, 2), 239, weights=NEAR.reshape(2, 1, 2, 1), z_pre=silence(1, 1, 3, 2), z_post=ones(1, 2, 2, 2), **NEAR_BOUND, **FAST),
    _conv("pow-subnormal", "subnormal distances to a bound: their power is all that is left", ("subnormal-distance", "power-by-logarithm"), (2, 1, 2, 1), (3, 2), 239, dtypes=DOUBLE, weights=NEARER.reshape(2, 1, 2, 1), z_pre=silence(1, 1, 3, 2), z_post=ones(1, 2, 2, 2), **NEAR_BOUND, **FAST),
    _conv("stride", "stride 2, a rest of the image unused", ("trace-sign", "depression-sign"), (2, 1, 2, 2), (5, 7), 406, stride=2, **GENTLE),
    _conv("padding", "padding 1 around the image", ("padding-wraps",), (1, 2, 3, 3), (3, 4), 411, padding=1, **GENTLE),
    _conv("far", "padding and dilation of 2^31: only the middle of the window meets the image", ("stride-for-dilation", "old-trace"), (1, 2, 3, 3), (3, 4), 417, padding=2**31, dilation=2**31, **GENTLE),
    _conv("dilation", "dilation 2", ("stride-for-dilation",), (2, 1, 2, 3), (4, 6), 416, dilation=2, **GENTLE),
    _conv("stride-padding", "stride 3, padding 2", ("padding-wraps",), (1, 1, 3, 2), (5, 6), 421, stride=3, padding=2, **GENTLE),
    _conv("stride-dilation", "stride 2, dilation 3", ("stride-for-dilation",), (1, 2, 2, 2), (7, 6), 426, stride=2, dilation=3, **GENTLE),
    _conv("padding-dilation", "padding 2, dilation 2", ("stride-for-dilation", "padding-wraps"), (2, 1, 3, 2), (4, 3), 431, padding=2, dilation=2, **GENTLE),
    _conv("all-three", "stride 2, padding 3, dilation 3, a batch", ("stride-for-dilation", "padding-wraps", *PATCH), (2, 2, 3, 2), (4, 3), 436, 2, stride=2, padding=3, dilation=3, **GENTLE),
    _conv("padding-wider", "padding wider than the image: some windows see only zeros", ("padding-wraps",), (1, 1, 2, 2), (1, 2), 441, padding=3, **GENTLE),
    _conv("stride-wider", "a stride past the image: one position", ("trace-sign", "depression-sign"), (1, 1, 2, 2), (4, 5), 446, stride=9, **GENTLE),
    _conv("as-large", "a window as large as the image", ("old-trace", "traces-times-wrong-spikes", "depression-sign", "window-flipped"), (2, 1, 3, 4), (3, 4), 451, 2, **GENTLE),
    _conv("no-position", "a window larger than the image: no position, weights are only clamped", ("trace-sign",), (2, 1, 2, 2), (1, 4), 456, weights=BEYOND),
    _conv("no-position-far", "far larger: the size is 0 and not below", ("trace-sign",), (1, 1, 2, 2), (1, 1), 461, dilation=5),
    _conv("no-image", "an image of height 0", ("empty-refused", "closed-end-open"), (1, 1, 1, 2), (0, 3), 466),
    _conv("only-padding", "an image of height 0 with padding", ("trace-sign",), (1, 1, 1, 2), (0, 3), 471, padding=1, **GENTLE),
    _conv("no-batch", "an empty batch: weights are only clamped", ("empty-refused", "closed-end-open"), (2, 1, 2, 2), (3, 3), 476, 0, weights=BEYOND),
    _conv("no-channel-in", "no input channel", ("empty-nan",), (2, 0, 2, 2), (3, 3), 481),
    _conv("no-channel-out", "no output channel", ("empty-nan",), (0, 2, 2, 2), (3, 3), 486),
    _conv("single", "a window of one over one pixel: stdp_linear of one synapse", ("old-trace", "depression-sign"), (1, 1, 1, 1), (1, 1), 491, p=1.0, **FAST),
    _conv("pointwise", "a window of one: positions are a batch", ("batch-mean", "dropped-last"), (3, 2, 1, 1), (2, 3), 496, 2, **GENTLE),
    _conv("impulse-pre", "one pre spike: depression in the mirror of its place", ("depression-sign",), (1, 1, 3, 3), (3, 4), 501, z_pre=_impulse(0, 0, 1, 2, shape=(1, 1, 3, 4)), z_post=silence(1, 1, 1, 2), **FAST),
    _conv("impulse-post", "one post spike: potentiation by the patch under it", ("window-flipped", "traces-times-wrong-spikes"), (1, 1, 2, 2), (3, 4), 506, z_pre=silence(1, 1, 3, 4), z_post=_impulse(0, 0, 1, 2, shape=(1, 1, 2, 3)), **FAST),
    _conv("row", "images of one row", ("stale-sums", "depression-sign"), (2, 1, 1, 3), (1, 9), 511, **GENTLE),
    _conv("column", "images of one column", ("dropped-last",), (2, 1, 3, 1), (9, 1), 516, **GENTLE),
    _conv("past-simd", "one position past a SIMD width of 16 in a row", ("dropped-last",), (1, 1, 2, 2), (2, 18), 521, **GENTLE),
    _conv("past-simd-channels", "one output channel past 16", ("dropped-last",), (17, 1, 2, 1), (2, 2), 526, **GENTLE),
    _conv("past-tile", "one position past 32 in a row", ("stale-sums", "depression-sign"), (1, 1, 1, 2), (1, 34), 531, **GENTLE),
    _conv("silence", "no spike: only the traces move", ("trace-sign",), (2, 1, 2, 2), (3, 4), 536, p=0.0, **GENTLE),
    _conv("all-spike", "every neuron fires, padding too stays silent", ("padding-wraps", "batch-mean"), (1, 2, 2, 2), (3, 3), 541, 2, p=1.0, padding=1, **GENTLE),
    _conv("asymmetric", "every parameter different on the two sides", ("parameter-ignored", "tau-for-inverse", "traces-times-wrong-spikes"), (2, 1, 2, 2), (3, 4), 546, a_pre=0.8, a_post=-1.2, tau_pre_inv=33.0, tau_post_inv=11.0, eta_plus=0.03, eta_minus=0.02, dt=0.004),
    _conv("bounds", "bounds other than 0 and 1", ("bounds-swapped",), (2, 1, 2, 2), (3, 4), 551, w_min=-0.5, w_max=0.75, stdp_algorithm="multiplicative_relu", **GENTLE),
    _conv("at-1e30", "weights and traces at 1e30, not clamped", ("float32-accumulator",), (1, 1, 2, 2), (3, 3), 556, weights=real(uniform(561, 1, 1, 2, 2) * 1e30), t_pre=real(uniform(562, 1, 1, 3, 3) * 1e30), t_post=real(uniform(563, 1, 1, 2, 2) * 1e30), hardbound=False),
    _conv("at-1e200", "weights and traces at 1e200, not clamped", ("float32-accumulator",), (1, 1, 2, 2), (3, 3), 556, dtypes=DOUBLE, scale=1e200, weights=uniform(561, 1, 1, 2, 2) * 1e200, hardbound=False),
    _conv("subnormal", "subnormal weights and traces", ("float32-accumulator",), (1, 1, 2, 2), (3, 3), 566, dtypes=DOUBLE, scale=1e-309, weights=uniform(571, 1, 1, 2, 2) * 1e-310, a_pre=1e-310, a_post=1e-310, hardbound=False),
    _conv("double-digits", "weights and traces with all 53 bits", ("float32-accumulator",), (2, 1, 2, 2), (3, 4), 572, dtypes=DOUBLE, scale=1 / 3.0, weights=abs(uniform(577, 2, 1, 2, 2)) / 3.0, **GENTLE),
)  # fmt: skip

CASES = {
    "hebbian": HEBBIAN,
    "stdp_trace": TRACE,
    "stdp_linear": LINEAR,
    "stdp_linear_run": RUN,
    "stdp_conv2d": CONV,
}
