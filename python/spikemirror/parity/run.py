"""Run mirrors over fixtures. Each mirror works in a process of its own, and all of them at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spikemirror import mirrors
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Kernel
from spikemirror.catalogue.rejection import Rejection
from spikemirror.files import project_folder
from spikemirror.golden.fixture import CaseRecord, ExpectedRecord, RejectionRecord
from spikemirror.golden.load import Golden
from spikemirror.mirrors import Mirror, MirrorAbsent, MirrorFault
from spikemirror.parity import known
from spikemirror.parity.compare import Comparison, compare, poison
from spikemirror.parity.record import Cell, MirrorRecord, ParityRecord
from spikemirror.provenance import git_state, now, platform_name
from spikemirror.version import __version__

KNOWN_DIFFERENCES = Path("tests") / "known_differences.toml"


@dataclass(frozen=True, slots=True)
class Task:
    """One cell to be filled."""

    kernel: Kernel
    case: CaseRecord
    dtype: str


def tasks(golden: Golden, kernels: Sequence[str] = (), dtypes: Sequence[str] = ()) -> list[Task]:
    """Every case of the kernels (all by default) in the dtypes (all by default)."""
    return [
        Task(CATALOGUE[name], case, dtype)
        for name in (kernels or golden.kernels)
        for case in golden.cases(name)
        for dtype in case.expected
        if not dtypes or dtype in dtypes
    ]


def run(
    work: Sequence[Task],
    names: Sequence[str],
    golden: Golden,
    call_seconds: float,
    opened: Callable[[str, float], Mirror] = mirrors.open_isolated,
    advance: Callable[[], None] = lambda: None,
) -> ParityRecord:
    """All tasks on all named mirrors; an absent one leaves its cells not run."""
    started, start = now(), time.monotonic()
    with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        columns = list(pool.map(lambda name: _column(name, work, call_seconds, opened, advance), names))
    cells = [cell for _, column in columns for cell in column]
    known.settle(cells, known.load(project_folder() / KNOWN_DIFFERENCES))
    commit, dirty = git_state()
    return ParityRecord(
        spikemirror=__version__,
        golden_digest=golden.digest,
        git_commit=commit,
        git_dirty=dirty,
        platform=platform_name(),
        started=started,
        seconds=round(time.monotonic() - start, 3),
        mirrors=[mirror for mirror, _ in columns],
        cells=cells,
    )


def _column(
    name: str,
    work: Sequence[Task],
    call_seconds: float,
    opened: Callable[[str, float], Mirror],
    advance: Callable[[], None],
) -> tuple[MirrorRecord, list[Cell]]:
    """One mirror over all tasks."""
    found = mirrors.probe(name) if name in mirrors.NAMES else mirrors.Probe(name, True)
    try:
        if not found.found:
            raise MirrorAbsent(f"{found.reason}; {found.remedy}")
        mirror = opened(name, call_seconds)
    except MirrorAbsent as absent:
        for _ in work:
            advance()
        record = MirrorRecord(name=name, found=False, versions={}, reason=str(absent))
        return record, [_cell(name, task, "not run", message=str(absent)) for task in work]
    cells = []
    try:
        for task in work:
            cells.append(fill(mirror, task))
            advance()
    finally:
        mirror.close()
    return MirrorRecord(name=name, found=True, versions=dict(found.versions), reason=""), cells


def fill(mirror: Mirror, task: Task) -> Cell:
    """Call one mirror once and judge what it did."""
    kernel, expected = task.kernel, task.case.expected[task.dtype]
    inputs, parameters = task.case.arguments(kernel, task.dtype)
    outputs = kernel.allocate(inputs, parameters)
    for output in outputs:
        poison(output)
    try:
        if kernel.name not in mirror.kernels:
            return _cell(mirror.name, task, "not run", message=f"{mirror.name} has no kernel {kernel.name}")
        mirror.call(kernel, inputs, parameters, outputs)
    except Rejection as rejection:
        return _judge_rejection(mirror.name, task, expected, rejection)
    except MirrorFault as fault:
        return _cell(mirror.name, task, "failed", message=str(fault))
    if expected.rejection is not None:
        want = _named(expected.rejection)
        return _cell(
            mirror.name, task, "wrong", got="outputs", want=want, message=f"accepted; it must be refused: {want}"
        )
    assert expected.outputs is not None
    comparisons = [
        compare(declared.name, output, expected.outputs[declared.name])
        for declared, output in zip(kernel.outputs, outputs, strict=True)
    ]
    return _judge(mirror.name, task, comparisons)


def _judge(mirror: str, task: Task, comparisons: Sequence[Comparison]) -> Cell:
    worst = max(comparisons, key=lambda c: c.used)
    finite = worst.used if worst.used != float("inf") else None
    if worst.good:
        return _cell(mirror, task, "ok", used=finite)
    return _cell(
        mirror, task, "wrong", used=finite, output=worst.output, index=list(worst.index), got=worst.got,
        want=worst.want, ulps=worst.ulps,
    )  # fmt: skip


def _judge_rejection(mirror: str, task: Task, expected: ExpectedRecord, rejection: Rejection) -> Cell:
    got = f"{rejection.code} of {rejection.argument}"
    if expected.rejection is None:
        message = f"refused; it must be computed: {rejection}"
        return _cell(mirror, task, "wrong", got=got, want="outputs", message=message)
    want = _named(expected.rejection)
    if got != want:
        return _cell(mirror, task, "wrong", got=got, want=want, message=f"refused as {got}; it must be {want}")
    return _cell(mirror, task, "ok")


def _named(rejection: RejectionRecord) -> str:
    return f"{rejection.code} of {rejection.argument}"


def _cell(mirror: str, task: Task, status: str, **more: object) -> Cell:
    return Cell(mirror=mirror, kernel=task.kernel.name, case=task.case.id, dtype=task.dtype, status=status, **more)  # type: ignore[arg-type]
