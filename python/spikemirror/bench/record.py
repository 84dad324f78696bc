"""What a bench run leaves behind: one row per kernel, size, dtype and mirror. golden/schema/bench.schema.json follows.

Durations are nanoseconds. A row has figures only if what was timed was also right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

FORMAT: Final = 1

Status = Literal["ok", "incorrect", "not run", "error"]
"""ok; outputs outside their budgets; absent mirror or kernel; a crash, hang, rejection or other failure."""

Positive = Annotated[float, msgspec.Meta(gt=0)]


class ArtifactError(Exception):
    """A file that is no bench artifact, or one that contradicts itself."""


class RunRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the figures come from."""

    spikemirror: str
    golden_digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    git_commit: str | None
    git_dirty: bool | None
    started: str
    seconds: float
    quick: bool


class Bandwidth(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Memory bandwidth of a stream, bytes read and written per second."""

    bytes_per_second: Positive
    threads: int
    how: str


class Peak(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Most floating-point operations per second in one dtype."""

    flops_per_second: Positive
    threads: int
    how: str


class MachineRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The machine: what it is, how busy it was at the start, and its roofs, measured in the same run."""

    cpu_model: str
    cores: int
    architecture: str
    platform: str
    python: str
    load_average: float | None
    pyperf: dict[str, str]
    bandwidth: Bandwidth
    peak: dict[str, Peak]

    @property
    def identity(self) -> str:
        """What two artifacts must share to be compared."""
        return f"{self.cpu_model}, {self.cores} cores, {self.architecture}"


class ToolchainRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mirror of the run: its versions, or why it was absent."""

    mirror: str
    found: bool
    versions: dict[str, str]
    reason: str


class Timing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Durations of one call. Each sample is the mean of `calls` calls in a row; all samples are here, none left out.

    `low` and `high` bound the median: 95 %, percentile bootstrap. `unstable` by the rule of pyperf: standard deviation
    above 10 % of the mean, or a sample more than 50 % off it.
    """

    calls: Annotated[int, msgspec.Meta(ge=1)]
    samples: list[float]
    median: Positive
    low: Positive
    high: Positive
    unstable: bool


class Rates(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From the median of the time inside the language and the catalogue's cost model of a call.

    `roofline` is the part of what the machine's memory bandwidth and peak would allow; `bound` says which of the two
    is the lower roof. It may exceed 1 where the arrays stay in a cache.
    """

    calls_per_second: float
    elements_per_second: float
    bytes_per_second: float
    flops_per_second: float
    roofline: float
    bound: Literal["memory", "compute"]


class Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One kernel on one mirror, in one dtype, at one size.

    `parity` is the worst share of the error budget that the timed outputs used, null where all are compared as bits;
    `ulps` the distance at that element. `inside` is the time that the language measured, `round_trip` that of a call
    from Python. `peak_extra_bytes` is how far one call raises the resident memory of a process of its own, without its
    arguments and outputs; only the largest sizes have it.
    """

    kernel: str
    mirror: str
    dtype: str
    dims: dict[str, int]
    parameters: dict[str, float | int | bool | str | None]
    status: Status
    message: str | None = None
    parity: float | None = None
    ulps: int | None = None
    inside: Timing | None = None
    round_trip: Timing | None = None
    rates: Rates | None = None
    peak_extra_bytes: int | None = None

    @property
    def size(self) -> str:
        """The size in words."""
        return ",".join(f"{name}={value}" for name, value in {**self.dims, **self.parameters}.items())

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two rows of two artifacts the same measurement."""
        return self.kernel, self.size, self.dtype, self.mirror


class BenchRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The run."""

    format: Literal[1] = FORMAT
    run: RunRecord
    machine: MachineRecord
    toolchains: list[ToolchainRecord]
    rows: list[Row]

    def failures(self) -> list[Row]:
        """The rows that make the run fail."""
        return [r for r in self.rows if r.status in ("incorrect", "error")]


def encode(record: BenchRecord) -> str:
    """The text of an artifact."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"


def load(path: Path) -> BenchRecord:
    """Read an artifact; an ArtifactError names what is wrong with it."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=BenchRecord)
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise ArtifactError(f"{path}: {error}") from None
    problems = contradictions(record)
    if problems:
        raise ArtifactError(f"{path}: {'; '.join(problems)}")
    return record


def contradictions(record: BenchRecord) -> list[str]:
    """What the types cannot say: figures exactly where a row is ok, medians of their samples, no row twice."""
    problems = []
    seen: set[tuple[str, str, str, str]] = set()
    for row in record.rows:
        name = " ".join(row.key)
        figures = (row.inside, row.round_trip, row.rates)
        if row.status == "ok" and None in figures:
            problems.append(f"{name} is ok without figures")
        if row.status != "ok" and any(f is not None for f in figures):
            problems.append(f"{name} is {row.status} and has figures")
        if row.status != "ok" and not row.message:
            problems.append(f"{name} is {row.status} without a reason")
        if any(t and not t.low <= t.median <= t.high for t in (row.inside, row.round_trip)):
            problems.append(f"{name}: a median outside its interval")
        if any(t and not _is_median(t) for t in (row.inside, row.round_trip)):
            problems.append(f"{name}: a median that is not that of its samples")
        if row.key in seen:
            problems.append(f"{name} is there twice")
        seen.add(row.key)
    return problems


def _is_median(timing: Timing) -> bool:
    samples = sorted(timing.samples)
    middle = len(samples) // 2
    return bool(samples) and (
        timing.median == samples[middle]
        if len(samples) % 2
        else samples[middle - 1] <= timing.median <= samples[middle]
    )
