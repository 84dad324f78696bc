"""`spikemirror config`: show and validate settings."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spikemirror.config import PRESETS, Config, ConfigError
from spikemirror.terminal import DIFFERENCE

app = typer.Typer(help="Settings of encoders, decoders and losses: show, validate.", no_args_is_help=True)


class Format(StrEnum):
    """How settings are written."""

    toml = "toml"
    json = "json"


File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="JSON if its name ends so, else TOML")
]


@app.command()
def show(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", exists=True, dir_okay=False, help="show this file's settings, with defaults filled in"
        ),
    ] = None,
    preset: Annotated[str | None, typer.Option(help=f"show a preset: {', '.join(PRESETS)}")] = None,
    format: Annotated[Format, typer.Option(help="how the settings are written")] = Format.toml,  # noqa: A002
) -> None:
    """Write settings to stdout: the defaults, a preset's or a file's."""
    if file is not None and preset is not None:
        raise typer.BadParameter("either a file or --preset")
    if preset is not None and preset not in PRESETS:
        raise typer.BadParameter(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    config = _read(file) if file is not None else PRESETS[preset]() if preset is not None else Config()
    sys.stdout.write(config.to_json() if format is Format.json else config.to_toml())


@app.command()
def validate(file: File) -> None:
    """Hold a file of settings against the domains of all fields; exit 1 and name every problem."""
    config = _read(file)
    print(f"{file}: good; encoding {config.encoding.type}, decoding {config.decoding.type}")


def _read(file: Path) -> Config:
    try:
        return Config.read(file)
    except ConfigError as error:
        for problem in error.problems:
            print(f"{file}: {problem}", file=sys.stderr)
        raise typer.Exit(DIFFERENCE) from None
