"""`spikemirror new external`: a starting point for a mirror of one's own."""

from __future__ import annotations

import errno
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from spikemirror.mirrors.external import Name

STARTERS = Path(__file__).with_name("starters")
PLACEHOLDER = "$name"

app = typer.Typer(help="Start something of your own.", no_args_is_help=True)


class Language(StrEnum):
    """What there is a starting point in."""

    c = "c"
    python = "python"


@app.callback()
def _group() -> None:
    """A group, although it has one command."""


@app.command()
def external(
    language: Annotated[Language, typer.Option(help="c: a shared library; python: a program that speaks JSON lines")],
    folder: Annotated[Path | None, typer.Argument(help="the folder to write; external-LANGUAGE by default")] = None,
    name: Annotated[str | None, typer.Option(help="what reports call it; the folder's name by default")] = None,
) -> None:
    """Write a mirror that computes one kernel, ready to be built, run and extended; see docs/implementers.md."""
    target = folder or Path(f"external-{language.value}")
    called = name or target.resolve().name
    try:
        msgspec.convert(called, Name)
    except msgspec.ValidationError:
        rule = "a lower-case letter, then at most 39 of a-z, 0-9, _ and -"
        raise typer.BadParameter(f"{called!r} cannot be its name ({rule}): give one by --name") from None
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".spikemirror-") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        for path in filter(Path.is_file, (STARTERS / language.value).iterdir()):
            text = path.read_text(encoding="utf-8").replace(PLACEHOLDER, called)
            (made / path.name).write_text(text, encoding="utf-8")
        try:
            os.rename(made, target)  # the whole folder or nothing; only an empty one is replaced
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
            raise typer.BadParameter(f"{target} is there already: nothing was written") from None
    print(f"{target}: {', '.join(sorted(p.name for p in target.iterdir()))}; README.md tells how to run it")
