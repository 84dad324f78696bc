"""Programs that speak the protocol with one fault each: `python wrong_mirrors.py FAULT TOKEN IN_FD OUT_FD`.

TOKEN only marks the process, so that a test can look for what is left of it. Without the fault they are the reference.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from typing import Any, BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors.protocol import Bye, Call, Hello, Introduction, Rejected, Reply, Request, Result, WireArray
from spikemirror.mirrors.python import PythonMirror
from spikemirror.mirrors.serve import Server

Outputs = dict[str, WireArray]
HOARD = 16 << 20
"""Bytes that a hoarder keeps of every call."""


class Wrong:
    """The reference's server, spoilt."""

    def __init__(self, fault: str, token: str, replies: BinaryIO) -> None:
        self.fault, self.token, self.replies = fault, token, replies
        self.server = Server(PythonMirror(), {"fault": fault})
        self.hoard: list[bytearray] = []

    def answer(self, request: Request) -> None:
        if isinstance(request, Hello):
            self.introduce(request)
        else:
            assert isinstance(request, Call)
            self.serve(request)

    def introduce(self, request: Hello) -> None:
        reply = self.server.answer(request)
        assert isinstance(reply, Introduction)
        match self.fault:
            case "never-introduces":
                time.sleep(1000)
            case "wrong-version":
                reply.version = 2
            case "few-kernels":
                reply.kernels = ["goodness"]
            case "dies-at-once":
                sys.exit("no licence found")
        self.send(reply)

    def serve(self, request: Call) -> None:
        match self.fault:
            case "hangs":
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", self.token])
                time.sleep(1000)
            case "crashes":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "aborts":
                os.abort()
            case "dies-later":
                self.send(self.server.answer(request))
                os.kill(os.getpid(), signal.SIGBUS)
            case "hoards":
                self.hoard.append(bytearray(HOARD))
                self.send(self.server.answer(request))
            case "exits":
                sys.exit("out of coffee")
            case "leaves-quietly":
                sys.exit(0)
            case "closes":
                self.replies.close()
                time.sleep(1000)
            case "garbage":
                self.write(b"Segmentation fault (just kidding)\n")
            case "binary":
                self.write(b"\xff\xfe\x00\x80\n")
            case "truncated":
                self.write(b'{"type":"result","id":1,"outp')
                sys.exit(0)
            case "no-newline":
                self.write(b'{"type":"result"')
                time.sleep(1000)
            case "apologises":
                self.write(b'{"type":"error","id":%d,"message":"kernel is on holiday"}\n' % request.id)
            case "chatters":
                print("a stray print", flush=True)
                self.send(self.server.answer(request))
            case "answers-twice":
                self.send(self.server.answer(request))
                self.send(self.server.answer(request))
            case _:
                self.send(self.spoilt(request, self.server.answer(request)))

    def spoilt(self, request: Call, reply: Reply) -> Reply:
        if isinstance(reply, Rejected):
            match self.fault:
                case "accepts":
                    return Result(reply.id, request.outputs)
                case "wrong-code":
                    return Rejected(reply.id, "bad_target", reply.argument)
                case "wrong-argument":
                    return Rejected(reply.id, reply.code, CATALOGUE[request.kernel].arguments[-1])
                case "unknown-code":
                    return Rejected(reply.id, "bad_luck", reply.argument)
                case "unknown-argument":
                    return Rejected(reply.id, reply.code, "nobody")
            return reply
        assert isinstance(reply, Result)
        match self.fault:
            case "refuses":
                return Rejected(reply.id, "bad_shape", CATALOGUE[request.kernel].arguments[0])
            case "wrong-id":
                return Result(reply.id + 1, reply.outputs)
            case "other-reply":
                return Introduction(1, "x", {}, [], [])
            case "missing-output":
                return Result(reply.id, dict(list(reply.outputs.items())[1:]))
            case "wrong-dtype":
                return Result(reply.id, {k: replaced(w, dtype="float16") for k, w in reply.outputs.items()})
            case "wrong-shape":
                return Result(reply.id, {k: replaced(w, shape=[*w.shape, 1]) for k, w in reply.outputs.items()})
            case "other-file":
                return Result(reply.id, {k: replaced(w, file="/dev/null") for k, w in reply.outputs.items()})
            case "no-base64":
                return Result(reply.id, {k: WireArray(w.dtype, w.shape, data="@") for k, w in reply.outputs.items()})
            case "few-bytes":
                return Result(
                    reply.id, {k: WireArray(w.dtype, [*w.shape], data="AA==") for k, w in reply.outputs.items()}
                )
        for wire in reply.outputs.values():
            self.spoil(self.server._array(wire))
        for wire in request.inputs.values():
            self.spoil_input(self.server._array(wire))
        return reply

    def spoil_input(self, array: npt.NDArray[Any]) -> None:
        match self.fault:
            case "before-the-input":
                ctypes.memset(array.ctypes.data - 1, 0, 1)
            case "changes-input":
                array.reshape(-1)[:1] *= 0

    def spoil(self, output: npt.NDArray[Any]) -> None:
        flat = output.reshape(-1)
        match self.fault:
            case "past-the-end":
                ctypes.memset(output.ctypes.data + output.nbytes, 0, output.itemsize)
            case "before-the-start":
                ctypes.memset(output.ctypes.data - output.itemsize, 0, output.itemsize)
            case "row-too-many":
                ctypes.memset(output.ctypes.data + output.nbytes, 0, 4096)
            case "slightly-off" if flat.dtype.kind == "f":
                flat[-1:] *= 1 + 1e-5
            case "slightly-off":
                flat[-1:] ^= 1
            case "zero":
                flat[...] = 0
            case "nan" if flat.dtype.kind == "f":
                flat[...] = np.nan
            case "silent":
                flat.view(np.uint8)[...] = 0xA5  # what the harness put there

    def send(self, reply: Reply) -> None:
        self.write(msgspec.json.encode(reply) + b"\n")

    def write(self, line: bytes) -> None:
        self.replies.write(line)
        self.replies.flush()


def main() -> None:
    fault, token, request_end, reply_end = sys.argv[1:]
    with os.fdopen(int(request_end), "rb") as requests, os.fdopen(int(reply_end), "wb") as replies:
        program = Wrong(fault, token, replies)
        decoder = msgspec.json.Decoder(Request)
        for line in requests:
            request = decoder.decode(line)
            if isinstance(request, Bye):
                return
            program.answer(request)


def replaced(wire: WireArray, **changed: object) -> WireArray:
    return msgspec.structs.replace(wire, **changed)


if __name__ == "__main__":
    main()
