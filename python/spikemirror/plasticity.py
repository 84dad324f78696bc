"""Hebbian learning, spike-timing-dependent plasticity and latent predictive learning.

Parameters and states are frozen; a step returns new weights and a new state and mutates nothing. The one object with a
state of its own is GerstnerHebbianSynapse. Weights are (post, pre). Formulas are in docs/kernels.md under the kernels
that each object names; what is refused is a Rejection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spikemirror.arguments import validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import POSITIVE, Array
from spikemirror.catalogue.rejection import Code, Rejection


@dataclass(frozen=True, kw_only=True)
class HebbianCoefficients:
    """Learning rate and coefficients of the Hebbian expansion to second order.

    dW = c0 W + c1_pre mean(x_j) + c1_post mean(y_i) + c2_corr mean(y_i x_j). Hebb: the defaults;
    anti-Hebb: c2_corr < 0; decay: c0 < 0.
    """

    eta: float = 0.01
    c0: float = 0.0
    c1_pre: float = 0.0
    c1_post: float = 0.0
    c2_corr: float = 1.0

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["hebbian"], asdict(self))


DEFAULT_COEFFICIENTS = HebbianCoefficients()


@dataclass(frozen=True, eq=False)
class GerstnerHebbianSynapse:
    """Weights (post, pre) that learn by the Hebbian expansion; kernel hebbian.

    Settings are frozen; `update` changes the weights, `reset` takes them back to those at the start. Weights are copied
    when given, and read-only.
    """

    initial_weights: Array
    coefficients: HebbianCoefficients = DEFAULT_COEFFICIENTS
    backend: str | None = field(default=None, kw_only=True)
    _state: list[Array] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial_weights", _owned(self.initial_weights, "initial_weights"))
        self.reset()

    @property
    def weights(self) -> Array:
        """The weights as they are now (post, pre)."""
        return self._state[0]

    def update(self, pre: npt.ArrayLike, post: npt.ArrayLike) -> Array:
        """Learn from activity (B, pre) and (B, post), averaged over the batch; W + eta dW is kept and returned."""
        weights = call(
            "hebbian", backend=self.backend, weights=self.weights, pre=pre, post=post, **asdict(self.coefficients)
        )["weights"]
        weights.setflags(write=False)
        self._state[:] = [weights]
        return weights

    def reset(self) -> None:
        """Back to the weights at the start."""
        self._state[:] = [self.initial_weights]


@dataclass(frozen=True, kw_only=True)
class STDPParameters:
    """Parameters of STDP; inverse time constants in 1/s."""

    a_pre: float = 1.0
    a_post: float = 1.0
    tau_pre_inv: float = 20.0
    tau_post_inv: float = 20.0
    w_min: float = 0.0
    w_max: float = 1.0
    eta_plus: float = 1e-3
    eta_minus: float = 1e-3
    stdp_algorithm: str = "additive"
    mu: float = 0.0
    hardbound: bool = True

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["stdp_linear"], asdict(self))


@dataclass(frozen=True)
class STDPState:
    """Traces of both sides: (B, pre) and (B, post), or (B, in, H, W) and (B, out, Ho, Wo) of a convolution."""

    t_pre: Array
    t_post: Array

    @classmethod
    def zeros(cls, batch: int, pre: int, post: int, dtype: npt.DTypeLike = np.float64) -> STDPState:
        """Traces before the first spike."""
        return cls(np.zeros((batch, pre), dtype), np.zeros((batch, post), dtype))

    @classmethod
    def zeros_like(cls, z_pre: npt.ArrayLike, z_post: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> STDPState:
        """Traces before the first spike, in the shapes of one step's spikes."""
        return cls(np.zeros(np.shape(z_pre), dtype), np.zeros(np.shape(z_post), dtype))


DEFAULT_PARAMETERS = STDPParameters()


def stdp_step_linear(
    z_pre: npt.ArrayLike,
    z_post: npt.ArrayLike,
    w: npt.ArrayLike,
    state: STDPState,
    parameters: STDPParameters = DEFAULT_PARAMETERS,
    dt: float = 1e-3,
    *,
    backend: str | None = None,
) -> tuple[Array, STDPState]:
    """One step for a dense layer: spikes (B, pre) and (B, post), weights (post, pre), `dt` in seconds.

    Traces are updated first; the batch is summed; nothing is mutated.
    """
    new = call(
        "stdp_linear", backend=backend, weights=w, z_pre=z_pre, z_post=z_post, t_pre=state.t_pre, t_post=state.t_post,
        dt=dt, **asdict(parameters),
    )  # fmt: skip
    return new["weights"], STDPState(new["t_pre"], new["t_post"])


