"""Laws of STDP over whole trains and over images, on every backend and in both dtypes."""

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
EVERY_ALGORITHM = pytest.mark.parametrize(
    "algorithm", ["additive", "additive_step", "multiplicative_pow", "multiplicative_relu"]
)
HARDBOUND = pytest.mark.parametrize("hardbound", [False, True])
dtypes = st.sampled_from(["float32", "float64"])
BITS = st.integers(0, 1)
traces = st.floats(-2, 2, width=32, allow_subnormal=False)
eighths = st.integers(-8, 8).map(lambda k: k / 8)
inside = st.integers(3, 29).map(lambda k: k / 32)
outside = st.integers(-32, 64).map(lambda k: k / 32)
parameters = st.fixed_dictionaries(
    {
        "a_pre": st.sampled_from([1.0, 0.7]),
        "a_post": st.sampled_from([1.0, 1.3]),
        "tau_pre_inv": st.sampled_from([0.0, 20.0, 150.0]),
        "tau_post_inv": st.sampled_from([20.0, 70.0]),
        "eta_plus": st.sampled_from([0.0, 0.03, 0.1]),
        "eta_minus": st.sampled_from([0.0, 0.02, 0.1]),
        "mu": st.sampled_from([0.0, 0.5, 1.0]),
    }
)
EXACT = {
    "a_pre": 1.0,
    "a_post": -0.5,
    "tau_pre_inv": 2.0,
    "tau_post_inv": 1.0,
    "dt": 0.25,
    "eta_plus": 0.25,
    "eta_minus": 0.125,
}
"""With traces and weights on a coarse grid no operation rounds, in whichever order."""


@st.composite
def layers(
    draw: st.DrawFn, weights: st.SearchStrategy[float] = inside, trace: st.SearchStrategy[float] = traces
) -> Layer:
    batch, steps, post, pre = (draw(st.integers(0, most)) for most in (3, 7, 4, 5))
    dtype = draw(dtypes)
    return {
        "weights": draw(hnp.arrays(dtype, (post, pre), elements=weights)),
        "z_pre": draw(hnp.arrays(np.uint8, (batch, steps, pre), elements=BITS)),
        "z_post": draw(hnp.arrays(np.uint8, (batch, steps, post), elements=BITS)),
        "t_pre": draw(hnp.arrays(dtype, (batch, pre), elements=trace)),
        "t_post": draw(hnp.arrays(dtype, (batch, post), elements=trace)),
    }


def run(backend: str, layer: Layer, **given_: Any) -> dict[str, Reals]:
    return call("stdp_linear_run", backend=backend, **layer, **given_)


def part(layer: Layer, steps: slice | int, state: dict[str, Reals]) -> Layer:
    """Some steps of the trains, from another state."""
    return {**layer, **state, "z_pre": layer["z_pre"][:, steps], "z_post": layer["z_post"][:, steps]}


def stepwise(backend: str, layer: Layer, **given_: Any) -> dict[str, Reals]:
    state = {name: layer[name] for name in ("weights", "t_pre", "t_post")}
    for t in range(layer["z_pre"].shape[1]):
        state = call("stdp_linear", backend=backend, **part(layer, t, state), **given_)
    return state


def assert_same(got: dict[str, Reals], want: dict[str, Reals], exact: bool = False) -> None:
    """Traces bit for bit; weights too, or as far apart as the order of a few sums may bring them."""
    for name in ("t_pre", "t_post"):
        assert got[name].tobytes() == want[name].tobytes(), name
    w, v = got["weights"], want["weights"]
    assert w.dtype == v.dtype
    assert np.allclose(w, v, rtol=0, atol=0 if exact else 2048 * float(np.finfo(w.dtype).eps)), (w, v)


@BACKENDS
@EVERY_ALGORITHM
@HARDBOUND
@given(layer=layers(), chosen=parameters, data=st.data())
def test_a_run_is_its_steps_whole_and_cut(
    backend: str, algorithm: str, hardbound: bool, layer: Layer, chosen: dict[str, float], data: st.DataObject
) -> None:
    given_: dict[str, Any] = {**chosen, "stdp_algorithm": algorithm, "hardbound": hardbound}
    whole = run(backend, layer, **given_)
    assert_same(whole, stepwise(backend, layer, **given_))
    cut = data.draw(st.integers(0, layer["z_pre"].shape[1]))
    first = run(backend, part(layer, slice(cut), {}), **given_)
    assert_same(run(backend, part(layer, slice(cut, None), first), **given_), whole)


@BACKENDS
@pytest.mark.parametrize("algorithm", ["additive", "additive_step"])
@HARDBOUND
@given(layer=layers(outside, eighths))
def test_a_run_without_rounding_has_the_bits_of_its_steps(
    backend: str, algorithm: str, hardbound: bool, layer: Layer
) -> None:
    given_: dict[str, Any] = {**EXACT, "stdp_algorithm": algorithm, "hardbound": hardbound}
    assert_same(run(backend, layer, **given_), stepwise(backend, layer, **given_), exact=True)


