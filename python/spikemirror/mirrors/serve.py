"""Serves a mirror over the protocol: `python -m spikemirror.mirrors.serve NAME|PATH [IN_FD OUT_FD]`.

NAME is one of our mirrors, PATH a shared library with the C interface. The harness runs each in a process of its own,
so that a crash costs one cell.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import numpy as np

from spikemirror import catalogue
from spikemirror.catalogue.kernel import (
    Array,
    Choice,
    Flag,
    Input,
    Integer,
    Kernel,
    Output,
    Parameter,
    Real,
    Value,
    Word,
)
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.fixture import decode_value
from spikemirror.mirrors.library import open_library
from spikemirror.mirrors.mirror import Mirror, MirrorAbsent, Unsupported
from spikemirror.mirrors.protocol import (
    MAX_LINE,
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
    byte_count,
    dtype_named,
    from_base64,
    read_request,
    to_base64,
)

T = TypeVar("T")


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
                partial = {kernel: sorted(outputs) for kernel, outputs in self._mirror.partial.items()}
                return Introduction(VERSION, self._mirror.name, self._versions, names, list(REAL_DTYPES), partial)
            case Call() | Time():
                try:
                    return self._compute(request)
                except Rejection as rejection:
                    return Rejected(request.id, rejection.code, rejection.argument)
                except Unsupported as unsupported:
                    return NotSupported(request.id, str(unsupported))
                except Exception as error:  # whatever a request is, the next one gets its answer
                    return Failed(request.id, f"{type(error).__name__}: {error}")
        raise AssertionError(request)

    def _compute(self, request: Call | Time) -> Reply:
        kernel = catalogue.kernel(request.kernel)
        if kernel.name not in self._mirror.kernels:
            raise LookupError(f"{self._mirror.name} has no kernel {kernel.name}")
        given = _in_order(request.parameters, kernel.parameters, "parameters")
        parameters = [_value(p, value) for p, value in zip(kernel.parameters, given, strict=True)]
        inputs = [self._array(wire) for wire in _in_order(request.inputs, kernel.inputs, "inputs")]
        slots = _in_order(request.outputs, kernel.outputs, "outputs")
        outputs = []
        for declared, slot, due in zip(kernel.outputs, slots, kernel.allocate(inputs, parameters), strict=True):
            if (slot.dtype, slot.shape) != (due.dtype.name, list(due.shape)):
                raise ValueError(
                    f"the slot of {declared.name} is {slot.dtype}{slot.shape}; it must be {due.dtype}{list(due.shape)}"
                )
            outputs.append(self._array(slot) if slot.file else due)
        if isinstance(request, Time):
            nanoseconds = self._mirror.time(kernel, inputs, parameters, outputs, request.repeats)
            return Times(request.id, nanoseconds, _returned(kernel, slots, outputs))
        self._mirror.call(kernel, inputs, parameters, outputs)
        return Result(request.id, _returned(kernel, slots, outputs))

    def _array(self, wire: WireArray) -> Array:
        if wire.file is None:
            return from_base64(wire)
        dtype, offset = dtype_named(wire.dtype), wire.offset or 0
        end = offset + byte_count(wire.shape, dtype)
        mapped = self._map(wire.file, end)
        if not 0 <= offset <= end <= len(mapped) or offset % dtype.alignment:
            raise ValueError(
                f"{wire.dtype} in bytes {offset} to {end} of a file of {len(mapped)}: outside, or misaligned"
            )
        return np.frombuffer(mapped, dtype, math.prod(wire.shape), offset).reshape(wire.shape)

    def _map(self, path: str, size: int) -> mmap.mmap:
        known = self._maps.get(path)
        if known is None or len(known) < size:
            with open(path, "r+b") as file:
                known = self._maps[path] = mmap.mmap(file.fileno(), 0)
        return known


def _in_order(given: Mapping[str, T], declared: Sequence[Input | Parameter | Output], what: str) -> list[T]:
    """What was given by name, in signature order; ValueError unless the names are those of the signature."""
    names = [d.name for d in declared]
    if given.keys() != set(names):
        raise ValueError(f"{what} are {', '.join(given) or 'none'}; they must be {', '.join(names) or 'none'}")
    return [given[name] for name in names]


def _value(declared: Parameter, given: Value) -> Value:
    """A parameter as it is passed; TypeError for a value that is not of its kind. None is for the checks to judge."""
    value = decode_value(given) if isinstance(declared, Real) else given
    match declared:
        case Real():
            good = type(value) in (int, float)
        case Integer():
            good = type(value) is int and -(2**63) <= value < 2**63
        case Word():
            good = type(value) is int and 0 <= value < 2**64
        case Flag():
            good = type(value) is bool
        case Choice():
            good = type(value) is str
    if value is not None and not good:
        raise TypeError(f"parameter {declared.name} is no {type(declared).__name__.lower()}: {value!r}")
    return value


def _returned(kernel: Kernel, slots: Sequence[WireArray], outputs: Sequence[Array]) -> dict[str, WireArray]:
    return {
        declared.name: slot if slot.file else WireArray(slot.dtype, slot.shape, data=to_base64(output))
        for declared, slot, output in zip(kernel.outputs, slots, outputs, strict=True)
    }


def serve(server: Server, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer line after line until the farewell or the end of input."""
    while line := requests.readline(MAX_LINE + 1):
        try:
            request = read_request(_whole(line, requests))
        except ValueError as error:
            reply: Reply = Failed(None, f"not a request: {error}")
        else:
            if isinstance(request, Bye):
                return
            reply = server.answer(request)
        replies.write(msgspec.json.encode(reply) + b"\n")
        replies.flush()


def _whole(line: bytes, requests: BinaryIO) -> bytes:
    """The line; if it is longer than lines may be, what follows of it is skipped, and a ValueError says so."""
    if len(line) <= MAX_LINE:
        return line
    while line and not line.endswith(b"\n"):
        line = requests.readline(1 << 20)
    raise ValueError(f"a line of more than {MAX_LINE} bytes")


def main(
    arguments: Sequence[str], opened: Callable[[str], Mirror], versions: Callable[[str], Mapping[str, str]]
) -> None:
    """The program, given NAME [IN_FD OUT_FD]; whatever a mirror prints, also as it opens, stays out of the replies."""
    name = arguments[0]
    if len(arguments) == 3:
        requests: BinaryIO = os.fdopen(int(arguments[1]), "rb")
        replies: BinaryIO = os.fdopen(int(arguments[2]), "wb")
    else:
        requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
    try:
        mirror = opened(name)
    except MirrorAbsent as absent:
        raise SystemExit(str(absent)) from None
    serve(Server(mirror, dict(versions(name))), requests, replies)


if __name__ == "__main__":
    from spikemirror.mirrors import NAMES, open_in_process, probe

    if sys.argv[1] in NAMES:
        main(sys.argv[1:], open_in_process, lambda name: probe(name).versions)
    else:
        main(sys.argv[1:], lambda path: open_library(Path(path)), lambda path: {"library": Path(path).name})
