"""The examples run, and what they claim to learn they learn."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import spikemirror
from spikemirror.mirrors import NAMES, probe

needs_digits = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sklearn", "matplotlib")),
    reason="scikit-learn and matplotlib are not installed: pip install 'spikemirror[examples]'",
)
Script = Callable[..., str]


@pytest.fixture
def script(project: Path) -> Script:
    """Runs an example, by its path in examples/, to its standard output; it must succeed and complain of nothing."""

    def run(path: str, *arguments: str) -> str:
        command = [sys.executable, str(project / "examples" / path), *arguments]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, env=env)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def module(project: Path) -> Callable[[str], ModuleType]:
    """A module of examples/lpl, by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"lpl_{name}", project / "examples" / "lpl" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = loaded
        spec.loader.exec_module(loaded)
        return loaded

    return load


@pytest.mark.parametrize("backend", NAMES)
def test_round_trips_stay_within_their_bounds_on_every_backend(script: Script, backend: str) -> None:
    found = probe(backend)
    if not found.found:
        pytest.skip(found.reason)
    table = script("round_trips.py", "--quick", "--backend", backend)
    assert len(table.splitlines()) == 9
    assert table == script("round_trips.py", "--quick")


def test_round_trips_tell_of_a_broken_bound(project: Path, script: Script, tmp_path: Path) -> None:
    text = (project / "examples" / "round_trips.py").read_text().replace("bound = 1 / steps", "bound = 0.1 / steps")
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(AssertionError, match="rate, deterministic"):
        script(str(tmp_path / "broken.py"), "--quick")


@needs_digits
def test_csdp_learns_to_tell_labels(script: Script, tmp_path: Path) -> None:
    script("csdp_digits.py", "--quick", "--json", str(tmp_path / "csdp.json"))
    before, after = json.loads((tmp_path / "csdp.json").read_text())
    assert before["own_beats_wrong"] < 0.6
    assert before["accuracy"] < 0.25
    assert after["own_beats_wrong"] > 0.8
    assert after["accuracy"] > 0.5
    assert after["positive"] > 1.3 * after["negative"]


@needs_digits
def test_lpl_learns_and_each_term_prevents_a_collapse(script: Script, tmp_path: Path) -> None:
    script("lpl/train.py", "--quick", "--json", str(tmp_path / "lpl.json"), "--plot", str(tmp_path / "lpl.png"))
    assert (tmp_path / "lpl.png").read_bytes().startswith(b"\x89PNG")
    variants = json.loads((tmp_path / "lpl.json").read_text())["variants"]
    last: dict[str, dict[str, float]] = {name: result["layers"][-1] for name, result in variants.items()}
    lpl = last.pop("LPL")
    assert set(last) == {"untrained", "no predictive term", "no Hebbian term", "no decorrelation"}
    assert all(lpl["accuracy"] > control["accuracy"] + 0.05 for control in last.values()), variants
    assert lpl["accuracy"] > last["untrained"]["accuracy"] + 0.2
    assert last["no predictive term"]["agreement"] < lpl["agreement"] - 0.1
    assert last["no Hebbian term"]["deviation"] < 0.02 * lpl["deviation"]
    assert last["no Hebbian term"]["accuracy"] < 0.2
    assert last["no decorrelation"]["dimensionality"] < 2
    assert lpl["dimensionality"] > 5


@needs_digits
@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--supervised", "--projector"), "supervised"),
        (("--negative-samples", "--projector"), "negative samples"),
        (("--end-to-end",), "LPL"),
        (("--no-pooling", "--stop-gradient"), "LPL"),
    ],
)
def test_lpl_learns_under_every_option(script: Script, tmp_path: Path, options: tuple[str, ...], name: str) -> None:
    script("lpl/train.py", "--quick", "--no-controls", *options, "--json", str(tmp_path / "lpl.json"))
    variants = json.loads((tmp_path / "lpl.json").read_text())["variants"]
    untrained, trained = (variants[v]["layers"][-1]["accuracy"] for v in ("untrained", name))
    assert trained > untrained + 0.2, variants


def _slope(f: Callable[[Any], float], x: Any, direction: Any) -> float:
    h = 1e-6
    return (f(x + h * direction) - f(x - h * direction)) / (2 * h)


def test_gradients_of_negative_samples_are_those_of_the_kernel(module: Callable[[str], ModuleType]) -> None:
    rng = np.random.default_rng(0)
    z1, z2, direction = rng.normal(size=(3, 7, 5))

    def loss(first: Any, second: Any) -> float:
        got = spikemirror.call("lpl_negative", z1=first, z2=second)
        return 0.7 * float(got["pull"]) + 1.3 * float(got["push"])

    grad1, grad2 = module("objective").negative_gradients(z1, z2, 0.7, 1.3)
    assert np.vdot(grad1, direction) == pytest.approx(_slope(lambda z: loss(z, z2), z1, direction), rel=1e-6)
    assert np.vdot(grad2, direction) == pytest.approx(_slope(lambda z: loss(z1, z), z2, direction), rel=1e-6)


@pytest.mark.parametrize("pool", [False, True])
def test_gradients_of_a_convolution(module: Callable[[str], ModuleType], pool: bool) -> None:
    rng = np.random.default_rng(1)
    layer = module("network").Convolution(rng, 2, 3, pool=pool)
    layer.parameters = [p.astype(np.float64) + 0.1 for p in layer.parameters]
    x, direction = rng.normal(size=(2, 4, 6, 6, 2))
    weight = rng.normal(size=layer.forward(x).shape)
    grad_x = layer.backward(weight, through=True)
    assert np.vdot(grad_x, direction) == pytest.approx(
        _slope(lambda value: float(np.vdot(layer.forward(value), weight)), x, direction), rel=1e-5
    )
    for index, grad in enumerate(layer.gradients):
        own, along = layer.parameters[index], rng.normal(size=grad.shape)

        def output(value: Any, index: int = index, own: Any = own) -> float:
            layer.parameters[index] = value
            result = float(np.vdot(layer.forward(x), weight))
            layer.parameters[index] = own
            return result

        assert np.vdot(grad, along) == pytest.approx(_slope(output, own, along), rel=1e-5)


def test_gradients_of_a_projector_and_of_the_supervised_readout(module: Callable[[str], ModuleType]) -> None:
    rng = np.random.default_rng(2)
    projector = module("network").Projector(rng, 4, 8, 3)
    head = module("objective").Supervised(rng, 3, 5)
    for part in (projector, head):
        part.parameters = [p.astype(np.float64) for p in part.parameters]
    x, direction = rng.normal(size=(2, 6, 4))
    labels = rng.integers(0, 5, 3)

    def loss(value: Any) -> float:
        z = projector.forward(value)
        return float(head(z[:3], z[3:], labels)[0]["cross_entropy"])

    z = projector.forward(x)
    grad = projector.backward(np.concatenate(head(z[:3], z[3:], labels)[1:]))
    assert np.vdot(grad, direction) == pytest.approx(_slope(loss, x, direction), rel=1e-6)
