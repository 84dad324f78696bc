"""Known differences: each with mirror, cases, reason and date; one that no longer differs fails the run."""

from __future__ import annotations

import datetime
import functools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from spikemirror import mirrors
from spikemirror.golden.load import Golden
from spikemirror.parity.record import Cell, MirrorRecord

Key = tuple[str, str, str, str]
"""Mirror, kernel, case and dtype of a cell."""


class KnownDifferencesError(ValueError):
    """A file of known differences that cannot be read, or that names what is not there."""


class KnownDifference(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry of the file; `dtype` left out stands for every dtype of a case."""

    mirror: str
    cases: Annotated[list[str], msgspec.Meta(min_length=1)]
    """As KERNEL/CASE."""
    reason: str
    date: datetime.date
    dtype: str | None = None
    status: Literal["wrong", "failed"] = "wrong"
    """What the cells are without the entry: other outputs, or an error in their place."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    difference: list[KnownDifference] = []


def load(path: Path, golden: Golden) -> dict[Key, KnownDifference]:
    """Every cell that a file lists, with its entry; none where there is no file. All of them must exist, and once."""
    if not path.exists():
        return {}
    dtypes = functools.cache(lambda kernel: {case.id: list(case.expected) for case in golden.cases(kernel)})
    found: dict[Key, KnownDifference] = {}
    try:
        for entry in msgspec.convert(tomllib.loads(path.read_text()), _File).difference:
            for key in _keys(entry, golden.kernels, dtypes):
                if found.setdefault(key, entry) is not entry:
                    raise KnownDifferencesError(f"two entries for {key[1]}/{key[2]} {key[3]} on {key[0]}")
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, not of this form, too deep
        raise KnownDifferencesError(f"{path}: {error}") from None
    return found


def _keys(
    entry: KnownDifference, kernels: Sequence[str], dtypes_of: Callable[[str], Mapping[str, list[str]]]
) -> Iterator[Key]:
    if entry.mirror not in (names := mirrors.NAMES + mirrors.PEERS):
        raise KnownDifferencesError(f"no mirror {entry.mirror!r}; there are {', '.join(names)}")
    for place in entry.cases:
        kernel, _, case = place.partition("/")
        dtypes = dtypes_of(kernel).get(case) if kernel in kernels else None
        if dtypes is None:
            raise KnownDifferencesError(f"no case {place!r}, as KERNEL/CASE")
        if entry.dtype not in (None, *dtypes):
            raise KnownDifferencesError(f"{place} has no {entry.dtype}; it has {', '.join(dtypes)}")
        for dtype in [entry.dtype] if entry.dtype else dtypes:
            yield entry.mirror, kernel, case, dtype


def settle(cells: Sequence[Cell], ran: Sequence[MirrorRecord], entries: Mapping[Key, KnownDifference]) -> None:
    """Mark cells that differ as listed as known, and those that are listed in vain as wrong; absent mirrors aside."""
    present = {mirror.name for mirror in ran if mirror.found}
    for cell in cells:
        entry = entries.get((cell.mirror, cell.kernel, cell.case, cell.dtype))
        if entry is None or cell.mirror not in present:
            continue
        if cell.status == entry.status:
            cell.status, cell.message = "known", f"{entry.reason} ({entry.date})"
        elif cell.status in ("ok", "not run"):
            what = "does not differ" if cell.status == "ok" else f"was not run ({cell.message})"
            cell.status = "wrong"
            cell.message = f"listed as a known difference ({entry.reason}), but {what}: remove the entry"
