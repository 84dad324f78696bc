"""Losses over spike trains and membranes (B, T, ...), one object per term, and their weighted sum.

`.compute(...)` gives (loss, diagnostics), `.gradient(...)` the gradient of the loss with respect to the first argument,
in its shape. Axes after time are taken as one. Spikes may be real (rates, surrogate spikes), or integers and bool,
which are computed in float64. Formulas are in docs/kernels.md under loss_probspikes, loss_rate, loss_temporal,
loss_isi and loss_membrane; what is refused is a Rejection.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from spikemirror.arguments import validate_parameters
from spikemirror.backend import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import NON_NEGATIVE, Array
from spikemirror.catalogue.rejection import Code, Rejection


@dataclass(frozen=True, kw_only=True)
class LossTerm(ABC):
    """A loss with diagnostics and a gradient; `inputs` names what it takes, the first being differentiated."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]] = ("spikes",)

    backend: str | None = None

    def __post_init__(self) -> None:
        validate_parameters(CATALOGUE[self.kernel], self._parameters())

    @property
    def kernel(self) -> str:
        """The kernel behind it; that of the gradient has `_grad` appended."""
        return f"loss_{self.name}"

    @abstractmethod
    def _parameters(self) -> dict[str, Any]: ...

    def _extra(self) -> dict[str, Any]:
        """Inputs that the object itself holds."""
        return {}

    def _compute(self, given: Mapping[str, npt.ArrayLike]) -> tuple[float, dict[str, float]]:
        outputs = self._call(self.kernel, given)
        return float(outputs.pop("loss")), {name: float(value) for name, value in outputs.items()}

    def _gradient(self, given: Mapping[str, npt.ArrayLike]) -> Array:
        return self._call(f"{self.kernel}_grad", given)["grad"].reshape(np.shape(given[self.inputs[0]]))

    def _call(self, kernel: str, given: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
        arguments: dict[str, Any] = {name: given[name] for name in self.inputs}
        arguments[self.inputs[0]] = _trains(arguments[self.inputs[0]])
        return call(kernel, backend=self.backend, **arguments, **self._extra(), **self._parameters())


@dataclass(frozen=True, kw_only=True)
class ProbSpikesLoss(LossTerm):
    """Cross-entropy of class probabilities read from spike counts n = sum_t s.

    `mode` softmax: mean_b (ln sum_c exp(m_bc / temperature) - m_b,target / temperature); normalize, for spikes >= 0:
    -mean_b ln((m_b,target + eps) / (sum_c m_bc + eps C)); m = n, or n / T with `normalize_by_time`.
    Diagnostics: accuracy.
    """

    name = "probspikes"
    inputs = ("spikes", "targets")

    temperature: float = 1.0
    normalize_by_time: bool = False
    mode: str = "softmax"
    eps: float = 1e-7

    def compute(self, spikes: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[float, dict[str, float]]:
        """Loss and diagnostics of spikes (B, T, C) and classes (B)."""
        return self._compute({"spikes": spikes, "targets": targets})

    def gradient(self, spikes: npt.ArrayLike, targets: npt.ArrayLike) -> Array:
        """With respect to the spikes (B, T, C)."""
        return self._gradient({"spikes": spikes, "targets": targets})

    def _parameters(self) -> dict[str, Any]:
        return {
            "temperature": self.temperature,
            "normalize_by_time": self.normalize_by_time,
            "mode": self.mode,
            "eps": self.eps,
        }


class _SpikesLoss(LossTerm):
    """A loss of spikes alone."""

    def compute(self, spikes: npt.ArrayLike) -> tuple[float, dict[str, float]]:
        """Loss and diagnostics of spikes (B, T, ...)."""
        return self._compute({"spikes": spikes})

    def gradient(self, spikes: npt.ArrayLike) -> Array:
        """With respect to the spikes (B, T, ...)."""
        return self._gradient({"spikes": spikes})


@dataclass(frozen=True, kw_only=True)
class RateLoss(_SpikesLoss):
    """mean (r - target_rate)^2 + mean (relu(rate_min - r)^2 + relu(r - rate_max)^2), r = n / T.

    `target_rate` is one number, or one per neuron. Diagnostics: dead_fraction, saturated_fraction.
    """

    name = "rate"

    target_rate: float | tuple[float, ...] = 0.1
    rate_min: float = 0.01
    rate_max: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        rates = np.asarray(self.target_rate)
        if rates.ndim > 1 or rates.dtype.kind not in "iuf" or not np.isfinite(rates).all():
            raise Rejection(
                Code.non_finite,
                "target_rate",
                f"target_rate = {self.target_rate!r} must be a finite number, or one per neuron",
            )
        number = rates.astype(np.float64).tolist()
        object.__setattr__(self, "target_rate", tuple(number) if rates.ndim else number)

    def _extra(self) -> dict[str, Any]:
        return {"target_rate": list(self.target_rate) if isinstance(self.target_rate, tuple) else self.target_rate}

    def _parameters(self) -> dict[str, Any]:
        return {"rate_min": self.rate_min, "rate_max": self.rate_max}


@dataclass(frozen=True, kw_only=True)
class TemporalLoss(_SpikesLoss):
    """Roughness in time: mean |s_t - s_t-1| (`penalty` l1), its square (l2), or variance of the rates of windows.

    Fewer than two steps, or two full windows of `window` steps, give 0.
    """

    name = "temporal"

    penalty: str = "l1"
    window: int = 5

    def _parameters(self) -> dict[str, Any]:
        return {"penalty": self.penalty, "window": self.window}


@dataclass(frozen=True, kw_only=True)
class ISILoss(_SpikesLoss):
    """Penalty on short inter-spike intervals: mean s_t sum_{l=1..window} exp(-l / tau) s_t-l.

    `tau` None is max(1, window / 2) steps.
    """

    name = "isi"

    window: int = 3
    tau: float | None = None

    def _parameters(self) -> dict[str, Any]:
        return {"window": self.window, "tau": self.tau}


@dataclass(frozen=True, kw_only=True)
class MembraneLoss(LossTerm):
    """mean relu(|v| - max_membrane)^2. Diagnostics: exceeding_fraction."""

    name = "membrane"
    inputs = ("membrane",)

    max_membrane: float = 1.5

    def compute(self, membrane: npt.ArrayLike) -> tuple[float, dict[str, float]]:
        """Loss and diagnostics of membrane potentials (B, T, ...)."""
        return self._compute({"membrane": membrane})

    def gradient(self, membrane: npt.ArrayLike) -> Array:
        """With respect to the potentials (B, T, ...)."""
        return self._gradient({"membrane": membrane})

    def _parameters(self) -> dict[str, Any]:
        return {"max_membrane": self.max_membrane}


class LossReport(TypedDict):
    """What a total is made of, by the names of the terms with weight > 0; components are not weighted yet."""

    total: float
    components: dict[str, float]
    diagnostics: dict[str, dict[str, float]]
    weights: dict[str, float]


class LossGradient(NamedTuple):
    """Gradients of a total, None for what was not given."""

    spikes: Array | None
    membrane: Array | None


@dataclass(frozen=True, kw_only=True)
class SNNLossComposer:
    """The sum of weight times loss over the terms with weight > 0, in the order of the fields.

    A term computes on its own `backend`; the composer's, if given, goes before.
    """

    probspikes: ProbSpikesLoss = ProbSpikesLoss()
    rate: RateLoss = RateLoss()
    temporal: TemporalLoss = TemporalLoss()
    isi: ISILoss = ISILoss()
    membrane: MembraneLoss = MembraneLoss()
    probspikes_weight: float = 1.0
    rate_weight: float = 0.1
    temporal_weight: float = 0.01
    isi_weight: float = 0.01
    membrane_weight: float = 0.001
    backend: str | None = None

    def __post_init__(self) -> None:
        for name in self._terms():
            weight = getattr(self, f"{name}_weight")
            number = isinstance(weight, Real) and not isinstance(weight, bool)
            if not number or weight not in NON_NEGATIVE:
                raise Rejection(
                    Code.bad_parameter, f"{name}_weight", f"{name}_weight = {weight!r} must be {NON_NEGATIVE}"
                )

    @property
    def weights(self) -> dict[str, float]:
        """Weights > 0 by term, in order."""
        weights = {name: float(getattr(self, f"{name}_weight")) for name in self._terms()}
        return {name: weight for name, weight in weights.items() if weight > 0}

    def compute(
        self,
        spikes: npt.ArrayLike | None = None,
        targets: npt.ArrayLike | None = None,
        membrane: npt.ArrayLike | None = None,
    ) -> tuple[float, LossReport]:
        """The total and what it is made of, from spikes (B, T, ...), classes (B) and membrane potentials (B, T, ...).

        What no term with weight > 0 needs may be left out; a ValueError says what is missing.
        """
        components: dict[str, float] = {}
        diagnostics: dict[str, dict[str, float]] = {}
        total = 0.0
        for name, weight, term, given in self._active(spikes, targets, membrane):
            components[name], diagnostics[name] = term._compute(given)
            total += weight * components[name]
        return total, {
            "total": total,
            "components": components,
            "diagnostics": diagnostics,
            "weights": self.weights,
        }

    def gradient(
        self,
        spikes: npt.ArrayLike | None = None,
        targets: npt.ArrayLike | None = None,
        membrane: npt.ArrayLike | None = None,
    ) -> LossGradient:
        """The total's gradient with respect to spikes and membrane, each in its own shape; 0 where no term looks."""
        totals: dict[str, Array] = {}
        for _, weight, term, given in self._active(spikes, targets, membrane):
            of, part = term.inputs[0], weight * term._gradient(given)
            totals[of] = totals[of] + part if of in totals else part
        for of, array in (("spikes", spikes), ("membrane", membrane)):
            if array is not None and of not in totals:
                like = _trains(array)
                dtype = np.float64 if like.dtype.kind == "f" and like.dtype.itemsize == 8 else np.float32
                totals[of] = np.zeros(np.shape(array), dtype)
        return LossGradient(totals.get("spikes"), totals.get("membrane"))

    def _terms(self) -> dict[str, LossTerm]:
        terms: tuple[LossTerm, ...] = (self.probspikes, self.rate, self.temporal, self.isi, self.membrane)
        return {term.name: term for term in terms}

    def _active(
        self, spikes: npt.ArrayLike | None, targets: npt.ArrayLike | None, membrane: npt.ArrayLike | None
    ) -> list[tuple[str, float, LossTerm, dict[str, npt.ArrayLike]]]:
        """Terms with weight > 0, with their inputs."""
        arguments = {"spikes": spikes, "targets": targets, "membrane": membrane}
        active = []
        for name, weight in self.weights.items():
            term = self._terms()[name]
            given: dict[str, npt.ArrayLike] = {}
            for needed in term.inputs:
                argument = arguments[needed]
                if argument is None:
                    raise ValueError(
                        f"the term {name} needs {needed}: give it, or {name}_weight = 0 (it is {weight:g})"
                    )
                given[needed] = argument
            active.append((name, weight, term if self.backend is None else replace(term, backend=self.backend), given))
        return active


def _trains(x: npt.ArrayLike) -> Array:
    """Real trains (B, T, N); what has fewer axes stays, for the kernel to refuse."""
    array = np.asarray(x)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.ndim > 3:
        array = array.reshape(*array.shape[:2], math.prod(array.shape[2:]))
    return array
