"""Run mirrors over fixtures. Each mirror works in a process of its own, and all of them at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spikemirror import mirrors
from spikemirror.catalogue import CATALOGUE
from spikemirror.files import project_folder
from spikemirror.golden.load import Golden
from spikemirror.mirrors import Mirror, MirrorAbsent
from spikemirror.mirrors.external import External, ExternalMirror
from spikemirror.parity import known
from spikemirror.parity.cell import Task, cell, fill
from spikemirror.parity.record import Cell, MirrorRecord, ParityRecord
from spikemirror.provenance import git_state, now, platform_name
from spikemirror.version import __version__

KNOWN_DIFFERENCES = Path("tests") / "known_differences.toml"


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
    externals: Sequence[External] = (),
) -> ParityRecord:
    """All tasks on all named mirrors and on somebody else's; an absent one leaves its cells not run."""
    differences = known.load(project_folder() / KNOWN_DIFFERENCES, golden)
    digest = golden.digest
    started, start = now(), time.monotonic()
    whom = [*names, *externals]
    with ThreadPoolExecutor(max_workers=max(len(whom), 1)) as pool:
        columns = list(pool.map(lambda who: _column(who, work, call_seconds, opened, advance), whom))
    cells = [cell for _, column in columns for cell in column]
    known.settle(cells, [mirror for mirror, _ in columns], differences)
    commit, dirty = git_state()
    return ParityRecord(
        spikemirror=__version__,
        golden_digest=digest,
        git_commit=commit,
        git_dirty=dirty,
        platform=platform_name(),
        started=started,
        seconds=round(time.monotonic() - start, 3),
        mirrors=[mirror for mirror, _ in columns],
        cells=cells,
    )


def _column(
    who: str | External,
    work: Sequence[Task],
    call_seconds: float,
    opened: Callable[[str, float], Mirror],
    advance: Callable[[], None],
) -> tuple[MirrorRecord, list[Cell]]:
    """One mirror over all tasks."""
    if isinstance(who, External):
        name, found, manifest = who.name, who.probe(), str(who.path)
    else:
        name, manifest = who, None
        found = mirrors.probe(name) if name in mirrors.NAMES + mirrors.PEERS else mirrors.Probe(name, True)
    try:
        if not found.found:
            raise MirrorAbsent(f"{found.reason}; {found.remedy}")
        mirror = who.open(call_seconds) if isinstance(who, External) else opened(name, call_seconds)
    except MirrorAbsent as absent:
        for _ in work:
            advance()
        record = MirrorRecord(name=name, found=False, versions={}, reason=str(absent), manifest=manifest)
        return record, [cell(name, task, "not run", message=str(absent)) for task in work]
    cells = []
    try:
        for task in work:
            cells.append(fill(mirror, task))
            advance()
    finally:
        mirror.close()
    versions = mirror.versions if isinstance(mirror, ExternalMirror) else dict(found.versions)
    return MirrorRecord(name=name, found=True, versions=versions, reason="", manifest=manifest), cells
