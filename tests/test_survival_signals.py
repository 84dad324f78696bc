"""SIGINT, SIGTERM and SIGKILL in the middle of the work: exit codes, a line, whole files, and no process left."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spikemirror import programs
from spikemirror.files import write_all, write_atomically

PATIENCE = 60
"""Seconds for what takes a moment."""
TOKEN = "SPIKEMIRROR_TEST_TOKEN"
"""In the environment of a program and of all that it starts, so that a test can look for what is left."""
WHOLE = {
    "parity": ("parity", "--mirror", "python", "--mirror", "julia"),
    "bench": ("bench", "run", "--mirror", "julia"),
}


def marked(token: str) -> dict[int, str]:
    """The command lines of the processes with this token in their environment."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()  # empty for the dead
            if line and f"{TOKEN}={token}".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = line.replace(b"\0", b" ").decode()
    return found


def eventually(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def token() -> Iterator[str]:
    """Marks a test's processes; none may outlive it."""
    made = str(uuid.uuid4())
    yield made
    eventually(lambda: not marked(made))


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """Where a program keeps its temporary files."""
    (tmp_path / "tmp").mkdir()
    yield tmp_path
    assert list((tmp_path / "tmp").iterdir()) == []


def start(token: str, scratch: Path, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("spikemirror")), *arguments]
    environment = {**os.environ, TOKEN: token, "TMPDIR": str(scratch / "tmp"), "COLUMNS": "200"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment, text=True)


def busy(program: subprocess.Popen[str], token: str) -> bool:
    """Whether it has started Julia, and with it the work."""
    assert program.poll() is None
    return any("worker.jl" in line for line in marked(token).values())


def loaded(program: subprocess.Popen[str], library: str) -> bool:
    assert program.poll() is None
    return library in Path(f"/proc/{program.pid}/maps").read_text()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("command", WHOLE)
def test_a_run_with_mirrors(command: str, number: signal.Signals, status: int, token: str, scratch: Path) -> None:
    target = scratch / "record.json"
    target.write_text("old")
    program = start(token, scratch, *WHOLE[command], "--format", "json", "--out", str(target))
    eventually(lambda: busy(program, token))
    program.send_signal(number)
    output, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, output, errors) == (status, "", f"spikemirror: stopped by {number.name}\n")
    assert target.read_text() == "old"
    assert sorted(p.name for p in scratch.iterdir()) == ["record.json", "tmp"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_emission(number: signal.Signals, status: int, token: str, scratch: Path) -> None:
    program = start(token, scratch, "golden", "emit", "--out", str(scratch / "golden"))
    eventually(lambda: loaded(program, "flint"))
    program.send_signal(number)
    output, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, output, errors) == (status, "", f"spikemirror: stopped by {number.name}\n")
    assert not (scratch / "golden").exists()


def test_the_second_signal_does_not_disturb_the_first(token: str, scratch: Path) -> None:
    program = start(token, scratch, *WHOLE["parity"])
    eventually(lambda: busy(program, token))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
        program.send_signal(number)
    _, errors = program.communicate(timeout=PATIENCE)
    assert (program.returncode, errors) == (130, "spikemirror: stopped by SIGINT\n")


def test_what_is_ignored_stays_so(token: str, scratch: Path) -> None:
    """As under nohup."""
    command = [str(Path(sys.executable).with_name("spikemirror")), "run", "goodness/plain", "--mirror", "julia"]
    environment = {**os.environ, TOKEN: token}
    program = subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command], stdout=subprocess.PIPE, env=environment, text=True
    )
    eventually(lambda: busy(program, token))
    program.send_signal(signal.SIGHUP)
    program.communicate(timeout=PATIENCE)
    assert program.returncode == 0


