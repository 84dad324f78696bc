"""The hunt: what it draws, that it finds seeded faults and makes them small, and what becomes of a finding."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.check import faults
from spikemirror.catalogue.kernel import Array, Holds, Kernel, Value
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.golden import found
from spikemirror.golden.emit import EmissionError, emit
from spikemirror.golden.lint import lint
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.hunt import oracle
from spikemirror.hunt.call import Call, of_case
from spikemirror.hunt.finding import Finding, FindingError, KernelRecord, load
from spikemirror.hunt.layouts import LAYOUTS, laid
from spikemirror.hunt.promote import promote
from spikemirror.hunt.search import Search
from spikemirror.hunt.strategies import calls
from spikemirror.hunt.team import Team
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.mirrors.python import PythonMirror
from spikemirror.parity.cell import Task, fill

Program = Callable[..., Any]
Fault = Callable[[Kernel, Sequence[Array], Sequence[Value], Sequence[Array]], None]
WRONG = Path(__file__).with_name("wrong_mirrors.py")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings go to a folder of the test's."""
    monkeypatch.setattr("spikemirror.hunt.finding.cache_folder", lambda: tmp_path)


@pytest.fixture(autouse=True)
def _no_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """hypothesis also draws numbers that stand in modules of the project, of which other tests import more."""
    monkeypatch.setattr(providers, "_get_local_constants", Constants)
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", LRUCache(1024))


class Faulty(PythonMirror):
    """The reference, spoilt after every call."""

    name = "faulty"

    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        super().call(kernel, inputs, parameters, outputs)
        self._fault(kernel, inputs, parameters, outputs)


def search(
    team: Team, name: str, seed: int = 1, calls: int = 800, seconds: float = 1000.0, patience: float = 1000.0
) -> KernelRecord:
    """Hunt until so many calls were drawn; time, which a busy machine takes, plays no part by default."""
    try:
        return Search(CATALOGUE[name], team, seed, seconds, calls, patience).run()
    finally:
        team.close()


def spoilt(fault: Fault) -> Team:
    """One mirror, with that fault."""
    return Team({"faulty": lambda _: Faulty(fault)}, 10.0)


def odd(_: Kernel, inputs: Sequence[Array], __: Sequence[Value], outputs: Sequence[Array]) -> None:
    """Wrong in the last element of an odd size past a register."""
    if inputs[0].size % 2 and inputs[0].size > 4:
        outputs[0].reshape(-1)[-1:] += 1


def flushes(_: Kernel, __: Sequence[Array], ___: Sequence[Value], outputs: Sequence[Array]) -> None:
    """Subnormal results become 0."""
    size = np.abs(outputs[0])
    outputs[0][(size > 0) & (size < np.finfo(size.dtype).tiny)] = 0


def one_ulp(_: Kernel, inputs: Sequence[Array], __: Sequence[Value], outputs: Sequence[Array]) -> None:
    """One float too far for large weights."""
    large = np.abs(inputs[0]) > 1e3
    outputs[0][large] = np.nextafter(outputs[0][large], 0)


def exceeds(_: Kernel, __: Sequence[Array], ___: Sequence[Value], outputs: Sequence[Array]) -> None:
    """Some rounding errors too many."""
    outputs[1][...] *= 1 + 64 * np.finfo(outputs[1].dtype).eps


def picky(_: Kernel, inputs: Sequence[Array], __: Sequence[Value], ___: Sequence[Array]) -> None:
    """Refuses an empty array that is welcome."""
    if inputs[0].size == 0:
        raise Rejection(Code.bad_shape, "activations", "goodness: empty")


def smallest(record: KernelRecord) -> tuple[Finding, dict[str, Array]]:
    (finding,) = record.findings
    return finding, {name: array.array() for name, array in finding.case.inputs.items()}


def test_a_fault_of_odd_sizes_is_found_and_made_small() -> None:
    finding, inputs = smallest(search(spoilt(odd), "stdp_trace"))
    assert finding.cell.output == "trace"
    assert inputs["trace"].size in (5, 7, 9)
    assert not inputs["trace"].any() or len(set(inputs["trace"].flat)) == 1


def test_a_fault_of_subnormals_is_found_and_made_small() -> None:
    finding, inputs = smallest(search(spoilt(flushes), "csdp_negative"))
    assert finding.cell.want is not None
    assert inputs["weights"].size == 1
    assert 0 < abs(inputs["weights"][0, 0]) < np.finfo(finding.cell.dtype).tiny


