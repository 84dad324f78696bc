"""A run of the peers: what of each kernel was compared, how it went, and why the rest was not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikemirror.golden.load import Golden
from spikemirror.parity.record import Cell, ParityRecord
from spikemirror.peers import ADAPTERS
from spikemirror.report.parity import agreement, describe, totals

COLUMNS = ("peer", "kernel", "cells", "run", "agree", "known", "bad", "worst share")


def table(record: ParityRecord, golden: Golden) -> RenderableType:
    """For the terminal."""
    record = _comparable(record)
    grid = Table(title="other libraries over the same fixtures", title_justify="left", header_style="bold")
    for place, column in enumerate(COLUMNS):
        grid.add_column(column, justify="left" if place < 2 else "right", no_wrap=place < 2)
    for row in _rows(record):
        grid.add_row(*row)
    failures = [line for cell in record.failures() for line in describe(cell, record, golden)]
    end = Text(totals(record), style="bold red" if failures else "bold")
    return Group(grid, *map(Text, [*_versions(record), *_reasons(record), *failures]), end)


def markdown(record: ParityRecord, golden: Golden) -> str:
    """For docs/peers.md."""
    record = _comparable(record)
    lines = [COLUMNS, ["---"] * 2 + ["---:"] * (len(COLUMNS) - 2), *_rows(record)]
    parts = ["\n".join(f"| {' | '.join(line)} |" for line in lines)]
    parts += ["\n".join(f"- {line}" for line in group) for group in (_versions(record), _reasons(record))]
    parts += ["\n".join(["```", *describe(cell, record, golden), "```"]) for cell in record.failures()]
    return "\n\n".join(parts) + "\n"


def _comparable(record: ParityRecord) -> ParityRecord:
    """The record without peers that are absent, and kernels that one does not have."""
    found = {mirror.name for mirror in record.mirrors if mirror.found}
    had = {(name, kernel) for name, adapter in ADAPTERS.items() for kernel in adapter.kernels}
    had |= {(c.mirror, c.kernel) for c in record.cells if c.status != "not run"}
    cells = [c for c in record.cells if c.mirror in found and (c.mirror, c.kernel) in had]
    return msgspec.structs.replace(record, cells=cells)


def _rows(record: ParityRecord) -> Iterator[list[str]]:
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in record.cells:
        groups[cell.mirror, cell.kernel].append(cell)
    for (peer, kernel), cells in groups.items():
        count = Counter(c.status for c in cells)
        numbers = (
            len(cells), len(cells) - count["not run"], count["ok"], count["known"], count["wrong"] + count["failed"]
        )  # fmt: skip
        yield [peer, kernel, *map(str, numbers), agreement(cells) if count["ok"] else ""]


def _versions(record: ParityRecord) -> Iterator[str]:
    for mirror in record.mirrors:
        versions = " with ".join(f"{name} {number}" for name, number in mirror.versions.items())
        yield versions or mirror.name if mirror.found else f"{mirror.name} was not run: {mirror.reason}"


def _reasons(record: ParityRecord) -> Iterator[str]:
    """A line for each peer and reason, known differences first, with how many cells of which kernels it covers."""
    for status, what in (("known", "differ"), ("not run", "not compared"), ("ok", "in part")):
        covered: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for cell in record.cells:
            if cell.status == status and cell.message:
                covered[cell.mirror, cell.message][cell.kernel] += 1
        for (peer, reason), kernels in covered.items():
            counted = ", ".join(f"{kernel} {count}" for kernel, count in kernels.items())
            yield f"{peer}, {what} ({counted}): {reason}"
