"""Reading fixtures: verified against the manifest, so that a truncated or edited file is named and not believed."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from spikemirror.catalogue import CATALOGUE
from spikemirror.golden import usable
from spikemirror.golden.emit import MANIFEST, digest, manifest
from spikemirror.golden.fixture import FORMAT, CaseRecord, FixtureRecord, folder

Record = TypeVar("Record")
MAX_BYTES = 64 << 20
"""The largest fixture file that is read."""


class GoldenError(Exception):
    """Fixtures that cannot be trusted or found."""


class ManifestRecord(msgspec.Struct, forbid_unknown_fields=True):
    """sha256 of every fixture file, and one digest over all."""

    format: int
    digest: str
    files: dict[str, str]


class Golden:
    """The fixtures of a folder; a file is read and verified when its kernel is asked for."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or folder()
        self._manifest = _decode(self.path / MANIFEST, ManifestRecord)
        if self._manifest.format != FORMAT:
            raise GoldenError(f"{self.path / MANIFEST}: format {self._manifest.format}, this program reads {FORMAT}")

    @property
    def digest(self) -> str:
        """One digest over all files, which records quote."""
        if self._manifest.digest != digest(self._manifest.files):
            raise GoldenError(
                f"{self.path / MANIFEST}: its digest is not that of its own list. Restore it, or run"
                " `spikemirror golden emit`"
            )
        return self._manifest.digest

    @property
    def files(self) -> list[str]:
        """The fixture files that the manifest lists."""
        return list(self._manifest.files)

    @property
    def kernels(self) -> list[str]:
        """The catalogue's kernels that have fixtures, in its order."""
        return [name for name in CATALOGUE if f"{name}.json" in self._manifest.files]

    def cases(self, kernel: str) -> list[CaseRecord]:
        """The cases of a kernel."""
        name = f"{kernel}.json"
        path = self.path / name
        if name not in self._manifest.files:
            raise GoldenError(f"{self.path / MANIFEST} lists no {name}: run `spikemirror golden emit`")
        found = hashlib.sha256(_bytes(path)).hexdigest()
        if found != self._manifest.files[name]:
            raise GoldenError(
                f"{path}: sha256 {found[:16]}..., the manifest says {self._manifest.files[name][:16]}...;"
                " the file was changed or cut off. Restore it, or run `spikemirror golden emit`"
            )
        record = _decode(path, FixtureRecord)
        if record.kernel != kernel:
            raise GoldenError(f"{path}: is the file of kernel {record.kernel}")
        if record.format != FORMAT:
            raise GoldenError(f"{path}: format {record.format}, this program reads {FORMAT}")
        for case in record.cases:
            for problem in usable.problems(CATALOGUE[kernel], case):
                raise GoldenError(f"{path}: {case.id[:80]}: {problem}")
        return record.cases

    def case(self, kernel: str, case: str) -> CaseRecord:
        """One case; a LookupError lists those that are near."""
        cases = self.cases(kernel)
        for record in cases:
            if record.id == case:
                return record
        near = difflib.get_close_matches(case, [c.id for c in cases], n=5, cutoff=0.4) or [c.id for c in cases[:5]]
        raise LookupError(f"{kernel} has no case {case!r}; there are {', '.join(near)} and others")

    def verify(self) -> list[str]:
        """What is wrong with the folder, file by file; empty if all is well."""
        problems = []
        listed = set(self._manifest.files)
        present = {p.name for p in self.path.glob("*.json")} - {MANIFEST}
        problems += [f"{name}: listed in {MANIFEST} but missing" for name in sorted(listed - present)]
        problems += [f"{name}: not listed in {MANIFEST}" for name in sorted(present - listed)]
        texts: Mapping[str, str] = {
            name: _bytes(self.path / name).decode("utf-8", "replace") for name in listed & present
        }
        fresh = msgspec.json.decode(manifest(texts), type=ManifestRecord)
        problems += [
            f"{name}: sha256 differs from {MANIFEST}"
            for name in sorted(texts)
            if fresh.files[name] != self._manifest.files[name]
        ]
        if not problems and fresh.digest != self._manifest.digest:
            problems.append(f"{MANIFEST}: its digest is not that of its own list")
        return problems


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise GoldenError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not a fixture")
        return path.read_bytes()
    except FileNotFoundError:
        raise GoldenError(f"{path}: not found; set SPIKEMIRROR_GOLDEN or run `spikemirror golden emit`") from None


def _decode(path: Path, record: type[Record]) -> Record:
    try:
        return msgspec.json.decode(_bytes(path), type=record)
    except msgspec.MsgspecError as error:
        raise GoldenError(f"{path}: {error}") from None
