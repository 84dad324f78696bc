"""`spikemirror golden`: emit, check, lint and diff fixtures."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from spikemirror.catalogue.kernel import Kernel
from spikemirror.files import write_all
from spikemirror.golden.emit import EmissionError, emit
from spikemirror.golden.fixture import folder
from spikemirror.golden.lint import lint as lint_golden
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validate
from spikemirror.terminal import DIFFERENCE, MISSING

app = typer.Typer(help="Golden fixtures: emit, check, lint, diff.", no_args_is_help=True)


@app.command(name="emit")
def emit_command(
    out: Annotated[Path | None, typer.Option(help="the folder to write to; the project's golden by default")] = None,
) -> None:
    """Evaluate every case in ball arithmetic and write the fixtures; the same bytes on every machine."""
    texts = _emitted()
    target = out or folder()
    changed = [name for name, text in texts.items() if _text(target / name) != text]
    write_all(target, {name: texts[name] for name in changed})
    print(f"{len(texts)} files, {len(changed)} of them changed: {', '.join(changed) or 'none'}")


@app.command()
def check() -> None:
    """Hold the fixtures against their manifest, their schema and a fresh emission."""
    golden = Golden()
    problems = golden.verify() + validate(golden.path)
    texts = _emitted()
    problems += [
        f"{name}: a fresh emission differs; see `spikemirror golden diff`, write it by `spikemirror golden emit`"
        for name, text in texts.items()
        if _text(golden.path / name) != text
    ]
    _tell(problems, f"{len(golden.kernels)} kernels: manifest, schema and a fresh emission agree")


@app.command()
def lint() -> None:
    """Check schema, ids, reasons, catches, and that every array's decimals are those of its bits."""
    golden = Golden()
    _tell(validate(golden.path) + lint_golden(golden), f"{len(golden.kernels)} kernels: nothing to complain about")


@app.command()
def diff() -> None:
    """Tell which cases a fresh emission would add, remove or change."""
    from spikemirror.golden.difference import differences

    lines = list(differences(folder(), _emitted()))
    _tell(lines, "a fresh emission changes nothing")


def _emitted() -> dict[str, str]:
    console = Console(stderr=True)

    def progress(kernels: Iterable[Kernel]) -> Iterable[Kernel]:
        listed = list(kernels)
        return track(listed, "evaluating", console=console, transient=True, disable=not console.is_terminal)

    try:
        return emit(progress)
    except ImportError as error:
        print(f"emission needs python-flint ({error}): pip install spikemirror[golden]", file=sys.stderr)
        raise typer.Exit(MISSING) from None
    except EmissionError as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        raise typer.Exit(DIFFERENCE) from None


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None


def _tell(problems: list[str], otherwise: str) -> None:
    width = shutil.get_terminal_size().columns
    for problem in problems:
        print(problem if len(problem) <= 4 * width else problem[: 4 * width] + " ...")
    if problems:
        raise typer.Exit(DIFFERENCE)
    print(otherwise)
