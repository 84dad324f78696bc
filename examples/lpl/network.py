"""A small convolutional network in NumPy, with the gradients written out.

Activity is (batch, height, width, channels). A layer is a 3 x 3 convolution, a ReLU and, where asked for, a 2 x 2 max
pool. `backward` gathers the gradients of a layer's own parameters and, if asked, that of its input; a layer-local rule
never asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Trainable(Protocol):
    """Anything with parameters and, after `backward`, their gradients in the same order."""

    parameters: list[Array]
    gradients: list[Array]


class Convolution:
    """3 x 3 convolution with padding 1, ReLU, and a 2 x 2 max pool if `pool`."""

    def __init__(self, rng: np.random.Generator, channels: int, features: int, *, pool: bool) -> None:
        fan_in = 9 * channels
        weights = rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, features)).astype(np.float32)
        self.parameters = [weights, np.zeros(features, np.float32)]
        self.gradients: list[Array] = []
        self.pool = pool

    def forward(self, x: Array) -> Array:
        """Activity (B, H, W, C) to activity (B, H, W, F), or (B, H/2, W/2, F) after pooling."""
        batch, height, width, channels = x.shape
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        self._shape = x.shape
        self._columns = patches.reshape(-1, 9 * channels)
        weights, bias = self.parameters
        full = np.maximum(self._columns @ weights + bias, 0).reshape(batch, height, width, -1)
        if not self.pool:
            self._slope = full > 0
            return np.asarray(full)
        blocks = full.reshape(batch, height // 2, 2, width // 2, 2, -1)
        pooled = blocks.max(axis=(2, 4))
        winners = (blocks == pooled[:, :, None, :, None]) & (blocks > 0)
        self._slope = winners
        return np.asarray(pooled)

    def backward(self, grad: Array, *, through: bool = False) -> Array | None:
        """Gradients of the parameters from that of the output; with `through`, also return that of the input."""
        if self.pool:
            grad = grad[:, :, None, :, None]
        weights = self.parameters[0]
        delta = np.where(self._slope, grad, np.float32(0)).reshape(len(self._columns), -1)
        self.gradients = [self._columns.T @ delta, delta.sum(axis=0)]
        if not through:
            return None
        batch, height, width, channels = self._shape
        patches = (delta @ weights.T).reshape(batch, height, width, channels, 3, 3)
        padded = np.zeros((batch, height + 2, width + 2, channels), delta.dtype)
        for i in range(3):
            for j in range(3):
                padded[:, i : i + height, j : j + width] += patches[..., i, j]
        return padded[:, 1:-1, 1:-1]


class Projector:
    """Two dense layers with a ReLU between: the loss sees its output, the readout does not."""

    def __init__(self, rng: np.random.Generator, inputs: int, hidden: int, outputs: int) -> None:
        self.parameters = []
        for fan_in, width in ((inputs, hidden), (hidden, outputs)):
            weights = rng.normal(0.0, np.sqrt(2 / fan_in), (fan_in, width))
            self.parameters += [weights.astype(np.float32), np.zeros(width, np.float32)]
        self.gradients: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Features (B, inputs) to (B, outputs)."""
        w1, b1, w2, b2 = self.parameters
        self._x = x
        self._hidden = np.maximum(x @ w1 + b1, 0)
        return np.asarray(self._hidden @ w2 + b2)

    def backward(self, grad: Array) -> Array:
        """Gradients of the parameters, and return that of the input."""
        w1, _, w2, _ = self.parameters
        delta = np.where(self._hidden > 0, grad @ w2.T, np.float32(0))
        self.gradients = [self._x.T @ delta, delta.sum(axis=0), self._hidden.T @ grad, grad.sum(axis=0)]
        return np.asarray(delta @ w1.T)


class Adam:
    """Adam with decoupled weight decay, over everything it is given."""

    def __init__(self, parts: Iterable[Trainable], *, rate: float, decay: float) -> None:
        self.parts = list(parts)
        self.rate, self.decay, self.steps = rate, decay, 0
        self.moments = [[(np.zeros_like(p), np.zeros_like(p)) for p in part.parameters] for part in self.parts]

    def step(self) -> None:
        """Move every parameter along its gradient, in place."""
        self.steps += 1
        first_bias, second_bias = 1 - 0.9**self.steps, 1 - 0.999**self.steps
        for part, moments in zip(self.parts, self.moments, strict=True):
            for p, g, (m, v) in zip(part.parameters, part.gradients, moments, strict=True):
                m[...] += np.float32(0.1) * (g - m)
                v[...] += np.float32(0.001) * (g * g - v)
                p[...] *= np.float32(1 - self.rate * self.decay)
                size = np.sqrt(v / np.float32(second_bias)) + np.float32(1e-8)
                p[...] -= np.float32(self.rate / first_bias) * m / size


def pooled(maps: Array) -> Array:
    """Mean over space (B, F): one value for each feature."""
    return np.asarray(maps.mean(axis=(1, 2)))


def unpooled(grad: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of `maps` from that of `pooled(maps)`."""
    return np.broadcast_to(grad[:, None, None, :] / np.float32(shape[1] * shape[2]), shape)