def stdp_run_linear(
    z_pre: npt.ArrayLike,
    z_post: npt.ArrayLike,
    w: npt.ArrayLike,
    state: STDPState,
    parameters: STDPParameters = DEFAULT_PARAMETERS,
    dt: float = 1e-3,
    *,
    backend: str | None = None,
) -> tuple[Array, STDPState]:
    """T steps of `stdp_step_linear` in one call: spikes (B, T, pre) and (B, T, post); kernel stdp_linear_run.

    A sequence may be cut anywhere, if weights and state are handed on.
    """
    new = call(
        "stdp_linear_run", backend=backend, weights=w, z_pre=z_pre, z_post=z_post, t_pre=state.t_pre,
        t_post=state.t_post, dt=dt, **asdict(parameters),
    )  # fmt: skip
    return new["weights"], STDPState(new["t_pre"], new["t_post"])


def stdp_step_conv2d(
    z_pre: npt.ArrayLike,
    z_post: npt.ArrayLike,
    w: npt.ArrayLike,
    state: STDPState,
    parameters: STDPParameters = DEFAULT_PARAMETERS,
    dt: float = 1e-3,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    backend: str | None = None,
) -> tuple[Array, STDPState]:
    """One step for a two-dimensional convolution; kernel stdp_conv2d.

    Spikes (B, in, H, W) and (B, out, Ho, Wo), weights (out, in, kh, kw); `dt` in seconds. Summed over
    batch and positions. Ho and Wo must be the convolution's output size.
    """
    new = call(
        "stdp_conv2d", backend=backend, weights=w, z_pre=z_pre, z_post=z_post, t_pre=state.t_pre, t_post=state.t_post,
        dt=dt, stride=stride, padding=padding, dilation=dilation, **asdict(parameters),
    )  # fmt: skip
    return new["weights"], STDPState(new["t_pre"], new["t_post"])


class LPLTerms(NamedTuple):
    """The terms of LPL, and their sum weighted by the coefficients."""

    pull: float
    push: float
    decorr: float
    total: float


class LPLNegativeTerms(NamedTuple):
    """The terms of LPL with negative samples."""

    pull: float
    push: float


@dataclass(frozen=True, kw_only=True)
class LPL:
    """Latent predictive learning of a layer from its responses (B, D) to two consecutive views; B >= 2.

    Pulls the views together (predictive), pushes each feature's variance up (Hebbian) and decorrelates features.
    With `stop_gradient` the earlier view's response is held fixed in the predictive term. Kernels lpl, lpl_grad,
    lpl_negative.
    """

    pull_coeff: float = 1.0
    push_coeff: float = 1.0
    decorr_coeff: float = 10.0
    eps: float = 1e-4
    stop_gradient: bool = False
    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["lpl_grad"], {**self._coefficients(), "stop_gradient": self.stop_gradient})

    def compute(self, z1: npt.ArrayLike, z2: npt.ArrayLike) -> float:
        """The total."""
        return self.terms(z1, z2).total

    def terms(self, z1: npt.ArrayLike, z2: npt.ArrayLike) -> LPLTerms:
        """Each term, and the total."""
        outputs = call("lpl", backend=self.backend, z1=z1, z2=z2, **self._coefficients())
        return LPLTerms(*(float(outputs[name]) for name in LPLTerms._fields))

    def gradient(self, z1: npt.ArrayLike, z2: npt.ArrayLike) -> tuple[Array, Array]:
        """The total's gradient with respect to z1 and z2 (B, D); the batch's mean is held fixed."""
        outputs = call(
            "lpl_grad", backend=self.backend, z1=z1, z2=z2, stop_gradient=self.stop_gradient, **self._coefficients()
        )
        return outputs["grad_z1"], outputs["grad_z2"]

    def negative(self, z1: npt.ArrayLike, z2: npt.ArrayLike) -> LPLNegativeTerms:
        """With negative samples in place of variance: minus the cosine of pairs, and the squared cosine of the rest."""
        outputs = call("lpl_negative", backend=self.backend, z1=z1, z2=z2)
        return LPLNegativeTerms(float(outputs["pull"]), float(outputs["push"]))

    def _coefficients(self) -> dict[str, Any]:
        return {
            "pull_coeff": self.pull_coeff,
            "push_coeff": self.push_coeff,
            "decorr_coeff": self.decorr_coeff,
            "eps": self.eps,
        }


