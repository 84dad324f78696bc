"""Fixtures that were cut off or edited by hand: every command that believes them names the file, and exits 1."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikemirror.golden import command as golden_command
from spikemirror.golden.emit import MANIFEST
from spikemirror.golden.load import Golden

Program = Callable[..., Any]
COMMANDS = {
    "parity": ("parity", "-k", "goodness", "--mirror", "python"),
    "run": ("run", "goodness/plain"),
    "bench": ("bench", "run", "--quick", "-k", "goodness", "--mirror", "python"),
}


@pytest.fixture
def scratch(project: Path, tmp_path: Path) -> Path:
    """A copy of the fixtures."""
    folder = tmp_path / "golden"
    shutil.copytree(project / "golden", folder)
    return folder


def truncated(folder: Path) -> str:
    path = folder / "goodness.json"
    path.write_bytes(path.read_bytes()[:-100])
    return "goodness.json"


def edited(folder: Path) -> str:
    """A digit of one expected value."""
    path = folder / "goodness.json"
    text = path.read_text()
    assert "405a1434" in text
    path.write_text(text.replace("405a1434", "405a1435"))
    return "goodness.json"


def resealed(folder: Path) -> str:
    """By somebody who also edits the hash of the file, but not the digest over all."""
    edited(folder)
    path = folder / MANIFEST
    record = json.loads(path.read_text())
    record["files"]["goodness.json"] = hashlib.sha256((folder / "goodness.json").read_bytes()).hexdigest()
    path.write_text(json.dumps(record))
    return MANIFEST


def redigested(folder: Path) -> str:
    """The digest alone, which records would quote."""
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"digest": "0" * 64}))
    return MANIFEST


OF_FILES, OF_THE_MANIFEST = (truncated, edited), (resealed, redigested)
SEEN_BY = [
    *(("run", damage) for damage in OF_FILES),  # which quotes no digest
    *((command, damage) for command in ("parity", "bench") for damage in OF_FILES + OF_THE_MANIFEST),
]


@pytest.mark.parametrize(("command", "damage"), SEEN_BY)
def test_it_is_named(command: str, damage: Callable[[Path], str], scratch: Path, spikemirror: Program) -> None:
    name = damage(scratch)
    done = spikemirror(*COMMANDS[command], env={"SPIKEMIRROR_GOLDEN": str(scratch)})
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    assert "sha256" in done.stderr or "digest" in done.stderr
    assert "run `spikemirror golden emit`" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("damage", [truncated, resealed])
def test_golden_check_names_it(
    damage: Callable[[Path], str], scratch: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = {p.name: p.read_text() for p in golden.path.glob("*.json")}
    monkeypatch.setattr(golden_command, "emit", lambda _: committed)
    monkeypatch.setenv("SPIKEMIRROR_GOLDEN", str(scratch))
    name = damage(scratch)
    done = CliRunner().invoke(golden_command.app, ["check"])
    assert done.exit_code == 1
    assert any(line.startswith(f"{name}: ") for line in done.stdout.splitlines()), done.stdout
    assert "sha256" in done.stdout or "digest" in done.stdout
