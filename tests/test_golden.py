"""Fixtures: fresh, the same on every machine, verified when read, linted, and never half written."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from spikemirror.catalogue import CATALOGUE
from spikemirror.files import write_atomically
from spikemirror.golden import command
from spikemirror.golden.difference import differences
from spikemirror.golden.emit import MANIFEST, EmissionError, emit, manifest
from spikemirror.golden.fixture import encode_value, record_array, to_json
from spikemirror.golden.lint import lint
from spikemirror.golden.load import Golden, GoldenError
from spikemirror.golden.schema import SCHEMAS, schema_text, validate, validator

Document = dict[str, Any]


@pytest.fixture(scope="module")
def emitted() -> dict[str, str]:
    """A fresh emission."""
    return emit()


@pytest.fixture
def scratch(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the fixtures, which the program reads and writes instead."""
    folder = tmp_path / "golden"
    shutil.copytree(project / "golden", folder)
    monkeypatch.setenv("SPIKEMIRROR_GOLDEN", str(folder))
    return folder


def golden_command(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, arguments)


def reseal(folder: Path) -> None:
    """Write the manifest for the files as they are: an edit by somebody who knows."""
    texts = {p.name: p.read_text() for p in folder.glob("*.json") if p.name != MANIFEST}
    (folder / MANIFEST).write_text(manifest(texts))


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# emission


def test_the_committed_fixtures_are_fresh(emitted: dict[str, str], golden: Golden) -> None:
    committed = {p.name: p.read_text() for p in golden.path.glob("*.json")}
    assert committed.keys() == emitted.keys()
    stale = [name for name in emitted if committed[name] != emitted[name]]
    assert not stale, "write them anew by `make golden`"


EMISSION = """
import sys, hashlib
from numpy._core._multiarray_umath import __cpu_features__ as features
left_on = [f for f in sys.argv[1].split() if features[f]]
assert not left_on, left_on
from spikemirror.golden.emit import emit
for name, text in emit().items():
    print(name, hashlib.sha256(text.encode()).hexdigest())
"""


def test_emission_does_not_depend_on_the_processor(emitted: dict[str, str]) -> None:
    """A second run, without the SIMD code that NumPy would choose on this machine."""
    umath = importlib.import_module("numpy._core._multiarray_umath")
    chosen = " ".join(name for name in umath.__cpu_dispatch__ if umath.__cpu_features__[name])
    if not chosen:
        pytest.skip("NumPy chooses nothing beyond its baseline on this processor")
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": chosen}
    done = subprocess.run(
        [sys.executable, "-c", EMISSION, chosen], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    hashes = dict(line.split() for line in done.stdout.splitlines())
    assert hashes == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in emitted.items()}


def test_manifest_holds_every_file_and_one_digest(emitted: dict[str, str]) -> None:
    record = json.loads(emitted[MANIFEST])
    assert set(record["files"]) == {f"{name}.json" for name in CATALOGUE}
    for name, digest in record["files"].items():
        assert hashlib.sha256(emitted[name].encode()).hexdigest() == digest
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(record["files"].items()))
    assert hashlib.sha256(lines.encode()).hexdigest() == record["digest"]


def test_every_kernel_has_cases_with_reasons(golden: Golden) -> None:
    for name in golden.kernels:
        cases = golden.cases(name)
        valid = [c for c in cases if any(e.outputs for e in c.expected.values())]
        assert len(valid) >= 12
        assert all(c.why and (c.catches or c.found) for c in cases)


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, -0.0, np.inf, -np.inf, np.nan, 5e-324]),
        np.array([0.1, 1e-45], np.float32),
        np.array(7, np.int32),
        np.zeros((0, 3)),
        np.array([[255, 0]], np.uint8),
        np.array([2**32 - 1], np.uint32),
        np.array([1 + 2j]),
        np.arange(6.0).reshape(2, 3).T,
        np.array([1, 2], ">f4"),
        np.array([True]),
        np.array([1.5], np.float16),
    ],
)
def test_arrays_survive_as_bits(array: Any) -> None:
    from spikemirror.golden.fixture import ArrayRecord

    record = json.loads(json.dumps(record_array(array), allow_nan=False))
    back = ArrayRecord(**record).array()
    assert back.dtype == array.dtype.newbyteorder("=")
    assert back.shape == array.shape
    assert back.tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()


