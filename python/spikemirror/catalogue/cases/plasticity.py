"""Cases of STDP."""

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
    _trace("empty", "no neuron", ("empty-nan",), np.zeros(0), np.zeros(0)),
    _trace("scalar", "no axis at all", ("dropped-last",), 0.25, 1),
    _trace("one", "one neuron", ("dropped-last",), real([0.5]), [1]),
    _trace("two", "two neurons", ("dropped-last",), real([0.5, 0.25]), [0, 1]),
    _trace("matrix", "a batch of neurons", ("wrong-axis",), uniform(53, 3, 5), spikes(54, 3, 5)),
    _trace("past-simd", "one past a SIMD width of 16", ("dropped-last", "fma-contraction"), uniform(55, 17), spikes(56, 17), tau_inv=13.7),
    _trace("past-tile", "one past 256", ("dropped-last",), uniform(57, 257), spikes(58, 257), a=-1.3, tau_inv=0.77, dt=0.1),
    _trace("silence", "traces decay", ("trace-sign",), uniform(59, 9), silence(9)),
    _trace("all-spike", "every neuron fires", ("trace-scale",), uniform(60, 9), ones(9), a=2.5),
    _trace("no-decay", "tau_inv 0 leaves the traces", ("parameter-ignored",), uniform(61, 5), ones(5), tau_inv=0.0),
    _trace("large-step", "dt tau_inv above 1: the step overshoots", ("trace-sign", "parameter-ignored"), uniform(62, 6), spikes(63, 6), dt=0.3),
    _trace("odd-parameters", "parameters that no dtype holds exactly: the product of dt and tau_inv is rounded too", ("parameter-unrounded", "rounding-order"), uniform(64, 23), spikes(65, 23), a=1.1, tau_inv=19.7, dt=0.0013),
    _trace("at-1e30", "traces at 1e30", ("rounding-order",), real(uniform(66, 5) * 1e30), spikes(67, 5)),
    _trace("at-1e200", "traces at 1e200", ("float32-accumulator",), uniform(66, 5) * 1e200, spikes(67, 5), DOUBLE),
    _trace("subnormal", "subnormal traces", ("rounding-order",), [5e-324, -1e-310, 2e-308], [0, 1, 0], DOUBLE, a=1e-309),
    _trace("subnormal-float32", "subnormal float32 traces", ("rounding-order",), real([1e-45, -1e-40, 1e-38]), [0, 1, 0], SINGLE, a=1e-41),
    _trace("signed-zero", "zeros of both signs", ("rounding-order",), [0.0, -0.0], [0, 0]),
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
FAST: dict[str, Any] = {"eta_plus": 0.05, "eta_minus": 0.03}
CORE = ("old-trace", "traces-times-wrong-spikes", "depression-sign", "wrong-axis")
ALGORITHMS = ("additive", "additive_step", "multiplicative_pow", "multiplicative_relu")

