"""The objects that users hold: frozen, validated when made, and computing what the kernels compute."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest

import spikemirror
from spikemirror import (
    CSDPRule,
    RateEncoder,
    Rejection,
    SpikeBatch,
    SpikeContrastiveLoss,
    STDPParameters,
    STDPState,
    call,
    stdp_step_linear,
)
from spikemirror.mirrors import NAMES

BACKENDS = pytest.mark.parametrize("backend", NAMES)
A, B = np.array([[1.0, 2.0], [-1.0, 0.5], [0.25, 3.0]]), np.array([[1.0, 1.5], [-2.0, 0.5], [0.0, 1.0]])

BAD: list[tuple[type[Any], dict[str, Any], str, str]] = [
    (SpikeContrastiveLoss, {"temperature": 0.0}, "bad_parameter", "temperature"),
    (SpikeContrastiveLoss, {"temperature": math.nan}, "bad_parameter", "temperature"),
    (SpikeContrastiveLoss, {"temperature": "0.5"}, "bad_parameter", "temperature"),
    (SpikeContrastiveLoss, {"symmetric": 1}, "bad_parameter", "symmetric"),
    (CSDPRule, {"lr": -0.1}, "bad_parameter", "lr"),
    (CSDPRule, {"decay": math.inf}, "bad_parameter", "decay"),
    (STDPParameters, {"w_min": 2.0}, "bad_parameter", "w_max"),
    (STDPParameters, {"w_min": 1.0, "w_max": 1.0}, "bad_parameter", "w_max"),
    (STDPParameters, {"mu": 1.5}, "bad_parameter", "mu"),
    (STDPParameters, {"eta_plus": -1.0}, "bad_parameter", "eta_plus"),
    (STDPParameters, {"stdp_algorithm": "fancy"}, "bad_choice", "stdp_algorithm"),
    (RateEncoder, {"num_steps": 0}, "bad_parameter", "num_steps"),
    (RateEncoder, {"num_steps": 2.5}, "bad_parameter", "num_steps"),
    (RateEncoder, {"normalization": "zscore"}, "bad_choice", "normalization"),
    (RateEncoder, {"seed": -1}, "bad_parameter", "seed"),
    (RateEncoder, {"gain": math.nan}, "bad_parameter", "gain"),
]
MADE = [SpikeContrastiveLoss, CSDPRule, STDPParameters, RateEncoder]


def test_what_is_exported_is_there() -> None:
    assert all(hasattr(spikemirror, name) for name in spikemirror.__all__)
    assert spikemirror.__version__ == "0.1.0"


@pytest.mark.parametrize(("made", "fields", "code", "argument"), BAD)
def test_wrong_fields_are_refused(made: type[Any], fields: dict[str, Any], code: str, argument: str) -> None:
    with pytest.raises(Rejection) as caught:
        made(**fields)
    assert (caught.value.code, caught.value.argument) == (code, argument)
    with pytest.raises(Rejection):
        dataclasses.replace(made(), **fields)


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="method = 'gauss' must be one of bernoulli, poisson, deterministic"):
        RateEncoder(method="gauss")


@pytest.mark.parametrize("made", MADE)
def test_objects_are_frozen_keyword_only_and_comparable(made: type[Any]) -> None:
    instance = made()
    for field in dataclasses.fields(made):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(instance, field.name, getattr(instance, field.name))
    with pytest.raises(TypeError):
        made(0.5)
    assert instance == made() == pickle.loads(pickle.dumps(instance))
    assert len({instance, made()}) == 1


@BACKENDS
@pytest.mark.parametrize("symmetric", [False, True])
def test_contrastive_loss(backend: str, symmetric: bool) -> None:
    loss = SpikeContrastiveLoss(temperature=0.25, symmetric=symmetric, backend=backend)
    want = call("infonce", view_a=A, view_b=B, temperature=0.25, symmetric=symmetric)
    assert isinstance(loss.compute(A, B), float)
    assert math.isclose(loss.compute(A, B), float(want["loss"]), rel_tol=1e-13)
    assert np.allclose(loss.per_row(A.tolist(), B), want["per_row"], rtol=1e-12)


@BACKENDS
def test_csdp_rule(backend: str) -> None:
    rule = CSDPRule(lr=0.3, decay=0.1, backend=backend)
    pre, post, quiet = [1, 0], [1, 1, 0], [0, 0, 0]
    grown = rule.positive_update(A, pre, post)
    assert np.array_equal(
        grown, call("csdp_positive", weights=A, pre_spikes=pre, post_spikes=post, lr=0.3, decay=0.1)["weights"]
    )
    assert np.array_equal(
        rule.negative_update(A, pre, post),
        call("csdp_negative", weights=A, pre_spikes=pre, post_spikes=post, lr=0.3)["weights"],
    )
    assert np.array_equal(rule.contrastive_step(A, pre, post, pre, quiet), grown)
    assert rule.goodness([3.0, 4.0]) == 25
    assert isinstance(rule.goodness(A), float)


@BACKENDS
def test_stdp_steps(backend: str) -> None:
    parameters = STDPParameters(stdp_algorithm="multiplicative_relu", eta_plus=0.1)
    w, state = np.full((2, 3), 0.5), STDPState.zeros(1, 3, 2)
    for z_pre, z_post in ([[1, 0, 1]], [[0, 0]]), ([[0, 0, 0]], [[1, 0]]):
        before = (w.copy(), state.t_pre.copy(), state.t_post.copy())
        new_w, new_state = stdp_step_linear(z_pre, z_post, w, state, parameters, dt=0.01, backend=backend)
        assert all(np.array_equal(a, b) for a, b in zip(before, (w, state.t_pre, state.t_post), strict=True))
        w, state = new_w, new_state
    assert w[0, 0] > 0.5  # pre before post
    assert w[0, 1] == w[1, 1] == 0.5
    assert state.t_pre.shape == (1, 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.t_pre = w  # type: ignore[misc]


def test_stdp_defaults_are_the_catalogues() -> None:
    z, w = [[1, 1]], [[0.5, 0.5], [0.5, 0.5]]
    state = STDPState.zeros(1, 2, 2, np.float32)
    new, _ = stdp_step_linear(z, z, np.array(w, np.float32), state)
    assert np.array_equal(
        new,
        call("stdp_linear", weights=np.array(w, np.float32), z_pre=z, z_post=z, t_pre=state.t_pre, t_post=state.t_post)[
            "weights"
        ],
    )
    assert new.dtype == np.float32


@BACKENDS
def test_rate_encoder(backend: str) -> None:
    x = np.linspace(-1, 1, 12).reshape(2, 3, 2)
    encoder = RateEncoder(num_steps=7, seed=5, stream=2, gain=0.9, backend=backend)
    trained, evaluated = encoder.encode(x, training=True), encoder.encode(x)
    shared: dict[str, Any] = {"x": x, "num_steps": 7, "gain": 0.9}
    assert np.array_equal(trained.spikes, call("encode_rate_bernoulli", seed=5, stream=2, **shared)["spikes"])
    assert np.array_equal(evaluated.spikes, call("encode_rate_deterministic", **shared)["spikes"])
    noisy = dataclasses.replace(encoder, deterministic_eval=False)
    assert np.array_equal(noisy.encode(x).spikes, trained.spikes)
    even = dataclasses.replace(encoder, method="deterministic")
    assert np.array_equal(even.encode(x, training=True).spikes, evaluated.spikes)
    assert (trained.batch_size, trained.time_steps, trained.feature_shape) == (2, 7, (3, 2))
    assert trained.is_binary()
    assert trained.mask is None


def test_spike_batch() -> None:
    batch = SpikeBatch.from_dense([[[1, 0], [0, 1]]], mask=[[True, False]])
    assert (batch.batch_size, batch.time_steps, batch.feature_shape) == (1, 2, (2,))
    assert batch.is_binary()
    assert batch.mask is not None
    assert not SpikeBatch.from_dense([[0.5]]).is_binary()
    assert SpikeBatch.from_dense(np.zeros((2, 0))).is_binary()
    assert SpikeBatch(np.zeros((1, 1)), aux={"offset": 3}).aux["offset"] == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch.mask = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("spikes", "mask", "text"),
    [
        ([1, 0], None, r"shape \(2,\); they must be \(batch, time, ...\)"),
        ([[1, 0]], [[1]], r"mask has shape \(1, 1\); it must be \(1, 2\)"),
    ],
)
def test_spike_batch_of_the_wrong_shape(spikes: Any, mask: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        SpikeBatch.from_dense(spikes, mask)
