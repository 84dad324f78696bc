"""snntorch: latency and delta codes, in torch. Its time is the first axis."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from spikemirror.catalogue.kernel import Array
from spikemirror.mirrors.mirror import Unsupported
from spikemirror.peers.peer import Peer

THRESHOLD = 1e-30
"""It must exceed 0, and clamps times to (1 - threshold) (num_steps - 1), which with this one is num_steps - 1."""


class Snntorch(Peer):
    """snntorch.spikegen."""

    name = "snntorch"
    kernels = frozenset({"encode_latency", "encode_delta"})

    def __init__(self) -> None:
        self._torch: Any = importlib.import_module("torch")
        self._spikegen: Any = importlib.import_module("snntorch.spikegen")

    def encode_latency(
        self,
        *,
        x: Array,
        num_steps: int,
        normalization: str,
        gain: float,
        bias: float,
        mapping: str,
        tau: float | None,
        t_min: float,
        t_max: float | None,
        burst: int,
    ) -> tuple[Array, ...]:
        """latency(normalize=True, linear=True), whose times are (1 - x) (num_steps - 1).

        Without linear they are those of a leaky neuron charged up to a threshold: neither of the other mappings.
        spike_times are read off the train.
        """
        if mapping != "linear":
            raise Unsupported(f"mapping {mapping}: latency has linear times, or those of a leaky neuron")
        if normalization not in ("none", "clamp") or (gain, bias) != (1, 0):
            raise Unsupported("normalization, gain, bias: latency takes values as they are")
        if x.size and not (x.min() >= 0 and x.max() <= 1):
            raise Unsupported("values outside of [0, 1]: latency takes none")
        if t_min > 0 or t_max is not None:
            raise Unsupported("t_min, t_max: latency does not clip times")
        if burst > 1:
            raise Unsupported("burst: latency gives one spike")
        train = self._spikegen.latency(
            self._torch.tensor(x), num_steps=num_steps, threshold=THRESHOLD, normalize=True, linear=True
        )
        spikes = np.moveaxis(train.numpy(), 0, 1).astype(np.uint8)
        return spikes, spikes.argmax(axis=1).astype(np.int32)

    def encode_delta(self, *, x: Array, previous: Array, theta_on: float, theta_off: float | None) -> tuple[Array, ...]:
        """delta(padding=True, off_spike=True) of the signal with `previous` before it; the first step is dropped."""
        if theta_off not in (None, theta_on):
            raise Unsupported("theta_off: delta has one threshold")
        signal = np.concatenate([previous[None], np.moveaxis(x, 1, 0)])
        train = self._spikegen.delta(self._torch.tensor(signal), threshold=theta_on, padding=True, off_spike=True)
        change = np.moveaxis(train.numpy()[1:], 0, 1)
        return np.concatenate([change == 1, change == -1], axis=2).astype(np.uint8), signal[-1]
