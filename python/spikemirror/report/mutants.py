"""The kill matrix: faults against languages, what survived, and claims that are not borne out."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikemirror.catalogue import faults
from spikemirror.mutants.record import MutantsRecord, Verdict

CLAIMS = 40
"""How many claims that are not borne out a table tells."""


def cell(verdicts: Sequence[Verdict]) -> tuple[str, str]:
    """What became of a fault in one language, in a few words, with its colour."""
    if not verdicts:
        return "", ""
    bad = [v for v in verdicts if v.status != "killed"]
    if bad:
        return f"{bad[0].status.upper()} in {', '.join(str(v.kernel or 'tests') for v in bad)}", "bold red"
    kernels = {v.kernel for v in verdicts if v.kernel}
    by = {(v.kernel, kill.by) for v in verdicts for kill in v.kills}
    what = f"{len(by)} cases" if kernels else f"{len(by)} tests"
    return (f"{what}, {len(kernels)} kernels" if len(kernels) > 1 else what), "green"


def _rows(record: MutantsRecord) -> tuple[list[str], dict[tuple[str, str], list[Verdict]]]:
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in record.verdicts:
        groups.setdefault((verdict.fault, verdict.language), []).append(verdict)
    names = {fault for fault, _ in groups}
    return [name for name in faults.load() if name in names], groups


def languages(record: MutantsRecord) -> list[str]:
    """Those of the run, the project's own order."""
    present = {v.language for v in record.verdicts}
    return [name for name in ("python", "rust", "julia", "mojo", "harness") if name in present]


def table(record: MutantsRecord) -> RenderableType:
    """For the terminal."""
    names, groups = _rows(record)
    grid = Table(title="which fixtures notice each seeded fault", title_justify="left", header_style="bold")
    grid.add_column("fault", no_wrap=True)
    for language in languages(record):
        grid.add_column(language)
    for name in names:
        grid.add_row(name, *(Text(*cell(groups.get((name, lang), []))) for lang in languages(record)))
    parts: list[RenderableType] = [grid]
    parts += [Text(line, style="red") for line in told(record)]
    parts += [Text(_claimed(claim), style="red") for claim in _claims(record)[:CLAIMS]]
    if len(record.claims) > CLAIMS:
        parts.append(Text(f"... and {len(record.claims) - CLAIMS} more claims; --format json lists all", style="red"))
    good = not record.failures() and not record.claims
    parts.append(Text(totals(record), style="bold" if good else "bold red"))
    return Group(*parts)


def _claims(record: MutantsRecord) -> list[str]:
    return [f"{c.kernel}/{c.case} claims to catch {c.fault}: {c.why}" for c in record.claims]


def _claimed(text: str) -> str:
    return f"not borne out: {text}"


def told(record: MutantsRecord) -> list[str]:
    """What was not killed, edit by edit, with the way to see it again."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in record.failures():
        groups.setdefault((verdict.edit, verdict.status), []).append(verdict)
    lines = []
    for (edit, status), verdicts in groups.items():
        first = verdicts[0]
        where = f" in {', '.join(v.kernel for v in verdicts if v.kernel)}" if first.kernel else ""
        lines += [
            f"{edit} {status}{where}: {first.message}",
            f"  {faults.load()[first.fault].description}",
            f"  reproduce: spikemirror mutants --fault {first.fault} --language {first.language}",
        ]
    return lines


def totals(record: MutantsRecord) -> str:
    """One line."""
    pairs = {(v.fault, v.language) for v in record.verdicts}
    count = {status: sum(v.status == status for v in record.verdicts) for status in ("killed", "survived", "error")}
    names = {v.fault for v in record.verdicts}
    return (
        f"{len(names)} faults, {len(pairs)} (fault, language) pairs{' (a sample)' if record.sampled else ''}:"
        f" {count['killed']} of {len(record.verdicts)} mutants killed, {count['survived']} survived,"
        f" {count['error']} errors, {len(record.claims)} claims not borne out;"
        f" golden {record.golden_digest[:12]}, {record.seconds:.0f} s"
    )


def markdown(record: MutantsRecord) -> str:
    """For a page: the matrix with what each fault is."""
    names, groups = _rows(record)
    columns = languages(record)
    lines = [totals(record), "", "| fault | what is wrong | " + " | ".join(columns) + " |"]
    lines.append("|---|---|" + "---|" * len(columns))
    for name in names:
        cells = [cell(groups.get((name, language), []))[0] for language in columns]
        lines.append(f"| {name} | {faults.load()[name].description} | " + " | ".join(cells) + " |")
    lines += ["", "```", *told(record), "```"] if record.failures() else []
    lines += ["", *map(_claimed, _claims(record))] if record.claims else []
    return "\n".join(lines).rstrip() + "\n"