@BACKENDS
@EVERY_ALGORITHM
@HARDBOUND
@given(layer=layers(outside), chosen=parameters)
def test_silent_trains_only_let_traces_decay(
    backend: str, algorithm: str, hardbound: bool, layer: Layer, chosen: dict[str, float]
) -> None:
    given_: dict[str, Any] = {**chosen, "stdp_algorithm": algorithm, "hardbound": hardbound}
    quiet = {**layer, "z_pre": layer["z_pre"] * 0, "z_post": layer["z_post"] * 0}
    out = run(backend, quiet, **given_)
    w = layer["weights"]
    stepped = quiet["z_pre"].shape[1] > 0  # without a step nothing is clamped either
    assert np.array_equal(out["weights"], np.clip(w, 0, 1) if hardbound and stepped else w)
    assert_same(out, stepwise(backend, quiet, **given_), exact=True)


@BACKENDS
@EVERY_ALGORITHM
@given(layer=layers(outside), chosen=parameters)
def test_one_silent_side_leaves_its_rows_or_columns(
    backend: str, algorithm: str, layer: Layer, chosen: dict[str, float]
) -> None:
    given_: dict[str, Any] = {**chosen, "stdp_algorithm": algorithm, "hardbound": False}
    layer["z_pre"][:, :, :2] = 0
    layer["t_pre"][:, :2] = 0
    layer["z_post"][:, :, :1] = 0
    layer["t_post"][:, :1] = 0
    out = run(backend, layer, **given_)
    assert np.array_equal(out["weights"][:1, :2], layer["weights"][:1, :2])
    assert_same({**out, "weights": out["weights"][:1]}, part_of(stepwise(backend, layer, **given_), 1))


def part_of(state: dict[str, Reals], rows: int) -> dict[str, Reals]:
    return {**state, "weights": state["weights"][:rows]}


@BACKENDS
@EVERY_ALGORITHM
@given(layer=layers(), chosen=parameters)
def test_rows_of_a_run_are_independent(backend: str, algorithm: str, layer: Layer, chosen: dict[str, float]) -> None:
    whole = run(backend, layer, stdp_algorithm=algorithm, **chosen)
    for i in range(len(layer["weights"])):
        alone = {
            **layer,
            "weights": layer["weights"][i : i + 1],
            "z_post": layer["z_post"][:, :, i : i + 1],
            "t_post": layer["t_post"][:, i : i + 1],
        }
        out = run(backend, alone, stdp_algorithm=algorithm, **chosen)
        assert np.allclose(out["weights"], whole["weights"][i], rtol=0, atol=2048 * np.finfo(out["weights"].dtype).eps)
        assert np.array_equal(out["t_post"][:, 0], whole["t_post"][:, i])


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@EVERY_ALGORITHM
@HARDBOUND
def test_a_long_run_of_many_neurons(backend: str, dtype: str, algorithm: str, hardbound: bool) -> None:
    """Larger than a tile, with silent steps in between."""
    draw = np.random.default_rng(7)
    batch, steps, post, pre = 2, 40, 33, 130
    layer = {
        "weights": draw.random((post, pre)).astype(dtype),
        "z_pre": (draw.random((batch, steps, pre)) < 0.05).astype(np.uint8),
        "z_post": (draw.random((batch, steps, post)) < 0.05).astype(np.uint8),
        "t_pre": np.zeros((batch, pre), dtype),
        "t_post": np.zeros((batch, post), dtype),
    }
    layer["z_pre"][:, 10:15] = 0
    layer["z_post"][:, 12:20] = 0
    given_: dict[str, Any] = {"stdp_algorithm": algorithm, "hardbound": hardbound, "mu": 1.0, "eta_plus": 0.01}
    assert_same(run(backend, layer, **given_), stepwise(backend, layer, **given_))


@st.composite
def images(draw: st.DrawFn, window: int = 3) -> tuple[Layer, dict[str, int]]:
    """A convolution with its geometry; there may be no position at all."""
    batch, out, inner = (draw(st.integers(0, most)) for most in (2, 3, 2))
    height, width = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    kh, kw = draw(st.integers(1, window)), draw(st.integers(1, window))
    geometry = {
        "stride": draw(st.integers(1, 3)),
        "padding": draw(st.integers(0, 2)),
        "dilation": draw(st.integers(1, 2)),
    }
    dtype = draw(dtypes)
    post = (batch, out, positions(height, kh, **geometry), positions(width, kw, **geometry))
    pre = (batch, inner, height, width)
    layer: Layer = {
        "weights": draw(hnp.arrays(dtype, (out, inner, kh, kw), elements=inside)),
        "z_pre": draw(hnp.arrays(np.uint8, pre, elements=BITS)),
        "z_post": draw(hnp.arrays(np.uint8, post, elements=BITS)),
        "t_pre": draw(hnp.arrays(dtype, pre, elements=traces)),
        "t_post": draw(hnp.arrays(dtype, post, elements=traces)),
    }
    return layer, geometry


