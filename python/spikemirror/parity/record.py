"""What a parity run leaves behind: one row per cell, and what it ran with. golden/schema/parity.schema.json follows."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

FORMAT: Final = 1

Status = Literal["ok", "wrong", "failed", "not run", "known"]
"""ok; a difference; a crash, hang, garbage or own failure; absent mirror or kernel; a listed known difference."""


class Cell(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One kernel, case and dtype on one mirror. `used` is null where no budget applies: rejections, failures, bits."""

    mirror: str
    kernel: str
    case: str
    dtype: str
    status: Status
    used: float | None = None
    output: str | None = None
    index: list[int] | None = None
    got: str | None = None
    want: str | None = None
    ulps: int | None = None
    message: str | None = None


class MirrorRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mirror of the run: whether it was found, with its versions or the reason."""

    name: str
    found: bool
    versions: dict[str, str]
    reason: str


class ParityRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The run."""

    format: Literal[1] = FORMAT
    spikemirror: str
    golden_digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    git_commit: str | None
    git_dirty: bool | None
    platform: str
    started: str
    seconds: float
    mirrors: list[MirrorRecord]
    cells: list[Cell]

    def failures(self) -> list[Cell]:
        """The cells that make the run fail."""
        return [c for c in self.cells if c.status in ("wrong", "failed")]
