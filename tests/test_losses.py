"""Loss terms and their sum: values of the kernels, gradients by differences, and what a report tells."""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spikemirror import Rejection, call, mirrors
from spikemirror.catalogue.kernel import Array
from spikemirror.losses import (
    ISILoss,
    MembraneLoss,
    ProbSpikesLoss,
    RateLoss,
    SNNLossComposer,
    TemporalLoss,
)

BACKENDS = pytest.mark.parametrize("backend", [name for name in mirrors.NAMES if mirrors.probe(name).found])
RANDOM = np.random.default_rng(11)
SPIKES = RANDOM.random((3, 8, 4))
TARGETS = np.array([0, 3, 1], np.int32)
MEMBRANE = RANDOM.normal(size=(3, 8, 4)) * 2

TERMS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (ProbSpikesLoss(temperature=0.7), (SPIKES, TARGETS), {"temperature": 0.7}),
    (
        ProbSpikesLoss(mode="normalize", eps=0.1, normalize_by_time=True),
        (SPIKES, TARGETS),
        {"mode": "normalize", "eps": 0.1, "normalize_by_time": True},
    ),
    (RateLoss(), (SPIKES,), {}),
    (
        RateLoss(target_rate=(0.1, 0.2, 0.3, 0.4), rate_min=0.45, rate_max=0.5),
        (SPIKES,),
        {"target_rate": [0.1, 0.2, 0.3, 0.4], "rate_min": 0.45, "rate_max": 0.5},
    ),
    (TemporalLoss(), (SPIKES,), {}),
    (TemporalLoss(penalty="variance", window=3), (SPIKES,), {"penalty": "variance", "window": 3}),
    (ISILoss(window=2, tau=1.5), (SPIKES,), {"window": 2, "tau": 1.5}),
    (MembraneLoss(max_membrane=1.0), (MEMBRANE,), {"max_membrane": 1.0}),
]
EVERY_TERM = pytest.mark.parametrize(("term", "given", "parameters"), TERMS, ids=lambda v: getattr(v, "name", ""))

BAD: list[tuple[type[Any], dict[str, Any], str, str]] = [
    (ProbSpikesLoss, {"temperature": 0.0}, "bad_parameter", "temperature"),
    (ProbSpikesLoss, {"mode": "hinge"}, "bad_choice", "mode"),
    (ProbSpikesLoss, {"eps": 0.0}, "bad_parameter", "eps"),
    (RateLoss, {"rate_min": 0.4}, "bad_parameter", "rate_max"),
    (RateLoss, {"target_rate": math.nan}, "non_finite", "target_rate"),
    (RateLoss, {"target_rate": "0.1"}, "non_finite", "target_rate"),
    (TemporalLoss, {"penalty": "l3"}, "bad_choice", "penalty"),
    (TemporalLoss, {"window": 0}, "bad_parameter", "window"),
    (ISILoss, {"tau": -1.0}, "bad_parameter", "tau"),
    (MembraneLoss, {"max_membrane": -1.0}, "bad_parameter", "max_membrane"),
    (SNNLossComposer, {"rate_weight": -1.0}, "bad_parameter", "rate_weight"),
    (SNNLossComposer, {"isi_weight": math.inf}, "bad_parameter", "isi_weight"),
    (SNNLossComposer, {"isi_weight": "1"}, "bad_parameter", "isi_weight"),
]


def differences(loss: Callable[[Array], float], x: Array, h: float = 1e-6) -> Array:
    """Central differences."""
    grad = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        grad[index] = (loss(up) - loss(down)) / (2 * h)
    return grad


@pytest.mark.parametrize(("made", "fields", "code", "argument"), BAD)
def test_wrong_fields_are_refused(made: type[Any], fields: dict[str, Any], code: str, argument: str) -> None:
    with pytest.raises(Rejection, match=argument) as caught:
        made(**fields)
    assert (caught.value.code, caught.value.argument) == (code, argument)


@pytest.mark.parametrize("made", [ProbSpikesLoss, RateLoss, TemporalLoss, ISILoss, MembraneLoss, SNNLossComposer])
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
@EVERY_TERM
def test_terms_are_the_kernels(backend: str, term: Any, given: tuple[Any, ...], parameters: dict[str, Any]) -> None:
    own = dataclasses.replace(term, backend=backend)
    arguments = dict(zip(term.inputs, given, strict=True)) | parameters
    want = call(term.kernel, **arguments)
    loss, diagnostics = own.compute(*given)
    assert isinstance(loss, float)
    assert math.isclose(loss, float(want.pop("loss")), rel_tol=1e-12)
    assert diagnostics == pytest.approx({name: float(value) for name, value in want.items()})
    grad = own.gradient(*given)
    assert np.allclose(grad, call(f"{term.kernel}_grad", **arguments)["grad"], rtol=1e-12, atol=1e-15)


