"""A mirror in another process: any program that speaks the protocol. Its crash, hang or nonsense costs one call."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import select
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from spikemirror import memory
from spikemirror.catalogue.check import claimed
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.catalogue.rejection import Code, Rejection
from spikemirror.golden.fixture import encode_value
from spikemirror.mirrors.arena import Arena
from spikemirror.mirrors.mirror import MirrorFault, MirrorHung, Unsupported
from spikemirror.mirrors.protocol import (
    MAX_LINE,
    OPAQUE,
    REAL_DTYPES,
    VERSION,
    Bye,
    Call,
    Failed,
    Hello,
    Introduction,
    NotSupported,
    Rejected,
    Reply,
    Request,
    Result,
    Time,
    Times,
    WireArray,
    from_base64,
    is_opaque,
    read_reply,
    to_base64,
    version_of,
)
from spikemirror.programs import Program

START_SECONDS = 120.0
CALL_SECONDS = 60.0
END_SECONDS = 5.0
QUOTED = 200
TOLD = 2000
"""Of a program's nonsense, and of its own words, so much is told."""
PATIENCE = 3
"""Calls in a row without an answer after which a mirror is not asked again."""


_mirrors: weakref.WeakSet[ProcessMirror] = weakref.WeakSet()


class ProcessMirror:
    """Starts the program when it is needed, and again after it died; arrays go through an arena, or `inline`.

    Unless it is `trusted`, a call fails that writes where it must not, and half of the machine's memory is its limit.
    A forked child has a program of its own.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        own_descriptors: bool = False,
        inline: bool = False,
        trusted: bool = False,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self.name = name
        self._program = _Program(list(command), {**os.environ, **(environment or {})}, folder, own_descriptors)
        self._inline = inline
        self._trusted = trusted
        self._call_seconds = call_seconds
        self._connection: _Connection | None = None
        self._introduction: Introduction | None = None
        self._arena = Arena()
        self._id = 0
        self._hangs = 0
        self._broken = ""
        self._lock = threading.Lock()
        _mirrors.add(self)

    @property
    def introduction(self) -> Introduction:
        """What the program says it is; starts it."""
        if self._introduction is None:
            self._connect()
        assert self._introduction is not None
        return self._introduction

    @property
    def process_id(self) -> int:
        """Of the running program; starts it."""
        return self._connect().process_id

    @property
    def kernels(self) -> frozenset[str]:
        """See Mirror."""
        return frozenset(self.introduction.kernels)

    @property
    def partial(self) -> Mapping[str, frozenset[str]]:
        """See Mirror."""
        return {kernel: frozenset(outputs) for kernel, outputs in self.introduction.partial.items()}

    @property
    def dtypes(self) -> frozenset[str]:
        """The dtypes of real arrays that it has."""
        return frozenset(self.introduction.dtypes)

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        """See Mirror."""
        with self._lock:
            self._run(kernel, inputs, parameters, outputs, 0)

    def time(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        """See Mirror."""
        with self._lock:
            return self._run(kernel, inputs, parameters, outputs, repeats)

    def _run(
        self,
        kernel: Kernel,
        inputs: Sequence[Array],
        parameters: Sequence[Value],
        outputs: Sequence[Array],
        repeats: int,
    ) -> list[int]:
        connection = self._connect()
        dtype = kernel.call_dtype(inputs, parameters).name
        if dtype in REAL_DTYPES and dtype not in self.dtypes:
            raise Unsupported(f"{self.name} has no {dtype}")
        if self._inline:
            wires, views = [*map(_inline, inputs), *map(_slot, outputs)], list(outputs)
        else:
            wires, views = self._mapped([*inputs, *outputs])
        slots = {o.name: wire for o, wire in zip(kernel.outputs, wires[len(inputs) :], strict=True)}
        self._id += 1
        arguments = (
            self._id,
            kernel.name,
            {p.name: encode_value(v) for p, v in zip(kernel.parameters, parameters, strict=True)},
            {i.name: wire for i, wire in zip(kernel.inputs, wires[: len(inputs)], strict=True)},
            slots,
        )
        request = Time(*arguments, repeats) if repeats else Call(*arguments)
        if not self._trusted:
            connection.limit_memory(memory.total() // 2 + 2 * self._arena.size)
        reply = self._ask(connection, request, self._call_seconds * max(repeats, 1))
        answers_this = not isinstance(reply, Introduction) and reply.id in (None, self._id)
        if answers_this and not (self._trusted or self._inline):  # a late answer may write where arrays were before
            self._inspect(kernel, inputs, outputs, views)
        match reply:
            case Failed(id=None | self._id, message=message):
                raise MirrorFault(_told(message))
            case Rejected(id=self._id):
                raise _rejection(reply, kernel, inputs, parameters)
            case NotSupported(id=self._id, reason=reason):
                raise Unsupported(_told(reason))
            case Result(id=self._id, outputs=returned) if not repeats:
                samples: list[int] = []
            case Times(id=self._id, nanoseconds=samples, outputs=returned) if repeats:
                if len(samples) != repeats:
                    raise MirrorFault(f"{len(samples)} durations for {repeats} repetitions")
            case _:
                self._drop()
                raise MirrorFault(f"unexpected answer to request {self._id}: {_short(msgspec.json.encode(reply))}")
        if unknown := returned.keys() - slots.keys():
            raise MirrorFault(f"it answers with outputs that {kernel.name} does not have: {', '.join(sorted(unknown))}")
        for (name, slot), view, output in zip(slots.items(), views[len(views) - len(outputs) :], outputs, strict=True):
            _take(name, returned.get(name), slot, view, output)
        return samples

    def _mapped(self, arrays: Sequence[Array]) -> tuple[list[WireArray], list[Array]]:
        """Copies of the arrays in the arena, as references and as views; opaque ones have no bytes to copy."""
        plain = [a for a in arrays if not is_opaque(a)]
        try:
            slots = self._arena.slots(plain)
        except (MemoryError, OSError) as error:
            raise MirrorFault(f"its arrays do not fit: {error}") from None
        for (_, view), array in zip(slots, plain, strict=True):
            np.copyto(view, array)
        mapped = (WireArray(v.dtype.name, list(v.shape), file=self._arena.path, offset=o) for o, v in slots)
        return [_inline(a) if is_opaque(a) else next(mapped) for a in arrays], [view for _, view in slots]

    def _inspect(
        self, kernel: Kernel, inputs: Sequence[Array], outputs: Sequence[Array], views: Sequence[Array]
    ) -> None:
        """A mirror may write to its outputs and to nothing else."""
        plain = [(f"input {d.name}", a) for d, a in zip(kernel.inputs, inputs, strict=True) if not is_opaque(a)]
        names = [name for name, _ in plain] + [f"output {d.name}" for d in kernel.outputs]
        if broken := self._arena.broken_guard():
            raise MirrorFault(f"writes {broken[1]} {names[broken[0]]}")
        for (name, array), view in zip(plain, views, strict=False):
            if view.tobytes() != array.tobytes():
                raise MirrorFault(f"writes to its {name}")

    def _connect(self) -> _Connection:
        if self._broken:
            raise MirrorFault(self._broken)
        if self._connection is None:
            try:
                self._connection = _Connection(self._program)
                self._introduction = self._introduce(self._connection)
            except MirrorFault as fault:
                if self._introduction is None:
                    self._broken = f"not asked again, since it did not start: {fault}"
                raise
        return self._connection

    def _introduce(self, connection: _Connection) -> Introduction:
        reply = self._ask(connection, Hello(VERSION), START_SECONDS)
        if not isinstance(reply, Introduction) or reply.version != VERSION:
            self._drop()
            raise MirrorFault(f"no introduction in protocol version {VERSION}: {_short(msgspec.json.encode(reply))}")
        return reply

    def _ask(self, connection: _Connection, request: Request, seconds: float) -> Reply:
        """One request, one answer; whatever goes wrong, also Ctrl-C, leaves no half-read stream behind."""
        try:
            reply = connection.ask(request, seconds)
        except BaseException as error:
            self._drop()
            self._hangs = self._hangs + 1 if isinstance(error, MirrorHung) else 0
            if self._hangs == PATIENCE:
                self._broken = f"not asked again, since it did not answer {PATIENCE} times in a row"
            raise
        self._hangs = 0
        return reply

    def _forget(self) -> None:
        """In a forked child: the program, the arena and whoever holds the lock are the parent's."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._arena.close()
        self._arena, self._lock = Arena(), threading.Lock()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.kill()
            self._connection = None

    def close(self) -> None:
        """See Mirror."""
        if self._connection is not None:
            self._connection.end()
            self._connection = None
        self._arena.close()


