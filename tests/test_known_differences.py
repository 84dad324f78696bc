"""Known differences: what an entry covers, and that none stays which is wrong, stale or misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikemirror import cli
from spikemirror.golden.load import Golden
from spikemirror.parity import run as parity_run
from spikemirror.parity.known import KnownDifferencesError, load, settle
from spikemirror.parity.record import Cell, MirrorRecord


def cell(status: str, mirror: str = "rust", dtype: str = "float64", case: str = "plain") -> Cell:
    return Cell(mirror=mirror, kernel="goodness", case=case, dtype=dtype, status=status)  # type: ignore[arg-type]


def ran(*names: str, found: bool = True) -> list[MirrorRecord]:
    return [MirrorRecord(name=name, found=found, versions={}, reason="") for name in names]


def entry(mirror: str = "rust", cases: str = '"goodness/plain"', more: str = "") -> str:
    return f'[[difference]]\nmirror = "{mirror}"\ncases = [{cases}]\nreason = "taste"\ndate = 2026-01-31\n{more}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "known.toml"


def statuses(path: Path, text: str, golden: Golden, cells: list[Cell], found: bool = True) -> list[str]:
    """Of the cells, once settled."""
    path.write_text(text)
    settle(cells, ran("rust", "julia", "mojo", found=found), load(path, golden))
    return [c.status for c in cells]


def test_listed_differences_are_known_and_others_are_not(path: Path, golden: Golden) -> None:
    cells = [cell("wrong"), cell("wrong", dtype="float32"), cell("wrong", "julia"), cell("failed"), cell("ok", "mojo")]
    assert statuses(path, entry(), golden, cells) == ["known", "known", "wrong", "failed", "ok"]
    assert cells[0].message == "taste (2026-01-31)"
    assert cells[2].message is None


def test_one_dtype(path: Path, golden: Golden) -> None:
    cells = [cell("wrong"), cell("wrong", dtype="float32")]
    assert statuses(path, entry(more='dtype = "float32"'), golden, cells) == ["wrong", "known"]


def test_an_error_is_known_only_where_one_is_listed(path: Path, golden: Golden) -> None:
    cells = [cell("failed"), cell("wrong", dtype="float32")]
    assert statuses(path, entry(more='status = "failed"'), golden, cells) == ["known", "wrong"]


def test_every_case_of_an_entry_must_differ(path: Path, golden: Golden) -> None:
    cells = [cell("wrong"), cell("ok", case="one")]
    assert statuses(path, entry(cases='"goodness/plain", "goodness/one"'), golden, cells) == ["known", "wrong"]
    assert cells[1].message == "listed as a known difference (taste), but does not differ: remove the entry"


def test_what_is_not_compared_is_not_a_difference(path: Path, golden: Golden) -> None:
    cells = [cell("not run")]
    cells[0].message = "no such option"
    assert statuses(path, entry(), golden, cells) == ["wrong"]
    assert "was not run (no such option): remove the entry" in (cells[0].message or "")


def test_a_mirror_that_is_absent_keeps_its_entries(path: Path, golden: Golden) -> None:
    assert statuses(path, entry(), golden, [cell("not run")], found=False) == ["not run"]


def test_the_file_decides_a_run(path: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(entry("python"))
    monkeypatch.setattr(parity_run, "KNOWN_DIFFERENCES", path)
    record = parity_run.run(parity_run.tasks(golden, ["goodness"]), ["python"], golden, 60)
    assert [(c.case, c.dtype) for c in record.failures()] == [("plain", "float32"), ("plain", "float64")]


def test_the_committed_file_speaks_of_what_there_is(project: Path, golden: Golden) -> None:
    assert load(project / "tests" / "known_differences.toml", golden)
    assert load(project / "nowhere.toml", golden) == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[difference]\n", r"line 1"),
        ('[[difference]]\nmirror = "rust"\n', "missing required field `cases`"),
        ("[[differences]]\n", "unknown field `differences`"),
        ("difference = 3\n", "Expected `array`"),
        (entry(cases=""), "length >= 1"),
        (entry(more='status = "ok"'), "Invalid enum value 'ok'"),
        (entry("fortran"), "no mirror 'fortran'; there are python, rust, julia, mojo, norse"),
        (entry(cases='"badness/plain"'), "no case 'badness/plain', as KERNEL/CASE"),
        (entry(cases='"goodness/fancy"'), "no case 'goodness/fancy', as KERNEL/CASE"),
        (entry(cases='"plain"'), "no case 'plain', as KERNEL/CASE"),
        (entry(more='dtype = "uint32"'), "goodness/plain has no uint32; it has float32, float64"),
        (entry() + entry(more='dtype = "float32"'), "two entries for goodness/plain float32 on rust"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_fault(text: str, fault: str, path: Path, golden: Golden) -> None:
    path.write_text(text)
    with pytest.raises(KnownDifferencesError, match=rf"known\.toml: .*{fault}"):
        load(path, golden)


def test_it_is_told_without_a_traceback(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(entry("fortran"))
    monkeypatch.setattr(parity_run, "KNOWN_DIFFERENCES", path)
    monkeypatch.setattr("sys.argv", ["spikemirror", "parity", "-k", "philox_words", "--mirror", "python"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    assert "known.toml: no mirror 'fortran'" in capsys.readouterr().err
