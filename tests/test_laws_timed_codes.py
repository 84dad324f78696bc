"""Laws of the Poisson, latency, population and delta encoders, on every backend and in both dtypes."""

from __future__ import annotations

from itertools import pairwise
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
MAPPINGS = pytest.mark.parametrize("mapping", ["linear", "exponential", "log"])
dtypes = st.sampled_from(["float32", "float64"])
lengths = st.integers(1, 12)
words64 = st.integers(0, 2**64 - 1)
NORMALIZATIONS = st.sampled_from(["none", "clamp", "minmax"])


def grid(low: int, high: int, per_unit: int) -> st.SearchStrategy[float]:
    """Multiples of 1 / per_unit: differences of them are exact, and rounding decides nothing."""
    return st.integers(low * per_unit, high * per_unit).map(lambda k: k / per_unit)


def batches(elements: st.SearchStrategy[float]) -> st.SearchStrategy[Reals]:
    shapes = hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=4)
    return st.tuples(dtypes, shapes).flatmap(lambda what: hnp.arrays(what[0], what[1], elements=elements))


probabilities = batches(grid(0, 1, 64))
signals = batches(grid(-3, 3, 64))


def encode(code: str, backend: str, x: Reals, num_steps: int, **parameters: Any) -> tuple[Reals, Reals]:
    """Spikes, and times or activations if there are any."""
    out = call(f"encode_{code}", backend=backend, x=x, num_steps=num_steps, **parameters)
    spikes, *more = out.values()
    assert spikes.dtype == np.uint8
    assert not (spikes > 1).any()
    if more and code != "population":
        assert more[0].dtype == np.int32
        assert more[0].shape == x.shape
    return spikes, more[0] if more else spikes


def trains_of(times: Reals, num_steps: int, burst: int = 1) -> Reals:
    """The trains that times stand for, written the plain way."""
    spikes = np.zeros((len(times), num_steps, *times.shape[1:]), np.uint8)
    for index in np.ndindex(times.shape):
        start = int(times[index])
        if start >= 0:
            for t in range(start, min(start + burst, num_steps)):
                spikes[(index[0], t, *index[1:])] = 1
    return spikes


@BACKENDS
@given(x=signals, num_steps=lengths, seed=words64, stream=words64, normalization=NORMALIZATIONS)
def test_poisson_in_steps_of_one_is_bernoulli(
    backend: str, x: Reals, num_steps: int, seed: int, stream: int, normalization: str
) -> None:
    shared: dict[str, Any] = {"seed": seed, "stream": stream, "normalization": normalization}
    bernoulli, _ = encode("rate_bernoulli", backend, x, num_steps, **shared)
    poisson, _ = encode("rate_poisson", backend, x, num_steps, rate_dt=1.0, **shared)
    assert np.array_equal(poisson, bernoulli)
    assert not encode("rate_poisson", backend, x, num_steps, rate_dt=0.0, **shared)[0].any()


@BACKENDS
@given(x=probabilities, num_steps=lengths, seed=words64, exponent=st.integers(-6, 6))
def test_poisson_scales_the_probability(backend: str, x: Reals, num_steps: int, seed: int, exponent: int) -> None:
    factor = 2.0**exponent
    poisson, _ = encode("rate_poisson", backend, x, num_steps, normalization="none", seed=seed, rate_dt=factor)
    scaled = {"normalization": "none", "seed": seed, "gain": factor}
    assert np.array_equal(poisson, encode("rate_bernoulli", backend, x, num_steps, **scaled)[0])
    if factor == 64:
        assert np.array_equal(poisson.any(axis=1), x > 0)  # a multiple of 1/64 is certain by then


@BACKENDS
@MAPPINGS
@given(x=probabilities, num_steps=lengths)
def test_greater_values_spike_no_later(backend: str, mapping: str, x: Reals, num_steps: int) -> None:
    spikes, times = encode("latency", backend, x, num_steps, normalization="none", mapping=mapping)
    assert np.array_equal(spikes, trains_of(times, num_steps))
    assert (spikes.sum(axis=1) == 1).all()
    order = np.argsort(x, axis=None, kind="stable")
    assert (np.diff(times.reshape(-1)[order]) <= 0).all()
    assert (times[x == 1] == 0).all()
    assert (times[x == 0] == num_steps - 1).all()


@BACKENDS
@MAPPINGS
@given(x=probabilities, num_steps=lengths)
def test_times_are_rounded_closed_forms(backend: str, mapping: str, x: Reals, num_steps: int) -> None:
    _, times = encode("latency", backend, x, num_steps, normalization="none", mapping=mapping)
    p, last = x.astype(np.float64), num_steps - 1
    exact = {
        "linear": (1 - p) * last,
        "exponential": np.log(1 / np.maximum(p, 1e-7)) * last / np.log(1e7),
        "log": last * (1 - np.log2(1 + p)),
    }[mapping]
    assert (np.abs(times - exact) <= 0.5 + 1e-5).all()
    if mapping == "linear":
        assert np.array_equal(times, np.rint((1 - x) * x.dtype.type(last)))


