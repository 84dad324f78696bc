"""Encoders and decoders: what they emit is the kernels', state is kept honestly, and pairs that invert do."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest

from spikemirror import Rejection, call, mirrors
from spikemirror.codec import (
    DeltaEncoder,
    EnsembleDecoder,
    FirstSpikeDecoder,
    LatencyEncoder,
    MembraneDecoder,
    PopulationDecoder,
    PopulationEncoder,
    RateDecoder,
    RateEncoder,
    SpikeBatch,
    TTFSEncoder,
    batch_to_time_first,
    time_to_batch_first,
)

BACKENDS = pytest.mark.parametrize("backend", [name for name in mirrors.NAMES if mirrors.probe(name).found])
X = np.linspace(-1, 1, 12).reshape(2, 3, 2)
TRAINS = np.random.default_rng(3).integers(0, 2, (3, 7, 4), np.uint8)
MASK = np.array([[1, 1, 1, 1, 1, 0, 0], [0, 1, 1, 1, 1, 1, 1], [0] * 7], np.uint8)

ENCODERS: list[type[Any]] = [RateEncoder, LatencyEncoder, TTFSEncoder, PopulationEncoder]
DECODERS: list[type[Any]] = [RateDecoder, FirstSpikeDecoder, PopulationDecoder, MembraneDecoder, EnsembleDecoder]

BAD: list[tuple[type[Any], dict[str, Any], str, str]] = [
    *((made, {"num_steps": 0}, "bad_parameter", "num_steps") for made in ENCODERS),
    *((made, {"normalization": "zscore"}, "bad_choice", "normalization") for made in ENCODERS),
    *((made, {"gain": math.inf}, "bad_parameter", "gain") for made in ENCODERS),
    (RateEncoder, {"rate_dt": -1.0}, "bad_parameter", "rate_dt"),
    (RateEncoder, {"deterministic_eval": 1}, "bad_parameter", "deterministic_eval"),
    (LatencyEncoder, {"mapping": "cubic"}, "bad_choice", "mapping"),
    (LatencyEncoder, {"tau": 0.0}, "bad_parameter", "tau"),
    (LatencyEncoder, {"t_min": 5.0, "t_max": 4.0}, "bad_parameter", "t_max"),
    (LatencyEncoder, {"burst": 0}, "bad_parameter", "burst"),
    (TTFSEncoder, {"silence_below": 1.5}, "bad_parameter", "silence_below"),
    (TTFSEncoder, {"jitter": -1.0}, "bad_parameter", "jitter"),
    (TTFSEncoder, {"allow_no_spike": 1}, "bad_parameter", "allow_no_spike"),
    (PopulationEncoder, {"population_size": 0}, "bad_parameter", "population_size"),
    (PopulationEncoder, {"sigma": 0.0}, "bad_parameter", "sigma"),
    (PopulationEncoder, {"mode": "latency"}, "bad_choice", "mode"),
    (PopulationEncoder, {"centers": (0.0, 1.0)}, "bad_shape", "centers"),
    (PopulationEncoder, {"population_size": 1, "centers": (math.nan,)}, "non_finite", "centers"),
    (DeltaEncoder, {"theta_on": -0.1}, "bad_parameter", "theta_on"),
    (DeltaEncoder, {"theta_off": math.nan}, "bad_parameter", "theta_off"),
    (RateDecoder, {"temperature": 0.0}, "bad_parameter", "temperature"),
    (RateDecoder, {"normalize_by_time": 0}, "bad_parameter", "normalize_by_time"),
    (RateDecoder, {"dtype": "float16"}, "bad_choice", "dtype"),
    (FirstSpikeDecoder, {"temperature": -1.0}, "bad_parameter", "temperature"),
    (PopulationDecoder, {"mode": "vote"}, "bad_choice", "mode"),
    (PopulationDecoder, {"n_groups": 0}, "bad_parameter", "n_groups"),
    (PopulationDecoder, {"group_of": (0, -1)}, "bad_target", "group_of"),
    (PopulationDecoder, {"group_of": (0.5,)}, "bad_target", "group_of"),
    (PopulationDecoder, {"centers": ("a",)}, "non_finite", "centers"),
    (MembraneDecoder, {"mode": "mean"}, "bad_choice", "mode"),
    (EnsembleDecoder, {"weights": (0.5, 0.6)}, "bad_parameter", "weights"),
    (EnsembleDecoder, {"decoders": (RateDecoder(),), "weights": (0.5, 0.5)}, "bad_shape", "weights"),
]


@pytest.mark.parametrize(("made", "fields", "code", "argument"), BAD)
def test_wrong_fields_are_refused(made: type[Any], fields: dict[str, Any], code: str, argument: str) -> None:
    with pytest.raises(Rejection, match=argument) as caught:
        made(**fields)
    assert (caught.value.code, caught.value.argument) == (code, argument)


@pytest.mark.parametrize("made", [*ENCODERS, *DECODERS])
def test_objects_are_frozen_keyword_only_and_comparable(made: type[Any]) -> None:
    instance = made()
    for field in dataclasses.fields(made):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(instance, field.name, getattr(instance, field.name))
    with pytest.raises(TypeError):
        made(0.5)
    assert instance == made() == pickle.loads(pickle.dumps(instance))
    assert len({instance, made()}) == 1


def test_time_and_batch_trade_places() -> None:
    trains = np.arange(24).reshape(2, 3, 4)
    assert batch_to_time_first(trains).shape == (3, 2, 4)
    assert np.array_equal(time_to_batch_first(batch_to_time_first(trains)), trains)
    assert time_to_batch_first([[1, 2, 3]]).shape == (3, 1)
    for wrong in (time_to_batch_first, batch_to_time_first):
        with pytest.raises(ValueError, match=r"shape \(3,\); it must be"):
            wrong([1, 2, 3])


@BACKENDS
@pytest.mark.parametrize("rate_dt", [1.0, 0.3, 4.0])
def test_rate_poisson(backend: str, rate_dt: float) -> None:
    encoder = RateEncoder(
        method="poisson", rate_dt=rate_dt, num_steps=40, gain=1.5, bias=-0.1, seed=9, stream=1, backend=backend
    )
    shared: dict[str, Any] = {"num_steps": 40, "gain": 1.5, "bias": -0.1}
    want = call("encode_rate_poisson", x=X, rate_dt=rate_dt, seed=9, stream=1, **shared)["spikes"]
    assert np.array_equal(encoder.encode(X, training=True).spikes, want)
    even = encoder.encode(X).spikes
    n = (X - X.min(axis=(1, 2), keepdims=True)) / np.ptp(X, axis=(1, 2), keepdims=True)
    p = np.clip(np.clip(1.5 * n - 0.1, 0, 1) * rate_dt, 0, 1)
    assert (np.abs(even.sum(axis=1) - 40 * p) <= 1).all()
    assert np.array_equal(dataclasses.replace(encoder, deterministic_eval=False).encode(X).spikes, want)
    if rate_dt == 1:
        assert np.array_equal(even, call("encode_rate_deterministic", x=X, **shared)["spikes"])
    with pytest.raises(Rejection, match=r"x\[0, 1\] = nan"):
        encoder.encode([[0.0, math.nan]])


def test_rate_deterministic_and_bernoulli_know_nothing_of_rate_dt() -> None:
    for method in ("deterministic", "bernoulli"):
        plain, scaled = RateEncoder(method=method), RateEncoder(method=method, rate_dt=0.1)
        assert np.array_equal(plain.encode(X, True).spikes, scaled.encode(X, True).spikes)
        assert np.array_equal(plain.encode(X).spikes, scaled.encode(X).spikes)


@BACKENDS
@pytest.mark.parametrize("mapping", ["linear", "exponential", "log"])
def test_latency(backend: str, mapping: str) -> None:
    parameters: dict[str, Any] = {"num_steps": 9, "mapping": mapping, "burst": 2, "t_min": 1.0, "t_max": 6.0}
    batch = LatencyEncoder(**parameters, backend=backend).encode(X)
    want = call("encode_latency", x=X, **parameters)
    assert np.array_equal(batch.spikes, want["spikes"])
    assert np.array_equal(batch.aux["spike_times"], want["spike_times"])
    assert batch.aux["spike_times"].dtype == np.int32
    assert np.array_equal(batch.spikes.argmax(axis=1), batch.aux["spike_times"])


@BACKENDS
def test_ttfs_jitters_in_training_only(backend: str) -> None:
    x = np.random.default_rng(0).random((2, 40))
    encoder = TTFSEncoder(num_steps=50, mapping="linear", jitter=4.0, seed=1, backend=backend)
    calm, shaken = encoder.encode(x).aux["spike_times"], encoder.encode(x, training=True).aux["spike_times"]
    assert np.array_equal(calm, dataclasses.replace(encoder, jitter=0.0).encode(x, training=True).aux["spike_times"])
    assert np.array_equal(shaken, encoder.encode(x, training=True).aux["spike_times"])
    assert 0 < np.abs(shaken - calm).max() <= 5
    assert (encoder.encode(x).spikes.sum(axis=1) == 1).all()


@BACKENDS
def test_ttfs_may_be_silent(backend: str) -> None:
    batch = TTFSEncoder(allow_no_spike=True, silence_below=0.5, normalization="none", backend=backend).encode(
        [[0.4, 0.5, 1.0]]
    )
    assert batch.aux["spike_times"].tolist()[0][0] == -1
    assert batch.spikes.sum(axis=1).tolist() == [[0, 1, 1]]


@BACKENDS
def test_population(backend: str) -> None:
    encoder = PopulationEncoder(
        num_steps=30, population_size=3, centers=(0.0, 0.25, 1.0), seed=2, normalization="none", backend=backend
    )
    x = np.random.default_rng(1).random((2, 2, 2)).astype(np.float32)
    batch = encoder.encode(x, training=True)
    want = call(
        "encode_population", x=x, centers=[0.0, 0.25, 1.0], num_steps=30, population_size=3, seed=2,
        normalization="none",
    )  # fmt: skip
    assert np.array_equal(batch.spikes, want["spikes"])
    assert np.allclose(batch.aux["activations"], want["activations"], rtol=1e-5)
    assert batch.aux["group_of"].tolist() == [0, 1, 2] * 4
    assert batch.aux["feature_of"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert batch.aux["centers"].dtype == np.float32
    assert batch.aux["feature_shape"] == (2, 2)
    even = encoder.encode(x).spikes
    assert np.array_equal(even, dataclasses.replace(encoder, mode="deterministic").encode(x, training=True).spikes)
    noisy = dataclasses.replace(encoder, deterministic_eval=False)
    assert np.array_equal(noisy.encode(x).spikes, batch.spikes)


@BACKENDS
def test_population_there_and_back(backend: str) -> None:
    x = np.random.default_rng(2).random((3, 2, 2)) * 0.6 + 0.2
    batch = PopulationEncoder(num_steps=400, sigma=0.1, normalization="none", backend=backend).encode(x)
    out = PopulationDecoder(mode="regression", backend=backend).decode(batch)
    assert out.aux["value"].shape == x.shape
    assert np.abs(out.aux["value"] - x).max() < 0.03
    assert out.logits_proxy.shape == (3, 2, 2, 8)
    assert np.array_equal(out.prediction, np.abs(x[..., None] - batch.aux["centers"]).argmin(axis=-1))
    voted = PopulationDecoder(backend=backend).decode(batch)
    assert np.array_equal(voted.prediction, out.prediction)
    silent = PopulationDecoder(mode="regression", backend=backend).decode(batch, mask=np.zeros((3, 400), bool))
    assert np.allclose(silent.aux["value"], 0.5)


@BACKENDS
def test_rate_there_and_back(backend: str) -> None:
    x = np.random.default_rng(5).random((3, 10))
    batch = RateEncoder(method="deterministic", num_steps=200, normalization="none", backend=backend).encode(x)
    out = RateDecoder(backend=backend).decode(batch)
    assert np.abs(out.aux["rates"] - x).max() < 1 / 200 + 1e-12
    assert np.array_equal(out.prediction, np.floor(200 * x).argmax(axis=1))


@BACKENDS
def test_time_there_and_back(backend: str) -> None:
    x = np.random.default_rng(6).random((3, 10))
    encoder = TTFSEncoder(num_steps=101, mapping="linear", normalization="none", backend=backend)
    out = FirstSpikeDecoder(backend=backend).decode(encoder.encode(x))
    assert np.abs(1 - out.aux["first_spike_times"] / 100 - x).max() <= 0.005 + 1e-12


@BACKENDS
def test_delta_in_pieces_is_delta_at_once(backend: str) -> None:
    x = np.cumsum(np.random.default_rng(7).normal(size=(2, 12, 3)), axis=1)
    whole = DeltaEncoder(theta_on=0.5, theta_off=0.25, backend=backend).encode(x).spikes
    want = call("encode_delta", x=x, previous=np.zeros((2, 3)), theta_on=0.5, theta_off=0.25)["spikes"]
    assert np.array_equal(whole, want)
    encoder = DeltaEncoder(theta_on=0.5, theta_off=0.25, backend=backend)
    fresh = encoder.previous
    assert fresh is None
    pieces = [encoder.encode(piece).spikes for piece in (x[:, :1], x[:, 1:1], x[:, 1:7], x[:, 7:])]
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)
    kept = encoder.previous
    assert kept is not None
    assert np.array_equal(kept, x[:, -1])
    encoder.reset()
    assert np.array_equal(encoder.encode(x).spikes, whole)
    encoder.reset(x[:, 0])
    assert not encoder.encode(x[:, :1]).spikes.any()


def test_delta_changes_nothing_when_a_call_fails() -> None:
    encoder = DeltaEncoder()
    encoder.encode(np.ones((2, 3, 4)))
    bad: list[tuple[Any, str, str]] = [
        (np.zeros((1, 3, 4)), "bad_shape", r"call reset\(\)"),
        (np.zeros((2, 3, 5)), "bad_shape", r"call reset\(\)"),
        (np.zeros((2, 3, 4), np.float32), "bad_dtype", r"call reset\(\)"),
        (np.zeros((2, 3, 4), np.complex128), "bad_dtype", "complex128"),
        (np.zeros((2, 3)), "bad_rank", "axes"),
        (np.full((2, 3, 4), np.inf), "non_finite", "inf"),
    ]
    for x, code, text in bad:
        with pytest.raises(Rejection, match=text) as caught:
            encoder.encode(x)
        assert caught.value.code == code
        assert encoder.previous is not None
        assert (encoder.previous == 1).all()
    encoder.reset()
    assert encoder.encode(np.zeros((2, 3, 5), np.float16)).spikes.shape == (2, 3, 10)
    encoder.encode(np.zeros((2, 1, 5), np.float32))
    encoder.reset(np.ones((1, 2), np.float16))
    assert not encoder.encode(np.ones((1, 3, 2), np.float16)).spikes.any()
    encoder.reset()
    assert encoder.encode([[[1], [1]]]).spikes.tolist() == [[[1, 0], [0, 0]]]


def test_delta_is_frozen_and_two_share_nothing() -> None:
    first, second = DeltaEncoder(), DeltaEncoder()
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.theta_on = 1.0  # type: ignore[misc]
    first.encode(np.ones((1, 1, 1)))
    assert second.previous is None
    assert dataclasses.replace(first, theta_on=0.5).previous is None
    kept = first.previous
    assert kept is not None
    kept[:] = 7
    assert first.previous is not None
    assert first.previous.tolist() == [[1.0]]


@BACKENDS
@pytest.mark.parametrize("mask", [None, MASK])
def test_decoders_are_the_kernels(backend: str, mask: Any) -> None:
    wanted: list[tuple[Any, dict[str, Any]]] = [
        (
            RateDecoder(temperature=2.0, normalize_by_time=True, dtype="float32", backend=backend),
            call("decode_rate", spikes=TRAINS, mask=mask, temperature=2.0, normalize_by_time=True, dtype="float32"),
        ),
        (
            FirstSpikeDecoder(temperature=0.5, backend=backend),
            call("decode_first_spike", spikes=TRAINS, mask=mask, temperature=0.5),
        ),
        (
            PopulationDecoder(group_of=(0, 2, 2, 1), centers=(0.0, 1.0, 5.0), mode="regression", backend=backend),
            call(
                "decode_population", spikes=TRAINS, mask=mask, group_of=[0, 2, 2, 1], centers=[0.0, 1.0, 5.0],
                n_groups=3, mode="regression",
            ),
        ),
        (
            PopulationDecoder(n_groups=3, backend=backend),
            call("decode_population", spikes=TRAINS, mask=mask, group_of=[0, 0, 1, 2], n_groups=3),
        ),
    ]  # fmt: skip
    for decoder, want in wanted:
        out = decoder.decode(SpikeBatch(TRAINS, mask))
        also = decoder.decode(TRAINS.astype(bool), mask)
        assert out.prediction.dtype == np.int32
        assert np.array_equal(out.prediction, want["prediction"])
        for got, name in ((out.logits_proxy, "logits"), (out.confidence, "confidence")):
            assert got.dtype == want[name].dtype
            assert np.allclose(got, want[name], rtol=1e-5, atol=1e-7)
        assert set(out.aux) == set(want) - {"logits", "prediction", "confidence"}
        assert all(np.allclose(out.aux[name], want[name], rtol=1e-5) for name in out.aux)
        assert np.array_equal(also.logits_proxy, out.logits_proxy)
    membrane = TRAINS * 1.5 - 0.25 * np.arange(4)
    potential = call("decode_membrane", membrane=membrane, mask=mask, mode="max")
    out = MembraneDecoder(mode="max", backend=backend).decode(membrane, mask)
    assert np.allclose(out.logits_proxy, potential["logits"])
    assert np.array_equal(out.prediction, potential["prediction"])


def test_a_mask_given_goes_before_the_batchs() -> None:
    batch = SpikeBatch(TRAINS, np.zeros((3, 7), np.uint8))
    assert RateDecoder().decode(batch).aux["counts"].sum() == 0
    assert np.array_equal(
        RateDecoder().decode(batch, np.ones((3, 7))).aux["counts"], TRAINS.sum(axis=1, dtype=np.int32)
    )


def test_axes_after_time_are_one() -> None:
    out = RateDecoder().decode(TRAINS.reshape(3, 7, 2, 2))
    assert np.array_equal(out.aux["counts"], TRAINS.sum(axis=1))
    with pytest.raises(Rejection, match="bad_rank"):
        RateDecoder().decode(TRAINS[:, :, 0])


def test_population_decoder_without_groups() -> None:
    with pytest.raises(ValueError, match="no groups: give group_of or n_groups"):
        PopulationDecoder().decode(TRAINS)
    batch = PopulationEncoder().encode([[0.0, 1.0]])
    with pytest.raises(Rejection, match="map in aux is of 2 values with 8 neurons each"):
        PopulationDecoder().decode(SpikeBatch(TRAINS, aux=batch.aux))
    own = SpikeBatch(TRAINS, aux={"group_of": [0, 0, 1, 1]})
    assert PopulationDecoder().decode(own).logits_proxy.shape == (3, 2)
    with pytest.raises(Rejection, match="group_of") as caught:
        PopulationDecoder(group_of=(0, 1), n_groups=2).decode(TRAINS)
    assert caught.value.code == "bad_shape"


@BACKENDS
def test_ensemble(backend: str) -> None:
    members = (RateDecoder(backend=backend), FirstSpikeDecoder(backend=backend))
    out = EnsembleDecoder(decoders=members, weights=(0.25, 0.75), backend=backend).decode(SpikeBatch(TRAINS))
    logits = np.stack([member.decode(TRAINS).logits_proxy for member in members])
    want = call("decode_ensemble", logits=logits, weights=[0.25, 0.75])
    assert np.allclose(out.logits_proxy, want["logits"])
    assert np.array_equal(out.prediction, want["prediction"])
    assert len(out.aux["outputs"]) == 2
    alike = EnsembleDecoder(backend=backend).combine(logits)
    assert np.allclose(alike.logits_proxy, logits.mean(axis=0))
    with pytest.raises(ValueError, match="without decoders"):
        EnsembleDecoder().decode(TRAINS)
    with pytest.raises(ValueError, match="must be alike"):
        EnsembleDecoder(decoders=(RateDecoder(), PopulationDecoder(n_groups=2))).decode(TRAINS)
    with pytest.raises(Rejection, match="bad_shape"):
        EnsembleDecoder(weights=(1.0,)).combine(logits)


@pytest.mark.parametrize("batch", [0, 1])
def test_nothing_to_encode(batch: int) -> None:
    for made in ENCODERS:
        spikes = made().encode(np.zeros((batch, 0)))
        assert spikes.spikes.shape == (batch, 25, 0)
    empty = PopulationEncoder().encode(np.zeros((batch, 0)))
    assert PopulationDecoder().decode(empty).prediction.shape == (batch, 0)
