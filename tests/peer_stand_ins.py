"""Stand-ins for the peers, in NumPy: as much of each interface as its adapter uses, with the peer's documented ways.

As a program it is a Python that has them: `python peer_stand_ins.py -m spikemirror.peers norse`. PEER_BROKEN names a
module whose import fails.
"""

from __future__ import annotations

import importlib.metadata
import os
import runpy
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
VERSION = "0.1.stand-in"


class Tensor(np.ndarray[Any, Any]):
    """What torch.tensor gives; sums, products and views of it are tensors too."""

    def numpy(self) -> Array:
        return np.asarray(self)


def tensor(value: Any) -> Any:
    return np.array(value).view(Tensor)


# norse


class STDPState:
    def __init__(self, t_pre: Array, t_post: Array) -> None:
        self.t_pre, self.t_post = t_pre, t_post

    def decay(self, z_pre: Array, z_post: Array, p: STDPParameters, dt: float) -> None:
        step = self.t_pre.dtype.type(dt)
        self.t_pre = self.t_pre + (step * p.tau_pre_inv) * (-self.t_pre + p.a_pre * z_pre)
        self.t_post = self.t_post + (step * p.tau_post_inv) * (-self.t_post + p.a_post * z_post)


class STDPParameters:
    """No floor under the base of a power."""

    a_pre: Array
    a_post: Array
    tau_pre_inv: Array
    tau_post_inv: Array

    def __init__(self, *, stdp_algorithm: str, hardbound: bool, convolutional: bool = False, **given: Any) -> None:
        vars(self).update(given)
        self.given, self.algorithm, self.hardbound = given, stdp_algorithm, hardbound

    def amplitude(self, distance: Array) -> Any:
        match self.algorithm:
            case "additive_step":
                return (distance > 0).astype(distance.dtype)
            case "multiplicative_pow":
                return distance ** self.given["mu"]
            case "multiplicative_relu":
                return np.maximum(distance, 0)
        return np.ones_like(distance)

    def updated(self, w: Array, plus: Array, minus: Array) -> Array:
        low, high = self.given["w_min"], self.given["w_max"]
        grow = self.given["eta_plus"] * self.amplitude(high - w) * plus
        w = w + (grow - self.given["eta_minus"] * self.amplitude(w - low) * minus)
        return np.clip(w, low, high) if self.hardbound else w


def stdp_step_linear(
    z_pre: Array, z_post: Array, w: Array, state: STDPState, p: STDPParameters, dt: float
) -> tuple[Array, STDPState]:
    state.decay(z_pre, z_post, p, dt)
    return p.updated(w, z_post.T @ state.t_pre, state.t_post.T @ z_pre), state


def stdp_step_conv2d(
    z_pre: Array, z_post: Array, w: Array, state: STDPState, p: STDPParameters, dt: float
) -> tuple[Array, STDPState]:
    """Refuses what is empty."""
    if 0 in (*z_pre.shape, *z_post.shape, *w.shape):
        raise RuntimeError("a size of 0")
    state.decay(z_pre, z_post, p, dt)
    plus, minus = (
        np.einsum("boyx,biyxuv->oiuv", over, patches(image, over.shape[2:], w.shape[2:], p.given))
        for over, image in ((z_post, state.t_pre), (state.t_post, z_pre))
    )
    return p.updated(w, tensor(plus), tensor(minus)), state


def patches(image: Array, shape: tuple[int, ...], window: tuple[int, ...], p: dict[str, int]) -> Array:
    """What each position meets, 0 outside of the image: (B, C, y, x, u, v)."""
    places = [
        np.arange(count)[:, None] * p["stride"] + np.arange(length) * p["dilation"] - p["padding"]
        for count, length in zip(shape, window, strict=True)
    ]
    y_there, x_there = ((at >= 0) & (at < n) for at, n in zip(places, image.shape[2:], strict=True))
    y, x = (at % n for at, n in zip(places, image.shape[2:], strict=True))
    met = image[:, :, y[:, None, :, None], x[None, :, None, :]]
    return np.where(y_there[:, None, :, None] & x_there[None, :, None, :], met, 0)


# sc-neurocore: always float64


