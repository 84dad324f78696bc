"""A mirror in another process: any program that speaks the protocol. Its crash, hang or nonsense costs one call."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import BinaryIO, TypeVar

import msgspec
import numpy as np

from spikemirror.catalogue.check import rejection
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.catalogue.rejection import Code
from spikemirror.golden.fixture import encode_value
from spikemirror.mirrors.arena import Arena
from spikemirror.mirrors.mirror import MirrorFault, MirrorHung
from spikemirror.mirrors.protocol import (
    MAX_LINE,
    OPAQUE,
    VERSION,
    Bye,
    Call,
    Failed,
    Hello,
    Introduction,
    Rejected,
    Reply,
    Request,
    Result,
    Time,
    Times,
    WireArray,
    from_base64,
    is_opaque,
)

START_SECONDS = 120.0
CALL_SECONDS = 60.0
END_SECONDS = 5.0
QUOTED = 200
PATIENCE = 3
"""Calls in a row without an answer after which a mirror is not asked again."""

R = TypeVar("R")


class ProcessMirror:
    """Starts the program when it is needed, and again after it died; arrays go through an arena."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        own_descriptors: bool = False,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._own_descriptors = own_descriptors
        self._call_seconds = call_seconds
        self._connection: _Connection | None = None
        self._introduction: Introduction | None = None
        self._arena = Arena()
        self._id = 0
        self._hangs = 0
        self._broken = ""
        self._lock = threading.Lock()

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
        arrays = [*inputs, *outputs]
        plain = [a for a in arrays if not is_opaque(a)]
        slots = self._arena.slots(plain)
        for (_, view), array in zip(slots, plain, strict=True):
            np.copyto(view, array)
        mapped = (WireArray(v.dtype.name, list(v.shape), file=self._arena.path, offset=o) for o, v in slots)
        wires = [WireArray(OPAQUE, list(a.shape)) if is_opaque(a) else next(mapped) for a in arrays]
        self._id += 1
        arguments = (
            self._id,
            kernel.name,
            {p.name: encode_value(v) for p, v in zip(kernel.parameters, parameters, strict=True)},
            {i.name: wire for i, wire in zip(kernel.inputs, wires[: len(inputs)], strict=True)},
            {o.name: wire for o, wire in zip(kernel.outputs, wires[len(inputs) :], strict=True)},
        )
        request = Time(*arguments, repeats) if repeats else Call(*arguments)
        reply = self._ask(connection, request, self._call_seconds * max(repeats, 1))
        match reply:
            case Failed(id=None | self._id, message=message):
                raise MirrorFault(message)
            case Rejected(id=self._id):
                raise _rejection(reply, kernel, inputs, parameters)
            case Result(id=self._id, outputs=returned) if not repeats:
                samples: list[int] = []
            case Times(id=self._id, nanoseconds=samples, outputs=returned) if repeats:
                if len(samples) != repeats or min(samples) < 0:
                    raise MirrorFault(f"{len(samples)} durations for {repeats} repetitions, or one below 0")
            case _:
                self._drop()
                raise MirrorFault(f"unexpected answer to request {self._id}: {_short(msgspec.json.encode(reply))}")
        for declared, wire, slot, output in zip(
            kernel.outputs, wires[len(inputs) :], slots[len(slots) - len(outputs) :], outputs, strict=True
        ):
            _take(declared.name, returned.get(declared.name), wire, slot[1], output)
        return samples

    def _connect(self) -> _Connection:
        if self._broken:
            raise MirrorFault(self._broken)
        if self._connection is None:
            try:
                self._connection = _Connection(self._command, self._environment, self._own_descriptors)
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


def _rejection(reply: Rejected, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value]) -> Exception:
    if reply.code not in Code.__members__ or (reply.argument or kernel.arguments[0]) not in kernel.arguments:
        return MirrorFault(f"a rejection that does not exist: {reply.code} of {reply.argument}")
    argument = reply.argument or kernel.arguments[0]
    return rejection(kernel, Code[reply.code], argument, inputs, parameters)


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


class _Connection:
    """A running program and the two ends of its lines."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], own_descriptors: bool) -> None:
        self._errors: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        self._rest = bytearray()
        request_end, self._write = os.pipe()
        self._read, reply_end = os.pipe()
        # a session of its own: a terminal's Ctrl-C must reach the harness alone, which then ends the program
        try:
            if own_descriptors:
                self._process = subprocess.Popen(
                    [*command, str(request_end), str(reply_end)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=self._errors, env=environment, pass_fds=(request_end, reply_end), start_new_session=True,
                )  # fmt: skip
            else:
                self._process = subprocess.Popen(
                    command, stdin=request_end, stdout=reply_end, stderr=self._errors, env=environment,
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            os.close(self._write)
            os.close(self._read)
            self._errors.close()
            raise MirrorFault(f"cannot start {command[0]}: {error}") from None
        finally:
            os.close(request_end)
            os.close(reply_end)
        self._decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)

    @property
    def process_id(self) -> int:
        """Of the program."""
        return self._process.pid

    def ask(self, request: Request, seconds: float) -> Reply:
        """Send a line, read a line."""
        deadline = time.monotonic() + seconds
        message = msgspec.json.encode(request) + b"\n"
        try:
            written = 0
            while written < len(message):
                written += os.write(self._write, message[written:])
        except BrokenPipeError:
            raise MirrorFault(self._obituary()) from None
        line = self._line(deadline, seconds)
        try:
            return self._decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise MirrorFault(f"garbage instead of an answer ({error}): {_short(line)}") from None

    def _line(self, deadline: float, seconds: float) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._read, selectors.EVENT_READ)
            start = 0
            while True:
                end = self._rest.find(b"\n", start)
                if end >= 0:
                    line = bytes(self._rest[:end])
                    del self._rest[: end + 1]
                    return line
                if len(self._rest) > MAX_LINE:
                    raise MirrorFault(f"a line of more than {MAX_LINE} bytes: {_short(bytes(self._rest[:QUOTED]))}")
                start = len(self._rest)
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise MirrorHung(f"no answer within {seconds:g} s: killed")
                chunk = os.read(self._read, 1 << 20)
                if not chunk:
                    raise MirrorFault(self._obituary())
                self._rest += chunk

    def _obituary(self) -> str:
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its output"
        why = f"died of {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
        self._errors.seek(0)
        tail = self._errors.read()[-2000:].decode("utf-8", "replace").strip()
        return f"{why}; its last words:\n{tail}" if tail else why

    def end(self) -> None:
        """Ask it to leave; kill it if it does not."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write, msgspec.json.encode(Bye()) + b"\n")
        os.close(self._write)
        self._write = -1
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._write, self._read):
            if descriptor >= 0:
                os.close(descriptor)
        self._errors.close()


def _short(line: bytes) -> str:
    text = line[:QUOTED].decode("utf-8", "replace")
    return repr(text) + (" ..." if len(line) > QUOTED else "")
