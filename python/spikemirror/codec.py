"""From values to spikes and back, batch first and time second: trains are (B, T, ...).

Encoders have `.encode(x, training=False)` and give a SpikeBatch; decoders have `.decode(batch, mask=None)` and give a
DecoderOutput. All are frozen and validated when made, and compute on the backend that they are given; what they refuse
is a Rejection. Formulas are in docs/kernels.md under the kernels that each object names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spikemirror.arguments import bind, validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.check import SUM_TOLERANCE, check, sums_to_one, total
from spikemirror.catalogue.kernel import Array
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.reference import encoders as reference
from spikemirror.reference.namespace import NumPy

BATCH_DIM, TIME_DIM = 0, 1


@dataclass(frozen=True)
class SpikeBatch:
    """Trains (B, T, ...), which steps count (`mask` (B, T), None for all), and what a decoder may need (`aux`)."""

    spikes: Array
    mask: Array | None = None
    aux: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.spikes.ndim < 2:
            raise ValueError(f"spikes have shape {self.spikes.shape}; they must be (batch, time, ...)")
        if self.mask is not None and self.mask.shape != self.spikes.shape[:2]:
            raise ValueError(f"mask has shape {self.mask.shape}; it must be {self.spikes.shape[:2]}")

    @classmethod
    def from_dense(cls, spikes: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> SpikeBatch:
        """Trains from anything that NumPy makes an array of."""
        return cls(np.asarray(spikes), None if mask is None else np.asarray(mask))

    @property
    def batch_size(self) -> int:
        """B."""
        return int(self.spikes.shape[BATCH_DIM])

    @property
    def time_steps(self) -> int:
        """T."""
        return int(self.spikes.shape[TIME_DIM])

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The axes after batch and time."""
        return self.spikes.shape[2:]

    def is_binary(self) -> bool:
        """Whether every element is 0 or 1."""
        return bool(np.isin(self.spikes, (0, 1)).all())


@dataclass(frozen=True)
class DecoderOutput:
    """`logits_proxy` (B, C), `prediction` (B) int32, `confidence` (B), and what else a decoder found (`aux`)."""

    logits_proxy: Array
    prediction: Array
    confidence: Array
    aux: Mapping[str, Any] = field(default_factory=dict)


