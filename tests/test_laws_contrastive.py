"""Laws of InfoNCE, CSDP and goodness, on every backend and in both dtypes."""

from __future__ import annotations

import math
from fractions import Fraction
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
Drawn = tuple[Reals, list[Any], dict[str, float]]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
dtypes = st.sampled_from(["float32", "float64"])
temperatures = st.sampled_from([0.02, 0.1, 0.5, 3.0])
values = st.floats(-2, 2, width=32, allow_subnormal=False)


@st.composite
def pairs_of_views(draw: st.DrawFn, least: int = 0) -> tuple[Reals, Reals]:
    """Two views (B, F) of moderate size, no row under the floor of the norm."""
    shape = (draw(st.integers(least, 6)), draw(st.integers(1, 5)))
    dtype = draw(dtypes)
    views = [draw(hnp.arrays(dtype, shape, elements=values)) for _ in range(2)]
    for view in views:
        view[np.abs(view).max(axis=1, initial=0) < 1e-3] += 1
    return views[0], views[1]


def loss(backend: str, a: Reals, b: Reals, temperature: float = 0.5, symmetric: bool = False) -> tuple[Reals, Reals]:
    out = call("infonce", backend=backend, view_a=a, view_b=b, temperature=temperature, symmetric=symmetric)
    return out["loss"], out["per_row"]


def close(x: Reals, y: Reals, a: Reals, temperature: float) -> None:
    """Within what two evaluations may be apart: cosines err by a few F ulp, and the temperature magnifies that."""
    eps = float(np.finfo(a.dtype).eps)
    tolerance = 8 * (a.shape[1] + 8) * eps / temperature + 32 * eps * np.abs(y)
    assert x.shape == y.shape
    assert (np.abs(x - y) <= tolerance).all(), (x, y, tolerance)


@BACKENDS
@given(views=pairs_of_views(), temperature=temperatures, symmetric=st.booleans())
def test_loss_is_not_negative_and_the_mean_of_rows(
    backend: str, views: tuple[Reals, Reals], temperature: float, symmetric: bool
) -> None:
    total, rows = loss(backend, *views, temperature, symmetric)
    assert total.dtype == rows.dtype == views[0].dtype
    assert total >= 0
    assert (rows >= 0).all()
    mean = rows.mean(dtype=np.float64) if rows.size else 0.0
    assert abs(float(total) - mean) <= 8 * np.finfo(total.dtype).eps * mean


@BACKENDS
@given(views=pairs_of_views(2), temperature=temperatures, data=st.data())
def test_length_of_rows_does_not_count(
    backend: str, views: tuple[Reals, Reals], temperature: float, data: st.DataObject
) -> None:
    a, b = views
    lengths = data.draw(hnp.arrays(a.dtype, (len(a), 1), elements=st.floats(0.125, 8, width=32)))
    close(loss(backend, a * lengths, b, temperature)[1], loss(backend, a, b, temperature)[1], a, temperature)


@BACKENDS
@given(views=pairs_of_views(2), exponent=st.integers(-10, 60))
def test_powers_of_two_leave_every_bit(backend: str, views: tuple[Reals, Reals], exponent: int) -> None:
    a, b = views
    factor = a.dtype.type(2.0**exponent)
    for scaled, plain in zip(loss(backend, a * factor, b / 4), loss(backend, a, b), strict=True):
        assert scaled.tobytes() == plain.tobytes()


@BACKENDS
@given(views=pairs_of_views(2))
def test_turning_both_views_round_leaves_every_bit(backend: str, views: tuple[Reals, Reals]) -> None:
    a, b = views
    for turned, plain in zip(loss(backend, -a, -b), loss(backend, a, b), strict=True):
        assert turned.tobytes() == plain.tobytes()


@BACKENDS
@given(views=pairs_of_views(2), temperature=temperatures, symmetric=st.booleans(), data=st.data())
def test_order_of_the_batch_does_not_count(
    backend: str, views: tuple[Reals, Reals], temperature: float, symmetric: bool, data: st.DataObject
) -> None:
    a, b = views
    order = data.draw(st.permutations(range(len(a))))
    total, rows = loss(backend, a, b, temperature, symmetric)
    shuffled, permuted = loss(backend, a[order], b[order], temperature, symmetric)
    close(permuted, rows[order], a, temperature)
    close(shuffled, total, a, temperature)


@BACKENDS
@given(views=pairs_of_views(2), temperature=temperatures)
def test_symmetric_is_the_mean_of_both_directions(backend: str, views: tuple[Reals, Reals], temperature: float) -> None:
    a, b = views
    one, other = loss(backend, a, b, temperature)[1], loss(backend, b, a, temperature)[1]
    both = loss(backend, a, b, temperature, symmetric=True)
    close(both[1], (one + other) / 2, a, temperature)
    close(both[0], loss(backend, b, a, temperature, symmetric=True)[0], a, temperature)


