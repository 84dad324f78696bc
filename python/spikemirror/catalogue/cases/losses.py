"""Cases of the losses; a loss and its gradient share their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, real, spikes, uniform
from spikemirror.catalogue.kernel import Array


def zeros(*shape: int) -> npt.NDArray[np.float64]:
    """Silence, as reals."""
    return np.zeros(shape)


def every(*shape: int) -> npt.NDArray[np.float64]:
    """All spikes, as reals."""
    return np.ones(shape)


def trains(seed: int, *shape: int, p: float = 0.4) -> npt.NDArray[np.float64]:
    """Spikes, as reals."""
    return spikes(seed, *shape, p=p).astype(np.float64)


def rates(seed: int, *shape: int) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1)."""
    return abs(uniform(seed, *shape))


def _both(name: str, why: str, catches: tuple[str, ...], inputs: dict[str, Array], dtypes: tuple[str, ...] | None, parameters: dict[str, Any]) -> tuple[Case, Case]:  # fmt: skip
    return (
        Case(id=name, why=why, catches=_of("loss", catches), inputs=inputs, parameters=parameters, dtypes=dtypes),
        Case(id=name, why=why, catches=_of("grad", catches), inputs=inputs, parameters=parameters, dtypes=dtypes),
    )


def _of(which: str, catches: tuple[str, ...]) -> tuple[str, ...]:
    """Those of both kernels, and those that are marked as the loss's or the gradient's own."""
    return tuple(c.removeprefix(f"{which}:") for c in catches if ":" not in c or c.startswith(f"{which}:"))