def test_one_ulp_is_found_where_bits_are_compared() -> None:
    finding, inputs = smallest(search(spoilt(one_ulp), "csdp_step", seed=2))
    assert finding.cell.ulps == 1
    assert inputs["weights"].size == 1


def test_a_budget_exceeded_is_found_with_its_share() -> None:
    finding, inputs = smallest(search(spoilt(exceeds), "csdp_layer_goodness"))
    assert finding.cell.output == "probability"
    assert finding.cell.used is not None
    assert finding.cell.used > 1
    assert inputs["activations"].size <= 2


def test_a_wrong_refusal_is_found() -> None:
    finding, inputs = smallest(search(spoilt(picky), "goodness"))
    assert (finding.cell.got, finding.cell.want) == ("bad_shape of activations", "outputs")
    assert inputs["activations"].size == 0


def test_a_check_left_out_is_found() -> None:
    class Lenient(PythonMirror):
        name = "lenient"

        def call(
            self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
        ) -> None:
            weights, *others = inputs
            super().call(kernel, [np.nan_to_num(weights), *others], parameters, outputs)

    team = Team({"lenient": lambda _: Lenient()}, 10.0)
    finding, inputs = smallest(search(team, "csdp_positive", calls=2000))
    assert finding.cell.want == "non_finite of weights"
    assert inputs["weights"].size == 1
    assert not np.isfinite(inputs["weights"]).any()


def test_a_right_mirror_gives_no_finding() -> None:
    record = search(spoilt(lambda *_: None), "csdp_negative", calls=300)
    assert record.findings == []
    assert record.examples == 300
    assert 0 < record.refused < 150
    assert record.worst == {"faulty": 0.0}


def test_the_worst_share_is_kept() -> None:
    def nearly(_: Kernel, __: Sequence[Array], ___: Sequence[Value], outputs: Sequence[Array]) -> None:
        outputs[0][...] = np.nextafter(outputs[0], np.inf, dtype=outputs[0].dtype)

    share = search(spoilt(nearly), "hebbian", calls=150).worst["faulty"]
    assert 0.1 < share <= 1


def test_the_same_seed_gives_the_same_search() -> None:
    first, second, other = (search(spoilt(flushes), "csdp_negative", seed, 400) for seed in (5, 5, 6))

    def essence(record: KernelRecord) -> list[Any]:
        counts = [record.examples, record.refused, record.discarded]
        return [*counts, [(f.case.id, f.cell) for f in record.findings]]

    assert essence(first) == essence(second) != essence(other)


def wrong(fault: str) -> Callable[[float], ProcessMirror]:
    return lambda seconds: ProcessMirror(
        fault, [sys.executable, str(WRONG), fault, "hunt"], own_descriptors=True, call_seconds=seconds
    )


@pytest.mark.parametrize(("fault", "said"), [("crashes", "died of SIGSEGV"), ("hangs", "no answer within 0.3 s")])
def test_a_crash_or_hang_is_found_and_costs_little(fault: str, said: str) -> None:
    team = Team({fault: wrong(fault), "faulty": lambda _: Faulty(lambda *_: None)}, 0.3)
    record = search(team, "goodness", calls=40, patience=2.0)
    finding, _ = smallest(record)
    assert (finding.cell.mirror, finding.cell.status) == (fault, "failed")
    assert said in (finding.cell.message or "")
    assert record.worst.keys() == {"faulty"}
    assert record.examples >= 40


def test_what_was_found_survives_an_interrupt() -> None:
    def interrupts(kernel: Kernel, inputs: Sequence[Array], _: Sequence[Value], outputs: Sequence[Array]) -> None:
        flushes(kernel, inputs, _, outputs)
        if record.findings:
            raise KeyboardInterrupt

    team = Team({"faulty": lambda _: Faulty(interrupts)}, 10.0)
    hunt = Search(CATALOGUE["csdp_negative"], team, 1, 1000.0, patience=1000.0)
    record = hunt.record
    with pytest.raises(KeyboardInterrupt):
        hunt.run()
    (finding,) = record.findings
    assert load(finding.path) == finding


def test_time_is_kept() -> None:
    start = time.monotonic()
    record = search(spoilt(lambda *_: None), "infonce_grad", calls=10**6, seconds=0.5)
    assert time.monotonic() - start < 30  # one call may take long on a busy machine
    assert 0 < record.examples < 10**5


# what is drawn


EXAMPLES = {Holds.REAL: 60, Holds.SPIKES: 400, Holds.TARGETS: 1000}
"""Few kernels have targets, and few calls with them have a wrong one."""