@BACKENDS
@given(views=pairs_of_views(2), temperature=temperatures)
def test_silent_features_do_not_count(backend: str, views: tuple[Reals, Reals], temperature: float) -> None:
    a, b = views
    padded = [np.concatenate([v, np.zeros_like(v)], axis=1) for v in views]
    close(loss(backend, padded[0], padded[1], temperature)[1], loss(backend, a, b, temperature)[1], a, temperature)


@BACKENDS
@given(views=pairs_of_views(), symmetric=st.booleans())
def test_batches_without_negatives_give_zero(backend: str, views: tuple[Reals, Reals], symmetric: bool) -> None:
    total, rows = loss(backend, views[0][:1], views[1][:1], symmetric=symmetric)
    assert total == 0
    assert not rows.any()


@BACKENDS
@given(batch=st.integers(2, 40), row=hnp.arrays(np.float64, 4, elements=st.floats(0.5, 2)), temperature=temperatures)
def test_equal_rows_give_the_logarithm_of_the_batch(backend: str, batch: int, row: Reals, temperature: float) -> None:
    a = np.tile(row, (batch, 1))
    total, rows = loss(backend, a, a, temperature)
    close(rows, np.full(batch, math.log(batch)), a, temperature)
    close(total, np.asarray(math.log(batch)), a, temperature)


@BACKENDS
@given(views=pairs_of_views(2), data=st.data())
def test_extreme_scales_stay_finite(backend: str, views: tuple[Reals, Reals], data: st.DataObject) -> None:
    wide = 1000 if views[0].dtype == np.float64 else 120
    exponents = data.draw(hnp.arrays(np.int64, (2, len(views[0]), 1), elements=st.integers(-wide - 40, wide)))
    a, b = (np.ldexp(v, e).astype(v.dtype) for v, e in zip(views, exponents, strict=True))
    total, rows = loss(backend, a, b, temperature=0.005)
    assert np.isfinite(total)
    assert np.isfinite(rows).all()
    assert (rows <= 2 / 0.005 + math.log(len(a)) + 1).all()


@st.composite
def layers(draw: st.DrawFn) -> Drawn:
    """Weights, spikes (pre, post, pre, post) and rates."""
    post, pre = draw(st.integers(0, 5)), draw(st.integers(0, 19))
    weights = draw(hnp.arrays(draw(dtypes), (post, pre), elements=values))
    spikes = [draw(hnp.arrays(np.uint8, n, elements=st.integers(0, 1))) for n in (pre, post, pre, post)]
    return weights, spikes, {"lr": draw(st.floats(0, 2)), "decay": draw(st.floats(0, 2))}


def positive(backend: str, w: Reals, pre: Reals, post: Reals, **rates: Any) -> Reals:
    return call("csdp_positive", backend=backend, weights=w, pre_spikes=pre, post_spikes=post, **rates)["weights"]


def negative(backend: str, w: Reals, pre: Reals, post: Reals, lr: float) -> Reals:
    return call("csdp_negative", backend=backend, weights=w, pre_spikes=pre, post_spikes=post, lr=lr)["weights"]


def step(backend: str, w: Reals, spikes: list[Any], **rates: Any) -> Reals:
    names = ("pos_pre", "pos_post", "neg_pre", "neg_post")
    return call("csdp_step", backend=backend, weights=w, **dict(zip(names, spikes, strict=True)), **rates)["weights"]


@BACKENDS
@given(layer=layers())
def test_csdp_step_has_the_bits_of_both_phases(backend: str, layer: Drawn) -> None:
    w, spikes, rates = layer
    apart = negative(backend, positive(backend, w, spikes[0], spikes[1], **rates), spikes[2], spikes[3], rates["lr"])
    assert step(backend, w, spikes, **rates).tobytes() == apart.tobytes()


@BACKENDS
@given(layer=layers())
def test_csdp_without_rates_changes_nothing(backend: str, layer: Drawn) -> None:
    w, spikes, _ = layer
    assert np.array_equal(step(backend, w, spikes, lr=0.0, decay=0.0), w)
    assert np.array_equal(positive(backend, w, *spikes[:2], lr=0.0, decay=0.0), w)
    assert np.array_equal(negative(backend, w, spikes[0], spikes[1], 0.0), w)


@BACKENDS
@given(layer=layers())
def test_csdp_of_a_transposed_layer_is_the_transpose(backend: str, layer: Drawn) -> None:
    w, (pre, post, neg_pre, neg_post), rates = layer
    turned = step(backend, w.T, [post, pre, neg_post, neg_pre], **rates)
    assert np.array_equal(turned.T, step(backend, w, [pre, post, neg_pre, neg_post], **rates))


@BACKENDS
@given(layer=layers())
def test_csdp_silent_neurons_keep_their_weights(backend: str, layer: Drawn) -> None:
    w, (pre, post, *_), rates = layer
    moved = negative(backend, w, pre, post, lr=rates["lr"])
    assert np.array_equal(moved[post == 0], w[post == 0])
    assert np.array_equal(moved[:, pre == 0], w[:, pre == 0])
    assert (moved <= w).all()


