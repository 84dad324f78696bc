"""A full disk and a read-only folder: one clear line, exit 1, the old file as it was and nothing beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SPIKEMIRROR = str(Path(sys.executable).with_name("spikemirror"))
CONFINED = """
disk=$1 result=$2 state=$3; shift 3
mount -t tmpfs -o size=64k tmpfs "$disk" || exit 99
printf old > "$disk/old.json"
case $state in
    full) dd if=/dev/zero of="$disk/filler" bs=1k count=100 2> "$result/dd" ;;
    read-only) mount -o remount,ro "$disk" ;;
esac
"$@"
code=$?
cp -R "$disk/." "$result/disk"
exit $code
"""
"""A disk of 64 KiB that this process and those that it starts see alone; its end state is copied."""
STATES = {"full": "No space left on device", "read-only": "Read-only file system"}


@dataclass(frozen=True)
class Outcome:
    """What a program did on a bad disk."""

    status: int
    output: str
    errors: str
    left: dict[str, bytes]


@dataclass(frozen=True)
class BadDisk:
    """Runs programs that find their disk full, or read-only."""

    path: Path
    state: str

    def run(self, *command: str, **environment: str) -> Outcome:
        result = self.path.with_name("result")
        result.mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "/bin/sh", "-c", CONFINED, "sh", str(self.path), str(result), self.state, *command],
            capture_output=True, text=True, check=False, timeout=280, env={**os.environ, **environment},
        )  # fmt: skip
        files = [p for p in (result / "disk").rglob("*") if p.name != "filler"]
        left = {str(p.relative_to(result / "disk")): p.read_bytes() for p in files if p.is_file()}
        return Outcome(done.returncode, done.stdout, done.stderr, left)

    @property
    def why(self) -> str:
        return STATES[self.state]


@pytest.fixture(params=STATES)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> BadDisk:
    folder = tmp_path / "disk"
    folder.mkdir()
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    try:
        subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"only root may make a file system: {error}")
    return BadDisk(folder, request.param)


EMISSION = """
import sys
from spikemirror import cli
from spikemirror.golden import command
command.emit = lambda _: {"old.json": "new", "large.json": "x" * 200_000, "MANIFEST.json": "{}"}
sys.argv = ["spikemirror", "golden", "emit", "--out", sys.argv[1]]
cli.main()
"""


def test_golden_emit(disk: BadDisk) -> None:
    told = disk.run(sys.executable, "-c", EMISSION, str(disk.path))
    assert (told.status, told.output) == (1, "")
    assert told.errors.startswith(f"spikemirror: {disk.path}/")
    assert told.errors.endswith(f".json: {disk.why}\n")
    assert told.errors.count("\n") == 1
    assert told.left == {"old.json": b"old"}


@pytest.mark.parametrize("command", ["parity", "bench run --quick"])
def test_a_record(command: str, disk: BadDisk) -> None:
    target = disk.path / "old.json"
    options = (*command.split(), "--mirror", "python", "-k", "goodness", "--format", "json", "--out", str(target))
    told = disk.run(SPIKEMIRROR, *options)
    assert (told.status, told.output, told.errors) == (1, "", f"spikemirror: {target}: {disk.why}\n")
    assert told.left == {"old.json": b"old"}


@pytest.mark.parametrize("disk", ["read-only"], indirect=True)
def test_the_cache_of_mojo_builds(disk: BadDisk) -> None:
    """It costs this mirror and no other. That its disk is full is what the compiler itself says."""
    options = ("parity", "--mirror", "mojo", "--mirror", "python", "-k", "philox_words", "--format", "json")
    told = disk.run(SPIKEMIRROR, *options, SPIKEMIRROR_CACHE=str(disk.path / "cache"))
    assert (told.status, told.errors) == (0, "")
    record = json.loads(told.output)
    reason = next(m["reason"] for m in record["mirrors"] if m["name"] == "mojo")
    assert reason == f"{disk.path}/cache/mojo cannot be written ({disk.why}): set SPIKEMIRROR_CACHE"
    assert {(c["mirror"], c["status"]) for c in record["cells"]} == {("mojo", "not run"), ("python", "ok")}
    assert told.left == {"old.json": b"old"}


def test_julia_writes_nothing(disk: BadDisk, project: Path) -> None:
    julia = (project / ".cache" / "julia-exe").read_text().strip()
    told = disk.run(
        SPIKEMIRROR, "run", "goodness/plain", "--mirror", "julia",
        SPIKEMIRROR_CACHE=str(disk.path / "cache"), SPIKEMIRROR_JULIA_EXE=julia,
    )  # fmt: skip
    assert (told.status, told.errors) == (0, "")
    assert told.left == {"old.json": b"old"}


@pytest.mark.parametrize(
    "command", [["run", "goodness/plain"], ["golden", "lint"], ["parity", "-k", "goodness", "--mirror", "python"]]
)
def test_a_full_stdout(command: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [SPIKEMIRROR, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=280
        )
    assert done.returncode == 1
    assert done.stderr.removeprefix("spikemirror: ").removeprefix("stdout: ") == "No space left on device\n"


def test_a_reader_who_left() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as gone:
        done = subprocess.run(
            [SPIKEMIRROR, "golden", "lint"], stdout=gone, stderr=subprocess.PIPE, text=True, check=False, timeout=280
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