def _probspikes(name: str, why: str, catches: tuple[str, ...], s: Any, targets: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    inputs: dict[str, Array] = {"spikes": np.asarray(s, np.float64), "targets": np.asarray(targets, np.int32)}
    return _both(name, why, catches, inputs, dtypes, p)


PLAIN = trains(501, 3, 6, 4)
CONFIDENT = np.concatenate([2 * every(2, 10, 1), zeros(2, 10, 3)], axis=2)
HALVES = np.concatenate([every(2, 8, 1), np.repeat(real([[[1], [0]]]), 4, axis=1).repeat(2, axis=0), zeros(2, 8, 1)], axis=2)  # fmt: skip
PROBSPIKES = (
    _probspikes("plain", "three short trains at the defaults", ("loss:sum-for-mean", "target-shifted", "wrong-axis", "loss:log2-for-log", "first-sample-only", "grad:grad-batch-factor", "grad:grad-one-step"), PLAIN, [1, 0, 2]),
    _probspikes("plain-rates", "rates instead of counts", ("time-normalization-ignored", "grad:grad-time-factor"), PLAIN, [1, 0, 2], normalize_by_time=True, temperature=0.25),
    _probspikes("plain-normalize", "counts over their sum", ("mode-swapped", "eps-missing", "loss:log2-for-log"), PLAIN, [1, 0, 2], mode="normalize", eps=0.01),
    _probspikes("plain-normalize-rates", "rates over their sum, where eps weighs more", ("mode-swapped", "eps-missing", "time-normalization-ignored", "grad:grad-time-factor"), PLAIN, [1, 0, 2], mode="normalize", eps=0.5, normalize_by_time=True),
    _probspikes("real", "rates that are no spikes", ("target-shifted", "spikes-binarized"), rates(502, 4, 5, 3), [0, 0, 1, 1], temperature=0.5),
    _probspikes("negative", "reals of both signs", ("target-shifted",), uniform(503, 4, 5, 3), [2, 0, 1, 1]),
    _probspikes("no-sample", "an empty batch: loss and accuracy 0", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 5, 3), []),
    _probspikes("no-step", "no step at all: every class alike", ("loss:positive-in-negatives", "grad:empty-refused"), zeros(2, 0, 3), [0, 2]),
    _probspikes("no-step-rates", "rates over no step are 0", ("loss:positive-in-negatives", "grad:empty-refused"), zeros(2, 0, 3), [0, 2], normalize_by_time=True),
    _probspikes("one-class", "one class: loss 0, accuracy 1", ("loss:mean-over-active", "grad:grad-one-step"), trains(504, 2, 4, 1), [0, 0]),
    _probspikes("one-class-normalize", "one class: q is 1", ("loss:mean-over-active", "grad:grad-one-step"), trains(504, 2, 4, 1), [0, 0], mode="normalize"),
    _probspikes("one-of-each", "one sample, one step, two classes", ("dropped-last", "target-shifted"), real([[[1, 0]]]), [1]),
    _probspikes("two", "two of each axis", ("dropped-last", "wrong-axis"), real([[[1, 0], [1, 1]], [[0, 0], [0, 1]]]), [0, 1]),
    _probspikes("odd", "odd lengths", ("dropped-last",), trains(505, 5, 7, 3), [1, 2, 2, 2, 1], temperature=1.3),
    _probspikes("past-simd", "one class and one step past a SIMD width of 16", ("dropped-last",), trains(506, 1, 17, 17, p=0.3), [16]),
    _probspikes("past-tile", "one class past a tile of 64", ("dropped-last",), trains(507, 1, 3, 65), [64], temperature=0.6),
    _probspikes("past-simd-normalize", "one class and one step past a SIMD width of 16", ("dropped-last", "eps-missing"), trains(508, 1, 17, 17, p=0.3), [16], mode="normalize", eps=0.03),
    _probspikes("ties", "the target ties with a lower and with a higher class", ("loss:accuracy-on-target", "grad:target-shifted", "grad:grad-batch-factor"), real([[[1, 1, 0], [1, 1, 0]], [[0, 1, 1], [0, 1, 1]]]), [1, 1]),
    _probspikes("silence", "no spike at all: ln N, and only class 0 is right", ("loss:last-tie", "loss:accuracy-on-target", "grad:target-shifted", "grad:grad-batch-factor"), zeros(3, 4, 5), [0, 4, 0]),
    _probspikes("silence-normalize", "no spike at all: eps alone", ("eps-missing",), zeros(3, 4, 5), [0, 4, 0], mode="normalize"),
    _probspikes("all-spike", "every class at every step", ("loss:positive-in-negatives", "grad:target-shifted"), every(2, 9, 3), [2, 0]),
    _probspikes("silent-target", "the target never fires: its probability is eps", ("eps-missing", "loss:probability-floor"), CONFIDENT, [3, 1], mode="normalize"),
    _probspikes("silent-target-rates", "the same from rates", ("eps-missing", "time-normalization-ignored"), CONFIDENT, [3, 1], mode="normalize", normalize_by_time=True, eps=1e-6),
    _probspikes("all-right", "every sample right: accuracy 1", ("loss:accuracy-on-target", "grad:grad-batch-factor"), np.eye(3)[:, None, :], [0, 1, 2]),
    _probspikes("all-wrong", "every sample wrong: accuracy 0", ("loss:accuracy-on-target", "grad:grad-batch-factor"), np.eye(3)[:, None, :], [1, 2, 0]),
    _probspikes("certain", "a count of twenty ahead: the loss is 6e-9", ("loss:lse-cancellation", "loss:lse-overflow", "grad:grad-one-sided"), CONFIDENT, [0, 0]),
    _probspikes("cold-right", "temperature 0.005 and right: the loss is almost 0", ("loss:lse-cancellation", "temperature-multiplied", "grad:softmax-overflow"), HALVES * 0.0625, [0, 0], temperature=0.005),
    _probspikes("cold-wrong", "temperature 0.005 and wrong: the loss is thousands", ("loss:lse-overflow", "pivot-is-positive", "loss:probability-floor", "loss:temperature-ignored", "grad:softmax-overflow", "grad:grad-temperature-factor"), CONFIDENT, [2, 1], temperature=0.005),
    _probspikes("cold-mixed", "temperature 0.005, right and wrong", ("loss:lse-overflow", "temperature-multiplied", "loss:temperature-ignored", "grad:softmax-overflow", "grad:grad-temperature-factor"), trains(509, 3, 6, 4), [0, 0, 2], temperature=0.005),
    _probspikes("hot", "temperature 100: nearly uniform", ("temperature-multiplied", "temperature-ignored", "grad:grad-temperature-factor"), trains(510, 2, 12, 4, p=0.5), [1, 3], temperature=100.0),
    _probspikes("odd-temperature", "a temperature that no dtype holds exactly", ("temperature-ignored",), trains(511, 3, 5, 6), [5, 1, 0], temperature=0.7),
    _probspikes("odd-eps", "an eps that no dtype holds exactly", ("eps-missing",), trains(511, 3, 5, 6), [5, 1, 0], mode="normalize", eps=0.1),
    _probspikes("long", "300 steps", ("dropped-last",), trains(512, 1, 300, 2, p=0.5), [1], temperature=10.0),
    _probspikes("long-count", "a count of 100 at temperature 0.1: exp overflows without a pivot", ("temperature-multiplied", "wrong-axis"), np.concatenate([every(1, 100, 1), zeros(1, 100, 1)], axis=2), [0], temperature=0.1),
    _probspikes("one-class-overflow", "the count of the one class overflows: it is certain all the same", ("certain-computed",), real([[[3e38], [3e38]], [[-3e38], [-3e38]]]), [0, 0], SINGLE),
    _probspikes("one-class-overflow-double", "the count of the one class overflows: it is certain all the same", ("certain-computed",), np.array([[[1e308], [1e308]], [[-1e308], [-1e308]]]), [0, 0], DOUBLE),
    _probspikes("huge-ties", "one step at 1e30 everywhere: ln N", ("loss:lse-overflow", "grad:softmax-overflow"), real(np.full((2, 1, 3), 1e30)), [0, 2]),
    _probspikes("huge-normalize", "reals at 1e30 over their sum", ("loss:mode-swapped", "grad:target-shifted"), real(rates(513, 2, 3, 4) * 1e30), [0, 3], mode="normalize"),
    _probspikes("huge-normalize-double", "reals at 1e200 over their sum", ("float32-accumulator",), rates(513, 2, 3, 4) * 1e200, [0, 3], DOUBLE, mode="normalize"),
    _probspikes("silent-target-huge", "the target is silent beside 1e37: the ratio of the two overflows", ("loss:ratio-overflow", "grad:target-shifted"), real([[[0, 1e37, 0]], [[1e37, 0, 1e37]]]), [0, 1], SINGLE, mode="normalize"),
    _probspikes("silent-target-huge-double", "the target is silent beside 1e307: the ratio of the two overflows", ("loss:ratio-overflow", "grad:target-shifted"), np.array([[[0, 1e307, 0]], [[1e307, 0, 1e307]]]), [0, 1], DOUBLE, mode="normalize"),
    _probspikes("subnormal", "subnormal reals: nearly uniform", ("loss:subnormals-flushed", "grad:target-shifted"), np.array([[[5e-324, 1e-310, 0.0]]]), [1], DOUBLE),
    _probspikes("subnormal-float32", "subnormal float32 reals: nearly uniform", ("loss:subnormals-flushed", "grad:target-shifted"), real([[[1e-45, 1e-40, 0.0]]]), [1], SINGLE),
    _probspikes("double-digits", "reals with all 53 bits", ("float32-accumulator",), rates(514, 3, 5, 4) / 3.0, [0, 3, 0], DOUBLE, temperature=0.4),
)  # fmt: skip