def _forget_all() -> None:
    for mirror in list(_mirrors):
        mirror._forget()


os.register_at_fork(after_in_child=_forget_all)


def _rejection(reply: Rejected, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> Exception:
    if reply.code not in Code.__members__ or reply.argument not in (None, *kernel.arguments):
        return MirrorFault(f"a rejection that does not exist: {reply.code} of {reply.argument}")
    if reply.argument is None:
        return Rejection(Code[reply.code], "", f"{kernel.name}: an argument that was not named")
    return claimed(kernel, Code[reply.code], reply.argument, inputs, parameters)


def _inline(array: Array) -> WireArray:
    if is_opaque(array):
        return WireArray(OPAQUE, list(array.shape))
    return WireArray(array.dtype.name, list(array.shape), data=to_base64(array))


def _slot(output: Array) -> WireArray:
    """Room for an output that comes back inline."""
    return WireArray(output.dtype.name, list(output.shape))


def _take(name: str, returned: WireArray | None, slot: WireArray, view: Array, output: Array) -> None:
    """Copy one returned output; it must have the slot's dtype and shape."""
    if returned is None:
        raise MirrorFault(f"output {name} is missing from the answer")
    if (returned.dtype, returned.shape) != (slot.dtype, slot.shape):
        raise MirrorFault(
            f"output {name} is {returned.dtype} of shape {tuple(returned.shape)};"
            f" it must be {slot.dtype} of shape {tuple(slot.shape)}"
        )
    if returned.file is not None:
        if (returned.file, returned.offset) != (slot.file, slot.offset):
            raise MirrorFault(f"output {name} was written to {returned.file}, not to its slot")
        np.copyto(output, view)
        return
    try:
        np.copyto(output, from_base64(returned))
    except ValueError as error:
        raise MirrorFault(f"output {name}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Program:
    """How to start it."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None
    own_descriptors: bool


class _Connection:
    """A running program and the two ends of its lines."""

    def __init__(self, program: _Program) -> None:
        self._errors: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._rest = bytearray()
        request_end, self._write = os.pipe()
        self._read, reply_end = os.pipe()
        how = {"stderr": self._errors, "env": program.environment, "cwd": program.folder}
        try:
            if program.own_descriptors:
                self._program = Program(
                    [*program.command, str(request_end), str(reply_end)], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, pass_fds=(request_end, reply_end), **how,
                )  # fmt: skip
            else:
                self._program = Program(program.command, stdin=request_end, stdout=reply_end, **how)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise MirrorFault(f"cannot start {program.command[0]}: {error}") from None
            raise
        finally:
            os.close(request_end)
            os.close(reply_end)
        self._process = self._program.process
        self._mapped_at_first: int | None = None
        os.set_blocking(self._write, False)

    @property
    def process_id(self) -> int:
        """Of the program."""
        return self._process.pid

    def limit_memory(self, more: int) -> None:
        """Let it map so many bytes beyond those that it needed to introduce itself, where the system can limit it."""
        if not hasattr(resource, "prlimit"):
            return
        with contextlib.suppress(OSError):  # it is dead: whoever asks it will learn
            if self._mapped_at_first is None:
                pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[0]
                self._mapped_at_first = int(pages) * mmap.PAGESIZE
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_AS)
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (self._mapped_at_first + more, hard))

    def ask(self, request: Request, seconds: float) -> Reply:
        """Send a line, read a line."""
        deadline = time.monotonic() + seconds
        message = msgspec.json.encode(request) + b"\n"
        if len(message) > MAX_LINE:
            raise MirrorFault(f"a request of {len(message)} bytes; a line has at most {MAX_LINE}")
        if self._rest or _ready(self._read, select.POLLIN, 0):
            said = bytes(self._rest) or self._chunk()
            raise MirrorFault(f"unexpected answer, before anything was asked: {_short(said)}")
        self._send(message, deadline, seconds)
        line = self._line(deadline, seconds)
        try:
            return read_reply(line)
        except ValueError as error:
            if version_of(line) not in (None, VERSION):
                raise MirrorFault(f"no introduction in protocol version {VERSION}: {_short(line)}") from None
            raise MirrorFault(f"garbage instead of an answer ({error}): {_short(line)}") from None

    def _send(self, message: bytes, deadline: float, seconds: float) -> None:
        rest = memoryview(message)
        while rest:
            if not _ready(self._write, select.POLLOUT, deadline - time.monotonic()):
                raise MirrorHung(f"did not read its request within {seconds:g} s: killed")
            try:
                rest = rest[os.write(self._write, rest) :]
            except BrokenPipeError:
                raise MirrorFault(self._obituary("its input")) from None

    def _line(self, deadline: float, seconds: float) -> bytes:
        start = 0
        while (end := self._rest.find(b"\n", start)) < 0:
            if len(self._rest) > MAX_LINE:
                raise MirrorFault(f"a line of more than {MAX_LINE} bytes: {_short(bytes(self._rest[:QUOTED]))}")
            start = len(self._rest)
            if not _ready(self._read, select.POLLIN, deadline - time.monotonic()):
                raise MirrorHung(f"no answer within {seconds:g} s: killed")
            self._rest += self._chunk()
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def _chunk(self) -> bytes:
        chunk = os.read(self._read, 1 << 20)
        if not chunk:
            raise MirrorFault(self._obituary("its output"))
        return chunk

    def _obituary(self, closed: str) -> str:
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return f"closed {closed}"
        why = f"died of {_signal_name(-status)}" if status < 0 else f"exited with status {status}"
        self._errors.seek(max(self._errors.seek(0, os.SEEK_END) - TOLD, 0))
        tail = _told(self._errors.read(TOLD).decode("utf-8", "replace")).strip()
        return f"{why}; its last words:\n{tail}" if tail else why

    def end(self) -> None:
        """Ask it to leave; kill it if it does not."""
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            os.write(self._write, msgspec.json.encode(Bye()) + b"\n")
        os.close(self._write)
        self._write = -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started."""
        self._program.kill()
        self.close()

    def close(self) -> None:
        """Let go of what belongs to this process."""
        for descriptor in (self._write, self._read):
            if descriptor >= 0:
                os.close(descriptor)
        self._errors.close()


def _ready(descriptor: int, event: int, seconds: float) -> bool:
    """Whether there is something to read, or room to write, before the time is up."""
    if seconds < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(1000 * seconds))


def _told(words: str) -> str:
    """What a program says: not endless, and without what steers a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in words[:TOLD])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have no name
        return f"signal {number}"


def _short(line: bytes) -> str:
    text = line[:QUOTED].decode("utf-8", "replace")
    return repr(text) + (" ..." if len(line) > QUOTED else "")
