"""Latent predictive learning (LPL) of a small deep network on moving, noisy digits, one layer at a time.

Each layer makes its response to one view predict that to the next (pull), keeps its features varying (push) and apart
from each other (decorrelation). Its weights follow the gradient of its own terms alone; no error crosses layers, and no
label is seen. Then every layer is frozen, and a linear readout is fitted to it. The controls leave out one term each.

    python examples/lpl/train.py --json lpl.json --plot lpl.png

README.md, beside this file, has the figures of a run and what the options do.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from network import Adam, Convolution, Projector, Trainable, pooled, unpooled
from objective import Lpl, Negatives, Objective, Supervised
from readout import accuracy, agreement, deviation, dimensionality
from views import Digits, view

import spikemirror

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
POOLS = (True, True, False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is made of; the command line says what each field means."""

    steps: int
    batch: int
    widths: tuple[int, ...]
    rate: float
    weight_decay: float
    shift: int
    noise: float
    readout_noise: float
    pull_coeff: float
    push_coeff: float
    decorr_coeff: float
    stop_gradient: bool
    supervised: bool
    negative_samples: bool
    end_to_end: bool
    no_pooling: bool
    projector: bool
    seed: int


@dataclass(frozen=True)
class LayerReport:
    """Of a layer's activity on held-out digits."""

    accuracy: float
    dimensionality: float
    deviation: float
    agreement: float


class Network:
    """Three layers, what each of them minimizes, and the projectors between, if any."""

    def __init__(self, settings: Settings) -> None:
        rng = np.random.default_rng(settings.seed)
        self.settings = settings
        self.layers: list[Convolution] = []
        self.projectors: dict[int, Projector] = {}
        self.objectives: dict[int, Objective] = {}
        channels, side = 1, 8
        for index, (width, pool) in enumerate(zip(settings.widths, POOLS, strict=True)):
            self.layers.append(Convolution(rng, channels, width, pool=pool))
            channels, side = width, side // 2 if pool else side
            features = width * side * side if settings.no_pooling else width
            if settings.end_to_end and index + 1 < len(POOLS):
                continue
            if settings.projector:
                self.projectors[index] = Projector(rng, features, 2 * width, width)
                features = width
            self.objectives[index] = _objective(settings, rng, features)
        heads = [o for o in self.objectives.values() if isinstance(o, Supervised)]
        parts: list[Trainable] = [*self.layers, *self.projectors.values(), *heads]
        self.adam = Adam(parts, rate=settings.rate, decay=settings.weight_decay)

    def features(self, x: Array) -> list[Array]:
        """What each layer has to say of images; where cosines are learned, at one length for all images."""
        out = []
        for layer in self.layers:
            x = layer.forward(x)
            z = self._seen(x)
            if self.settings.negative_samples:
                z = z * np.float32(np.sqrt(z.shape[1])) / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-8)
            out.append(z)
        return out

    def learn(self, first: Array, second: Array, labels: Labels) -> dict[int, dict[str, float]]:
        """One update from two batches of consecutive views; the terms of each layer that has an objective."""
        x, batch = np.concatenate([first, second]), len(first)
        terms: dict[int, dict[str, float]] = {}
        for index, layer in enumerate(self.layers):
            x = layer.forward(x)
            if index not in self.objectives:
                continue
            z = self._seen(x)
            if index in self.projectors:
                z = self.projectors[index].forward(z)
            terms[index], grad1, grad2 = self.objectives[index](z[:batch], z[batch:], labels)
            grad = np.concatenate([grad1, grad2])
            if index in self.projectors:
                grad = self.projectors[index].backward(grad)
            self._descend(index, grad.reshape(x.shape) if self.settings.no_pooling else unpooled(grad, x.shape))
        self.adam.step()
        return terms

    def _descend(self, index: int, grad: Array) -> None:
        if not self.settings.end_to_end:
            self.layers[index].backward(grad)
            return
        below: Array | None = grad
        for i in range(index, -1, -1):
            assert below is not None
            below = self.layers[i].backward(below, through=i > 0)

    def _seen(self, maps: Array) -> Array:
        return maps.reshape(len(maps), -1) if self.settings.no_pooling else pooled(maps)


def _objective(settings: Settings, rng: np.random.Generator, features: int) -> Objective:
    if settings.supervised:
        return Supervised(rng, features, classes=10)
    if settings.negative_samples:
        return Negatives(pull_coeff=settings.pull_coeff, push_coeff=settings.push_coeff)
    return Lpl(
        pull_coeff=settings.pull_coeff,
        push_coeff=settings.push_coeff,
        decorr_coeff=settings.decorr_coeff,
        stop_gradient=settings.stop_gradient,
    )


def run(settings: Settings, digits: Digits, *, learns: bool = True) -> dict[str, Any]:
    """Train, then report each layer; `learns` False leaves the network as it was drawn."""
    began = time.perf_counter()
    network = Network(settings)
    rng = np.random.default_rng([settings.seed, 1])
    curves: dict[str, list[list[float]]] = {}
    for step in range(settings.steps if learns else 0):
        chosen = rng.integers(0, len(digits.train), settings.batch)
        first, second = (view(rng, digits.train[chosen], shift=settings.shift, noise=settings.noise) for _ in range(2))
        terms = network.learn(first, second, digits.train_labels[chosen])
        if step % 10 == 0:
            for name in next(iter(terms.values())):
                curves.setdefault(name, []).append([terms[index][name] for index in sorted(terms)])
    layers = report(network, digits)
    return {"layers": [asdict(layer) for layer in layers], "curves": curves, "seconds": time.perf_counter() - began}


