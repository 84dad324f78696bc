"""Laws of the decoders, on every backend and in both dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikemirror import call
from spikemirror.mirrors import NAMES

Array = npt.NDArray[Any]
Outputs = dict[str, Array]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
dtypes = st.sampled_from(["float32", "float64"])
temperatures = st.sampled_from([0.125, 0.5, 1.0, 8.0])
BITS = st.integers(0, 1)


@st.composite
def trains(draw: st.DrawFn, least_steps: int = 0) -> Array:
    shape = draw(st.integers(0, 4)), draw(st.integers(least_steps, 9)), draw(st.integers(1, 5))
    return draw(hnp.arrays(np.uint8, shape, elements=BITS))


def masks(data: st.DataObject, spikes: Array) -> Array:
    return data.draw(hnp.arrays(np.uint8, spikes.shape[:2], elements=BITS))


def decode(code: str, backend: str, **arguments: Any) -> Outputs:
    out = call(f"decode_{code}", backend=backend, **arguments)
    assert out["prediction"].dtype == np.int32
    assert (out["prediction"] >= 0).all()
    assert (out["prediction"] < out["logits"].shape[1]).all()
    assert out["confidence"].dtype == out["logits"].dtype
    slack = 8 * np.finfo(out["logits"].dtype).eps
    assert (out["confidence"] >= 0).all()
    assert (out["confidence"] <= 1 + slack).all()
    return out


def softmax_lead(logits: Array) -> Array:
    """Difference of the two greatest probabilities, 1 for one class."""
    wide = logits.astype(np.float64)
    p = np.exp(wide - wide.max(axis=1, keepdims=True, initial=-np.inf))
    p = np.sort(p / p.sum(axis=1, keepdims=True), axis=1)
    lead: Array = p[:, -1] - p[:, -2] if p.shape[1] > 1 else np.ones(len(p))
    return lead


def close(x: Array, y: Array, ulps: float = 64) -> None:
    assert x.shape == y.shape
    assert np.allclose(x, y, rtol=0, atol=ulps * float(np.finfo(x.dtype).eps) * (1 + np.abs(y).max(initial=0))), (x, y)


@BACKENDS
@given(spikes=trains(), dtype=dtypes, temperature=temperatures, normalize_by_time=st.booleans(), data=st.data())
def test_rate_counts(
    backend: str, spikes: Array, dtype: str, temperature: float, normalize_by_time: bool, data: st.DataObject
) -> None:
    mask = masks(data, spikes)
    shared: dict[str, Any] = {"temperature": temperature, "normalize_by_time": normalize_by_time, "dtype": dtype}
    out = decode("rate", backend, spikes=spikes, mask=mask, **shared)
    counts = (spikes * mask[:, :, None]).sum(axis=1)
    assert out["counts"].dtype == np.int32
    assert np.array_equal(out["counts"], counts)
    assert np.array_equal(out["prediction"], counts.argmax(axis=1))  # ties take the lowest
    assert out["rates"].dtype == out["logits"].dtype == dtype
    rates = counts / np.maximum(mask.sum(axis=1, dtype=np.int64), 1)[:, None]
    close(out["rates"], rates, 4)
    close(out["logits"], (rates if normalize_by_time else counts) / temperature, 4)
    close(out["confidence"], softmax_lead(out["logits"]))


@BACKENDS
@pytest.mark.parametrize("code", ["rate", "first_spike"])
@given(spikes=trains(1), one=temperatures, other=temperatures)
def test_temperature_only_scales_the_logits(backend: str, code: str, spikes: Array, one: float, other: float) -> None:
    a, b = (decode(code, backend, spikes=spikes, temperature=t) for t in (one, other))
    assert np.array_equal(a["logits"] * one, b["logits"] * other)
    for name in set(a) - {"logits", "confidence" if code == "rate" else "logits"}:
        assert np.array_equal(a[name], b[name]), name
    if code == "rate":
        cool, warm = (a, b) if one <= other else (b, a)
        assert (cool["confidence"] >= warm["confidence"] - 1e-14).all()


@BACKENDS
@pytest.mark.parametrize("code", ["rate", "first_spike"])
@given(spikes=trains(1), data=st.data())
def test_what_is_masked_does_not_count(backend: str, code: str, spikes: Array, data: st.DataObject) -> None:
    mask = masks(data, spikes)
    masked = decode(code, backend, spikes=spikes, mask=mask)
    noise = data.draw(hnp.arrays(np.uint8, spikes.shape, elements=BITS))
    hidden = mask[:, :, None] == 0
    noisy = decode(code, backend, spikes=np.where(hidden, noise, spikes).astype(np.uint8), mask=mask)
    assert all(np.array_equal(noisy[name], value) for name, value in masked.items())
    everything = decode(code, backend, spikes=spikes, mask=np.ones_like(mask))
    assert all(np.array_equal(decode(code, backend, spikes=spikes)[k], v) for k, v in everything.items())


@BACKENDS
@given(spikes=trains(1), data=st.data())
def test_a_mask_of_the_first_steps_is_a_shorter_train(backend: str, spikes: Array, data: st.DataObject) -> None:
    steps = spikes.shape[1]
    kept = data.draw(st.integers(1, steps))
    mask = np.broadcast_to((np.arange(steps) < kept).astype(np.uint8), spikes.shape[:2])
    for normalize_by_time in (False, True):
        shared: dict[str, Any] = {"normalize_by_time": normalize_by_time}
        long = decode("rate", backend, spikes=spikes, mask=mask, **shared)
        short = decode("rate", backend, spikes=spikes[:, :kept], **shared)
        assert all(np.array_equal(long[name], value) for name, value in short.items())
    long = decode("first_spike", backend, spikes=spikes, mask=mask)
    short = decode("first_spike", backend, spikes=spikes[:, :kept])
    for name in ("prediction", "first_spike_times"):
        assert np.array_equal(long[name], short[name])


@BACKENDS
@pytest.mark.parametrize("code", ["rate", "first_spike"])
@given(spikes=trains(1), data=st.data())
def test_order_of_classes_moves_with_the_outputs(backend: str, code: str, spikes: Array, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(spikes.shape[2])))
    plain, permuted = (decode(code, backend, spikes=s) for s in (spikes, spikes[:, :, order]))
    for name in set(plain) - {"prediction", "confidence"}:
        assert np.array_equal(permuted[name], plain[name][:, order]), name
    close(permuted["confidence"], plain["confidence"])
    rows = np.arange(len(spikes))
    # The winner may be another one of equals only.
    assert np.array_equal(permuted["logits"][rows, permuted["prediction"]], plain["logits"].max(axis=1, initial=-1e9))


@BACKENDS
@given(spikes=trains(1), dtype=dtypes, temperature=temperatures, data=st.data())
def test_first_spikes(backend: str, spikes: Array, dtype: str, temperature: float, data: st.DataObject) -> None:
    mask = masks(data, spikes)
    out = decode("first_spike", backend, spikes=spikes, mask=mask, dtype=dtype, temperature=temperature)
    steps = spikes.shape[1]
    seen = spikes * mask[:, :, None]
    times = np.where(seen.any(axis=1), seen.argmax(axis=1), steps)
    assert out["first_spike_times"].dtype == np.int32
    assert np.array_equal(out["first_spike_times"], np.where(times == steps, -1, times))
    assert np.array_equal(out["prediction"], times.argmin(axis=1))
    assert out["logits"].dtype == dtype
    close(out["logits"], -times / steps / temperature, 4)
    ranked = np.sort(times, axis=1)
    lead = (ranked[:, 1] - ranked[:, 0]) / steps if times.shape[1] > 1 else np.ones(len(times))
    close(out["confidence"], lead, 4)


@BACKENDS
@given(
    times=st.tuples(st.integers(0, 3), st.integers(1, 4)).flatmap(
        lambda shape: hnp.arrays(np.float64, shape, elements=st.integers(0, 8).map(lambda k: k / 8))
    )
)
def test_first_spikes_of_a_code_are_its_times(backend: str, times: Array) -> None:
    shared: dict[str, Any] = {"normalization": "none", "num_steps": 9, "mapping": "linear", "allow_no_spike": True}
    code = call("encode_ttfs", backend=backend, x=times, **shared)
    out = decode("first_spike", backend, spikes=code["spikes"])
    assert np.array_equal(out["first_spike_times"], code["spike_times"])
    assert np.array_equal(out["prediction"], times.argmax(axis=1))  # the greatest value fires first


@BACKENDS
@given(
    x=st.tuples(st.integers(0, 3), st.integers(1, 4)).flatmap(
        lambda shape: hnp.arrays(np.float64, shape, elements=st.integers(0, 16).map(lambda k: k / 16))
    )
)
def test_rates_of_a_deterministic_code_are_its_values(backend: str, x: Array) -> None:
    spikes = call("encode_rate_deterministic", backend=backend, x=x, num_steps=32, normalization="none")["spikes"]
    assert np.array_equal(decode("rate", backend, spikes=spikes)["rates"], x)


@st.composite
def populations(draw: st.DrawFn) -> dict[str, Any]:
    """Spikes with a mask, groups (perhaps ragged or empty) and centers."""
    spikes = draw(trains())
    groups = draw(st.integers(1, 4))
    centers = st.integers(-16, 16).map(lambda k: k / 8)
    return {
        "spikes": spikes,
        "mask": draw(hnp.arrays(np.uint8, spikes.shape[:2], elements=BITS)),
        "group_of": draw(hnp.arrays(np.int32, spikes.shape[2], elements=st.integers(0, groups - 1))),
        "centers": draw(hnp.arrays(draw(dtypes), groups, elements=centers)),
        "n_groups": groups,
    }


@BACKENDS
@given(drawn=populations(), temperature=temperatures)
def test_population_votes_and_weights(backend: str, drawn: dict[str, Any], temperature: float) -> None:
    votes_out = decode("population", backend, temperature=temperature, **drawn)
    weights_out = decode("population", backend, temperature=temperature, mode="regression", **drawn)
    counts = (drawn["spikes"] * drawn["mask"][:, :, None]).sum(axis=1, dtype=np.int64)
    groups = np.arange(drawn["n_groups"])
    member = drawn["group_of"][:, None] == groups
    votes = counts @ member
    dtype = drawn["centers"].dtype
    assert votes_out["logits"].dtype == votes_out["value"].dtype == dtype
    close(votes_out["logits"], votes / temperature, 4)
    assert np.array_equal(votes_out["prediction"], votes.argmax(axis=1))
    close(votes_out["confidence"], softmax_lead(votes_out["logits"]))
    rates = votes / np.maximum(member.sum(axis=0), 1)
    silent = rates.sum(axis=1, keepdims=True) == 0
    weights = np.where(silent, 1 / len(groups), rates / np.where(silent, 1, rates.sum(axis=1, keepdims=True)))
    close(weights_out["logits"], weights)
    close(weights_out["confidence"], weights.max(axis=1, initial=0))
    for out in (votes_out, weights_out):
        close(out["value"], weights @ drawn["centers"].astype(np.float64))
    assert np.array_equal(weights_out["prediction"], rates.astype(dtype).argmax(axis=1))


@BACKENDS
@given(drawn=populations())
def test_value_lies_between_the_centers(backend: str, drawn: dict[str, Any]) -> None:
    value = decode("population", backend, mode="regression", **drawn)["value"]
    slack = 32 * np.finfo(value.dtype).eps
    assert (value >= drawn["centers"].min() - slack).all()
    assert (value <= drawn["centers"].max() + slack).all()
    silence = {**drawn, "spikes": drawn["spikes"] * 0}
    out = decode("population", backend, mode="regression", **silence)
    mean = float(drawn["centers"].astype(np.float64).mean())
    close(out["value"], np.full(len(drawn["spikes"]), mean))
    assert not out["prediction"].any()


@BACKENDS
@given(spikes=trains(), temperature=temperatures)
def test_groups_of_one_are_the_rate_decoder(backend: str, spikes: Array, temperature: float) -> None:
    n = spikes.shape[2]
    rate = decode("rate", backend, spikes=spikes, temperature=temperature)
    population = decode(
        "population", backend, spikes=spikes, group_of=np.arange(n), n_groups=n, temperature=temperature
    )
    for name in ("logits", "prediction", "confidence"):
        close(population[name].astype(np.float64), rate[name].astype(np.float64))
    assert np.array_equal(population["prediction"], rate["prediction"])


@BACKENDS
@given(x=hnp.arrays(np.float64, (3, 1), elements=st.floats(0.25, 0.75)))
def test_population_code_comes_back(backend: str, x: Array) -> None:
    shared: dict[str, Any] = {"normalization": "none", "num_steps": 200, "mode": "deterministic", "sigma": 0.1}
    code = call("encode_population", backend=backend, x=x, population_size=9, **shared)
    out = decode("population", backend, spikes=code["spikes"], group_of=np.arange(9), n_groups=9, mode="regression")
    assert np.allclose(out["value"], x[:, 0], atol=0.03)


@st.composite
def potentials(draw: st.DrawFn) -> tuple[Array, Array]:
    """Membranes (B, T, N) on a grid, and a mask."""
    shape = draw(st.integers(0, 4)), draw(st.integers(0, 6)), draw(st.integers(1, 4))
    membrane = draw(hnp.arrays(draw(dtypes), shape, elements=st.integers(-16, 16).map(lambda k: k / 8)))
    return membrane, draw(hnp.arrays(np.uint8, shape[:2], elements=BITS))


def valid(membrane: Array, mask: Array, mode: str) -> Array:
    """The potential that counts, written the plain way."""
    v = np.zeros((len(membrane), membrane.shape[2]))
    for b, steps in enumerate(mask):
        kept = membrane[b][steps == 1]
        if len(kept):
            v[b] = kept[-1] if mode == "final" else kept.max(axis=0)
    return v


@BACKENDS
@pytest.mark.parametrize("mode", ["final", "max"])
@given(drawn=potentials(), temperature=temperatures)
def test_membranes(backend: str, mode: str, drawn: tuple[Array, Array], temperature: float) -> None:
    membrane, mask = drawn
    out = decode("membrane", backend, membrane=membrane, mask=mask, mode=mode, temperature=temperature)
    v = valid(membrane, mask, mode)
    assert out["logits"].dtype == membrane.dtype
    assert np.array_equal(out["logits"], v / temperature)
    assert np.array_equal(out["prediction"], v.argmax(axis=1))
    close(out["confidence"], softmax_lead(out["logits"]))


@BACKENDS
@pytest.mark.parametrize("mode", ["final", "max"])
@given(drawn=potentials(), shift=st.integers(-8, 8), data=st.data())
def test_membranes_know_no_zero_and_no_order(
    backend: str, mode: str, drawn: tuple[Array, Array], shift: int, data: st.DataObject
) -> None:
    membrane, _ = drawn
    plain = decode("membrane", backend, membrane=membrane, mode=mode)
    lifted = decode("membrane", backend, membrane=membrane + membrane.dtype.type(shift), mode=mode)
    assert np.array_equal(lifted["prediction"], plain["prediction"])
    close(lifted["confidence"], plain["confidence"])
    if mode == "max":
        order = data.draw(st.permutations(range(membrane.shape[1])))
        shuffled = decode("membrane", backend, membrane=membrane[:, order], mode=mode)
        assert all(np.array_equal(shuffled[name], value) for name, value in plain.items())


@st.composite
def ensembles(draw: st.DrawFn) -> tuple[Array, Array]:
    """Logits (K, B, C) on a grid, and weights that sum to 1 exactly."""
    shape = draw(st.integers(1, 4)), draw(st.integers(0, 4)), draw(st.integers(1, 4))
    dtype = draw(dtypes)
    logits = draw(hnp.arrays(dtype, shape, elements=st.integers(-16, 16).map(lambda k: k / 8)))
    weights = draw(hnp.arrays(dtype, shape[0], elements=st.integers(-4, 8).map(lambda k: k / 8)))
    weights[0] = 1 - weights[1:].sum()
    return logits, weights


@BACKENDS
@given(drawn=ensembles(), data=st.data())
def test_ensembles(backend: str, drawn: tuple[Array, Array], data: st.DataObject) -> None:
    logits, weights = drawn
    out = decode("ensemble", backend, logits=logits, weights=weights)
    mean = np.tensordot(weights.astype(np.float64), logits.astype(np.float64), 1)
    assert np.array_equal(out["logits"], mean)  # exact on the grid
    assert np.array_equal(out["prediction"], mean.argmax(axis=1))
    close(out["confidence"], softmax_lead(mean).astype(logits.dtype))
    order = data.draw(st.permutations(range(len(weights))))
    shuffled = decode("ensemble", backend, logits=logits[order], weights=weights[order])
    assert all(np.array_equal(shuffled[name], value) for name, value in out.items())
    member = data.draw(st.integers(0, len(weights) - 1))
    alone = decode("ensemble", backend, logits=logits, weights=np.eye(len(weights), dtype=logits.dtype)[member])
    assert np.array_equal(alone["logits"], logits[member])
    unanimous = decode("ensemble", backend, logits=np.broadcast_to(logits[:1], logits.shape), weights=weights)
    assert np.array_equal(unanimous["logits"], logits[0])


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_leave_the_confidence_finite(backend: str, dtype: str) -> None:
    top = np.finfo(dtype).max
    membrane = np.array([[[top, -top]], [[-top, -top]], [[0, top]]], dtype)
    out = decode("membrane", backend, membrane=membrane)
    assert out["confidence"].tolist() == [1, 0, 1]
    assert out["prediction"].tolist() == [0, 0, 1]


@BACKENDS
def test_ties_take_the_lowest(backend: str) -> None:
    spikes = np.array([[[0, 1, 1, 0], [0, 1, 1, 0]]], np.uint8)
    assert decode("rate", backend, spikes=spikes)["prediction"] == 1
    assert decode("first_spike", backend, spikes=spikes)["prediction"] == 1
    assert decode("rate", backend, spikes=spikes * 0)["prediction"] == 0
    assert decode("first_spike", backend, spikes=spikes * 0)["prediction"] == 0
    groups = {"group_of": np.array([3, 1, 2, 0]), "n_groups": 4}
    for mode in ("classification", "regression"):
        assert decode("population", backend, spikes=spikes, mode=mode, **groups)["prediction"] == 1
    assert decode("membrane", backend, membrane=spikes.astype(np.float64))["prediction"] == 1
    assert decode("ensemble", backend, logits=spikes.astype(np.float64), weights=[1.0])["prediction"].tolist() == [1, 1]
