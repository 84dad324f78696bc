"""The JSON lines of spikemirror over stdin and stdout: what a mirror needs of them, with the standard library alone."""

from __future__ import annotations

import base64
import json
import math
import platform
import sys
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VERSION = 1
FORMATS = {"float32": "f", "float64": "d", "uint8": "B", "int32": "i", "uint32": "I"}

Outputs = Mapping[str, Sequence[float]]
Kernel = Callable[..., Outputs]
"""Takes inputs (Array) and parameters by name; gives the elements of each output, in C order, by name."""


class Rejection(Exception):
    """An input that the kernel refuses: a code of docs/kernels.md, and the name of the argument."""


@dataclass
class Array:
    """An input, its elements in C order. Of a dtype that no kernel takes there are none."""

    dtype: str
    shape: list[int]
    values: Sequence[float]


def _read(wire: Mapping[str, Any]) -> Array:
    values = array(FORMATS.get(wire["dtype"], "B"))
    if wire["dtype"] not in FORMATS:
        pass
    elif "file" in wire:
        with open(wire["file"], "rb") as file:
            file.seek(wire["offset"])
            values.fromfile(file, math.prod(wire["shape"]))
    else:
        values.frombytes(base64.b64decode(wire["data"]))
        if sys.byteorder == "big":
            values.byteswap()
    return Array(wire["dtype"], wire["shape"], values)


def _inline(slot: Mapping[str, Any], values: Sequence[float]) -> dict[str, Any]:
    """An output, in the line: that is allowed also where its slot is in a file."""
    elements = array(FORMATS[slot["dtype"]], values)
    if sys.byteorder == "big":
        elements.byteswap()
    return {"dtype": slot["dtype"], "shape": slot["shape"], "data": base64.b64encode(elements).decode()}


def _parameter(value: Any) -> Any:
    """JSON has no names for some numbers; the protocol has."""
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def _compute(kernels: Mapping[str, Kernel], request: Mapping[str, Any]) -> dict[str, Any]:
    kernel = kernels[request["kernel"]]
    arguments = {name: _read(wire) for name, wire in request["inputs"].items()}
    arguments |= {name: _parameter(value) for name, value in request["parameters"].items()}
    nanoseconds = []
    for _ in range(request.get("repeats", 1)):
        start = time.perf_counter_ns()
        outputs = kernel(**arguments)
        nanoseconds.append(time.perf_counter_ns() - start)
    reply = {"id": request["id"], "outputs": {k: _inline(slot, outputs[k]) for k, slot in request["outputs"].items()}}
    if request["type"] == "time":
        return {"type": "times", "nanoseconds": nanoseconds, **reply}
    return {"type": "result", **reply}


def _answer(name: str, kernels: Mapping[str, Kernel], line: str) -> dict[str, Any] | None:
    """The reply to a line; None to the farewell."""
    request: Any = None
    try:
        request = json.loads(line)
        match request["type"]:
            case "bye":
                return None
            case "hello" if request["version"] != VERSION:
                raise ValueError(f"protocol version {request['version']}; this program speaks {VERSION}")
            case "hello":
                about = {"name": name, "versions": {"python": platform.python_version()}}
                has = {"kernels": list(kernels), "dtypes": ["float32", "float64"]}
                return {"type": "hello", "version": VERSION, **about, **has}
            case "call" | "time":
                return _compute(kernels, request)
            case other:
                raise ValueError(f"no request is called {other}")
    except Rejection as rejection:
        code, argument = rejection.args
        return {"type": "rejection", "id": request["id"], "code": code, "argument": argument}
    except Exception as error:  # whatever a request is, the next one gets its answer
        number = request.get("id") if isinstance(request, dict) else None
        return {"type": "error", "id": number, "message": f"{type(error).__name__}: {error}"}


def serve(name: str, kernels: Mapping[str, Kernel]) -> None:
    """Answer line after line until the farewell or the end of input."""
    replies, sys.stdout = sys.stdout, sys.stderr  # a stray print must not get between the replies
    for line in sys.stdin:
        reply = _answer(name, kernels, line)
        if reply is None:
            return
        print(json.dumps(reply), file=replies, flush=True)