def test_calls_are_of_all_kinds() -> None:
    """Valid for the most part; of every dtype and choice; empty and long; with special numbers; to be refused."""
    seen = Counter[str]()
    for kernel in CATALOGUE.values():
        seen |= look(kernel, max((EXAMPLES[i.holds] for i in kernel.inputs), default=60))
    wanted = {option for k in CATALOGUE.values() for p in k.parameters for option in getattr(p, "options", ())}
    wanted |= {f"{layout} layout" for layout in LAYOUTS} | {f"refused {code.name}" for code in Code}
    wanted |= {
        "float32",
        "float64",
        "uint32",
        "empty",
        "long",
        "deep",
        "subnormal",
        "huge",
        "-0",
        "None",
        "equal arrays",
    }
    assert wanted <= {what for what, count in seen.items() if count}


def look(kernel: Kernel, examples: int) -> Counter[str]:
    """What comes up among the calls of a kernel."""
    seen = Counter[str]()

    @settings(max_examples=examples, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(call=calls(kernel))
    def count(call: Call) -> None:
        inputs = [call.inputs[i.name] for i in kernel.inputs]
        parameters = [call.parameters[p.name] for p in kernel.parameters]
        refused = next(faults(kernel, inputs, parameters), None)
        if refused is not None:
            seen.update(["refused", f"refused {refused[0].name}"])
            return
        kernel.allocate(inputs, parameters)
        seen.update(["valid", call.dtype, *map(str, parameters), *(f"{way} layout" for way in call.layouts.values())])
        for array in inputs:
            seen["empty"] += array.size == 0
            seen["long"] += max(array.shape, default=0) > 6
            seen["deep"] += array.ndim > 5
            if array.dtype.kind == "f":
                size, info = np.abs(array), np.finfo(array.dtype)
                seen["subnormal"] += bool(((size > 0) & (size < info.tiny)).any())
                seen["huge"] += bool((size > 2.0 ** (info.maxexp - 20)).any())
                seen["-0"] += bool(((array == 0) & np.signbit(array)).any())
        shared = [a for a in inputs if a.dtype.kind == "f" and a.size]
        seen["equal arrays"] += any(np.array_equal(a, b) for a, b in pairwise(shared))

    count()
    assert seen["valid"] > examples / 3, kernel.name
    return seen


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 0, 3), (1, 2, 1, 2)])
def test_a_layout_changes_no_element(layout: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    view = laid(array, layout)
    assert np.array_equal(view, array)
    assert not np.may_share_memory(view, array)
    large = laid(np.ones((3, 4)), layout)
    assert large.flags.c_contiguous == (layout in ("plain", "misaligned", "swapped", "read-only"))
    assert large.flags.aligned == (layout != "misaligned")
    assert large.flags.writeable == (layout != "read-only")
    assert large.dtype.isnative == (layout != "swapped")


def test_a_fault_of_layouts_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """spikemirror.call that forgets the order of bytes."""
    from spikemirror import backend

    real = backend.call

    def careless(kernel: str, **arguments: Any) -> dict[str, Array]:
        native = {k: v.view(v.dtype.newbyteorder("=")) if hasattr(v, "dtype") else v for k, v in arguments.items()}
        return real(kernel, **native)

    monkeypatch.setattr(backend, "call", careless)
    team = Team({"python": lambda _: PythonMirror()}, 10.0)
    findings = search(team, "goodness", calls=400).findings
    assert findings
    assert all(finding.layouts == {"activations": "swapped"} for finding in findings)


# what becomes of a finding


@pytest.fixture
def finding() -> Finding:
    return smallest(search(spoilt(flushes), "csdp_negative", calls=400))[0]


def test_a_finding_survives_its_file(finding: Finding) -> None:
    assert load(finding.path) == finding
    document = json.loads(finding.path.read_text())
    assert list(validator("finding").iter_errors(document)) == []
    assert not validator("finding").is_valid({**document, "surprise": 1})
    kernel = CATALOGUE[finding.cell.kernel]
    call = of_case(finding.case, finding.cell.dtype)
    assert oracle.identify(call) == finding.case.id
    case = oracle.expected(kernel, call)
    assert case.expected == finding.case.expected
    assert fill(Faulty(flushes), Task(kernel, case, finding.cell.dtype)) == finding.cell
    assert fill(PythonMirror(), Task(kernel, case, finding.cell.dtype)).status == "ok"


def changed(finding: Finding, change: Callable[[dict[str, Any]], object]) -> Path:
    document = msgspec.to_builtins(finding)
    change(document)
    path = finding.path.with_name("changed.json")
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d.update(format=2), "format"),
        (lambda d: d["cell"].update(kernel="nobody"), "no kernel 'nobody'"),
        (lambda d: d["cell"].update(dtype="int32"), "in 'int32'"),
        (lambda d: d["case"]["inputs"]["weights"].update(bits="zz"), "weights"),
        (lambda d: d["case"]["inputs"]["weights"].update(shape=[1 << 40]), "weights"),
        (lambda d: d["case"]["parameters"].pop("lr"), "parameters are"),
    ],
)
def test_a_strangers_finding_is_checked(finding: Finding, change: Callable[..., object], said: str) -> None:
    with pytest.raises(FindingError, match=said):
        load(changed(finding, change))


