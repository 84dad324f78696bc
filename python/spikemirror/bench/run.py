"""The bench run: every mirror times the same call, in turns, and what it timed is held against the reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spikemirror import mirrors
from spikemirror.bench import machine, statistics
from spikemirror.bench.expected import Expected, Judgement, expected, judge
from spikemirror.bench.inputs import arguments
from spikemirror.bench.memory import peak_extra_bytes
from spikemirror.bench.record import BenchRecord, MachineRecord, Rates, Row, RunRecord, Timing, ToolchainRecord
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Cost, DType, Kernel, Size, Value
from spikemirror.catalogue.rejection import Rejection
from spikemirror.mirrors import Mirror, MirrorAbsent, MirrorFault, Probe
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.parity.compare import poison
from spikemirror.provenance import git_state, now
from spikemirror.version import __version__

MAX_CALLS = 10_000
PROBE_CALLS = 20
PROBE_NANOSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: seconds for each cell and side, in as many samples if calls are fast enough."""

    seconds: float
    samples: int


FULL = Plan(0.5, 30)
QUICK = Plan(0.05, 10)


@dataclass(frozen=True, slots=True)
class Task:
    """One call to be timed on every mirror."""

    kernel: Kernel
    size: Size
    dtype: DType


def tasks(kernels: Sequence[str] = (), quick: bool = False) -> list[Task]:
    """Every bench size and dtype of the kernels (all by default); a quick run leaves out the largest sizes."""
    return [
        Task(kernel, size, dtype)
        for kernel in map(CATALOGUE.__getitem__, kernels or CATALOGUE)
        for size in kernel.bench
        for dtype in size.dtypes or kernel.dtypes
        if not (quick and size.memory)
    ]


def run(
    work: Sequence[Task],
    names: Sequence[str],
    golden_digest: str,
    *,
    quick: bool = False,
    plan: Plan | None = None,
    opened: Callable[[str], Mirror] = mirrors.open_mirror,
    tried: Callable[[str], Mirror] | None = None,
    measured: Callable[[], MachineRecord] = machine.measure,
    advance: Callable[[str], None] = lambda _: None,
) -> BenchRecord:
    """All tasks on all named mirrors. `advance` is told what comes next, once a task.

    With `tried`, which opens a mirror in a process of its own, a mirror of this process makes each call there first: if
    it crashes or hangs, it loses the rows of that task alone.
    """
    plan = plan or (QUICK if quick else FULL)
    started, start = now(), time.monotonic()
    commit, dirty = git_state()
    advance("the machine")
    roofs = measured()
    toolchains: list[ToolchainRecord] = []
    present: dict[str, Mirror] = {}
    trials: dict[str, Mirror] = {}
    rows: list[Row] = []
    try:
        for name in names:
            advance(name)
            toolchains.append(_open(name, opened, present))
            if tried and name in present and not isinstance(present[name], ProcessMirror):
                trials[name] = tried(name)
        absent = {t.mirror: t.reason for t in toolchains if not t.found}
        for task in work:
            advance(f"{task.kernel.name} {task.size} {task.dtype.name}")
            rows += time_task(task, names, present, absent, roofs, plan, trials)
    finally:
        for mirror in (*present.values(), *trials.values()):
            mirror.close()
    return BenchRecord(
        run=RunRecord(
            spikemirror=__version__,
            golden_digest=golden_digest,
            git_commit=commit,
            git_dirty=dirty,
            started=started,
            seconds=round(time.monotonic() - start, 3),
            quick=quick,
        ),
        machine=roofs,
        toolchains=toolchains,
        rows=rows,
    )


def _open(name: str, opened: Callable[[str], Mirror], present: dict[str, Mirror]) -> ToolchainRecord:
    """Open a mirror and ask it for its kernels, which starts what must be started."""
    found = mirrors.probe(name) if name in mirrors.NAMES else Probe(name, True)
    try:
        if not found.found:
            raise MirrorAbsent(f"{found.reason}; {found.remedy}")
        present[name] = opened(name)
    except (MirrorAbsent, OSError) as absent:
        return ToolchainRecord(mirror=name, found=False, versions={}, reason=str(absent))
    return ToolchainRecord(mirror=name, found=True, versions=dict(found.versions), reason="")


class _Incorrect(Exception):
    """Outputs of a call are not what they must be."""


