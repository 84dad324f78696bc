"""Laws of Hebbian plasticity and STDP, on every backend and in both dtypes."""

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

Reals = npt.NDArray[Any]
Layer = dict[str, Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
ALGORITHMS = ("additive", "additive_step", "multiplicative_pow", "multiplicative_relu")
dtypes = st.sampled_from(["float32", "float64"])
values = st.floats(-2, 2, width=32, allow_subnormal=False)
rates = st.floats(0, 50)
steps = st.floats(1e-4, 0.1)


@st.composite
def traces(draw: st.DrawFn) -> tuple[Reals, Reals]:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=19))
    trace = draw(hnp.arrays(draw(dtypes), shape, elements=values))
    return trace, draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 1)))


def trace_step(backend: str, trace: Reals, spikes: Reals, **parameters: Any) -> Reals:
    return call("stdp_trace", backend=backend, trace=trace, spikes=spikes, **parameters)["trace"]


@BACKENDS
@given(drawn=traces(), a=values, tau_inv=rates, dt=steps)
def test_trace_of_a_steady_spike_stays(
    backend: str, drawn: tuple[Reals, Reals], a: float, tau_inv: float, dt: float
) -> None:
    _, spikes = drawn
    steady = (drawn[0].dtype.type(a) * spikes).astype(drawn[0].dtype)
    assert np.array_equal(trace_step(backend, steady, spikes, a=a, tau_inv=tau_inv, dt=dt), steady)


@BACKENDS
@given(drawn=traces(), a=values, dt=steps)
def test_trace_without_a_time_constant_stays(backend: str, drawn: tuple[Reals, Reals], a: float, dt: float) -> None:
    assert np.array_equal(trace_step(backend, *drawn, a=a, tau_inv=0.0, dt=dt), drawn[0])


@BACKENDS
@given(drawn=traces(), a=values, tau_inv=rates, dt=steps, exponent=st.integers(-4, 4))
def test_trace_is_linear(
    backend: str, drawn: tuple[Reals, Reals], a: float, tau_inv: float, dt: float, exponent: int
) -> None:
    trace, spikes = drawn
    plain = trace_step(backend, trace, spikes, a=a, tau_inv=tau_inv, dt=dt)
    scaled = trace_step(backend, np.ldexp(trace, exponent), spikes, a=a * 2.0**exponent, tau_inv=tau_inv, dt=dt)
    eps = np.finfo(trace.dtype).eps
    assert (np.abs(scaled - np.ldexp(plain, exponent)) <= eps * 2.0**-100).all()
    decayed = trace_step(backend, trace, np.zeros_like(spikes), a=a, tau_inv=tau_inv, dt=dt)
    driven = trace_step(backend, np.zeros_like(trace), spikes, a=a, tau_inv=tau_inv, dt=dt)
    assert (np.abs(decayed + driven - plain) <= 16 * eps * (1 + dt * tau_inv) * (np.abs(trace) + abs(a))).all()


@st.composite
def layers(draw: st.DrawFn, inside: bool = True) -> Layer:
    """A layer with weights in [0, 1], or also outside."""
    batch, post, pre = draw(st.integers(0, 3)), draw(st.integers(0, 4)), draw(st.integers(0, 18))
    dtype = draw(dtypes)
    bounded = st.floats(0, 1, width=32, allow_subnormal=False) if inside else values
    spikes = st.integers(0, 1)
    return {
        "weights": draw(hnp.arrays(dtype, (post, pre), elements=bounded)),
        "z_pre": draw(hnp.arrays(np.uint8, (batch, pre), elements=spikes)),
        "z_post": draw(hnp.arrays(np.uint8, (batch, post), elements=spikes)),
        "t_pre": draw(hnp.arrays(dtype, (batch, pre), elements=values)),
        "t_post": draw(hnp.arrays(dtype, (batch, post), elements=values)),
    }


def linear(backend: str, layer: Layer, **parameters: Any) -> dict[str, Reals]:
    return call("stdp_linear", backend=backend, **layer, **parameters)


def tolerance(layer: Layer, eta: float) -> float:
    """What two evaluations of small layers may be apart."""
    return float(np.finfo(layer["weights"].dtype).eps) * (8 + 256 * eta)


@BACKENDS
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(
    layer=layers(inside=False),
    parameters=st.fixed_dictionaries(
        {"a_pre": values, "a_post": values, "tau_pre_inv": rates, "tau_post_inv": rates, "dt": steps}
    ),
)
def test_traces_have_the_bits_of_stdp_trace(
    backend: str, algorithm: str, layer: Layer, parameters: dict[str, float]
) -> None:
    out = linear(backend, layer, stdp_algorithm=algorithm, mu=0.5, **parameters)
    for side in ("pre", "post"):
        alone = trace_step(
            backend,
            layer[f"t_{side}"],
            layer[f"z_{side}"],
            dt=parameters["dt"],
            a=parameters[f"a_{side}"],
            tau_inv=parameters[f"tau_{side}_inv"],
        )
        assert out[f"t_{side}"].tobytes() == alone.tobytes()