def goodness(backend: str, z: Reals) -> Reals:
    return call("goodness", backend=backend, activations=z)["goodness"]


activations = st.tuples(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9)).flatmap(
    lambda what: hnp.arrays(what[0], what[1], elements=values)
)


@BACKENDS
@given(z=activations)
def test_goodness_is_the_sum_of_squares(backend: str, z: Reals) -> None:
    exact = sum((Fraction(float(x)) ** 2 for x in z.flat), Fraction(0))
    got = goodness(backend, z)
    assert got >= 0
    eps, tiny = Fraction(float(np.finfo(z.dtype).eps)), Fraction(float(np.finfo(z.dtype).tiny))
    assert abs(Fraction(float(got)) - exact) <= (z.size + 1) * (eps * exact + eps * tiny)


@BACKENDS
@given(z=activations, data=st.data())
def test_goodness_knows_no_shape_no_sign_and_no_order(backend: str, z: Reals, data: st.DataObject) -> None:
    plain = goodness(backend, z)
    assert goodness(backend, z.reshape(-1)).tobytes() == plain.tobytes()
    assert goodness(backend, -z).tobytes() == plain.tobytes()
    shuffled = goodness(backend, z.reshape(-1)[data.draw(st.permutations(range(z.size)))])
    assert abs(shuffled - plain) <= 2 * (z.size + 1) * np.finfo(z.dtype).eps * plain


@BACKENDS
@given(z=activations, exponent=st.integers(-8, 8))
def test_goodness_scales_with_the_square(backend: str, z: Reals, exponent: int) -> None:
    z = np.where(np.abs(z) < 1e-9, 0, z).astype(z.dtype)
    assert goodness(backend, np.ldexp(z, exponent)) == np.ldexp(goodness(backend, z), 2 * exponent)


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Reals, Reals]:
    """Activations (B, N) and labels."""
    shape = draw(st.integers(0, 5)), draw(st.integers(0, 6))
    z = draw(hnp.arrays(draw(dtypes), shape, elements=values))
    return z, draw(hnp.arrays(np.int32, shape[0], elements=st.integers(0, 1)))


@BACKENDS
@given(drawn=labelled(), theta=st.floats(-30, 30))
def test_layer_goodness_is_a_logistic_regression(backend: str, drawn: tuple[Reals, Reals], theta: float) -> None:
    z, labels = drawn
    out = call("csdp_layer_goodness", backend=backend, activations=z, labels=labels, theta=theta)
    tolerance = 256 * np.finfo(z.dtype).eps
    for row, g in zip(z, out["goodness"], strict=True):
        alone = goodness(backend, row)
        assert abs(g - alone) <= tolerance * alone
    wide = (z.astype(np.float64) ** 2).sum(axis=1) - theta
    p = 1 / (1 + np.exp(-wide))
    assert np.allclose(out["probability"], p, rtol=0, atol=tolerance)
    assert (out["probability"] >= 0).all()
    assert (out["probability"] <= 1).all()
    assert np.allclose(out["modulator"], p - labels, rtol=0, atol=tolerance)
    want = np.logaddexp(0, np.where(labels == 1, -wide, wide)).mean() if len(z) else 0
    assert out["loss"] >= 0
    assert abs(out["loss"] - want) <= tolerance * (1 + want)


@BACKENDS
@given(drawn=labelled(), theta=st.floats(-30, 30), data=st.data())
def test_layer_goodness_takes_samples_alone(
    backend: str, drawn: tuple[Reals, Reals], theta: float, data: st.DataObject
) -> None:
    z, labels = drawn
    order = data.draw(st.permutations(range(len(z))))
    whole = call("csdp_layer_goodness", backend=backend, activations=z, labels=labels, theta=theta)
    shuffled = call("csdp_layer_goodness", backend=backend, activations=z[order], labels=labels[order], theta=theta)
    for name in ("goodness", "probability", "modulator"):
        assert np.array_equal(shuffled[name], whole[name][order])
    tolerance = 64 * np.finfo(z.dtype).eps * (1 + whole["loss"])
    assert abs(shuffled["loss"] - whole["loss"]) <= tolerance
    opposite = call("csdp_layer_goodness", backend=backend, activations=z, labels=1 - labels, theta=theta)
    for name in ("goodness", "probability"):
        assert np.array_equal(opposite[name], whole[name])


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layer_goodness_far_from_the_threshold_does_not_saturate(backend: str, dtype: str) -> None:
    z = np.array([[0.0], [8.0]], dtype)
    out = call("csdp_layer_goodness", backend=backend, activations=z[:1], labels=[0], theta=60.0)
    assert abs(float(out["loss"]) / math.exp(-60) - 1) <= 1e-4
    assert abs(float(out["probability"][0]) / math.exp(-60) - 1) <= 1e-4
    out = call("csdp_layer_goodness", backend=backend, activations=100 * z[1:], labels=[0], theta=0.0)
    assert out["loss"] == 640000
    assert out["modulator"].tolist() == [1]