@BACKENDS
@MAPPINGS
@given(x=probabilities, num_steps=lengths, burst=st.integers(1, 14), bounds=st.tuples(st.integers(0, 14), lengths))
def test_bursts_and_bounds(
    backend: str, mapping: str, x: Reals, num_steps: int, burst: int, bounds: tuple[int, int]
) -> None:
    shared: dict[str, Any] = {"normalization": "none", "mapping": mapping}
    _, free = encode("latency", backend, x, num_steps, **shared)
    low, high = float(min(bounds)), float(max(bounds))
    spikes, times = encode("latency", backend, x, num_steps, burst=burst, t_min=low, t_max=high, **shared)
    assert np.array_equal(times, np.clip(free, min(low, num_steps - 1), min(high, num_steps - 1)))
    assert np.array_equal(spikes, trains_of(times, num_steps, burst))
    assert np.array_equal(spikes.sum(axis=1), np.minimum(burst, num_steps - times))


@BACKENDS
@given(x=probabilities, num_steps=lengths, tau=grid(1, 8, 4))
def test_a_time_constant_of_its_own(backend: str, x: Reals, num_steps: int, tau: float) -> None:
    _, times = encode("latency", backend, x, num_steps, normalization="none", tau=tau)
    exact = np.minimum(tau * np.log(1 / np.maximum(x.astype(np.float64), 1e-7)), num_steps - 1)
    assert (np.abs(times - exact) <= 0.5 + 1e-4).all()


@BACKENDS
@MAPPINGS
@given(x=signals, num_steps=lengths, normalization=NORMALIZATIONS, seed=words64)
def test_time_to_first_spike_is_latency_without_a_burst(
    backend: str, mapping: str, x: Reals, num_steps: int, normalization: str, seed: int
) -> None:
    shared: dict[str, Any] = {"normalization": normalization, "mapping": mapping}
    first = encode("ttfs", backend, x, num_steps, seed=seed, **shared)
    latency = encode("latency", backend, x, num_steps, **shared)
    for a, b in zip(first, latency, strict=True):
        assert np.array_equal(a, b)
    assert (first[0].sum(axis=1) == 1).all()


@BACKENDS
@MAPPINGS
@given(x=probabilities, num_steps=lengths, silence_below=grid(0, 1, 64))
def test_small_values_may_stay_silent(
    backend: str, mapping: str, x: Reals, num_steps: int, silence_below: float
) -> None:
    shared: dict[str, Any] = {"normalization": "none", "mapping": mapping}
    _, every = encode("ttfs", backend, x, num_steps, **shared)
    spikes, times = encode("ttfs", backend, x, num_steps, allow_no_spike=True, silence_below=silence_below, **shared)
    assert np.array_equal(times, np.where(x < silence_below, -1, every))
    assert np.array_equal(spikes, trains_of(times, num_steps))
    assert np.array_equal(spikes.sum(axis=1), x >= silence_below)


@BACKENDS
@given(x=probabilities, num_steps=lengths, jitter=grid(0, 4, 4), seed=words64, stream=words64)
def test_jitter_moves_by_the_uniforms(
    backend: str, x: Reals, num_steps: int, jitter: float, seed: int, stream: int
) -> None:
    shared: dict[str, Any] = {"normalization": "none", "mapping": "linear"}
    spikes, times = encode("ttfs", backend, x, num_steps, jitter=jitter, seed=seed, stream=stream, **shared)
    uniform = call("philox_uniform", backend=backend, seed=seed, stream=stream, n=x.size)["u"]
    number = x.dtype.type
    shift = number(jitter) * (2 * uniform.astype(np.float64) - 1).reshape(x.shape).astype(x.dtype)
    t = (1 - x) * number(num_steps - 1) + shift
    assert np.array_equal(times, np.rint(np.clip(t, 0, num_steps - 1)))
    assert np.array_equal(spikes, trains_of(times, num_steps))
    part = encode("ttfs", backend, x[:1], num_steps, jitter=jitter, seed=seed, stream=stream, **shared)
    assert np.array_equal(part[1], times[:1])  # the first samples need no other


@BACKENDS
@pytest.mark.parametrize("mode", ["bernoulli", "deterministic"])
@given(x=probabilities, num_steps=lengths, size=st.integers(1, 5), seed=words64)
def test_population_is_tuning_curves_then_a_rate_code(
    backend: str, mode: str, x: Reals, num_steps: int, size: int, seed: int
) -> None:
    shared: dict[str, Any] = {"normalization": "none", "seed": seed, "mode": mode, "population_size": size}
    spikes, curves = encode("population", backend, x, num_steps, sigma=0.25, **shared)
    flat = x.reshape(len(x), int(np.prod(x.shape[1:])))
    assert spikes.shape == (len(x), num_steps, flat.shape[1] * size)
    assert curves.shape == (len(x), flat.shape[1] * size)
    assert curves.dtype == x.dtype
    assert (curves >= 0).all()
    assert (curves <= 1).all()
    centers = np.linspace(0, 1, size, dtype=x.dtype).astype(np.float64)
    want = np.exp(-(((flat.astype(np.float64)[:, :, None] - centers) / 0.25) ** 2) / 2)
    assert np.allclose(curves, want.reshape(curves.shape), rtol=0, atol=32 * np.finfo(x.dtype).eps)
    rate: dict[str, Any] = {"normalization": "none"} | ({"seed": seed} if mode == "bernoulli" else {})
    again, _ = encode(f"rate_{mode}", backend, curves, num_steps, **rate)
    assert np.array_equal(again, spikes)