def report(network: Network, digits: Digits) -> list[LayerReport]:
    """Every digit in two views; the readout is fitted to training digits and tested on held-out ones."""
    settings = network.settings
    rng = np.random.default_rng([settings.seed, 2])

    def two_views(images: Array) -> list[tuple[Array, Array]]:
        first, second = (
            network.features(view(rng, images, shift=settings.shift, noise=settings.noise)) for _ in range(2)
        )
        return list(zip(first, second, strict=True))

    train_labels, test_labels = np.tile(digits.train_labels, 2), np.tile(digits.test_labels, 2)
    reports = []
    for train, test in zip(two_views(digits.train), two_views(digits.test), strict=True):
        activity = np.concatenate(test)
        right = accuracy(rng, np.concatenate(train), train_labels, activity, test_labels, noise=settings.readout_noise)
        reports.append(LayerReport(right, dimensionality(activity), deviation(activity), agreement(*test)))
    return reports


def variants(settings: Settings, *, controls: bool) -> dict[str, tuple[Settings, bool]]:
    """Name, settings and whether it learns at all."""
    name = "supervised" if settings.supervised else "negative samples" if settings.negative_samples else "LPL"
    chosen = {"untrained": (settings, False), name: (settings, True)}
    if controls and not settings.supervised:
        chosen["no predictive term"] = (replace(settings, pull_coeff=0.0), True)
        chosen["no Hebbian term"] = (replace(settings, push_coeff=0.0), True)
        if not settings.negative_samples:
            chosen["no decorrelation"] = (replace(settings, decorr_coeff=0.0), True)
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Train all variants, print the table, write what was asked for."""
    options = _options(arguments)
    settings = Settings(
        steps=100 if options.quick else options.steps,
        batch=options.batch,
        widths=(16, 32, 32) if options.quick else tuple(options.widths),
        rate=1e-2 if options.quick else options.rate,
        **{name: getattr(options, name) for name in Settings.__dataclass_fields__ if name not in _SHORTENED},
    )
    digits = Digits.load(settings.seed)
    results: dict[str, Any] = {}
    print(f"{'':<20}{'layer':>6}{'readout':>9}{'dimensions':>12}{'deviation':>11}{'agreement':>11}")
    with spikemirror.use_backend(options.backend):
        for name, (chosen, learns) in variants(settings, controls=not options.no_controls).items():
            results[name] = run(chosen, digits, learns=learns)
            _tell(name, results[name])
    if options.json is not None:
        written = {"settings": asdict(settings), "backend": options.backend, "variants": results}
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    if options.plot is not None:
        from plot import draw

        draw(results, options.plot)
    return 0


_SHORTENED = ("steps", "batch", "widths", "rate")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Latent predictive learning on moving digits.")
    parser.add_argument("--backend", default="python", choices=("python", "rust", "julia", "mojo"))
    parser.add_argument("--steps", type=int, default=500, help="updates")
    parser.add_argument("--batch", type=int, default=128, help="pairs of views in an update")
    parser.add_argument("--widths", type=int, nargs=3, default=(32, 64, 64), help="features of the three layers")
    parser.add_argument("--rate", type=float, default=5e-3, help="Adam's learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--shift", type=int, default=1, help="greatest shift of a view, pixels")
    parser.add_argument("--noise", type=float, default=0.2, help="noise of a pixel; ink is 1")
    parser.add_argument("--readout-noise", type=float, default=0.1, help="noise of a unit, to the readout")
    parser.add_argument("--pull-coeff", type=float, default=1.0, help="weight of the predictive term")
    parser.add_argument("--push-coeff", type=float, default=1.0, help="weight of the Hebbian term")
    parser.add_argument("--decorr-coeff", type=float, default=10.0, help="weight of the decorrelation term")
    parser.add_argument("--stop-gradient", action="store_true", help="only the later view follows the earlier one")
    goal = parser.add_mutually_exclusive_group()
    goal.add_argument("--supervised", action="store_true", help="cross-entropy of the labels instead of LPL")
    goal.add_argument("--negative-samples", action="store_true", help="push different digits apart instead of features")
    parser.add_argument("--end-to-end", action="store_true", help="backpropagate the last layer's loss alone")
    parser.add_argument("--no-pooling", action="store_true", help="losses and readout see maps, not their means")
    parser.add_argument("--projector", action="store_true", help="losses see features through two dense layers")
    parser.add_argument("--no-controls", action="store_true", help="leave out the runs without a term")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--plot", type=Path, help="draw them here (png, svg or pdf)")
    parser.add_argument("--quick", action="store_true", help="narrow layers and few updates, for tests")
    return parser.parse_args(arguments)


def _tell(name: str, result: Mapping[str, Any]) -> None:
    for index, layer in enumerate(result["layers"], start=1):
        label = name if index == 1 else f"  {result['seconds']:.0f} s" if index == 2 else ""
        print(
            f"{label:<20}{index:>6}{layer['accuracy']:>9.3f}{layer['dimensionality']:>12.1f}"
            f"{layer['deviation']:>11.3f}{layer['agreement']:>11.2f}",
            flush=True,
        )


if __name__ == "__main__":
    raise SystemExit(main())
