"""Contrastive signal-dependent plasticity (CSDP) teaches a spiking layer which label belongs to a digit.

A layer of leaky integrate-and-fire neurons sees a digit from scikit-learn as Bernoulli trains, and beside it the units
of one label. With the digit's own label the sample is positive, with any other it is negative. At each step of time
`csdp_step` strengthens the synapses between neurons that spike together in the positive sample and weakens those that
spike together in the negative one. Nothing else teaches: no gradient, no signal from another layer.

A layer's goodness is the sum of its squared rates. A pair of samples that the layer already tells apart changes little:
strength and decay of the update are scaled by sigmoid((negative - positive goodness) / softness).

On held-out digits the script prints how well goodness tells positive from negative samples, and how often the label of
the greatest goodness is the right one (chance: 0.1), before and after learning.

    python examples/csdp_digits.py --json csdp.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import spikemirror
from spikemirror import RateEncoder

CLASSES, UNITS_PER_LABEL = 10, 8
LEAK, THRESHOLD, FLOOR = 0.7, 2.0, -1.0
WEIGHT_SCALE = 0.15

Reals = npt.NDArray[np.float32]
Spikes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Separation:
    """Goodness of held-out samples: means, how often the own label beats a wrong one, how often it beats all."""

    positive: float
    negative: float
    own_beats_wrong: float
    accuracy: float


def with_labels(pixels: Spikes, labels: Labels) -> Spikes:
    """Trains (B, T, pixels) beside those of the label's units, which spike at every step."""
    units = np.repeat(np.eye(CLASSES, dtype=np.uint8)[labels], UNITS_PER_LABEL, axis=1)
    batch, steps, _ = pixels.shape
    held = np.broadcast_to(units[:, None], (batch, steps, CLASSES * UNITS_PER_LABEL))
    return np.concatenate([pixels, held], axis=2)


def respond(weights: Reals, spikes: Spikes) -> Spikes:
    """Spikes (B, T, post) of the layer: v = leak v + input, spike and reset to 0 at the threshold."""
    drive = spikes.astype(np.float32) @ weights.T
    membrane = np.zeros_like(drive[:, 0])
    out = np.zeros(drive.shape, np.uint8)
    for t in range(drive.shape[1]):
        membrane = LEAK * membrane + drive[:, t]
        fired = membrane >= THRESHOLD
        out[:, t] = fired
        membrane = np.where(fired, 0, np.maximum(membrane, FLOOR)).astype(np.float32)
    return out


def goodness(post: Spikes) -> npt.NDArray[Any]:
    """Sum of squared rates (B)."""
    rates = post.mean(axis=1, dtype=np.float32)
    nowhere = np.zeros(len(rates), np.int32)
    return spikemirror.call("csdp_layer_goodness", activations=rates, labels=nowhere, theta=0.0)["goodness"]


def learn(
    rng: np.random.Generator,
    weights: Reals,
    pixels: Spikes,
    labels: Labels,
    *,
    lr: float,
    decay: float,
    softness: float,
) -> Reals:
    """One pass over the samples, each once with its label and once with a wrong one."""
    wrong = (labels + rng.integers(1, CLASSES, len(labels))) % CLASSES
    for i in rng.permutation(len(pixels)):
        pre = with_labels(pixels[[i, i]], np.array([labels[i], wrong[i]]))
        post = respond(weights, pre)
        positive, negative = goodness(post)
        gate = 1 / (1 + np.exp(np.clip((positive - negative) / softness, -50, 50)))
        for t in range(pre.shape[1]):
            weights = spikemirror.call(
                "csdp_step", weights=weights, pos_pre=pre[0, t], pos_post=post[0, t], neg_pre=pre[1, t],
                neg_post=post[1, t], lr=lr * float(gate), decay=decay * float(gate),
            )["weights"]  # fmt: skip
    return weights


def separation(weights: Reals, pixels: Spikes, labels: Labels) -> Separation:
    """Every sample with every label."""
    every = np.stack(
        [goodness(respond(weights, with_labels(pixels, np.full(len(labels), c)))) for c in range(CLASSES)], axis=1
    )
    own = np.eye(CLASSES, dtype=bool)[labels]
    positive, negative = every[own], every[~own].reshape(len(labels), CLASSES - 1)
    return Separation(
        positive=float(positive.mean()),
        negative=float(negative.mean()),
        own_beats_wrong=float((positive[:, None] > negative).mean()),
        accuracy=float((every.argmax(axis=1) == labels).mean()),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn and report."""
    parser = argparse.ArgumentParser(description="Contrastive pre-training of a spiking layer on digits.")
    parser.add_argument("--backend", default="python", choices=("python", "rust", "julia", "mojo"))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--neurons", type=int, default=200)
    parser.add_argument("--steps", type=int, default=10, help="length of the trains")
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--decay", type=float, default=1e-5, help="weight decay at each positive step")
    parser.add_argument("--softness", type=float, default=1.0, help="difference of goodness that counts as told apart")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="part of the digits and one epoch, for tests")
    options: Any = parser.parse_args(arguments)

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=0.25, random_state=options.seed, stratify=labels
    )
    if options.quick:
        train, train_labels, test, test_labels = train[:600], train_labels[:600], test[:150], test_labels[:150]
    epochs = 1 if options.quick else options.epochs

    def trains(values: Reals, stream: int) -> Spikes:
        encoder = RateEncoder(
            method="bernoulli", num_steps=options.steps, normalization="none", seed=options.seed, stream=stream
        )
        return encoder.encode(values, training=True).spikes

    rng = np.random.default_rng(options.seed)
    inputs = images.shape[1] + CLASSES * UNITS_PER_LABEL
    weights = rng.normal(0, WEIGHT_SCALE, (options.neurons, inputs)).astype(np.float32)
    with spikemirror.use_backend(options.backend):
        held_out = trains(test, 0)
        history = [separation(weights, held_out, test_labels)]
        _tell("before", history[0])
        for epoch in range(1, epochs + 1):
            weights = learn(
                rng, weights, trains(train, epoch), train_labels,
                lr=options.lr, decay=options.decay, softness=options.softness,
            )  # fmt: skip
            history.append(separation(weights, held_out, test_labels))
            _tell(f"epoch {epoch}", history[-1])
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(s) for s in history], indent=2) + "\n")
    return 0


def _tell(when: str, s: Separation) -> None:
    print(
        f"{when:<8} goodness {s.positive:6.2f} positive {s.negative:6.2f} negative"
        f"   own label beats a wrong one {s.own_beats_wrong:.3f}   label by goodness {s.accuracy:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
