"""The table of seeded faults and the runner of mutants, which must not take blindness for sight."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spikemirror.catalogue import CATALOGUE, faults
from spikemirror.catalogue.faults import Edit, FaultsError
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.mutants import run, workspace
from spikemirror.mutants.claims import unproved
from spikemirror.mutants.record import Verdict
from spikemirror.mutants.workspace import Workspace

Program = Callable[..., Any]
HONEST = Edit(
    fault="square-missing",
    language="python",
    place=0,
    file="python/spikemirror/reference/contrastive.py",
    old="return (xp.sum(activations * activations, axis=0),)",
    new="return (xp.sum(activations, axis=0),)",
    kernels=("goodness",),
    tests=(),
)


@pytest.fixture
def runner(golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> run.Runner:
    monkeypatch.setenv("SPIKEMIRROR_CACHE", str(tmp_path))
    return run.Runner(golden)


def verdict(runner: run.Runner, edit: Edit) -> Verdict:
    (found,) = runner.run(run.units([edit], ()), threads=1, advance=lambda _: None)
    return found


def test_every_edit_applies_to_its_source(project: Path) -> None:
    for fault in faults.load().values():
        for edit in fault.edits:
            edit.apply((project / edit.file).read_text())


def test_the_table_is_as_broad_as_promised() -> None:
    edits = [e for fault in faults.load().values() for e in fault.edits if e.language != "harness"]
    assert len({e.fault for e in edits}) >= 60
    assert len({(e.fault, e.language) for e in edits}) >= 150
    count = Counter((kernel, e.language) for e in edits for kernel in e.kernels)
    for kernel in CATALOGUE:
        for language in ("python", "rust", "julia", "mojo"):
            assert count[kernel, language] >= 3, (kernel, language)


def test_the_table_has_faults_of_the_comparison_and_the_harness() -> None:
    files = {e.file for fault in faults.load().values() for e in fault.edits if e.language == "harness"}
    assert {"python/spikemirror/parity/compare.py", "python/spikemirror/parity/run.py"} <= files


def test_an_honest_fault_is_killed_with_the_cases_that_notice_it(runner: run.Runner) -> None:
    found = verdict(runner, HONEST)
    assert found.status == "killed", found.message
    assert {kill.by for kill in found.kills} <= {case.id for case in Golden().cases("goodness")}
    assert found.worst is not None
    assert found.worst > 1


def test_a_change_that_no_fixture_sees_survives(runner: run.Runner) -> None:
    blind = dataclasses.replace(HONEST, new="return (xp.sum(activations * activations, axis=0) + 0.0,)")
    assert verdict(runner, blind).status == "survived"


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("return (xp.sum(activations * activationz, axis=0),)", "no honest fault: NameError"),
        ("return (xp.sum(activations * activations, axis=0),", "no honest fault: SyntaxError"),
        (HONEST.old, "it must occur once"),
    ],
)
def test_an_edit_that_is_no_fault_is_an_error(runner: run.Runner, new: str, told: str) -> None:
    found = verdict(runner, dataclasses.replace(HONEST, new=new))
    assert found.status == "error"
    assert told in found.message


def test_an_edit_of_text_that_is_not_there_is_an_error(runner: run.Runner) -> None:
    found = verdict(runner, dataclasses.replace(HONEST, old="no such text"))
    assert found.status == "error"
    assert "occurs 0 times" in found.message


def test_sources_that_fail_without_a_fault_give_no_verdict(
    runner: run.Runner, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = golden.cases("goodness")
    for case in cases:
        for expected in case.expected.values():
            for output in (expected.outputs or {}).values():
                output.bits = "0" * len(output.bits)
    monkeypatch.setattr(Golden, "cases", lambda *_: cases)
    with pytest.raises(run.UnsoundError, match="without any fault python fails goodness/"):
        verdict(runner, HONEST)


def test_a_verdict_is_kept_until_something_it_depends_on_changes(
    runner: run.Runner, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = verdict(runner, HONEST)

    def refuse(*_: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(Workspace, "open", refuse)
    assert verdict(run.Runner(golden), HONEST) == first
    with pytest.raises(InterruptedError):
        verdict(run.Runner(golden), dataclasses.replace(HONEST, new="return (xp.sum(-activations, axis=0),)"))
    with pytest.raises(InterruptedError):
        verdict(run.Runner(golden, fresh=True), HONEST)
    monkeypatch.setattr(Workspace, "sources", lambda *_: "changed")
    with pytest.raises(InterruptedError):
        verdict(run.Runner(golden), HONEST)


def test_verdicts_depend_on_the_families_that_a_family_calls(project: Path) -> None:
    folders = {"python": "python/spikemirror/reference", "rust": "rust/crates/kernels/src", "mojo": "mojo/spikemirror"}
    named = re.compile(r"^\s*(?:use crate::|from \.|from spikemirror\.reference\.)([^;\n]*)", re.MULTILINE)
    families = {kernel.family for kernel in CATALOGUE.values()}
    for language, folder in folders.items():
        texts = {path.stem: path.read_text() for path in (project / folder).iterdir() if path.is_file()}
        names = {
            stem: set(re.findall(r"\w+", " ".join(named.findall(text)))) & set(texts) for stem, text in texts.items()
        }
        for family in families:
            called, ahead = {family}, {family}
            while ahead:
                ahead = {further for stem in ahead for further in names[stem]} - called
                called |= ahead
            assert called & families == {family, *workspace.CALLED[language].get(family, ())}, (language, family)


def test_verdicts_of_julia_depend_on_the_families_that_a_family_calls(project: Path) -> None:
    """All its files are one module, so what a file defines is looked for in the others."""
    families = {kernel.family for kernel in CATALOGUE.values()}
    text = {
        family: re.sub(r'""".*?"""|#.*?$', "", (project / f"julia/src/{family}.jl").read_text(), flags=re.S | re.M)
        for family in families
    }
    defines = re.compile(r"^(?:@\w+ )?(?:function |(?:mutable )?struct |const )?([\w!]+)(?:\{|\(| =)", re.M)
    defined = {family: set(defines.findall(text[family])) for family in families}
    for family in families:
        used = set(re.findall(r"(?<![\w!])([A-Z]\w+|[\w!]+(?=[({]))", text[family])) - defined[family]
        called = {other for other in families - {family} if used & defined[other]}
        assert called == set(workspace.CALLED["julia"].get(family, ())), family


def test_the_copy_is_whole_again_after_a_fault(golden: Golden, runner: run.Runner, project: Path) -> None:
    verdict(runner, HONEST)
    copy = Workspace("python").path / HONEST.file
    assert copy.read_text() == (project / HONEST.file).read_text()


def test_a_fault_of_the_harness_is_killed_by_tests(runner: run.Runner) -> None:
    lenient = Edit(
        "lenient", "harness", 0, "python/spikemirror/parity/compare.py", "return self.used <= 1",
        "return self.used <= 1000", (), ("tests/test_compare.py",),
    )  # fmt: skip
    found = verdict(runner, lenient)
    assert found.status == "killed", found.message
    assert any("test_compare" in kill.by for kill in found.kills)
    assert verdict(runner, dataclasses.replace(lenient, new="return not self.used > 1")).status == "survived"
    broken = verdict(runner, dataclasses.replace(lenient, new="return self.used <="))
    assert broken.status == "error"


def test_a_case_that_does_not_notice_what_it_names_is_told(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = [(case.id, fault) for case in golden.cases("goodness") for fault in case.catches]
    blind = [
        Verdict(fault=f, language="rust", edit=f, kernel="goodness", status="killed", kills=[])
        for f in {fault for _, fault in claims}
    ]
    told = list(unproved(golden, ["goodness"], blind))
    assert [(claim.case, claim.fault) for claim in told] == claims
    assert {claim.why for claim in told} == {"not noticed in rust"}
    assert list(unproved(golden, ["goodness"], [])) == []  # what did not run tells nothing
    monkeypatch.setattr(faults, "load", dict)
    assert {claim.why for claim in unproved(golden, ["goodness"], [])} == {"no edit seeds it in this kernel"}


def test_a_sample_takes_some_of_every_file_and_the_same_ones_again() -> None:
    work = run.units([e for fault in faults.load().values() for e in fault.edits], [])
    taken = run.sample(work, 2, seed=7)
    assert taken == run.sample(list(reversed(work)), 2, seed=7)
    assert taken != run.sample(work, 2, seed=8)
    edits = {unit.edit for unit in taken}
    assert {e.file for e in edits if e.kernels} == {u.edit.file for u in work if u.kernel}
    assert max(Counter(e.file for e in edits).values()) == 2
    assert sum(e.language == "harness" for e in edits) == 2
    assert max(Counter(unit.edit for unit in taken).values()) == run.FEW


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[x]\nkernel = 1", "unknown field"),
        ("[x]", "described 0 times"),
        (
            '[x]\ndescription = "d"\n[[x.edits]]\nlanguage = "rust"\nkernels = ["nope"]\nold = "a"\nnew = "b"',
            "no kernel",
        ),
        ('[x]\ndescription = "d"\n[[x.edits]]\nlanguage = "go"\nold = "a"\nnew = "b"', "go"),
        ('[x]\ndescription = "d"\n[[x.edits]]\nlanguage = "rust"\nold = "a"\nnew = "b"', "names a file and kernels"),
        ("[x", "TOML"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "contrastive.toml").write_text(text)
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(FaultsError, match=told if told != "TOML" else "contrastive.toml"):
        faults.load.__wrapped__()


def test_the_command_tells_and_records(spikemirror: Program, tmp_path: Path) -> None:
    target = tmp_path / "record.json"
    done = spikemirror(
        "mutants", "--language", "python", "--fault", "square-missing", "--kernel", "goodness",
        "--format", "json", "--out", str(target), env={"SPIKEMIRROR_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(target.read_text())
    validator("mutants").validate(record)
    assert [v["status"] for v in record["verdicts"]] == ["killed"]
    assert spikemirror("mutants", "--fault", "nonsense").returncode == 2