@BACKENDS
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(layer=layers(inside=False))
def test_without_amplitudes_weights_stay(backend: str, algorithm: str, layer: Layer) -> None:
    fixed = {"stdp_algorithm": algorithm, "mu": 0.3, "eta_plus": 0.0, "eta_minus": 0.0}
    w = layer["weights"]
    assert np.array_equal(linear(backend, layer, hardbound=False, **fixed)["weights"], w)
    assert np.array_equal(linear(backend, layer, hardbound=True, **fixed)["weights"], np.clip(w, 0, 1))


@BACKENDS
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(layer=layers(inside=False))
def test_silence_keeps_the_weights(backend: str, algorithm: str, layer: Layer) -> None:
    quiet = {**layer, "z_pre": layer["z_pre"] * 0, "z_post": layer["z_post"] * 0}
    out = linear(backend, quiet, stdp_algorithm=algorithm, mu=0.3, hardbound=False, eta_plus=1.0, eta_minus=1.0)
    assert np.array_equal(out["weights"], layer["weights"])


@BACKENDS
@given(layer=layers(inside=False), eta_plus=st.floats(0, 1), eta_minus=st.floats(0, 1))
def test_additive_is_its_closed_form(backend: str, layer: Layer, eta_plus: float, eta_minus: float) -> None:
    out = linear(backend, layer, eta_plus=eta_plus, eta_minus=eta_minus, hardbound=False)
    t_pre, t_post = out["t_pre"].astype(np.float64), out["t_post"].astype(np.float64)
    change = eta_plus * (layer["z_post"].T @ t_pre) - eta_minus * (t_post.T @ layer["z_pre"])
    want = layer["weights"] + change
    assert np.allclose(out["weights"], want, rtol=0, atol=tolerance(layer, eta_plus + eta_minus))


@BACKENDS
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(layer=layers(inside=False), eta=st.floats(0, 20), bounds=st.tuples(st.floats(-2, 0.2), st.floats(0.3, 2)))
def test_hardbound_clamps_and_does_nothing_else(
    backend: str, algorithm: str, layer: Layer, eta: float, bounds: tuple[float, float]
) -> None:
    dtype = layer["weights"].dtype.type
    given_ = {"stdp_algorithm": algorithm, "mu": 0.7, "w_min": bounds[0], "w_max": bounds[1], "eta_plus": eta}
    free = linear(backend, layer, hardbound=False, **given_)["weights"]
    bound = linear(backend, layer, hardbound=True, **given_)["weights"]
    assert np.isfinite(free).all()
    assert np.array_equal(bound, np.clip(free, dtype(bounds[0]), dtype(bounds[1])))


@BACKENDS
@given(layer=layers(inside=False), eta=st.floats(0, 1))
def test_a_batch_is_the_sum_of_its_samples(backend: str, layer: Layer, eta: float) -> None:
    parameters = {"eta_plus": eta, "eta_minus": eta / 2, "hardbound": False}
    w = layer["weights"].astype(np.float64)
    total = np.zeros_like(w)
    for b in range(len(layer["z_pre"])):
        alone = {k: v if k == "weights" else v[b : b + 1] for k, v in layer.items()}
        total += linear(backend, alone, **parameters)["weights"] - w
    assert np.allclose(linear(backend, layer, **parameters)["weights"], w + total, rtol=0, atol=tolerance(layer, eta))


@BACKENDS
@given(layer=layers(inside=False), eta=st.floats(0, 1), hardbound=st.booleans())
def test_power_0_is_additive_and_power_1_is_relu(backend: str, layer: Layer, eta: float, hardbound: bool) -> None:
    shared: dict[str, Any] = {"eta_plus": eta, "eta_minus": eta / 2, "hardbound": hardbound}
    for mu, algorithm in ((0.0, "additive"), (1.0, "multiplicative_relu")):
        power = linear(backend, layer, stdp_algorithm="multiplicative_pow", mu=mu, **shared)["weights"]
        other = linear(backend, layer, stdp_algorithm=algorithm, **shared)["weights"]
        assert np.allclose(power, other, rtol=0, atol=tolerance(layer, 4 * eta))


