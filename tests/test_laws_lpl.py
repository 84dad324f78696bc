"""Laws of latent predictive learning, on every backend and in both dtypes."""

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
Views = tuple[Reals, Reals]
State = dict[str, Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
dtypes = st.sampled_from(["float32", "float64"])
eighths = st.integers(-16, 16).map(lambda k: k / 8)
EPS = 0.0625


@st.composite
def pairs_of_views(draw: st.DrawFn, least: int = 1) -> Views:
    shape = draw(st.integers(2, 6)), draw(st.integers(least, 5))
    dtype = draw(dtypes)
    return draw(hnp.arrays(dtype, shape, elements=eighths)), draw(hnp.arrays(dtype, shape, elements=eighths))


def lpl(backend: str, z1: Reals, z2: Reals, **coefficients: Any) -> dict[str, Reals]:
    out = call("lpl", backend=backend, z1=z1, z2=z2, **{"eps": EPS, **coefficients})
    assert all(value.dtype == z1.dtype and value.shape == () for value in out.values())
    return out


def close(x: Any, y: Any, z: Reals, scale: float = 1.0) -> None:
    """Within what two orders of evaluation of small views may be apart."""
    tolerance = 512 * float(np.finfo(z.dtype).eps) * scale
    assert (np.abs(np.asarray(x, np.float64) - y) <= tolerance * (1 + np.abs(y))).all(), (x, y, tolerance)


@BACKENDS
@given(views=pairs_of_views())
def test_terms_are_their_definitions(backend: str, views: Views) -> None:
    z1, z2 = (z.astype(np.float64) for z in views)
    out = lpl(backend, *views)
    close(out["pull"], np.mean((z1 - z2) ** 2), views[0])
    close(out["push"], -np.mean([np.log(z.var(axis=0, ddof=1) + EPS) for z in (z1, z2)]), views[0], 1 / EPS)
    d = z1.shape[1]
    squares = [(np.cov(z.T).reshape(d, d)[~np.eye(d, dtype=bool)] ** 2).sum() / max(d * d - d, 1) for z in (z1, z2)]
    close(out["decorr"], np.mean(squares), views[0])
    assert out["pull"] >= 0
    assert out["decorr"] >= 0


@BACKENDS
@given(views=pairs_of_views(), data=st.data())
def test_total_is_the_weighted_sum(backend: str, views: Views, data: st.DataObject) -> None:
    names = ("pull", "push", "decorr")
    weights = {name: data.draw(eighths) for name in names}
    given_: dict[str, Any] = {f"{name}_coeff": weight for name, weight in weights.items()}
    out = lpl(backend, *views, **given_)
    parts = [weights[name] * float(out[name]) for name in names]
    close(out["total"], math.fsum(parts), views[0], 1 + sum(map(abs, parts)))
    for name, value in lpl(backend, *views).items():
        assert name == "total" or value == out[name]


@BACKENDS
@given(views=pairs_of_views(), data=st.data())
def test_order_of_samples_and_of_features_does_not_count(backend: str, views: Views, data: st.DataObject) -> None:
    z1, z2 = views
    rows, columns = (data.draw(st.permutations(range(n))) for n in z1.shape)
    plain = lpl(backend, z1, z2)
    for a, b in ((z1[rows], z2[rows]), (z1[:, columns], z2[:, columns])):
        for name, value in lpl(backend, a, b).items():
            close(value, plain[name], z1, 1 / EPS)


@BACKENDS
@given(views=pairs_of_views())
def test_views_are_alike(backend: str, views: Views) -> None:
    there, back = lpl(backend, *views), lpl(backend, *views[::-1])
    for name, value in there.items():
        close(value, back[name], views[0])
    turned = lpl(backend, -views[0], -views[1])
    assert all(turned[name].tobytes() == value.tobytes() for name, value in there.items())


@BACKENDS
@given(views=pairs_of_views(), data=st.data())
def test_shift_of_a_feature_leaves_push_and_decorrelation(backend: str, views: Views, data: st.DataObject) -> None:
    z1, z2 = views
    shifts = data.draw(hnp.arrays(z1.dtype, z1.shape[1], elements=eighths))
    plain, one, both = (lpl(backend, *pair) for pair in (views, (z1 + shifts, z2), (z1 + shifts, z2 + shifts)))
    for name in ("push", "decorr"):
        close(one[name], plain[name], z1, 1 / EPS)
        close(both[name], plain[name], z1, 1 / EPS)
    close(both["pull"], plain["pull"], z1)


@BACKENDS
@given(views=pairs_of_views())
def test_what_each_term_wants(backend: str, views: Views) -> None:
    z1, _ = views
    same = lpl(backend, z1, z1)
    assert same["pull"] == 0
    wider = lpl(backend, 2 * z1, 2 * z1)
    assert wider["push"] <= same["push"]  # the greater the variance, the better
    close(wider["decorr"], 16 * float(same["decorr"]), z1)
    still = np.broadcast_to(z1[:1], z1.shape)
    collapsed = lpl(backend, still, still)
    close(collapsed["push"], -math.log(EPS), z1, 1 / EPS)
    close(collapsed["decorr"], 0, z1)
    single = lpl(backend, z1[:, :1], z1[:, :1])
    assert single["decorr"] == 0


@BACKENDS
@given(views=pairs_of_views(), data=st.data())
def test_gradient_knows_the_laws_of_the_loss(backend: str, views: Views, data: st.DataObject) -> None:
    z1, z2 = views
    order = data.draw(st.permutations(range(len(z1))))
    plain = call("lpl_grad", backend=backend, z1=z1, z2=z2, eps=EPS)
    permuted = call("lpl_grad", backend=backend, z1=z1[order], z2=z2[order], eps=EPS)
    turned = call("lpl_grad", backend=backend, z1=-z1, z2=-z2, eps=EPS)
    stopped = call("lpl_grad", backend=backend, z1=z1, z2=z2, eps=EPS, stop_gradient=True)
    scale = float(max(1, np.abs(plain["grad_z1"]).max(), np.abs(plain["grad_z2"]).max())) / EPS
    for name in ("grad_z1", "grad_z2"):
        close(permuted[name], plain[name][order], z1, scale)
        assert np.array_equal(turned[name], -plain[name])
    close(plain["grad_z1"].sum(axis=0) + plain["grad_z2"].sum(axis=0), np.zeros(z1.shape[1]), z1, scale)
    assert np.array_equal(stopped["grad_z2"], plain["grad_z2"])
    pull = 2 * (z1.astype(np.float64) - z2) / z1.size
    close(plain["grad_z1"] - stopped["grad_z1"], pull, z1, scale)
    assert all(stopped[name] == plain[name] for name in ("pull", "push", "decorr", "total"))


def negative(backend: str, z1: Reals, z2: Reals) -> dict[str, Reals]:
    return call("lpl_negative", backend=backend, z1=z1, z2=z2)


@BACKENDS
@given(views=pairs_of_views())
def test_negative_samples_give_cosines(backend: str, views: Views) -> None:
    z1, z2 = views
    out = negative(backend, z1, z2)
    slack = 64 * np.finfo(z1.dtype).eps
    assert -1 - slack <= out["pull"] <= 1 + slack
    assert 0 <= out["push"] <= 1 + slack
    cosines = z1.astype(np.float64) @ z2.astype(np.float64).T
    for z, axis in ((z1, 1), (z2, 0)):
        norms = np.maximum(np.linalg.norm(z.astype(np.float64), axis=1), 1e-8)
        cosines = cosines / np.expand_dims(norms, axis)
    close(out["pull"], -np.mean(np.diag(cosines)), z1)
    close(out["push"], np.mean(cosines[~np.eye(len(z1), dtype=bool)] ** 2), z1)


@BACKENDS
@given(views=pairs_of_views(), data=st.data())
def test_negative_samples_know_no_length_no_order_and_no_side(backend: str, views: Views, data: st.DataObject) -> None:
    z1, z2 = views
    plain = negative(backend, z1, z2)
    lengths = data.draw(hnp.arrays(z1.dtype, (len(z1), 1), elements=st.floats(0.125, 8, width=32)))
    order = data.draw(st.permutations(range(len(z1))))
    for a, b in ((z1 * lengths, z2), (z1[order], z2[order]), (z2, z1), (-z1, -z2)):
        for name, value in negative(backend, a, b).items():
            close(value, plain[name], z1)


@BACKENDS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_orthogonal_samples_are_the_best(backend: str, dtype: str) -> None:
    apart = np.eye(4, dtype=dtype)
    assert {k: float(v) for k, v in negative(backend, apart, 3 * apart).items()} == {"pull": -1, "push": 0}
    huge = np.finfo(dtype).max / 4
    assert {k: float(v) for k, v in negative(backend, huge * apart, apart).items()} == {"pull": -1, "push": 0}
    silent = np.zeros_like(apart)
    assert {k: float(v) for k, v in negative(backend, silent, apart).items()} == {"pull": 0, "push": 0}


NEURONS = {"post": ("membrane", "mean", "variance", "error_rise", "error"), "pre": ("psp_syn", "psp")}
SYNAPSES = ("eligibility", "eligibility_filtered", "gradient")
STEADY = ("mean", "variance", "psp_syn", "psp", "error_rise", "error", *SYNAPSES)


@st.composite
def layers(draw: st.DrawFn) -> State:
    """A layer in some state; weights in [0, 1], membranes around the threshold."""
    lengths = {"post": draw(st.integers(0, 3)), "pre": draw(st.integers(0, 4))}
    dtype = draw(dtypes)
    shape = (lengths["post"], lengths["pre"])
    layer: State = {"weights": draw(hnp.arrays(dtype, shape, elements=st.floats(0, 1, width=32)))}
    for name, axis in (("z_pre", "pre"), ("z_post", "post"), ("z_post_delayed", "post")):
        layer[name] = draw(hnp.arrays(np.uint8, lengths[axis], elements=st.integers(0, 1)))
    for axis, names in NEURONS.items():
        for name in names:
            layer[name] = draw(hnp.arrays(dtype, lengths[axis], elements=eighths))
    layer["membrane"] = layer["membrane"] / dtype_of(layer).type(64) - dtype_of(layer).type(0.05)
    for name in ("mean", "variance"):
        layer[name] = np.abs(layer[name])
    for name in SYNAPSES:
        layer[name] = draw(hnp.arrays(dtype, shape, elements=eighths))
    return layer


def dtype_of(layer: State) -> np.dtype[Any]:
    dtype: np.dtype[Any] = layer["weights"].dtype
    return dtype


def spiking(backend: str, layer: State, **parameters: Any) -> dict[str, Reals]:
    return call("lpl_spiking_step", backend=backend, **layer, **parameters)


@BACKENDS
@given(layer=layers(), step=st.integers(0, 30), every=st.integers(1, 7))
def test_weights_move_only_at_multiples(backend: str, layer: State, step: int, every: int) -> None:
    layer["gradient"] = layer["gradient"] * 100
    out = spiking(backend, layer, step=step, every=every, w_max=0.75, eta=0.5)
    waiting = spiking(backend, layer, step=0, every=1000)
    assert np.array_equal(waiting["weights"], layer["weights"])
    if (step + 1) % every:
        assert all(np.array_equal(out[name], value) for name, value in waiting.items())
        return
    assert not out["gradient"].any()
    assert (out["weights"] >= 0).all()
    assert (out["weights"] <= 0.75).all()
    moved = np.clip(layer["weights"] + 0.5 * waiting["gradient"].astype(np.float64) / every, 0, 0.75)
    scale = 1 + np.abs(waiting["gradient"]).max(initial=0)
    assert np.allclose(out["weights"], moved, rtol=0, atol=16 * np.finfo(dtype_of(layer)).eps * scale)
    for name in STEADY[:-1]:
        assert np.array_equal(out[name], waiting[name]), name


@BACKENDS
@given(layer=layers(), dt=st.floats(1e-5, 1e-3))
def test_without_spikes_or_drive_everything_decays(backend: str, layer: State, dt: float) -> None:
    for name in ("z_pre", "z_post", "z_post_delayed"):
        layer[name] = layer[name] * 0
    layer["psp"] = layer["psp"] * 0
    layer["psp_syn"] = layer["psp_syn"] * 0
    taus = {"tau_syn": 0.005, "tau_rise": 0.002, "tau_mean": 6.0, "tau_var": 3.0}
    out = spiking(backend, layer, dt=dt, delta=0.0, lambda_=0.0, every=1000, **taus)
    for name, tau in (("mean", "tau_mean"), ("error_rise", "tau_rise"), ("eligibility", "tau_rise")):
        want = layer[name].astype(np.float64) * math.exp(-dt / taus[tau])
        assert np.allclose(out[name], want, rtol=16 * np.finfo(dtype_of(layer)).eps, atol=0), name
    assert not out["psp"].any()
    assert not out["psp_syn"].any()


@BACKENDS
@given(layer=layers())
def test_a_silent_presynaptic_neuron_with_no_past_gathers_no_gradient(backend: str, layer: State) -> None:
    layer["z_pre"] = layer["z_pre"] * 0
    for name in ("psp", "psp_syn", "eligibility", "eligibility_filtered"):
        layer[name] = layer[name] * 0
    out = spiking(backend, layer, every=1000)
    assert np.array_equal(out["gradient"], layer["gradient"])
    assert not out["eligibility"].any()


@BACKENDS
@given(layer=layers())
def test_below_the_cutoff_nothing_becomes_eligible(backend: str, layer: State) -> None:
    layer["membrane"] = np.full_like(layer["membrane"], -0.09)
    out = spiking(backend, layer, every=1000)
    decay = math.exp(-1e-4 / 2e-3)
    want = layer["eligibility"].astype(np.float64) * decay
    assert np.allclose(out["eligibility"], want, rtol=16 * np.finfo(dtype_of(layer)).eps, atol=0)


@BACKENDS
@given(layer=layers())
def test_terms_of_the_error_add_up(backend: str, layer: State) -> None:
    """lambda_ scales surprise, phi the change since the delay, delta is constant."""
    switches = {"lambda_": 0.0, "phi": 0.0, "delta": 0.0, "every": 1000, "xi": 0.5}
    nothing = spiking(backend, layer, **switches)["error_rise"].astype(np.float64)
    parts = [spiking(backend, layer, **{**switches, k: 1.0})["error_rise"] - nothing for k in list(switches)[:3]]
    together = spiking(backend, layer, **{**switches, "lambda_": 1.0, "phi": 1.0, "delta": 1.0})["error_rise"]
    assert np.allclose(together - nothing, sum(parts), rtol=0, atol=128 * np.finfo(dtype_of(layer)).eps)
    late = layer["z_post_delayed"].astype(np.float64) - layer["z_post"]
    assert np.allclose(parts[1], late, rtol=0, atol=128 * np.finfo(dtype_of(layer)).eps)


@BACKENDS
@given(layer=layers(), dt=st.floats(1e-5, 1e-2))
def test_a_step_is_its_definition(backend: str, layer: State, dt: float) -> None:
    """Written once more in float64, with time constants short enough for every term to show."""
    out = spiking(backend, layer, dt=dt, tau_mean=0.05, tau_var=0.03, xi=0.5, delta=0.25, lambda_=0.75, phi=0.5)
    old = {name: value.astype(np.float64) for name, value in layer.items()}
    new: dict[str, Reals] = {}
    expected = old["mean"] * dt / 0.05
    surprise = old["z_post"] - expected
    new["psp_syn"] = old["psp_syn"] * math.exp(-dt / 5e-3) + old["z_pre"]
    new["psp"] = old["psp"] + dt / 20e-3 * (new["psp_syn"] - old["psp"])
    e = 0.75 * surprise / (old["variance"] + 0.5) + 0.25 + 0.5 * (old["z_post_delayed"] - old["z_post"])
    new["error_rise"] = old["error_rise"] * math.exp(-dt / 2e-3) + e
    new["error"] = old["error"] + dt / 10e-3 * (new["error_rise"] - old["error"])
    f = np.where(old["membrane"] < -80e-3, 0, 1000 / (1 + np.abs(1000 * (old["membrane"] + 50e-3))) ** 2)
    c = old["eligibility"] + np.outer(f, new["psp"])
    new["eligibility_filtered"] = old["eligibility_filtered"] + dt / 10e-3 * (c - old["eligibility_filtered"])
    new["eligibility"] = c * math.exp(-dt / 2e-3)
    new["gradient"] = old["gradient"] + new["eligibility_filtered"] * new["error"][:, None]
    new["variance"] = (old["variance"] + surprise**2 / 0.03) * math.exp(-dt / 0.03)
    new["mean"] = (old["mean"] + old["z_post"]) * math.exp(-dt / 0.05)
    for name, want in new.items():
        close(
            out[name] / (1 + np.abs(want).max(initial=0)), want / (1 + np.abs(want).max(initial=0)), layer["weights"], 2
        )