@dataclass
class _Side:
    """One of the two ways to time a call: a function that gives the nanoseconds of some calls."""

    measure: Callable[[int], float]
    calls: int = 1
    wanted: int = 0
    samples: list[float] = field(default_factory=list)

    def prepare(self, plan: Plan) -> None:
        """Spread the time over samples: of many calls where they are fast, fewer samples where they are slow."""
        one = self.measure(1)
        if one < PROBE_NANOSECONDS:
            one = min(one, self.measure(PROBE_CALLS) / PROBE_CALLS)
        affordable = plan.seconds * 1e9 / max(one, 1.0)
        self.wanted = int(min(max(affordable, statistics.FEWEST), max(plan.samples, statistics.FEWEST)))
        self.calls = int(min(max(affordable / self.wanted, 1), MAX_CALLS))

    def timing(self) -> Timing:
        """What was measured."""
        return statistics.timing(self.samples, self.calls)


class _Cell:
    """One mirror at one task: its outputs, allocated once, and how it fares."""

    def __init__(
        self, mirror: Mirror, trial: Mirror | None, task: Task, inputs: Sequence[Array], parameters: Sequence[Value]
    ) -> None:
        self.mirror, self.trial = mirror, trial
        self.kernel, self.inputs, self.parameters = task.kernel, inputs, parameters
        self.outputs = task.kernel.allocate(inputs, parameters)
        self.verified: list[Array] | None = None
        self.worst = Judgement(None, None, "")
        self.status = ""
        self.message = ""
        self.inside, self.round_trip = _Side(self._inside), _Side(self._round_trip)

    def attempt(self, work: Callable[[], None]) -> None:
        """Do something unless the cell has failed; whatever goes wrong is the end of this cell and of no other."""
        if self.status:
            return
        try:
            work()
        except _Incorrect as fault:
            self.status, self.message = "incorrect", str(fault)
        except (MirrorFault, Rejection) as fault:
            self.status, self.message = "error", str(fault)
        except Exception as fault:
            self.status, self.message = "error", f"{type(fault).__name__}: {fault}"

    def warm_up(self, wanted: Sequence[Expected], plan: Plan) -> None:
        """A first call, held against what it must give; then find out how long calls take."""
        if self.kernel.name not in self.mirror.kernels:
            self.status, self.message = "not run", f"{self.mirror.name} has no kernel {self.kernel.name}"
            return
        if self.trial is not None:
            self.trial.call(self.kernel, self.inputs, self.parameters, self.outputs)
        before = [i.copy() for i in self.inputs]
        self._poison()
        self.mirror.call(self.kernel, self.inputs, self.parameters, self.outputs)
        changed = []
        for declared, array, original in zip(self.kernel.inputs, self.inputs, before, strict=True):
            if not np.array_equal(array, original):
                array.flags.writeable = True
                np.copyto(array, original)  # the other mirrors share it
                array.flags.writeable = False
                changed.append(declared.name)
        if changed:
            raise MirrorFault(f"it writes to its inputs: {', '.join(changed)}")
        self.judge(wanted)
        for side in (self.inside, self.round_trip):
            side.prepare(plan)

    def take_turn(self, sides: Sequence[_Side], wanted: Sequence[Expected]) -> None:
        """A sample of each side that is due."""
        if sides:  # one call untimed: caches, and a neighbour's threads that still spin, are not this mirror's doing
            self.mirror.call(self.kernel, self.inputs, self.parameters, self.outputs)
        for side in sides:
            self.sample(side, wanted)

    def sample(self, side: _Side, wanted: Sequence[Expected]) -> None:
        """One sample of either side, and the outputs that it left."""
        self._poison()
        nanoseconds = side.measure(side.calls)
        self.judge(wanted)
        if not nanoseconds > 0:
            raise MirrorFault(f"{side.calls} calls took {nanoseconds:g} ns by its own clock")
        side.samples.append(round(nanoseconds / side.calls, 2))

    def judge(self, wanted: Sequence[Expected]) -> None:
        """Compare element by element once; afterwards only what differs from that in its bits."""
        if self.verified is not None and all(
            g.tobytes() == v.tobytes() for g, v in zip(self.outputs, self.verified, strict=True)
        ):
            return
        found = judge(self.outputs, wanted)
        if found.fault:
            self.worst = found
            raise _Incorrect(found.fault)
        if (found.used or 0) >= (self.worst.used or 0):
            self.worst = found
        self.verified = [o.copy() for o in self.outputs]

    def _poison(self) -> None:
        for output in self.outputs:
            poison(output)

    def _inside(self, calls: int) -> float:
        durations = self.mirror.time(self.kernel, self.inputs, self.parameters, self.outputs, calls)
        if len(durations) != calls or min(durations) < 0:
            raise MirrorFault(f"{len(durations)} durations for {calls} calls, or one below 0")
        return float(sum(durations))

    def _round_trip(self, calls: int) -> float:
        call, kernel, inputs, parameters, outputs = (
            self.mirror.call, self.kernel, self.inputs, self.parameters, self.outputs,
        )  # fmt: skip
        start = time.perf_counter_ns()
        for _ in range(calls):
            call(kernel, inputs, parameters, outputs)
        return float(time.perf_counter_ns() - start)