@BACKENDS
@given(layer=layers(), eta=st.floats(0, 1))
def test_step_is_additive_inside_and_still_on_the_bounds(backend: str, layer: Layer, eta: float) -> None:
    w = layer["weights"] = layer["weights"].round()
    shared = {"eta_plus": eta, "eta_minus": eta / 2, "hardbound": False}
    stepped = linear(backend, layer, stdp_algorithm="additive_step", **shared)["weights"]
    grown = linear(backend, layer, **{**shared, "eta_minus": 0.0})["weights"]
    shrunk = linear(backend, layer, **{**shared, "eta_plus": 0.0})["weights"]
    want = np.where(w == 0, grown, shrunk)  # at w_min nothing shrinks, at w_max nothing grows
    assert np.allclose(stepped, want, rtol=0, atol=tolerance(layer, eta))
    inner = {**layer, "weights": w / 2 + w.dtype.type(0.25)}
    additive = linear(backend, inner, **shared)["weights"]
    assert np.array_equal(linear(backend, inner, stdp_algorithm="additive_step", **shared)["weights"], additive)


@BACKENDS
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(layer=layers(inside=False))
def test_no_batch_leaves_the_bounded_weights(backend: str, algorithm: str, layer: Layer) -> None:
    empty = {k: v if k == "weights" else v[:0] for k, v in layer.items()}
    out = linear(backend, empty, stdp_algorithm=algorithm, mu=0.5)
    assert np.array_equal(out["weights"], np.clip(layer["weights"], 0, 1))


Activities = tuple[Reals, Reals, Reals]
COEFFICIENTS = ("c0", "c1_pre", "c1_post", "c2_corr")


@st.composite
def activities(draw: st.DrawFn) -> Activities:
    """Weights, presynaptic and postsynaptic activity of at least one sample."""
    batch, post, pre = draw(st.integers(1, 4)), draw(st.integers(0, 4)), draw(st.integers(0, 9))
    dtype = draw(dtypes)
    shapes = ((post, pre), (batch, pre), (batch, post))
    w, x, y = (draw(hnp.arrays(dtype, shape, elements=values)) for shape in shapes)
    return w, x, y


def hebbian(backend: str, drawn: Activities, **coefficients: Any) -> Reals:
    w, x, y = drawn
    out = call("hebbian", backend=backend, weights=w, pre=x, post=y, **coefficients)["weights"]
    assert out.dtype == w.dtype
    return out


def assert_near(got: Reals, want: Reals) -> None:
    assert np.allclose(got, want, rtol=0, atol=256 * float(np.finfo(got.dtype).eps)), (got, want)


@BACKENDS
@given(drawn=activities(), eta=st.floats(-1, 1))
def test_hebbian_recovers_its_special_rules(backend: str, drawn: Activities, eta: float) -> None:
    w, x, y = (a.astype(np.float64) for a in drawn)
    nothing = dict.fromkeys(COEFFICIENTS, 0.0)
    hebb = y.T @ x / len(x)
    assert_near(hebbian(backend, drawn, eta=eta), w + eta * hebb)
    assert_near(hebbian(backend, drawn, eta=eta, c2_corr=-1.0), w - eta * hebb)
    assert_near(hebbian(backend, drawn, eta=eta, **{**nothing, "c0": -1.0}), (1 - eta) * w)
    assert_near(hebbian(backend, drawn, eta=eta, **{**nothing, "c1_pre": 1.0}), w + eta * x.mean(axis=0))
    assert_near(hebbian(backend, drawn, eta=eta, **{**nothing, "c1_post": 1.0}), w + eta * y.mean(axis=0)[:, None])
    assert np.array_equal(hebbian(backend, drawn, eta=0.0, c0=3.0, c1_pre=2.0), drawn[0])
    assert np.array_equal(hebbian(backend, drawn, eta=eta, **nothing), drawn[0])


@BACKENDS
@given(drawn=activities(), means=st.tuples(values, values))
def test_hebbian_recovers_the_covariance_rule(backend: str, drawn: Activities, means: tuple[float, float]) -> None:
    """(y - a)(x - b) = y x - b y - a x + a b, the constant through weights of 1."""
    _, x, y = drawn
    w = np.ones_like(drawn[0])
    a, b = means
    got = hebbian(backend, (w, x, y), eta=0.5, c0=a * b, c1_pre=-a, c1_post=-b)
    wide_x, wide_y = x.astype(np.float64) - b, y.astype(np.float64) - a
    assert_near(got, 1 + 0.5 * wide_y.T @ wide_x / len(x))


@BACKENDS
@given(drawn=activities(), data=st.data())
def test_hebbian_averages_over_the_batch(backend: str, drawn: Activities, data: st.DataObject) -> None:
    w, x, y = drawn
    given_ = {"c0": -0.5, "c1_pre": 0.25, "c1_post": 2.0, "c2_corr": 0.75, "eta": 0.5}
    plain = hebbian(backend, drawn, **given_)
    order = data.draw(st.permutations(range(len(x))))
    assert_near(hebbian(backend, (w, x[order], y[order]), **given_), plain)
    assert_near(hebbian(backend, (w, np.tile(x, (3, 1)), np.tile(y, (3, 1))), **given_), plain)
    turned = {**given_, "c1_pre": 2.0, "c1_post": 0.25}
    assert_near(hebbian(backend, (w.T, y, x), **turned).T, plain)
