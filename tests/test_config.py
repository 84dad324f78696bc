"""Configs: defaults, presets, round trips, messages, factories, and `spikemirror config`."""

from __future__ import annotations

import dataclasses
import json
import pickle
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from spikemirror.codec import (
    DeltaEncoder,
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
from spikemirror.config import (
    DECODERS,
    ENCODERS,
    PRESETS,
    TABLES,
    Config,
    ConfigError,
    DecodingConfig,
    EncodingConfig,
    LossConfig,
    build_composer,
    build_decoder,
    build_encoder,
    population_classification_preset,
)
from spikemirror.config_command import app
from spikemirror.losses import SNNLossComposer

UNUSUAL = Config(
    encoding=EncodingConfig(
        type="ttfs", num_steps=7, seed=2**64 - 1, tau=1e-300, t_max=6.5, gain=-1e300, bias=0.1 + 0.2, threshold_off=0.0
    ),
    decoding=DecodingConfig(type="ensemble", members=("rate", "membrane"), weights=(0.25, 0.75), n_groups=3),
    losses=LossConfig(isi_tau=2.0, probspikes_weight=0.0),
)

BAD: list[tuple[type[Any], dict[str, Any], str]] = [
    (EncodingConfig, {"type": "morse"}, "encoding.type = 'morse' must be one of rate_bernoulli, rate_poisson"),
    (EncodingConfig, {"num_steps": 0}, "encoding.num_steps = 0 must be an integer, finite and >= 1"),
    (EncodingConfig, {"num_steps": True}, "encoding.num_steps = True must be an integer"),
    (EncodingConfig, {"num_steps": 2.5}, "encoding.num_steps = 2.5 must be an integer"),
    (EncodingConfig, {"normalization": "zscore"}, "encoding.normalization = 'zscore' must be one of none, clamp"),
    (EncodingConfig, {"gain": float("nan")}, "encoding.gain = nan must be finite"),
    (EncodingConfig, {"gain": None}, "encoding.gain = None must be a real number"),
    (EncodingConfig, {"seed": 2**64}, "encoding.seed = 18446744073709551616 must be an integer in [0"),
    (EncodingConfig, {"tau": 0.0}, "encoding.tau = 0.0 must be finite and > 0 or None"),
    (EncodingConfig, {"t_min": 3, "t_max": 2}, "encoding.t_max = 2 must be at least t_min = 3.0"),
    (EncodingConfig, {"sigma": 0}, "encoding.sigma = 0 must be finite and > 0"),
    (EncodingConfig, {"threshold": -1.0}, "encoding.threshold = -1.0 must be finite and >= 0"),
    (EncodingConfig, {"deterministic_eval": 1}, "encoding.deterministic_eval = 1 must be True or False"),
    (DecodingConfig, {"type": "vote"}, "decoding.type = 'vote' must be one of rate, first_spike"),
    (DecodingConfig, {"mode": "clustering"}, "decoding.mode = 'clustering' must be one of classification, regression"),
    (DecodingConfig, {"n_groups": 0}, "decoding.n_groups = 0 must be an integer, finite and >= 1"),
    (DecodingConfig, {"members": "rate"}, "decoding.members = 'rate' must be some of rate, first_spike"),
    (DecodingConfig, {"members": ("ensemble",)}, "decoding.members = ('ensemble',) must be some of"),
    (DecodingConfig, {"weights": (0.5, 0.6)}, "decoding.weights = (0.5, 0.6) must be 2 finite numbers"),
    (DecodingConfig, {"weights": 1.0}, "decoding.weights = 1.0 must be 2 finite numbers"),
    (LossConfig, {"rate_weight": -1}, "losses.rate_weight = -1 must be finite and >= 0"),
    (LossConfig, {"rate_weight": "a"}, "losses.rate_weight = 'a' must be finite and >= 0"),
    (LossConfig, {"rate_min": 0.5}, "losses.rate_max = 0.3 must be at least rate_min = 0.5"),
    (LossConfig, {"isi_window": 0}, "losses.isi_window = 0 must be an integer, finite and >= 1"),
]


def test_defaults() -> None:
    encoding, decoding, losses = EncodingConfig(), DecodingConfig(), LossConfig()
    assert (encoding.type, encoding.num_steps, encoding.normalization) == ("rate_bernoulli", 25, "minmax")
    assert (encoding.deterministic_eval, encoding.population_size, encoding.sigma) == (True, 8, 0.2)
    assert (encoding.mapping, encoding.threshold) == ("exponential", 0.1)
    assert (decoding.type, decoding.temperature, decoding.eps, decoding.mode) == ("rate", 1, 1e-7, "classification")
    weights = (losses.probspikes_weight, losses.rate_weight, losses.temporal_weight, losses.isi_weight)
    assert (*weights, losses.membrane_weight) == (1, 0.1, 0.01, 0.01, 0.001)
    assert (losses.target_rate, losses.rate_min, losses.rate_max, losses.temperature) == (0.1, 0.01, 0.3, 1)
    assert (losses.isi_window, losses.max_membrane) == (3, 1.5)
    assert Config() == Config(encoding=encoding, decoding=decoding, losses=losses)
    assert build_composer(losses) == SNNLossComposer()
    assert build_encoder(encoding) == RateEncoder()
    assert build_decoder(decoding) == RateDecoder()


@pytest.mark.parametrize(("made", "fields", "text"), BAD)
def test_messages_name_field_value_and_domain(made: type[Any], fields: dict[str, Any], text: str) -> None:
    for give in (made, lambda **given: made.from_dict(given)):
        with pytest.raises(ConfigError) as caught:
            give(**fields)
        (problem,) = caught.value.problems
        assert problem.startswith(text)
        assert "call's dtype" not in problem


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict(
            {"encoding": {"num_steps": 0, "colour": 1}, "losses": {"rate_weight": -1}, "decoding": 3, "extra": {}}
        )
    told = str(caught.value)
    assert len(caught.value.problems) == 5
    for text in (
        "config has no 'extra'; it has encoding, decoding, losses",
        "encoding has no 'colour'; it has type, num_steps",
        "encoding.num_steps = 0",
        "decoding = 3 must be a table",
        "losses.rate_weight = -1",
    ):
        assert text in told
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


@pytest.mark.parametrize("config", [*(preset() for preset in PRESETS.values()), UNUSUAL])
def test_round_trips(config: Config) -> None:
    assert Config.from_dict(config.to_dict()) == config
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert Config.from_json(config.to_json()) == config
    assert Config.from_toml(config.to_toml()) == config
    for name, table in TABLES.items():
        own: Any = getattr(config, name)
        assert table.from_dict(own.to_dict()) == own
        assert table.from_json(own.to_json()) == own
        assert table.from_toml(own.to_toml()) == own
    assert pickle.loads(pickle.dumps(config)) == config
    assert len({config, pickle.loads(pickle.dumps(config))}) == 1


def test_values_are_kept_as_plain_numbers() -> None:
    encoding = EncodingConfig(gain=np.float32(0.5), num_steps=np.int64(3), tau=2)  # type: ignore[arg-type]
    assert [type(v) for v in (encoding.gain, encoding.num_steps, encoding.tau)] == [float, int, float]
    decoding = DecodingConfig(members=["rate", "membrane"], weights=[0, 1])  # type: ignore[arg-type]
    assert (decoding.members, decoding.weights) == (("rate", "membrane"), (0.0, 1.0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        encoding.gain = 1.0  # type: ignore[misc]


def test_a_part_of_a_document_is_enough() -> None:
    config = Config.from_toml("[encoding]\nnum_steps = 4\n")
    assert config == Config(encoding=EncodingConfig(num_steps=4))
    assert Config.from_dict({}) == Config()
    for text, read in (("[encoding", Config.from_toml), ("{", Config.from_json)):
        with pytest.raises(ConfigError, match=r"not TOML|not JSON"):
            read(text)
    with pytest.raises(ConfigError, match=r"encoding.num_steps = nan"):
        Config.from_json('{"encoding": {"num_steps": NaN}}')


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_from_configs(kind: str) -> None:
    config = EncodingConfig(
        type=kind, num_steps=9, normalization="clamp", gain=0.5, bias=0.25, seed=3, stream=4, deterministic_eval=False,
        rate_dt=0.5, mapping="linear", tau=2.0, t_min=1.0, t_max=7.0, burst=2, allow_no_spike=True, silence_below=0.3,
        jitter=1.0, population_size=5, sigma=0.3, population_mode="deterministic", threshold=0.3, threshold_off=0.4,
    )  # fmt: skip
    encoder = build_encoder(config, backend="python")
    shared: dict[str, Any] = {"num_steps": 9, "normalization": "clamp", "gain": 0.5, "bias": 0.25, "backend": "python"}
    timed: dict[str, Any] = {"mapping": "linear", "tau": 2.0, "t_min": 1.0, "t_max": 7.0}
    random: dict[str, Any] = {"seed": 3, "stream": 4}
    match kind:
        case "latency":
            assert encoder == LatencyEncoder(**shared, **timed, burst=2)
        case "ttfs":
            silent: dict[str, Any] = {"allow_no_spike": True, "silence_below": 0.3, "jitter": 1.0}
            assert encoder == TTFSEncoder(**shared, **timed, **random, **silent)
        case "population":
            assert encoder == PopulationEncoder(
                **shared, **random, population_size=5, sigma=0.3, mode="deterministic", deterministic_eval=False
            )
        case "delta":
            assert isinstance(encoder, DeltaEncoder)
            assert (encoder.theta_on, encoder.theta_off, encoder.backend) == (0.3, 0.4, "python")
        case _:
            method = kind.removeprefix("rate_")
            assert encoder == RateEncoder(**shared, **random, method=method, rate_dt=0.5, deterministic_eval=False)
    x = np.random.default_rng(0).random((2, 3, 4))
    assert encoder.encode(x, training=True).spikes.any()


@pytest.mark.parametrize("kind", DECODERS)
def test_decoders_from_configs(kind: str) -> None:
    config = DecodingConfig(
        type=kind, temperature=2.0, normalize_by_time=True, mode="regression", n_groups=4, membrane_mode="max",
        members=("rate", "first_spike"), weights=(0.5, 0.5),
    )  # fmt: skip
    rate = RateDecoder(temperature=2.0, normalize_by_time=True, backend="python")
    first = FirstSpikeDecoder(temperature=2.0, backend="python")
    wanted: dict[str, Any] = {
        "rate": rate,
        "first_spike": first,
        "population": PopulationDecoder(n_groups=4, mode="regression", temperature=2.0, backend="python"),
        "membrane": MembraneDecoder(mode="max", temperature=2.0, backend="python"),
        "ensemble": EnsembleDecoder(decoders=(rate, first), weights=(0.5, 0.5), backend="python"),
    }
    assert build_decoder(config, backend="python") == wanted[kind]


def test_composer_from_config() -> None:
    config = LossConfig(
        probspikes_weight=0.0, rate_weight=2.0, temperature=3.0, probspikes_mode="normalize", target_rate=0.2,
        rate_min=0.1, rate_max=0.2, temporal_penalty="variance", temporal_window=2, isi_window=4, isi_tau=1.0,
        max_membrane=2.0,
    )  # fmt: skip
    composer = build_composer(config, DecodingConfig(eps=0.5, normalize_by_time=True), backend="python")
    assert composer.weights == {"rate": 2.0, "temporal": 0.01, "isi": 0.01, "membrane": 0.001}
    assert composer.backend == "python"
    prob = composer.probspikes
    assert (prob.temperature, prob.mode, prob.eps, prob.normalize_by_time) == (3.0, "normalize", 0.5, True)
    assert (composer.rate.target_rate, composer.rate.rate_min, composer.rate.rate_max) == (0.2, 0.1, 0.2)
    assert (composer.temporal.penalty, composer.temporal.window) == ("variance", 2)
    assert (composer.isi.window, composer.isi.tau, composer.membrane.max_membrane) == (4, 1.0, 2.0)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_run(name: str) -> None:
    config = PRESETS[name]()
    x = np.random.default_rng(1).random((4, 6))
    batch = build_encoder(config.encoding).encode(x, training=True)
    assert build_decoder(config.decoding).decode(batch).prediction.shape[0] == 4
    total, report = build_composer(config.losses, config.decoding).compute(
        batch.spikes, [0, 1, 2, 3], np.zeros(batch.spikes.shape)
    )
    assert total == report["total"]
    assert set(report["weights"]) <= {"probspikes", "rate", "temporal", "isi", "membrane"}


def test_population_preset_takes_classes() -> None:
    config = population_classification_preset(n_groups=3)
    spikes = np.zeros((1, 4, 7), np.uint8)
    spikes[:, :, 3:5] = 1
    assert build_decoder(config.decoding).decode(spikes).prediction.tolist() == [1]


def test_show() -> None:
    run = CliRunner().invoke
    shown = run(app, ["show"])
    assert shown.exit_code == 0
    assert Config.from_dict(tomllib.loads(shown.stdout)) == Config()
    for name, preset in PRESETS.items():
        shown = run(app, ["show", "--preset", name, "--format", "json"])
        assert Config.from_json(shown.stdout) == preset()
    assert run(app, ["show", "--preset", "best"]).exit_code == 2


def test_validate(tmp_path: Path) -> None:
    run = CliRunner().invoke
    good, bad, other = tmp_path / "good.toml", tmp_path / "bad.json", tmp_path / "other.toml"
    good.write_text("[encoding]\ntype = 'latency'\n")
    bad.write_text('{"encoding": {"num_steps": 0}, "colour": 1}')
    other.write_bytes(b"\xff\xfe")
    told = run(app, ["validate", str(good)])
    assert told.exit_code == 0
    assert "good.toml: good; encoding latency, decoding rate" in told.stdout
    told = run(app, ["validate", str(bad)])
    assert told.exit_code == 1
    assert "bad.json: encoding.num_steps = 0 must be an integer" in told.stderr
    assert "config has no 'colour'" in told.stderr
    assert "not UTF-8" in run(app, ["validate", str(other)]).stderr
    assert run(app, ["validate", str(tmp_path / "none.toml")]).exit_code == 2
    shown = run(app, ["show", str(good)])
    assert Config.from_toml(shown.stdout).encoding.type == "latency"
    assert run(app, ["show", str(good), "--preset", "regression"]).exit_code == 2
