"""Settings of a pipeline as data: how to encode, decode and train; validated, and to and from dict, JSON and TOML.

    config = rate_classification_preset()
    encoder, decoder = build_encoder(config.encoding), build_decoder(config.decoding)
    composer = build_composer(config.losses, config.decoding)

A ConfigError lists every problem by table, field, value and domain. Missing keys have their defaults, unknown ones are
errors. TOML has no null: what is None is left out there, and None is the default wherever it is allowed.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from spikemirror.arguments import parameter_value, validate_parameters
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import NON_NEGATIVE, Domain
from spikemirror.catalogue.rejection import Rejection
from spikemirror.codec import (
    Decoder,
    DeltaEncoder,
    Encoder,
    EnsembleDecoder,
    FirstSpikeDecoder,
    LatencyEncoder,
    MembraneDecoder,
    PopulationDecoder,
    PopulationEncoder,
    RateDecoder,
    RateEncoder,
    TTFSEncoder,
)
from spikemirror.losses import ISILoss, MembraneLoss, ProbSpikesLoss, RateLoss, SNNLossComposer, TemporalLoss

T = TypeVar("T")

ENCODERS = ("rate_bernoulli", "rate_poisson", "rate_deterministic", "latency", "ttfs", "population", "delta")
MEMBERS = ("rate", "first_spike", "population", "membrane")
DECODERS = (*MEMBERS, "ensemble")


class ConfigError(ValueError):
    """Settings that are not valid; `problems` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[ConfigError], tuple[list[str]]]:
        return type(self), (list(self.problems),)


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A flat table of settings."""

    table: ClassVar[str]
    parameters: ClassVar[Mapping[str, tuple[str, str]]]
    """For each field that is a parameter of a kernel: kernel and parameter, whose domain it has."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        good: set[str] = set()
        for name, (kernel_name, parameter_name) in self.parameters.items():
            kernel, value = CATALOGUE[kernel_name], getattr(self, name)
            declared = next(p for p in kernel.parameters if p.name == parameter_name)
            # None of an integer such as n_groups: it is found out later.
            if value is None and next(f.default for f in fields(self) if f.name == name) is None:
                continue
            # A bound is looked at with the parameter that it is held against, if that one is good itself.
            other = getattr(declared, "at_least", None)
            beside = next((f for f, own in self.parameters.items() if own == (kernel_name, other) and f in good), None)
            values = {parameter_name: value} | ({other: getattr(self, beside)} if other and beside else {})
            try:
                validate_parameters(kernel, values)
            except Rejection as refused:
                reason = str(refused).partition(" must ")[2].replace(", also rounded to the call's dtype", "")
                if beside:
                    reason = reason.replace(f"{other} =", f"{beside} =")
                problems.append(f"{self.table}.{name} = {value!r} must {reason}")
            else:
                good.add(name)
                object.__setattr__(self, name, parameter_value(kernel, declared, value))
        problems += self._problems()
        if problems:
            raise ConfigError(problems)

    def _problems(self) -> list[str]:
        """What the domains of kernels' parameters do not tell."""
        return []

    def _one_of(self, name: str, options: tuple[str, ...]) -> list[str]:
        value = getattr(self, name)
        return [] if value in options else [f"{self.table}.{name} = {value!r} must be one of {', '.join(options)}"]

    def _number(self, name: str, domain: Domain = NON_NEGATIVE) -> list[str]:
        value: Any = getattr(self, name)
        try:
            number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
        except OverflowError:  # an integer beyond every float
            number = math.inf
        if number not in domain:
            return [f"{self.table}.{name} = {value!r} must be {domain}"]
        object.__setattr__(self, name, number)
        return []

    def _flag(self, name: str) -> list[str]:
        value = getattr(self, name)
        return [] if isinstance(value, bool) else [f"{self.table}.{name} = {value!r} must be True or False"]

    def to_dict(self) -> dict[str, Any]:
        """Every field; tuples as lists."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From some of the fields; a ConfigError for unknown ones."""
        known = [f.name for f in fields(cls)]
        problems = _unknown(cls.table, values, known)
        items = _entries(values).items()
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in items if name in known}
        return _made(cls, given, problems)

    def to_json(self) -> str:
        """A JSON object."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """From a JSON object."""
        return cls.from_dict(_json(text))

    def to_toml(self) -> str:
        """`key = value` lines."""
        return _toml(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """From a TOML document without tables."""
        return cls.from_dict(_toml_document(text))


@dataclass(frozen=True, kw_only=True)
class EncodingConfig(_Table):
    """How values become spikes. Fields that the `type` does not use are validated, and left alone.

    `threshold` and `threshold_off` are theta_on and theta_off of delta.
    """

    table = "encoding"
    parameters = {  # noqa: RUF012  (ClassVar in the base)
        **{
            name: ("encode_ttfs", name)
            for name in (
                "num_steps", "normalization", "gain", "bias", "seed", "stream", "mapping", "tau", "t_min", "t_max",
                "allow_no_spike", "silence_below", "jitter",
            )
        },
        "rate_dt": ("encode_rate_poisson", "rate_dt"),
        "burst": ("encode_latency", "burst"),
        "population_size": ("encode_population", "population_size"),
        "sigma": ("encode_population", "sigma"),
        "population_mode": ("encode_population", "mode"),
        "threshold": ("encode_delta", "theta_on"),
        "threshold_off": ("encode_delta", "theta_off"),
    }  # fmt: skip

    type: str = "rate_bernoulli"
    num_steps: int = 25
    normalization: str = "minmax"
    gain: float = 1.0
    bias: float = 0.0
    seed: int = 0
    stream: int = 0
    deterministic_eval: bool = True
    rate_dt: float = 1.0
    mapping: str = "exponential"
    tau: float | None = None
    t_min: float = 0.0
    t_max: float | None = None
    burst: int = 1
    allow_no_spike: bool = False
    silence_below: float = 0.01
    jitter: float = 0.0
    population_size: int = 8
    sigma: float = 0.2
    population_mode: str = "bernoulli"
    threshold: float = 0.1
    threshold_off: float | None = None

    def _problems(self) -> list[str]:
        return self._one_of("type", ENCODERS) + self._flag("deterministic_eval")


@dataclass(frozen=True, kw_only=True)
class DecodingConfig(_Table):
    """How spikes become predictions. Fields that the `type` does not use are validated, and left alone.

    `mode` and `n_groups` belong to population (None: the groups are in the batch's aux), `membrane_mode` to membrane,
    `members` and `weights` (None: all alike) to ensemble. `eps` and `normalize_by_time` are also how the loss
    probspikes reads probabilities from counts, see build_composer.
    """

    table = "decoding"
    parameters = {  # noqa: RUF012  (ClassVar in the base)
        "temperature": ("decode_rate", "temperature"),
        "eps": ("loss_probspikes", "eps"),
        "normalize_by_time": ("decode_rate", "normalize_by_time"),
        "mode": ("decode_population", "mode"),
        "n_groups": ("decode_population", "n_groups"),
        "membrane_mode": ("decode_membrane", "mode"),
    }

    type: str = "rate"
    temperature: float = 1.0
    eps: float = 1e-7
    normalize_by_time: bool = False
    mode: str = "classification"
    n_groups: int | None = None
    membrane_mode: str = "final"
    members: tuple[str, ...] = ("rate", "first_spike")
    weights: tuple[float, ...] | None = None

    def _problems(self) -> list[str]:
        problems = self._one_of("type", DECODERS)
        members: Any = self.members
        if not isinstance(members, tuple | list) or not members or not all(member in MEMBERS for member in members):
            problems.append(f"decoding.members = {self.members!r} must be some of {', '.join(MEMBERS)}, at least one")
            return problems
        object.__setattr__(self, "members", tuple(members))
        if self.weights is not None:
            try:
                made = EnsembleDecoder(decoders=tuple(RateDecoder() for _ in members), weights=self.weights)
                object.__setattr__(self, "weights", made.weights)
            except Rejection:
                problems.append(
                    f"decoding.weights = {self.weights!r} must be {len(members)} finite numbers, one per member,"
                    " that sum to 1 within 0.0001"
                )
        return problems


WEIGHTS = ("probspikes_weight", "rate_weight", "temporal_weight", "isi_weight", "membrane_weight")


@dataclass(frozen=True, kw_only=True)
class LossConfig(_Table):
    """Weights of the terms, and their parameters; a term of weight 0 is left out."""

    table = "losses"
    parameters = {  # noqa: RUF012  (ClassVar in the base)
        "temperature": ("loss_probspikes", "temperature"),
        "probspikes_mode": ("loss_probspikes", "mode"),
        "rate_min": ("loss_rate", "rate_min"),
        "rate_max": ("loss_rate", "rate_max"),
        "temporal_penalty": ("loss_temporal", "penalty"),
        "temporal_window": ("loss_temporal", "window"),
        "isi_window": ("loss_isi", "window"),
        "isi_tau": ("loss_isi", "tau"),
        "max_membrane": ("loss_membrane", "max_membrane"),
    }

    probspikes_weight: float = 1.0
    rate_weight: float = 0.1
    temporal_weight: float = 0.01
    isi_weight: float = 0.01
    membrane_weight: float = 0.001
    temperature: float = 1.0
    probspikes_mode: str = "softmax"
    target_rate: float = 0.1
    rate_min: float = 0.01
    rate_max: float = 0.3
    temporal_penalty: str = "l1"
    temporal_window: int = 5
    isi_window: int = 3
    isi_tau: float | None = None
    max_membrane: float = 1.5

    def _problems(self) -> list[str]:
        return [problem for name in (*WEIGHTS, "target_rate") for problem in self._number(name)]


@dataclass(frozen=True, kw_only=True)
class Config:
    """The three tables of a pipeline."""

    encoding: EncodingConfig = field(default_factory=EncodingConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    losses: LossConfig = field(default_factory=LossConfig)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Every field of every table."""
        return {name: getattr(self, name).to_dict() for name in TABLES}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """From some of the tables; all problems are told at once."""
        problems = _unknown("config", values, list(TABLES))
        given = _entries(values)
        made: dict[str, Any] = {}
        for name, table in TABLES.items():
            if name in given:
                try:
                    made[name] = table.from_dict(given[name])
                except ConfigError as error:
                    problems += error.problems
        return _made(cls, made, problems)

    def to_json(self) -> str:
        """A JSON object with an object for each table."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Config:
        """From a JSON object."""
        return cls.from_dict(_json(text))

    def to_toml(self) -> str:
        """A TOML document."""
        return "\n".join(f"[{name}]\n{_toml(table)}" for name, table in self.to_dict().items())

    @classmethod
    def from_toml(cls, text: str) -> Config:
        """From a TOML document."""
        return cls.from_dict(_toml_document(text))

    @classmethod
    def read(cls, path: Path) -> Config:
        """From a file, JSON if its name ends so and else TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError([f"not UTF-8: {error}"]) from None
        return cls.from_json(text) if path.suffix.lower() == ".json" else cls.from_toml(text)


TABLES: dict[str, type[_Table]] = {"encoding": EncodingConfig, "decoding": DecodingConfig, "losses": LossConfig}


def rate_classification_preset() -> Config:
    """Rate code in, the class that spikes most out: the defaults."""
    return Config()


def ttfs_classification_preset() -> Config:
    """One spike per value in, the class that spikes first out; about one spike per neuron is asked for."""
    return Config(
        encoding=EncodingConfig(type="ttfs"),
        decoding=DecodingConfig(type="first_spike"),
        losses=LossConfig(target_rate=0.04, rate_max=0.12, temporal_weight=0.0),
    )


def population_classification_preset(n_groups: int | None = None) -> Config:
    """Population code in, groups of output neurons vote for `n_groups` classes."""
    return Config(
        encoding=EncodingConfig(type="population"),
        decoding=DecodingConfig(type="population", n_groups=n_groups),
    )


def regression_preset() -> Config:
    """Population code in, a value read from a population out; no class, so no cross-entropy."""
    return Config(
        encoding=EncodingConfig(type="population"),
        decoding=DecodingConfig(type="population", mode="regression"),
        losses=LossConfig(probspikes_weight=0.0),
    )


def sparse_efficient_preset() -> Config:
    """Few steps and few spikes: small values stay silent, and rates are held low by a greater weight."""
    return Config(
        encoding=EncodingConfig(type="ttfs", num_steps=10, allow_no_spike=True),
        decoding=DecodingConfig(type="first_spike"),
        losses=LossConfig(rate_weight=1.0, target_rate=0.02, rate_min=0.0, rate_max=0.1, isi_weight=0.1),
    )


PRESETS: dict[str, Callable[[], Config]] = {
    "rate_classification": rate_classification_preset,
    "ttfs_classification": ttfs_classification_preset,
    "population_classification": population_classification_preset,
    "regression": regression_preset,
    "sparse_efficient": sparse_efficient_preset,
}


def build_encoder(config: EncodingConfig, *, backend: str | None = None) -> Encoder:
    """The encoder that a config describes."""
    c = config
    shared: dict[str, Any] = {
        "num_steps": c.num_steps,
        "normalization": c.normalization,
        "gain": c.gain,
        "bias": c.bias,
        "backend": backend,
    }
    random: dict[str, Any] = {"seed": c.seed, "stream": c.stream}
    timed: dict[str, Any] = {"mapping": c.mapping, "tau": c.tau, "t_min": c.t_min, "t_max": c.t_max}
    match c.type:
        case "latency":
            return LatencyEncoder(**shared, **timed, burst=c.burst)
        case "ttfs":
            return TTFSEncoder(
                **shared, **timed, **random, allow_no_spike=c.allow_no_spike, silence_below=c.silence_below,
                jitter=c.jitter,
            )  # fmt: skip
        case "population":
            return PopulationEncoder(
                **shared, **random, population_size=c.population_size, sigma=c.sigma, mode=c.population_mode,
                deterministic_eval=c.deterministic_eval,
            )  # fmt: skip
        case "delta":
            return DeltaEncoder(theta_on=c.threshold, theta_off=c.threshold_off, backend=backend)
    return RateEncoder(
        **shared, **random, method=c.type.removeprefix("rate_"), rate_dt=c.rate_dt,
        deterministic_eval=c.deterministic_eval,
    )  # fmt: skip


def build_decoder(config: DecodingConfig, *, backend: str | None = None) -> Decoder:
    """The decoder that a config describes."""
    if config.type == "ensemble":
        members = tuple(_decoder(config, member, backend) for member in config.members)
        return EnsembleDecoder(decoders=members, weights=config.weights, backend=backend)
    return _decoder(config, config.type, backend)


def _decoder(config: DecodingConfig, kind: str, backend: str | None) -> Decoder:
    temperature = config.temperature
    match kind:
        case "first_spike":
            return FirstSpikeDecoder(temperature=temperature, backend=backend)
        case "population":
            return PopulationDecoder(
                n_groups=config.n_groups, mode=config.mode, temperature=temperature, backend=backend
            )  # fmt: skip
        case "membrane":
            return MembraneDecoder(mode=config.membrane_mode, temperature=temperature, backend=backend)
    return RateDecoder(temperature=temperature, normalize_by_time=config.normalize_by_time, backend=backend)


def build_composer(
    config: LossConfig, decoding: DecodingConfig | None = None, *, backend: str | None = None
) -> SNNLossComposer:
    """The weighted sum that a config describes; `eps` and `normalize_by_time` are those of the decoding."""
    read = decoding or DecodingConfig()
    return SNNLossComposer(
        probspikes=ProbSpikesLoss(
            temperature=config.temperature,
            normalize_by_time=read.normalize_by_time,
            mode=config.probspikes_mode,
            eps=read.eps,
        ),
        rate=RateLoss(target_rate=config.target_rate, rate_min=config.rate_min, rate_max=config.rate_max),
        temporal=TemporalLoss(penalty=config.temporal_penalty, window=config.temporal_window),
        isi=ISILoss(window=config.isi_window, tau=config.isi_tau),
        membrane=MembraneLoss(max_membrane=config.max_membrane),
        probspikes_weight=config.probspikes_weight,
        rate_weight=config.rate_weight,
        temporal_weight=config.temporal_weight,
        isi_weight=config.isi_weight,
        membrane_weight=config.membrane_weight,
        backend=backend,
    )


def _entries(values: object) -> Mapping[str, Any]:
    return values if isinstance(values, Mapping) else {}


def _unknown(table: str, values: object, known: list[str]) -> list[str]:
    if not isinstance(values, Mapping):
        return [f"{table} = {values!r} must be a table with some of {', '.join(known)}"]
    return [f"{table} has no {name!r}; it has {', '.join(known)}" for name in values if name not in known]


def _made(cls: Callable[..., T], given: Mapping[str, Any], problems: list[str]) -> T:
    try:
        made = cls(**given)
    except ConfigError as error:
        problems = [*problems, *error.problems]
    if problems:
        raise ConfigError(problems)
    return made


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError is also a number of thousands of digits
        raise ConfigError([f"not JSON: {error}"]) from None


def _toml_document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"not TOML: {error}"]) from None


def _toml(values: Mapping[str, Any]) -> str:
    """One table of names, numbers, flags, strings and lists of these. What JSON writes for them is TOML too."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items() if value is not None)
