"""The search: hypothesis draws calls, climbs towards the whole of a budget, and makes smaller what fails."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence

import hypothesis
import msgspec
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky

from spikemirror.catalogue.cases.case import Found
from spikemirror.catalogue.kernel import Kernel
from spikemirror.exact.balls import Undecided
from spikemirror.golden.emit import EmissionError
from spikemirror.golden.fixture import CaseRecord
from spikemirror.hunt import oracle
from spikemirror.hunt.call import Call
from spikemirror.hunt.finding import ORACLE, Finding, KernelRecord
from spikemirror.hunt.layouts import LaidOut
from spikemirror.hunt.strategies import calls
from spikemirror.hunt.team import Team
from spikemirror.parity.cell import Task, fill
from spikemirror.parity.record import Cell
from spikemirror.provenance import now
from spikemirror.version import __version__

ROUND = 200
"""Calls after which the search starts anew: half of them at random, half climbing."""
PATIENCE = 20.0
"""Seconds that a finding may take to become small."""


class Disagreement(Exception):
    """Tells hypothesis that a call fails."""


class TimeIsUp(BaseException):
    """Leaves hypothesis at once; it takes an Exception for a failure of the call."""


class Search:
    """The search of one kernel, until its time or its number of calls is up. `record` holds what is known so far."""

    def __init__(
        self,
        kernel: Kernel,
        team: Team,
        seed: int,
        seconds: float,
        calls: float = math.inf,
        patience: float = PATIENCE,
        keep: Callable[[Finding], None] = Finding.save,
    ) -> None:
        self.kernel, self.team, self.seed = kernel, team, seed
        self._keep = keep
        self.record = KernelRecord(kernel=kernel.name)
        self._seconds, self._calls, self._patience = seconds, calls, patience
        self._deadline: float = math.inf
        self._shrinking: float = math.inf
        self._smallest: Finding | None = None

    def run(self) -> KernelRecord:
        """Round after round; what a round finds is kept, and not looked for again."""
        number = 0
        while time.monotonic() < self._deadline and self.record.examples < self._calls:
            try:
                self._round(number)
            except (Disagreement, Flaky, TimeIsUp):
                pass
            finally:
                if self._smallest is not None:
                    self.record.findings.append(self._smallest)
                    self._keep(self._smallest)
                    self._smallest = None
            number += 1
        return self.record

    def _round(self, number: int) -> None:
        seed = hashlib.sha256(f"{self.seed} {self.kernel.name} {number}".encode()).digest()
        settings = hypothesis.settings(
            max_examples=int(min(ROUND, self._calls - self.record.examples)),
            phases=(Phase.generate, Phase.target, Phase.shrink),
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        test = hypothesis.given(calls(self.kernel))(self._try)
        hypothesis.seed(int.from_bytes(seed[:8]))(settings(test))()

    def _try(self, call: Call) -> None:
        """One call: new, or a smaller one of the same kind as what was found."""
        if self._deadline == math.inf:  # the first call, for which hypothesis may take its time
            self._deadline = time.monotonic() + self._seconds
        new = self._smallest is None
        if time.monotonic() > (self._deadline if new else self._shrinking):
            raise TimeIsUp
        self.record.examples += new
        try:
            case = oracle.expected(self.kernel, call)
        except Undecided:
            self.record.discarded += new
            return
        except EmissionError as error:
            self._differs(self._contradiction(call, error), oracle.unjudged(call), {})
            return
        task = Task(self.kernel, case, call.dtype)
        valid = case.expected[call.dtype].outputs is not None
        self.record.refused += new and not valid
        laid_out = valid and set(call.layouts.values()) - {"plain"}
        for cell in self.team.ask(self._whom(self.team.names, laid_out=False), task):
            if cell.status in ("wrong", "failed"):
                self._differs(cell, case, {})
            elif new and cell.used is not None:
                self.record.worst[cell.mirror] = max(cell.used, self.record.worst.get(cell.mirror, 0.0))
                hypothesis.target(cell.used, label=cell.mirror)
        for name in self._whom(self.team.backends, laid_out=True) if laid_out else []:
            cell = fill(LaidOut(name, call.layouts), task)
            if cell.status in ("wrong", "failed"):
                self._differs(cell, case, call.layouts)

    def _whom(self, names: Sequence[str], *, laid_out: bool) -> list[str]:
        """All but those that failed; while a finding is made smaller, the one that it is about."""
        found = self._smallest
        if found is not None:
            return [name for name in names if (name, laid_out) == (found.cell.mirror, bool(found.layouts))]
        failed = {f.cell.mirror for f in self.record.findings if f.cell.status == "failed"}
        return [name for name in names if name not in failed]

    def _contradiction(self, call: Call, error: EmissionError) -> Cell:
        return Cell(
            mirror=ORACLE, kernel=self.kernel.name, case=oracle.identify(call), dtype=call.dtype, status="failed",
            message=str(error),
        )  # fmt: skip

    def _differs(self, cell: Cell, case: CaseRecord, layouts: Mapping[str, str]) -> None:
        """Fail for hypothesis, unless this kind was found before or another one is being made smaller."""
        source = Found(cell.mirror, cell.difference, self.seed, now(), __version__)
        case = msgspec.structs.replace(case, found=source)
        finding = Finding(cell=cell, case=case, layouts=dict(layouts))
        if self._smallest is None:
            if finding.kind in {known.kind for known in self.record.findings}:
                return
            self._shrinking = time.monotonic() + self._patience
            self._smallest = finding
        elif finding.kind != self._smallest.kind:
            return
        self._smallest = min(self._smallest, finding, key=lambda f: f.size)
        raise Disagreement
