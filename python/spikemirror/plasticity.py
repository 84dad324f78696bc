"""Spike-timing-dependent plasticity: parameters, state, and a step that returns new weights and a new state."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from spikemirror.arguments import validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array


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
    """Traces of both sides, (B, pre) and (B, post)."""

    t_pre: Array
    t_post: Array

    @classmethod
    def zeros(cls, batch: int, pre: int, post: int, dtype: npt.DTypeLike = np.float64) -> STDPState:
        """Traces before the first spike."""
        return cls(np.zeros((batch, pre), dtype), np.zeros((batch, post), dtype))


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
