"""norse: STDP steps of dense and convolutional layers, in torch."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from spikemirror.catalogue.kernel import Array
from spikemirror.peers.peer import Peer


class Norse(Peer):
    """norse.torch.functional.stdp, one call a step.

    Every parameter goes in as a tensor of the call's dtype: norse's own defaults are float32, and so is a mu that is
    given as a number. Parameters, shapes and units are otherwise those of the kernels.
    """

    name = "norse"
    kernels = frozenset({"stdp_linear", "stdp_linear_run", "stdp_conv2d"})

    def __init__(self) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._stdp: Any = importlib.import_module("norse.torch.functional.stdp")

    def stdp_linear(self, *, z_pre: Array, z_post: Array, **given: Any) -> tuple[Array, ...]:
        """stdp_step_linear."""
        return self._steps(self._stdp.stdp_step_linear, [(z_pre, z_post)], **given)

    def stdp_linear_run(self, *, z_pre: Array, z_post: Array, **given: Any) -> tuple[Array, ...]:
        """stdp_step_linear for each step of time."""
        steps = [(z_pre[:, t], z_post[:, t]) for t in range(z_pre.shape[1])]
        return self._steps(self._stdp.stdp_step_linear, steps, **given)

    def stdp_conv2d(self, *, z_pre: Array, z_post: Array, **given: Any) -> tuple[Array, ...]:
        """stdp_step_conv2d."""
        return self._steps(self._stdp.stdp_step_conv2d, [(z_pre, z_post)], convolutional=True, **given)

    def _steps(
        self,
        step: Any,
        spikes: list[tuple[Array, Array]],
        *,
        weights: Array,
        t_pre: Array,
        t_post: Array,
        dt: float,
        **parameters: Any,
    ) -> tuple[Array, ...]:
        def tensor(value: Array | float) -> Any:
            return self._torch.tensor(np.asarray(value, weights.dtype))

        told = {name: tensor(value) if type(value) is float else value for name, value in parameters.items()}
        rule = self._stdp.STDPParameters(**told)
        state = self._stdp.STDPState(tensor(t_pre), tensor(t_post))
        w = tensor(weights)
        for z_pre, z_post in spikes:
            w, state = step(tensor(z_pre), tensor(z_post), w, state, rule, dt)
        return w.numpy(), state.t_pre.numpy(), state.t_post.numpy()
