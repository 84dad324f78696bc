"""Serves a mirror of this process over the protocol: `python -m spikemirror.mirrors.serve NAME [IN_FD OUT_FD]`.

The harness runs every mirror in a process of its own, so that a crash costs one cell.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
import numpy as np

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Kernel
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.fixture import decode_value
from spikemirror.mirrors.mirror import Mirror, MirrorAbsent
from spikemirror.mirrors.protocol import (
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
    to_base64,
)


class Server:
    """Answers requests with a mirror."""

    def __init__(self, mirror: Mirror, versions: dict[str, str]) -> None:
        self._mirror = mirror
        self._versions = versions
        self._maps: dict[str, mmap.mmap] = {}

    def answer(self, request: Request) -> Reply:
        """The reply to anything but a farewell."""
        match request:
            case Hello(version=version) if version != VERSION:
                return Failed(None, f"protocol version {version}; this program speaks {VERSION}")
            case Hello():
                names = sorted(self._mirror.kernels)
                return Introduction(VERSION, self._mirror.name, self._versions, names, ["float32", "float64"])
            case Call() | Time():
                try:
                    return self._compute(request)
                except Rejection as rejection:
                    return Rejected(request.id, rejection.code, rejection.argument)
                except Exception as error:  # whatever a request is, the next one gets its answer
                    return Failed(request.id, f"{type(error).__name__}: {error}")
        raise AssertionError(request)

    def _compute(self, request: Call | Time) -> Reply:
        kernel = CATALOGUE[request.kernel]
        inputs = [self._array(request.inputs[i.name]) for i in kernel.inputs]
        parameters = [decode_value(request.parameters[p.name]) for p in kernel.parameters]
        slots = [request.outputs[o.name] for o in kernel.outputs]
        outputs = [self._array(s) if s.file else np.empty(s.shape, s.dtype) for s in slots]
        for declared, given, due in zip(kernel.outputs, outputs, kernel.allocate(inputs, parameters), strict=True):
            if (given.dtype, given.shape) != (due.dtype, due.shape):
                raise ValueError(
                    f"the slot of {declared.name} is {given.dtype}{given.shape}; it must be {due.dtype}{due.shape}"
                )
        if isinstance(request, Time):
            nanoseconds = self._mirror.time(kernel, inputs, parameters, outputs, request.repeats)
            return Times(request.id, nanoseconds, _returned(kernel, slots, outputs))
        self._mirror.call(kernel, inputs, parameters, outputs)
        return Result(request.id, _returned(kernel, slots, outputs))

    def _array(self, wire: WireArray) -> Array:
        if wire.file is None:
            return from_base64(wire)
        dtype, offset = np.dtype(wire.dtype), wire.offset or 0
        if dtype.hasobject:
            raise ValueError(f"dtype {wire.dtype!r} has no bytes")
        count = math.prod(wire.shape)
        flat = np.frombuffer(self._map(wire.file, offset + count * dtype.itemsize), dtype, count, offset)
        return flat.reshape(wire.shape)

    def _map(self, path: str, size: int) -> mmap.mmap:
        known = self._maps.get(path)
        if known is None or len(known) < size:
            with open(path, "r+b") as file:
                known = self._maps[path] = mmap.mmap(file.fileno(), 0)
        return known


def _returned(kernel: Kernel, slots: Sequence[WireArray], outputs: Sequence[Array]) -> dict[str, WireArray]:
    return {
        declared.name: slot if slot.file else WireArray(slot.dtype, slot.shape, data=to_base64(output))
        for declared, slot, output in zip(kernel.outputs, slots, outputs, strict=True)
    }


def serve(server: Server, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer line after line until the farewell or the end of input."""
    decoder = msgspec.json.Decoder(Request)
    for line in requests:
        try:
            request = decoder.decode(line)
        except msgspec.MsgspecError as error:
            reply: Reply = Failed(None, f"not a request: {error}")
        else:
            if isinstance(request, Bye):
                return
            reply = server.answer(request)
        replies.write(msgspec.json.encode(reply) + b"\n")
        replies.flush()


def main(arguments: Sequence[str]) -> None:
    """The program."""
    from spikemirror.mirrors import open_in_process, probe

    name = arguments[0]
    if len(arguments) == 3:
        requests: BinaryIO = os.fdopen(int(arguments[1]), "rb")
        replies: BinaryIO = os.fdopen(int(arguments[2]), "wb")
    else:
        requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # a stray print of a kernel must not corrupt the lines
    try:
        mirror = open_in_process(name)
    except MirrorAbsent as absent:
        raise SystemExit(str(absent)) from None
    serve(Server(mirror, dict(probe(name).versions)), requests, replies)


if __name__ == "__main__":
    main(sys.argv[1:])
