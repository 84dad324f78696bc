"""Cases of the encoders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, real, uniform
from spikemirror.catalogue.kernel import Array

X = uniform(201, 3, 5)
UNIT = abs(uniform(202, 2, 6))
LAST_EXTREMES = real(np.append(0.25 + 0.5 * abs(uniform(217, 1, 129)), [[0.0, 1.0]], axis=1))
EDGES = real([[0.0, 1.0, 0.5, 0.25, 2.0**-20, 1 - 2.0**-20]])
OF: dict[str, tuple[str, ...]] = {
    "none": (),
    "clamp": ("normalization-swapped",),
    "sigmoid": ("normalization-swapped",),
    "minmax": ("minmax-global",),
}
"""What values around 0 and 1 expose of each normalization."""
NORMALIZATIONS = tuple(OF)
DRAWN, PHASED, TIMED = ("draw-order",), ("time-off-by-one", "phase-shift"), ("time-truncated",)
ALWAYS = (*DRAWN, *PHASED, *TIMED)
"""What a case exposes whatever it is for: of a code that draws, one that counts, one that has a time."""


def _case(name: str, why: str, catches: tuple[str, ...], x: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> Case:  # fmt: skip
    return Case(id=name, why=why, catches=catches, inputs={"x": np.asarray(x, np.float64)}, parameters=p, dtypes=dtypes)


SHARED = (
    *(
        _case(f"plain-{normalization}", f"values around 0 and 1 under {normalization}", (*OF[normalization], *ALWAYS), real(X * 1.5), normalization=normalization, num_steps=16)
        for normalization in NORMALIZATIONS
    ),
    _case("defaults", "every parameter at its default", ("wrong-axis", "minmax-global"), X),
    _case("no-sample", "an empty batch", ("empty-batch",), np.zeros((0, 4))),
    _case("no-value", "samples without values", ("empty-nan",), np.zeros((2, 0))),
    _case("single", "one value, one step, p = 1", ("dropped-last",), real([[1.0]]), normalization="none", num_steps=1),
    _case("image", "values with three axes of their own", ("wrong-axis", "draw-order"), uniform(203, 2, 2, 3, 2), num_steps=5),
    _case("past-simd", "one value past a SIMD width of 16", ("dropped-last", "draw-order"), uniform(204, 2, 17), num_steps=7),
    _case("past-tile", "one value past 64, an odd number of steps", ("dropped-last",), uniform(205, 1, 65), num_steps=33),
    _case("edges", "p of 0 and 1, halves and neighbours", ("time-off-by-one", "phase-shift", "dropped-last"), EDGES, normalization="none", num_steps=64),
    _case("all-spike", "p = 1 everywhere: always a spike", ("dropped-last",), np.ones((2, 3)), normalization="clamp"),
    _case("silence", "p = 0 everywhere: never a spike", ("normalization-swapped",), np.zeros((2, 3)), normalization="clamp"),
    _case("out-of-range", "values below 0 and above 1 are clipped", ("dropped-last",), real([[-0.5, 1.5, 0.25, 1.0, 0.0]]), normalization="none", num_steps=12),
    _case("clamp-before-gain", "clamped before the gain: 3 counts as 1", ("gain-bias-order", "normalization-swapped"), real([[-2.0, 3.0, 0.4]]), normalization="clamp", gain=0.5, bias=0.125, num_steps=24),
    _case("gain-bias", "gain before bias, both rounded", ("gain-bias-order",), UNIT, normalization="none", gain=0.7, bias=0.15, num_steps=40),
    _case("negative-gain", "a gain below 0 inverts the code", ("gain-bias-order",), UNIT, normalization="minmax", gain=-1.0, bias=1.0),
    _case("constant", "a constant sample gives 0 under minmax", ("range-from-above",), np.full((2, 4), 0.75), normalization="minmax"),
    _case("constant-bias", "a constant sample gives the bias", ("dropped-last",), np.full((1, 4), -3.0), normalization="minmax", bias=0.5, num_steps=10),
    _case("tiny-range", "a range below the floor of 1e-8, which is its least value and not added to it", ("range-plus-floor",), real([[0.0, 9e-9, 2e-9, 5e-9]]), normalization="minmax", num_steps=20),
    _case("per-sample", "samples of different range: minimum and maximum are per sample", ("minmax-global", "wrong-axis"), real([[0.0, 1.0, 2.0], [100.0, 50.0, 75.0]]), normalization="minmax", num_steps=20),
    _case("extremes-last", "the least and the greatest of 131 values come last", ("dropped-last",), LAST_EXTREMES, normalization="minmax", num_steps=5),
    _case("at-1e30", "values at 1e30", ("wrong-axis", "minmax-global"), real(X * 1e30), normalization="minmax"),
    _case("greatest", "max - min overflows float64", ("range-overflow",), [[-1.7e308, 1.7e308, 0.0, 1e308]], DOUBLE, normalization="minmax"),
    _case("greatest-float32", "max - min overflows float32", ("range-overflow",), real([[-3.4e38, 3.4e38, 0.0, 1e38]]), SINGLE, normalization="minmax"),
    _case("subnormal", "subnormal values under the floor", ("range-floor",), [[5e-324, 1e-310, 2e-308]], DOUBLE, normalization="minmax"),
    _case("sigmoid-far", "far into both tails of the sigmoid", ("sigmoid-overflow",), real([[-800.0, 800.0, -20.0, 3.7]]), normalization="sigmoid", num_steps=30, gain=0.371, bias=0.113),
    _case("double-digits", "p with all 53 bits", (*ALWAYS,), UNIT / 3.0, DOUBLE, normalization="none", num_steps=50),
)  # fmt: skip

WORD_0, WORD_1, GREATEST_WORD = 1343428, 452212855, 454088803
"""Seeds found by search: the first two have 0 and 1 for w_3, the last one 2^32 - 1 for w_1."""

SEEDED = (
    _case("seed", "another seed", ("seed-high-ignored", "seed-stream-swapped"), UNIT, normalization="none", seed=0xFEDCBA9876543210),
    _case("stream", "another stream", ("stream-ignored", "seed-stream-swapped"), UNIT, normalization="none", stream=2**40 + 3),
    _case("half", "p of exactly 1/2: the threshold is 2^31", ("round-count", "rate-exponential"), np.full((1, 3), 0.5), normalization="none", num_steps=100),
    _case("just-above-a-word", "p one float above w_0 2^-32: rounded down it would not fire", ("threshold-rounded",), [[0x6627E8D5 * 2.0**-32 + 2.0**-53]], DOUBLE, normalization="none", num_steps=1),
    _case("exactly-a-word", "p exactly w_0 2^-32: U < p is false", ("le-for-lt", "draws-of-24-bits"), [[0x6627E8D5 * 2.0**-32]], DOUBLE, normalization="none", num_steps=1),
    _case("word-0", "w_3 is 0 and p is 0: even then no spike", ("le-for-lt",), [[1.0, 0.5, 0.25, 0.0]], normalization="none", seed=WORD_0, num_steps=1),
    _case("word-0-below-p", "w_3 is 0 and p is 2^-100: a spike, for the threshold is rounded up", ("threshold-rounded",), [[1.0, 0.5, 0.25, 2.0**-100]], normalization="none", seed=WORD_0, num_steps=1),
    _case("greatest-word", "w_1 is 2^32 - 1 and p is 1: a spike even then", ("threshold-saturated",), [[0.5, 1.0]], normalization="none", seed=GREATEST_WORD, num_steps=1),
    _case("past-4096", "more draws than most mirrors take at a time", ("chunk-restart", "dropped-last"), abs(uniform(206, 1, 65)), SINGLE, normalization="none", num_steps=64),
    _case("fused", "gain x is rounded before bias is added: a fused sum passes the word, float64", ("fma-contraction",), [[0.3878294118266139, 0.25, 0.7619030937138531, 0.6172020597622499, 0.1, 0.34676790604781776, 0.3, 0.4, 0.8, 0.2993841865617368, 0.10105178593140511]], DOUBLE, normalization="none", gain=0.9, bias=0.05, num_steps=1),
    _case("fused-float32", "gain x is rounded before bias is added: a fused sum passes the word, float32", ("fma-contraction",), real([[0.1, 0.2, 0.3, 0.6172020435333252, 0.4, 0.3467679023742676, 0.715478777885437]]), SINGLE, normalization="none", gain=0.9, bias=0.05, num_steps=1),
)  # fmt: skip

PAST_CHUNKS = (
    _case("past-16384", "more spikes than any mirror computes at a time", ("chunk-restart",), abs(uniform(207, 1, 65)), SINGLE, normalization="none", num_steps=253),
)  # fmt: skip

SPACED = (
    _case("tenths", "ten tenths: fl(10 p) is 1 though 10 p is more", ("phase-shift", "phase-accumulated", "time-off-by-one"), [[0.1, 0.2, 0.3, 0.7]], DOUBLE, normalization="none", num_steps=40),
    _case("long", "1000 steps: one rounding per product, no running sum", ("phase-shift", "float32-accumulator"), real([[0.1, 0.37, 0.9]]), normalization="none", num_steps=1000),
    _case("one-step", "a single step fires only at p = 1", ("time-off-by-one", "phase-shift"), real([[1.0, 0.999, 0.5]]), normalization="none", num_steps=1),
    _case("fused", "gain x is rounded before bias is added: a fused sum shifts the phase, float64", ("fma-contraction",), [[0.14285714285714285, 0.8571428571428571, 0.35714285714285715, 0.9285714285714286]], DOUBLE, normalization="none", gain=0.7, bias=0.15, num_steps=12),
    _case("fused-float32", "gain x is rounded before bias is added: a fused sum shifts the phase, float32", ("fma-contraction",), real([[0.1874999850988388, 0.8124999403953552, 0.1249999925494194, 0.8749999403953552]]), SINGLE, normalization="none", gain=0.8, bias=0.1, num_steps=12),
)  # fmt: skip

POISSON = (
    _case("rate", "half a unit of time per step", ("parameter-ignored",), UNIT, normalization="none", rate_dt=0.5, num_steps=20),
    _case("rate-odd", "a rate that no dtype holds exactly, on p with a gain", ("gain-bias-order", "rate-exponential"), UNIT, normalization="none", gain=0.7, bias=0.15, rate_dt=0.37, num_steps=40),
    _case("rate-0", "steps of no length never fire", ("parameter-ignored",), np.ones((1, 3)), normalization="none", rate_dt=0.0, num_steps=6),
    _case("rate-high", "p rate_dt above 1 always fires", ("rate-exponential", "parameter-ignored"), real([[0.1, 0.25, 0.5, 0.0]]), normalization="none", rate_dt=4.0, num_steps=12),
    _case("clip-before-rate", "p is clipped to 1 before it is halved", ("rate-before-clip", "clip-missing"), real([[4.0, -1.0, 1.0]]), normalization="none", rate_dt=0.5, num_steps=30),
    _case("rate-1e30", "a rate of 1e30 fires wherever p is not 0", ("parameter-ignored",), real([[0.0, 1e-20, 1.0]]), normalization="none", rate_dt=1e30, num_steps=5),
    _case("rate-overflow", "p rate_dt of two great numbers overflows and is clipped", ("dropped-last",), np.array([[1.0, 0.5, 0.0]]), DOUBLE, normalization="none", gain=1e308, rate_dt=1.7e308, num_steps=5),
    _case("rate-sigmoid", "the rate of a sigmoid", ("parameter-ignored", "rate-exponential"), real(X * 3), normalization="sigmoid", rate_dt=0.71, num_steps=16),
    _case("rate-half", "a rate of 1/2 on p = 1: the threshold is 2^31", ("parameter-ignored", "rate-exponential"), np.ones((1, 3)), normalization="none", rate_dt=0.5, num_steps=50),
)  # fmt: skip


def _shared(kind: tuple[str, ...]) -> tuple[Case, ...]:
    """The shared cases, of whose claims only those of one kind of code hold."""
    others = set(ALWAYS).difference(kind)
    return tuple(replace(case, catches=tuple(c for c in case.catches if c not in others)) for case in SHARED)


EIGHTHS = np.arange(9)[None, :] / 8
CLOSE = np.array([[0.5, 1.0, 0.0]])
RAW: dict[str, Any] = {"normalization": "none"}
MAPPINGS = ("linear", "exponential", "log")

TIMES = (
    *(
        _case(f"mapping-{mapping}", f"p from 0 to 1 under {mapping}", ("time-truncated",), real([[0.0, 1.0, 0.013, 0.21, 0.47, 0.68, 0.93]]), mapping=mapping, num_steps=20, **RAW)
        for mapping in MAPPINGS
    ),
    *(
        _case(f"one-step-{mapping}", f"T = 1 under {mapping}: every spike is at once", ("dropped-last",), real([[0.0, 0.3, 1.0]]), mapping=mapping, num_steps=1, **RAW)
        for mapping in MAPPINGS
    ),
    *(
        _case(f"two-steps-{mapping}", f"T = 2 under {mapping}", ("dropped-last",), real([[0.0, 0.1, 0.4, 0.6, 1.0]]), mapping=mapping, num_steps=2, **RAW)
        for mapping in MAPPINGS
    ),
    *(
        _case(f"bounds-{mapping}", f"t_min and t_max under {mapping}, both in use", ("parameter-ignored",), real([[0.0, 1.0, 0.013, 0.21, 0.47, 0.68, 0.93]]), mapping=mapping, num_steps=20, t_min=3.0, t_max=11.0, **RAW)
        for mapping in MAPPINGS
    ),
    *(
        _case(f"minmax-{mapping}", f"a batch under minmax and {mapping}", ("minmax-global",), real(X * 7), mapping=mapping, num_steps=17)
        for mapping in MAPPINGS
    ),
    _case("sigmoid-linear", "a sigmoid under linear", ("normalization-swapped",), real(X * 3), normalization="sigmoid", mapping="linear", num_steps=13),
    _case("long", "1000 steps under log", ("mapping-swapped",), real([[0.1, 0.37, 0.9]]), mapping="log", num_steps=1000, **RAW),
    _case("ties", "times halfway between steps go to the even one", ("tie-not-even",), EIGHTHS, mapping="linear", num_steps=5, **RAW),
    _case("ties-of-16", "halfway between each two of nine steps", ("tie-not-even",), np.arange(17)[None, :] / 16, mapping="linear", num_steps=9, **RAW),
    _case("ties-below", "the floats beside a tie are none", ("tie-not-even",), [[0.5, 0.5 + 2.0**-24, 0.5 - 2.0**-24]], mapping="linear", num_steps=6, **RAW),
    _case("ties-of-bounds", "bounds halfway between steps are rounded to even too", ("tie-not-even", "round-before-clamp"), real([[0.0, 1.0, 0.5]]), t_min=2.5, t_max=5.5, num_steps=9, **RAW),
    _case("order", "1 - p first, then times T - 1, each rounded, float64", ("rounding-order",), [[0.05, 0.15, 0.35, 0.45, 0.65, 0.95]], DOUBLE, mapping="linear", num_steps=11, **RAW),
    _case("order-float32", "1 - p first, then times T - 1, each rounded, float32", ("rounding-order",), real([[0.05, 0.35, 0.85, 0.95]]), SINGLE, mapping="linear", num_steps=11, **RAW),
    _case("fused", "gain x is rounded before bias is added: a fused sum gives another step, float64", ("fma-contraction",), [[0.8571428571428571, 0.7142857142857144, 0.42857142857142866, 0.142857142857143]], DOUBLE, gain=0.7, bias=0.15, mapping="linear", num_steps=11, **RAW),
    _case("fused-float32", "gain x is rounded before bias is added: a fused sum gives another step, float32", ("fma-contraction",), real([[0.3842592239379883, 0.5694444179534912, 0.9861111640930176]]), SINGLE, gain=0.9, bias=0.05, mapping="linear", num_steps=25, **RAW),
    _case("on-t-min", "a time exactly on t_min, and on both sides", ("parameter-ignored",), EIGHTHS, mapping="linear", num_steps=9, t_min=4.0, **RAW),
    _case("on-t-max", "a time exactly on t_max, and on both sides", ("parameter-ignored",), EIGHTHS, mapping="linear", num_steps=9, t_max=4.0, **RAW),
    _case("t-min-is-t-max", "one time for all", ("parameter-ignored",), EIGHTHS, mapping="log", num_steps=9, t_min=6.0, t_max=6.0, **RAW),
    _case("t-min-half", "t_min 0.5 is rounded to 0, and 0.75 steps to 1", ("tie-not-even",), [[1.0, 0.90625, 0.5]], mapping="linear", num_steps=9, t_min=0.5, **RAW),
    _case("t-max-0", "t_max 0: all at once", ("none-for-zero", "parameter-ignored"), CLOSE, mapping="linear", t_max=0.0, num_steps=4, **RAW),
    _case("t-max-late", "the last step bounds a slow code although t_max is later", ("latest-unbounded",), CLOSE, tau=120.0, t_max=100.0, num_steps=6, **RAW),
    _case("t-max-1e30", "the last step bounds a slow code although t_max is 1e30", ("latest-unbounded",), CLOSE, tau=3.0, t_max=1e30, num_steps=6, **RAW),
    _case("t-min-late", "t_min and t_max past the last step: all at the last", ("latest-unbounded",), CLOSE, mapping="linear", t_min=50.0, t_max=60.0, num_steps=6, **RAW),
    _case("tau", "a time constant of its own", ("late-dropped", "time-truncated"), real([[0.0, 0.01, 0.2, 0.5, 0.9, 1.0]]), tau=4.3, **RAW),
    _case("tau-short", "a short time constant: even p = 0 comes before the last step", ("log-of-zero",), real([[0.0, 0.2, 1.0]]), tau=0.7, **RAW),
    _case("tau-long", "a long time constant: most come last", ("late-dropped",), real([[0.0, 0.2, 0.99, 1.0]]), tau=120.0, num_steps=12, **RAW),
    _case("tau-1e30", "all but p = 1 come last", ("late-dropped",), real([[0.0, 0.2, 0.99, 1.0]]), tau=1e30, num_steps=7, **RAW),
    _case("tau-ignored-by-linear", "linear has no time constant", ("time-off-by-one",), real([[0.1, 0.2, 0.77]]), mapping="linear", tau=2.0, num_steps=10, **RAW),
    _case("floor", "p on both sides of the floor of 1e-7", ("log-of-zero",), real([[0.0, 1e-9, 3e-7, 1e-5]]), tau=3.1, num_steps=60, **RAW),
    _case("below-log", "p is clipped before log, which has no value at -2", ("log2-for-log", "mapping-swapped"), [[-3.0, 2.0, 0.5]], mapping="log", num_steps=9, **RAW),
    _case("subnormal-p", "subnormal p is under the floor", ("log-of-zero",), [[5e-324, 1e-310]], DOUBLE, tau=0.25, num_steps=8, **RAW),
)  # fmt: skip

LATENCY = (
    _case("burst", "bursts of three", ("parameter-ignored", "burst-overrun"), real([[0.0, 1.0, 0.3, 0.7]]), burst=3, mapping="linear", num_steps=10, **RAW),
    _case("burst-past-the-end", "bursts of four at the last steps are cut off, in every row", ("burst-overrun",), real([[0.0, 0.05, 0.1, 0.2, 0.3], [0.3, 0.2, 0.1, 0.05, 0.0]]), burst=4, mapping="log", num_steps=9, **RAW),
    _case("burst-of-all", "a burst as long as the train", ("burst-overrun",), EIGHTHS, burst=9, mapping="linear", num_steps=9, **RAW),
    _case("burst-longer", "a burst longer than the train", ("burst-overrun",), EIGHTHS, burst=50, mapping="linear", num_steps=5, **RAW),
    _case("burst-greatest", "the longest burst there is: spike_times + burst is more than 64 bits hold", ("burst-overflow", "burst-overrun"), real([[0.0, 0.5, 1.0]]), burst=2**63 - 1, mapping="linear", num_steps=4, **RAW),
    _case("burst-32-bits", "a burst of 2^31", ("burst-overrun", "parameter-ignored"), real([[0.0, 0.5, 1.0]]), burst=2**31, mapping="linear", num_steps=4, **RAW),
    _case("burst-one-step", "a burst in a train of one step", ("dropped-last", "closed-end-open"), real([[0.0, 1.0]]), burst=2, num_steps=1, **RAW),
    _case("burst-bounds", "a burst from t_max on goes past it", ("parameter-ignored",), real([[0.0, 0.5, 1.0]]), burst=3, t_min=2.0, t_max=5.0, num_steps=8, **RAW),
    _case("burst-image", "bursts of values with axes of their own", ("wrong-axis", "burst-overrun"), uniform(211, 2, 3, 2), burst=2, num_steps=6),
)  # fmt: skip

BELOW = real(np.array([0.25, np.nextafter(np.float32(0.25), 0), np.nextafter(np.float32(0.25), 1), 0.0, 1.0]))[None, :]
SILENT: dict[str, Any] = {"allow_no_spike": True, **RAW}

TTFS = (
    _case("silence-on-bound", "p on silence_below and beside it: only below is silent", ("ge-for-gt", "silence-ignored"), BELOW, silence_below=0.25, num_steps=10, **SILENT),
    _case("silence-not-allowed", "the same values, but none may be silent", ("silence-ignored",), BELOW, silence_below=0.25, num_steps=10, **RAW),
    _case("silence-default", "0.01 rounded to float32 is below 0.01 in float64 only", ("ge-for-gt",), real([[0.01, 0.02, 0.009, 0.0]]), num_steps=12, **SILENT),
    _case("silence-0", "silence_below 0 silences nothing, not even 0", ("ge-for-gt",), real([[0.0, 0.5]]), silence_below=0.0, num_steps=6, **SILENT),
    _case("silence-1", "silence_below 1 leaves only p = 1", ("ge-for-gt", "silence-ignored"), real([[0.0, 0.999, 1.0, 2.0]]), silence_below=1.0, num_steps=6, **SILENT),
    _case("silence-minmax", "the least value of each sample falls silent", ("silence-ignored", "minmax-global"), real(X * 5), allow_no_spike=True, num_steps=9),
    _case("silence-after-gain", "silence looks at p, after gain and bias", ("gain-bias-order", "silence-ignored"), real([[0.1, 0.3, 0.6]]), gain=2.0, bias=-0.25, silence_below=0.125, mapping="linear", num_steps=7, **SILENT),
    _case("silence-linear", "silent values under linear", ("silence-ignored",), EIGHTHS, silence_below=0.375, mapping="linear", num_steps=9, **SILENT),
    _case("silence-log", "silent values under log", ("silence-ignored", "mapping-swapped"), EIGHTHS, silence_below=0.375, mapping="log", num_steps=10, **SILENT),
    _case("silence-bounds", "a silent value is not clamped to t_min", ("silence-ignored",), real([[0.0, 0.4, 1.0]]), t_min=2.0, t_max=3.0, num_steps=6, **SILENT),
    _case("silence-sigmoid", "silence behind a sigmoid", ("silence-ignored",), real([[-800.0, -5.0, 0.0, 3.0]]), normalization="sigmoid", allow_no_spike=True, num_steps=9),
    _case("all-silent", "nothing fires", ("silence-ignored",), np.zeros((2, 3)), num_steps=5, **SILENT),
    *(
        _case(f"jitter-{mapping}", f"jitter of up to three steps under {mapping}", ("jitter-range", "draw-order"), real([[0.1, 0.3, 0.5], [0.7, 0.9, 0.25]]), mapping=mapping, jitter=3.0, num_steps=20, **RAW)
        for mapping in MAPPINGS
    ),
    _case("jitter-default", "jitter of p from minmax", ("draw-order", "jitter-range"), uniform(212, 2, 17), jitter=1.25, num_steps=15),
    _case("jitter-order", "near ties, all jitter work in float32 rounds the other way than in float64", ("jitter-range", "tie-not-even"), [[0.057529449462890625, 0.08315849304199219, 0.062442779541015625, 0.12280559539794922]], SINGLE, mapping="linear", jitter=3.7, num_steps=101, **RAW),
    _case("jitter-fused", "jitter's product is rounded before it is added: ties, float64", ("fma-contraction",), [[0.25, 0.75, 0.324427460413426, 0.5, 0.9994584890641273, 0.2479474254278465, 0.125, 0.5074496196350082]], DOUBLE, mapping="linear", jitter=3.7, num_steps=11, **RAW),
    _case("jitter-fused-float32", "2 U - 1 and jitter's product are each rounded once: ties, float32", ("fma-contraction", "draw-rounded-twice"), real([[0.25, 0.8315849304199219, 0.75, 0.22805652022361755, 0.8994584679603577, 0.5, 0.5935088992118835, 0.5074496269226074]]), SINGLE, mapping="linear", jitter=3.7, num_steps=11, **RAW),
    _case("jitter-past-simd", "jitter of one value past a SIMD width of 16", ("dropped-last", "draw-order"), abs(uniform(213, 2, 17)), mapping="linear", jitter=0.7, num_steps=12, **RAW),
    _case("jitter-clamped", "jitter comes before t_min and t_max", ("jitter-after-clamp",), np.repeat(real([[0.0], [0.5], [1.0]]), 6, axis=1), mapping="linear", t_min=2.0, t_max=6.0, jitter=2.5, num_steps=9, **RAW),
    _case("jitter-at-the-ends", "jitter out of the train is clamped", ("late-dropped",), np.repeat(real([[0.0], [1.0]]), 8, axis=1), mapping="linear", jitter=4.0, num_steps=5, **RAW),
    _case("jitter-1e30", "each spike comes first or last, as the sign of its draw has it", ("jitter-range", "late-dropped"), abs(uniform(214, 2, 5)), jitter=1e30, num_steps=5, **RAW),
    _case("jitter-tiny", "a jitter that is lost in the sum: ties stay ties", ("tie-not-even",), np.full((1, 4), 0.5), mapping="linear", jitter=1e-30, num_steps=6, **RAW),
    _case("jitter-seed", "another seed and stream", ("seed-high-ignored", "stream-ignored", "seed-stream-swapped"), abs(uniform(215, 2, 6)), seed=0xFEDCBA9876543210, stream=2**40 + 3, jitter=5.0, num_steps=16, **RAW),
    _case("seed-unused", "without jitter the seed changes nothing", ("time-truncated",), real([[0.2, 0.6, 1.0]]), seed=5, stream=6, num_steps=8, **RAW),
    _case("jitter-silence", "silent values take their draw with them: no draw is skipped", ("draw-skipped", "draw-order"), real([[0.0, 0.5, 0.0, 0.75], [0.3, 0.0, 0.0, 0.6]]), jitter=4.0, num_steps=14, **SILENT),
    _case("jitter-silence-by-p", "silence looks at p, not at the jittered time", ("silence-ignored",), np.full((1, 8), 0.25), silence_below=0.3125, mapping="linear", jitter=8.0, num_steps=9, **SILENT),
    _case("jitter-image", "draws follow the flat index of values with axes of their own", ("draw-order", "wrong-axis"), uniform(216, 2, 2, 3), jitter=3.0, num_steps=11),
    _case("jitter-one-step", "jitter in a train of one step", ("dropped-last",), real([[0.0, 1.0]]), jitter=2.0, num_steps=1, **RAW),
)  # fmt: skip


def _population(
    name: str,
    why: str,
    catches: tuple[str, ...],
    x: Any,
    centers: Any,
    dtypes: tuple[str, ...] | None = None,
    **p: Any,
) -> Case:
    inputs: dict[str, Array] = {"x": np.asarray(x, np.float64), "centers": np.asarray(centers, np.float64)}
    p["population_size"] = len(inputs["centers"])
    return Case(id=name, why=why, catches=catches, inputs=inputs, parameters=p, dtypes=dtypes)


def _spread(count: int) -> Array:
    """The default centers."""
    return real(np.linspace(0, 1, count))


INNER = real([0.083, 0.31, 0.52, 0.77])
"""Centers away from the ends, on which a value under minmax is 0 or 1."""
EVEN: dict[str, Any] = {"mode": "deterministic"}
CURVES = ("population-order", "tuning-width")

POPULATION = (
    _population("defaults", "every parameter at its default", (*CURVES, "wrong-axis", "draw-order"), X, _spread(8)),
    *(
        _population(f"plain-{normalization}-{mode}", f"values around 0 and 1 under {normalization}, {mode}", (*CURVES, "mode-swapped", *OF[normalization]), real(X * 1.5), INNER, normalization=normalization, mode=mode, num_steps=12)
        for normalization in NORMALIZATIONS
        for mode in ("bernoulli", "deterministic")
    ),
    _population("no-sample", "an empty batch", ("empty-batch",), np.zeros((0, 4)), _spread(3), num_steps=4),
    _population("no-value", "samples without values", ("empty-nan",), np.zeros((2, 0)), _spread(3), num_steps=4),
    _population("single", "one value, one neuron, one step", ("dropped-last",), real([[0.0]]), [0.0], num_steps=1, **RAW),
    _population("single-deterministic", "one value on its center fires at every step", ("centers-ignored",), real([[0.5]]), [0.5], num_steps=5, **RAW, **EVEN),
    _population("two", "two values, two neurons, two steps", ("population-order", "mode-swapped"), real([[0.2, 0.9]]), _spread(2), num_steps=2, **RAW),
    _population("odd", "odd batch, values, neurons and steps", ("population-order", "draw-order", "dropped-last"), uniform(221, 3, 3), real([0.1, 0.4, 0.75]), num_steps=7),
    _population("image", "values with axes of their own: neurons are the last of the flat index", ("population-order", "wrong-axis"), uniform(222, 2, 2, 3), real([0.2, 0.6]), num_steps=6),
    _population("past-simd", "one neuron past a SIMD width of 16", ("dropped-last", "population-order"), uniform(223, 2, 2), _spread(17), num_steps=6),
    _population("past-simd-values", "one value past a SIMD width of 16", ("dropped-last", "population-order"), uniform(224, 1, 17), INNER, num_steps=5, **EVEN),
    _population("past-tile", "one neuron past 64", ("dropped-last",), uniform(225, 1, 2), _spread(65), num_steps=5, sigma=0.05),
    _population("seed", "another seed and stream", ("seed-high-ignored", "stream-ignored"), UNIT, INNER, seed=0xFEDCBA9876543210, stream=2**40 + 3, num_steps=8, **RAW),
    _population("seed-unused", "deterministic draws nothing", ("mode-swapped",), UNIT, INNER, seed=9, stream=10, num_steps=8, **RAW, **EVEN),
    _population("on-centers", "each value on one center: activation 1 fires always", ("tuning-width", "mode-swapped"), EIGHTHS, EIGHTHS[0], num_steps=6, **RAW),
    _population("symmetric", "values on both sides of a center", ("tuning-width",), real([[0.25, 0.75]]), [0.5], num_steps=20, **RAW, **EVEN),
    _population("gain-bias", "gain before bias, clipped, then tuned", ("gain-bias-order", "clip-missing"), UNIT, INNER, gain=1.7, bias=-0.15, num_steps=10, **RAW),
    _population("wide", "wide curves: every neuron is active", ("tuning-width", "parameter-ignored"), UNIT, INNER, sigma=1.9, num_steps=10, **RAW, **EVEN),
    _population("narrow", "narrow curves: most neurons are silent", ("tuning-width", "parameter-ignored"), UNIT, INNER, sigma=0.013, num_steps=10, **RAW),
    _population("narrow-deterministic", "rather narrow curves, deterministic", ("tuning-width", "mode-swapped"), UNIT, INNER, sigma=0.09, num_steps=14, **RAW, **EVEN),
    _population("needle", "curves so narrow that activations underflow to 0 beside 1", ("population-order",), real([[0.25, 0.5]]), [0.25, 0.5, 0.75], sigma=1e-3, num_steps=4, **RAW),
    _population("sigma-tiny", "sigma 1e-30, whose square is 0 in float32: on its center a value still gives 1", ("tuning-overflow",), np.full((1, 2), 0.75), [0.75, 0.75], sigma=1e-30, num_steps=3, **RAW),
    _population("sigma-subnormal", "sigma 1e-200, whose square is 0 in float64", ("tuning-overflow",), np.full((1, 2), 0.75), [0.75], DOUBLE, sigma=1e-200, num_steps=3, **RAW, **EVEN),
    _population("at-1e30", "centers and sigma at 1e30, whose squares overflow in float32", ("tuning-overflow",), real([[0.25, 0.5]]), real([0.0, 1e30, -2e30]), sigma=1e30, num_steps=8, **RAW),
    _population("at-1e200", "centers and sigma at 1e200, whose squares overflow in float64", ("tuning-overflow",), real([[0.25, 0.5]]), [0.0, 1e200, -2e200], DOUBLE, sigma=1e200, num_steps=8, **RAW),
    _population("far-centers", "centers outside of [0, 1], out of order, one of them twice", ("population-order", "centers-ignored"), UNIT, real([1.3, -0.2, 0.6, 0.6]), num_steps=9, **RAW),
    _population("clamp-before-gain", "clamped before the gain: 3 counts as 1", ("clip-missing",), real([[-2.0, 3.0, 0.4]]), INNER, normalization="clamp", gain=0.5, bias=0.125, num_steps=10, **EVEN),
    _population("extremes-last", "the least and the greatest of 131 values come last", ("dropped-last",), LAST_EXTREMES, INNER, num_steps=3),
    _population("constant", "a constant sample gives the bias under minmax", ("range-floor",), np.full((1, 3), 0.75), INNER, bias=0.5, num_steps=10, **EVEN),
    _population("tiny-range", "a range below the floor of 1e-8", ("range-floor", "range-plus-floor"), real([[0.0, 9e-9, 2e-9, 5e-9]]), INNER, num_steps=10, **EVEN),
    _population("greatest", "max - min overflows float64", ("range-overflow",), [[-1.7e308, 1.7e308, 0.0, 1e308]], INNER, DOUBLE, num_steps=10, **EVEN),
    _population("greatest-float32", "max - min overflows float32", ("range-overflow",), real([[-3.4e38, 3.4e38, 0.0, 1e38]]), INNER, SINGLE, num_steps=10, **EVEN),
    _population("sigmoid-far", "far into both tails of the sigmoid", ("sigmoid-overflow",), real([[-800.0, 800.0, -20.0, 3.7]]), INNER, normalization="sigmoid", gain=0.371, bias=0.113, num_steps=10, **EVEN),
    _population("word-0-below-activation", "w_3 is 0 and the activation 5e-32: a spike, for the threshold is rounded up", ("threshold-rounded",), [[0.0]], real([0.0, 0.5, 1.0, 2.4]), seed=WORD_0, num_steps=1, **RAW),
    _population("word-1-above-activation", "w_3 is 1 and the activation 5e-32: no spike, for the threshold is 1", ("le-for-lt",), [[0.0]], real([0.0, 0.5, 1.0, 2.4]), seed=WORD_1, num_steps=1, **RAW),
    _population("past-4096", "more draws than most mirrors take at a time", ("chunk-restart", "dropped-last"), abs(uniform(226, 1, 13)), real([0.1, 0.3, 0.5, 0.7, 0.9]), SINGLE, num_steps=64, **RAW),
    _population("double-digits", "values and centers with all 53 bits", ("float32-accumulator",), UNIT / 3.0, INNER / 3.0, DOUBLE, sigma=0.1 / 3, num_steps=9, **RAW, **EVEN),
)  # fmt: skip


def _delta(
    name: str,
    why: str,
    catches: tuple[str, ...],
    x: Any,
    previous: Any = None,
    dtypes: tuple[str, ...] | None = None,
    **p: Any,
) -> Case:
    """One signal per column of each sample; `previous` None is 0."""
    signals = np.asarray(x, np.float64)
    before = np.zeros((signals.shape[0], signals.shape[2])) if previous is None else np.asarray(previous, np.float64)
    return Case(
        id=name, why=why, catches=catches, inputs={"x": signals, "previous": before}, parameters=p, dtypes=dtypes
    )


def _column(*values: float) -> Array:
    """One sample of one signal."""
    return np.array(values, np.float64).reshape(1, -1, 1)


CHANGES = ("channels-swapped", "previous-stale", "wrong-axis")
DELTA = (
    _delta("plain", "a batch of signals", (*CHANGES,), uniform(231, 2, 6, 3), uniform(232, 2, 3)),
    _delta("thresholds", "two thresholds", ("parameter-ignored", "channels-swapped"), uniform(233, 2, 7, 3), uniform(234, 2, 3), theta_on=0.5, theta_off=0.2),
    _delta("theta-off-0", "theta_off 0 is not None: every fall spikes", ("none-for-zero", "parameter-ignored"), uniform(233, 2, 7, 3), uniform(234, 2, 3), theta_on=0.5, theta_off=0.0),
    _delta("theta-off-none", "None takes theta_on for both", ("channels-swapped",), uniform(233, 2, 7, 3), uniform(234, 2, 3), theta_on=0.5),
    _delta("no-sample", "an empty batch", ("empty-batch",), np.zeros((0, 3, 2))),
    _delta("no-step", "no step: previous is as it was", ("state-lost", "empty-nan"), np.zeros((2, 0, 3)), uniform(235, 2, 3)),
    _delta("no-signal", "no signal", ("empty-nan",), np.zeros((2, 3, 0))),
    _delta("single", "one step of one signal", ("channels-swapped", "dropped-last"), _column(1.0)),
    _delta("two", "two signals, two steps: one rises, one falls", ("channels-swapped",), real([[[0.5, -0.5], [1.0, -1.0]]])),
    _delta("past-simd", "one signal past a SIMD width of 16", ("dropped-last", "channels-swapped"), uniform(236, 2, 3, 17), uniform(237, 2, 17)),
    _delta("past-tile", "one signal past 64, an odd number of steps", ("dropped-last",), uniform(238, 1, 5, 65), uniform(239, 1, 65)),
    _delta("long", "65 steps", ("dropped-last",), uniform(240, 1, 65, 2), uniform(241, 1, 2)),
    _delta("first-step", "the first step is held against previous, not against 0", ("first-step",), real([[[0.9, 0.1]], [[0.3, 0.3]]]), real([[0.9, 0.9], [0.0, 0.3]])),
    _delta("equal-on", "rises of exactly theta_on and one float beside it", ("ge-for-gt",), _column(0.25, 0.5, 0.75 + 2.0**-22, 1.0, 1.25), theta_on=0.25),
    _delta("equal-off", "falls of exactly theta_off and one float beside it", ("ge-for-gt",), _column(1.25, 1.0, 0.75 - 2.0**-22, 0.5, 0.25), real([[1.5]]), theta_on=1.0, theta_off=0.25),
    _delta("equal-rounded", "0.3 - 0.2 is below 0.1 in float64, 0.4 - 0.3 above", ("float32-accumulator",), _column(0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), [[0.1]], DOUBLE),
    _delta("equal-rounded-float32", "differences of tenths in float32, against 0.1 rounded to it", ("rounding-order",), real(_column(0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)), real([[0.1]]), SINGLE),
    _delta("difference-first", "the difference is rounded, not previous + theta or x - theta, float64", ("rounding-order",), [[[1.74, 0.28, -2.1, 1.25]]], [[1.64, 0.18, -2.2, 1.15]], DOUBLE),
    _delta("difference-first-float32", "the difference is rounded, not previous + theta or x - theta, float32", ("rounding-order",), real([[[0.61, -1.76, -1.37, 1.77, -0.45, 1.2]]]), real([[0.51, -1.86, -1.47, 1.67, -0.55, 1.1]]), SINGLE),
    _delta("rounded-to-equal-float32", "a rise above theta that rounding to float32 makes equal to it: no spike", ("rounding-order",), _column(1.0, -2.0), [[-(2.0**-30)]], SINGLE, theta_on=1.0, theta_off=3.0),
    _delta("theta-0", "theta 0: every change spikes, rest does not", ("ge-for-gt",), _column(0.0, 0.0, 1e-3, 1e-3, -1e-3, 0.0).astype(np.float32), theta_on=0.0),
    _delta("signed-zero", "a change of the sign of 0 is none; previous keeps it", ("ge-for-gt",), _column(0.0, -0.0, 0.0, -0.0), theta_on=0.0),
    _delta("staircase", "steps below the threshold never add up", ("previous-stale",), _column(0.0625, 0.125, 0.1875, 0.25, 0.3125)),
    _delta("silence", "a constant signal", ("first-step",), np.full((2, 5, 2), 0.75), np.full((2, 2), 0.75)),
    _delta("all-spike", "each step changes by more than the threshold", ("channels-swapped",), np.tile(real([[[1.0], [-1.0]]]), (1, 4, 3))),
    _delta("at-1e30", "changes of 1e30, and of one float at 1e30", ("channels-swapped",), real([[[1e30, -1e30], [1.0000001e30, 1e30], [1e30, -1e30]]]), theta_on=1e20),
    _delta("greatest", "differences overflow to inf: a spike", ("channels-swapped",), _column(1.7e308, -1.7e308, 1.7e308), [[-1.7e308]], DOUBLE, theta_on=1e308),
    _delta("greatest-float32", "differences overflow to inf in float32: a spike", ("channels-swapped",), real(_column(3.4e38, -3.4e38, 3.4e38)), real([[-3.4e38]]), SINGLE, theta_on=3e38),
    _delta("subnormal", "subnormal differences are not 0", ("subnormals-flushed", "float32-accumulator"), _column(5e-324, 1e-323, 0.0, 2e-308), None, DOUBLE, theta_on=0.0),
    _delta("subnormal-float32", "subnormal differences are not 0 in float32", ("subnormals-flushed",), real(_column(1e-45, 3e-45, 0.0, 1e-38)), None, SINGLE, theta_on=0.0),
    _delta("double-digits", "signals with all 53 bits", ("channels-swapped", "previous-stale"), uniform(242, 2, 5, 3) / 3.0, uniform(243, 2, 3) / 3.0, DOUBLE),
)  # fmt: skip

CASES = {
    "encode_rate_bernoulli": (*_shared(DRAWN), *SEEDED, *PAST_CHUNKS),
    "encode_rate_poisson": (*_shared(DRAWN), *SEEDED, *POISSON),
    "encode_rate_deterministic": (*_shared(PHASED), *SPACED, *PAST_CHUNKS),
    "encode_latency": (*_shared(TIMED), *TIMES, *LATENCY),
    "encode_ttfs": (*_shared(TIMED), *TIMES, *TTFS),
    "encode_population": POPULATION,
    "encode_delta": DELTA,
}
