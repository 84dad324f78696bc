"""The bench: no time without parity, artifacts that can be trusted, verdicts that follow from the samples."""

from __future__ import annotations

import dataclasses
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from typer.testing import CliRunner

from spikemirror import reference
from spikemirror.bench import statistics
from spikemirror.bench.command import app
from spikemirror.bench.compare import DifferentMachines, compare
from spikemirror.bench.expected import expected, judge
from spikemirror.bench.inputs import arguments
from spikemirror.bench.publish import publish
from spikemirror.bench.record import (
    ArtifactError,
    Bandwidth,
    BenchRecord,
    MachineRecord,
    Peak,
    Row,
    ToolchainRecord,
    contradictions,
    encode,
    load,
)
from spikemirror.bench.run import Plan, Task, rates, run, tasks
from spikemirror.bench.running import Running, Unbounded
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Cost, DType, Kernel, Policy, Size, Value
from spikemirror.exact.evaluate import evaluate
from spikemirror.mirrors import Mirror, MirrorAbsent, MirrorFault
from spikemirror.mirrors.python import PythonMirror
from spikemirror.reference.namespace import NumPy
from spikemirror.report import bench as report

DIGEST = "0" * 64
PLAN = Plan(seconds=1e-4, samples=5)
SMALL = {
    "infonce": Size({"B": 5, "F": 7}, {"symmetric": True}),
    "csdp_step": Size({"post": 4, "pre": 3}),
    "stdp_linear": Size({"post": 4, "pre": 3, "B": 2}),
    "philox_words": Size({"n": 9}),
    "encode_rate_bernoulli": Size({"B": 2, "N": 3}),
}
WORK = [Task(CATALOGUE[name], size, dtype) for name, size in SMALL.items() for dtype in CATALOGUE[name].dtypes]


def machine() -> MachineRecord:
    """A machine that nobody has to measure."""
    return MachineRecord(
        cpu_model="Imaginary 1",
        cores=2,
        architecture="Linux x86_64",
        platform="Linux 1 x86_64",
        python="CPython 3.11",
        load_average=0.1,
        pyperf={},
        bandwidth=Bandwidth(bytes_per_second=1e10, threads=2, how="made up"),
        peak={name: Peak(flops_per_second=1e11, threads=2, how="made up") for name in ("float32", "float64")},
    )


def record(mirrors: dict[str, Callable[[], Mirror]], work: Sequence[Task] = WORK) -> BenchRecord:
    """A run over mirrors of the test's own."""
    return run(work, list(mirrors), DIGEST, plan=PLAN, opened=lambda name: mirrors[name](), measured=machine)


def by_mirror(found: BenchRecord, mirror: str) -> list[Row]:
    """The rows of one mirror."""
    return [row for row in found.rows if row.mirror == mirror]


class Spoiled(PythonMirror):
    """The reference, with something done after each call."""

    name = "spoiled"

    def __init__(self, spoil: Callable[[int, Sequence[Array], Sequence[Array]], None]) -> None:
        self.spoil, self.calls = spoil, 0

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        super().call(kernel, inputs, parameters, outputs)
        self.calls += 1
        self.spoil(self.calls, inputs, outputs)


