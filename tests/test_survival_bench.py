"""A bench outlives the mirrors that it times in its own process: each call is tried in another process first."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from spikemirror.bench.record import Bandwidth, BenchRecord, MachineRecord, Peak
from spikemirror.bench.run import Plan, Task, run
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, DType, Kernel, Size, Value
from spikemirror.mirrors import Mirror
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.mirrors.python import PythonMirror

PROGRAM = str(Path(__file__).with_name("wrong_mirrors.py"))
KERNEL = CATALOGUE["goodness"]
WORK = [Task(KERNEL, Size({"N": n}), DType.float64) for n in (3, 5)]


class Deadly(PythonMirror):
    """What would end the run, were it ever called here."""

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        raise AssertionError("called in the process of the bench")


def machine() -> MachineRecord:
    peak = Peak(flops_per_second=1e11, threads=1, how="made up")
    return MachineRecord(
        cpu_model="Imaginary 1", cores=1, architecture="x", platform="x", python="x", load_average=0.0, pyperf={},
        bandwidth=Bandwidth(bytes_per_second=1e10, threads=1, how="made up"), peak={"float32": peak, "float64": peak},
    )  # fmt: skip


def bench(fault: str) -> BenchRecord:
    """A wrong mirror beside a good one."""

    def opened(name: str) -> Mirror:
        return Deadly() if name == "wrong" else PythonMirror()

    def tried(name: str) -> Mirror:
        command = [sys.executable, PROGRAM, fault if name == "wrong" else "none", "none"]
        return ProcessMirror(name, command, own_descriptors=True, call_seconds=0.5 if name == "wrong" else 60)

    plan = Plan(seconds=1e-4, samples=5)
    return run(WORK, ["wrong", "good"], "0" * 64, plan=plan, opened=opened, tried=tried, measured=machine)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("crashes", "died of SIGSEGV"),
        ("aborts", "died of SIGABRT"),
        ("hangs", "no answer within 0.5 s: killed"),
        ("past-the-end", "writes past the end of output goodness"),
        ("changes-input", "writes to its input activations"),
    ],
)
def test_a_fault_costs_the_rows_of_its_mirror(fault: str, text: str) -> None:
    rows = bench(fault).rows
    assert [(r.mirror, r.status) for r in rows] == [("wrong", "error"), ("good", "ok")] * 2
    assert {r.message for r in rows if r.mirror == "wrong"} == {text}
