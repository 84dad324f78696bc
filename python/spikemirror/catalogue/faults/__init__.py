"""The faults that fixtures are there to expose: what each one is, and how to seed it in every language.

One TOML file a family, beside `shared.toml` (faults of every family), `checks.toml` (of the checks of arguments) and
`harness.toml` (of the comparison and the harness). A fault is a table under its id; what it is stands once, and its
edits may stand in any file:

    [decay-sign]
    description = "the decay grows the weights"
    field = "where such a fault was seen in the wild, if it was"

    [[decay-sign.edits]]
    language = "rust"
    kernels = ["csdp_positive", "csdp_step"]
    old = "text of the source, which occurs there once"
    new = "what takes its place"
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import msgspec

from spikemirror.catalogue import CATALOGUE

Language = Literal["python", "rust", "julia", "mojo", "harness"]
SOURCES: Mapping[str, str] = {
    "python": "python/spikemirror/reference/{family}.py",
    "rust": "rust/crates/kernels/src/{family}.rs",
    "julia": "julia/src/{family}.jl",
    "mojo": "mojo/spikemirror/{family}.mojo",
}
"""Where a language has its kernels."""
ALL = "all"


class FaultsError(ValueError):
    """A table of faults that cannot be used."""


class _Edit(msgspec.Struct, forbid_unknown_fields=True):
    language: Language
    old: str
    new: str
    kernels: list[str] | Literal["all"] = []
    tests: list[str] = []
    file: str | None = None


class _Fault(msgspec.Struct, forbid_unknown_fields=True):
    description: str | None = None
    field: str | None = None
    edits: list[_Edit] = []


@dataclass(frozen=True, slots=True)
class Edit:
    """One fault in one source file: `old` occurs there once and becomes `new`.

    A mirror's edit names the kernels whose fixtures must notice it; an edit of the harness the tests that must.
    """

    fault: str
    language: Language
    place: int
    file: str
    old: str
    new: str
    kernels: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """fault/language, with a number from the second edit on."""
        return f"{self.fault}/{self.language}" + (f"#{self.place + 1}" if self.place else "")

    def apply(self, text: str) -> str:
        """The text with the fault; FaultsError if that is not one change."""
        count = text.count(self.old)
        if count != 1 or self.old == self.new:
            raise FaultsError(f"{self.name}: its old text occurs {count} times in {self.file}; it must occur once")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its edits; `field` tells where such a one was seen in the wild."""

    id: str
    description: str
    field: str | None
    edits: tuple[Edit, ...]


@functools.cache
def load() -> dict[str, Fault]:
    """All faults by id. FaultsError says what is wrong with the tables."""
    read: dict[str, list[tuple[str, _Fault]]] = {}
    for path in sorted(resources.files(__name__).iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            try:
                document = msgspec.convert(tomllib.loads(path.read_text()), dict[str, _Fault])
            except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
                raise FaultsError(f"{path.name}: {error}") from None
            for identifier, fault in document.items():
                read.setdefault(identifier, []).append((path.name.removesuffix(".toml"), fault))
    return {identifier: _fault(identifier, parts) for identifier, parts in read.items()}


def _fault(identifier: str, parts: list[tuple[str, _Fault]]) -> Fault:
    described = [fault for _, fault in parts if fault.description]
    if len(described) != 1:
        raise FaultsError(f"{identifier}: described {len(described)} times; it must be described once")
    edits: list[Edit] = []
    for family, fault in parts:
        for edit in fault.edits:
            place = sum(e.language == edit.language for e in edits)
            edits.append(_edit(identifier, family, place, edit))
    return Fault(identifier, described[0].description or "", described[0].field, tuple(edits))


def _edit(identifier: str, family: str, place: int, edit: _Edit) -> Edit:
    kernels = tuple(CATALOGUE) if edit.kernels == ALL else tuple(edit.kernels)
    unknown = [k for k in kernels if k not in CATALOGUE]
    if unknown:
        raise FaultsError(f"{identifier}: no kernel {', '.join(unknown)}")
    file = edit.file or SOURCES.get(edit.language, "").format(family=family)
    if (edit.language == "harness") != bool(edit.tests) or bool(edit.tests) == bool(kernels) or not file:
        raise FaultsError(f"{identifier}: an edit names a file and kernels, one of the harness a file and tests")
    return Edit(identifier, edit.language, place, file, edit.old, edit.new, kernels, tuple(edit.tests))