class SpikeContrastiveLoss:
    """A norm that overflows, a probability with a floor, and its plain log."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def compute(self, view_a: Array, view_b: Array) -> float:
        if len(view_a) < 2:
            return 0.0
        with np.errstate(over="ignore"):
            q, k = (x / np.maximum(np.sqrt((x * x).sum(1)), 1e-8)[:, None] for x in map(np.float64, (view_a, view_b)))
        s = q @ k.T / self.temperature
        e = np.exp(s - s.max(axis=1)[:, None])
        return float(-np.log(np.maximum(np.diag(e) / e.sum(axis=1), 1e-10)).mean())


class CSDPRule:
    def __init__(self, lr: float = 0.01, decay: float = 0.001) -> None:
        self.lr, self.decay = lr, decay

    def positive_update(self, weights: Array, pre_spikes: Array, post_spikes: Array) -> Array:
        w = np.float64(weights)
        grown: Array = w + (self.lr * np.outer(post_spikes, pre_spikes) - self.decay * w)
        return grown

    def negative_update(self, weights: Array, pre_spikes: Array, post_spikes: Array) -> Array:
        shrunk: Array = np.float64(weights) - self.lr * np.outer(post_spikes, pre_spikes)
        return shrunk

    def contrastive_step(
        self, weights: Array, pos_pre: Array, pos_post: Array, neg_pre: Array, neg_post: Array
    ) -> Array:
        return self.negative_update(self.positive_update(weights, pos_pre, pos_post), neg_pre, neg_post)

    def goodness(self, activations: Array) -> float:
        return float(np.sum(np.float64(activations) ** 2))


# ngclearn


class Compartment:
    def __init__(self, value: Array) -> None:
        self.value = value

    def set(self, value: Array) -> None:
        self.value = value

    def get(self) -> Array:
        return self.value


class GerstnerHebbianSynapse:
    """The mean over the batch divides by the batch_size that it was told."""

    def __init__(
        self, name: str, *, shape: tuple[int, int], eta: float, coeffs: dict[str, float], weight_init: Any,
        batch_size: int = 1,
    ) -> None:  # fmt: skip
        self.eta, self.coeffs, self.batch_size = eta, coeffs, batch_size
        self.weights = Compartment(weight_init(shape, None))
        self.pre, self.post = Compartment(np.zeros((1, shape[0]))), Compartment(np.zeros((1, shape[1])))

    def evolve(self) -> None:
        w, x, y, share = self.weights.get(), self.pre.get(), self.post.get(), 1 / self.batch_size
        change = self.coeffs["c0"] * w + self.coeffs["c1_pre"] * (x.sum(0)[:, None] * share)
        change = change + self.coeffs["c1_post"] * (y.sum(0) * share) + self.coeffs["c2_corr"] * (x.T @ y * share)
        self.weights.set(w + self.eta * change)


# snntorch: time first


def latency(data: Array, *, num_steps: int, threshold: float, normalize: bool, linear: bool) -> Any:
    assert threshold > 0
    assert normalize
    assert linear
    if data.min() < 0 or data.max() > 1:
        raise ValueError("Elements of ``data`` must be between [0, 1]")
    times = np.rint((num_steps - 1) * np.minimum(1 - data, 1 - threshold))
    return tensor((np.arange(num_steps).reshape(-1, *[1] * data.ndim) == times).astype(np.float32))


def delta(data: Array, *, threshold: float, padding: bool, off_spike: bool) -> Any:
    """A change of exactly the threshold spikes."""
    assert padding
    assert off_spike
    change = np.diff(data, axis=0, prepend=data[:1])
    at = data.dtype.type(threshold)
    return tensor((change >= at).astype(data.dtype) - (change <= -at))


MODULES = {
    "torch": SimpleNamespace(tensor=tensor),
    "norse.torch.functional.stdp": SimpleNamespace(
        STDPState=STDPState,
        STDPParameters=STDPParameters,
        stdp_step_linear=stdp_step_linear,
        stdp_step_conv2d=stdp_step_conv2d,
    ),
    "sc_neurocore.contrastive": SimpleNamespace(SpikeContrastiveLoss=SpikeContrastiveLoss, CSDPRule=CSDPRule),
    "jax": SimpleNamespace(config=SimpleNamespace(update=lambda name, value: None)),
    "jax.numpy": np,
    "ngclearn.components.synapses.hebbian.gerstnerHebbianSynapse": SimpleNamespace(
        GerstnerHebbianSynapse=GerstnerHebbianSynapse
    ),
    "snntorch.spikegen": SimpleNamespace(latency=latency, delta=delta),
}


def main(arguments: list[str]) -> None:
    """What a Python does with -c and -m."""
    modules: dict[str, Any] = sys.modules
    modules.update(MODULES)
    if broken := os.environ.get("PEER_BROKEN"):
        modules[broken] = None
    importlib.metadata.version = lambda distribution_name: VERSION
    how, what, *rest = arguments
    sys.argv = [how, *rest]
    if how == "-c":
        exec(what, {"__name__": "__main__"})
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
