"""A bench record, or the comparison of two, as a table for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spikemirror.bench.compare import Change, Compared, Comparison
from spikemirror.bench.record import BenchRecord, Row
from spikemirror.bench.statistics import Verdict
from spikemirror.report.parity import record_version, short

BUSY = 0.5
"""Load per core above which a run is said to have been disturbed."""
VERDICTS: dict[Verdict, str] = {"faster": "green", "slower": "bold red", "can't tell": "dim"}


def duration(nanoseconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= 0.9995 * size:
            return f"{_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds:.0f} ns"


def _digits(x: float) -> str:
    return f"{x:.2f}" if x < 9.995 else f"{x:.1f}" if x < 99.95 else f"{x:.0f}"


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str, str], dict[str, Row]]:
    """The mirrors of each kernel, size and dtype."""
    groups: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        groups.setdefault((row.kernel, row.size, row.dtype), {})[row.mirror] = row
    return groups


def _best(group: dict[str, Row]) -> float:
    return min((r.inside.median for r in group.values() if r.inside), default=0.0)


def _figures(row: Row, best: float) -> tuple[str, str, str, str] | None:
    """Time, times the best one, round trip (with the peak of the extra memory), share of the roofline."""
    if row.inside is None or row.round_trip is None or row.rates is None:
        return None
    mark = "~" if row.inside.unstable else ""
    share = 100 * row.rates.roofline
    memory = f" +{row.peak_extra_bytes >> 20} MiB" if row.peak_extra_bytes is not None else ""
    return (
        mark + duration(row.inside.median),
        f"{_digits(row.inside.median / best)}x",
        duration(row.round_trip.median) + memory,
        f"{share:.0f} %" if share >= 1 else f"{share:.1g} %",
    )


def _look(row: Row | None, best: float) -> Text:
    if row is None:
        return Text("")
    figures = _figures(row, best)
    if figures is None:
        return Text(row.status, style="yellow" if row.status == "not run" else "bold red")
    time, factor, trip, share = figures
    fastest = row.inside is not None and row.inside.median == best
    return Text.assemble(
        (f"{time}  {factor:>5}", "bold green" if fastest else ""),
        ("\n", ""),
        (f"{trip}  {share:>5}", "dim"),
    )


def table(record: BenchRecord) -> RenderableType:
    """The table, what the machine can do, what has no figures and why."""
    grid = Table(header_style="bold", title_justify="left", caption_justify="left", show_lines=False)
    grid.title = "median time inside the language, times the best; below: round trip from Python, part of the roofline"
    grid.add_column("kernel\n[dim]size", max_width=34, overflow="fold")
    grid.add_column("dtype", no_wrap=True)
    for toolchain in record.toolchains:
        version = ", ".join(record_version(toolchain.versions)) if toolchain.found else "absent"
        grid.add_column(f"{toolchain.mirror}\n[dim]{escape(version)}", justify="right", no_wrap=True)
    previous = ("", "")
    for (kernel, size, dtype), group in _groups(record.rows).items():
        if previous[0] not in ("", kernel):
            grid.add_section()
        best = _best(group)
        head = Text.assemble(kernel, "\n", (size, "dim")) if previous != (kernel, size) else Text("")
        grid.add_row(head, short(dtype), *(_look(group.get(t.mirror), best) for t in record.toolchains))
        previous = (kernel, size)
    failures = record.failures()
    return Group(
        grid,
        *(Text(line) for line in _machine(record)),
        *(Text(line, style="yellow") for line in _absences(record)),
        *(Text(line, style="red") for line in _failures(record)),
        Text(_totals(record), style="bold red" if failures else "bold"),
    )


def markdown(record: BenchRecord) -> str:
    """The same for a page."""
    names = [t.mirror for t in record.toolchains]
    lines = [
        "Median time inside the language, times the best; in brackets: round trip from Python, part of the roofline.",
        "",
        "| kernel | size | dtype | " + " | ".join(names) + " |",
        "|---|---|---|" + "---:|" * len(names),
    ]
    for (kernel, size, dtype), group in _groups(record.rows).items():
        best = _best(group)
        looks = []
        for name in names:
            row = group.get(name)
            figures = _figures(row, best) if row else None
            looks.append("{} {} ({}, {})".format(*figures) if figures else row.status if row else "")
        lines.append(f"| {kernel} | {size} | {short(dtype)} | " + " | ".join(looks) + " |")
    lines += ["", *(f"- {line}" for line in (*_machine(record), *_absences(record), *_failures(record)))]
    found = [t for t in record.toolchains if t.found]
    versions = [", ".join(f"{name} {version}" for name, version in t.versions.items()) for t in found]
    lines += [f"- {', '.join(versions)}", "", _totals(record)]
    return "\n".join(lines).rstrip() + "\n"


def _machine(record: BenchRecord) -> list[str]:
    machine = record.machine
    peaks = ", ".join(f"{p.flops_per_second / 1e9:.0f} GFLOP/s {short(d)}" for d, p in machine.peak.items())
    threads = max(machine.bandwidth.threads, *(p.threads for p in machine.peak.values()))
    roof = f"roofs with {threads} threads: {machine.bandwidth.bytes_per_second / 1e9:.1f} GB/s, {peaks}"
    lines = [f"{machine.identity}; {machine.python}; {roof}"]
    if machine.load_average is not None and machine.load_average > BUSY * machine.cores:
        lines.append(f"the machine was busy (load average {machine.load_average:g} at the start): expect noise")
    if any(r.inside and r.inside.unstable for r in record.rows):
        lines.append("~ samples that scatter: standard deviation above 10 % of the mean, or one 50 % off it")
    return lines


def _absences(record: BenchRecord) -> list[str]:
    return [f"{t.mirror} was not run: {t.reason}" for t in record.toolchains if not t.found]


def _failures(record: BenchRecord) -> list[str]:
    return [f"{r.kernel} {r.size} {short(r.dtype)} {r.mirror}: {r.status}: {r.message}" for r in record.failures()]


def _totals(record: BenchRecord) -> str:
    count = {s: sum(r.status == s for r in record.rows) for s in ("ok", "incorrect", "error", "not run")}
    parts = [f"{count['ok']} rows timed and right", f"{count['incorrect'] + count['error']} wrong or failed"]
    parts += [f"{count['not run']} not run"] if count["not run"] else []
    worst = max((r.parity for r in record.rows if r.status == "ok" and r.parity is not None), default=None)
    parts += [f"worst budget share {100 * worst:.1f} %"] if worst is not None else []
    commit = (record.run.git_commit or "no commit")[:12] + ("+" if record.run.git_dirty else "")
    quick = ", quick" if record.run.quick else ""
    return f"{', '.join(parts)}; {commit}, golden {record.run.golden_digest[:12]}, {record.run.seconds:.0f} s{quick}"


def _change(change: Change | None) -> tuple[str, str, str]:
    """Medians, ratio with interval, verdict."""
    if change is None:
        return "", "", ""
    medians = f"{duration(change.before)} → {duration(change.after)}"
    return medians, f"{change.ratio:.2f} [{change.low:.2f}, {change.high:.2f}]", change.verdict


def _verdict(row: Compared) -> str:
    if row.inside is not None:
        return row.inside.verdict
    return f"{row.status_before or 'missing'} → {row.status_after or 'missing'}"


def comparison_table(found: Comparison) -> RenderableType:
    """Row by row; below each the round trip where it tells something else."""
    grid = Table(title=f"{found.after} against {found.before}", title_justify="left", header_style="bold")
    for name in ("kernel, size", "dtype", "mirror"):
        grid.add_column(name)
    grid.add_column("inside", justify="right", no_wrap=True)
    grid.add_column("ratio [95 %]", no_wrap=True)
    grid.add_column("verdict", no_wrap=True)
    grid.add_column("round trip", no_wrap=True)
    previous = ("", "")
    for row in found.rows:
        medians, ratio, _ = _change(row.inside)
        verdict = _verdict(row)
        trip = f"{row.round_trip.ratio:.2f} {row.round_trip.verdict}" if row.round_trip else ""
        head = Text.assemble(row.kernel, "\n", (row.size, "dim")) if previous != (row.kernel, row.size) else Text("")
        style = VERDICTS[row.inside.verdict] if row.inside else "bold red" if row.broken else "yellow"
        grid.add_row(head, short(row.dtype), row.mirror, medians, ratio, Text(verdict, style=style), trip)
        previous = (row.kernel, row.size)
    notes = [Text(f"note: {note}", style="yellow") for note in found.notes]
    return Group(grid, *notes, Text(_comparison_totals(found), style="bold"))


def comparison_markdown(found: Comparison) -> str:
    """The same for a page."""
    lines = [
        f"{found.after} against {found.before}",
        "",
        "| kernel | size | dtype | mirror | inside | ratio [95 %] | verdict | round trip | ratio [95 %] | verdict |",
        "|---|---|---|---|---:|---|---|---:|---|---|",
    ]
    for row in found.rows:
        medians, ratio, _ = _change(row.inside)
        head = [row.kernel, row.size, short(row.dtype), row.mirror]
        cells = [*head, medians, ratio, _verdict(row), *_change(row.round_trip)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *(f"- {note}" for note in found.notes), "", _comparison_totals(found)]
    return "\n".join(lines).rstrip() + "\n"


def _comparison_totals(found: Comparison) -> str:
    verdicts = [r.inside.verdict for r in found.rows if r.inside is not None]
    parts = [f"{verdicts.count(v)} {v}" for v in VERDICTS]
    broken = sum(r.broken for r in found.rows)
    parts += [f"{broken} no longer right"] if broken else []
    other = len(found.rows) - len(verdicts) - broken
    parts += [f"{other} without two times"] if other else []
    return ", ".join(parts)
