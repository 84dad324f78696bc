"""`spikemirror mutants`."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.faults import FaultsError
from spikemirror.terminal import DIFFERENCE, deliver, known_names, rendered


class Language(StrEnum):
    """Where a fault can be seeded."""

    rust = "rust"
    julia = "julia"
    mojo = "mojo"
    python = "python"
    harness = "harness"


class Format(StrEnum):
    """How the kill matrix is told."""

    table = "table"
    json = "json"
    markdown = "markdown"


def mutants(
    language: Annotated[list[Language] | None, typer.Option(help="only this language; may be repeated")] = None,
    kernel: Annotated[list[str] | None, typer.Option("--kernel", "-k", help="only this kernel's fixtures")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="only this fault; may be repeated")] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="only so many faults of every source file, each on a few kernels")
    ] = None,
    seed: Annotated[int, typer.Option(help="which ones --sample takes")] = 0,
    format: Annotated[Format, typer.Option(help="how the result is told")] = Format.table,  # noqa: A002
    out: Annotated[Path | None, typer.Option(help="write the result to this file instead of stdout")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="run also what is in the cache of verdicts")] = False,
) -> None:
    """Seed every fault of the table in a scratch copy of every language, and tell which fixtures notice it.

    Exit status 1 if one survives, cannot be seeded, or if a case does not notice a fault that it names.
    """
    import msgspec
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from spikemirror.catalogue import faults
    from spikemirror.golden.load import Golden
    from spikemirror.mutants import run
    from spikemirror.mutants.claims import unproved
    from spikemirror.mutants.record import MutantsRecord
    from spikemirror.provenance import git_state, now, platform_name
    from spikemirror.report import mutants as report
    from spikemirror.version import __version__

    golden = Golden()
    try:
        table = faults.load()
    except FaultsError as error:
        print(f"spikemirror mutants: {error}", file=sys.stderr)
        raise typer.Exit(DIFFERENCE) from None
    kernels = known_names(kernel, CATALOGUE, "kernel")
    chosen = known_names(fault, table, "fault") or list(table)
    languages = [entry.value for entry in language or Language]
    edits = [e for name in chosen for e in table[name].edits if e.language in languages]
    edits.sort(key=lambda e: (languages.index(e.language), bool(e.place), len(e.kernels)))  # the quick ones first
    work = run.units(edits, kernels)
    if sample:
        work = run.sample(work, sample, seed)
    if not work:
        raise typer.BadParameter("no fault has an edit for that")
    started, start = now(), time.monotonic()
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("mutants", total=len(work))
        try:
            verdicts = run.Runner(golden, fresh).run(
                work, os.cpu_count() or 1, lambda count: progress.advance(bar, count)
            )
        except run.UnsoundError as error:
            print(f"spikemirror mutants: {error}", file=sys.stderr)
            raise typer.Exit(DIFFERENCE) from None
    commit, dirty = git_state()
    whole = not sample and not fault
    record = MutantsRecord(
        spikemirror=__version__,
        golden_digest=golden.digest,
        git_commit=commit,
        git_dirty=dirty,
        platform=platform_name(),
        started=started,
        seconds=round(time.monotonic() - start, 1),
        sampled=bool(sample),
        verdicts=verdicts,
        claims=list(unproved(golden, kernels or golden.kernels, verdicts)) if whole else [],
    )
    match format:
        case Format.json:
            text = msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"
        case Format.markdown:
            text = report.markdown(record)
        case Format.table:
            text = rendered(report.table(record), out)
    deliver(text, out)
    if record.failures() or record.claims:
        raise typer.Exit(DIFFERENCE)