LINEAR = (
    *(
        _linear(f"plain-{algorithm}", f"a small layer under {algorithm}", (*CORE, "batch-mean", "new-weight-amplitude"), W, 3, 71, stdp_algorithm=algorithm, mu=0.5, **FAST)
        for algorithm in ALGORITHMS
    ),
    *(
        _linear(f"outside-{algorithm}", f"weights on and outside the bounds under {algorithm}, not clamped", ("ge-for-gt", "pow-base-unclamped", "bounds-swapped", "hardbound-ignored"), OUTSIDE, 2, 75, stdp_algorithm=algorithm, mu=0.3, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST)
        for algorithm in ALGORITHMS
    ),
    *(
        _linear(f"clamped-{algorithm}", f"weights on and outside the bounds under {algorithm}, clamped", ("ge-for-gt", "hardbound-ignored"), OUTSIDE, 2, 79, stdp_algorithm=algorithm, mu=0.3, **FAST)
        for algorithm in ALGORITHMS
    ),
    _linear("mu-0", "mu 0: the power is 1, on the bounds too", ("zero-to-zero", "pow-base-unclamped"), OUTSIDE, 2, 83, stdp_algorithm="multiplicative_pow", mu=0.0, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST),
    _linear("mu-1", "mu 1: the power is the relu", ("parameter-ignored", "pow-base-unclamped"), OUTSIDE, 2, 83, stdp_algorithm="multiplicative_pow", mu=1.0, hardbound=False, z_pre=ones(2, 3), z_post=ones(2, 2), **FAST),
    _linear("no-batch", "an empty batch: weights are only clamped", ("empty-nan", "hardbound-ignored"), OUTSIDE, 0, 87),
    _linear("no-pre", "no presynaptic neuron", ("empty-nan",), np.zeros((3, 0)), 2, 91),
    _linear("no-post", "no postsynaptic neuron", ("empty-nan",), np.zeros((0, 3)), 2, 95),
    _linear("single", "one synapse, both neurons fire", ("old-trace", "depression-sign"), real([[0.5]]), 1, 99, z_pre=ones(1, 1), z_post=ones(1, 1), **FAST),
    _linear("two", "two synapses", ("dropped-last", "wrong-axis"), real([[0.5, 0.25]]), 1, 103, z_pre=train([[0, 1]]), z_post=ones(1, 1), **FAST),
    _linear("past-simd", "one column past a SIMD width of 16", ("dropped-last",), abs(uniform(107, 3, 17)), 2, 108, **FAST),
    _linear("past-tile", "one row and column past 32, a batch of 9", ("dropped-last", "batch-mean"), abs(uniform(112, 33, 33)), 9, 113, stdp_algorithm="multiplicative_relu", **FAST),
    _linear("silence", "no spike: only the traces move", ("old-trace", "trace-sign"), W, 2, 117, z_pre=silence(2, 7), z_post=silence(2, 5), **FAST),
    _linear("only-pre", "only presynaptic spikes: depression alone", ("depression-sign", "traces-times-wrong-spikes"), W, 2, 121, z_post=silence(2, 5), **FAST),
    _linear("only-post", "only postsynaptic spikes: potentiation alone", ("traces-times-wrong-spikes", "old-trace"), W, 2, 125, z_pre=silence(2, 7), **FAST),
    _linear("all-spike", "every neuron fires", ("batch-mean", "old-trace"), W, 4, 129, z_pre=ones(4, 7), z_post=ones(4, 5), **FAST),
    _linear("to-the-bounds", "steps that reach both bounds exactly", ("hardbound-ignored", "bounds-swapped"), real([[0.0, 1.0], [0.5, 0.5]]), 1, 133, z_pre=ones(1, 2), z_post=train([[1, 0]]), t_pre=real([[8, 8]]), t_post=real([[8, 8]]), eta_plus=0.5, eta_minus=0.125, a_pre=8.0, a_post=8.0),
    _linear("bounds", "bounds other than 0 and 1", ("bounds-swapped", "parameter-ignored"), uniform(137, 4, 3) * 2, 2, 138, w_min=-1.5, w_max=1.25, stdp_algorithm="multiplicative_relu", eta_plus=0.4, eta_minus=0.2),
    _linear("asymmetric", "every parameter different on the two sides", ("parameter-ignored", "traces-times-wrong-spikes", "tau-for-inverse"), W, 3, 141, a_pre=0.8, a_post=-1.2, tau_pre_inv=33.0, tau_post_inv=11.0, eta_plus=0.07, eta_minus=0.02, dt=0.004),
    _linear("frozen", "both rates 0", ("parameter-ignored",), W, 2, 145, eta_plus=0.0, eta_minus=0.0),
    _linear("at-1e30", "weights and traces at 1e30, not clamped", ("float32-accumulator",), real(W * 1e30), 2, 149, t_pre=real(uniform(151, 2, 7) * 1e30), t_post=real(uniform(152, 2, 5) * 1e30), hardbound=False),
    _linear("at-1e200", "weights and traces at 1e200, not clamped", ("float32-accumulator",), W * 1e200, 2, 149, DOUBLE, scale=1e200, hardbound=False),
    _linear("subnormal", "subnormal weights and traces", ("rounding-order",), W * 1e-310, 2, 153, DOUBLE, scale=1e-309, a_pre=1e-310, a_post=1e-310),
    _linear("double-digits", "weights and traces with all 53 bits", ("float32-accumulator",), W / 3.0, 5, 157, DOUBLE, scale=1 / 3.0, **FAST),
)  # fmt: skip

CASES = {"stdp_trace": TRACE, "stdp_linear": LINEAR}
