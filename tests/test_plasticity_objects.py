"""Plasticity as objects: state in and out, nothing mutated, sequences equal to steps."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest

from spikemirror import Rejection, call, mirrors
from spikemirror.plasticity import (
    LPL,
    NEURONS,
    SYNAPSES,
    GerstnerHebbianSynapse,
    HebbianCoefficients,
    SpikingLPLParameters,
    SpikingLPLSynapse,
    STDPParameters,
    STDPState,
    stdp_run_linear,
    stdp_step_conv2d,
    stdp_step_linear,
)

BACKENDS = pytest.mark.parametrize("backend", [name for name in mirrors.NAMES if mirrors.probe(name).found])
RANDOM = np.random.default_rng(4)
W = RANDOM.random((3, 4))
PRE, POST = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(5, 3))
Z1, Z2 = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(6, 3))

BAD: list[tuple[type[Any], dict[str, Any], str, str]] = [
    (HebbianCoefficients, {"eta": math.nan}, "bad_parameter", "eta"),
    (HebbianCoefficients, {"c2_corr": "1"}, "bad_parameter", "c2_corr"),
    (LPL, {"eps": 0.0}, "bad_parameter", "eps"),
    (LPL, {"stop_gradient": 1}, "bad_parameter", "stop_gradient"),
    (LPL, {"decorr_coeff": math.inf}, "bad_parameter", "decorr_coeff"),
    (SpikingLPLParameters, {"dt": 0.0}, "bad_parameter", "dt"),
    (SpikingLPLParameters, {"every": 0}, "bad_parameter", "every"),
    (SpikingLPLParameters, {"delay": 1e-5}, "bad_parameter", "delay"),
    (SpikingLPLParameters, {"delay": math.inf}, "bad_parameter", "delay"),
    (SpikingLPLParameters, {"delay": "0.02"}, "bad_parameter", "delay"),
]


@pytest.mark.parametrize(("made", "fields", "code", "argument"), BAD)
def test_wrong_fields_are_refused(made: type[Any], fields: dict[str, Any], code: str, argument: str) -> None:
    with pytest.raises(Rejection, match=argument) as caught:
        made(**fields)
    assert (caught.value.code, caught.value.argument) == (code, argument)


@pytest.mark.parametrize("made", [HebbianCoefficients, LPL, SpikingLPLParameters, SpikingLPLSynapse])
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
def test_hebbian_synapse(backend: str) -> None:
    given = W.copy()
    synapse = GerstnerHebbianSynapse(given, HebbianCoefficients(eta=0.1, c0=-0.5, c1_pre=0.2), backend=backend)
    given[:] = 0
    assert np.array_equal(synapse.weights, W)
    wanted = W
    for _ in range(3):
        wanted = call("hebbian", weights=wanted, pre=PRE, post=POST, eta=0.1, c0=-0.5, c1_pre=0.2)["weights"]
        assert np.allclose(synapse.update(PRE, POST), wanted, rtol=1e-12)
    assert np.allclose(synapse.weights, wanted, rtol=1e-12)
    with pytest.raises(ValueError, match="read-only"):
        synapse.weights[0, 0] = 1.0
    before = synapse.weights
    with pytest.raises(Rejection, match="bad_shape"):
        synapse.update(PRE, POST[:2])
    assert synapse.weights is before
    synapse.reset()
    assert np.array_equal(synapse.weights, W)
    assert np.array_equal(pickle.loads(pickle.dumps(synapse)).weights, W)


def test_hebbian_synapse_of_other_weights() -> None:
    assert GerstnerHebbianSynapse([[1, 2]]).weights.dtype == np.float64  # type: ignore[arg-type]
    half = GerstnerHebbianSynapse(np.ones((1, 2), np.float16))
    assert half.weights.dtype == half.update(np.ones((1, 2), np.float16), np.ones((1, 1), np.float16)).dtype
    for wrong, code in ((np.ones(3), "bad_rank"), (np.ones((1, 1), complex), "bad_dtype")):
        with pytest.raises(Rejection) as caught:
            GerstnerHebbianSynapse(wrong)
        assert caught.value.code == code


@BACKENDS
@pytest.mark.parametrize("cut", [0, 3, 7])
def test_stdp_run_is_its_steps(backend: str, cut: int) -> None:
    z_pre, z_post = RANDOM.integers(0, 2, (2, 7, 4)), RANDOM.integers(0, 2, (2, 7, 3))
    parameters = STDPParameters(stdp_algorithm="multiplicative_relu", eta_plus=0.1, eta_minus=0.05)
    start = STDPState.zeros(2, 4, 3)
    w, state = W, start
    for t in range(7):
        w, state = stdp_step_linear(z_pre[:, t], z_post[:, t], w, state, parameters, 0.01, backend=backend)
    half, between = stdp_run_linear(z_pre[:, :cut], z_post[:, :cut], W, start, parameters, 0.01, backend=backend)
    got, after = stdp_run_linear(z_pre[:, cut:], z_post[:, cut:], half, between, parameters, 0.01, backend=backend)
    assert np.allclose(got, w, rtol=1e-12)
    assert np.array_equal(after.t_pre, state.t_pre)
    assert np.array_equal(after.t_post, state.t_post)
    assert not start.t_pre.any()


@BACKENDS
def test_stdp_conv2d(backend: str) -> None:
    z_pre, z_post = RANDOM.integers(0, 2, (2, 2, 5, 6)), RANDOM.integers(0, 2, (2, 3, 3, 3))
    w = RANDOM.random((3, 2, 3, 2))
    state = STDPState.zeros_like(z_pre, z_post)
    window: dict[str, Any] = {"stride": 2, "padding": 1, "dilation": 1}
    parameters = STDPParameters(eta_plus=0.1)
    z_post = RANDOM.integers(0, 2, (2, 3, 3, 4))
    state = STDPState.zeros_like(z_pre, z_post)
    got, after = stdp_step_conv2d(z_pre, z_post, w, state, parameters, 0.01, **window, backend=backend)
    want = call(
        "stdp_conv2d", weights=w, z_pre=z_pre, z_post=z_post, t_pre=state.t_pre, t_post=state.t_post, dt=0.01,
        **window, **dataclasses.asdict(parameters),
    )  # fmt: skip
    assert np.allclose(got, want["weights"], rtol=1e-12)
    assert np.array_equal(after.t_pre, want["t_pre"])
    assert np.array_equal(after.t_post, want["t_post"])
    with pytest.raises(Rejection, match="the convolution's"):
        stdp_step_conv2d(z_pre, z_post, w, state, parameters, backend=backend)


def test_stdp_conv2d_of_one_pixel_is_linear() -> None:
    z_pre, z_post = RANDOM.integers(0, 2, (2, 4)), RANDOM.integers(0, 2, (2, 3))
    state = STDPState(RANDOM.random((2, 4)), RANDOM.random((2, 3)))
    flat, _ = stdp_step_linear(z_pre, z_post, W, state)
    folded = STDPState(state.t_pre[:, :, None, None], state.t_post[:, :, None, None])
    conv, _ = stdp_step_conv2d(
        z_pre[:, :, None, None], z_post[:, :, None, None], W[:, :, None, None], folded
    )  # fmt: skip
    assert np.allclose(conv[:, :, 0, 0], flat, rtol=1e-12)


@BACKENDS
@pytest.mark.parametrize("stop_gradient", [False, True])
def test_lpl(backend: str, stop_gradient: bool) -> None:
    lpl = LPL(pull_coeff=2.0, decorr_coeff=3.0, stop_gradient=stop_gradient, backend=backend)
    want = call("lpl_grad", z1=Z1, z2=Z2, pull_coeff=2.0, decorr_coeff=3.0, stop_gradient=stop_gradient)
    terms = lpl.terms(Z1, Z2)
    assert terms._asdict() == pytest.approx({name: float(want[name]) for name in terms._fields})
    assert lpl.compute(Z1, Z2) == terms.total
    grad_z1, grad_z2 = lpl.gradient(Z1, Z2)
    assert np.allclose(grad_z1, want["grad_z1"], rtol=1e-11)
    assert np.allclose(grad_z2, want["grad_z2"], rtol=1e-11)
    negative = call("lpl_negative", z1=Z1, z2=Z2)
    assert lpl.negative(Z1, Z2) == pytest.approx((float(negative["pull"]), float(negative["push"])))


def test_lpl_descends_along_its_gradient() -> None:
    lpl = LPL()
    grad_z1, grad_z2 = lpl.gradient(Z1, Z2)
    assert lpl.compute(Z1 - 1e-3 * grad_z1, Z2 - 1e-3 * grad_z2) < lpl.compute(Z1, Z2)
    with pytest.raises(Rejection, match="bad_shape"):
        lpl.compute(Z1[:1], Z2[:1])


@BACKENDS
def test_spiking_lpl(backend: str) -> None:
    synapse = SpikingLPLSynapse(parameters=SpikingLPLParameters(delay=3e-4, every=4), backend=backend)
    z_pre, z_post = RANDOM.integers(0, 2, (9, 4)), RANDOM.integers(0, 2, (9, 3))
    membrane = RANDOM.uniform(-0.09, -0.045, (9, 3))
    state = first = synapse.start(W)
    want: dict[str, Any] = {name: getattr(first, name) for name in ("weights", *NEURONS, *SYNAPSES)}
    for t in range(9):
        want = call(
            "lpl_spiking_step", z_pre=z_pre[t], z_post=z_post[t], membrane=membrane[t], step=t, every=4,
            z_post_delayed=z_post[t - 3] if t >= 3 else np.zeros(3, np.uint8), **want,
        )  # fmt: skip
        before = pickle.dumps(state)
        new = synapse.step(state, z_pre[t], z_post[t], membrane[t])
        assert pickle.dumps(state) == before
        state = new
        for name, value in want.items():
            assert np.allclose(getattr(state, name), value, rtol=1e-9, atol=1e-14), (t, name)
    assert state.step == 9
    assert not np.array_equal(state.weights, W)
    assert np.array_equal(first.weights, W)


def test_spiking_lpl_state() -> None:
    synapse = SpikingLPLSynapse()
    state = synapse.start(W.astype(np.float32))
    assert state.history.shape == (200, 3)
    assert {getattr(state, name).dtype for name in (*NEURONS, *SYNAPSES)} == {np.dtype(np.float32)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.step = 3  # type: ignore[misc]
    other = SpikingLPLSynapse(parameters=SpikingLPLParameters(delay=1e-3))
    with pytest.raises(ValueError, match="remembers 200 steps; the delay is 10"):
        other.step(state, np.zeros(4), np.zeros(3), np.zeros(3, np.float32))
    with pytest.raises(Rejection, match="bad_spikes"):
        synapse.step(state, np.zeros(4), np.full(3, 2), np.zeros(3, np.float32))
    new = synapse.step(state, [True, False, True, False], [True, False, True], np.zeros(3, np.float32))
    assert new.history[0].tolist() == [1, 0, 1]
    assert not state.history.any()
