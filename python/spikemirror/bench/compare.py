"""Two artifacts, row by row: which is faster, as far as their samples can tell."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from spikemirror.bench import statistics
from spikemirror.bench.record import BenchRecord, MachineRecord, Row, Status, Timing
from spikemirror.bench.statistics import Verdict


class DifferentMachines(Exception):
    """Times of two machines say nothing about the code."""


class Change(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One side of a row: medians in nanoseconds, after over before with its 95 % bootstrap interval, and a verdict."""

    before: float
    after: float
    ratio: float
    low: float
    high: float
    verdict: Verdict


class Compared(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One row of both; a missing row has status null. Changes only where both have times."""

    kernel: str
    size: str
    dtype: str
    mirror: str
    status_before: Status | None
    status_after: Status | None
    inside: Change | None = None
    round_trip: Change | None = None

    @property
    def broken(self) -> bool:
        """Whether it was right before and is not any more."""
        return self.status_before == "ok" and self.status_after in ("incorrect", "error")


class Comparison(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole; `notes` say what makes the two less comparable than they look.

    `noise` is the change that a verdict has to exceed: that of the machine's own roofs between the two runs, if it is
    more than the usual.
    """

    before: str
    after: str
    noise: float
    notes: list[str]
    rows: list[Compared]

    def regressions(self) -> list[Compared]:
        """Rows that are slower inside the language, or no longer right."""
        return [r for r in self.rows if r.broken or (r.inside is not None and r.inside.verdict == "slower")]


def compare(before: BenchRecord, after: BenchRecord, *, force: bool = False) -> Comparison:
    """Hold the second run against the first; DifferentMachines unless forced."""
    notes = []
    noise = statistics.NOISE
    if before.machine.identity != after.machine.identity:
        what = f"measured on different machines: {before.machine.identity} | {after.machine.identity}"
        if not force:
            raise DifferentMachines(f"{what}; --force compares them all the same")
        notes.append(f"{what}; the ratios say more about these than about the code")
    elif (drift := _drift(before.machine, after.machine)) > noise:
        noise = drift
        notes.append(f"the machine's own roofs changed by {100 * drift:.0f} %: smaller changes are can't tell")
    if before.run.golden_digest != after.run.golden_digest:
        notes.append("the golden fixtures differ: kernels may not compute the same")
    notes += [f"the {which} run was a quick one" for which, r in (("first", before), ("second", after)) if r.run.quick]
    firsts, seconds = ({row.key: row for row in record.rows} for record in (before, after))
    return Comparison(
        before=_name(before),
        after=_name(after),
        noise=noise,
        notes=notes,
        rows=[_compared(key, firsts.get(key), seconds.get(key), noise) for key in dict.fromkeys((*firsts, *seconds))],
    )


def _compared(key: Sequence[str], before: Row | None, after: Row | None, noise: float) -> Compared:
    kernel, size, dtype, mirror = key
    return Compared(
        kernel=kernel,
        size=size,
        dtype=dtype,
        mirror=mirror,
        status_before=before.status if before else None,
        status_after=after.status if after else None,
        inside=_change(before.inside, after.inside, noise) if before and after else None,
        round_trip=_change(before.round_trip, after.round_trip, noise) if before and after else None,
    )


def _change(before: Timing | None, after: Timing | None, noise: float) -> Change | None:
    if before is None or after is None:
        return None
    middle, low, high = statistics.ratio(before.samples, after.samples)
    found = statistics.verdict(before.samples, after.samples, low, high, noise)
    return Change(before=before.median, after=after.median, ratio=middle, low=low, high=high, verdict=found)


def _drift(before: MachineRecord, after: MachineRecord) -> float:
    """The greatest relative change of a roof, in either direction: what a busy neighbour does to any code."""
    pairs = [(before.bandwidth.bytes_per_second, after.bandwidth.bytes_per_second)]
    pairs += [
        (peak.flops_per_second, after.peak[dtype].flops_per_second)
        for dtype, peak in before.peak.items()
        if dtype in after.peak
    ]
    return max(max(a / b, b / a) for a, b in pairs) - 1


def _name(record: BenchRecord) -> str:
    commit = (record.run.git_commit or "no commit")[:12] + (" (dirty)" if record.run.git_dirty else "")
    return f"{commit} of {record.run.started}"
