"""ngclearn: the general Hebbian expansion, in jax."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from spikemirror.catalogue.kernel import Array
from spikemirror.peers.peer import Peer


class Ngclearn(Peer):
    """GerstnerHebbianSynapse.evolve, with jax's 64-bit mode on.

    Its weights are (pre, post); its mean over the batch needs the batch_size of the synapse, which is 1 by default.
    """

    name = "ngclearn"
    kernels = frozenset({"hebbian"})

    def __init__(self) -> None:
        jax = importlib.import_module("jax")
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        self._array: Any = importlib.import_module("jax.numpy").asarray
        self._components: Any = importlib.import_module("ngclearn.components.synapses.hebbian.gerstnerHebbianSynapse")

    def hebbian(
        self, *, weights: Array, pre: Array, post: Array, eta: float, **coefficients: float
    ) -> tuple[Array, ...]:
        """One step of ascent."""
        synapse = self._components.GerstnerHebbianSynapse(
            "synapse",
            shape=weights.T.shape,
            eta=eta,
            coeffs=coefficients,
            weight_init=lambda shape, key: self._array(weights.T),
            batch_size=len(pre),
        )
        synapse.pre.set(self._array(pre))
        synapse.post.set(self._array(post))
        synapse.evolve()
        return (np.asarray(synapse.weights.get()).T,)