def test_parameters_survive_as_json() -> None:
    assert [encode_value(v) for v in (float("nan"), float("inf"), -float("inf"), 0.1, 2**64 - 1, True, "x")] == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.1,
        2**64 - 1,
        True,
        "x",
    ]


# writing


def test_emit_into_a_new_folder(emitted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "emit", lambda _: emitted)
    target = tmp_path / "a" / "b"
    first = golden_command("emit", "--out", str(target))
    assert first.exit_code == 0
    assert f"{len(emitted)} files, {len(emitted)} of them changed" in first.stdout
    assert {p.name: p.read_text() for p in target.iterdir()} == emitted
    before = {p.name: p.stat().st_mtime_ns for p in target.iterdir()}
    second = golden_command("emit", "--out", str(target))
    assert "0 of them changed: none" in second.stdout
    assert {p.name: p.stat().st_mtime_ns for p in target.iterdir()} == before
    (target / "goodness.json").unlink()
    assert "1 of them changed: goodness.json" in golden_command("emit", "--out", str(target)).stdout


def test_a_failed_emission_leaves_the_old_files(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> dict[str, str]:
        raise EmissionError("infonce/plain in float32: no")

    before = contents(scratch)
    monkeypatch.setattr(command, "emit", fails)
    result = golden_command("emit")
    assert result.exit_code == 1
    assert "nothing was written: infonce/plain in float32: no" in result.stderr
    assert contents(scratch) == before


def test_a_case_that_may_not_be_a_fixture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikemirror.catalogue.cases import contrastive as contrastive_cases
    from spikemirror.catalogue.cases.case import Case
    from spikemirror.golden.emit import fixture

    def case(**more: Any) -> Case:
        return Case(id="seeded", why="x", catches=("dropped-last",), **more)

    bad = {
        r"goodness/seeded: activations is not representable in float32": case(inputs={"activations": np.array([0.1])}),
        r"goodness/seeded: no such argument: theta": case(
            inputs={"activations": np.ones(1)}, parameters={"theta": 1.0}
        ),
        r"goodness/seeded in float32: .*the reference says": case(inputs={"activations": np.array([np.inf])}),
    }
    for text, seeded in bad.items():
        monkeypatch.setitem(contrastive_cases.CASES, "goodness", (seeded,))
        with pytest.raises(EmissionError, match=text):
            fixture(CATALOGUE["goodness"])


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "file.json"
    write_atomically(path, "old\n")
    assert path.stat().st_mode & 0o777 == 0o644 or path.stat().st_mode & 0o600 == 0o600

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, step, fails)
            with pytest.raises(OSError, match="No space left"):
                write_atomically(path, "new\n")
        assert contents(tmp_path) == {"file.json": b"old\n"}
    write_atomically(path, "new\n")
    assert contents(tmp_path) == {"file.json": b"new\n"}


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write everywhere: step down for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_is_left_alone() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file.json").write_text("old\n")
        os.chmod(folder, 0o555)
        with ordinary_user(), pytest.raises(PermissionError):
            write_atomically(Path(folder) / "file.json", "new\n")
        assert contents(Path(folder)) == {"file.json": b"old\n"}
        os.chmod(folder, 0o755)


# reading