def _rate(name: str, why: str, catches: tuple[str, ...], s: Any, target: Any = 0.125, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    s = np.asarray(s, np.float64)
    target = np.full(s.shape[2], target) if isinstance(target, float) else np.asarray(target, np.float64)
    return _both(name, why, catches, {"spikes": s, "target_rate": target}, dtypes, p)


RANGE: dict[str, Any] = {"rate_min": 0.25, "rate_max": 0.5}
RATE = (
    _rate("plain", "rates inside and outside the range", ("loss:sum-for-mean", "loss:time-normalization-ignored", "range-ignored", "relu-sign", "wrong-axis", "loss:square-missing", "loss:fractions-swapped", "loss:mean-before-square", "counts-not-reset", "grad:grad-batch-factor", "grad:grad-time-factor", "grad:factor-two", "grad:grad-one-step"), trains(521, 3, 7, 4), 0.125, **RANGE),
    _rate("defaults", "the default range", ("range-ignored",), trains(522, 3, 7, 4, p=0.2), real(np.full(4, 0.1))),
    _rate("own-targets", "another target for each neuron", ("target-rate-broadcast", "wrong-axis"), trains(523, 2, 5, 3), [0.0, 0.5, 1.0]),
    _rate("no-sample", "an empty batch: all 0", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 5, 3)),
    _rate("no-neuron", "no neuron: all 0", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 5, 0)),
    _rate("no-step", "no step at all: rates 0, all dead", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 0, 3)),
    _rate("one-of-each", "one sample, step and neuron", ("dropped-last",), every(1, 1, 1)),
    _rate("two", "two of each axis", ("dropped-last",), real([[[1, 0], [0, 0]], [[1, 1], [0, 1]]]), [0.25, 0.5]),
    _rate("odd", "odd lengths", ("dropped-last",), trains(524, 3, 5, 7), rates(525, 7)),
    _rate("past-simd", "one neuron and one step past a SIMD width of 16", ("dropped-last",), trains(526, 1, 17, 17), rates(527, 17)),
    _rate("past-tile", "one neuron past a tile of 64", ("dropped-last",), trains(528, 1, 3, 65), rates(529, 65)),
    _rate("silence", "all dead", ("range-ignored",), zeros(2, 6, 3)),
    _rate("all-spike", "all saturated", ("range-ignored",), every(2, 6, 3)),
    _rate("on-target", "rates on their targets and inside the range: 0", ("loss:relu-sign", "grad:dropped-last"), np.tile(real([[[1, 0], [0, 0], [0, 0], [0, 1]]]), (2, 1, 1)), [0.25, 0.25], rate_min=0.125, rate_max=0.375),
    _rate("at-the-ends", "rates of one step exactly on both ends are inside", ("loss:fraction-not-strict", "grad:range-ignored"), real([[[0.25, 0.5, 0.0, 1.0]]]), 0.375, **RANGE),
    _rate("silence-at-zero", "rate 0 is not below 0", ("loss:fraction-not-strict", "parameter-ignored"), zeros(2, 3, 2), 0.0, rate_min=0.0, rate_max=0.0),
    _rate("full-at-one", "one step at rate 1 is not above 1", ("loss:fraction-not-strict", "parameter-ignored"), every(2, 1, 2), 1.0, rate_min=1.0, rate_max=1.0),
    _rate("only-dead", "no rate above the range", ("relu-sign", "range-ignored"), trains(530, 2, 9, 3, p=0.2), 0.5, rate_min=0.9, rate_max=1.0),
    _rate("only-saturated", "no rate below the range", ("relu-sign", "range-ignored"), trains(531, 2, 9, 3, p=0.8), 0.5, rate_min=0.0, rate_max=0.05),
    _rate("negative", "negative reals and targets", ("relu-sign",), uniform(532, 3, 5, 4), uniform(533, 4)),
    _rate("odd-parameters", "ends that no dtype holds exactly", ("parameter-ignored",), rates(534, 2, 5, 4), 0.125, rate_min=0.3, rate_max=0.7),
    _rate("long", "300 steps", ("loss:time-normalization-ignored", "grad:grad-time-factor"), trains(535, 1, 300, 1, p=0.3), [0.25], rate_max=0.4),
    _rate("at-1e15", "reals at 1e15", ("loss:square-missing", "grad:factor-two"), real(uniform(536, 2, 3, 4) * 1e15), real(uniform(537, 4) * 1e15)),
    _rate("at-1e150", "reals at 1e150", ("float32-accumulator",), uniform(536, 2, 3, 4) * 1e150, uniform(537, 4) * 1e150, DOUBLE),
    _rate("below-overflow-float32", "either mean is within float32, and so is their sum, but not the sum of all squares", ("loss:means-together", "grad:factor-two"), real(np.full((1, 1, 3), 9e18)), 0.0, SINGLE, rate_min=0.0, rate_max=0.0),
    _rate("below-overflow", "either mean is within float64, and so is their sum, but not the sum of all squares", ("loss:means-together", "grad:factor-two"), np.full((1, 1, 3), 6e153), 0.0, DOUBLE, rate_min=0.0, rate_max=0.0),
    _rate("overflow", "squares past the greatest float64: inf; the gradient is finite", ("loss:spikes-binarized", "grad:factor-two"), rates(542, 2, 3, 4) * 1e200, 0.125, DOUBLE),
    _rate("subnormal", "subnormal reals and ends", ("parameter-ignored", "subnormals-flushed", "grad:range-ignored"), uniform(538, 2, 3, 4) * 1e-310, uniform(539, 4) * 1e-309, DOUBLE, rate_min=1e-311, rate_max=1e-310),
    _rate("subnormal-float32", "subnormal float32 reals", ("parameter-ignored", "subnormals-flushed", "grad:range-ignored"), real(uniform(538, 2, 3, 4) * 1e-40), real(uniform(539, 4) * 1e-39), SINGLE, rate_min=1e-41, rate_max=1e-40),
    _rate("double-digits", "reals with all 53 bits", ("float32-accumulator",), rates(540, 3, 5, 4) / 3.0, rates(541, 4) / 3.0, DOUBLE),
)  # fmt: skip


