"""`spikemirror hunt`."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from spikemirror import mirrors
from spikemirror.catalogue import CATALOGUE
from spikemirror.files import cache_folder
from spikemirror.hunt.finding import HuntRecord, KernelRecord
from spikemirror.hunt.team import Openers, Team, openers
from spikemirror.provenance import now
from spikemirror.terminal import DIFFERENCE, MISSING, deliver, described, known_names, rendered
from spikemirror.version import __version__

CALL_SECONDS = 10.0


class Format(StrEnum):
    """How a hunt is told."""

    table = "table"
    json = "json"


def hunt(
    kernel: Annotated[
        list[str] | None, typer.Option("--kernel", "-k", help="only this kernel; may be repeated")
    ] = None,
    mirror: Annotated[str, typer.Option("--mirrors", help="only these, comma-separated; all four by default")] = "",
    external: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MANIFEST",
            exists=True,
            dir_okay=False,
            help="a program or library of your own; may be repeated, and runs alone unless --mirrors names others",
        ),
    ] = None,
    seconds: Annotated[float, typer.Option("--time", min=0, help="seconds, divided among the kernels")] = 60.0,
    seed: Annotated[int | None, typer.Option(min=0, help="of the calls that are drawn; a new one by default")] = None,
    promote: Annotated[bool, typer.Option("--promote", help="make what is found a fixture of its kernel")] = False,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="the dask.distributed cluster that does the work")
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.01, help="seconds after which a call counts as hung")
    ] = CALL_SECONDS,
    format: Annotated[Format, typer.Option(help="how the result is told")] = Format.table,  # noqa: A002
    out: Annotated[Path | None, typer.Option(help="write the result to this file instead of stdout")] = None,
) -> None:
    """Search for calls on which a mirror and the exact oracle disagree, and make what is found small.

    Calls are drawn from the kernels' declarations: sizes, ends of domains, special numbers, near-ties, layouts in
    memory, arguments to refuse. Findings are kept in the cache, each with a command that reproduces it. Exit status 1
    if there are any.
    """
    _require("hypothesis", "flint", extra="hunt")
    if scheduler is not None:
        _require("distributed", extra="cluster")
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache_folder() / "hypothesis"))
    kernels = known_names(kernel, CATALOGUE, "kernel") or list(CATALOGUE)
    externals = described(external or [])
    names = known_names([m.strip() for m in mirror.split(",") if m.strip()], mirrors.NAMES, "mirror")
    names = names or ([] if externals else list(mirrors.NAMES))
    members = openers(names, externals)
    record = HuntRecord(
        spikemirror=__version__,
        seed=secrets.randbits(32) if seed is None else seed,
        started=now(),
        seconds=0.0,
        mirrors=list(members),
        manifests={e.name: str(e.path) for e in externals},
        absent={},
        kernels=[],
    )
    start = time.monotonic()
    try:
        if scheduler is None:
            _search(record, members, kernels, seconds, time_limit)
        else:
            _search_on(scheduler, record, members, kernels, seconds, time_limit)
    finally:  # also when it is stopped: what was found is told
        record.seconds = round(time.monotonic() - start, 3)
        _tell(record, format, out)
    if promote:
        _promote(record)
    if record.findings:
        raise typer.Exit(DIFFERENCE)


def _require(*modules: str, extra: str) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        print(f"spikemirror hunt needs {', '.join(missing)}: pip install 'spikemirror[{extra}]'", file=sys.stderr)
        raise typer.Exit(MISSING)


def _search(record: HuntRecord, members: Openers, kernels: Sequence[str], seconds: float, call_seconds: float) -> None:
    """One kernel after the other; time that one leaves is for the others."""
    from spikemirror.hunt.search import Search

    team = Team(members, call_seconds)
    try:
        record.absent = team.absent
        deadline = time.monotonic() + seconds
        with _progress() as progress:
            bar = progress.add_task("", total=len(kernels))
            for place, name in enumerate(kernels):
                progress.update(bar, completed=place, description=name)
                left = deadline - time.monotonic()
                search = Search(CATALOGUE[name], team, record.seed, left / (len(kernels) - place))
                record.kernels.append(search.record)
                search.run()
    finally:
        team.close()


def _search_on(
    address: str, record: HuntRecord, members: Openers, kernels: Sequence[str], seconds: float, call_seconds: float
) -> None:
    """The same on a cluster, whose workers share the kernels; what they find is merged."""
    from spikemirror.hunt import cluster

    record.kernels = [KernelRecord(kernel=name) for name in kernels]
    merged = {kernel.kernel: kernel for kernel in record.kernels}
    try:
        with _progress() as progress:
            bar = progress.add_task("hunt", total=None)
            results = cluster.search(address, kernels, members, record.seed, seconds, call_seconds)
            for part, absent, total in results:
                merged[part.kernel].add(part)
                record.absent |= absent
                progress.update(bar, advance=1, total=total)
    finally:
        for finding in record.findings:
            finding.save()


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _tell(record: HuntRecord, form: Format, out: Path | None) -> None:
    from spikemirror.report import hunt as report

    if form is Format.json:
        deliver(msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n", out)
    else:
        deliver(rendered(report.table(record), out), out)


def _promote(record: HuntRecord) -> None:
    from spikemirror.golden.emit import EmissionError
    from spikemirror.hunt.promote import promote

    for finding in record.findings:
        name = f"{finding.cell.kernel}/{finding.case.id}"
        try:
            print(f"{name}: {'promoted' if promote(finding) else 'a fixture already'}", file=sys.stderr)
        except EmissionError as error:
            print(f"{name}: not promoted: {error}", file=sys.stderr)
