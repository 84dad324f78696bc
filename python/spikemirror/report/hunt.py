"""A hunt as a table for the terminal."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Policy
from spikemirror.hunt.finding import ORACLE, Finding, HuntRecord, KernelRecord
from spikemirror.report.parity import TEXTS, short


def table(record: HuntRecord) -> RenderableType:
    """The worst shares, what was absent, the findings, and a line of totals."""
    grid = Table(title="worst share of the error budget that was found", title_justify="left", header_style="bold")
    for name in ("kernel", "calls", "refused", "discarded", *record.mirrors):
        grid.add_column(name, justify="left" if name == "kernel" else "right", no_wrap=True)
    for kernel in record.kernels:
        counts = map(str, (kernel.examples, kernel.refused, kernel.discarded))
        grid.add_row(kernel.kernel, *counts, *(_look(kernel, mirror) for mirror in record.mirrors))
    parts: list[RenderableType] = [grid]
    parts += [Text(f"{name} was not asked: {reason}", style="yellow") for name, reason in record.absent.items()]
    parts += [Text(line) for finding in record.findings for line in describe(finding, record)]
    parts.append(Text(totals(record), style="bold red" if record.findings else "bold"))
    return Group(*parts)


def _look(record: KernelRecord, mirror: str) -> Text:
    found = sum(f.cell.mirror == mirror for f in record.findings)
    if found:
        return Text(f"{found} found", style="bold red")
    if all(o.policy is Policy.BITS for o in CATALOGUE[record.kernel].outputs):
        return Text("bits" if mirror in record.worst else "", style="green")
    return Text(f"{100 * record.worst[mirror]:.0f} %" if mirror in record.worst else "", style="green")


def describe(finding: Finding, record: HuntRecord) -> Iterator[str]:
    """A finding: what came, what was due, the arguments, and how to get it again."""
    cell, kernel = finding.cell, CATALOGUE[finding.cell.kernel]
    way = " by spikemirror.call" if finding.layouts else ""
    yield f"{cell.kernel}/{cell.case}  {cell.mirror}{way} {short(cell.dtype)}  {cell.difference}"
    arrays = (
        f"{name} {record.dtype}{tuple(record.shape)} {finding.layouts.get(name, '')}".rstrip()
        for name, record in finding.case.inputs.items()
    )
    usual = {p.name: p.default for p in kernel.parameters}
    values = (f"{name} = {value!r}" for name, value in finding.case.parameters.items() if value != usual.get(name))
    yield f"  {', '.join([*arrays, *values])}"
    if cell.mirror in TEXTS:
        yield f"  text: {TEXTS[cell.mirror].format(family=kernel.family)}"
    command = ["spikemirror", "run", os.path.relpath(finding.path)]
    if cell.mirror in record.manifests:
        command += ["--external", record.manifests[cell.mirror]]
    elif cell.mirror != ORACLE:
        command += ["--mirror", cell.mirror]
    yield f"  reproduce: {shlex.join(command)}"


def totals(record: HuntRecord) -> str:
    """One line."""
    calls = sum(kernel.examples for kernel in record.kernels)
    count = len(record.findings)
    found = "nothing found" if not count else f"{count} found"
    return f"{calls} calls of {len(record.kernels)} kernels, seed {record.seed}, {record.seconds:.0f} s: {found}"
