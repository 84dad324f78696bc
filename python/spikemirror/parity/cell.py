"""One cell of the table: a mirror is called once, and what it did is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spikemirror.catalogue.kernel import Kernel
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.fixture import CaseRecord, ExpectedRecord, RejectionRecord
from spikemirror.mirrors import Mirror, MirrorFault, Unsupported
from spikemirror.parity.compare import Comparison, compare, poison, same_refusal
from spikemirror.parity.record import Cell


@dataclass(frozen=True, slots=True)
class Task:
    """One cell to be filled."""

    kernel: Kernel
    case: CaseRecord
    dtype: str


def fill(mirror: Mirror, task: Task) -> Cell:
    """Call one mirror once and judge what it did."""
    kernel, expected = task.kernel, task.case.expected[task.dtype]
    inputs, parameters = task.case.arguments(kernel, task.dtype)
    outputs = kernel.allocate(inputs, parameters)
    for output in outputs:
        poison(output)
    try:
        if kernel.name not in mirror.kernels:
            return cell(mirror.name, task, "not run", message=f"{mirror.name} has no kernel {kernel.name}")
        mirror.call(kernel, inputs, parameters, outputs)
    except Rejection as rejection:
        return _judge_rejection(mirror.name, task, expected, rejection)
    except Unsupported as unsupported:
        return cell(mirror.name, task, "not run", message=str(unsupported))
    except MirrorFault as fault:
        return cell(mirror.name, task, "failed", message=str(fault))
    if expected.rejection is not None:
        want = _named(expected.rejection)
        return cell(
            mirror.name, task, "wrong", got="outputs", want=want, message=f"accepted; it must be refused: {want}"
        )
    assert expected.outputs is not None
    computed = mirror.partial.get(kernel.name)
    comparisons = [
        compare(declared.name, output, expected.outputs[declared.name])
        for declared, output in zip(kernel.outputs, outputs, strict=True)
        if computed is None or declared.name in computed
    ]
    if not comparisons:
        return cell(mirror.name, task, "failed", message=f"{mirror.name} computes no output of {kernel.name}")
    judged = _judge(mirror.name, task, comparisons)
    if len(comparisons) < len(outputs):
        judged.message = f"{mirror.name} computes only {', '.join(c.output for c in comparisons)}"
    return judged


def _judge(mirror: str, task: Task, comparisons: Sequence[Comparison]) -> Cell:
    worst = max(comparisons, key=lambda c: c.used)
    finite = worst.used if worst.used != float("inf") else None
    if worst.good:
        return cell(mirror, task, "ok", used=finite)
    return cell(
        mirror, task, "wrong", used=finite, output=worst.output, index=list(worst.index), got=worst.got,
        want=worst.want, ulps=worst.ulps,
    )  # fmt: skip


def _judge_rejection(mirror: str, task: Task, expected: ExpectedRecord, rejection: Rejection) -> Cell:
    got = f"{rejection.code} of {rejection.argument or 'an argument that was not named'}"
    if expected.rejection is None:
        message = f"refused; it must be computed: {rejection}"
        return cell(mirror, task, "wrong", got=got, want="outputs", message=message)
    want = _named(expected.rejection)
    if not same_refusal(rejection, expected.rejection):
        return cell(mirror, task, "wrong", got=got, want=want, message=f"refused as {got}; it must be {want}")
    return cell(mirror, task, "ok")


def _named(rejection: RejectionRecord) -> str:
    return f"{rejection.code} of {rejection.argument}"


def cell(mirror: str, task: Task, status: str, **more: object) -> Cell:
    """A cell of this task."""
    return Cell(mirror=mirror, kernel=task.kernel.name, case=task.case.id, dtype=task.dtype, status=status, **more)  # type: ignore[arg-type]
