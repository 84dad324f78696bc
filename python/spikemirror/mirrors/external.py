"""Anybody's program or shared library, described by a small TOML file. docs/implementers.md leads an author to one."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors.mirror import MirrorAbsent, Probe
from spikemirror.mirrors.process import ProcessMirror

MAX_BYTES = 1 << 16
"""The largest manifest that is read."""

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]*$(?!\n)", max_length=40)]
Text = Annotated[str, Meta(pattern=r"^[^\0]+$", max_length=4096)]
Variable = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$(?!\n)", max_length=256)]


class ManifestError(ValueError):
    """A manifest that cannot be read, or does not hold what it must."""


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the file says: a `command` that speaks the protocol, or a `library` with the C interface.

    `kernels` and `dtypes` limit what is run; a kernel that is named there and missing from the program fails.
    """

    name: Name
    command: Annotated[list[Text], Meta(min_length=1, max_length=256)] | None = None
    library: Text | None = None
    folder: Text = "."
    """Where it runs, seen from the manifest's folder; arguments of the command are relative to it."""
    environment: dict[Variable, Text] = {}
    own_descriptors: bool = False
    """Whether the command speaks over two descriptors, given as its last arguments, instead of stdin and stdout."""
    inline: bool = False
    """Whether the command gets its arrays in the lines instead of in a file."""
    kernels: list[Text] = []
    dtypes: list[Literal["float32", "float64"]] = []

    def __post_init__(self) -> None:
        if (self.command is None) == (self.library is None):
            raise ValueError("a manifest has either a command or a library")
        if self.library is not None and (self.own_descriptors or self.inline):
            raise ValueError("own_descriptors and inline are for a command")
        if unknown := sorted(set(self.kernels) - set(CATALOGUE)):
            raise ValueError(f"there is no kernel {', '.join(unknown)}; see docs/kernels.md")


class ExternalMirror(ProcessMirror):
    """The program, or a process of ours that loads the library; limited to what the manifest names."""

    def __init__(self, manifest: Manifest, command: list[str], folder: Path, call_seconds: float) -> None:
        super().__init__(
            manifest.name, command, manifest.environment, folder=folder, inline=manifest.inline,
            own_descriptors=manifest.own_descriptors or manifest.library is not None, call_seconds=call_seconds,
        )  # fmt: skip
        self._manifest = manifest

    @property
    def kernels(self) -> frozenset[str]:
        """See Mirror."""
        return frozenset(self._manifest.kernels) or super().kernels

    @property
    def versions(self) -> dict[str, str]:
        """Those that the program told; none if it has not been started."""
        return self._introduction.versions if self._introduction else {}

    @property
    def dtypes(self) -> frozenset[str]:
        """See ProcessMirror."""
        return frozenset(self._manifest.dtypes) or super().dtypes


class External:
    """A manifest and its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = _read(path)
        self.name = self.manifest.name

    def probe(self) -> Probe:
        """Whether the program or library is there."""
        try:
            self._command()
        except MirrorAbsent as absent:
            return Probe(self.name, False, reason=str(absent), remedy=f"build it, or change {self.path}")
        return Probe(self.name, True)

    def open(self, call_seconds: float) -> ExternalMirror:
        """Ready to be started; MirrorAbsent if it is not there."""
        return ExternalMirror(self.manifest, self._command(), self._beside(self.manifest.folder), call_seconds)

    def _beside(self, relative: str) -> Path:
        return self.path.resolve().parent / relative

    def _command(self) -> list[str]:
        if self.manifest.library is not None:
            library = self._beside(self.manifest.library)
            if not library.is_file():
                raise MirrorAbsent(f"no library {library}")
            return [sys.executable, "-m", "spikemirror.mirrors.serve", str(library)]
        assert self.manifest.command is not None
        program, *arguments = self.manifest.command
        wanted = str(self._beside(program)) if os.sep in program else program
        search = self.manifest.environment.get("PATH", os.environ.get("PATH"))
        found = shutil.which(wanted, path=search)
        if found is None:
            raise MirrorAbsent(f"no program {wanted}" + ("" if os.sep in program else " on PATH"))
        return [found, *arguments]


def _read(path: Path) -> Manifest:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(f"{path}: larger than {MAX_BYTES >> 10} KiB, not a manifest")
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ManifestError(f"{path}: {error}") from None
    except RecursionError:
        raise ManifestError(f"{path}: nested too deeply") from None
