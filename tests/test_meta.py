"""The harness against programs that are wrong on purpose: each costs its own cells, and nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.golden.load import Golden
from spikemirror.mirrors import Mirror, MirrorAbsent, MirrorFault, process
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.mirrors.python import PythonMirror
from spikemirror.parity.cell import Task, fill
from spikemirror.parity.compare import poison
from spikemirror.parity.record import Cell
from spikemirror.parity.run import run

PROGRAM = Path(__file__).with_name("wrong_mirrors.py")
VALID = [("goodness", "plain"), ("csdp_step", "plain"), ("encode_rate_bernoulli", "plain-none")]
REFUSED = [("infonce", "reject-temperature-nan"), ("goodness", "reject-activations-int64")]

WRONG = "wrong"
FAILED = "failed"
ON_VALID: dict[str, tuple[str, str]] = {
    "slightly-off": (WRONG, ""),
    "zero": (WRONG, ""),
    "silent": (WRONG, ""),
    "refuses": (WRONG, "refused; it must be computed: bad_shape"),
    "wrong-dtype": (FAILED, "float16 of shape"),
    "wrong-shape": (FAILED, "it must be"),
    "missing-output": (FAILED, "is missing from the answer"),
    "other-file": (FAILED, "was written to /dev/null, not to its slot"),
    "no-base64": (FAILED, "data is not base64"),
    "few-bytes": (FAILED, "1 bytes of data for shape"),
    "wrong-id": (FAILED, "unexpected answer to request"),
    "other-reply": (FAILED, "unexpected answer to request"),
    "crashes": (FAILED, "died of SIGSEGV"),
    "aborts": (FAILED, "died of SIGABRT"),
    "exits": (FAILED, "exited with status 1; its last words:\nout of coffee"),
    "leaves-quietly": (FAILED, "exited with status 0"),
    "garbage": (FAILED, "garbage instead of an answer"),
    "binary": (FAILED, "garbage instead of an answer"),
    "truncated": (FAILED, "exited with status 0"),
    "past-the-end": (FAILED, "writes past the end of output "),
    "row-too-many": (FAILED, "writes past the end of output "),
    "before-the-start": (FAILED, "writes before the start of output "),
    "before-the-input": (FAILED, "writes before the start of input "),
    "changes-input": (FAILED, "writes to its input "),
    "apologises": (FAILED, "kernel is on holiday"),
    "dies-at-once": (FAILED, "exited with status 1; its last words:\nno licence found"),
    "wrong-version": (FAILED, "no introduction in protocol version 1"),
}
SLOW: dict[str, tuple[str, str]] = {
    "hangs": (FAILED, "no answer within 0.3 s: killed"),
    "no-newline": (FAILED, "no answer within 0.3 s: killed"),
    "never-introduces": (FAILED, "no answer within 2 s: killed"),
}
ON_REFUSED: dict[str, tuple[str, str]] = {
    "accepts": (WRONG, "accepted; it must be refused: "),
    "wrong-code": (WRONG, "refused as bad_target of"),
    "wrong-argument": (WRONG, "it must be bad_parameter of temperature"),
    "unknown-code": (FAILED, "a rejection that does not exist: bad_luck of"),
    "unknown-argument": (FAILED, "a rejection that does not exist"),
}


@pytest.fixture(autouse=True)
def arenas() -> Iterator[None]:
    """No arena stays open."""
    before = open_arenas()
    yield
    assert open_arenas() == before


def open_arenas() -> int:
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            count += "memfd:spikemirror" in os.readlink(entry)
    return count


@pytest.fixture
def token() -> Iterator[str]:
    """Marks the processes of this test; none may outlive it."""
    marked = f"wrong-mirror-{uuid.uuid4()}"
    yield marked
    deadline = time.monotonic() + 5
    while (left := alive(marked)) and time.monotonic() < deadline:
        time.sleep(0.05)  # the kernel takes a moment to bury the killed
    assert not left


def alive(token: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if token in line:
            found.append(f"{entry.name}: {line}")
    return found


def tasks(golden: Golden, wanted: Sequence[tuple[str, str]]) -> list[Task]:
    cases = [(CATALOGUE[kernel], golden.case(kernel, case)) for kernel, case in wanted]
    return [Task(kernel, case, list(case.expected)[-1]) for kernel, case in cases]


def cells(golden: Golden, fault: str, token: str, wanted: Sequence[tuple[str, str]], seconds: float = 30) -> list[Cell]:
    """A run of the wrong mirror with a good one beside it, which must not suffer."""

    def opened(name: str, limit: float) -> Mirror:
        command = [sys.executable, str(PROGRAM), fault if name == "bad" else "none", token]
        return ProcessMirror(name, command, own_descriptors=True, call_seconds=limit if name == "bad" else 30)

    record = run(tasks(golden, wanted), ["good", "bad"], golden, seconds, opened=opened)
    assert len(record.cells) == 2 * len(wanted)
    assert {c.status for c in record.cells if c.mirror == "good"} == {"ok"}
    return [c for c in record.cells if c.mirror == "bad"]


def check(found: list[Cell], status: str, text: str) -> None:
    for cell in found:
        assert cell.status == status, cell
        if status == WRONG and not text:
            assert cell.output
            assert cell.got != cell.want
        else:
            assert text in (cell.message or ""), cell


@pytest.mark.parametrize("fault", ON_VALID)
def test_faults_on_valid_calls(fault: str, golden: Golden, token: str) -> None:
    check(cells(golden, fault, token, VALID), *ON_VALID[fault])


@pytest.mark.parametrize("fault", ON_REFUSED)
def test_faults_on_refused_calls(fault: str, golden: Golden, token: str) -> None:
    check(cells(golden, fault, token, REFUSED[:1]), *ON_REFUSED[fault])


@pytest.mark.parametrize("fault", SLOW)
def test_hanging_costs_its_cells_and_leaves_no_child(
    fault: str, golden: Golden, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "never-introduces":
        monkeypatch.setattr(process, "START_SECONDS", 2)
        good = ProcessMirror("good", [sys.executable, str(PROGRAM), fault, token], own_descriptors=True)
        found = [fill(good, task) for task in tasks(golden, VALID[:1])]
        good.close()
    else:
        found = cells(golden, fault, token, VALID[:2], seconds=0.3)
    check(found, *SLOW[fault])


def test_output_closed_but_still_alive(golden: Golden, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "END_SECONDS", 0.2)
    check(cells(golden, "closes", token, VALID[:1]), FAILED, "closed its output")


def test_nan_is_never_inside_a_budget(golden: Golden, token: str) -> None:
    check(cells(golden, "nan", token, VALID[:2]), WRONG, "")


def test_prints_do_not_disturb(golden: Golden, token: str) -> None:
    assert {c.status for c in cells(golden, "chatters", token, VALID + REFUSED)} == {"ok"}


def test_a_second_answer_is_not_taken_for_the_next(golden: Golden, token: str) -> None:
    first, *later = cells(golden, "answers-twice", token, [VALID[0], VALID[1], VALID[2]])
    assert first.status == "ok"
    assert {c.status for c in later} <= {"ok", "failed"}
    assert later[0].status == "failed"
    assert "unexpected answer" in (later[0].message or "")


def test_a_death_between_calls_costs_the_next_one(golden: Golden, token: str) -> None:
    found = cells(golden, "dies-later", token, [VALID[0], VALID[1], VALID[2]])
    assert [c.status for c in found] == ["ok", "failed", "ok"]
    assert found[1].message == "died of SIGBUS"


def test_a_kernel_that_is_not_there_is_not_run(golden: Golden, token: str) -> None:
    found = cells(golden, "few-kernels", token, VALID)
    assert [c.status for c in found] == ["ok", "not run", "not run"]
    assert found[1].message == "bad has no kernel csdp_step"


def test_faults_do_not_outlive_their_cell(golden: Golden, token: str) -> None:
    """Wrong on refusals alone, right elsewhere."""
    found = cells(golden, "accepts", token, [REFUSED[0], VALID[0], REFUSED[1], VALID[1]])
    assert [c.status for c in found] == ["wrong", "ok", "wrong", "ok"]


def test_a_program_that_is_not_there(golden: Golden) -> None:
    mirror = ProcessMirror("ghost", ["/no/such/program"])
    check([fill(mirror, task) for task in tasks(golden, VALID[:1])], FAILED, "cannot start /no/such/program")
    mirror.close()


def test_an_absent_mirror_is_not_run(golden: Golden) -> None:
    def opened(name: str, seconds: float) -> Mirror:
        raise MirrorAbsent("not on this planet: build a rocket")

    record = run(tasks(golden, VALID), ["bad"], golden, 1, opened=opened)
    assert [(c.status, c.message) for c in record.cells] == [("not run", "not on this planet: build a rocket")] * 3
    assert record.mirrors[0].found is False
    assert record.failures() == []


def test_a_mirror_that_fails_makes_the_run_fail(golden: Golden) -> None:
    def opened(name: str, seconds: float) -> Mirror:
        return ProcessMirror(name, ["/no/such/program"])

    record = run(tasks(golden, VALID), ["bad"], golden, 1, opened=opened)
    assert [c.status for c in record.failures()] == ["failed"] * 3


def test_descriptors_do_not_pile_up(golden: Golden, token: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    cells(golden, "crashes", token, VALID * 2)
    assert len(os.listdir("/proc/self/fd")) <= before


class Off(PythonMirror):
    """In this process: right, but for what `spoil` does."""

    name = "off"

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        match self.fault:
            case "silent":
                return
            case "fault":
                raise MirrorFault("broken on purpose")
            case "refuses":
                raise Rejection(Code.bad_rank, kernel.arguments[0], "no")
        super().call(kernel, inputs, parameters, outputs)
        for output in outputs:
            last = output.reshape(-1)[-1:]
            if self.fault == "dropped-last":
                poison(last)
            if self.fault == "ulp" and output.dtype.kind == "f":
                np.copyto(last, np.nextafter(last, np.inf))


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("none", "ok"),
        ("silent", "wrong"),
        ("fault", "failed"),
        ("refuses", "wrong"),
        ("dropped-last", "wrong"),
        ("ulp", "wrong"),
    ],
)
def test_fill_judges_a_mirror_of_this_process(fault: str, status: str, golden: Golden) -> None:
    for task in tasks(golden, [("csdp_step", "plain"), ("stdp_trace", "plain"), ("stdp_linear", "plain-additive")]):
        cell = fill(Off(fault), task)
        assert cell.status == status, cell


def test_a_wrong_cell_tells_where(golden: Golden) -> None:
    (task,) = tasks(golden, [("stdp_trace", "past-simd")])
    cell = fill(Off("ulp"), task)
    assert (cell.output, cell.index, cell.ulps, cell.used) == ("trace", [16], 1, None)
    assert cell.got
    assert cell.want
    assert cell.got.split("(0x")[1] != cell.want.split("(0x")[1]


def test_every_fixture_notices_a_silent_mirror_and_a_dropped_element(golden: Golden) -> None:
    for name in golden.kernels:
        for case in golden.cases(name):
            for dtype, expected in case.expected.items():
                if expected.outputs is None or not all(r.array().size for r in expected.outputs.values()):
                    continue
                task = Task(CATALOGUE[name], case, dtype)
                assert fill(Off("silent"), task).status == "wrong"
                assert fill(Off("dropped-last"), task).status == "wrong"