@EVERY_TERM
def test_gradients_are_those_of_the_loss(term: Any, given: tuple[Any, ...], parameters: dict[str, Any]) -> None:
    slope = differences(lambda x: float(term.compute(x, *given[1:])[0]), given[0])
    assert np.allclose(term.gradient(*given), slope, atol=1e-8)


@EVERY_TERM
def test_shape_and_dtype_of_the_input_are_kept(term: Any, given: tuple[Any, ...], parameters: dict[str, Any]) -> None:
    folded = given[0].reshape(3, 8, 2, 2).astype(np.float32)
    assert math.isclose(term.compute(folded, *given[1:])[0], term.compute(*given)[0], rel_tol=1e-5)
    grad = term.gradient(folded, *given[1:])
    assert (grad.shape, grad.dtype) == (folded.shape, np.float32)


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.int64])
def test_spikes_of_other_dtypes(dtype: Any) -> None:
    spikes = (SPIKES < 0.5).astype(dtype)
    for term in (RateLoss(), TemporalLoss(), ISILoss()):
        assert term.compute(spikes) == term.compute(spikes.astype(np.float64))
        assert term.gradient(spikes).dtype == np.float64
    assert ProbSpikesLoss().compute(spikes, [0, 1, 2]) == ProbSpikesLoss().compute(spikes.astype(float), [0, 1, 2])


def test_what_kernels_refuse() -> None:
    with pytest.raises(Rejection, match="bad_target"):
        ProbSpikesLoss().compute(SPIKES, [0, 1, 4])
    with pytest.raises(Rejection, match="bad_rank"):
        RateLoss().compute(SPIKES[0])
    with pytest.raises(Rejection, match="bad_shape"):
        RateLoss(target_rate=(0.1, 0.2)).compute(SPIKES)


@BACKENDS
def test_composer(backend: str) -> None:
    composer = SNNLossComposer(backend=backend, isi_weight=0.0, rate=RateLoss(rate_max=0.4))
    total, report = composer.compute(SPIKES, TARGETS, MEMBRANE)
    names = ["probspikes", "rate", "temporal", "membrane"]
    assert list(report["components"]) == list(report["diagnostics"]) == list(report["weights"]) == names
    assert report["weights"] == {"probspikes": 1.0, "rate": 0.1, "temporal": 0.01, "membrane": 0.001}
    assert total == report["total"] == pytest.approx(sum(report["weights"][n] * report["components"][n] for n in names))
    assert report["components"]["rate"] == pytest.approx(RateLoss(rate_max=0.4).compute(SPIKES)[0])
    assert set(report["diagnostics"]["rate"]) == {"dead_fraction", "saturated_fraction"}
    grad = composer.gradient(SPIKES, TARGETS, MEMBRANE)
    reference = dataclasses.replace(composer, backend="python")
    by_spikes = differences(lambda s: reference.compute(s, TARGETS, MEMBRANE)[0], SPIKES)
    assert grad.spikes is not None
    assert grad.membrane is not None
    assert np.allclose(grad.spikes, by_spikes, atol=1e-7)
    assert np.allclose(grad.membrane, 0.001 * MembraneLoss().gradient(MEMBRANE), rtol=1e-12)


def test_composer_asks_for_what_it_needs() -> None:
    with pytest.raises(ValueError, match="the term probspikes needs targets: give it, or probspikes_weight = 0"):
        SNNLossComposer().compute(SPIKES, membrane=MEMBRANE)
    with pytest.raises(ValueError, match="the term membrane needs membrane"):
        SNNLossComposer().gradient(SPIKES, TARGETS)
    alone = SNNLossComposer(probspikes_weight=0.0, membrane_weight=0.0)
    total, report = alone.compute(SPIKES)
    assert list(report["components"]) == ["rate", "temporal", "isi"]
    assert total > 0
    grad = alone.gradient(SPIKES, membrane=MEMBRANE.astype(np.float32))
    assert grad.membrane is not None
    assert not grad.membrane.any()
    assert grad.membrane.dtype == np.float32
    nothing = dataclasses.replace(alone, rate_weight=0.0, temporal_weight=0.0, isi_weight=0.0)
    assert nothing.compute()[0] == 0
    assert nothing.gradient() == (None, None)