@pytest.mark.parametrize("damage", ["truncated", "edited", "emptied", "missing"])
def test_a_damaged_file_is_named(damage: str, scratch: Path, spikemirror: Callable[..., Any]) -> None:
    path = scratch / "goodness.json"
    text = path.read_text()
    match damage:
        case "truncated":
            path.write_text(text[: len(text) // 2])
        case "edited":
            path.write_text(text.replace("405a1434", "405a1435"))
        case "emptied":
            path.write_text("")
        case "missing":
            path.unlink()
    with pytest.raises(GoldenError, match=r"goodness\.json"):
        Golden(scratch).cases("goodness")
    assert Golden(scratch).cases("infonce")
    done = spikemirror("parity", "-k", "goodness", "--mirror", "python", env={"SPIKEMIRROR_GOLDEN": str(scratch)})
    assert done.returncode == 1
    assert "goodness.json" in done.stderr
    assert "golden emit" in done.stderr
    assert "Traceback" not in done.stderr
    linted = golden_command("lint")
    assert linted.exit_code == 1
    assert "goodness.json" in linted.stdout


def test_what_the_manifest_says_is_checked(scratch: Path) -> None:
    (scratch / "extra.json").write_text("{}")
    assert Golden(scratch).verify() == [f"extra.json: not listed in {MANIFEST}"]
    (scratch / "extra.json").unlink()
    record = json.loads((scratch / MANIFEST).read_text())
    (scratch / MANIFEST).write_text(json.dumps(record | {"digest": "0" * 64}))
    assert Golden(scratch).verify() == [f"{MANIFEST}: its digest is not that of its own list"]
    (scratch / MANIFEST).write_text(json.dumps(record | {"format": 2}))
    with pytest.raises(GoldenError, match="format 2, this program reads 1"):
        Golden(scratch)
    (scratch / MANIFEST).write_text("{")
    with pytest.raises(GoldenError, match=MANIFEST):
        Golden(scratch)
    with pytest.raises(GoldenError, match=r"not found; set SPIKEMIRROR_GOLDEN or run"):
        Golden(scratch / "nowhere")


def test_unknown_cases_are_told_with_the_known_ones(golden: Golden) -> None:
    with pytest.raises(LookupError, match=r"goodness has no case 'plane'; there are .*plain"):
        golden.case("goodness", "plane")


# lint


def case_named(document: Document, name: str) -> Document:
    return next(c for c in document["cases"] if c["id"] == name)


def edit(change: Callable[[Document, Document], object]) -> Callable[[Document], None]:
    """A change of the case `plain` of goodness, which also gets the whole file."""

    def apply(document: Document) -> None:
        change(case_named(document, "plain"), document)

    return apply


def output(case: Document) -> Document:
    return case["expected"]["float32"]["outputs"]["goodness"]  # type: ignore[no-any-return]


REFUSAL = {"code": "bad_rank", "argument": "activations"}
SEEDED: dict[str, tuple[Callable[[Document], None], str]] = {
    "id twice": (edit(lambda c, d: case_named(d, "empty").update(id="plain")), "ids used more than once: plain"),
    "few cases": (
        edit(lambda c, d: d.update(cases=d["cases"][:3] + d["cases"][-4:])),
        "3 valid cases; at least 12 are due",
    ),
    "no why": (edit(lambda c, d: c.update(why=" ")), "plain: `why` must be one line"),
    "long why": (edit(lambda c, d: c.update(why="a\nb")), "plain: `why` must be one line"),
    "no catches": (edit(lambda c, d: c.update(catches=[])), "plain: `catches` names no fault"),
    "unknown catches": (edit(lambda c, d: c.update(catches=["typo"])), "plain: `catches` names no known fault: typo"),
    "parameters": (edit(lambda c, d: c.update(parameters={"theta": 1.0})), "plain: parameters are theta"),
    "inputs": (
        edit(lambda c, d: c["inputs"].update(other=c["inputs"]["activations"])),
        "plain: inputs are activations, other",
    ),
    "input values": (
        edit(lambda c, d: c["inputs"]["activations"]["values"].__setitem__(0, 9.5)),
        "plain: activations: `values` are not those of `bits`",
    ),
    "nothing": (edit(lambda c, d: c.update(expected={})), "plain: expects nothing"),
    "dtype": (
        edit(lambda c, d: c["expected"].update(int32=c["expected"].pop("float64"))),
        "plain: int32 is not a dtype of the kernel",
    ),
    "both": (
        edit(lambda c, d: c["expected"]["float32"].update(rejection=REFUSAL)),
        "plain: float32: expects both or neither",
    ),
    "neither": (edit(lambda c, d: c["expected"]["float32"].clear()), "plain: float32: expects both or neither"),
    "code": (
        edit(lambda c, d: c["expected"].update(float32={"rejection": {**REFUSAL, "code": "bad_luck"}})),
        "plain: float32: no such rejection: bad_luck of activations",
    ),
    "argument": (
        edit(lambda c, d: c["expected"].update(float32={"rejection": {**REFUSAL, "argument": "z"}})),
        "plain: float32: no such rejection: bad_rank of z",
    ),
    "outputs": (
        edit(lambda c, d: c["expected"]["float32"].update(outputs={})),
        "plain: float32: outputs are ; they must be",
    ),
    "policy": (edit(lambda c, d: output(c).update(policy="bits")), "policy bits; the catalogue says budget"),
    "output values": (
        edit(lambda c, d: output(c).update(values=[1.0])),
        "float32 goodness: `values` are not those of `bits`",
    ),
    "budgets": (edit(lambda c, d: output(c).update(budget=[])), "one finite budget per element is due"),
    "negative budget": (edit(lambda c, d: output(c).update(budget=[-1.0])), "one finite budget per element is due"),
    "broken bits": (edit(lambda c, d: output(c).update(bits="405a14")), "plain: float32: goodness: `bits`"),
    "broken shape": (edit(lambda c, d: c["inputs"]["activations"].update(shape=[4])), "plain: activations:"),
    "capital bits": (
        edit(lambda c, d: output(c).update(bits=output(c)["bits"].upper().replace("4", "A"))),
        "plain: float32: goodness: `bits` are not words of 8 hexadecimal digits",
    ),
    "another output": (
        edit(lambda c, d: output(c).update(shape=[1])),
        "plain: float32: goodness: float32(1,); it must be float32()",
    ),
    "a dtype that is none": (
        edit(lambda c, d: c["inputs"]["activations"].update(dtype="O")),
        "plain: activations: 'O' is no dtype of a fixture",
    ),
    "a shape that is none": (
        edit(lambda c, d: c["inputs"]["activations"].update(shape=[-1, -3])),
        "plain: activations: (-1, -3) is no shape",
    ),
    "a shape of many elements": (
        edit(lambda c, d: c["inputs"]["activations"].update(shape=[1 << 40, 1 << 40])),
        f"plain: activations: `bits` hold 5 elements for shape ({1 << 40}, {1 << 40})",
    ),
    "real inputs": (
        edit(lambda c, d: c["inputs"]["activations"].update(dtype="int32")),
        "plain: float32: real inputs are int32",
    ),
    "kernel": (edit(lambda c, d: d.update(kernel="infonce")), "is the file of kernel infonce"),
}


def test_lint_likes_the_fixtures(golden: Golden) -> None:
    assert lint(golden) == []
    result = golden_command("lint")
    assert (result.exit_code, result.stdout) == (0, f"{len(CATALOGUE)} kernels: nothing to complain about\n")


@pytest.mark.parametrize("name", SEEDED)
def test_lint_finds(name: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed, text = SEEDED[name]
    path = scratch / "goodness.json"
    for other in set(scratch.glob("*.json")) - {path}:
        other.unlink()
    monkeypatch.setattr("spikemirror.golden.lint.CATALOGUE", {"goodness": CATALOGUE["goodness"]})
    document = json.loads(path.read_text())
    seed(document)
    path.write_text(to_json(document))
    reseal(scratch)
    result = golden_command("lint")
    assert result.exit_code == 1, result.output
    assert text in result.stdout


def test_lint_finds_a_kernel_without_fixtures(scratch: Path) -> None:
    (scratch / "goodness.json").unlink()
    reseal(scratch)
    assert lint(Golden(scratch)) == ["goodness: the kernel has no fixture file"]


def test_lint_finds_a_fixture_without_kernel(scratch: Path) -> None:
    shutil.copy(scratch / "goodness.json", scratch / "badness.json")
    reseal(scratch)
    assert any("badness" in line for line in lint(Golden(scratch)))


# check and diff


def test_check_and_diff_agree_with_a_fresh_emission(
    emitted: dict[str, str], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "emit", lambda _: emitted)
    assert golden_command("check").exit_code == 0
    same = golden_command("diff")
    assert (same.exit_code, same.stdout) == (0, "a fresh emission changes nothing\n")
    path = scratch / "goodness.json"
    document = json.loads(path.read_text())
    old = case_named(document, "plain")
    old["why"] = "another reason"
    old["expected"]["float32"]["outputs"]["goodness"]["bits"] = "405a1435"
    document["cases"].append({**copy.deepcopy(old), "id": "gone"})
    document["cases"] = [c for c in document["cases"] if c["id"] != "empty"]
    document["citation"] = "hearsay"
    path.write_text(to_json(document))
    (scratch / "stray.json").write_text("{}")
    (scratch / "infonce.json").write_text("{")
    (scratch / "stdp_trace.json").unlink()
    told = golden_command("diff")
    assert told.exit_code == 1
    for line in (
        "goodness.json: case gone would go",
        "goodness.json: case empty would be new",
        "goodness.json: citation was 'hearsay', would be 'Ororbia",
        "infonce.json: not JSON",
        "stdp_trace.json: new",
        "stray.json: no kernel has this file",
    ):
        assert line in told.stdout
    change = next(line for line in told.stdout.splitlines() if "case plain would change in" in line)
    assert "why" in change
    assert "expected.float32.outputs.goodness.bits" in change
    assert "float64" not in change
    checked = golden_command("check")
    assert checked.exit_code == 1
    assert "goodness.json: a fresh emission differs" in checked.stdout


def test_differences_of_the_same_are_none(emitted: dict[str, str], golden: Golden) -> None:
    assert list(differences(golden.path, emitted)) == []


# schemas


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid_closed_and_of_2020(name: str) -> None:
    schema = json.loads(schema_text(name))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        if definition.get("type") == "object":
            assert definition.get("additionalProperties") is False, definition["title"]


def test_schemas_accept_the_fixtures(golden: Golden) -> None:
    assert validate(golden.path) == []


PLACES: dict[str, Callable[[Document], Document]] = {
    "file": lambda d: d,
    "case": lambda d: d["cases"][0],
    "input": lambda d: d["cases"][0]["inputs"]["activations"],
    "expected": lambda d: d["cases"][0]["expected"]["float32"],
    "output": lambda d: d["cases"][0]["expected"]["float32"]["outputs"]["goodness"],
}


@pytest.mark.parametrize("place", PLACES)
def test_schema_refuses_extra_and_missing_keys(place: str, golden: Golden) -> None:
    document = json.loads((golden.path / "goodness.json").read_text())
    schema = validator("fixture")
    assert schema.is_valid(document)
    extra, less = copy.deepcopy(document), copy.deepcopy(document)
    PLACES[place](extra)["surprise"] = 1
    assert not schema.is_valid(extra)
    if place != "expected":
        PLACES[place](less).popitem() if place != "output" else PLACES[place](less).pop("policy")
        assert not schema.is_valid(less)


def test_manifest_schema_refuses_extra_keys(golden: Golden) -> None:
    record = json.loads((golden.path / MANIFEST).read_text())
    assert validator("manifest").is_valid(record)
    assert not validator("manifest").is_valid({**record, "surprise": 1})


def test_edited_documents_are_told_with_their_place(scratch: Path) -> None:
    document = json.loads((scratch / "goodness.json").read_text())
    document["cases"][0]["why"] = 3
    (scratch / "goodness.json").write_text(json.dumps(document))
    (scratch / "infonce.json").write_text("[1, 2")
    told = validate(scratch)
    assert any(line.startswith("goodness.json: $.cases[0].why: ") for line in told)
    assert any(line.startswith("infonce.json: not JSON") for line in told)
