"""Laws of the losses, on every backend and in both dtypes."""

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
LOSSES = {
    "loss_probspikes": {"targets": 0},
    "loss_rate": {},
    "loss_temporal": {},
    "loss_isi": {},
    "loss_membrane": {},
}
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)
dtypes = st.sampled_from(["float32", "float64"])
eighths = st.integers(-16, 16).map(lambda k: k / 8)
rates = st.integers(0, 16).map(lambda k: k / 8)


@st.composite
def trains(draw: st.DrawFn, elements: st.SearchStrategy[float] = rates, least: int = 0) -> Reals:
    """Spikes or rates (B, T, N), N >= 1."""
    shape = draw(st.integers(least, 4)), draw(st.integers(least, 8)), draw(st.integers(1, 4))
    return draw(hnp.arrays(draw(dtypes), shape, elements=elements))


def first(name: str) -> str:
    return "membrane" if name == "loss_membrane" else "spikes"


def arguments(name: str, x: Reals, data: st.DataObject | None = None) -> dict[str, Any]:
    """A call over x with targets where the loss needs them."""
    given_: dict[str, Any] = {first(name): x}
    if name == "loss_probspikes":
        targets = hnp.arrays(np.int32, len(x), elements=st.integers(0, x.shape[2] - 1))
        given_["targets"] = np.zeros(len(x), np.int32) if data is None else data.draw(targets)
    return given_


def loss(name: str, backend: str, **given_: Any) -> dict[str, Reals]:
    out = call(name, backend=backend, **given_)
    assert all(value.shape == () and np.isfinite(value) for value in out.values())
    return out


def close(x: Any, y: Any, dtype: np.dtype[Any], ulps: float = 64) -> None:
    tolerance = ulps * float(np.finfo(dtype).eps)
    assert abs(float(x) - float(y)) <= tolerance * (1 + abs(float(y))), (x, y)