def test_the_terminal_is_left_sane(token: str, scratch: Path) -> None:
    """The progress bar hides the cursor."""
    ours, theirs = pty.openpty()
    program = start(token, scratch, *WHOLE["parity"], stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"\x1b[?25l" not in shown:
        shown += os.read(ours, 4096)
    eventually(lambda: busy(program, token))
    program.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # a terminal ends so
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert shown.endswith(b"spikemirror: stopped by SIGINT\r\n")


def test_nothing_survives_a_killed_harness(token: str, scratch: Path) -> None:
    program = start(token, scratch, *WHOLE["parity"])
    eventually(lambda: busy(program, token))
    program.kill()
    program.communicate(timeout=PATIENCE)
    eventually(lambda: not marked(token))


GRANDCHILD = ["/bin/sh", "-c", "sleep 1000 & while :; do :; done"]


def test_what_is_too_busy_to_notice_dies_with_the_harness(token: str) -> None:
    """Neither the loop nor its child reads anything."""
    code = f"import signal; from spikemirror import programs; programs.Program({GRANDCHILD!r}); signal.pause()"
    harness = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, TOKEN: token})
    eventually(lambda: any(line.startswith("sleep") for line in marked(token).values()))
    harness.kill()
    harness.wait()
    eventually(lambda: not marked(token))


def test_a_program_is_ended_with_all_that_it_started(token: str) -> None:
    program = programs.Program(GRANDCHILD, env={TOKEN: token})
    eventually(lambda: any(line.startswith("sleep") for line in marked(token).values()))
    program.kill()
    assert program.process.returncode == -signal.SIGKILL
    eventually(lambda: not marked(token))


def test_what_a_program_says(tmp_path: Path) -> None:
    done = programs.run(
        ["/bin/sh", "-c", "pwd; echo $A; echo no >&2; exit 7"], timeout=60, cwd=tmp_path, env={"A": "b"}
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{tmp_path}\nb\n", "no\n", 7)
    with pytest.raises(FileNotFoundError):
        programs.run(["/no/such/program"], timeout=60)


def test_a_program_that_takes_too_long_is_ended(token: str) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(GRANDCHILD, timeout=0.2, env={TOKEN: token})


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For a test that stops this process, which lives on, as do the mirrors of the session."""
    monkeypatch.setattr(programs, "_running", set())
    yield
    programs._stopping.clear()


@pytest.mark.usefixtures("stopping")
def test_who_is_told_to_stop_starts_nothing(token: str) -> None:
    running = programs.Program(GRANDCHILD, env={TOKEN: token})
    with pytest.raises(programs.Stopped):
        programs.stop()
    assert running.process.wait(PATIENCE) == -signal.SIGKILL
    running.kill()
    with pytest.raises(programs.Stopped):
        programs.Program(GRANDCHILD)


@pytest.mark.usefixtures("stopping")
def test_a_program_being_started_is_ended_too(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes when the program runs and nobody knows of it yet."""
    popen = subprocess.Popen

    def interrupted(*arguments: object, **how: object) -> subprocess.Popen[bytes]:
        process = popen(*arguments, **how)  # type: ignore[call-overload]
        programs.stop()
        return process  # type: ignore[no-any-return]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(programs.Stopped):
        programs.Program(GRANDCHILD, env={TOKEN: token})


def test_a_signal_while_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first is put in place none is, after it all are."""
    old, new = {"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}
    for step, wanted in (("fsync", old), ("replace", new)):
        write_all(tmp_path, old)
        real, calls = getattr(os, step), 0

        def interrupted(*arguments: object, real: Callable[..., None] = real) -> None:
            nonlocal calls
            calls += 1
            real(*arguments)
            if calls == 2:
                raise programs.Stopped

        with monkeypatch.context() as patched:
            patched.setattr(os, step, interrupted)
            with pytest.raises(programs.Stopped):
                write_all(tmp_path, new)
        assert {p.name: p.read_text() for p in tmp_path.iterdir()} == wanted


def test_writing_to_what_is_no_file(tmp_path: Path) -> None:
    """Not to be replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, "text\n")
    assert os.read(reader, 100) == b"text\n"
    os.close(reader)
    assert pipe.is_fifo()
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "text\n")
