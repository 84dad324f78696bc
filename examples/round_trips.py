"""Round trips: which codes can be read back, and how well.

Values in [0, 1] are encoded into spikes and decoded again. For every code that inverts the table gives the greatest
error seen and the bound that the code itself implies:

    rate          counts are floor(T p): an error below 1/T; Bernoulli counts scatter, here within 5 standard deviations
    latency, TTFS times are rounded to steps: half a step, carried through the inverse of the mapping
    population    the mean of the centers, weighted by rates that are each at most 1/T too small
    delta         a walk in steps of one height is the sum of its ON spikes minus its OFF spikes

    python examples/round_trips.py --steps 100
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import spikemirror
from spikemirror import RateEncoder

Array = npt.NDArray[np.float64]
ROUNDING = 1e-9
"""What float64 arithmetic may add to a bound."""


@dataclass(frozen=True)
class RoundTrip:
    """The greatest error of a code over all values, and what it must stay below."""

    code: str
    decoder: str
    error: float
    bound: float


def rate(x: Array, steps: int, method: str, seed: int) -> RoundTrip:
    """Spikes per step are the value."""
    encoder = RateEncoder(method=method, num_steps=steps, normalization="none", seed=seed)
    spikes = encoder.encode(x, training=True).spikes
    rates = spikemirror.call("decode_rate", spikes=spikes)["rates"]
    bound = 1 / steps
    if method == "bernoulli":
        bound = 5 * math.sqrt(0.25 / steps)
    return RoundTrip(f"rate, {method}", "decode_rate: rates", _greatest(rates - x), bound)


def first_spike(x: Array, steps: int, kernel: str, mapping: str) -> RoundTrip:
    """The time of the spike, put through the inverse of the mapping, is the value."""
    last = steps - 1
    tau = last / math.log(1e7)
    invert: dict[str, Callable[[Array], Array]] = {
        "linear": lambda t: 1 - t / last,
        "exponential": lambda t: np.exp(-t / tau),
        "log": lambda t: np.exp2(1 - t / last) - 1,
    }
    steepest = {"linear": 0.5 / last, "exponential": math.expm1(0.5 / tau), "log": math.log(2) / last}
    spikes = spikemirror.call(kernel, x=x, num_steps=steps, normalization="none", mapping=mapping)["spikes"]
    times = spikemirror.call("decode_first_spike", spikes=spikes)["first_spike_times"].astype(np.float64)
    code = f"{kernel.removeprefix('encode_')}, {mapping}"
    return RoundTrip(code, "decode_first_spike: times", _greatest(invert[mapping](times) - x), steepest[mapping])


def population(x: Array, steps: int, size: int, sigma: float) -> RoundTrip:
    """Centers reach past [0, 1]: values at the edge need neighbors on both sides."""
    values = x.reshape(-1, 1)
    centers = np.linspace(-0.5, 1.5, size)
    encoded = spikemirror.call(
        "encode_population", x=values, centers=centers, num_steps=steps, normalization="none", population_size=size,
        sigma=sigma, mode="deterministic",
    )  # fmt: skip
    decoded = spikemirror.call(
        "decode_population", spikes=encoded["spikes"], group_of=np.arange(size, dtype=np.int32), centers=centers,
        n_groups=size, mode="regression",
    )  # fmt: skip
    tuned, away = encoded["activations"], centers - values
    lost = np.abs((tuned * away).sum(axis=1)) + np.abs(away).sum(axis=1) / steps
    bound = lost / (tuned.sum(axis=1) - size / steps)
    error = _greatest(decoded["value"] - values[:, 0])
    return RoundTrip("population, deterministic", "decode_population: value", error, float(bound.max()))


def delta(rng: np.random.Generator, signals: int, steps: int, height: float) -> RoundTrip:
    """Walks in steps of 0 or one height. Steps of other heights are seen, but not how high they are."""
    moves = height * rng.integers(-1, 2, (signals, steps, 8))
    walk, start = np.cumsum(moves, axis=1), np.zeros((signals, 8))
    spikes = spikemirror.call("encode_delta", x=walk, previous=start, theta_on=height / 2)["spikes"].astype(np.int64)
    on, off = np.split(spikes, 2, axis=2)
    return RoundTrip("delta", "sum of ON - OFF", _greatest(height * np.cumsum(on - off, axis=1) - walk), ROUNDING)


def round_trips(samples: int, steps: int, seed: int) -> Iterator[RoundTrip]:
    """All pairs, in the order of the table."""
    rng = np.random.default_rng(seed)
    x = rng.random((samples, 16))
    x[0, :2] = 0, 1
    yield rate(x, steps, "deterministic", seed)
    yield rate(x, steps, "bernoulli", seed)
    for mapping in ("linear", "exponential", "log"):
        yield first_spike(x, steps, "encode_latency", mapping)
    yield first_spike(x, steps, "encode_ttfs", "linear")
    yield population(x, steps, size=16, sigma=0.15)
    yield delta(rng, samples, steps, height=0.1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if an error exceeds its bound."""
    parser = argparse.ArgumentParser(description="Encode, decode, and compare.")
    parser.add_argument("--backend", default="python", choices=("python", "rust", "julia", "mojo"))
    parser.add_argument("--samples", type=int, default=256, help="rows of 16 values")
    parser.add_argument("--steps", type=int, default=100, help="length of the trains")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few samples, for tests")
    options: Any = parser.parse_args(arguments)
    samples = 16 if options.quick else options.samples
    with spikemirror.use_backend(options.backend):
        trips = list(round_trips(samples, options.steps, options.seed))
    print(f"{'code':<28}{'decoder':<28}{'greatest error':>15}{'bound':>12}")
    for trip in trips:
        print(f"{trip.code:<28}{trip.decoder:<28}{trip.error:>15.3g}{trip.bound:>12.3g}")
    return int(any(trip.error > trip.bound + ROUNDING for trip in trips))


def _greatest(error: npt.NDArray[Any]) -> float:
    return float(np.abs(error).max())


if __name__ == "__main__":
    raise SystemExit(main())
