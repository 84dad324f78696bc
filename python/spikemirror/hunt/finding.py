"""What a hunt leaves behind. golden/schema/finding.schema.json and hunt.schema.json follow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from spikemirror.catalogue import CATALOGUE
from spikemirror.files import cache_folder, write_atomically
from spikemirror.golden.fixture import CaseRecord
from spikemirror.golden.load import MAX_BYTES
from spikemirror.golden.usable import problems
from spikemirror.parity.record import Cell

FORMAT: Final = 1
ORACLE = "oracle"
"""Stands for a mirror where the reference contradicts its own evaluation in balls."""


class FindingError(ValueError):
    """A file that holds no finding."""


class Finding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One call on which a mirror and the oracle disagree: the call with what it must give, and what came of it."""

    format: Literal[1] = FORMAT
    cell: Cell
    case: CaseRecord
    layouts: dict[str, str] = {}
    """How the inputs lay in memory, where `spikemirror.call` was asked and not the mirror itself."""

    @property
    def kind(self) -> tuple[str, ...]:
        """Findings alike in this are taken for one fault."""
        cell = self.cell
        return cell.kernel, cell.mirror, cell.status, cell.output or f"{cell.got}, {cell.want}", str(bool(self.layouts))

    @property
    def size(self) -> int:
        """The smaller, the easier to read."""
        return len(msgspec.json.encode([self.case.parameters, self.case.inputs, self.layouts]))

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return cache_folder() / "hunt" / f"{self.cell.kernel}-{self.case.id}-{self.cell.mirror}.json"

    def save(self) -> None:
        """Write it to its file."""
        write_atomically(self.path, msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n")


class KernelRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One kernel: how many calls were tried, refused as is due, and discarded as undecided; the worst shares."""

    kernel: str
    examples: int = 0
    refused: int = 0
    discarded: int = 0
    worst: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]] = {}
    """Per mirror, of the budgets that it kept; what broke one is a finding."""
    findings: list[Finding] = []

    def add(self, other: KernelRecord) -> None:
        """Take in another search of the same kernel; of findings of one kind the smallest stays."""
        self.examples += other.examples
        self.refused += other.refused
        self.discarded += other.discarded
        self.worst = {m: max(r.worst.get(m, 0.0) for r in (self, other)) for m in self.worst | other.worst}
        best: dict[tuple[str, ...], Finding] = {}
        for finding in sorted((*self.findings, *other.findings), key=lambda f: f.size):
            best.setdefault(finding.kind, finding)
        self.findings = list(best.values())


class HuntRecord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The run."""

    format: Literal[1] = FORMAT
    spikemirror: str
    seed: int
    started: str
    seconds: float
    mirrors: list[str]
    manifests: dict[str, str]
    """The files that describe those mirrors that are not ours."""
    absent: dict[str, str]
    """Mirrors that are not to be had, with the reason."""
    kernels: list[KernelRecord]

    @property
    def findings(self) -> list[Finding]:
        """Of all kernels."""
        return [finding for kernel in self.kernels for finding in kernel.findings]


def load(path: Path) -> Finding:
    """A finding from anybody's file; FindingError says what is wrong with it."""
    if path.stat().st_size > MAX_BYTES:
        raise FindingError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not a finding")
    try:
        finding = msgspec.json.decode(path.read_bytes(), type=Finding)
    except msgspec.MsgspecError as error:
        raise FindingError(f"{path}: {error}") from None
    kernel = CATALOGUE.get(finding.cell.kernel)
    if kernel is None or finding.cell.dtype not in {d.name for d in kernel.dtypes}:
        raise FindingError(f"{path}: there is no kernel {finding.cell.kernel!r} in {finding.cell.dtype!r}")
    for problem in problems(kernel, finding.case):
        if problem != "expects nothing":  # the oracle had no answer
            raise FindingError(f"{path}: {problem}")
    return finding
