"""How much memory a call takes beyond its arguments and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spikemirror import mirrors
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.mirrors.process import ProcessMirror

CALL_SECONDS = 600.0
SMALL = 4


def peak_extra_bytes(mirror: str, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> int | None:
    """How far one call raises the peak of the resident memory of a fresh process; None where Linux does not tell.

    A call over a few rows comes first, so that code and libraries are loaded. Arguments and outputs lie in memory that
    is shared with the harness and are taken off.
    """
    opened = mirrors.open_isolated(mirror, CALL_SECONDS)
    assert isinstance(opened, ProcessMirror)
    try:
        few = [i[:SMALL].copy() for i in inputs]
        opened.call(kernel, few, parameters, kernel.allocate(few, parameters))
        before = _kilobytes(opened.process_id, "VmRSS")
        outputs = kernel.allocate(inputs, parameters)
        opened.call(kernel, inputs, parameters, outputs)
        peak = _kilobytes(opened.process_id, "VmHWM")
    finally:
        opened.close()
    if before is None or peak is None:
        return None
    return max((peak - before) * 1024 - sum(a.nbytes for a in (*inputs, *outputs)), 0)


def _kilobytes(process: int, field: str) -> int | None:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:")), None)
