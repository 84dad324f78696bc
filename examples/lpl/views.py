"""scikit-learn's digits as a stream of moving, noisy images: consecutive views show the same digit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
SIDE = 8


@dataclass(frozen=True)
class Digits:
    """Images (N, 8, 8) in [0, 1] and their labels, one part to learn from and one held out."""

    train: Array
    train_labels: Labels
    test: Array
    test_labels: Labels

    @classmethod
    def load(cls, seed: int) -> Digits:
        """A quarter is held out, as many of each class as there are."""
        images, labels = load_digits(return_X_y=True)
        images = (images / 16).astype(np.float32).reshape(-1, SIDE, SIDE)
        train, test, train_labels, test_labels = train_test_split(
            images, labels, test_size=0.25, random_state=seed, stratify=labels
        )
        return cls(train, train_labels, test, test_labels)


def view(rng: np.random.Generator, images: Array, *, shift: int, noise: float) -> Array:
    """Images (B, 8, 8, 1): each digit moved by at most `shift` pixels either way, all pixels with Gaussian noise."""
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)))
    corners = rng.integers(0, 2 * shift + 1, (2, len(images), 1, 1))
    rows, columns = corners[0] + np.arange(SIDE)[:, None], corners[1] + np.arange(SIDE)
    moved = padded[np.arange(len(images))[:, None, None], rows, columns]
    seen = moved + rng.normal(0.0, noise, moved.shape)
    return np.asarray(seen[..., None], np.float32)
