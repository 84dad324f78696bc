"""A parity record as a table for the terminal, as Markdown, and as JUnit XML."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Policy
from spikemirror.golden.load import Golden
from spikemirror.mirrors import PEERS
from spikemirror.parity.record import Cell, ParityRecord

SHOWN = 3
"""How many failures of one kernel on one mirror are told."""
TEXTS = {
    "python": "python/spikemirror/reference/{family}.py",
    "rust": "rust/crates/kernels/src/{family}.rs",
    "julia": "julia/src/{family}.jl",
    "mojo": "mojo/spikemirror/{family}.mojo",
    **{peer: f"python/spikemirror/peers/{peer.replace('-', '_')}.py" for peer in PEERS},
}
SHORT = {"float32": "f32", "float64": "f64", "uint32": "u32"}


def short(dtype: str) -> str:
    """A dtype for a narrow column."""
    return SHORT.get(dtype, dtype)


def reproduce(cell: Cell, record: ParityRecord) -> str:
    """The command that computes this cell alone."""
    manifest = next((m.manifest for m in record.mirrors if m.name == cell.mirror), None)
    where = f"--external {shlex.quote(manifest)}" if manifest else f"--mirror {cell.mirror}"
    return f"spikemirror run {cell.kernel}/{cell.case} {where} --dtype {cell.dtype}"


def summary(cells: Sequence[Cell]) -> tuple[str, str]:
    """What a group of cells comes to, in a few characters, with its colour."""
    bad = sum(c.status in ("wrong", "failed") for c in cells)
    if bad:
        return f"{bad} of {len(cells)} bad", "bold red"
    count = {status: sum(c.status == status for c in cells) for status in ("ok", "known", "not run")}
    if count["not run"] == len(cells):
        return "not run", "yellow"
    parts = [agreement(cells)] if count["ok"] else []
    parts += [f"{count[status]} {status}" for status in ("known", "not run") if count[status]]
    return ", ".join(parts), "yellow" if count["not run"] else "cyan" if count["known"] else "green"


def agreement(cells: Sequence[Cell]) -> str:
    """How well those cells of a kernel agree that do: the very same bits, or the worst share of the budget."""
    if all(o.policy is Policy.BITS for o in CATALOGUE[cells[0].kernel].outputs):
        return "bits"
    worst = max((c.used for c in cells if c.status == "ok" and c.used is not None), default=0.0)
    return f"{100 * worst:.0f} %" if worst >= 0.005 or worst == 0 else "<1 %"


def _groups(record: ParityRecord) -> tuple[list[tuple[str, str]], dict[tuple[str, str, str], list[Cell]]]:
    rows: dict[tuple[str, str], None] = {}
    groups: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in record.cells:
        rows.setdefault((cell.kernel, cell.dtype))
        groups[cell.kernel, cell.dtype, cell.mirror].append(cell)
    kernels = list(dict.fromkeys(kernel for kernel, _ in rows))
    return sorted(rows, key=lambda row: kernels.index(row[0])), groups


def table(record: ParityRecord, golden: Golden) -> RenderableType:
    """The table, what was not run and why, the failures, and a line of totals."""
    rows, groups = _groups(record)
    grid = Table(
        title="worst share of the error budget used (bits: the very same bits)",
        title_justify="left",
        header_style="bold",
    )
    grid.add_column("kernel", no_wrap=True)
    grid.add_column("dtype")
    grid.add_column("cases", justify="right")
    for mirror in record.mirrors:
        version = ", ".join(record_version(mirror.versions))
        grid.add_column(f"{mirror.name}\n[dim]{escape(version) if mirror.found else 'absent'}", justify="right")
    ran = {c.kernel for c in record.cells if c.status != "not run"}
    shown = [row for row in rows if row[0] in ran] or rows
    previous = ""
    for kernel, dtype in shown:
        cells = [groups[kernel, dtype, mirror.name] for mirror in record.mirrors]
        looks = [Text(*summary(c)) for c in cells]
        grid.add_row(kernel if kernel != previous else "", short(dtype), str(len(cells[0])), *looks)
        previous = kernel
    parts: list[RenderableType] = [grid]
    if left_out := dict.fromkeys(row[0] for row in rows if row not in shown):
        parts.append(Text(f"not run at all: {', '.join(left_out)}", style="yellow"))
    parts += [Text(f"{m.name} was not run: {m.reason}", style="yellow") for m in record.mirrors if not m.found]
    failures = record.failures()
    parts += [Text(line) for line in _told(record, golden)]
    parts.append(Text(totals(record), style="bold red" if failures else "bold"))
    return Group(*parts)


def _told(record: ParityRecord, golden: Golden) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in record.failures():
        groups[cell.kernel, cell.mirror].append(cell)
    for (kernel, mirror), cells in groups.items():
        for cell in cells[:SHOWN]:
            yield from describe(cell, record, golden)
        if len(cells) > SHOWN:
            yield f"  ... and {len(cells) - SHOWN} more of {kernel} on {mirror}; --format json lists all"


def record_version(versions: dict[str, str]) -> list[str]:
    """The first version: that of the language."""
    return [version.split(" ")[0] for version in list(versions.values())[:1]]


def describe(cell: Cell, record: ParityRecord, golden: Golden) -> list[str]:
    """A failure: what came, what was due, what the case is for and how to get it again."""
    head = f"{cell.kernel}/{cell.case}  {cell.mirror} {short(cell.dtype)}  {cell.difference}"
    catches = ", ".join(golden.case(cell.kernel, cell.case).catches)
    text = TEXTS[cell.mirror].format(family=CATALOGUE[cell.kernel].family) if cell.mirror in TEXTS else ""
    where = f"   text: {text}" if text else ""
    return [head, f"  catches: {catches}{where}", f"  reproduce: {reproduce(cell, record)}"]


def totals(record: ParityRecord) -> str:
    """One line."""
    count = {status: sum(c.status == status for c in record.cells) for status in ("ok", "known", "not run")}
    parts = [f"{count['ok']} cells agree", f"{len(record.failures())} differ or fail"]
    parts += [f"{count['known']} known differences"] if count["known"] else []
    parts += [f"{count['not run']} not run"] if count["not run"] else []
    return f"{', '.join(parts)}; golden {record.golden_digest[:12]}, {record.seconds:.1f} s"


def markdown(record: ParityRecord, golden: Golden) -> str:
    """The same for a page."""
    rows, groups = _groups(record)
    names = [m.name for m in record.mirrors]
    lines = [
        "| kernel | dtype | cases | " + " | ".join(names) + " |",
        "|---|---|---:|" + "---:|" * len(names),
    ]
    for kernel, dtype in rows:
        looks = [summary(groups[kernel, dtype, name])[0] for name in names]
        count = len(groups[kernel, dtype, names[0]])
        lines.append(f"| {kernel} | {short(dtype)} | {count} | " + " | ".join(looks) + " |")
    lines += ["", totals(record)]
    lines += ["", *(f"{m.name} was not run: {m.reason}" for m in record.mirrors if not m.found)]
    for cell in record.failures():
        lines += ["", "```", *describe(cell, record, golden), "```"]
    return "\n".join(lines).rstrip() + "\n"


def junit(record: ParityRecord, golden: Golden) -> str:
    """One test case a cell, one suite a mirror."""
    root = ElementTree.Element("testsuites", name="spikemirror parity", time=f"{record.seconds:.3f}")
    for mirror in record.mirrors:
        cells = [c for c in record.cells if c.mirror == mirror.name]
        count = {s: sum(c.status == s for c in cells) for s in ("wrong", "failed", "not run")}
        suite = ElementTree.SubElement(
            root, "testsuite", name=mirror.name, tests=str(len(cells)), failures=str(count["wrong"]),
            errors=str(count["failed"]), skipped=str(count["not run"]),
        )  # fmt: skip
        for cell in cells:
            test = ElementTree.SubElement(
                suite, "testcase", classname=f"{mirror.name}.{cell.kernel}", name=f"{cell.case}[{cell.dtype}]"
            )
            if cell.status == "not run":
                ElementTree.SubElement(test, "skipped", message=_printable(cell.message or ""))
            elif cell.status in ("wrong", "failed"):
                kind = "failure" if cell.status == "wrong" else "error"
                lines = [_printable(line) for line in describe(cell, record, golden)]
                ElementTree.SubElement(test, kind, message=lines[0]).text = "\n".join(lines)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """XML has no control characters."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