@BACKENDS
@given(batch=st.integers(0, 3), centers=st.lists(grid(0, 1, 8), min_size=1, max_size=5, unique=True), dtype=dtypes)
def test_a_prototype_drives_its_neuron_at_every_step(
    backend: str, batch: int, centers: list[float], dtype: str
) -> None:
    size = len(centers)
    x = np.tile(np.array(centers, dtype), (batch, 1))
    spikes, curves = encode(
        "population",
        backend,
        x,
        6,
        normalization="none",
        mode="deterministic",
        population_size=size,
        centers=np.array(centers, dtype),
        sigma=0.05,
    )
    own = np.eye(size, dtype=bool).reshape(-1)
    assert (curves[:, own] == 1).all()
    assert spikes[:, :, own].all()
    assert not spikes[:, :, ~own].any()
    square = curves.reshape(batch, size, size)
    assert np.array_equal(square, square.swapaxes(1, 2))  # curves are symmetric about their centers


@BACKENDS
@given(x=probabilities, size=st.integers(2, 5))
def test_wider_curves_are_higher(backend: str, x: Reals, size: int) -> None:
    curves = [
        encode("population", backend, x, 1, normalization="none", population_size=size, sigma=sigma)[1]
        for sigma in (1e-30, 0.1, 0.2, 1e30)
    ]
    for narrow, wide in pairwise(curves):
        assert (narrow <= wide).all()
    assert np.isin(curves[0], (0, 1)).all()
    assert (curves[-1] == 1).all()


@st.composite
def walks(draw: st.DrawFn) -> tuple[Reals, Reals, float]:
    """Signals (B, T, N) that rise or fall by one size of step, or stay; the value before; the step."""
    batch, steps, n = (draw(st.integers(0, most)) for most in (3, 8, 3))
    dtype = draw(dtypes)
    step = draw(st.sampled_from([0.125, 0.5, 3.0]))
    moves = draw(hnp.arrays(np.int8, (batch, steps, n), elements=st.integers(-1, 1)))
    previous = draw(hnp.arrays(dtype, (batch, n), elements=grid(-2, 2, 8)))
    return (previous[:, None] + step * moves.cumsum(axis=1)).astype(dtype), previous, step


def delta(backend: str, x: Reals, previous: Reals, **thetas: Any) -> tuple[Reals, Reals, Reals]:
    """ON spikes, OFF spikes and the last value."""
    out = call("encode_delta", backend=backend, x=x, previous=previous, **thetas)
    spikes, n = out["spikes"], x.shape[2]
    assert spikes.dtype == np.uint8
    assert spikes.shape == (*x.shape[:2], 2 * n)
    return spikes[:, :, :n], spikes[:, :, n:], out["previous"]


@BACKENDS
@given(walk=walks(), share=st.sampled_from([0.0, 0.5, 0.99]))
def test_delta_reconstructs_the_signal(backend: str, walk: tuple[Reals, Reals, float], share: float) -> None:
    x, previous, step = walk
    on, off, last = delta(backend, x, previous, theta_on=share * step)
    again = previous[:, None] + step * np.cumsum(on.astype(np.int64) - off, axis=1)
    assert np.array_equal(again.astype(x.dtype), x)
    assert last.tobytes() == (x[:, -1] if x.shape[1] else previous).tobytes()
    assert not (on & off).any()


@BACKENDS
@given(walk=walks())
def test_delta_is_strict(backend: str, walk: tuple[Reals, Reals, float]) -> None:
    x, previous, step = walk
    on, off, _ = delta(backend, x, previous, theta_on=step)
    assert not on.any()
    assert not off.any()
    on, off, _ = delta(backend, x, previous, theta_on=step, theta_off=step / 2)
    assert not on.any()
    assert np.array_equal(off, delta(backend, x, previous, theta_on=step / 2)[1])


@BACKENDS
@given(walk=walks(), data=st.data(), theta=grid(0, 1, 16))
def test_delta_can_be_cut_anywhere_and_turned_round(
    backend: str, walk: tuple[Reals, Reals, float], data: st.DataObject, theta: float
) -> None:
    x, previous, _ = walk
    cut = data.draw(st.integers(0, x.shape[1]))
    whole = delta(backend, x, previous, theta_on=theta)
    first = delta(backend, x[:, :cut], previous, theta_on=theta)
    second = delta(backend, x[:, cut:], first[2], theta_on=theta)
    for place in (0, 1):
        assert np.array_equal(np.concatenate([first[place], second[place]], axis=1), whole[place])
    assert second[2].tobytes() == whole[2].tobytes()
    on, off, _ = delta(backend, -x, -previous, theta_on=theta)
    assert np.array_equal(on, whole[1])
    assert np.array_equal(off, whole[0])