def add_one(_: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """Wrong by one ulp or bit somewhere."""
    flat = outputs[-1].reshape(-1).view(np.uint8)
    flat[-1] ^= 1


def add_one_later(calls: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """Right at first."""
    if calls > 3:
        add_one(calls, inputs, outputs)


def crash(_: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """What a driver raises for a dead process."""
    raise MirrorFault("died of SIGSEGV")


def own_bug(_: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """What no driver should raise."""
    raise ZeroDivisionError("oops")


def change_input(_: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
    """Writes where it must only read."""
    for array in inputs:
        array.flags.writeable = True
        array.reshape(-1)[0] = 1 - array.reshape(-1)[0]
        array.flags.writeable = False


def absent() -> Mirror:
    """Not to be had."""
    raise MirrorAbsent("no such compiler")


def test_a_run_gives_an_artifact_that_validates_and_reads_back(tmp_path: Path) -> None:
    found = record({"python": PythonMirror})
    assert [r.key for r in found.rows] == [
        (t.kernel.name, r.size, t.dtype.name, "python") for t, r in zip(WORK, found.rows, strict=True)
    ]
    for row in found.rows:
        assert row.status == "ok", row.message
        assert row.inside is not None
        assert row.round_trip is not None
        assert row.rates is not None
        assert len(row.inside.samples) == len(row.round_trip.samples) == statistics.FEWEST
        assert row.rates.calls_per_second == pytest.approx(1e9 / row.inside.median)
        budgets = any(o.policy is Policy.BUDGET for o in CATALOGUE[row.kernel].outputs)
        assert (row.parity is not None) == budgets
        assert row.parity is None or row.parity <= 1
    path = tmp_path / "artifact.json"
    path.write_text(encode(found))
    assert load(path) == found
    Draft202012Validator(msgspec.json.schema(BenchRecord)).validate(msgspec.json.decode(path.read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "status", "message"),
    [
        (add_one, "incorrect", " got "),
        (add_one_later, "incorrect", " got "),
        (crash, "error", "died of SIGSEGV"),
        (own_bug, "error", "ZeroDivisionError: oops"),
        (change_input, "error", "it writes to its inputs: weights, pos_pre"),
    ],
)
def test_no_time_without_parity(spoil: Any, status: str, message: str) -> None:
    work = [t for t in WORK if t.kernel.name == "csdp_step"]
    found = record({"spoiled": lambda: Spoiled(spoil), "python": PythonMirror}, work)
    for row in by_mirror(found, "spoiled"):
        assert row.status == status
        assert message in (row.message or "")
        assert (row.inside, row.round_trip, row.rates) == (None, None, None)
    assert all(row.status == "ok" for row in by_mirror(found, "python")), "another mirror paid for it"
    assert found.failures() == by_mirror(found, "spoiled")
    assert contradictions(found) == []


def test_what_is_written_once_and_never_again_is_noticed() -> None:
    class Lazy(PythonMirror):
        name = "lazy"
        done = 0

        def call(
            self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
        ) -> None:
            self.done += 1
            if self.done == 1:
                super().call(kernel, inputs, parameters, outputs)
            time.sleep(1e-6)

    (row,) = record({"lazy": Lazy}, WORK[:1]).rows
    assert row.status == "incorrect"


def test_absent_mirrors_and_kernels_are_not_run_and_say_why() -> None:
    class Poor(PythonMirror):
        name = "poor"
        kernels = frozenset({"infonce"})

    found = record({"gone": absent, "poor": Poor}, WORK)
    assert found.toolchains[0] == ToolchainRecord(mirror="gone", found=False, versions={}, reason="no such compiler")
    assert {(r.status, r.message) for r in by_mirror(found, "gone")} == {("not run", "no such compiler")}
    assert {r.kernel for r in by_mirror(found, "poor") if r.status == "ok"} == {"infonce"}
    assert "poor has no kernel csdp_step" in {r.message for r in by_mirror(found, "poor")}
    assert found.failures() == []


def test_every_bench_size_gives_arguments_and_a_cost() -> None:
    assert {t.kernel.name for t in tasks()} == set(CATALOGUE)
    for task in tasks():
        inputs, parameters = arguments(task.kernel, task.size, task.dtype)
        again, _ = arguments(task.kernel, task.size, task.dtype)
        assert all(np.array_equal(a, b) for a, b in zip(inputs, again, strict=True))
        dims = task.kernel.dims([i.shape for i in inputs], parameters)
        cost = task.kernel.cost(dims, task.kernel.call_dtype(inputs, parameters).itemsize)
        assert min(cost.bytes, cost.flops, cost.elements) > 0


@pytest.mark.parametrize("kernel", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_kernel_has_expected_values(kernel: Kernel) -> None:
    for dtype in kernel.dtypes:
        inputs, parameters = arguments(kernel, kernel.bench[0], dtype)
        wanted = expected(kernel, inputs, parameters)
        assert judge(reference.compute(kernel, inputs, parameters), wanted).fault == ""


def test_the_lower_roof_decides() -> None:
    memory = rates(Cost(bytes=1e10, flops=1e10, elements=1), 2e9, "float32", machine())
    assert memory.bound == "memory"
    assert memory.roofline == pytest.approx(0.5)
    compute = rates(Cost(bytes=1e8, flops=1e11, elements=1), 4e9, "float64", machine())
    assert compute.bound == "compute"
    assert compute.roofline == pytest.approx(0.25)


STDP = [
    {"stdp_algorithm": a, "mu": mu}
    for a in ("additive", "additive_step", "multiplicative_pow", "multiplicative_relu")
    for mu in (0.0, 0.5, 1.0)
]


@pytest.mark.parametrize("dtype", [DType.float32, DType.float64])
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("infonce", Size({"B": 6, "F": 9})),
        ("infonce", Size({"B": 6, "F": 9}, {"symmetric": True, "temperature": 0.05})),
        ("infonce", Size({"B": 1, "F": 3})),
        ("goodness", Size({"N": 33})),
        ("goodness", Size({"N": 0})),
        *(("stdp_linear", Size({"post": 5, "pre": 4, "B": 3}, parameters)) for parameters in STDP),
    ],
)
def test_running_bounds_agree_with_balls(name: str, size: Size, dtype: DType) -> None:
    kernel = CATALOGUE[name]
    inputs, parameters = arguments(kernel, size, dtype)
    for declared, quick, exact in zip(
        kernel.outputs, expected(kernel, inputs, parameters), evaluate(kernel, inputs, parameters), strict=True
    ):
        if declared.policy is Policy.BITS:
            assert quick.budget is None
            continue
        assert quick.budget is not None
        unit = 2.0**-23 if dtype is DType.float32 else 2.0**-52
        want = exact.value.astype(np.float64)
        np.testing.assert_allclose(quick.want, want, rtol=unit, atol=0)
        assert (quick.budget >= 0.99 * exact.budget).all()
        assert (quick.budget <= 1.25 * exact.budget + 1e-40).all()


def test_the_namespaces_have_the_same_names() -> None:
    names = {name for name in dir(NumPy(np.float32)) if not name.startswith("_")}
    assert names - {"below"} <= set(dir(Running(np.float32))), "`below` decides spikes, which are bits"


def test_running_bounds_refuse_what_they_cannot_decide() -> None:
    xp = Running(np.float32)
    third = xp.asarray([1.0]) / 3
    with pytest.raises(Unbounded):
        _ = third > np.float32(1 / 3)
    with pytest.raises(Unbounded):
        xp.floor(third * 3)
    assert xp.floor(third)[0].value == 0


def test_the_judge_names_the_element() -> None:
    kernel = CATALOGUE["goodness"]
    inputs, parameters = arguments(kernel, Size({"N": 10}), DType.float32)
    wanted = expected(kernel, inputs, parameters)
    (right,) = reference.compute(kernel, inputs, parameters)
    assert judge([right], wanted).fault == ""
    wrong = judge([right * np.float32(1.001)], wanted)
    assert "goodness got" in wrong.fault
    assert "of its budget" in wrong.fault
    assert wrong.used is not None
    assert wrong.used > 1
    assert judge([np.full_like(right, np.nan)], wanted).fault.endswith("no budget allows this")


def synthetic(scale: float, status: str = "ok", **changes: Any) -> BenchRecord:
    """A record of one row whose durations are about 1000 ns times `scale`."""
    found = record({"python": PythonMirror}, WORK[:1])
    (row,) = found.rows
    if status != "ok":
        row = msgspec.structs.replace(row, status=status, message="why", inside=None, round_trip=None, rates=None)
    else:
        samples = [scale * (1000.0 + k) for k in (-9, 4, 1, 0, -3, 2, 7, -1, 5, -6)]
        timing = statistics.timing(samples, 1)
        row = msgspec.structs.replace(row, inside=timing, round_trip=timing)
    run_changes = {k: v for k, v in changes.items() if k in found.run.__struct_fields__}
    machine_changes = {k: v for k, v in changes.items() if k in found.machine.__struct_fields__}
    return msgspec.structs.replace(
        found,
        rows=[row],
        run=msgspec.structs.replace(found.run, **run_changes),
        machine=msgspec.structs.replace(found.machine, **machine_changes),
    )


@pytest.mark.parametrize(
    ("scale", "verdict"), [(0.5, "faster"), (2.0, "slower"), (1.0, "can't tell"), (1.03, "can't tell")]
)
def test_verdicts(scale: float, verdict: str) -> None:
    found = compare(synthetic(1.0), synthetic(scale))
    (row,) = found.rows
    assert row.inside is not None
    assert row.round_trip is not None
    assert row.inside.verdict == row.round_trip.verdict == verdict
    assert row.inside.low <= row.inside.ratio <= row.inside.high
    assert row.inside.ratio == pytest.approx(scale)
    assert bool(found.regressions()) == (verdict == "slower")


def test_few_or_scattered_samples_cannot_tell() -> None:
    before, after = [100.0, 101.0, 99.0], [200.0, 201.0, 199.0]
    _, low, high = statistics.ratio(before, after)
    assert statistics.verdict(before, after, low, high) == "can't tell"
    before, after = [100.0, 500.0, 90.0, 900.0, 110.0, 800.0], [120.0, 700.0, 100.0, 950.0, 130.0, 600.0]
    _, low, high = statistics.ratio(before, after)
    assert statistics.verdict(before, after, low, high) == "can't tell"
    assert statistics.timing(before, 1).unstable
    assert not statistics.timing([100.0] * 5, 1).unstable


def test_what_is_no_longer_right_is_a_regression() -> None:
    found = compare(synthetic(1.0), synthetic(1.0, "incorrect"))
    assert [r.broken for r in found.regressions()] == [True]
    assert found.rows[0].inside is None
    assert compare(synthetic(1.0), synthetic(1.0, "not run")).regressions() == []


def test_machines_are_not_compared_unless_forced() -> None:
    one, other = synthetic(1.0), synthetic(2.0, cpu_model="Imaginary 2")
    with pytest.raises(DifferentMachines, match="Imaginary 2"):
        compare(one, other)
    assert "different machines" in compare(one, other, force=True).notes[0]


def test_a_machine_that_changed_its_own_speed_widens_the_noise() -> None:
    slow = Bandwidth(bytes_per_second=0.8e10, threads=2, how="made up")
    found = compare(synthetic(1.0), synthetic(1.2, bandwidth=slow))
    assert found.noise == pytest.approx(0.25)
    assert "roofs changed by 25 %" in found.notes[0]
    assert found.rows[0].inside is not None
    assert found.rows[0].inside.verdict == "can't tell"
    assert compare(synthetic(1.0), synthetic(1.3, bandwidth=slow)).regressions() != []


def test_an_artifact_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    good = synthetic(1.0)
    (row,) = good.rows
    assert row.inside is not None
    bad: dict[str, Row] = {
        "has figures": msgspec.structs.replace(row, status="incorrect", message="why"),
        "ok without figures": msgspec.structs.replace(row, inside=None),
        "without a reason": msgspec.structs.replace(row, status="error", inside=None, round_trip=None, rates=None),
        "not that of its samples": msgspec.structs.replace(
            row, inside=msgspec.structs.replace(row.inside, median=row.inside.low * 0.9, low=1.0)
        ),
    }
    for message, spoiled in bad.items():
        path = tmp_path / "bad.json"
        path.write_text(encode(msgspec.structs.replace(good, rows=[spoiled])))
        with pytest.raises(ArtifactError, match=message):
            load(path)
    assert "twice" in contradictions(msgspec.structs.replace(good, rows=[row, row]))[0]
    path.write_text(encode(good)[:-40])
    with pytest.raises(ArtifactError):
        load(path)


def test_publishing(tmp_path: Path) -> None:
    source, folder = tmp_path / "artifact.json", tmp_path / "results"
    clean = synthetic(1.0, git_commit="c0ffee" * 7, git_dirty=False, started="2030-01-02T03:04:05+00:00")
    source.write_text(encode(clean))
    target, _ = publish(source, folder=folder)
    assert target.name == "2030-01-02-c0ffeec0ffee-imaginary-1-2-cores.json"
    assert load(target) == clean
    assert publish(source, folder=folder)[0] == target
    for changes, reason in (
        ({"git_dirty": True}, "uncommitted"),
        ({"git_commit": None}, "no commit"),
        ({"quick": True}, "quick"),
    ):
        source.write_text(encode(msgspec.structs.replace(clean, run=msgspec.structs.replace(clean.run, **changes))))
        with pytest.raises(ArtifactError, match=reason):
            publish(source, folder=folder)
        publish(source, folder=folder, force=True)


def test_reports_say_what_there_is() -> None:
    found = record({"spoiled": lambda: Spoiled(add_one), "python": PythonMirror, "gone": absent}, WORK[2:4])
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report.table(found))
    for text in (console.export_text(), report.markdown(found)):
        assert "incorrect" in text
        assert "gone was not run: no such compiler" in text
        assert "1.00x" in text
    found.rows[0].kernel = "[bold]x"
    console.print(report.comparison_table(compare(synthetic(1.0), synthetic(3.0))))
    for text in (console.export_text(), report.comparison_markdown(compare(synthetic(1.0), synthetic(3.0)))):
        assert "slower" in text
        assert "3.00" in text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0.4, "0 ns"), (999.0, "999 ns"), (999.9, "1.00 µs"), (12_345.0, "12.3 µs"), (1.5e8, "150 ms"), (2e9, "2.00 s")],
)
def test_durations_for_people(nanoseconds: float, text: str) -> None:
    assert report.duration(nanoseconds) == text


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = dataclasses.replace(CATALOGUE["goodness"], bench=(Size({"N": 100}),))
    monkeypatch.setitem(CATALOGUE, "goodness", small)
    out, runner = tmp_path / "artifact.json", CliRunner()
    ran = runner.invoke(
        app, ["run", "--quick", "-k", "goodness", "--mirror", "python", "--format", "json", "--out", str(out)]
    )
    assert ran.exit_code == 0, ran.output
    assert msgspec.json.decode(ran.stdout, type=BenchRecord) == load(out)
    assert [r.status for r in load(out).rows] == ["ok", "ok"]
    same = runner.invoke(app, ["compare", str(out), str(out), "--format", "json"])
    assert same.exit_code == 0, same.output
    assert {r["inside"]["verdict"] for r in msgspec.json.decode(same.stdout)["rows"]} == {"can't tell"}
    assert runner.invoke(app, ["publish", str(out)]).exit_code == 2
    assert runner.invoke(app, ["run", "-k", "nothing"]).exit_code == 2
    assert runner.invoke(app, ["run", "--mirror", "python", "--require", "rust"]).exit_code == 2
