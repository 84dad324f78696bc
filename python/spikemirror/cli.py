"""The command line. Results go to stdout, progress to stderr.

Exit codes: 0 as expected, 1 a difference, 2 wrong usage, 3 a required toolchain missing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from spikemirror import mirrors, signals
from spikemirror.bench.command import app as bench_app
from spikemirror.catalogue import CATALOGUE
from spikemirror.config_command import app as config_app
from spikemirror.golden.command import app as golden_app
from spikemirror.golden.fixture import CaseRecord
from spikemirror.golden.load import Golden, GoldenError
from spikemirror.hunt.command import hunt
from spikemirror.hunt.finding import FindingError
from spikemirror.mirrors.process import CALL_SECONDS
from spikemirror.mutants.command import mutants
from spikemirror.new_command import app as new_app
from spikemirror.parity import known
from spikemirror.terminal import DIFFERENCE, MISSING, deliver, described, known_names, rendered
from spikemirror.version import __version__

app = typer.Typer(
    name="spikemirror",
    help="One spiking-network algebra in Python, Rust, Julia and Mojo, held to the same golden fixtures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(golden_app, name="golden")
app.add_typer(bench_app, name="bench")
app.add_typer(config_app, name="config")
app.add_typer(new_app, name="new")
app.command()(hunt)
app.command()(mutants)


class Format(StrEnum):
    """How a parity run is told."""

    table = "table"
    json = "json"
    markdown = "markdown"
    junit = "junit"


class DTypeName(StrEnum):
    """The call's dtype; philox has one of its own."""

    float32 = "float32"
    float64 = "float64"
    uint32 = "uint32"


Kernels = Annotated[list[str] | None, typer.Option("--kernel", "-k", help="only this kernel; may be repeated")]
Mirrors = Annotated[list[str] | None, typer.Option("--mirror", help="only this mirror; may be repeated")]
CallSeconds = Annotated[float, typer.Option("--time-limit", min=0.01, help="seconds after which a call counts as hung")]


@app.callback(invoke_without_command=True)
def _main(version: Annotated[bool, typer.Option("--version", help="print the version and leave")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def parity(
    kernel: Kernels = None,
    mirror: Mirrors = None,
    external: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MANIFEST",
            exists=True,
            dir_okay=False,
            help="a program or library of your own; may be repeated, and runs alone unless --mirror names others",
        ),
    ] = None,
    peers: Annotated[
        bool, typer.Option("--peers", help="the peers (docs/peers.md) on the kernels that they have, not the mirrors")
    ] = False,
    dtype: Annotated[list[DTypeName] | None, typer.Option(help="only this dtype; may be repeated")] = None,
    require: Annotated[str, typer.Option(help="comma-separated mirrors without which the run fails (exit 3)")] = "",
    format: Annotated[Format, typer.Option(help="how the result is told")] = Format.table,  # noqa: A002
    out: Annotated[Path | None, typer.Option(help="write the result to this file instead of stdout")] = None,
    time_limit: CallSeconds = CALL_SECONDS,
    julia: Annotated[
        str | None, typer.Option(help="juliacall: Julia inside a Python process instead of its own worker")
    ] = None,
) -> None:
    """Run every kernel, case and dtype on every mirror and hold the outputs against the fixtures."""
    from rich.progress import Progress

    from spikemirror.parity.run import run, tasks
    from spikemirror.peers import kernels_of
    from spikemirror.report import parity as report
    from spikemirror.report import peers as peers_report

    externals = described(external or [])
    by_default = mirrors.PEERS if peers else () if externals else mirrors.NAMES
    names = known_names(mirror, mirrors.NAMES + mirrors.PEERS, "mirror") or list(by_default)
    required = known_names(
        [r.strip() for r in require.split(",") if r.strip()], mirrors.NAMES + mirrors.PEERS, "mirror"
    )
    if left_out := set(required) - set(names):
        raise typer.BadParameter(f"--require {', '.join(sorted(left_out))} is not among the mirrors of --mirror")
    _choose_julia(julia)
    golden = Golden()
    kernels = known_names(kernel, CATALOGUE, "kernel") or (kernels_of(names) if peers else [])
    work = tasks(golden, kernels, [d.value for d in dtype or []])
    if not work:
        raise typer.BadParameter("no case has that kernel and dtype")
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("parity", total=len(work) * (len(names) + len(externals)))
        record = run(work, names, golden, time_limit, advance=lambda: progress.advance(bar), externals=externals)
    told = peers_report if peers else report
    match format:
        case Format.json:
            import msgspec

            text = msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n"
        case Format.markdown:
            text = told.markdown(record, golden)
        case Format.junit:
            text = report.junit(record, golden)
        case Format.table:
            text = rendered(told.table(record, golden), out)
    deliver(text, out)
    needed = {*required, *(e.name for e in externals)}
    missing = {name: reason for name, reason in record.idle().items() if name in needed}
    for name, reason in missing.items():
        print(f"required, but missing: {name}: {reason}", file=sys.stderr)
    if missing:
        raise typer.Exit(MISSING)
    if record.failures():
        raise typer.Exit(DIFFERENCE)