class Encoder(Protocol):
    """What makes trains of values."""

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values to trains (B, T, ...)."""


class Decoder(Protocol):
    """What reads trains."""

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """Trains (B, T, ...) to a prediction for each sample; a given `mask` goes before that of the batch."""


def time_to_batch_first(x: npt.ArrayLike) -> Array:
    """A view (B, T, ...) of (T, B, ...); a ValueError for fewer than two axes."""
    return _swapped(x, "(time, batch, ...)")


def batch_to_time_first(x: npt.ArrayLike) -> Array:
    """A view (T, B, ...) of (B, T, ...); a ValueError for fewer than two axes."""
    return _swapped(x, "(batch, time, ...)")


def _swapped(x: npt.ArrayLike, axes: str) -> Array:
    array = np.asarray(x)
    if array.ndim < 2:
        raise ValueError(f"x has shape {array.shape}; it must be {axes}")
    return np.swapaxes(array, BATCH_DIM, TIME_DIM)


@dataclass(frozen=True, kw_only=True)
class _ProbabilityEncoder:
    """What encoders share that start from p = clip(gain normalized(x) + bias, 0, 1)."""

    num_steps: int = 25
    normalization: str = "minmax"
    gain: float = 1.0
    bias: float = 0.0
    backend: str | None = None

    def _shared(self) -> dict[str, Any]:
        return {
            "num_steps": self.num_steps,
            "normalization": self.normalization,
            "gain": self.gain,
            "bias": self.bias,
        }


RATE_METHODS = ("bernoulli", "poisson", "deterministic")


@dataclass(frozen=True, kw_only=True)
class RateEncoder(_ProbabilityEncoder):
    """Rate coding with p = clip(gain normalized(x) + bias, 0, 1); kernels encode_rate_*.

    `method` bernoulli draws independent spikes, from `seed` and `stream` alone: the same call gives the same train.
    poisson does so with clip(p rate_dt, 0, 1), of which bernoulli and deterministic know nothing.
    With `deterministic_eval` both emit the evenly spaced train of the same probabilities outside training.
    """

    method: str = "bernoulli"
    rate_dt: float = 1.0
    seed: int = 0
    stream: int = 0
    deterministic_eval: bool = True

    def __post_init__(self) -> None:
        if self.method not in RATE_METHODS:
            raise ValueError(f"method = {self.method!r} must be one of {', '.join(RATE_METHODS)}")
        _check_flag("deterministic_eval", self.deterministic_eval)
        validate_parameters(
            CATALOGUE["encode_rate_poisson"], self._shared() | self._random() | {"rate_dt": self.rate_dt}
        )

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values (B, ...) to trains (B, T, ...)."""
        arguments = {"x": x, **self._shared()}
        random = self.method != "deterministic" and (training or not self.deterministic_eval)
        if random and self.method == "poisson":
            outputs = call(
                "encode_rate_poisson", backend=self.backend, rate_dt=self.rate_dt, **arguments, **self._random()
            )
        elif random:
            outputs = call("encode_rate_bernoulli", backend=self.backend, **arguments, **self._random())
        else:
            if self.method == "poisson" and self.rate_dt != 1:
                arguments |= {"x": self._probability(x), "normalization": "none", "gain": self.rate_dt, "bias": 0.0}
            outputs = call("encode_rate_deterministic", backend=self.backend, **arguments)
        return SpikeBatch(outputs["spikes"])

    def _random(self) -> dict[str, Any]:
        return {"seed": self.seed, "stream": self.stream}

    def _probability(self, x: npt.ArrayLike) -> Array:
        """p before rate_dt: as it is clipped there, gain and bias times rate_dt would not do."""
        kernel = CATALOGUE["encode_rate_deterministic"]
        _, (array,), parameters = bind(kernel, {"x": x, **self._shared()})
        check(kernel, [array], parameters)
        xp = NumPy(array.dtype)
        with np.errstate(all="ignore"):
            p = reference.probability(
                xp, _flat(array, 1), self.normalization, xp.scalar(float(self.gain)), xp.scalar(float(self.bias))
            )
        return np.asarray(p).reshape(array.shape)


@dataclass(frozen=True, kw_only=True)
class _TimeEncoder(_ProbabilityEncoder):
    """What encoders share that turn p into the time of a spike."""

    mapping: str = "exponential"
    tau: float | None = None
    t_min: float = 0.0
    t_max: float | None = None

    def _mapping(self) -> dict[str, Any]:
        return {"mapping": self.mapping, "tau": self.tau, "t_min": self.t_min, "t_max": self.t_max}


@dataclass(frozen=True, kw_only=True)
class LatencyEncoder(_TimeEncoder):
    """The greater the value, the earlier the spike, followed by `burst` - 1 more; kernel encode_latency.

    `mapping` is linear, exponential (with `tau` in steps; None: p = 1e-7 falls on the last step) or log; times in
    [`t_min`, `t_max`], None for the last step. aux: spike_times (B, ...) int32.
    """

    burst: int = 1

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["encode_latency"], self._parameters())

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values (B, ...) to trains (B, T, ...), in training and outside alike."""
        outputs = call("encode_latency", backend=self.backend, x=x, **self._parameters())
        return SpikeBatch(outputs["spikes"], aux={"spike_times": outputs["spike_times"]})

    def _parameters(self) -> dict[str, Any]:
        return {**self._shared(), **self._mapping(), "burst": self.burst}


@dataclass(frozen=True, kw_only=True)
class TTFSEncoder(_TimeEncoder):
    """Time to first spike: exactly one spike per value; kernel encode_ttfs.

    With `allow_no_spike`, none where p < `silence_below`. In training, times are shifted by up to `jitter` steps, drawn
    from `seed` and `stream`. aux: spike_times (B, ...) int32, -1 for none.
    """

    seed: int = 0
    stream: int = 0
    allow_no_spike: bool = False
    silence_below: float = 0.01
    jitter: float = 0.0

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["encode_ttfs"], self._parameters(True))

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values (B, ...) to trains (B, T, ...)."""
        outputs = call("encode_ttfs", backend=self.backend, x=x, **self._parameters(training))
        return SpikeBatch(outputs["spikes"], aux={"spike_times": outputs["spike_times"]})

    def _parameters(self, training: bool) -> dict[str, Any]:
        return {
            **self._shared(),
            **self._mapping(),
            "seed": self.seed,
            "stream": self.stream,
            "allow_no_spike": self.allow_no_spike,
            "silence_below": self.silence_below,
            "jitter": self.jitter if training else 0.0,
        }


