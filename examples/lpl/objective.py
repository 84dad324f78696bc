"""What a layer minimizes: from the activity of two consecutive views to the terms and the gradients.

- Lpl: pull_coeff pull + push_coeff push + decorr_coeff decorr, by the kernel lpl_grad
- Negatives: pull_coeff pull + push_coeff push of the kernel lpl_negative, the gradient written out here
- Supervised: cross-entropy of a linear readout of both views, trained along with the layer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

import spikemirror

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
NORM_FLOOR = 1e-8


class Objective(Protocol):
    """Terms and the gradients for both views (B, D)."""

    def __call__(self, z1: Array, z2: Array, labels: Labels) -> tuple[dict[str, float], Array, Array]: ...


@dataclass(frozen=True, kw_only=True)
class Lpl:
    """The predictive (pull), Hebbian (push) and decorrelation terms."""

    pull_coeff: float = 1.0
    push_coeff: float = 1.0
    decorr_coeff: float = 10.0
    stop_gradient: bool = False
    backend: str | None = None

    def __call__(self, z1: Array, z2: Array, labels: Labels) -> tuple[dict[str, float], Array, Array]:
        """No labels are used."""
        got = spikemirror.call(
            "lpl_grad", backend=self.backend, z1=z1, z2=z2, pull_coeff=self.pull_coeff, push_coeff=self.push_coeff,
            decorr_coeff=self.decorr_coeff, stop_gradient=self.stop_gradient,
        )  # fmt: skip
        return {name: float(got[name]) for name in ("pull", "push", "decorr")}, got["grad_z1"], got["grad_z2"]


@dataclass(frozen=True, kw_only=True)
class Negatives:
    """Cosines: views of one digit together, those of different digits orthogonal; no decorrelation."""

    pull_coeff: float = 1.0
    push_coeff: float = 1.0
    backend: str | None = None

    def __call__(self, z1: Array, z2: Array, labels: Labels) -> tuple[dict[str, float], Array, Array]:
        """No labels are used: other digits of the batch are the negative samples, whatever their class."""
        got = spikemirror.call("lpl_negative", backend=self.backend, z1=z1, z2=z2)
        grads = negative_gradients(z1, z2, self.pull_coeff, self.push_coeff)
        return {name: float(got[name]) for name in ("pull", "push")}, *grads


def negative_gradients(
    z1: npt.NDArray[Any], z2: npt.NDArray[Any], pull_coeff: float, push_coeff: float
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Gradients of pull_coeff pull + push_coeff push of `lpl_negative`.

    With D_ii = -pull_coeff / B and D_ij = 2 push_coeff cos_ij / (B (B - 1)): dq = D k, dk = D^T q, and through the
    normalization dz = (dq - (dq.q) q) / |z|.
    """
    batch = len(z1)
    norms = [np.maximum(np.linalg.norm(z, axis=1, keepdims=True), NORM_FLOOR).astype(z.dtype) for z in (z1, z2)]
    q, k = z1 / norms[0], z2 / norms[1]
    d = 2 * push_coeff / (batch * (batch - 1)) * (q @ k.T)
    np.fill_diagonal(d, -pull_coeff / batch)

    def through(unit: npt.NDArray[Any], norm: npt.NDArray[Any], grad: npt.NDArray[Any]) -> npt.NDArray[Any]:
        radial = np.where(norm > NORM_FLOOR, (grad * unit).sum(axis=1, keepdims=True), 0)
        return np.asarray((grad - radial * unit) / norm)

    return through(q, norms[0], d @ k), through(k, norms[1], d.T @ q)


class Supervised:
    """Cross-entropy of softmax(z w + b), the mean over both views; w and b are parameters like any other."""

    def __init__(self, rng: np.random.Generator, features: int, classes: int) -> None:
        weights = rng.normal(0.0, np.sqrt(1 / features), (features, classes)).astype(np.float32)
        self.parameters = [weights, np.zeros(classes, np.float32)]
        self.gradients: list[Array] = []

    def __call__(self, z1: Array, z2: Array, labels: Labels) -> tuple[dict[str, float], Array, Array]:
        """One label for each pair of views."""
        z, targets = np.concatenate([z1, z2]), np.concatenate([labels, labels])
        weights, bias = self.parameters
        logits = z @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(z))
        loss = -np.log(np.maximum(p[rows, targets], 1e-30)).mean()
        p[rows, targets] -= 1
        p /= len(z)
        self.gradients = [z.T @ p, p.sum(axis=0)]
        grad = p @ weights.T
        return {"cross_entropy": float(loss)}, grad[: len(z1)], grad[len(z1) :]