def _temporal(name: str, why: str, catches: tuple[str, ...], s: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    return _both(name, why, catches, {"spikes": np.asarray(s, np.float64)}, dtypes, p)


def _differences(name: str, why: str, catches: tuple[str, ...], s: Any, dtypes: tuple[str, ...] | None = None) -> tuple[tuple[Case, Case], ...]:  # fmt: skip
    """The same under l1 and l2."""
    return tuple(_temporal(f"{name}-{p}", f"{why}; {p}", catches, s, dtypes, penalty=p) for p in ("l1", "l2"))


TEMPORAL = (
    *_differences("plain", "short trains", ("loss:sum-for-mean", "pairs-count", "wrong-axis", "grad:mode-swapped", "grad:grad-batch-factor", "grad:grad-one-sided"), trains(551, 3, 6, 4)),
    *_differences("real", "reals of both signs", ("mode-swapped",), uniform(552, 2, 5, 3)),
    *_differences("no-sample", "an empty batch", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 5, 3)),
    *_differences("no-neuron", "no neuron", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 5, 0)),
    *_differences("no-step", "no step at all: 0", ("loss:output-unwritten", "grad:empty-refused"), zeros(2, 0, 3)),
    *_differences("one-step", "one step has no pair: 0", ("output-unwritten",), every(2, 1, 3)),
    *_differences("two-steps", "one pair", ("pairs-count", "grad:dropped-last", "grad:edge-lag"), real([[[0, 1, 1], [1, 0, 1]]])),
    *_differences("odd", "odd lengths", ("pairs-count", "grad:dropped-last"), trains(553, 3, 5, 7)),
    *_differences("past-simd", "one neuron and one step past a SIMD width of 16", ("grad:dropped-last", "edge-lag"), trains(554, 1, 17, 17)),
    *_differences("past-tile", "one neuron past a tile of 64", ("dropped-last",), rates(555, 1, 3, 65)),
    *_differences("silence", "nothing changes: 0", ("loss:mean-over-active", "grad:silent-skipped"), zeros(2, 4, 3)),
    *_differences("all-spike", "nothing changes: 0, at the ends too", ("edge-lag", "loss:mean-over-active"), every(2, 4, 3)),
    *_differences("alternating", "every step changes", ("loss:sum-for-mean", "grad:grad-one-sided", "grad:edge-lag"), np.tile(real([[[1], [0]]]), (1, 4, 2))),
    *_differences("plateaus", "runs of equal steps: sign(0) is 0", ("loss:sum-for-mean", "grad:grad-one-sided"), np.repeat(uniform(556, 2, 3, 2), 3, axis=1)),
    *_differences("long", "300 steps", ("loss:pairs-count", "grad:grad-one-sided"), trains(557, 1, 300, 1)),
    *_differences("at-1e15", "reals at 1e15", ("loss:mode-swapped", "grad:grad-one-sided"), real(uniform(558, 2, 4, 3) * 1e15)),
    *_differences("at-1e150", "reals at 1e150", ("float32-accumulator",), uniform(558, 2, 4, 3) * 1e150, DOUBLE),
    _temporal("at-1e30-l1", "reals at 1e30", ("mode-swapped",), real(uniform(558, 1, 4, 3) * 1e30), penalty="l1"),
    _temporal("at-1e200-l1", "reals at 1e200", ("mode-swapped", "float32-accumulator"), uniform(558, 1, 4, 3) * 1e200, DOUBLE, penalty="l1"),
    *_differences("subnormal", "subnormal reals: the sign of their differences is not lost", ("loss:mode-swapped", "grad:grad-one-sided"), uniform(559, 1, 5, 2) * 1e-310, DOUBLE),
    *_differences("subnormal-float32", "subnormal float32 reals", ("loss:mode-swapped", "grad:grad-one-sided"), real(uniform(559, 1, 5, 2) * 1e-40), SINGLE),
    *_differences("double-digits", "reals with all 53 bits", ("float32-accumulator",), rates(560, 3, 5, 4) / 3.0, DOUBLE),
    _temporal("overflow", "squares past the greatest float64: inf; the gradient is finite", ("loss:square-missing", "grad:factor-two"), real([[[0.0], [1.0]]]) * 1e200, DOUBLE, penalty="l2"),
    _temporal("variance", "three windows of the default 5 steps", ("variance-ddof", "loss:sum-for-mean", "wrong-axis", "counts-not-reset", "grad:grad-batch-factor"), trains(561, 2, 15, 3), penalty="variance"),
    _temporal("variance-partial", "three windows of 4 and three steps more", ("partial-window", "variance-ddof", "window-ignored"), trains(562, 2, 15, 3, p=0.5), penalty="variance", window=4),
    _temporal("variance-one-step", "windows of one step", ("window-ignored", "variance-ddof"), trains(563, 2, 6, 3), penalty="variance", window=1),
    _temporal("variance-two-windows", "the fewest windows", ("variance-ddof",), trains(564, 2, 7, 3), penalty="variance", window=3),
    _temporal("variance-one-window", "one full window: 0", ("empty-nan",), trains(565, 2, 9, 3), penalty="variance"),
    _temporal("variance-no-window", "fewer steps than a window: 0", ("output-unwritten",), trains(566, 2, 4, 3), penalty="variance"),
    _temporal("variance-no-step", "no step at all: 0", ("loss:output-unwritten", "grad:empty-refused"), zeros(2, 0, 3), penalty="variance"),
    _temporal("variance-no-sample", "an empty batch", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 10, 3), penalty="variance"),
    _temporal("variance-past-end", "a window of 2^40 steps: 0", ("output-unwritten",), trains(567, 1, 6, 2), penalty="variance", window=2**40),
    _temporal("variance-silence", "equal rates: 0", ("loss:mean-over-active", "grad:silent-skipped"), zeros(2, 10, 3), penalty="variance"),
    _temporal("variance-equal", "equal rates: 0, though 1/3 is not exact", ("partial-window",), np.tile(real([[[1, 0], [0, 0], [0, 1]]]), (1, 4, 1))[:, :10], penalty="variance", window=3),
    _temporal("variance-offset", "small differences on large rates: the mean first", ("loss:variance-cancellation", "grad:factor-two"), real(1000 + rates(568, 2, 12, 2)), penalty="variance", window=2),
    _temporal("variance-past-simd", "17 neurons, two windows of 6 steps and one step more", ("partial-window", "window-ignored"), trains(569, 1, 13, 17, p=0.5), penalty="variance", window=6),
    _temporal("variance-long", "300 steps in windows of 7", ("partial-window",), trains(570, 1, 300, 1), penalty="variance", window=7),
    _temporal("variance-at-1e15", "reals at 1e15", ("loss:square-missing", "grad:factor-two"), real(uniform(571, 1, 10, 2) * 1e15), penalty="variance"),
    _temporal("variance-at-1e150", "reals at 1e150", ("float32-accumulator",), uniform(571, 1, 10, 2) * 1e150, DOUBLE, penalty="variance"),
    _temporal("variance-double-digits", "reals with all 53 bits", ("float32-accumulator",), rates(572, 2, 11, 3) / 3.0, DOUBLE, penalty="variance", window=3),
)  # fmt: skip


