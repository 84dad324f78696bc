"""Gradients in closed form against differences of the losses that they belong to, and against torch where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikemirror import call
from spikemirror.mirrors import NAMES

Reals = npt.NDArray[Any]
Arguments = dict[str, Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
STEP = 1e-3
eighths = st.integers(-16, 16).map(lambda k: k / 8)
counts = st.integers(0, 8).map(lambda k: k / 4)


def differences(loss: Callable[[Reals], float], x: Reals, step: float = STEP) -> Reals:
    """The gradient at x by central differences of fourth order."""
    grad = np.empty_like(x)
    for index in np.ndindex(x.shape):

        def moved(steps: int, index: tuple[int, ...] = index) -> float:
            y = x.copy()
            y[index] += steps * step
            return loss(y)

        grad[index] = (8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * step)
    return grad


def assert_gradient(got: Reals, want: Reals) -> None:
    assert got.shape == want.shape
    assert np.allclose(got, want, rtol=1e-6, atol=1e-6 * np.abs(want).max(initial=0) + 1e-9), (got, want)


def check(backend: str, name: str, wrt: str, arguments: Arguments) -> Reals:
    """The gradient kernel of a loss, held against the loss on the same backend."""

    def loss(x: Reals) -> float:
        return float(call(name, backend=backend, **{**arguments, wrt: x})["loss"])

    grad = call(f"{name}_grad", backend=backend, **arguments)["grad"]
    assert_gradient(grad, differences(loss, arguments[wrt]))
    return grad


def trains(elements: st.SearchStrategy[float], least: int = 1) -> st.SearchStrategy[Reals]:
    shapes = st.tuples(st.integers(1, 2), st.integers(least, 5), st.integers(1, 3))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=elements))


@st.composite
def two_views(draw: st.DrawFn, least: int = 1) -> tuple[Reals, Reals]:
    """Views (B, F) of rows that are not short."""
    shape = draw(st.integers(2, 4)), draw(st.integers(least, 3))
    a, b = (draw(hnp.arrays(np.float64, shape, elements=eighths)) for _ in range(2))
    for view in (a, b):
        view[np.abs(view).max(axis=1) < 0.5] += 1
    return a, b


@BACKENDS
@given(views=two_views(), temperature=st.sampled_from([0.3, 0.5, 3.0]), symmetric=st.booleans())
def test_infonce(backend: str, views: tuple[Reals, Reals], temperature: float, symmetric: bool) -> None:
    a, b = views
    shared: Arguments = {"backend": backend, "temperature": temperature, "symmetric": symmetric}
    out = call("infonce_grad", view_a=a, view_b=b, **shared)
    plain = call("infonce", view_a=a, view_b=b, **shared)["loss"]
    assert abs(out["loss"] - plain) <= 1e-12 * (1 + plain)
    assert_gradient(
        out["grad_a"], differences(lambda x: float(call("infonce", view_a=x, view_b=b, **shared)["loss"]), a)
    )
    assert_gradient(
        out["grad_b"], differences(lambda x: float(call("infonce", view_a=a, view_b=x, **shared)["loss"]), b)
    )
    for view, grad in ((a, out["grad_a"]), (b, out["grad_b"])):
        along = np.sum(view * grad, axis=1)  # the length of a row does not count
        assert np.allclose(along, 0, atol=1e-12 / temperature)


@BACKENDS
@given(views=two_views(), symmetric=st.booleans())
def test_infonce_below_the_floor_of_the_norm(backend: str, views: tuple[Reals, Reals], symmetric: bool) -> None:
    unit = 2.0**-32
    a, b = views[0] * unit, views[1]

    def loss(x: Reals) -> float:
        return float(call("infonce", backend=backend, view_a=x, view_b=b, symmetric=symmetric)["loss"])

    grad = call("infonce_grad", backend=backend, view_a=a, view_b=b, symmetric=symmetric)["grad_a"]
    assert_gradient(grad * unit, differences(loss, a, STEP * unit) * unit)


@BACKENDS
@given(views=two_views(), exponent=st.integers(-20, 600), symmetric=st.booleans())
def test_infonce_of_scaled_views_scales_inversely(
    backend: str, views: tuple[Reals, Reals], exponent: int, symmetric: bool
) -> None:
    a, b = views
    plain = call("infonce_grad", backend=backend, view_a=a, view_b=b, symmetric=symmetric)
    scaled = call("infonce_grad", backend=backend, view_a=np.ldexp(a, exponent), view_b=b, symmetric=symmetric)
    assert np.allclose(np.ldexp(scaled["grad_a"], exponent), plain["grad_a"], rtol=1e-12, atol=1e-14)
    assert np.allclose(scaled["grad_b"], plain["grad_b"], rtol=1e-12, atol=1e-14)


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infonce_without_negatives_has_no_gradient(backend: str, dtype: str) -> None:
    for batch in (0, 1):
        view = np.full((batch, 3), 2, dtype)
        out = call("infonce_grad", backend=backend, view_a=view, view_b=-view)
        assert out["loss"] == 0
        assert out["grad_a"].shape == out["grad_b"].shape == view.shape
        assert not out["grad_a"].any()
        assert not out["grad_b"].any()


coefficients = st.fixed_dictionaries(
    {
        "pull_coeff": st.sampled_from([0.0, 1.0, -0.5]),
        "push_coeff": st.sampled_from([0.0, 1.0, 0.3]),
        "decorr_coeff": st.sampled_from([0.0, 10.0]),
        "eps": st.sampled_from([0.05, 0.3, 1.0]),
    }
)


@BACKENDS
@given(views=two_views(), chosen=coefficients, stop_gradient=st.booleans())
def test_lpl(backend: str, views: tuple[Reals, Reals], chosen: Arguments, stop_gradient: bool) -> None:
    z1, z2 = views
    out = call("lpl_grad", backend=backend, z1=z1, z2=z2, stop_gradient=stop_gradient, **chosen)
    terms = call("lpl", backend=backend, z1=z1, z2=z2, **chosen)
    for name, value in terms.items():
        assert abs(out[name] - value) <= 1e-12 * (1 + abs(value)), name

    def total(x1: Reals, x2: Reals, pull: bool = True) -> float:
        changed = chosen if pull else {**chosen, "pull_coeff": 0.0}
        return float(call("lpl", backend=backend, z1=x1, z2=x2, **changed)["total"])

    assert_gradient(out["grad_z1"], differences(lambda x: total(x, z2, not stop_gradient), z1))
    assert_gradient(out["grad_z2"], differences(lambda x: total(z1, x), z2))


@BACKENDS
@given(
    spikes=trains(counts),
    temperature=st.sampled_from([0.5, 1.0, 4.0]),
    normalize_by_time=st.booleans(),
    mode=st.sampled_from(["softmax", "normalize"]),
    data=st.data(),
)
def test_probspikes(
    backend: str, spikes: Reals, temperature: float, normalize_by_time: bool, mode: str, data: st.DataObject
) -> None:
    batch, _, classes = spikes.shape
    targets = data.draw(hnp.arrays(np.int32, batch, elements=st.integers(0, classes - 1)))
    arguments: Arguments = {
        "temperature": temperature,
        "normalize_by_time": normalize_by_time,
        "mode": mode,
        "eps": 2.0,
    }
    grad = check(backend, "loss_probspikes", "spikes", {"spikes": spikes, "targets": targets, **arguments})
    assert (grad == grad[:, :1]).all()
    if mode == "softmax":
        assert np.allclose(grad.sum(axis=2), 0, atol=1e-14)


@BACKENDS
@given(
    spikes=trains(counts),
    bounds=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    data=st.data(),
)
def test_rate(backend: str, spikes: Reals, bounds: list[float], data: st.DataObject) -> None:
    rates = spikes.mean(axis=1)
    for bound in bounds:
        assume(np.abs(rates - bound).min() > 4 * STEP)
    target = data.draw(hnp.arrays(np.float64, spikes.shape[2], elements=eighths))
    arguments: Arguments = {"target_rate": target, "rate_min": bounds[0], "rate_max": bounds[1]}
    grad = check(backend, "loss_rate", "spikes", {"spikes": spikes, **arguments})
    assert (grad == grad[:, :1]).all()


@BACKENDS
@pytest.mark.parametrize("penalty", ["l1", "l2", "variance"])
@given(spikes=trains(eighths), window=st.integers(1, 4))
def test_temporal(backend: str, penalty: str, spikes: Reals, window: int) -> None:
    """Where neighbours are equal, l1 has a kink, whose symmetric differences are 0 like its gradient."""
    grad = check(backend, "loss_temporal", "spikes", {"spikes": spikes, "penalty": penalty, "window": window})
    assert np.allclose(grad.sum(axis=1), 0, atol=1e-12)  # what is constant in time does not count


@BACKENDS
@given(spikes=trains(eighths), window=st.integers(1, 9), tau=st.none() | st.floats(0.25, 8))
def test_isi(backend: str, spikes: Reals, window: int, tau: float | None) -> None:
    check(backend, "loss_isi", "spikes", {"spikes": spikes, "window": window, "tau": tau})


@BACKENDS
@given(membrane=trains(eighths), bound=st.just(0.0) | st.integers(0, 15).map(lambda k: k / 8 + 1 / 16))
def test_membrane(backend: str, membrane: Reals, bound: float) -> None:
    check(backend, "loss_membrane", "membrane", {"membrane": membrane, "max_membrane": bound})


ONE_LOSS = {
    "loss_probspikes": {"targets": [1, 0]},
    "loss_rate": {},
    "loss_temporal": {},
    "loss_isi": {},
    "loss_membrane": {},
}


@BACKENDS
@pytest.mark.parametrize("name", ONE_LOSS)
@pytest.mark.parametrize("shape", [(0, 4, 2), (2, 0, 2), (2, 1, 2), (0, 0, 2)])
def test_little_or_nothing_has_a_finite_gradient(backend: str, name: str, shape: tuple[int, ...]) -> None:
    first = "membrane" if name == "loss_membrane" else "spikes"
    arguments: Arguments = {key: np.array(value[: shape[0]], np.int32) for key, value in ONE_LOSS[name].items()}
    arguments[first] = np.ones(shape)
    grad = call(f"{name}_grad", backend=backend, **arguments)["grad"]
    assert grad.shape == shape
    assert np.isfinite(grad).all()


class Torch:
    """The losses as one would write them in torch."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def infonce(self, view_a: Any, view_b: Any, *, temperature: float, symmetric: bool) -> Any:
        functional = self.torch.nn.functional
        scores = functional.normalize(view_a, eps=1e-8) @ functional.normalize(view_b, eps=1e-8).T / temperature
        targets = self.torch.arange(len(scores))
        one = functional.cross_entropy(scores, targets)
        return (one + functional.cross_entropy(scores.T, targets)) / 2 if symmetric else one

    def lpl(self, z1: Any, z2: Any, *, stop_gradient: bool) -> Any:
        pull = (((z1.detach() if stop_gradient else z1) - z2) ** 2).mean()
        push, decorr = self.torch.zeros(()), self.torch.zeros(())
        for z in (z1, z2):
            centered = z - z.mean(dim=0).detach()
            push = push - self.torch.log((centered**2).sum(dim=0) / (len(z) - 1) + 1e-4).mean() / 2
            covariance = self.torch.cov(z.T)
            apart = covariance - self.torch.diag(self.torch.diag(covariance))
            decorr = decorr + (apart**2).sum() / (z.shape[1] ** 2 - z.shape[1]) / 2
        return pull + push + 10 * decorr

    def loss_probspikes(self, spikes: Any, *, targets: Reals, temperature: float) -> Any:
        scores = spikes.sum(dim=1) / temperature
        return self.torch.nn.functional.cross_entropy(scores, self.torch.tensor(targets.astype(np.int64)))

    def loss_rate(self, spikes: Any, *, target_rate: float, rate_min: float, rate_max: float) -> Any:
        relu, rates = self.torch.relu, spikes.mean(dim=1)
        outside = relu(rate_min - rates) ** 2 + relu(rates - rate_max) ** 2
        return ((rates - target_rate) ** 2).mean() + outside.mean()

    def loss_temporal(self, spikes: Any, *, penalty: str, window: int) -> Any:
        if penalty == "variance":
            batch, steps, neurons = spikes.shape
            full = steps // window
            rates = spikes[:, : full * window].reshape(batch, full, window, neurons).mean(dim=2)
            return rates.var(dim=1).mean()
        change = spikes[:, 1:] - spikes[:, :-1]
        return change.abs().mean() if penalty == "l1" else (change**2).mean()

    def loss_isi(self, spikes: Any, *, window: int, tau: float) -> Any:
        total = self.torch.zeros(())
        for lag in range(1, window + 1):
            total = total + float(np.exp(-lag / tau)) * (spikes[:, lag:] * spikes[:, :-lag]).sum()
        return total / spikes.numel()

    def loss_membrane(self, membrane: Any, *, max_membrane: float) -> Any:
        return (self.torch.relu(membrane.abs() - max_membrane) ** 2).mean()


