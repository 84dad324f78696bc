"""Cases of the encoders."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikemirror.catalogue.cases.case import DOUBLE, SINGLE, Case, real, uniform

X = uniform(201, 3, 5)
UNIT = abs(uniform(202, 2, 6))
EDGES = real([[0.0, 1.0, 0.5, 0.25, 2.0**-20, 1 - 2.0**-20]])
NORMALIZATIONS = ("none", "clamp", "sigmoid", "minmax")


def _case(name: str, why: str, catches: tuple[str, ...], x: Any, dtypes: tuple[str, ...] | None = None, **p: Any) -> Case:  # fmt: skip
    return Case(id=name, why=why, catches=catches, inputs={"x": np.asarray(x, np.float64)}, parameters=p, dtypes=dtypes)


SHARED = (
    *(
        _case(f"plain-{normalization}", f"values around 0 and 1 under {normalization}", ("normalization-swapped", "wrong-axis", "clip-missing"), real(X * 1.5), normalization=normalization, num_steps=16)
        for normalization in NORMALIZATIONS
    ),
    _case("defaults", "every parameter at its default", ("parameter-ignored",), X),
    _case("no-sample", "an empty batch", ("empty-nan",), np.zeros((0, 4))),
    _case("no-value", "samples without values", ("empty-nan",), np.zeros((2, 0))),
    _case("single", "one value, one step, p = 1", ("dropped-last", "le-for-lt"), real([[1.0]]), normalization="none", num_steps=1),
    _case("image", "values with three axes of their own", ("wrong-axis", "draw-order"), uniform(203, 2, 2, 3, 2), num_steps=5),
    _case("past-simd", "one value past a SIMD width of 16", ("dropped-last", "draw-order"), uniform(204, 2, 17), num_steps=7),
    _case("past-tile", "one value past 64, an odd number of steps", ("dropped-last",), uniform(205, 1, 65), num_steps=33),
    _case("edges", "p of 0 and 1, halves and neighbours", ("le-for-lt", "threshold-rounded", "time-off-by-one", "phase-shift"), EDGES, normalization="none", num_steps=64),
    _case("all-spike", "p = 1 everywhere: always a spike", ("le-for-lt", "time-off-by-one"), np.ones((2, 3)), normalization="clamp"),
    _case("silence", "p = 0 everywhere: never a spike", ("le-for-lt",), np.zeros((2, 3)), normalization="clamp"),
    _case("out-of-range", "values below 0 and above 1 are clipped", ("clip-missing", "normalization-swapped"), real([[-0.5, 1.5, 0.5, 1.0, 0.0]]), normalization="none", num_steps=12),
    _case("clamp-before-gain", "clamped before the gain: 3 counts as 1", ("gain-bias-order", "normalization-swapped"), real([[-2.0, 3.0, 0.4]]), normalization="clamp", gain=0.5, bias=0.125, num_steps=24),
    _case("gain-bias", "gain before bias, both rounded", ("gain-bias-order", "parameter-ignored", "parameter-unrounded"), UNIT, normalization="none", gain=0.7, bias=0.15, num_steps=40),
    _case("negative-gain", "a gain below 0 inverts the code", ("clip-missing", "gain-bias-order"), UNIT, normalization="minmax", gain=-1.0, bias=1.0),
    _case("constant", "a constant sample gives 0 under minmax", ("range-floor",), np.full((2, 4), 0.75), normalization="minmax"),
    _case("constant-bias", "a constant sample gives the bias", ("range-floor",), np.full((1, 4), -3.0), normalization="minmax", bias=0.5, num_steps=10),
    _case("tiny-range", "a range below the floor of 1e-8", ("range-floor",), real([[0.0, 2e-9, 1e-9]]), normalization="minmax", num_steps=20),
    _case("per-sample", "samples of different range: minimum and maximum are per sample", ("minmax-global", "wrong-axis"), real([[0.0, 1.0, 2.0], [100.0, 50.0, 75.0]]), normalization="minmax", num_steps=20),
    _case("at-1e30", "values at 1e30", ("range-overflow",), real(X * 1e30), normalization="minmax"),
    _case("greatest", "max - min overflows float64", ("range-overflow",), [[-1.7e308, 1.7e308, 0.0, 1e308]], DOUBLE, normalization="minmax"),
    _case("greatest-float32", "max - min overflows float32", ("range-overflow",), real([[-3.4e38, 3.4e38, 0.0, 1e38]]), SINGLE, normalization="minmax"),
    _case("subnormal", "subnormal values under the floor", ("range-floor",), [[5e-324, 1e-310, 2e-308]], DOUBLE, normalization="minmax"),
    _case("sigmoid-far", "far into both tails of the sigmoid", ("sigmoid-overflow",), real([[-800.0, 800.0, -20.0, 3.7]]), normalization="sigmoid", num_steps=30, gain=0.371, bias=0.113),
    _case("double-digits", "p with all 53 bits", ("float32-accumulator", "threshold-rounded"), UNIT / 3.0, DOUBLE, normalization="none", num_steps=50),
)  # fmt: skip

SEEDED = (
    _case("seed", "another seed", ("parameter-ignored", "seed-high-ignored"), UNIT, normalization="none", seed=0xFEDCBA9876543210),
    _case("stream", "another stream", ("parameter-ignored", "stream-ignored"), UNIT, normalization="none", stream=2**40 + 3),
    _case("half", "p of exactly 1/2: the threshold is 2^31", ("threshold-rounded", "le-for-lt"), np.full((1, 3), 0.5), normalization="none", num_steps=100),
    _case("just-above-a-word", "p one float above w_0 2^-32: rounded down it would not fire", ("threshold-rounded",), [[0x6627E8D5 * 2.0**-32 + 2.0**-53]], DOUBLE, normalization="none", num_steps=1),
    _case("exactly-a-word", "p exactly w_0 2^-32: U < p is false", ("le-for-lt", "threshold-rounded"), [[0x6627E8D5 * 2.0**-32]], DOUBLE, normalization="none", num_steps=1),
)  # fmt: skip

PHASED = (
    _case("tenths", "ten tenths: fl(10 p) is 1 though 10 p is more", ("phase-shift", "time-off-by-one", "threshold-rounded"), [[0.1, 0.2, 0.3, 0.7]], DOUBLE, normalization="none", num_steps=40),
    _case("long", "1000 steps: one rounding per product, no running sum", ("phase-shift", "float32-accumulator"), real([[0.1, 0.37, 0.9]]), normalization="none", num_steps=1000),
    _case("one-step", "a single step fires only at p = 1", ("time-off-by-one", "phase-shift"), real([[1.0, 0.999, 0.5]]), normalization="none", num_steps=1),
)  # fmt: skip

CASES = {"encode_rate_bernoulli": (*SHARED, *SEEDED), "encode_rate_deterministic": (*SHARED, *PHASED)}
