"""sc-neurocore: InfoNCE and CSDP, in NumPy."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

import numpy as np

from spikemirror.catalogue.kernel import Array
from spikemirror.mirrors.mirror import Unsupported
from spikemirror.peers.peer import Peer


class ScNeurocore(Peer):
    """sc_neurocore.contrastive. It computes in float64 whatever it is given; for float32 its result is rounded."""

    name = "sc-neurocore"
    kernels = frozenset({"infonce", "csdp_positive", "csdp_negative", "csdp_step", "goodness"})
    partial: ClassVar = {"infonce": frozenset({"loss"})}

    def __init__(self) -> None:
        self._contrastive: Any = importlib.import_module("sc_neurocore.contrastive")

    def infonce(self, *, view_a: Array, view_b: Array, temperature: float, symmetric: bool) -> tuple[Array, ...]:
        """SpikeContrastiveLoss.compute, which gives the loss alone."""
        if symmetric:
            raise Unsupported("symmetric: the loss contrasts view_a against view_b only")
        return (np.asarray(self._contrastive.SpikeContrastiveLoss(temperature).compute(view_a, view_b)),)

    def csdp_positive(self, *, lr: float, decay: float, **arrays: Array) -> tuple[Array, ...]:
        """CSDPRule.positive_update."""
        return (self._contrastive.CSDPRule(lr, decay).positive_update(**arrays),)

    def csdp_negative(self, *, lr: float, **arrays: Array) -> tuple[Array, ...]:
        """CSDPRule.negative_update."""
        return (self._contrastive.CSDPRule(lr).negative_update(**arrays),)

    def csdp_step(self, *, lr: float, decay: float, **arrays: Array) -> tuple[Array, ...]:
        """CSDPRule.contrastive_step."""
        return (self._contrastive.CSDPRule(lr, decay).contrastive_step(**arrays),)

    def goodness(self, *, activations: Array) -> tuple[Array, ...]:
        """CSDPRule.goodness."""
        return (np.asarray(self._contrastive.CSDPRule().goodness(activations)),)
