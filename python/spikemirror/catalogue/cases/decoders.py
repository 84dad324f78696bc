"""Cases of the decoders."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, ones, real, silence, spikes, train, uniform
from spikemirror.catalogue.kernel import Array


def _trains(name: str, why: str, catches: tuple[str, ...], z: Any, mask: Any = None, **p: Any) -> Case:
    """Spikes (B, T, N); every step counts unless a mask is given."""
    z = np.asarray(z, np.uint8)
    mask = ones(*z.shape[:2]) if mask is None else np.asarray(mask, np.uint8)
    return Case(id=name, why=why, catches=catches, inputs={"spikes": z, "mask": mask}, parameters=p)


PLAIN = spikes(401, 3, 6, 4)
TIED = train([[[0, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1]]])
EVERY_OTHER = np.tile(train([1, 0]), (2, 4))
LONG = spikes(402, 1, 300, 3, p=0.7)
PATTERN = np.stack([spikes(403, 9, p=0.6), silence(9), ones(9), np.flip(spikes(403, 9, p=0.6))])

SHARED = (
    _trains("plain", "three short trains at the defaults", ("temperature-ignored",), PLAIN, temperature=0.7),
    _trains("no-sample", "an empty batch", ("empty-refused",), silence(0, 5, 3)),
    _trains("one-of-each", "one sample, one step, one neuron that fires", ("single-class",), ones(1, 1, 1)),
    _trains("one-class", "one class: confidence is 1 whatever it does", ("single-class",), spikes(404, 4, 5, 1, p=0.5), temperature=0.5),
    _trains("two", "two of each axis", ("last-tie",), spikes(405, 2, 2, 2, p=0.5)),
    _trains("odd", "odd lengths", ("temperature-multiplied",), spikes(406, 3, 7, 5), temperature=1.3),
    _trains("past-simd", "one neuron and one step past a SIMD width of 16", ("last-tie",), spikes(407, 2, 17, 17, p=0.3)),
    _trains("past-tile", "one neuron past a tile of 64", ("temperature-multiplied",), spikes(408, 3, 5, 65, p=0.2), temperature=0.6),
    _trains("past-bytes", "three neurons past 128", ("temperature-multiplied", "last-tie"), spikes(416, 1, 3, 131, p=0.3), temperature=0.5),
    _trains("ties", "two classes tie: the lower index, and confidence 0", ("last-tie",), TIED),
    _trains("all-tie", "every neuron alike", ("last-tie",), np.repeat(spikes(409, 2, 6, 1), 18, axis=2)),
    _trains("silence", "no spike at all: everything ties", ("last-tie",), silence(2, 5, 3)),
    _trains("all-spike", "every neuron at every step", ("last-tie",), ones(2, 9, 3)),
    _trains("masked", "every other step counts", ("mask-ignored",), spikes(410, 2, 8, 5, p=0.5), EVERY_OTHER),
    _trains("masked-lead", "the mask takes the spikes of the class that would win", ("mask-ignored",), train([[[0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]]), [[0, 0, 1, 1]]),
    _trains("mask-by-sample", "another mask for each sample, one of them all 0, one all 1", ("mask-ignored", "wrong-axis"), spikes(411, 4, 9, 3, p=0.6), PATTERN),
    _trains("all-masked", "no step counts in any sample", ("mask-ignored",), ones(2, 4, 3), silence(2, 4)),
    _trains("cold", "temperature 0.005: logits of thousands", ("temperature-multiplied",), spikes(412, 3, 40, 5, p=0.5), temperature=0.005),
    _trains("hot", "temperature 100: probabilities nearly alike", ("temperature-multiplied", "temperature-ignored"), spikes(413, 3, 40, 5, p=0.5), temperature=100.0),
    _trains("hottest", "temperature 1e10: probabilities round to the same number, the prediction does not", ("temperature-multiplied",), train([[[0, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 1]]]), temperature=1e10),
    _trains("odd-temperature", "a temperature that no dtype holds exactly", ("temperature-multiplied",), spikes(414, 3, 11, 6), temperature=0.1),
)  # fmt: skip

RATE = (
    *SHARED,
    _trains("last-class", "the last class wins", ("dropped-last",), np.eye(19, dtype=np.uint8)[[18]].reshape(1, 1, 19)),
    _trains("long", "300 steps", ("temperature-ignored", "temperature-multiplied"), LONG, temperature=3.0),
    _trains("no-step", "no step at all: counts, rates and logits 0", ("valid-steps", "last-tie"), silence(2, 0, 3)),
    _trains("rates", "logits from rates", ("simd-tail", "temperature-ignored"), PLAIN, temperature=0.2, normalize_by_time=True),
    _trains("rates-masked", "logits from rates over the valid steps", ("valid-steps", "mask-ignored"), spikes(411, 4, 9, 3, p=0.6), PATTERN, temperature=0.3, normalize_by_time=True),
    _trains("rates-no-step", "rates over no step are 0", ("valid-steps",), silence(2, 0, 3), normalize_by_time=True),
    _trains("rates-cold", "rates at temperature 0.005", ("softmax-overflow",), spikes(415, 2, 21, 4, p=0.6), temperature=0.005, normalize_by_time=True),
    _trains("past-255", "300 spikes of 17 neurons: more than 8 bits count", ("narrow-count",), np.concatenate([ones(1, 300, 16), np.repeat(train([[[1], [0]]]), 150, axis=1)], axis=2), temperature=50.0),
    _trains("exactly-256", "256 spikes are 0 in 8 bits", ("narrow-count",), np.concatenate([ones(1, 257, 1), np.repeat(train([[[1], [0]]]), [256, 1], axis=1)], axis=2), temperature=0.5),
    _trains("past-255-cold", "counts of hundreds at temperature 0.005: exp of 60000", ("softmax-overflow", "narrow-count"), np.concatenate([LONG[:, :, :2], ones(1, 300, 1)], axis=2), temperature=0.005),
)  # fmt: skip

LATE = silence(1, 300, 2)
LATE[0, 299, 0], LATE[0, 280, 1] = 1, 1
FIRST = (
    *SHARED,
    _trains("last-class", "the last class wins", ("silence-first", "latency-scale"), np.eye(19, dtype=np.uint8)[[18]].reshape(1, 1, 19)),
    _trains("long", "300 steps", ("last-spike", "last-tie"), LONG, temperature=3.0),
    _trains("first-step", "the first step and the last", ("silence-first", "latency-scale", "second-wrong"), train([[[0, 1, 0], [0, 0, 0], [1, 0, 0]]])),
    _trains("silent-class", "silence is later than the last step", ("silence-first",), train([[[0, 0, 0], [0, 0, 0], [0, 1, 0]], [[0, 0, 0], [0, 0, 1], [0, 0, 1]]]), temperature=0.5),
    _trains("masked-first", "the mask hides the first spike, so a later one counts", ("mask-ignored",), train([[[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 1, 1]]]), [[0, 0, 1, 1]]),
    _trains("late", "spikes at steps 280 and 299 of 300", ("narrow-count", "latency-scale"), LATE, temperature=0.01),
    _trains("second-before", "the second earliest stands before the earliest", ("dropped-last",), train([[[0, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 0], [1, 1, 1, 1]]])),
)  # fmt: skip


def _groups(name: str, why: str, catches: tuple[str, ...], z: Any, group_of: Any, n_groups: int, mask: Any = None, centers: Any = None, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    """The same votes in both modes; centers are spaced equally unless given."""
    case = _trains("", "", (), z, mask)
    spaced = np.arange(n_groups) / max(n_groups - 1, 1)
    inputs: dict[str, Array] = {
        **case.inputs,
        "group_of": np.asarray(group_of, np.int32),
        "centers": real(spaced if centers is None else centers) if dtypes is None else np.asarray(centers, np.float64),
    }
    made = []
    for mode, other in (("classification", {"silent-uniform"}), ("regression", {"temperature-multiplied"})):
        chosen = tuple(c for c in catches if c not in other) or ("mode-swapped",)
        parameters = {"n_groups": n_groups, "mode": mode, **p}
        made.append(Case(id=f"{name}-{mode}", why=f"{why}; {mode}", catches=chosen, inputs=inputs, parameters=parameters, dtypes=dtypes))  # fmt: skip
    return made[0], made[1]


THIRDS = [0, 1, 2, 0, 1, 2, 0, 1, 2]
RAGGED = [3, 0, 3, 3, 1, 0, 3, 3]
POPULATION = tuple(
    case
    for pair in (
        _groups("plain", "three groups of three", ("centers-ignored",), spikes(421, 3, 6, 9), THIRDS, 3, temperature=0.8, centers=[-1.5, 0.25, 4.0]),
        _groups("ragged", "groups of 2, 1, 0 and 5 neurons", ("group-size", "empty-group", "centers-ignored"), spikes(422, 3, 7, 8, p=0.5), RAGGED, 4, centers=[0.5, -2.0, 100.0, 3.0]),
        _groups("rate-against-count", "the group with most spikes is not the one with the highest rate", ("group-size",), train([[[1, 0, 0, 0, 1], [1, 1, 0, 0, 1], [0, 1, 0, 1, 1]]]), [0, 0, 0, 0, 1], 2),
        _groups("last-group-empty", "the last two groups have no neuron", ("empty-group",), spikes(423, 2, 5, 4, p=0.5), [0, 1, 1, 0], 4),
        _groups("all-empty", "no neuron at all: every group is empty and silent", ("silent-uniform",), silence(2, 3, 0), np.zeros(0), 3),
        _groups("no-sample", "an empty batch", ("empty-refused",), silence(0, 3, 4), [0, 1, 0, 1], 2),
        _groups("no-step", "no step at all: silence", ("silent-uniform",), silence(2, 0, 4), [0, 1, 0, 1], 2, centers=[1.0, 4.0]),
        _groups("one-group", "one group: confidence 1", ("closed-end-open", "centers-ignored"), spikes(424, 3, 5, 4), [0, 0, 0, 0], 1, centers=[0.75]),
        _groups("one-of-each", "one sample, step and neuron", ("centers-ignored",), ones(1, 1, 1), [0], 1, centers=[-3.0]),
        _groups("two", "two of each axis", ("dropped-last",), train([[[1, 0], [1, 1]], [[0, 1], [0, 0]]]), [1, 0], 2, centers=[2.0, 5.0]),
        _groups("silence", "all groups silent: uniform weights, lowest index", ("silent-uniform",), silence(2, 4, 6), [0, 1, 2, 2, 1, 1], 3, centers=[1.0, 2.0, 6.0]),
        _groups("one-silent-sample", "one sample silent among others", ("silent-uniform",), np.concatenate([spikes(425, 1, 4, 6), silence(1, 4, 6), ones(1, 4, 6)]), [0, 1, 2, 2, 1, 1], 3, centers=[1.0, 2.0, 6.0]),
        _groups("ties", "groups of equal votes and size", ("float32-accumulator", "centers-ignored"), train([[[0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 1, 0]]]), [0, 1, 2, 2, 1, 0], 3),
        _groups("rate-ties", "groups of other size and equal rate: 1/3 and 2/6", ("group-size",), train([[[0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]]]), [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2], 3),
        _groups("all-spike", "every neuron fires: rates tie, votes do not", ("group-size",), ones(2, 5, 8), RAGGED, 4),
        _groups("masked", "another mask for each sample, one all 0", ("mask-ignored", "silent-uniform", "wrong-axis"), spikes(426, 4, 9, 6, p=0.5), [0, 1, 2, 2, 1, 1], 3, PATTERN, [0.25, -1.0, 2.0]),
        _groups("unsorted", "group indices in any order, groups scattered", ("group-size",), spikes(427, 2, 5, 17, p=0.4), [4, 2, 0, 1, 3, 3, 2, 4, 0, 0, 1, 4, 4, 2, 3, 1, 4], 5),
        _groups("past-tile", "65 neurons in 17 groups", ("group-size", "groups-contiguous"), spikes(428, 2, 3, 65, p=0.4), np.arange(65) * 7 % 17, 17, temperature=0.4),
        _groups("past-bytes", "131 neurons in 3 groups", ("simd-tail",), spikes(434, 1, 3, 131, p=0.3), np.arange(131) * 5 % 3, 3, temperature=2.0),
        _groups("cold", "temperature 0.005", ("groups-contiguous", "float32-accumulator"), spikes(429, 2, 30, 9, p=0.5), THIRDS, 3, temperature=0.005),
        _groups("hot", "temperature 100", ("groups-contiguous", "float32-accumulator"), spikes(430, 2, 30, 9, p=0.5), THIRDS, 3, temperature=100.0),
        _groups("long", "300 steps: votes past 8 bits", ("narrow-count",), spikes(431, 1, 300, 3, p=0.9), [0, 1, 1], 2, temperature=20.0),
        _groups("far-centers", "centers at 1e30 of both signs", ("float32-accumulator", "centers-ignored"), spikes(432, 2, 6, 9), THIRDS, 3, centers=[-1e30, 3e30, 1e-30]),
        _groups("farther-centers", "centers at 1e200", ("float32-accumulator", "centers-ignored"), spikes(432, 2, 6, 9), THIRDS, 3, None, [-1e200, 3e200, 1e-200], DOUBLE),
        _groups("subnormal-centers", "subnormal centers", ("centers-ignored",), spikes(433, 2, 6, 9), THIRDS, 3, None, [5e-324, -1e-310, 3e-309], DOUBLE),
        _groups("subnormal-centers-float32", "subnormal float32 centers", ("centers-ignored",), spikes(433, 2, 6, 9), THIRDS, 3, None, real([1e-45, -1e-40, 3e-39]), SINGLE),
    )
    for case in pair
)  # fmt: skip


def _membranes(name: str, why: str, catches: tuple[str, ...], v: Any, mask: Any = None, dtypes: tuple[str, ...] | None = None, **p: Any) -> tuple[Case, Case]:  # fmt: skip
    """The same potentials in both modes."""
    membrane = np.asarray(v, np.float64)
    mask = ones(*membrane.shape[:2]) if mask is None else np.asarray(mask, np.uint8)
    inputs: dict[str, Array] = {"membrane": membrane, "mask": mask}
    made = []
    for mode, other in (("final", {"max-from-zero"}), ("max", {"last-valid-step"})):
        chosen = tuple(c for c in catches if c not in other) or ("mode-swapped",)
        made.append(Case(id=f"{name}-{mode}", why=f"{why}; {mode}", catches=chosen, inputs=inputs, parameters={"mode": mode, **p}, dtypes=dtypes))  # fmt: skip
    return made[0], made[1]


HOLES = train([[1, 0, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])
MEMBRANE = tuple(
    case
    for pair in (
        _membranes("plain", "three samples", ("temperature-ignored", "wrong-axis"), uniform(441, 3, 5, 4), temperature=0.6),
        _membranes("no-sample", "an empty batch", ("empty-refused",), np.zeros((0, 3, 2))),
        _membranes("no-step", "no step at all: potentials 0", ("last-tie",), np.zeros((2, 0, 3))),
        _membranes("one-of-each", "one sample, step and class", ("single-class",), real([[[-2.5]]])),
        _membranes("two", "two of each axis", ("dropped-last", "wrong-axis"), uniform(442, 2, 2, 2)),
        _membranes("one-class", "one class: confidence 1", ("single-class",), uniform(443, 3, 4, 1)),
        _membranes("odd", "odd lengths", ("temperature-multiplied", "confidence-of-best"), uniform(444, 3, 7, 5), temperature=0.3),
        _membranes("past-simd", "one class and one step past a SIMD width of 16", ("confidence-of-best",), uniform(445, 2, 17, 17)),
        _membranes("past-tile", "one class past a tile of 64", ("temperature-multiplied", "confidence-of-best"), uniform(446, 2, 3, 65), temperature=0.1),
        _membranes("negative", "only negative potentials", ("confidence-of-best",), -abs(uniform(447, 2, 6, 4)) - 0.5),
        _membranes("holes", "masks with holes, one all 0, one with the first step alone", ("last-valid-step", "max-from-zero"), uniform(448, 4, 5, 3), HOLES),
        _membranes("holes-negative", "the same masks over negative potentials", ("last-valid-step", "max-from-zero"), -abs(uniform(449, 4, 5, 3)) - 0.25, HOLES),
        _membranes("all-masked", "no step counts: potentials 0", ("last-tie",), uniform(450, 2, 4, 3), silence(2, 4)),
        _membranes("masked-peak", "the greatest potential and the last one are masked", ("simd-tail", "confidence-of-best"), real([[[1, 2, 3], [9, 0, 0], [2, 1, 0], [0, 0, 8]]]), [[1, 0, 1, 0]]),
        _membranes("ties", "equal potentials: the lowest index, and confidence 0", ("last-tie",), real([[[0.5, 0.25, 0.5, 0.5]], [[0.25, 0.5, 0.5, 0.25]]])),
        _membranes("all-tie", "every class alike", ("last-tie",), np.repeat(uniform(451, 2, 3, 1), 18, axis=2), temperature=0.7),
        _membranes("zeros", "potentials 0 of both signs tie", ("last-tie",), [[[-0.0, 0.0, -0.0]]]),
        _membranes("last-class", "the last class wins", ("confidence-of-best",), real(uniform(452, 1, 2, 19) + np.arange(19) * 0.5)),
        _membranes("cold", "temperature 0.005: logits of thousands", ("softmax-overflow", "temperature-multiplied"), uniform(453, 3, 5, 4) * 8, temperature=0.005),
        _membranes("hot", "temperature 100: probabilities nearly alike", ("temperature-multiplied", "temperature-ignored"), uniform(454, 3, 5, 4), temperature=100.0),
        _membranes("hottest", "temperature 1e10: probabilities round to the same number, the prediction does not", ("decision-on-probability",), real([[[0.25, 0.5, 1.0]]]), temperature=1e10),
        _membranes("odd-temperature", "a temperature that no dtype holds exactly", ("temperature-multiplied", "confidence-of-best"), uniform(455, 3, 4, 6), temperature=0.1),
        _membranes("neighbours", "potentials one float32 apart", ("confidence-of-best",), [[[1.0, 1.0 + 2.0**-23, 1.0 - 2.0**-24]]]),
        _membranes("long", "300 steps", ("confidence-of-best",), uniform(456, 1, 300, 2)),
        _membranes("at-1e30", "potentials at 1e30: probabilities 1 and 0", ("softmax-overflow",), real(uniform(457, 2, 3, 4) * 1e30)),
        _membranes("at-1e200", "potentials at 1e200", ("softmax-overflow",), uniform(457, 2, 3, 4) * 1e200, None, DOUBLE),
        _membranes("subnormal", "subnormal potentials decide", ("decision-on-probability",), [[[5e-324, -1e-310, 2e-308, 0.0]], [[0.0, 5e-324, 0.0, -5e-324]]], None, DOUBLE),
        _membranes("subnormal-float32", "subnormal float32 potentials decide", ("decision-on-probability",), real([[[1e-45, -1e-40, 1e-38, 0.0]], [[0.0, 1e-45, 0.0, -1e-45]]]), None, SINGLE),
        _membranes("double-digits", "potentials with all 53 bits", ("temperature-ignored", "temperature-multiplied"), uniform(458, 2, 4, 5) / 3.0, None, DOUBLE, temperature=0.4),
    )
    for case in pair
)  # fmt: skip


def _ensemble(name: str, why: str, catches: tuple[str, ...], logits: Any, weights: Any, dtypes: tuple[str, ...] | None = None) -> Case:  # fmt: skip
    inputs: dict[str, Array] = {
        "logits": np.asarray(logits, np.float64),
        "weights": np.asarray(weights, np.float64) if dtypes == DOUBLE else real(weights),
    }
    return Case(id=name, why=why, catches=catches, inputs=inputs, dtypes=dtypes)


WIDE = abs(uniform(470, 17))
ENSEMBLE = (
    _ensemble("plain", "three decoders", ("wrong-axis", "second-wrong"), uniform(461, 3, 4, 5), [0.5, 0.375, 0.125]),
    _ensemble("one-decoder", "one decoder of weight 1", ("dropped-last",), uniform(462, 1, 3, 4), [1.0]),
    _ensemble("no-sample", "an empty batch", ("empty-refused",), np.zeros((2, 0, 3)), [0.5, 0.5]),
    _ensemble("one-of-each", "one decoder, sample and class", ("single-class",), real([[[-4.0]]]), [1.0]),
    _ensemble("one-class", "one class: confidence 1", ("single-class",), uniform(463, 3, 4, 1), [0.25, 0.5, 0.25]),
    _ensemble("two", "two of each axis", ("dropped-last", "wrong-axis"), uniform(464, 2, 2, 2), [0.75, 0.25]),
    _ensemble("odd", "odd lengths, weights that sum to 1 only nearly", ("dropped-last", "weights-renormalized"), uniform(465, 3, 5, 7), [1 / 3, 1 / 3, 1 / 3]),
    _ensemble("past-simd", "17 decoders and 17 classes", ("confidence-of-best", "weights-renormalized"), uniform(466, 17, 2, 17) * 4, WIDE / WIDE.sum()),
    _ensemble("past-tile", "one class past a tile of 64", ("confidence-of-best",), uniform(467, 2, 3, 65) * 8, [0.625, 0.375]),
    _ensemble("sum-above", "weights that sum to 1.00009: used as given", ("weights-renormalized",), real(uniform(468, 2, 3, 4) * 3), [0.5, 0.50009]),
    _ensemble("sum-below", "weights that sum to 0.99991: used as given", ("weights-renormalized",), real(uniform(468, 2, 3, 4) * 3), [0.5, 0.49991]),
    _ensemble("negative-weight", "weights 1.5 and -0.5", ("dropped-last", "confidence-of-best"), uniform(469, 2, 3, 4), [1.5, -0.5]),
    _ensemble("weights-cancel", "1e16 and -1e16 cancel to the 1 between them", ("plain-weight-sum",), uniform(477, 3, 2, 4), np.array([1e16, 1.0, -1e16]), DOUBLE),
    _ensemble("zero-weight", "one decoder has no say", ("dropped-last", "confidence-of-best"), uniform(471, 2, 3, 4), [0.0, 1.0]),
    _ensemble("ties", "classes tie: the lowest index, and confidence 0", ("last-tie",), real([[[0.5, 0.25, 0.5]], [[0.25, 0.5, 0.5]]]).reshape(1, 2, 3), [1.0]),
    _ensemble("ties-of-two", "two decoders that agree on a tie", ("last-tie",), real([[[1.0, 3.0, 3.0]], [[0.5, 2.0, 2.0]]]), [0.5, 0.5]),
    _ensemble("disagree", "the better sum wins over the better single vote", ("confidence-of-best",), real([[[4.0, 3.0, 0.0]], [[0.0, 3.0, 4.5]]]), [0.5, 0.5]),
    _ensemble("zeros", "logits 0 everywhere", ("last-tie",), np.zeros((2, 2, 3)), [0.5, 0.5]),
    _ensemble("large", "logits of hundreds: exp overflows without a pivot", ("softmax-overflow",), real(uniform(472, 2, 3, 4) * 2000), [0.5, 0.5]),
    _ensemble("small", "logits of 1e-3: probabilities nearly alike", ("confidence-of-best",), real(uniform(473, 2, 3, 4) * 1e-3), [0.5, 0.5]),
    _ensemble("smallest", "logits of 1e-12: probabilities round to the same float32", ("decision-on-probability",), real([[[1e-12, 2e-12, 4e-12]], [[1e-12, 2e-12, 3e-12]]]), [0.5, 0.5]),
    _ensemble("at-1e30", "logits at 1e30", ("softmax-overflow",), real(uniform(474, 2, 3, 4) * 1e30), [0.5, 0.5]),
    _ensemble("at-1e200", "logits at 1e200", ("softmax-overflow", "float32-accumulator"), uniform(475, 2, 3, 4) * 1e200, [0.5, 0.5], DOUBLE),
    _ensemble("subnormal", "subnormal logits", ("decision-on-probability",), np.array([[[5e-324, 1e-310, 3e-309]]]), [1.0], DOUBLE),
    _ensemble("subnormal-float32", "subnormal float32 logits", ("decision-on-probability",), real([[[1e-45, 1e-40, 3e-39]]]), [1.0], SINGLE),
    _ensemble("double-digits", "logits and weights with all 53 bits", ("float32-accumulator",), uniform(476, 3, 2, 5) / 3.0, np.array([0.1, 0.2, 0.7]), DOUBLE),
)  # fmt: skip

CASES = {
    "decode_rate": RATE,
    "decode_first_spike": FIRST,
    "decode_population": POPULATION,
    "decode_membrane": MEMBRANE,
    "decode_ensemble": ENSEMBLE,
}
