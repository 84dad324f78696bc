"""The programs that this process starts: each in a session of its own, and none outlives it, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

GUARD = ("/bin/sh", "-c", 'read -r _; kill -s KILL -- "-$0"')
"""A shell that waits until its input ends, and then ends a process group."""

_running: set[Program] = set()
_stopping = threading.Event()
_thread = threading.local()


class Stopped(BaseException):
    """This process was told to end: it starts nothing any more."""


class Program:
    """A running program, with all that it starts in turn. `how` is what subprocess.Popen takes.

    A terminal's Ctrl-C reaches this process alone, which then ends the program. If this process is killed, the input of
    the guard ends; the program may be too busy to notice that its own does.
    """

    def __init__(self, command: Sequence[str], **how: Any) -> None:
        _thread.starts = True
        try:
            self._start(command, how)
        finally:
            _thread.starts = False

    def _start(self, command: Sequence[str], how: Mapping[str, Any]) -> None:
        if _stopping.is_set():
            raise Stopped
        self.process = subprocess.Popen(command, start_new_session=True, **how)
        try:
            self._guard = subprocess.Popen(
                [*GUARD, str(self.process.pid)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            _end(self.process)
            raise
        _running.add(self)
        if _stopping.is_set():
            self.kill()
            raise Stopped

    def kill(self) -> None:
        """End it and all that it started, once it is done or in the middle of its work."""
        _running.discard(self)
        _end(self.process)
        assert self._guard.stdin is not None
        _end(self._guard)
        self._guard.stdin.close()

    def forget(self) -> None:
        """In a forked child: it is the parent's."""
        for process in (self.process, self._guard):
            process.returncode = 0  # nothing to wait for
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def run(
    command: Sequence[str], *, timeout: float, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a program says, and how it ends; subprocess.TimeoutExpired if it does not in time. Nothing of it is left."""
    program = Program(
        command, cwd=cwd, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with program.process as process:
        try:
            output, errors = process.communicate(timeout=timeout)
        finally:
            program.kill()
    if _stopping.is_set():
        raise Stopped
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def stop() -> None:
    """End all that runs and start nothing any more: whichever thread waits for a program, or wants one, is Stopped.

    So is the caller, a handler of signals, unless it interrupts the start of a program: then that is.
    """
    _stopping.set()
    for program in list(_running):
        _signal(program.process)
    if not getattr(_thread, "starts", False):
        raise Stopped


def _signal(process: subprocess.Popen[Any]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is macOS' word for a zombie
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[Any]) -> None:
    _signal(process)
    process.wait()


def _forget_all() -> None:
    for program in list(_running):
        program.forget()
    _running.clear()


os.register_at_fork(after_in_child=_forget_all)