@dataclass(frozen=True, kw_only=True)
class PopulationEncoder(_ProbabilityEncoder):
    """Each value drives `population_size` neurons with Gaussian tuning of width `sigma`; kernel encode_population.

    `centers` None: equally spaced from 0 to 1. `mode` is bernoulli or deterministic; with `deterministic_eval` it is
    deterministic outside training. Neuron j of value i has the flat index i population_size + j.
    aux, which a PopulationDecoder reads by itself: activations (B, N P), group_of (N P) int32 (j of each neuron),
    feature_of (N P) int32 (i of each neuron), centers (P), feature_shape (the axes of a sample).
    """

    population_size: int = 8
    sigma: float = 0.2
    centers: tuple[float, ...] | None = None
    mode: str = "bernoulli"
    seed: int = 0
    stream: int = 0
    deterministic_eval: bool = True

    def __post_init__(self) -> None:
        _check_flag("deterministic_eval", self.deterministic_eval)
        validate_parameters(CATALOGUE["encode_population"], self._parameters(True))
        if self.centers is not None:
            _keep_numbers(self, "centers", self.centers)
            if len(self.centers) != self.population_size:
                raise Rejection(
                    Code.bad_shape,
                    "centers",
                    f"centers has {len(self.centers)} numbers; population_size = {self.population_size} are needed",
                )

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Values (B, ...) to trains (B, T, N P), N the number of values of a sample."""
        centers = None if self.centers is None else list(self.centers)
        outputs = call(
            "encode_population", backend=self.backend, x=x, centers=centers, **self._parameters(training)
        )  # fmt: skip
        activations, size = outputs["activations"], self.population_size
        feature_shape = np.shape(x)[1:]
        values = math.prod(feature_shape)
        aux = {
            "activations": activations,
            "group_of": np.tile(np.arange(size, dtype=np.int32), values),
            "feature_of": np.repeat(np.arange(values, dtype=np.int32), size),
            "centers": (np.linspace(0, 1, size) if centers is None else np.array(centers)).astype(activations.dtype),
            "feature_shape": feature_shape,
        }
        return SpikeBatch(outputs["spikes"], aux=aux)

    def _parameters(self, training: bool) -> dict[str, Any]:
        return {
            **self._shared(),
            "seed": self.seed,
            "stream": self.stream,
            "population_size": self.population_size,
            "sigma": self.sigma,
            "mode": self.mode if training or not self.deterministic_eval else "deterministic",
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class DeltaEncoder:
    """Spikes where a signal rises by more than `theta_on` or falls by more than `theta_off`; kernel encode_delta.

    It keeps the last value of each signal, so that pieces of a signal give the spikes of the whole; `reset` forgets
    them. Before the first piece a signal is 0, or what `reset` was told. Settings are frozen; only the state changes,
    and only when a call succeeds.
    """

    theta_on: float = 0.1
    theta_off: float | None = None
    backend: str | None = None
    _state: list[Array] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["encode_delta"], self._parameters())

    @property
    def previous(self) -> Array | None:
        """The last values (B, N), None after a reset."""
        return self._state[0].copy() if self._state else None

    def reset(self, previous: npt.ArrayLike | None = None) -> None:
        """Forget the last values, or take `previous` (B, N) for them."""
        if previous is None:
            self._state.clear()
            return
        values = _reals(previous)
        half = values.dtype.name in ("float16", "bfloat16")
        self._state[:] = [values.astype(np.float32 if half else values.dtype)]

    def encode(self, x: npt.ArrayLike, training: bool = False) -> SpikeBatch:
        """Signals (B, T, N) to trains (B, T, 2 N): channels ON, then OFF.

        A piece with another B, N or dtype than the piece before is a Rejection (bad_shape, bad_dtype): reset first.
        """
        array = _reals(x)
        previous = self._continued(array) if array.ndim == 3 else np.zeros((0, 0))
        outputs = call("encode_delta", backend=self.backend, x=array, previous=previous, **self._parameters())
        self._state[:] = [outputs["previous"]]
        return SpikeBatch(outputs["spikes"])

    def _continued(self, x: Array) -> Array:
        shape = (x.shape[0], x.shape[2])
        dtype = np.dtype(np.float64 if x.dtype.kind == "f" and x.dtype.itemsize == 8 else np.float32)
        if not self._state:
            return np.zeros(shape, dtype)
        (previous,) = self._state
        if previous.shape != shape:
            raise Rejection(
                Code.bad_shape,
                "x",
                f"x has shape {x.shape}, but the signals so far were {previous.shape} without time;"
                " call reset() before other signals",
            )
        if x.dtype.name in ("float16", "bfloat16", "float32", "float64") and previous.dtype != dtype:
            raise Rejection(
                Code.bad_dtype,
                "x",
                f"x has dtype {x.dtype}, but the signals so far were {previous.dtype};"
                " call reset() before signals of another dtype",
            )
        return previous

    def _parameters(self) -> dict[str, Any]:
        return {"theta_on": self.theta_on, "theta_off": self.theta_off}


@dataclass(frozen=True, kw_only=True)
class RateDecoder:
    """The class that spikes most; kernel decode_rate.

    logits_proxy = n / temperature, or rates / temperature with `normalize_by_time`; confidence is the lead of the
    softmax. Real outputs are `dtype`. aux: counts (B, N) int32, rates (B, N).
    """

    temperature: float = 1.0
    normalize_by_time: bool = False
    dtype: str = "float64"
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["decode_rate"], self._parameters())

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """Trains (B, T, ...), axes after time taken as one, to a class for each sample."""
        spikes, mask, _ = _parts(batch, mask)
        return _output(call("decode_rate", backend=self.backend, spikes=spikes, mask=mask, **self._parameters()))

    def _parameters(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "normalize_by_time": self.normalize_by_time, "dtype": self.dtype}


@dataclass(frozen=True, kw_only=True)
class FirstSpikeDecoder:
    """The class that spikes first; kernel decode_first_spike.

    logits_proxy = -(t / T) / temperature; confidence is the lead of the earliest over the second, as a share of T.
    Real outputs are `dtype`. aux: first_spike_times (B, N) int32, -1 for silence.
    """

    temperature: float = 1.0
    dtype: str = "float64"
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["decode_first_spike"], self._parameters())

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """Trains (B, T, ...), axes after time taken as one, to a class for each sample."""
        spikes, mask, _ = _parts(batch, mask)
        return _output(call("decode_first_spike", backend=self.backend, spikes=spikes, mask=mask, **self._parameters()))

    def _parameters(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "dtype": self.dtype}


@dataclass(frozen=True, kw_only=True)
class PopulationDecoder:
    """Groups of neurons vote for classes, or (`mode` regression) code a value by centers; kernel decode_population.

    The groups, in this order: `group_of` (one index per neuron; `n_groups` None is the greatest plus 1); else
    `n_groups` blocks of neighbouring neurons, alike in size as far as possible; else the map in the batch's aux, as a
    PopulationEncoder leaves it: then every value is read from its own neurons, and logits_proxy is (B, ..., P),
    prediction (the index of a center), confidence and value (B, ...), with the axes that the encoder was given.
    aux: value (B) or (B, ...), the mean of the centers weighted by rate; `centers` None: those of the map, else equally
    spaced from 0 to 1.
    """

    group_of: tuple[int, ...] | None = None
    n_groups: int | None = None
    centers: tuple[float, ...] | None = None
    mode: str = "classification"
    temperature: float = 1.0
    backend: str | None = None

    def __post_init__(self) -> None:
        kernel = CATALOGUE["decode_population"]
        validate_parameters(kernel, self._parameters())
        if self.n_groups is not None:
            validate_parameters(kernel, {"n_groups": self.n_groups})
        if self.group_of is not None:
            groups = np.asarray(self.group_of)
            if groups.ndim != 1 or not groups.size or groups.dtype.kind not in "iu" or groups.min() < 0:
                raise Rejection(
                    Code.bad_target, "group_of", "group_of must be a sequence of one index >= 0 per neuron, not empty"
                )
            object.__setattr__(self, "group_of", tuple(groups.tolist()))
        if self.centers is not None:
            _keep_numbers(self, "centers", self.centers)

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """Trains (B, T, ...), axes after time taken as one; a ValueError if nothing tells the groups."""
        spikes, mask, aux = _parts(batch, mask)
        neurons = spikes.shape[2] if spikes.ndim == 3 else 0
        centers: Any = None if self.centers is None else list(self.centers)
        if self.group_of is not None:
            n_groups = max(self.group_of) + 1 if self.n_groups is None else self.n_groups
            return self._decode(spikes, mask, list(self.group_of), n_groups, centers)
        if self.n_groups is not None:
            blocks = np.arange(neurons) * self.n_groups // max(neurons, 1)
            return self._decode(spikes, mask, blocks, self.n_groups, centers)
        if "group_of" not in aux:
            raise ValueError("no groups: give group_of or n_groups, or a batch with group_of in its aux")
        centers = aux.get("centers") if centers is None else centers
        groups = np.asarray(aux["group_of"])
        n_groups = len(centers) if centers is not None else int(groups.max(initial=0)) + 1
        if "feature_of" not in aux:
            return self._decode(spikes, mask, groups, n_groups, centers)
        return self._by_value(spikes, mask, aux, n_groups, centers)

    def _by_value(
        self, spikes: Array, mask: npt.ArrayLike | None, aux: Mapping[str, Any], n_groups: int, centers: Any
    ) -> DecoderOutput:
        """One readout per value: its neurons are a sample of their own."""
        feature_shape = tuple(aux["feature_shape"])
        values, size = math.prod(feature_shape), len(aux["centers"])
        if spikes.ndim != 3 or spikes.shape[2] != values * size:
            raise Rejection(
                Code.bad_shape,
                "spikes",
                f"spikes have shape {spikes.shape}; the map in aux is of {values} values with {size} neurons each",
            )
        batch, steps = spikes.shape[:2]
        rows = spikes.reshape(batch, steps, values, size).swapaxes(1, 2).reshape(batch * values, steps, size)
        repeated = None if mask is None else np.repeat(np.asarray(mask), values, axis=0)
        out = self._decode(rows, repeated, np.arange(size), n_groups, centers)
        shape = (batch, *feature_shape)
        return DecoderOutput(
            out.logits_proxy.reshape(*shape, n_groups),
            out.prediction.reshape(shape),
            out.confidence.reshape(shape),
            {"value": out.aux["value"].reshape(shape)},
        )

    def _decode(
        self, spikes: Array, mask: npt.ArrayLike | None, group_of: npt.ArrayLike, n_groups: int, centers: Any
    ) -> DecoderOutput:
        return _output(
            call(
                "decode_population", backend=self.backend, spikes=spikes, mask=mask, group_of=group_of,
                centers=centers, n_groups=n_groups, **self._parameters(),
            )
        )  # fmt: skip

    def _parameters(self) -> dict[str, Any]:
        return {"mode": self.mode, "temperature": self.temperature}


@dataclass(frozen=True, kw_only=True)
class MembraneDecoder:
    """The class of the greatest membrane potential; kernel decode_membrane.

    `mode` final takes the potential of the last step that counts, max the greatest one; logits_proxy = v / temperature.
    """

    mode: str = "final"
    temperature: float = 1.0
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["decode_membrane"], self._parameters())

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """Membrane potentials (B, T, ...), axes after time taken as one, to a class for each sample."""
        membrane, mask, _ = _parts(batch, mask, real=True)
        return _output(
            call("decode_membrane", backend=self.backend, membrane=membrane, mask=mask, **self._parameters())
        )

    def _parameters(self) -> dict[str, Any]:
        return {"mode": self.mode, "temperature": self.temperature}


@dataclass(frozen=True, kw_only=True)
class EnsembleDecoder:
    """The weighted mean of several decoders' logits; kernel decode_ensemble.

    `weights` sum to 1 within 1e-4; None weighs all alike. `decode` lets every one of `decoders` read the same batch;
    `combine` takes logits from anywhere. aux of `decode`: outputs, the members' own.
    """

    decoders: tuple[Decoder, ...] = ()
    weights: tuple[float, ...] | None = None
    backend: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoders", tuple(self.decoders))
        if self.weights is None:
            return
        _keep_numbers(self, "weights", self.weights)
        if not sums_to_one(self.weights):
            raise Rejection(
                Code.bad_parameter,
                "weights",
                f"weights = {self.weights!r} sum to {total(self.weights):.6g};"
                f" they must sum to 1 within {SUM_TOLERANCE:g}",
            )
        if self.decoders and len(self.weights) != len(self.decoders):
            raise Rejection(Code.bad_shape, "weights", f"{len(self.weights)} weights for {len(self.decoders)} decoders")

    def decode(self, batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None = None) -> DecoderOutput:
        """What the members make of one batch; a ValueError without members, or if their logits differ in shape."""
        if not self.decoders:
            raise ValueError("an ensemble without decoders: give some, or call combine with logits")
        outputs = tuple(decoder.decode(batch, mask) for decoder in self.decoders)
        shapes = [output.logits_proxy.shape for output in outputs]
        if len(set(shapes)) > 1:
            raise ValueError(f"the decoders' logits have shapes {', '.join(map(str, shapes))}; they must be alike")
        combined = self.combine(np.stack([output.logits_proxy for output in outputs]))
        return DecoderOutput(
            combined.logits_proxy, combined.prediction, combined.confidence, {**combined.aux, "outputs": outputs}
        )

    def combine(self, logits: npt.ArrayLike) -> DecoderOutput:
        """Logits (K, B, C) of K decoders to a class for each sample."""
        array = _reals(logits)
        count = array.shape[0] if array.ndim else 0
        weights = [1 / max(count, 1)] * count if self.weights is None else list(self.weights)
        return _output(call("decode_ensemble", backend=self.backend, logits=array, weights=weights))


def _parts(
    batch: SpikeBatch | npt.ArrayLike, mask: npt.ArrayLike | None, *, real: bool = False
) -> tuple[Array, npt.ArrayLike | None, Mapping[str, Any]]:
    """Trains (B, T, N), mask and aux of a batch, or of an array."""
    if isinstance(batch, SpikeBatch):
        array, mask, aux = batch.spikes, batch.mask if mask is None else mask, batch.aux
    else:
        array, aux = _reals(batch) if real else np.asarray(batch), {}
    return _flat(array, 2), mask, aux


def _flat(array: Array, leading: int) -> Array:
    """All axes after the leading ones as one; what has fewer stays, for the kernel to refuse."""
    if array.ndim <= leading + 1:
        return array
    return array.reshape(*array.shape[:leading], math.prod(array.shape[leading:]))


def _output(outputs: dict[str, Array]) -> DecoderOutput:
    return DecoderOutput(outputs.pop("logits"), outputs.pop("prediction"), outputs.pop("confidence"), outputs)


def _reals(x: npt.ArrayLike) -> Array:
    """An array; numbers without a dtype of their own are float64."""
    array = np.asarray(x)
    return array if hasattr(x, "dtype") or array.dtype.kind not in "biu" else array.astype(np.float64)


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise Rejection(Code.bad_parameter, name, f"{name} = {value!r} must be True or False")


def _keep_numbers(instance: object, name: str, values: Iterable[float]) -> None:
    """A frozen field as a tuple of finite numbers."""
    try:
        numbers = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)):
        raise Rejection(Code.non_finite, name, f"{name} = {values!r} must be finite numbers")
    object.__setattr__(instance, name, numbers)
