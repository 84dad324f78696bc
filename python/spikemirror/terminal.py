"""What the commands share: exit codes, names given on the command line, and text as the terminal takes it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import typer
from rich.console import Console, RenderableType

from spikemirror import mirrors
from spikemirror.files import write_atomically
from spikemirror.mirrors.external import External, ManifestError

DIFFERENCE, USAGE, MISSING = 1, 2, 3
"""Exit codes: a difference, wrong usage, a required toolchain missing."""


def known_names(given: Sequence[str] | None, names: Collection[str], what: str) -> list[str]:
    """The names given, each once; typer.BadParameter for one that there is not."""
    for name in given or []:
        if name not in names:
            raise typer.BadParameter(f"no {what} {name!r}; there are {', '.join(names)}")
    return list(dict.fromkeys(given or []))


def described(manifests: list[Path]) -> list[External]:
    """What the manifests describe; their names must differ from ours and from each other."""
    found: dict[str, External] = {}
    for path in manifests:
        try:
            external = External(path)
        except ManifestError as error:
            raise typer.BadParameter(str(error)) from None
        if external.name in (*mirrors.NAMES, *mirrors.PEERS, *found):
            raise typer.BadParameter(f"{path}: another mirror is called {external.name}")
        found[external.name] = external
    return list(found.values())


def rendered(what: RenderableType, out: Path | None) -> str:
    """Text with colour only where there is a terminal to show it; lines stay whole, so that commands can be copied."""
    console = Console(width=None if out is None else 120, no_color=None if out is None else True, highlight=False)
    with console.capture() as capture:
        console.print(what, soft_wrap=True)
    return capture.get()


def deliver(text: str, out: Path | None) -> None:
    """To the file, or to stdout."""
    if out is not None:
        write_atomically(out, text)
    else:
        sys.stdout.write(text)