ISI = (
    _temporal("plain", "short trains at the defaults: window 3, tau 1.5", ("edge-lag", "lag-zero", "tau-default", "loss:sum-for-mean", "wrong-axis", "grad:grad-batch-factor", "grad:grad-one-sided"), trains(581, 3, 7, 4)),
    _temporal("real", "reals of both signs", ("loss:sum-for-mean", "lag-zero", "grad:grad-one-sided"), uniform(582, 2, 6, 3), window=2),
    _temporal("no-sample", "an empty batch", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 5, 3)),
    _temporal("no-neuron", "no neuron", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 5, 0)),
    _temporal("no-step", "no step at all: 0", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 0, 3)),
    _temporal("one-step", "one step has nothing before it: 0", ("lag-zero",), every(2, 1, 3)),
    _temporal("two-steps", "two steps: one lag", ("dropped-last", "grad:edge-lag"), every(1, 2, 1)),
    _temporal("odd", "odd lengths", ("dropped-last",), trains(583, 3, 5, 7)),
    _temporal("past-simd", "one neuron and one step past a SIMD width of 16", ("dropped-last", "edge-lag"), trains(584, 1, 17, 17), window=4),
    _temporal("past-tile", "one neuron past a tile of 64", ("dropped-last",), rates(585, 1, 4, 65)),
    _temporal("window-1", "window 1: tau is 1, not 0.5", ("tau-default", "window-ignored", "lag-zero"), trains(586, 2, 8, 3, p=0.7), window=1),
    _temporal("window-4", "window 4: tau is 2", ("tau-default", "window-ignored"), trains(587, 2, 9, 3, p=0.6), window=4),
    _temporal("window-as-train", "the window is as long as the train: every lag there is", ("edge-lag", "window-past-end"), trains(588, 1, 6, 2, p=0.7), window=6),
    _temporal("window-past-end", "the window is longer than the train", ("edge-lag", "window-past-end"), trains(589, 2, 5, 3, p=0.7), window=11),
    _temporal("window-2^40", "a window of 2^40 steps", ("window-past-end", "tau-default", "window-truncated"), trains(590, 1, 6, 2, p=0.7), window=2**40),
    _temporal("tau", "tau given", ("parameter-ignored", "tau-for-inverse"), trains(591, 2, 9, 3, p=0.6), window=4, tau=0.75),
    _temporal("tau-odd", "a tau that no dtype holds exactly", ("tau-for-inverse", "grad:parameter-ignored"), trains(592, 2, 9, 3, p=0.6), window=4, tau=0.3),
    _temporal("tau-short", "tau 0.01: exp(-100) is nearly nothing", ("tau-for-inverse", "lag-zero"), every(1, 6, 2), window=2, tau=0.01),
    _temporal("tau-long", "tau 1000: every lag counts alike", ("tau-for-inverse", "window-ignored", "decay-missing"), trains(593, 1, 12, 3, p=0.5), window=5, tau=1000.0),
    _temporal("silence", "no spike: 0; the gradient too", ("loss:mean-over-active", "grad:silent-skipped"), zeros(2, 6, 3)),
    _temporal("single-spike", "one spike meets no other: 0; the gradient on both sides of it", ("lag-zero", "grad:grad-one-sided"), np.eye(7)[3].reshape(1, 7, 1)),
    _temporal("first-and-last", "a spike at each end: no wrapping around", ("loss:window-ignored", "grad:edge-lag"), real([1, 0, 0, 0, 0, 0, 1]).reshape(1, 7, 1)),
    _temporal("at-the-window", "two spikes exactly window steps apart, two one further", ("lag-zero", "window-ignored"), real([[1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0]]).T.reshape(1, 8, 2)),
    _temporal("all-spike", "every step", ("edge-lag", "loss:sum-for-mean", "grad:grad-batch-factor"), every(2, 7, 3)),
    _temporal("long", "300 steps", ("edge-lag", "grad:dropped-last"), trains(594, 1, 300, 1), window=10),
    _temporal("at-1e15", "reals at 1e15", ("float32-accumulator",), real(uniform(595, 1, 6, 3) * 1e15)),
    _temporal("at-1e150", "reals at 1e150", ("float32-accumulator",), uniform(595, 1, 6, 3) * 1e150, DOUBLE),
    _temporal("overflow", "products past the greatest float64: inf; the gradient is finite", ("loss:spikes-binarized", "grad:edge-lag"), rates(598, 1, 5, 2) * 1e200, DOUBLE),
    _temporal("greatest-float32", "steps at the greatest float32: two of them weighed are below it, their sum is not", ("loss:spikes-binarized", "grad:sum-overflow"), real(np.full((1, 3, 1), np.finfo(np.float32).max)), SINGLE, window=1),
    _temporal("greatest", "steps at the greatest float64: two of them weighed are below it, their sum is not", ("loss:spikes-binarized", "grad:sum-overflow"), np.full((1, 3, 1), np.finfo(np.float64).max), DOUBLE, window=1),
    _temporal("subnormal-after-huge", "the least number after 1e307: it must meet the weight last", ("loss:later-weighed", "grad:spikes-binarized"), np.array([[[1e307], [5e-324]]]), DOUBLE),
    _temporal("subnormal-after-huge-float32", "the least float32 after 1e37: it must meet the weight last", ("loss:later-weighed", "grad:spikes-binarized"), real([[[1e37], [1e-45]]]), SINGLE),
    _temporal("subnormal", "subnormal reals", ("loss:spikes-binarized", "grad:edge-lag"), uniform(596, 1, 6, 2) * 1e-310, DOUBLE),
    _temporal("subnormal-float32", "subnormal float32 reals", ("loss:spikes-binarized", "grad:edge-lag"), real(uniform(596, 1, 6, 2) * 1e-40), SINGLE),
    _temporal("double-digits", "reals with all 53 bits", ("float32-accumulator",), rates(597, 2, 7, 3) / 3.0, DOUBLE, window=5),
)  # fmt: skip


