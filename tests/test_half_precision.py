"""float16 and bfloat16: computed in float32, and nothing is drawn, counted or summed below it."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikemirror import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Choice, Fill, Holds, Input, Integer, Kernel, Real
from spikemirror.mirrors import NAMES

Array = npt.NDArray[Any]
BACKENDS = pytest.mark.parametrize("backend", NAMES)
HALVES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
HALF = pytest.mark.parametrize("half", HALVES)
STRESSED = [name for name, k in CATALOGUE.items() if k.family in ("encoders", "decoders", "losses")]
LENGTHS = {"B": 3, "T": 6, "N": 4, "K": 2, "C": 3, "population_size": 5, "n_groups": 3}
MANY = 4096
GREATEST = {"encoders": 3e38, "decoders": 3e38, "losses": 1e4}
"""Squares and sums of losses must stay in the range of float32; decisions need no more than that of their values."""


def values(kernel: Kernel, declared: Input, half: np.dtype[Any], data: st.DataObject) -> Array:
    """Any finite numbers of the dtype, subnormal and huge ones too."""
    shape = tuple(LENGTHS[symbol] for symbol in declared.symbols)
    words: Array = data.draw(hnp.arrays(np.uint16, shape, elements=st.integers(0, 2**16 - 1)))
    drawn = words.view(half).astype(np.float32)
    drawn = np.where(np.abs(drawn) <= GREATEST[kernel.family], drawn, 1)  # also what is not finite
    if kernel.name.startswith("loss_probspikes"):
        drawn = np.abs(drawn)  # mode normalize takes counts
    if kernel.name == "decode_ensemble":
        drawn = np.clip(drawn, -1e30, 1e30)
    return drawn.astype(half)


def arguments(kernel: Kernel, half: np.dtype[Any], data: st.DataObject) -> dict[str, Any]:
    """Half-precision reals, and modes and switches at random."""
    drawn: dict[str, Any] = {}
    for declared in kernel.inputs:
        shape = tuple(LENGTHS[symbol] for symbol in declared.symbols)
        if declared.holds is Holds.SPIKES:
            drawn[declared.name] = data.draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 1))).astype(half)
        elif declared.holds is Holds.TARGETS:
            below = LENGTHS[declared.below] if isinstance(declared.below, str) else declared.below
            assert below is not None
            drawn[declared.name] = data.draw(hnp.arrays(np.int32, shape, elements=st.integers(0, below - 1)))
        elif declared.sums_to_one:
            drawn[declared.name] = np.array([0.25, 0.75], half)
        elif isinstance(declared.default, Fill) and data.draw(st.booleans()):
            pass  # left out
        else:
            drawn[declared.name] = values(kernel, declared, half, data)
    for parameter in kernel.parameters:
        match parameter:
            case Choice(name="dtype"):
                drawn["dtype"] = "float32"
            case Choice(name=name, options=options):
                drawn[name] = data.draw(st.sampled_from(options))
            case Integer(name=name) if name in LENGTHS:
                drawn[name] = LENGTHS[name]
            case Real(name="temperature" | "jitter" as name):
                drawn[name] = data.draw(st.sampled_from([0.5, 3.0]))
    return drawn


@BACKENDS
@HALF
@pytest.mark.parametrize("name", STRESSED)
@given(data=st.data())
def test_halves_give_what_their_values_give_in_single(backend: str, half: str, name: str, data: st.DataObject) -> None:
    kernel, dtype = CATALOGUE[name], HALVES[half]
    given_ = arguments(kernel, dtype, data)
    single = {k: v.astype(np.float32) if getattr(v, "dtype", None) == dtype else v for k, v in given_.items()}
    out, want = (call(name, backend=backend, **a) for a in (given_, single))
    for declared in kernel.outputs:
        got = out[declared.name]
        assert got.dtype == (declared.dtype.numpy if declared.dtype else np.float32)
        assert np.isfinite(got).all(), declared.name
        assert got.tobytes() == want[declared.name].tobytes(), declared.name


@BACKENDS
@HALF
@pytest.mark.parametrize("normalize_by_time", [False, True])
def test_decoders_count_every_spike(backend: str, half: str, normalize_by_time: bool) -> None:
    spikes = np.ones((1, MANY, 2), HALVES[half])
    spikes[0, -1, 1] = 0
    shared: dict[str, Any] = {"spikes": spikes, "backend": backend}
    rate = call("decode_rate", normalize_by_time=normalize_by_time, dtype="float32", **shared)
    assert rate["counts"].tolist() == [[MANY, MANY - 1]]
    assert rate["rates"].tolist() == [[1, (MANY - 1) / MANY]]
    assert rate["prediction"] == 0
    population = call("decode_population", group_of=[1, 1], n_groups=2, centers=np.zeros(2, HALVES[half]), **shared)
    assert population["logits"].tolist() == [[0, 2 * MANY - 1]]
    late = np.zeros_like(spikes)
    late[0, -1, 0] = 1
    first = call("decode_first_spike", backend=backend, spikes=late)
    assert first["first_spike_times"].tolist() == [[MANY - 1, -1]]


@BACKENDS
@HALF
def test_losses_count_every_spike(backend: str, half: str) -> None:
    spikes = np.ones((1, MANY, 2), HALVES[half])
    shared: dict[str, Any] = {"spikes": spikes, "backend": backend}
    rate = call("loss_rate", target_rate=1.0, rate_max=1.0, **shared)
    assert rate["loss"] == 0  # of a rate that is 1
    assert rate["saturated_fraction"] == 0
    assert not call("loss_rate_grad", target_rate=1.0, rate_max=1.0, **shared)["grad"].any()
    assert call("loss_temporal", penalty="variance", window=MANY // 2, **shared)["loss"] == 0
    one = call("loss_isi", window=1, tau=1.0, **shared)["loss"]
    assert np.isclose(one, np.exp(-1) * (MANY - 1) / MANY, rtol=MANY * 2.0**-23, atol=0)  # a float32 sum in any order
    spikes[0, -1, 1] = 0  # n = 4096 and 4095
    prob = call("loss_probspikes", targets=[1], **shared)
    assert prob["accuracy"] == 0
    assert np.isclose(prob["loss"], np.log1p(np.e), rtol=1e-6, atol=0)
    membrane = call("loss_membrane", backend=backend, membrane=2 * spikes, max_membrane=1.0)
    assert membrane["exceeding_fraction"] == (2 * MANY - 1) / (2 * MANY)


@BACKENDS
@HALF
def test_encoders_have_times_beyond_a_halfs_integers(backend: str, half: str) -> None:
    x = np.array([[0, 1, 0.25]], HALVES[half])
    shared: dict[str, Any] = {"x": x, "num_steps": MANY, "normalization": "none", "backend": backend}
    assert call("encode_rate_deterministic", **shared)["spikes"].sum(axis=1, dtype=np.int64).tolist() == [
        [0, MANY, 1024]
    ]
    for code in ("latency", "ttfs"):
        times = call(f"encode_{code}", mapping="linear", **shared)["spike_times"]
        assert times.tolist() == [[MANY - 1, 0, 3071]]
    spikes = call("encode_rate_bernoulli", **shared)["spikes"].sum(axis=1, dtype=np.int64)
    assert spikes[0, :2].tolist() == [0, MANY]
    assert abs(int(spikes[0, 2]) - 1024) < 150


@BACKENDS
@HALF
@pytest.mark.parametrize("count", [255, 256, 257, 2048, 2049, 4095])
def test_counts_go_on_where_halves_stop(backend: str, half: str, count: int) -> None:
    spikes = (np.arange(MANY) < count).astype(HALVES[half]).reshape(1, MANY, 1)
    assert call("decode_rate", backend=backend, spikes=spikes)["counts"] == count
