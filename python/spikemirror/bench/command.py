"""`spikemirror bench run | compare | publish`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from spikemirror.terminal import DIFFERENCE, MISSING, USAGE, known_names

app = typer.Typer(help="Time the kernels, compare two runs, publish one.", no_args_is_help=True)


class Format(StrEnum):
    """How a result is told."""

    table = "table"
    json = "json"
    markdown = "markdown"


FormatOption = Annotated[Format, typer.Option("--format", help="how the result is told")]
Force = Annotated[bool, typer.Option("--force", help="do it against the rules, and say so")]
Artifact = Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="an artifact of bench run")]


@app.command()
def run(
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the time, wider intervals")] = False,
    out: Annotated[Path | None, typer.Option(help="the artifact; by default a dated file in the cache")] = None,
    kernel: Annotated[
        list[str] | None, typer.Option("--kernel", "-k", help="only this kernel; may be repeated")
    ] = None,
    mirror: Annotated[list[str] | None, typer.Option("--mirror", help="only this mirror; may be repeated")] = None,
    require: Annotated[str, typer.Option(help="comma-separated mirrors without which the run fails (exit 3)")] = "",
    format: FormatOption = Format.table,  # noqa: A002
) -> None:
    """Time every kernel, size and dtype on every mirror, in turns, and write the artifact.

    Outputs of the timed calls are held against the reference: a row that is wrong has no times.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from spikemirror import mirrors
    from spikemirror.bench.memory import CALL_SECONDS
    from spikemirror.bench.record import encode
    from spikemirror.catalogue import CATALOGUE
    from spikemirror.files import write_atomically
    from spikemirror.golden.load import Golden, GoldenError
    from spikemirror.report import bench as report

    _extras()
    from spikemirror.bench import run as bench

    names = known_names(mirror, mirrors.NAMES, "mirror") or list(mirrors.NAMES)
    required = known_names([r.strip() for r in require.split(",") if r.strip()], mirrors.NAMES, "mirror")
    if left_out := set(required) - set(names):
        raise typer.BadParameter(f"--require {', '.join(sorted(left_out))} is not among the mirrors of --mirror")
    work = bench.tasks(known_names(kernel, CATALOGUE, "kernel"), quick)
    golden = Golden()
    if problems := golden.verify():
        raise GoldenError(f"{golden.path}: {'; '.join(problems)}. Restore them, or run `spikemirror golden emit`")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("bench", total=len(work) + len(names) + 1, completed=-1)

        def advance(what: str) -> None:
            progress.update(bar, advance=1, description=what)

        record = bench.run(
            work, names, golden.digest, quick=quick, advance=advance,
            tried=lambda name: mirrors.open_isolated(name, CALL_SECONDS),
        )  # fmt: skip
    target = out or _default_artifact(record.run.started)
    write_atomically(target, encode(record))
    match format:
        case Format.json:
            sys.stdout.write(encode(record))
        case Format.markdown:
            sys.stdout.write(report.markdown(record))
        case Format.table:
            _print(report.table(record))
    print(f"artifact: {target}", file=sys.stderr)
    missing = {t.mirror: t.reason for t in record.toolchains if not t.found and t.mirror in required}
    for name, reason in missing.items():
        print(f"required, but missing: {name}: {reason}", file=sys.stderr)
    if missing:
        raise typer.Exit(MISSING)
    if record.failures():
        raise typer.Exit(DIFFERENCE)


@app.command()
def compare(
    before: Artifact,
    after: Artifact,
    force: Force = False,
    format: FormatOption = Format.table,  # noqa: A002
) -> None:
    """Tell for each row whether the second run is faster, slower, or whether the samples cannot tell.

    Exits 1 if a row is slower inside its language, or no longer right.
    """
    import msgspec

    from spikemirror.bench import compare as comparing
    from spikemirror.bench.record import ArtifactError, load
    from spikemirror.report import bench as report

    _extras()
    try:
        found = comparing.compare(load(before), load(after), force=force)
    except (ArtifactError, comparing.DifferentMachines) as error:
        raise _refused(error) from None
    match format:
        case Format.json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n")
        case Format.markdown:
            sys.stdout.write(report.comparison_markdown(found))
        case Format.table:
            _print(report.comparison_table(found))
    if found.regressions():
        raise typer.Exit(DIFFERENCE)


@app.command()
def publish(artifact: Artifact, force: Force = False) -> None:
    """Check an artifact, copy it under benchmarks/results, and print it in Markdown."""
    from spikemirror.bench.publish import publish as put
    from spikemirror.bench.record import ArtifactError
    from spikemirror.report import bench as report

    try:
        target, record = put(artifact, force=force)
    except ArtifactError as error:
        raise _refused(error) from None
    sys.stdout.write(report.markdown(record))
    print(f"published: {target}", file=sys.stderr)


def _extras() -> None:
    """The bench needs two packages that users of the kernels do not."""
    try:
        import pyperf  # type: ignore[import-untyped,unused-ignore]  # noqa: F401
        import scipy  # noqa: F401
    except ImportError as error:
        print(f"spikemirror bench: {error}; pip install 'spikemirror[bench]'", file=sys.stderr)
        raise typer.Exit(MISSING) from None


def _refused(error: Exception) -> typer.Exit:
    print(f"spikemirror bench: {error}", file=sys.stderr)
    return typer.Exit(USAGE)


def _default_artifact(started: str) -> Path:
    from spikemirror.files import cache_folder

    return cache_folder() / "bench" / f"{started[:19].replace(':', '')}.json"


def _print(what: RenderableType) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    console.print(what)