@dataclass(frozen=True, kw_only=True)
class SpikingLPLParameters:
    """Parameters of the spiking LPL rule: seconds and volts, `every` in steps.

    `delay` is how long ago the postsynaptic spikes were that present ones are compared with, at least one step of `dt`.
    Where the published equations and the authors' simulation code differ (normalizers, units of `delta` and `xi`), this
    follows the code.
    """

    dt: float = 1e-4
    tau_syn: float = 5e-3
    tau_mem: float = 20e-3
    tau_rise: float = 2e-3
    tau_fall: float = 10e-3
    tau_mean: float = 600.0
    tau_var: float = 30.0
    lambda_: float = 1.0
    phi: float = 1.0
    delta: float = 1e-5
    xi: float = 1e-3
    beta: float = 1000.0
    threshold: float = -50e-3
    cutoff: float = -80e-3
    eta: float = 1e-2
    every: int = 5000
    w_max: float = 1.0
    delay: float = 20e-3

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE["lpl_spiking_step"], self.of_the_kernel())
        delay: Any = self.delay
        number = isinstance(delay, Real) and not isinstance(delay, bool)
        if not number or delay not in POSITIVE or self.delay_steps < 1:
            raise Rejection(
                Code.bad_parameter, "delay", f"delay = {self.delay!r} must be finite and at least dt = {self.dt!r}"
            )

    @property
    def delay_steps(self) -> int:
        """The delay in steps."""
        return round(float(self.delay) / float(self.dt))

    def of_the_kernel(self) -> dict[str, Any]:
        """Those that the kernel takes."""
        return {name: value for name, value in asdict(self).items() if name != "delay"}


NEURONS = ("mean", "variance", "psp_syn", "psp", "error_rise", "error")
SYNAPSES = ("eligibility", "eligibility_filtered", "gradient")


@dataclass(frozen=True)
class SpikingLPLState:
    """Weights and everything else that the spiking rule carries from step to step.

    (post, pre): weights, eligibility, eligibility_filtered, gradient. (pre): psp_syn, psp. (post): mean, variance,
    error_rise, error. history (delay_steps, post) uint8 holds the latest postsynaptic spikes: those of step s are in
    row s mod delay_steps.
    """

    weights: Array
    mean: Array
    variance: Array
    psp_syn: Array
    psp: Array
    error_rise: Array
    error: Array
    eligibility: Array
    eligibility_filtered: Array
    gradient: Array
    history: Array
    step: int = 0


DEFAULT_SPIKING_LPL = SpikingLPLParameters()


@dataclass(frozen=True, kw_only=True)
class SpikingLPLSynapse:
    """The spiking LPL rule for one layer, without a batch; kernel lpl_spiking_step."""

    parameters: SpikingLPLParameters = DEFAULT_SPIKING_LPL
    backend: str | None = None

    def start(self, weights: npt.ArrayLike) -> SpikingLPLState:
        """The state before the first step, all traces 0, of weights (post, pre)."""
        w = _owned(weights, "weights")
        post, pre = w.shape
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(NEURONS, (post,)) | dict.fromkeys(SYNAPSES, (post, pre))
        shapes |= {"psp_syn": (pre,), "psp": (pre,)}
        traces: dict[str, Any] = {name: np.zeros(shape, w.dtype) for name, shape in shapes.items()}
        history = np.zeros((self.parameters.delay_steps, post), np.uint8)
        return SpikingLPLState(weights=w, history=history, **traces)

    def step(
        self, state: SpikingLPLState, z_pre: npt.ArrayLike, z_post: npt.ArrayLike, membrane: npt.ArrayLike
    ) -> SpikingLPLState:
        """The state after spikes z_pre (pre) and z_post (post) at membrane potentials (post) in volt.

        Before `delay` has passed there were no spikes. A ValueError if the state is that of another delay.
        """
        delay_steps = self.parameters.delay_steps
        if len(state.history) != delay_steps:
            raise ValueError(f"the state remembers {len(state.history)} steps; the delay is {delay_steps}")
        row = state.step % delay_steps
        carried = {name: getattr(state, name) for name in ("weights", *NEURONS, *SYNAPSES)}
        new = call(
            "lpl_spiking_step", backend=self.backend, z_pre=z_pre, z_post=z_post, z_post_delayed=state.history[row],
            membrane=membrane, step=state.step, **carried, **self.parameters.of_the_kernel(),
        )  # fmt: skip
        history = state.history.copy()
        history[row] = np.asarray(z_post) == 1
        return SpikingLPLState(**new, history=history, step=state.step + 1)


def _owned(weights: npt.ArrayLike, name: str) -> Array:
    """A read-only copy of weights (post, pre), half precision as float32, numbers without a dtype as float64."""
    array = np.asarray(weights)
    if array.ndim != 2:
        raise Rejection(Code.bad_rank, name, f"{name} has shape {array.shape}; it must have the axes (post, pre)")
    if array.dtype.name in ("float16", "bfloat16"):
        copy = array.astype(np.float32)
    elif not hasattr(weights, "dtype") and array.dtype.kind in "biu":
        copy = array.astype(np.float64)
    else:
        copy = array.astype(array.dtype.newbyteorder("="), order="C")
    if copy.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise Rejection(Code.bad_dtype, name, f"{name} has dtype {copy.dtype}; it must be float32 or float64")
    copy.setflags(write=False)
    return copy
