"""Publishing an artifact: checked, and put under benchmarks/results with a name that says when, what and where."""

from __future__ import annotations

import re
from pathlib import Path

from spikemirror.bench.record import ArtifactError, BenchRecord, encode, load
from spikemirror.files import project_folder, write_atomically

RESULTS = Path("benchmarks") / "results"


def publish(path: Path, *, force: bool = False, folder: Path | None = None) -> tuple[Path, BenchRecord]:
    """Copy an artifact to its place; ArtifactError if it must not go there. `force` lets all but damage pass."""
    record = load(path)
    run = record.run
    reasons = []
    if run.git_commit is None:
        reasons.append("it belongs to no commit")
    if run.git_dirty:
        reasons.append("it was measured with uncommitted changes")
    if run.quick:
        reasons.append("it is a quick run")
    if record.failures():
        reasons.append(f"{len(record.failures())} of its rows are incorrect or errors")
    text = encode(record)
    target = (folder or project_folder() / RESULTS) / file_name(record)
    if target.exists() and target.read_text(encoding="utf-8") != text:
        reasons.append(f"{target.name} is there already, with other figures")
    if reasons and not force:
        raise ArtifactError(f"{path} is not published: {', '.join(reasons)}; --force publishes it all the same")
    write_atomically(target, text)
    return target, record


def file_name(record: BenchRecord) -> str:
    """DATE-COMMIT-MACHINE.json."""
    commit = (record.run.git_commit or "nocommit")[:12] + ("-dirty" if record.run.git_dirty else "")
    machine = re.sub(r"[^a-z0-9]+", "-", f"{record.machine.cpu_model} {record.machine.cores} cores".lower()).strip("-")
    return f"{record.run.started[:10]}-{commit}-{machine}.json"
