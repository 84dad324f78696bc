"""Contrastive loss and contrastive signal-dependent plasticity as objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt

from spikemirror.arguments import validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array


@dataclass(frozen=True, kw_only=True)
class SpikeContrastiveLoss:
    """InfoNCE over in-batch negatives: mean_i ln(sum_j exp(s_ij)) - s_ii, s_ij = cos(a_i, b_j) / temperature."""

    temperature: float = 0.5
    symmetric: bool = False
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["infonce"], {"temperature": self.temperature, "symmetric": self.symmetric})

    def compute(self, view_a: npt.ArrayLike, view_b: npt.ArrayLike) -> float:
        """The loss of two batches of views (B, F); row i of one is the positive of row i of the other."""
        return float(self._call(view_a, view_b)["loss"])

    def per_row(self, view_a: npt.ArrayLike, view_b: npt.ArrayLike) -> Array:
        """The loss of each row (B)."""
        return self._call(view_a, view_b)["per_row"]

    def gradient(self, view_a: npt.ArrayLike, view_b: npt.ArrayLike) -> tuple[Array, Array]:
        """The gradient of the loss with respect to both views (B, F), before their normalization."""
        outputs = self._call(view_a, view_b, "infonce_grad")
        return outputs["grad_a"], outputs["grad_b"]

    def _call(self, view_a: npt.ArrayLike, view_b: npt.ArrayLike, kernel: str = "infonce") -> dict[str, Array]:
        return call(
            kernel, backend=self.backend, view_a=view_a, view_b=view_b,
            temperature=self.temperature, symmetric=self.symmetric,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CSDPRule:
    """Contrastive signal-dependent plasticity of weights (post, pre) between binary spikes."""

    lr: float = 0.01
    decay: float = 0.001
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["csdp_step"], {"lr": self.lr, "decay": self.decay})

    def positive_update(self, weights: npt.ArrayLike, pre_spikes: npt.ArrayLike, post_spikes: npt.ArrayLike) -> Array:
        """W + lr post pre - decay W."""
        return call(
            "csdp_positive", backend=self.backend, weights=weights, pre_spikes=pre_spikes, post_spikes=post_spikes,
            lr=self.lr, decay=self.decay,
        )["weights"]  # fmt: skip

    def negative_update(self, weights: npt.ArrayLike, pre_spikes: npt.ArrayLike, post_spikes: npt.ArrayLike) -> Array:
        """W - lr post pre."""
        return call(
            "csdp_negative", backend=self.backend, weights=weights, pre_spikes=pre_spikes, post_spikes=post_spikes,
            lr=self.lr,
        )["weights"]  # fmt: skip

    def contrastive_step(
        self,
        weights: npt.ArrayLike,
        pos_pre: npt.ArrayLike,
        pos_post: npt.ArrayLike,
        neg_pre: npt.ArrayLike,
        neg_post: npt.ArrayLike,
    ) -> Array:
        """The positive update, then the negative one, in one pass over the weights."""
        return call(
            "csdp_step", backend=self.backend, weights=weights, pos_pre=pos_pre, pos_post=pos_post, neg_pre=neg_pre,
            neg_post=neg_post, lr=self.lr, decay=self.decay,
        )["weights"]  # fmt: skip

    def layer_goodness(self, activations: npt.ArrayLike, labels: npt.ArrayLike, theta: float) -> dict[str, Array]:
        """Goodness (B), probability (B) of being positive, loss () and modulator (B) of a batch of activations (B, N).

        `labels` are 1 for positive samples and 0 for negative ones, `theta` is the threshold of the goodness.
        """
        return call("csdp_layer_goodness", backend=self.backend, activations=activations, labels=labels, theta=theta)

    def goodness(self, activations: npt.ArrayLike) -> float:
        """The sum of squared activations, of any shape."""
        return float(call("goodness", backend=self.backend, activations=activations)["goodness"])
