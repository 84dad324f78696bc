"""Known differences: each with mirror, kernel, case, reason and date; one that no longer differs fails the run."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import msgspec

from spikemirror.parity.record import Cell


class KnownDifferencesError(ValueError):
    """A file of known differences that cannot be read."""


class KnownDifference(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry of the file; `dtype` left out stands for every dtype."""

    mirror: str
    kernel: str
    case: str
    reason: str
    date: datetime.date
    dtype: str | None = None

    def covers(self, cell: Cell) -> bool:
        """Whether it speaks of this cell."""
        mine = (self.mirror, self.kernel, self.case, self.dtype or cell.dtype)
        return mine == (cell.mirror, cell.kernel, cell.case, cell.dtype)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    difference: list[KnownDifference] = []


def load(path: Path) -> list[KnownDifference]:
    """The entries of a file; none where there is no file."""
    if not path.exists():
        return []
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), _File).difference
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise KnownDifferencesError(f"{path}: {error}") from None


def settle(cells: list[Cell], entries: list[KnownDifference]) -> None:
    """Mark differing cells that are listed as known, and cells that an entry lists in vain as wrong."""
    for cell in cells:
        entry = next((e for e in entries if e.covers(cell)), None)
        if entry is None:
            continue
        if cell.status == "wrong":
            cell.status, cell.message = "known", f"{entry.reason} ({entry.date})"
        elif cell.status == "ok":
            cell.status = "wrong"
            cell.message = f"listed as a known difference ({entry.reason}), but does not differ: remove the entry"