@app.command()
def run(
    case: Annotated[
        str,
        typer.Argument(metavar="KERNEL/CASE|FILE", help="a fixture case, such as infonce/plain, or a hunt's finding"),
    ],
    mirror: Annotated[str, typer.Option(help="the mirror that computes it")] = "python",
    external: Annotated[
        Path | None,
        typer.Option(metavar="MANIFEST", exists=True, dir_okay=False, help="a program or library of your own instead"),
    ] = None,
    dtype: Annotated[DTypeName | None, typer.Option(help="one dtype; all of the case's by default")] = None,
    time_limit: CallSeconds = CALL_SECONDS,
) -> None:
    """Compute one case on one mirror and show arguments, outputs and the share of the budget of every element."""
    from spikemirror.hunt.layouts import BACKENDS, LaidOut
    from spikemirror.report.case import show

    known_names([mirror], mirrors.NAMES + mirrors.PEERS, "mirror")
    name, record, layouts = _finding(Path(case)) if case.endswith(".json") else _fixture(case)
    wanted = [dtype.value] if dtype else list(record.expected)
    if wanted[0] not in record.expected:
        raise typer.BadParameter(f"{case} has no {wanted[0]}; it has {', '.join(record.expected)}")
    own = described([external] if external else [])
    try:
        if layouts and mirror in BACKENDS:
            opened: mirrors.Mirror = LaidOut(mirror, layouts)
        else:
            opened = own[0].open(time_limit) if own else mirrors.open_isolated(mirror, time_limit)
    except mirrors.MirrorAbsent as absent:
        print(f"{own[0].name if own else mirror}: {absent}", file=sys.stderr)
        raise typer.Exit(MISSING) from None
    try:
        good = [show(Console(), opened, CATALOGUE[name], record, d) for d in wanted]
    finally:
        opened.close()
    if not all(good):
        raise typer.Exit(DIFFERENCE)


@app.command()
def doctor() -> None:
    """Tell which languages are found, in which version, and how to get the missing ones."""
    from rich.table import Table

    table = Table("mirror", "found", "versions or reason", "to get it")
    for name in mirrors.NAMES:
        found = mirrors.probe(name)
        what = ", ".join(f"{k} {v}" for k, v in found.versions.items()) if found.found else found.reason
        table.add_row(name, "yes" if found.found else "[red]no", what, found.remedy)
    console = Console()
    console.print(table)
    try:
        golden = Golden()
        console.print(f"golden fixtures: {golden.path}, {len(golden.kernels)} kernels, digest {golden.digest[:12]}")
    except (GoldenError, FileNotFoundError) as error:
        console.print(f"[red]golden fixtures: {error}")


def _fixture(case: str) -> tuple[str, CaseRecord, Mapping[str, str]]:
    name, _, identifier = case.partition("/")
    known_names([name], CATALOGUE, "kernel")
    try:
        return name, Golden().case(name, identifier), {}
    except LookupError as error:
        raise typer.BadParameter(str(error.args[0])) from None


def _finding(path: Path) -> tuple[str, CaseRecord, Mapping[str, str]]:
    """What a hunt found, held against what the oracle says today."""
    from spikemirror.hunt.replay import NoAnswer, replay

    try:
        finding, record = replay(path)
    except FindingError as error:
        raise typer.BadParameter(str(error)) from None
    except NoAnswer as error:
        print(f"{path}: {error}", file=sys.stderr)
        raise typer.Exit(DIFFERENCE) from None
    return finding.cell.kernel, record, finding.layouts


def _choose_julia(way: str | None) -> None:
    if way is None:
        return
    if way not in ("worker", mirrors.JULIA_IN_PROCESS):
        raise typer.BadParameter(f"--julia {way}: worker or {mirrors.JULIA_IN_PROCESS}")
    os.environ["SPIKEMIRROR_JULIA"] = way


def main() -> None:
    """The program."""
    with signals.obeyed():
        try:
            try:
                app()
            finally:
                _flush()
        except (GoldenError, OSError, known.KnownDifferencesError) as error:
            print(f"spikemirror: {_told(error)}", file=sys.stderr)
            raise SystemExit(DIFFERENCE) from None


def _told(error: Exception) -> str:
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _flush() -> None:
    """Write the rest of stdout while a failure can still be told; at exit it would be tried once more, in vain."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OSError(error.errno, error.strerror, "stdout") from None
