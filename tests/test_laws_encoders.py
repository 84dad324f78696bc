"""Laws of the rate encoders, on every backend and in both dtypes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikemirror import call
from spikemirror.mirrors import NAMES

Reals = npt.NDArray[Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
NORMALIZATIONS = ("none", "clamp", "sigmoid", "minmax")
KINDS = ("encode_rate_bernoulli", "encode_rate_deterministic")
dtypes = st.sampled_from(["float32", "float64"])
lengths = st.integers(1, 12)
words64 = st.integers(0, 2**64 - 1)


def batches(low: float = -3, high: float = 3) -> st.SearchStrategy[Reals]:
    shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=5)
    elements = st.floats(low, high, width=32, allow_subnormal=False)
    return st.tuples(dtypes, shapes).flatmap(lambda what: hnp.arrays(what[0], what[1], elements=elements))


def encode(kernel: str, backend: str, x: Reals, num_steps: int, **parameters: Any) -> npt.NDArray[np.uint8]:
    spikes = call(kernel, backend=backend, x=x, num_steps=num_steps, **parameters)["spikes"]
    assert spikes.dtype == np.uint8
    assert spikes.shape == (len(x), num_steps, *x.shape[1:])
    assert not (spikes > 1).any()
    return spikes.astype(np.uint8)


@BACKENDS
@pytest.mark.parametrize("kernel", KINDS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@given(x=batches(), num_steps=lengths)
def test_p_0_is_silent_and_p_1_always_fires(
    backend: str, kernel: str, normalization: str, x: Reals, num_steps: int
) -> None:
    shared = {"normalization": normalization, "gain": 0.0}
    assert not encode(kernel, backend, x, num_steps, bias=0.0, **shared).any()
    assert not encode(kernel, backend, x, num_steps, bias=-1e30, **shared).any()
    assert encode(kernel, backend, x, num_steps, bias=1.0, **shared).all()
    assert encode(kernel, backend, x, num_steps, bias=1e30, **shared).all()


@BACKENDS
@given(x=batches(0, 1), num_steps=lengths)
def test_deterministic_count_is_the_floor_of_expected_spikes(backend: str, x: Reals, num_steps: int) -> None:
    spikes = encode("encode_rate_deterministic", backend, x, num_steps, normalization="none")
    expected = np.floor(x.dtype.type(num_steps) * x)
    assert np.array_equal(spikes.sum(axis=1), expected)


@BACKENDS
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@given(x=batches(), num_steps=lengths, data=st.data())
def test_deterministic_steps_can_be_computed_alone(
    backend: str, normalization: str, x: Reals, num_steps: int, data: st.DataObject
) -> None:
    whole = encode("encode_rate_deterministic", backend, x, num_steps, normalization=normalization)
    first = data.draw(st.integers(1, num_steps))
    part = encode("encode_rate_deterministic", backend, x, first, normalization=normalization)
    assert np.array_equal(whole[:, :first], part)
    for b in range(len(x)):
        alone = encode("encode_rate_deterministic", backend, x[b : b + 1], num_steps, normalization=normalization)
        assert np.array_equal(whole[b : b + 1], alone)


@BACKENDS
@given(x=batches(0, 1), num_steps=lengths, seed=words64, stream=words64)
def test_bernoulli_compares_words_with_the_threshold(
    backend: str, x: Reals, num_steps: int, seed: int, stream: int
) -> None:
    spikes = encode("encode_rate_bernoulli", backend, x, num_steps, normalization="none", seed=seed, stream=stream)
    words = call("philox_words", backend=backend, seed=seed, stream=stream, n=spikes.size)["words"].astype(np.uint32)
    threshold = np.array([math.ceil(float(p) * 2**32) for p in x.flat]).reshape(x.shape)
    assert np.array_equal(spikes, words.reshape(spikes.shape) < threshold[:, None])


@BACKENDS
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@given(x=batches(), num_steps=lengths, seed=words64, data=st.data())
def test_bernoulli_of_the_first_samples_needs_no_other(
    backend: str, normalization: str, x: Reals, num_steps: int, seed: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(x)))
    whole = encode("encode_rate_bernoulli", backend, x, num_steps, normalization=normalization, seed=seed)
    part = encode("encode_rate_bernoulli", backend, x[:first], num_steps, normalization=normalization, seed=seed)
    assert np.array_equal(whole[:first], part)


@BACKENDS
@given(x=batches(0, 1), num_steps=lengths, seed=words64, more=st.floats(0, 1))
def test_bernoulli_with_a_larger_p_only_adds_spikes(
    backend: str, x: Reals, num_steps: int, seed: int, more: float
) -> None:
    less = encode("encode_rate_bernoulli", backend, x, num_steps, normalization="none", seed=seed)
    added = encode("encode_rate_bernoulli", backend, x, num_steps, normalization="none", seed=seed, bias=more)
    assert (less <= added).all()


@BACKENDS
@given(x=batches(), exponent=st.integers(0, 20), shift=st.integers(-4, 4))
def test_minmax_knows_no_unit(backend: str, x: Reals, exponent: int, shift: int) -> None:
    x = (x * 256).round() / 256
    plain = encode("encode_rate_deterministic", backend, x, 12)
    assert np.array_equal(encode("encode_rate_deterministic", backend, np.ldexp(x, exponent), 12), plain)
    assert np.array_equal(encode("encode_rate_deterministic", backend, x + shift, 12), plain)


@BACKENDS
@pytest.mark.parametrize("kernel", KINDS)
@given(x=batches(), num_steps=lengths)
def test_minmax_spans_from_silence_to_every_step(backend: str, kernel: str, x: Reals, num_steps: int) -> None:
    x = (x * 16).round() / 16
    spikes = encode(kernel, backend, x, num_steps).reshape(len(x), num_steps, math.prod(x.shape[1:]))
    for sample, train in zip(x.reshape(len(x), math.prod(x.shape[1:])), spikes, strict=True):
        if sample.size:
            assert not train[:, sample == sample.min()].any()
            if sample.max() > sample.min():
                assert train[:, sample == sample.max()].all()


@BACKENDS
@given(x=batches(0, 3), num_steps=lengths)
def test_sigmoid_of_opposite_values_sums_to_one(backend: str, x: Reals, num_steps: int) -> None:
    up = encode("encode_rate_deterministic", backend, x, num_steps, normalization="sigmoid").sum(axis=1)
    down = encode("encode_rate_deterministic", backend, -x, num_steps, normalization="sigmoid").sum(axis=1)
    assert np.isin(up + down, (num_steps - 1, num_steps)).all()


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rates_are_met(backend: str, dtype: str) -> None:
    p = np.array([[0.1, 0.5, 0.9]], dtype)
    drawn = encode("encode_rate_bernoulli", backend, p, 4000, normalization="none", seed=3).mean(axis=1)
    assert np.allclose(drawn, p, atol=0.03)


@BACKENDS
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_extreme_values_are_encoded(backend: str, normalization: str) -> None:
    for dtype in (np.float32, np.float64):
        top = np.finfo(dtype).max
        x = np.array([[-top, 0, top], [top, top, top], [-top, -top, -top]], dtype)
        spikes = encode("encode_rate_deterministic", backend, x, 4, normalization=normalization)
        assert spikes[0, :, 2].all()
        assert not spikes[0, :, 0].any()
