"""What a layer's activity is worth: a linear readout of the class, and how many dimensions it fills."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
SCALE_FLOOR = 1e-12


def accuracy(
    rng: np.random.Generator, train: Array, train_labels: Labels, test: Array, test_labels: Labels, *, noise: float
) -> float:
    """Accuracy on `test` of a logistic regression fitted to `train`, both seen through Gaussian noise.

    A fit rescales each unit at will; the noise makes the scale of activity count.
    """
    seen = train + rng.normal(0.0, noise, train.shape)
    mean, scale = seen.mean(axis=0), np.maximum(seen.std(axis=0), SCALE_FLOOR)
    fit = LogisticRegression(max_iter=300, tol=1e-3).fit((seen - mean) / scale, train_labels)
    heard = test + rng.normal(0.0, noise, test.shape)
    return float(fit.score((heard - mean) / scale, test_labels))


def dimensionality(activity: Array) -> float:
    """Participation ratio (sum l)^2 / sum l^2 of the covariance's eigenvalues l: 1 on a line, D for D equal ones."""
    covariance = np.cov(activity.T.astype(np.float64))
    total = np.trace(covariance)
    return float(total * total / max(float((covariance * covariance).sum()), np.finfo(np.float64).tiny))


def deviation(activity: Array) -> float:
    """Standard deviation of a unit, root mean square over units."""
    return float(np.sqrt(activity.var(axis=0).mean()))


def agreement(z1: Array, z2: Array) -> float:
    """Correlation of two views of the same digits, 1 - mean |z1 - z2|^2 / (2 variance); 0 where nothing varies."""
    spread = float(z1.var(axis=0).mean() + z2.var(axis=0).mean())
    if spread == 0:
        return 0.0
    apart = ((z1 - z2 - (z1 - z2).mean(axis=0)) ** 2).mean()
    return float(1 - apart / spread)
