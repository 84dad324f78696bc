"""Results drawn to a file: each layer's measures, and the terms as they were learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt

MEASURES = (
    ("accuracy", "readout accuracy, held-out digits"),
    ("dimensionality", "dimensions (participation ratio)"),
    ("deviation", "deviation of a unit"),
    ("agreement", "agreement of consecutive views"),
)
TERMS = (
    ("pull", "predictive term, last layer"),
    ("push", "Hebbian term, last layer"),
    ("decorr", "decorrelation term, last layer"),
    ("cross_entropy", "cross-entropy, last layer"),
)
COLORS = ("#8c8c8c", "#0b6e99", "#d1752b", "#a33b5f", "#5b8c3e")
WIDE = ("decorr", "cross_entropy")
"""Terms that range over powers of ten."""
FLOOR = 1e-6


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Layers above, curves below; one color for each variant."""
    shown = [term for term in TERMS if any(term[0] in r["curves"] for r in results.values())]
    figure, axes = plt.subplots(2, 4, figsize=(15, 7), layout="constrained")
    named = list(zip(results.items(), COLORS, strict=False))
    for ax, (measure, title) in zip(axes[0], MEASURES, strict=True):
        for (name, result), color in named:
            values = [layer[measure] for layer in result["layers"]]
            ax.plot(range(1, len(values) + 1), values, "o-", color=color, label=name)
        ax.set(title=title, xlabel="layer", xticks=range(1, len(values) + 1))
        if measure == "accuracy":
            ax.axhline(0.1, color="black", linewidth=0.8, linestyle=":")
            ax.set_ylim(0, 1)
    for ax, (term, title) in zip(axes[1], shown, strict=False):
        for (_, result), color in named:
            if term in result["curves"]:
                last = np.array(result["curves"][term])[:, -1]
                ax.plot(10 * np.arange(len(last)), np.maximum(last, FLOOR) if term in WIDE else last, color=color)
        if term in WIDE:
            ax.set_yscale("log")
        ax.set(title=title, xlabel="update")
    for ax in axes[1, len(shown) :]:
        ax.axis("off")
    handles, names = axes[0, 0].get_legend_handles_labels()
    axes[1, 3].legend(handles, names, loc="center", frameon=False)
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)