def test_a_cut_off_finding_is_refused(finding: Finding) -> None:
    path = finding.path.with_name("cut.json")
    path.write_text(finding.path.read_text()[:500])
    with pytest.raises(FindingError, match=r"cut\.json"):
        load(path)


def test_findings_of_one_kind_are_merged_to_the_smallest(finding: Finding) -> None:
    other = msgspec.structs.replace(finding, layouts={"weights": "plain"})
    case = msgspec.structs.replace(finding.case, parameters={"lr": 0.123456789012345})
    longer = msgspec.structs.replace(finding, case=case)
    first = KernelRecord(kernel="csdp_negative", examples=3, worst={"a": 0.5}, findings=[longer])
    worst = {"a": 0.25, "b": 0.75}
    first.add(KernelRecord(kernel="csdp_negative", examples=4, worst=worst, findings=[finding, other]))
    assert (first.examples, first.worst) == (7, {"a": 0.5, "b": 0.75})
    assert {f.kind for f in first.findings} == {finding.kind, other.kind}
    assert first.findings[0] == finding


@pytest.fixture
def scratch(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the fixtures, and no found cases."""
    folder = tmp_path / "golden"
    shutil.copytree(project / "golden", folder)
    monkeypatch.setenv("SPIKEMIRROR_GOLDEN", str(folder))
    monkeypatch.setattr(found, "FOLDER", tmp_path / "found")
    return folder


def test_promotion(finding: Finding, scratch: Path) -> None:
    name = f"{finding.cell.kernel}.json"
    before = {p.name: p.read_bytes() for p in scratch.glob("*.json")}
    assert promote(finding)
    golden = Golden(scratch)
    case = golden.case(finding.cell.kernel, finding.case.id)
    assert (case.found, case.catches) == (finding.case.found, [])
    assert (case.inputs, case.parameters) == (finding.case.inputs, finding.case.parameters)
    assert case.expected == finding.case.expected
    assert golden.verify() == []
    assert lint(golden) == []
    after = {p.name: p.read_bytes() for p in scratch.glob("*.json")}
    assert {n for n in after if after[n] != before[n]} == {name, "MANIFEST.json"}
    assert validator("fixture").is_valid(json.loads(after[name]))
    assert emit(lambda kernels: [k for k in kernels if k.name == finding.cell.kernel])[name] == after[name].decode()
    assert not promote(finding)
    assert fill(Faulty(flushes), Task(CATALOGUE[finding.cell.kernel], case, finding.cell.dtype)).status == "wrong"


def test_a_refusal_can_be_promoted(scratch: Path) -> None:
    finding, _ = smallest(search(spoilt(picky), "goodness"))
    assert promote(finding)
    assert Golden(scratch).case("goodness", finding.case.id).expected[finding.cell.dtype].outputs is not None


def test_what_cannot_be_a_fixture_changes_nothing(finding: Finding, scratch: Path) -> None:
    before = {p.name: p.read_bytes() for p in scratch.glob("*.json")}
    case = msgspec.structs.replace(finding.case, expected={}, parameters={"lr": -1.0})
    with pytest.raises(EmissionError, match="bad_parameter"):
        promote(msgspec.structs.replace(finding, case=case))
    assert {p.name: p.read_bytes() for p in scratch.glob("*.json")} == before
    assert not found.FOLDER.exists()


def test_broken_found_cases_are_named(scratch: Path) -> None:
    found.FOLDER.mkdir()
    (found.FOLDER / "goodness.json").write_text("{")
    with pytest.raises(EmissionError, match=r"found/goodness\.json"):
        emit(lambda kernels: [k for k in kernels if k.name == "goodness"])
