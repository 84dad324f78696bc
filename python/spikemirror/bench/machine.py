"""The machine of a run and its two roofs, memory bandwidth and peak arithmetic, over all cores that the run may use."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from spikemirror.bench.record import Bandwidth, MachineRecord, Peak
from spikemirror.provenance import platform_name

STREAM_BYTES = 128 << 20
PRODUCT = 1024
REPEATS = 7
Parts = list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]
KEPT = ("perf_version", "aslr", "cpu_config", "cpu_freq", "cpu_affinity", "timer", "python_compiler")


def measure() -> MachineRecord:
    """Look at the machine, then measure it: about a second."""
    import pyperf  # type: ignore[import-untyped,unused-ignore]

    seen = pyperf.Run([1.0], warmups=[], collect_metadata=True).get_metadata()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return MachineRecord(
        cpu_model=str(seen.get("cpu_model_name") or platform.processor() or "unknown processor"),
        cores=cores(),
        architecture=f"{platform.system()} {platform.machine()}",
        platform=platform_name(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        load_average=None if load is None else round(load, 2),
        pyperf={key: str(seen[key]) for key in KEPT if key in seen},
        bandwidth=bandwidth(),
        peak={name: peak(name) for name in ("float32", "float64")},
    )


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bandwidth() -> Bandwidth:
    """A copy between arrays far larger than the caches, by one thread and by one a core; the better one counts."""
    source = np.ones(STREAM_BYTES // 8)
    target = np.empty_like(source)
    target.fill(0)
    best: dict[int, float] = {}
    for threads in sorted({1, cores()}):
        parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
        with ThreadPoolExecutor(threads) as pool:

            def copy(parts: Parts = parts, pool: ThreadPoolExecutor = pool) -> None:
                list(pool.map(lambda part: np.copyto(part[1], part[0]), parts))

            best[threads] = 2 * source.nbytes / _best(copy)
    threads = max(best, key=lambda t: best[t])
    how = f"best of {REPEATS} copies of {STREAM_BYTES >> 20} MiB by NumPy, bytes read plus bytes written"
    return Bandwidth(bytes_per_second=best[threads], threads=threads, how=how)


def peak(dtype: str) -> Peak:
    """A product of matrices by NumPy's BLAS, which takes as many threads as its settings say."""
    a, b = (np.random.default_rng(seed).uniform(-1, 1, (PRODUCT, PRODUCT)).astype(dtype) for seed in (1, 2))
    out = np.empty_like(a)
    seconds = _best(lambda: np.matmul(a, b, out=out))
    how = f"best of {REPEATS} products of {PRODUCT} x {PRODUCT} matrices by NumPy's BLAS"
    return Peak(flops_per_second=2.0 * PRODUCT**3 / seconds, threads=_blas_threads(), how=how)


def _blas_threads() -> int:
    given = (os.environ.get(f"{prefix}_NUM_THREADS", "") for prefix in ("OPENBLAS", "MKL", "OMP"))
    return next((int(g) for g in given if g.isdecimal() and int(g) > 0), cores())


def _best(work: Callable[[], object]) -> float:
    work()
    durations = []
    for _ in range(REPEATS):
        start = time.perf_counter_ns()
        work()
        durations.append(time.perf_counter_ns() - start)
    return min(durations) / 1e9
