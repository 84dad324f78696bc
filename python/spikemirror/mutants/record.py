"""What a run of mutants leaves behind. golden/schema/mutants.schema.json follows."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

FORMAT: Final = 1

Status = Literal["killed", "survived", "error"]
"""Noticed; not noticed; a fault that cannot be seeded, does not build, does not start or is no honest fault."""


class Kill(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One case or test that noticed. `used` is the share of the budget; null where none could excuse the difference."""

    by: str
    dtype: str | None = None
    used: float | None = None
    failed: bool = False
    """Whether the mutant crashed, hung or failed instead of answering wrong."""


class Verdict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One seeded fault in one language, on one kernel's fixtures or on the tests of the harness."""

    fault: str
    language: str
    edit: str
    kernel: str | None
    status: Status
    kills: list[Kill]
    message: str = ""

    @property
    def worst(self) -> float | None:
        """The greatest share of a budget among the kills; None where no budget applies."""
        return max((k.used for k in self.kills if k.used is not None), default=None)


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """A case that names a fault in its `catches` without noticing it."""

    kernel: str
    case: str
    fault: str
    why: str


class MutantsRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The run."""

    format: Literal[1] = FORMAT
    spikemirror: str
    golden_digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    git_commit: str | None
    git_dirty: bool | None
    platform: str
    started: str
    seconds: float
    sampled: bool
    verdicts: list[Verdict]
    claims: list[Claim]

    def failures(self) -> list[Verdict]:
        """What makes the run fail, beside claims."""
        return [v for v in self.verdicts if v.status != "killed"]