DRAW = np.random.default_rng(1)
VIEWS = {name: DRAW.normal(size=(6, 5)) for name in ("a", "b")}
TRAIN = DRAW.random((3, 12, 4))
TARGETS = np.array([2, 0, 3], np.int32)
AGAINST_TORCH: list[tuple[str, str, dict[str, str], Arguments]] = [
    *(
        ("infonce_grad", "infonce", {"view_a": "grad_a", "view_b": "grad_b"}, {"temperature": 0.2, "symmetric": s})
        for s in (False, True)
    ),
    *(("lpl_grad", "lpl", {"z1": "grad_z1", "z2": "grad_z2"}, {"stop_gradient": s}) for s in (False, True)),
    ("loss_probspikes_grad", "loss_probspikes", {"spikes": "grad"}, {"targets": TARGETS, "temperature": 1.5}),
    ("loss_rate_grad", "loss_rate", {"spikes": "grad"}, {"target_rate": 0.1, "rate_min": 0.45, "rate_max": 0.55}),
    *(
        ("loss_temporal_grad", "loss_temporal", {"spikes": "grad"}, {"penalty": p, "window": 5})
        for p in ("l1", "l2", "variance")
    ),
    ("loss_isi_grad", "loss_isi", {"spikes": "grad"}, {"window": 3, "tau": 1.5}),
    ("loss_membrane_grad", "loss_membrane", {"membrane": "grad"}, {"max_membrane": 0.4}),
]


@BACKENDS
@pytest.mark.parametrize(("name", "loss", "wrt", "parameters"), AGAINST_TORCH)
def test_torch_has_the_same_gradients(
    backend: str, name: str, loss: str, wrt: dict[str, str], parameters: Arguments
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: nothing to compare with")
    values = list(VIEWS.values()) if len(wrt) == 2 else [TRAIN]
    leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    getattr(Torch(torch), loss)(*leaves, **parameters).backward()
    given_: Arguments = {**dict(zip(wrt, values, strict=True)), **parameters}
    out = call(name, backend=backend, **given_)
    for leaf, output in zip(leaves, wrt.values(), strict=True):
        assert np.allclose(out[output], leaf.grad.numpy(), rtol=1e-10, atol=1e-14)