def _membrane(name: str, why: str, catches: tuple[str, ...], v: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    return _both(name, why, catches, {"membrane": np.asarray(v, np.float64)}, dtypes, p)


MEMBRANE = (
    _membrane("plain", "potentials on both sides of both bounds", ("magnitude-ignored", "range-ignored", "loss:square-missing", "loss:sum-for-mean", "grad:factor-two", "grad:grad-batch-factor", "grad:grad-sign"), uniform(601, 3, 6, 4) * 4),
    _membrane("no-sample", "an empty batch", ("loss:empty-nan", "grad:empty-refused"), zeros(0, 5, 3)),
    _membrane("no-step", "no step at all", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 0, 3)),
    _membrane("no-neuron", "no neuron", ("loss:empty-nan", "grad:empty-refused"), zeros(2, 5, 0)),
    _membrane("one-of-each", "one potential", ("dropped-last", "grad:factor-two"), real([[[2.5]]])),
    _membrane("two", "two of each axis", ("dropped-last", "magnitude-ignored"), real([[[2.0, -2.0], [1.0, -1.0]], [[-3.0, 3.0], [0.0, 1.75]]])),
    _membrane("odd", "odd lengths", ("loss:parameter-ignored", "grad:dropped-last"), uniform(602, 3, 5, 7) * 2, max_membrane=0.75),
    _membrane("past-simd", "one neuron and one step past a SIMD width of 16", ("loss:parameter-ignored", "grad:dropped-last"), uniform(603, 1, 17, 17) * 2, max_membrane=1.0),
    _membrane("past-tile", "one neuron past a tile of 64", ("dropped-last",), uniform(604, 1, 3, 65) * 2, max_membrane=0.5),
    _membrane("only-negative", "only negative potentials", ("magnitude-ignored",), real(-2 - rates(605, 2, 4, 3))),
    _membrane("inside", "every potential inside: 0", ("range-ignored", "relu-sign"), uniform(606, 2, 4, 3)),
    _membrane("on-the-bound", "potentials exactly on both bounds are inside", ("loss:fraction-not-strict", "grad:range-ignored"), real([[[1.5, -1.5, 1.25, -1.75]]])),
    _membrane("next-to-the-bound", "potentials one float32 beside the bound", ("loss:magnitude-ignored", "grad:range-ignored"), real([[[1.5 + 2.0**-23, -1.5 - 2.0**-23, 1.5 - 2.0**-23]]])),
    _membrane("bound-0", "bound 0: all but 0 is beyond, and sign(0) is 0", ("parameter-ignored", "loss:fraction-not-strict"), real([[[0.0, -0.0, 0.5, -0.25]]]), max_membrane=0.0),
    _membrane("bound-large", "a bound that nothing reaches", ("parameter-ignored",), uniform(607, 2, 3, 4) * 4, max_membrane=1000.0),
    _membrane("odd-bound", "a bound that no dtype holds exactly", ("parameter-ignored",), uniform(608, 2, 5, 3), max_membrane=0.3),
    _membrane("bound-on-0.1", "the bound rounds to the potential's own float32: inside", ("loss:fraction-not-strict", "grad:parameter-ignored", "grad:range-ignored"), real([[[0.1, -0.1, 0.2]]]), SINGLE, max_membrane=0.1),
    _membrane("silence", "potentials 0", ("loss:mean-over-active", "grad:dropped-last"), zeros(2, 4, 3)),
    _membrane("long", "300 steps", ("loss:parameter-ignored", "grad:dropped-last"), uniform(609, 1, 300, 1) * 2, max_membrane=1.0),
    _membrane("at-1e15", "potentials at 1e15", ("loss:square-missing", "float32-accumulator", "grad:factor-two"), real(uniform(610, 2, 3, 4) * 1e15)),
    _membrane("at-1e150", "potentials at 1e150", ("float32-accumulator",), uniform(610, 2, 3, 4) * 1e150, DOUBLE),
    _membrane("overflow", "squares past the greatest float64: inf; the gradient is finite", ("loss:square-missing", "grad:factor-two"), real([[[1.0, -2.0]]]) * 1e200, DOUBLE),
    _membrane("overflow-float32", "squares past the greatest float32: inf; the gradient is finite", ("loss:square-missing", "grad:factor-two"), real([[[1e30, -2e30]]]), SINGLE),
    _membrane("subnormal", "subnormal potentials and bound", ("loss:subnormals-flushed", "grad:parameter-ignored", "grad:range-ignored"), uniform(611, 2, 3, 4) * 1e-309, DOUBLE, max_membrane=1e-310),
    _membrane("subnormal-float32", "subnormal float32 potentials and bound", ("loss:subnormals-flushed", "grad:parameter-ignored", "grad:range-ignored"), real(uniform(611, 2, 3, 4) * 1e-39), SINGLE, max_membrane=1e-40),
    _membrane("double-digits", "potentials with all 53 bits", ("float32-accumulator",), uniform(612, 3, 5, 4) / 3.0, DOUBLE, max_membrane=0.2),
)  # fmt: skip


CASES: dict[str, tuple[Case, ...]] = {
    name: tuple(pair[place] for pair in pairs)
    for loss, pairs in {
        "loss_probspikes": PROBSPIKES,
        "loss_rate": RATE,
        "loss_temporal": TEMPORAL,
        "loss_isi": ISI,
        "loss_membrane": MEMBRANE,
    }.items()
    for place, name in enumerate((loss, f"{loss}_grad"))
}