def time_task(
    task: Task,
    names: Sequence[str],
    present: Mapping[str, Mirror],
    absent: Mapping[str, str],
    roofs: MachineRecord,
    plan: Plan,
    trials: Mapping[str, Mirror],
) -> list[Row]:
    """The rows of one task, in the order of the names."""
    inputs, parameters = arguments(task.kernel, task.size, task.dtype)
    try:
        wanted = expected(task.kernel, inputs, parameters)
    except Exception as fault:  # Unbounded, or a reference that the bounds cannot follow: this task's rows alone fail
        return [_row(task, name, "error", f"no expected values: {type(fault).__name__}: {fault}") for name in names]
    cells = {name: _Cell(mirror, trials.get(name), task, inputs, parameters) for name, mirror in present.items()}
    for cell in cells.values():
        cell.attempt(lambda cell=cell: cell.warm_up(wanted, plan))  # type: ignore[misc]
    turns = max(plan.samples, statistics.FEWEST)
    order = list(cells.values())
    for turn in range(turns):
        for cell in order:
            sides = [side for side in (cell.inside, cell.round_trip) if _due(turn, side.wanted, turns)]
            cell.attempt(lambda cell=cell, sides=sides: cell.take_turn(sides, wanted))  # type: ignore[misc]
        order = order[1:] + order[:1]  # nobody always follows the same one
    cost = task.kernel.cost(
        task.kernel.dims([i.shape for i in inputs], parameters), task.kernel.call_dtype(inputs, parameters).itemsize
    )
    return [
        _finished(task, name, cells[name], cost, roofs) if name in cells else _row(task, name, "not run", absent[name])
        for name in names
    ]


def _due(turn: int, wanted: int, turns: int) -> bool:
    """Whether a side with fewer samples than turns has one in this turn: evenly spread."""
    return (turn + 1) * wanted // turns > turn * wanted // turns


def _row(task: Task, mirror: str, status: str, message: str | None = None, **more: object) -> Row:
    dims = {name: int(length) for name, length in task.size.dims.items()}
    return Row(
        kernel=task.kernel.name, mirror=mirror, dtype=task.dtype.name, dims=dims,
        parameters=dict(task.size.parameters), status=status, message=message, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _finished(task: Task, name: str, cell: _Cell, cost: Cost, roofs: MachineRecord) -> Row:
    if cell.status:
        return _row(task, name, cell.status, cell.message, parity=cell.worst.used, ulps=cell.worst.ulps)
    inside = cell.inside.timing()
    peak = peak_extra_bytes(name, task.kernel, cell.inputs, cell.parameters) if task.size.memory else None
    return _row(
        task, name, "ok", parity=cell.worst.used, ulps=cell.worst.ulps, inside=inside,
        round_trip=cell.round_trip.timing(), rates=rates(cost, inside.median, task.dtype.name, roofs),
        peak_extra_bytes=peak,
    )  # fmt: skip


def rates(cost: Cost, nanoseconds: float, dtype: str, roofs: MachineRecord) -> Rates:
    """What a duration means. Integer operations are held against the float32 peak, the nearest that was measured."""
    per_second = 1e9 / nanoseconds
    memory = cost.bytes / roofs.bandwidth.bytes_per_second
    compute = cost.flops / roofs.peak.get(dtype, roofs.peak["float32"]).flops_per_second
    return Rates(
        calls_per_second=per_second,
        elements_per_second=cost.elements * per_second,
        bytes_per_second=cost.bytes * per_second,
        flops_per_second=cost.flops * per_second,
        roofline=max(memory, compute) * per_second,
        bound="memory" if memory >= compute else "compute",
    )