@BACKENDS
@EVERY_LOSS
@given(data=st.data())
def test_losses_are_not_negative_and_shares_are_shares(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(trains(eighths if name == "loss_membrane" else rates))
    out = loss(name, backend, **arguments(name, x, data))
    assert out["loss"].dtype == x.dtype
    for diagnostic, value in out.items():
        assert value >= 0
        assert diagnostic == "loss" or value <= 1


@BACKENDS
@EVERY_LOSS
@given(data=st.data())
def test_order_of_samples_does_not_count(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(trains())
    given_ = arguments(name, x, data)
    order = data.draw(st.permutations(range(len(x))))
    plain = loss(name, backend, **given_)
    shuffled = loss(name, backend, **{key: value[order] for key, value in given_.items()})
    for key, value in shuffled.items():
        close(value, plain[key], x.dtype)


@BACKENDS
@EVERY_LOSS
@given(data=st.data())
def test_a_batch_is_the_mean_of_its_samples(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(trains(least=1))
    given_ = arguments(name, x, data)
    whole = loss(name, backend, **given_)
    alone = [loss(name, backend, **{k: v[b : b + 1] for k, v in given_.items()}) for b in range(len(x))]
    for key, value in whole.items():
        close(value, np.mean([float(a[key]) for a in alone]), x.dtype)


@BACKENDS
@EVERY_LOSS
@given(data=st.data())
def test_order_of_neurons_does_not_count(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(trains())
    given_ = arguments(name, x, data)
    order = np.array(data.draw(st.permutations(range(x.shape[2]))))
    plain = loss(name, backend, **given_)
    given_[first(name)] = x[:, :, order]
    if "targets" in given_:
        given_["targets"] = np.argsort(order)[given_["targets"]]
    close(loss(name, backend, **given_)["loss"], plain["loss"], x.dtype)


@BACKENDS
@EVERY_LOSS
@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2), (0, 0, 2), (2, 1, 2), (2, 1, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_little_or_nothing_gives_a_number(backend: str, name: str, shape: tuple[int, ...], dtype: str) -> None:
    out = loss(name, backend, **arguments(name, np.zeros(shape, dtype)))
    if shape[0] == 0:
        assert all(value == 0 for value in out.values())


@BACKENDS
@given(x=trains(), temperature=st.sampled_from([0.5, 1.0, 3.0]), by_time=st.booleans(), data=st.data())
def test_probspikes_is_cross_entropy(
    backend: str, x: Reals, temperature: float, by_time: bool, data: st.DataObject
) -> None:
    given_ = arguments("loss_probspikes", x, data)
    rows, targets = np.arange(len(x)), given_["targets"]
    m = x.astype(np.float64).sum(axis=1) / (max(x.shape[1], 1) if by_time else 1)
    shared: dict[str, Any] = {"temperature": temperature, "normalize_by_time": by_time}
    out = loss("loss_probspikes", backend, **given_, **shared)
    p = np.exp(m / temperature)
    want = -np.log(p[rows, targets] / p.sum(axis=1))
    close(out["loss"], want.mean() if len(x) else 0, x.dtype)
    close(out["accuracy"], np.mean(m.argmax(axis=1) == targets) if len(x) else 0, x.dtype)
    normalized = loss("loss_probspikes", backend, **given_, **shared, mode="normalize", eps=0.5)
    want = -np.log((m[rows, targets] + 0.5) / (m + 0.5).sum(axis=1))
    close(normalized["loss"], want.mean() if len(x) else 0, x.dtype)
    assert normalized["accuracy"] == out["accuracy"]


@BACKENDS
@given(x=trains(least=1), shift=eighths, data=st.data())
def test_probspikes_knows_no_shift_and_no_order_in_time(
    backend: str, x: Reals, shift: float, data: st.DataObject
) -> None:
    given_ = arguments("loss_probspikes", x, data)
    plain = loss("loss_probspikes", backend, **given_)
    lifted = x.copy()
    lifted[:, 0] += x.dtype.type(shift)
    order = data.draw(st.permutations(range(x.shape[1])))
    for other in (lifted, x[:, order]):
        out = loss("loss_probspikes", backend, **{**given_, "spikes": other})
        close(out["loss"], plain["loss"], x.dtype)
        assert out["accuracy"] == plain["accuracy"]
    steps = x.shape[1]
    longer = loss("loss_probspikes", backend, **given_, normalize_by_time=True, temperature=1 / steps)
    close(longer["loss"], plain["loss"], x.dtype, 512)


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probspikes_does_not_saturate(backend: str, dtype: str) -> None:
    """A chance of the order of the smallest number still has its loss, and so has one next to certainty."""
    spikes = np.zeros((1, 1, 2), dtype)
    spikes[0, 0, 0] = 60
    right = loss("loss_probspikes", backend, spikes=spikes, targets=[0])["loss"]
    assert abs(float(right) / math.exp(-60) - 1) <= 32 * np.finfo(dtype).eps * 60
    wrong = loss("loss_probspikes", backend, spikes=spikes * 1000, targets=[1])["loss"]
    assert wrong == 60000
    even = loss("loss_probspikes", backend, spikes=np.ones((2, 3, 7), dtype), targets=[1, 6])
    close(even["loss"], math.log(7), np.dtype(dtype))


@BACKENDS
@given(x=trains(), data=st.data())
def test_rate_is_its_definition(backend: str, x: Reals, data: st.DataObject) -> None:
    target = data.draw(hnp.arrays(x.dtype, x.shape[2], elements=rates))
    low, high = sorted(data.draw(st.tuples(rates, rates)))
    out = loss("loss_rate", backend, spikes=x, target_rate=target, rate_min=low, rate_max=high)
    r = x.sum(axis=1) / x.dtype.type(max(x.shape[1], 1))
    wide = r.astype(np.float64)
    outside = np.maximum(low - wide, 0) ** 2 + np.maximum(wide - high, 0) ** 2
    close(out["loss"], ((wide - target) ** 2).mean() + outside.mean() if r.size else 0, x.dtype)
    close(out["dead_fraction"], (r < low).mean() if r.size else 0, x.dtype, 2)
    close(out["saturated_fraction"], (r > high).mean() if r.size else 0, x.dtype, 2)


@BACKENDS
@given(x=trains(least=1), data=st.data())
def test_rate_wants_the_target(backend: str, x: Reals, data: st.DataObject) -> None:
    steady = np.broadcast_to(x[:1, :1], x.shape)
    out = loss("loss_rate", backend, spikes=steady, target_rate=x[0, 0], rate_min=0.0, rate_max=4.0)
    close(out["loss"], 0, x.dtype)
    assert out["dead_fraction"] == out["saturated_fraction"] == 0
    order = data.draw(st.permutations(range(x.shape[1])))
    close(loss("loss_rate", backend, spikes=x[:, order])["loss"], loss("loss_rate", backend, spikes=x)["loss"], x.dtype)
    target = loss("loss_rate", backend, spikes=x, target_rate=np.full(x.shape[2], 0.25, x.dtype))
    assert target == loss("loss_rate", backend, spikes=x, target_rate=0.25)


def temporal(backend: str, x: Reals, penalty: str, window: int = 5) -> float:
    return float(loss("loss_temporal", backend, spikes=x, penalty=penalty, window=window)["loss"])


@BACKENDS
@given(x=trains(eighths), window=st.integers(1, 9))
def test_temporal_is_its_definition(backend: str, x: Reals, window: int) -> None:
    wide = x.astype(np.float64)
    change = np.diff(wide, axis=1)
    close(temporal(backend, x, "l1"), np.abs(change).mean() if change.size else 0, x.dtype)
    close(temporal(backend, x, "l2"), (change**2).mean() if change.size else 0, x.dtype)
    batch, steps, n = x.shape
    full = steps // window
    want = wide[:, : full * window].reshape(batch, full, window, n).mean(axis=2)
    variance = temporal(backend, x, "variance", window)
    close(variance, want.var(axis=1, ddof=1).mean() if full > 1 and batch else 0, x.dtype)
    if full < 2:
        assert variance == 0


@BACKENDS
@pytest.mark.parametrize("penalty", ["l1", "l2", "variance"])
@given(x=trains(eighths, least=1), window=st.integers(1, 4), exponent=st.integers(-3, 3))
def test_temporal_knows_no_level_no_sign_and_no_direction(
    backend: str, penalty: str, x: Reals, window: int, exponent: int
) -> None:
    plain = temporal(backend, x, penalty, window)
    still = np.broadcast_to(x[:, :1], x.shape)
    close(temporal(backend, still, penalty, window), 0, x.dtype)
    close(temporal(backend, x + x.dtype.type(3), penalty, window), plain, x.dtype, 512)
    assert temporal(backend, -x, penalty, window) == plain
    degree = 1 if penalty == "l1" else 2
    assert temporal(backend, np.ldexp(x, exponent), penalty, window) == math.ldexp(plain, degree * exponent)
    full = x[:, : x.shape[1] // window * window] if penalty == "variance" else x
    close(temporal(backend, full[:, ::-1], penalty, window), plain, x.dtype)


def isi(backend: str, x: Reals, window: int = 3, tau: float | None = None) -> float:
    return float(loss("loss_isi", backend, spikes=x, window=window, tau=tau)["loss"])


@BACKENDS
@given(x=trains(), window=st.integers(1, 12), tau=st.none() | st.floats(0.25, 8))
def test_isi_is_its_definition(backend: str, x: Reals, window: int, tau: float | None) -> None:
    constant = max(1, window / 2) if tau is None else tau
    total = 0.0
    for lag in range(1, min(window, x.shape[1] - 1) + 1):
        pairs = x[:, lag:].astype(np.float64) * x[:, :-lag]
        total += math.exp(-lag / constant) * float(pairs.sum())
    close(isi(backend, x, window, tau), total / max(x.size, 1), x.dtype)


@BACKENDS
@given(x=trains(least=1), window=st.integers(1, 6), exponent=st.integers(-3, 3))
def test_isi_grows_with_the_square_and_knows_no_direction(backend: str, x: Reals, window: int, exponent: int) -> None:
    plain = isi(backend, x, window)
    assert isi(backend, np.ldexp(x, exponent), window) == math.ldexp(plain, 2 * exponent)
    close(isi(backend, x[:, ::-1], window), plain, x.dtype)
    assert isi(backend, x, window, 2.0) <= isi(backend, x, window + 1, 2.0)
    assert isi(backend, x, x.shape[1], 2.0) == isi(backend, x, 10**15, 2.0)  # lags beyond the train are free


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_isi_of_two_spikes(backend: str, dtype: str) -> None:
    for gap in range(1, 8):
        spikes = np.zeros((2, 10, 3), dtype)
        spikes[1, [1, 1 + gap], 2] = 1
        got = isi(backend, spikes, window=5, tau=2.0)
        close(got * 60, math.exp(-gap / 2) if gap <= 5 else 0, np.dtype(dtype))
        spikes[1, 1 + gap] = 0
        assert isi(backend, spikes, window=5) == 0  # a spike does not follow itself


@BACKENDS
@given(x=trains(eighths), bound=rates)
def test_membrane_is_its_definition(backend: str, x: Reals, bound: float) -> None:
    out = loss("loss_membrane", backend, membrane=x, max_membrane=bound)
    beyond = np.maximum(np.abs(x.astype(np.float64)) - bound, 0)
    close(out["loss"], (beyond**2).mean() if x.size else 0, x.dtype)
    close(out["exceeding_fraction"], (beyond > 0).mean() if x.size else 0, x.dtype, 2)
    turned = loss("loss_membrane", backend, membrane=-x, max_membrane=bound)
    assert turned == out
    wide = loss("loss_membrane", backend, membrane=x, max_membrane=2.0)
    assert wide["loss"] == wide["exceeding_fraction"] == 0
    grad = call("loss_membrane_grad", backend=backend, membrane=x, max_membrane=2.0)["grad"]
    assert not grad.any()


@BACKENDS
@EVERY_LOSS
@given(data=st.data())
def test_gradients_have_the_laws_of_order(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(trains(eighths if name == "loss_membrane" else rates))
    given_ = arguments(name, x, data)
    order = data.draw(st.permutations(range(len(x))))
    plain = call(f"{name}_grad", backend=backend, **given_)["grad"]
    assert plain.dtype == x.dtype
    assert plain.shape == x.shape
    shuffled = call(f"{name}_grad", backend=backend, **{k: v[order] for k, v in given_.items()})["grad"]
    assert np.allclose(shuffled, plain[order], rtol=0, atol=64 * np.finfo(x.dtype).eps)
