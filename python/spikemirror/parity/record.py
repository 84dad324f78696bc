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

    @property
    def difference(self) -> str:
        """What came and what was due, where that is not the same."""
        parts = []
        if self.output is not None:
            share = f"used {self.used:.3g} of its budget" if self.used is not None else "no budget allows this"
            distance = f" ({self.ulps} ulp)" if self.ulps is not None else ""
            parts.append(f"{self.output}{self.index or ''}  got {self.got}  want {self.want}  {share}{distance}")
        return "  ".join([*parts, *([self.message] if self.message else [])])


class MirrorRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A mirror of the run: whether it was found, with its versions or the reason."""

    name: str
    found: bool
    versions: dict[str, str]
    reason: str
    manifest: str | None = None
    """The file that describes it, where it is not one of ours."""


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

    def idle(self) -> dict[str, str]:
        """The mirrors that computed nothing at all, with the reason."""
        ran = {c.mirror for c in self.cells if c.status != "not run"}
        return {c.mirror: c.message or "" for c in reversed(self.cells) if c.mirror not in ran}

    def failures(self) -> list[Cell]:
        """The cells that make the run fail."""
        return [c for c in self.cells if c.status in ("wrong", "failed")]