def positions(length: int, window: int, stride: int, padding: int, dilation: int) -> int:
    """How often the window fits, by trying."""
    starts = range(0, length + 2 * padding, stride)
    return sum(start + dilation * (window - 1) < length + 2 * padding for start in starts)


def patches(image: Reals, window: tuple[int, int], stride: int, padding: int, dilation: int) -> Reals:
    """Each position's window (B, Ho, Wo, C, kh, kw), gathered one by one in float64."""
    batch, channels, height, width = image.shape
    rows, columns = (positions(n, k, stride, padding, dilation) for n, k in zip((height, width), window, strict=True))
    out = np.zeros((batch, rows, columns, channels, *window))
    for y, x, u, v in np.ndindex(rows, columns, *window):
        row, column = y * stride + u * dilation - padding, x * stride + v * dilation - padding
        if 0 <= row < height and 0 <= column < width:
            out[:, y, x, :, u, v] = image[:, :, row, column]
    return out


def conv(backend: str, layer: Layer, **given_: Any) -> dict[str, Reals]:
    return call("stdp_conv2d", backend=backend, **layer, **given_)


@BACKENDS
@EVERY_ALGORITHM
@HARDBOUND
@given(drawn=images(), chosen=parameters)
def test_convolution_is_the_dense_rule_unfolded(
    backend: str, algorithm: str, hardbound: bool, drawn: tuple[Layer, dict[str, int]], chosen: dict[str, float]
) -> None:
    layer, geometry = drawn
    out = conv(backend, layer, **geometry, **chosen, stdp_algorithm=algorithm, hardbound=hardbound)
    for side in ("pre", "post"):
        given_: dict[str, Any] = {"tau_inv": chosen[f"tau_{side}_inv"], "a": chosen[f"a_{side}"]}
        trace = call("stdp_trace", backend=backend, trace=layer[f"t_{side}"], spikes=layer[f"z_{side}"], **given_)
        assert out[f"t_{side}"].tobytes() == trace["trace"].tobytes()
    w = layer["weights"].astype(np.float64)
    window = (w.shape[2], w.shape[3])
    traced, spiked = (patches(image, window, **geometry) for image in (out["t_pre"], layer["z_pre"]))
    plus = np.einsum("boyx,byxiuv->oiuv", layer["z_post"].astype(np.float64), traced)
    minus = np.einsum("boyx,byxiuv->oiuv", out["t_post"].astype(np.float64), spiked)
    grow, shrink = {
        "additive": (np.ones_like(w), np.ones_like(w)),
        "additive_step": (w < 1, w > 0),
        "multiplicative_pow": ((1 - w) ** chosen["mu"], w ** chosen["mu"]),
        "multiplicative_relu": (1 - w, w),
    }[algorithm]
    want = w + chosen["eta_plus"] * grow * plus - chosen["eta_minus"] * shrink * minus
    want = np.clip(want, 0, 1) if hardbound else want
    assert np.allclose(out["weights"], want, rtol=0, atol=256 * np.finfo(layer["weights"].dtype).eps)


@BACKENDS
@EVERY_ALGORITHM
@HARDBOUND
@given(layer=layers(), chosen=parameters)
def test_windows_of_one_are_a_dense_layer(
    backend: str, algorithm: str, hardbound: bool, layer: Layer, chosen: dict[str, float]
) -> None:
    """One step of a layer is a convolution of images of one element, or of one image of as many as the batch has."""
    given_: dict[str, Any] = {**chosen, "stdp_algorithm": algorithm, "hardbound": hardbound}
    one = {name: value[:, 0] if value.ndim == 3 and value.shape[1] else value for name, value in layer.items()}
    if one["z_pre"].ndim == 3:
        return  # no step at all
    dense = call("stdp_linear", backend=backend, **one, **given_)
    small = {name: value[:, :, None, None] for name, value in one.items()}
    wide = {
        name: small[name] if name == "weights" else np.moveaxis(value, 0, 1)[None, :, None]
        for name, value in one.items()
    }
    for layout, image in ((small, False), (wide, True)):
        out = conv(backend, layout, **given_)
        flat = {n: np.moveaxis(out[n][0, :, 0], 0, 1) if image else out[n][:, :, 0, 0] for n in ("t_pre", "t_post")}
        assert_same({"weights": out["weights"][:, :, 0, 0], **flat}, dense)


@BACKENDS
@given(drawn=images(), chosen=parameters)
def test_images_of_a_batch_add_up(backend: str, drawn: tuple[Layer, dict[str, int]], chosen: dict[str, float]) -> None:
    layer, geometry = drawn
    given_: dict[str, Any] = {**geometry, **chosen, "hardbound": False}
    w = layer["weights"].astype(np.float64)
    total = w.copy()
    for b in range(len(layer["z_pre"])):
        alone = {name: value if name == "weights" else value[b : b + 1] for name, value in layer.items()}
        total += conv(backend, alone, **given_)["weights"] - w
    assert np.allclose(
        conv(backend, layer, **given_)["weights"], total, rtol=0, atol=256 * np.finfo(layer["weights"].dtype).eps
    )
