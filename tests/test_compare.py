"""The one metric."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.fixture import OutputRecord, record_array
from spikemirror.golden.load import Golden
from spikemirror.parity.compare import POISON, Comparison, compare, poison, ulps, used

FLOATS = (np.float32, np.float64)


def expected(values: Any, dtype: Any = np.float64, budget: list[float] | None = None) -> OutputRecord:
    record = record_array(np.asarray(values, dtype))
    return OutputRecord(**record, policy="bits" if budget is None else "budget", budget=budget or [])


def array(*values: float, dtype: Any = np.float64) -> npt.NDArray[Any]:
    return np.array(values, dtype)


def test_share_of_the_budget() -> None:
    budget = array(0.5, 0.5, 0.5, 0.0, 0.0)
    shares = used(array(1.0, 1.25, 0.5, 1.0, 1.0000001), array(1.0, 1.0, 1.0, 1.0, 1.0), budget)
    assert list(shares) == [0, 0.5, 1, 0, math.inf]


def test_bits_are_all_or_nothing() -> None:
    assert list(used(array(1.0, 0.0, 2.0), array(1.0, -0.0, np.nextafter(2, 3)), None)) == [0, math.inf, math.inf]
    assert list(used(np.array([1, 2], np.uint8), np.array([1, 3], np.uint8), None)) == [0, math.inf]


def test_signed_zeros_differ_only_in_bits() -> None:
    assert used(array(-0.0), array(0.0), array(0.0)) == 0
    assert used(array(-0.0), array(0.0), None) == math.inf


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("got", "want", "share"),
    [
        (math.nan, 1.0, math.inf),
        (math.inf, 1.0, math.inf),
        (-math.inf, math.inf, math.inf),
        (math.inf, math.inf, 0.0),
        (1.0, math.inf, math.inf),
        (math.nan, math.inf, math.inf),
    ],
)
def test_non_finite_values_match_only_themselves(dtype: Any, got: float, want: float, share: float) -> None:
    for budget in (0.0, 1e300):
        assert used(array(got, dtype=dtype), array(want, dtype=dtype), array(budget)) == share


def test_nan_matches_its_own_bits_alone() -> None:
    assert used(array(math.nan), array(math.nan), None) == 0
    assert used(array(math.nan), array(-math.nan), None) == math.inf


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data(), steps=st.integers(0, 1000))
def test_ulps_count_floats(dtype: Any, data: st.DataObject, steps: int) -> None:
    start = dtype(data.draw(st.floats(-(2.0**99), 2.0**99, width=32)))
    end = start
    for _ in range(steps):
        end = np.nextafter(end, dtype(np.inf))
    assert ulps(end, start) == ulps(start, end) == steps


def test_ulps_across_zero_and_where_there_are_none() -> None:
    tiny = np.float64(5e-324)
    assert ulps(tiny, -tiny) == 2
    assert ulps(np.float64(0.0), np.float64(-0.0)) == 0
    assert ulps(np.float64(np.inf), np.float64(1)) is None
    assert ulps(np.float32(np.nan), np.float32(1)) is None
    assert ulps(np.uint8(1), np.uint8(0)) is None


def test_the_worst_element_is_told() -> None:
    want = expected([[1.0, 2.0], [3.0, 4.0]], np.float64, [1.0, 1.0, 0.25, 1.0])
    comparison = compare("weights", np.array([[1.5, 2.0], [3.25, 3.5]]), want)
    assert (comparison.index, comparison.used, comparison.good) == ((1, 0), 1.0, True)
    assert comparison.got == "3.25 (0x400a000000000000)"
    assert comparison.want == "3.0 (0x4008000000000000)"
    assert not compare("weights", np.array([[1.0, 2.0], [3.0, 9.0]]), want).good


def test_integers_are_told_plainly() -> None:
    comparison = compare("spikes", np.array([0, 0], np.uint8), expected([0, 1], np.uint8))
    assert (comparison.got, comparison.want, comparison.ulps, comparison.good) == ("0", "1", None, False)


def test_scalars_and_empty_arrays() -> None:
    assert compare("loss", np.array(1.0), expected(1.0, np.float64, [0.0])).good
    assert compare("per_row", np.empty((0, 3)), expected(np.empty((0, 3)), np.float64, [])).good


@pytest.mark.parametrize("got", [np.zeros(3, np.float32), np.zeros((3, 1)), np.zeros(4), np.zeros(3, np.int64)])
def test_another_dtype_or_shape_is_never_right(got: npt.NDArray[Any]) -> None:
    comparison = compare("u", got, expected([0.0, 0.0, 0.0], np.float64, [9.0, 9.0, 9.0]))
    assert not comparison.good
    assert comparison.want == "float64(3,)"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3)])
def test_poison_is_nan_or_fills_every_byte(dtype: Any, shape: tuple[int, ...]) -> None:
    output = np.zeros(shape, dtype)
    poison(output)
    assert np.isnan(output).all() if output.dtype.kind == "f" else set(output.tobytes()) <= {POISON}
    assert output.shape == shape


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_fixture_expects_poison(name: str, golden: Golden) -> None:
    for case in golden.cases(name):
        for expectation in case.expected.values():
            for record in (expectation.outputs or {}).values():
                want = record.array()
                spoilt = want.copy()
                poison(spoilt)
                if want.size:
                    assert not compare("x", spoilt, record).good, case.id
                    budget = record.budgets() if record.policy == "budget" else None
                    assert (used(spoilt, want, budget) > 1).all(), case.id


@pytest.mark.parametrize(("used", "good"), [(0.0, True), (1.0, True), (np.nextafter(1.0, 2.0), False), (1.5, False)])
def test_a_budget_is_used_up_at_one(used: float, good: bool) -> None:
    assert Comparison("loss", used).good == good
