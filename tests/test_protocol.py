"""The JSON-lines protocol: its messages, its inline arrays, and two programs that speak it over stdin and stdout."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from spikemirror import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.fixture import encode_value
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.mirrors import julia
from spikemirror.mirrors.protocol import (
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

WIRE = WireArray("float64", [1], data="AAAAAAAA8D8=")
SLOT = WireArray("float64", [1], file="/dev/shm/x", offset=64)
REQUESTS = [
    Hello(1),
    Call(7, "csdp_step", {"lr": 0.1, "seed": 2**64 - 1, "symmetric": True, "mode": "x"}, {"a": WIRE}, {"b": SLOT}),
    Time(8, "goodness", {}, {"a": WIRE}, {"b": SLOT}, 30),
    Bye(),
]
REPLIES = [
    Introduction(1, "julia", {"julia": "1.5.3"}, ["goodness"], ["float32", "float64"]),
    Result(7, {"b": SLOT}),
    Times(8, [1, 2], {"b": WIRE}),
    Rejected(9, "bad_shape", "view_b"),
    Rejected(9, "bad_shape"),
    Failed(None, "not a request"),
]


@pytest.mark.parametrize("message", REQUESTS)
def test_requests_survive(message: Any) -> None:
    line = msgspec.json.encode(message)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Request) == message
    assert validator("request").is_valid(json.loads(line))
    assert not validator("request").is_valid({**json.loads(line), "surprise": 1})


@pytest.mark.parametrize("message", REPLIES)
def test_replies_survive(message: Any) -> None:
    line = msgspec.json.encode(message)
    assert msgspec.json.decode(line, type=Reply) == message
    assert validator("reply").is_valid(json.loads(line))
    assert not validator("reply").is_valid({**json.loads(line), "surprise": 1})


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "uint8", "int32", "uint32", "int64", "complex128", "float16", "bool"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3)])
def test_arrays_survive_inline(dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape, dtype=int)) % 2).astype(dtype).reshape(shape)
    back = from_base64(WireArray(dtype, list(shape), data=to_base64(array)))
    assert (back.dtype, back.shape) == (array.dtype, shape)
    assert back.tobytes() == array.tobytes()


def test_bytes_are_little_endian_and_in_c_order() -> None:
    array = np.array([[1, 2], [3, 4]], ">u4").T
    raw = base64.b64decode(to_base64(array))
    assert raw == np.array([1, 3, 2, 4], "<u4").tobytes()


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (WireArray("float65", [1], data=""), "unknown dtype 'float65'"),
        (WireArray("object", [1], data="AAAAAAAAAAA="), "unknown dtype 'object', or one without plain bytes"),
        (WireArray("float64", [1], data="!!!!"), "data is not base64"),
        (WireArray("float64", [2], data="AAAAAAAA8D8="), r"8 bytes of data for shape \(2,\) of float64"),
        (WireArray("float64", [], data=""), r"0 bytes of data for shape \(\) of float64"),
        (WireArray("uint8", [-1, -1], data="AA=="), r"no array has the shape \(-1, -1\)"),
        (WireArray("float64", [1]), "0 bytes of data"),
    ],
)
def test_broken_arrays_are_told(wire: WireArray, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        from_base64(wire)


def test_numbers_that_json_has_not() -> None:
    assert [encode_value(v) for v in (float("nan"), float("inf"), -float("inf"), 0.5)] == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.5,
    ]


class Speaker:
    """A program at the other end of two pipes, and nothing of ours between."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        self._command, self._environment = command, environment
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment, text=True
        )

    def ask(self, line: str | dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            status = self.leave()
            self._start()  # for the next test
            pytest.fail(f"the program exited with status {status}")
        reply = json.loads(answer)
        assert validator("reply").is_valid(reply), reply
        assert isinstance(reply, dict)
        return reply

    def leave(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        assert rest == ""
        return self.process.wait(30)


def command(name: str, project: Path) -> tuple[list[str], dict[str, str] | None]:
    if name == "python":
        return [sys.executable, "-m", "spikemirror.mirrors.serve", "python"], None
    executable = julia.executable()
    assert executable is not None
    return [executable, "--startup-file=no", str(project / "julia" / "worker.jl")], julia.environment()


@pytest.fixture(scope="module", params=["python", "julia"])
def speaker(request: pytest.FixtureRequest, project: Path) -> Iterator[Speaker]:
    program = Speaker(*command(request.param, project))
    yield program
    assert program.leave() == 0


def array(values: Any, dtype: str = "float64") -> dict[str, Any]:
    given = np.asarray(values, dtype)
    return {"dtype": dtype, "shape": list(given.shape), "data": to_base64(given)}


def words(**changed: Any) -> dict[str, Any]:
    """The request for one word."""
    parameters = {"seed": 0, "stream": 0, "offset": 0, "n": 1, **changed}
    slot = {"words": {"dtype": "uint32", "shape": [1]}}
    return goodness(kernel="philox_words", inputs={}, outputs=slot, parameters=parameters)


def activations(dtype: str = "float64", shape: tuple[int, ...] = (1,), **where: Any) -> dict[str, Any]:
    """A request with such an input."""
    return goodness(inputs={"activations": {"dtype": dtype, "shape": list(shape), **where}})


def goodness(**changed: Any) -> dict[str, Any]:
    call: dict[str, Any] = {
        "type": "call",
        "id": 1,
        "kernel": "goodness",
        "parameters": {},
        "inputs": {"activations": array([3.0, 4.0])},
        "outputs": {"goodness": {"dtype": "float64", "shape": []}},
    }
    return {**call, **changed}


def test_hello(speaker: Speaker) -> None:
    reply = speaker.ask({"type": "hello", "version": 1})
    assert (reply["type"], reply["version"]) == ("hello", 1)
    assert set(reply["kernels"]) == set(CATALOGUE)
    assert reply["dtypes"] == ["float32", "float64"]
    assert reply["versions"]


def test_call_inline(speaker: Speaker) -> None:
    reply = speaker.ask(goodness(id=12))
    assert reply == {"type": "result", "id": 12, "outputs": {"goodness": array(25.0)}}


def test_time_inline(speaker: Speaker) -> None:
    reply = speaker.ask(goodness(type="time", id=3, repeats=5))
    assert (reply["type"], reply["id"], reply["outputs"]) == ("times", 3, {"goodness": array(25.0)})
    assert len(reply["nanoseconds"]) == 5
    assert min(reply["nanoseconds"]) >= 0


def test_file(speaker: Speaker, tmp_path: Path) -> None:
    raw = tmp_path / "arena"
    raw.write_bytes(np.array([9.0, 3.0, 4.0, -1.0]).tobytes())
    read = {"dtype": "float64", "shape": [2], "file": str(raw), "offset": 8}
    slot = {"dtype": "float64", "shape": [], "file": str(raw), "offset": 24}
    reply = speaker.ask(goodness(inputs={"activations": read}, outputs={"goodness": slot}))
    assert reply["outputs"] == {"goodness": slot}
    assert list(np.frombuffer(raw.read_bytes())) == [9, 3, 4, 25]


def test_rejection_of_an_array_and_of_a_parameter(speaker: Speaker) -> None:
    wrong = speaker.ask(goodness(inputs={"activations": array([1j], "complex128")}))
    assert wrong == {"type": "rejection", "id": 1, "code": "bad_dtype", "argument": "activations"}
    z = array([1], "uint8")
    trace = {
        "type": "call",
        "id": 5,
        "kernel": "stdp_trace",
        "parameters": {"tau_inv": "Infinity", "a": 1, "dt": 0.001},
        "inputs": {"trace": array([0.5]), "spikes": z},
        "outputs": {"trace": {"dtype": "float64", "shape": [1]}},
    }
    assert speaker.ask(trace) == {"type": "rejection", "id": 5, "code": "bad_parameter", "argument": "tau_inv"}


def test_words_of_64_bits(speaker: Speaker) -> None:
    parameters: dict[str, Any] = {"seed": 2**64 - 1, "stream": 2**63, "offset": 2**64 - 1, "n": 2}
    slot = {"words": {"dtype": "uint32", "shape": [2]}}
    reply = speaker.ask(goodness(kernel="philox_words", inputs={}, outputs=slot, parameters=parameters))
    assert reply["outputs"]["words"] == array(call("philox_words", **parameters)["words"], "uint32")


@pytest.mark.parametrize("kernel", ["infonce", "stdp_linear", "encode_rate_bernoulli"])
def test_fixtures_inline(speaker: Speaker, kernel: str, golden: Golden) -> None:
    declared = CATALOGUE[kernel]
    for case in golden.cases(kernel)[:6]:
        for dtype, expected in case.expected.items():
            assert expected.outputs is not None
            inputs, _ = case.arguments(declared, dtype)
            wires = {i.name: array(a, a.dtype.name) for i, a in zip(declared.inputs, inputs, strict=True)}
            slots = {n: {"dtype": r.dtype, "shape": r.shape} for n, r in expected.outputs.items()}
            reply = speaker.ask(goodness(kernel=kernel, parameters=case.parameters, inputs=wires, outputs=slots))
            assert reply["type"] == "result"
            for name, record in expected.outputs.items():
                got = from_base64(WireArray(**reply["outputs"][name]))
                if record.policy == "bits":
                    assert got.tobytes() == record.array().tobytes()
                else:
                    assert (np.abs(got.astype(float) - record.array().astype(float)) <= record.budgets()).all()


MALFORMED: dict[str, str | dict[str, Any]] = {
    "no JSON": "hello?",
    "cut off": '{"type":"call","id":1,"kern',
    "a number": "3",
    "a list": "[]",
    "empty": "",
    "no type": {"id": 1},
    "unknown type": {"type": "dance"},
    "extra": "{} {}",
    "deep": "[" * 100_000,
    "unknown kernel": goodness(kernel="badness"),
    "no kernel": {"type": "call", "id": 1},
    "no input": goodness(inputs={}),
    "no output": goodness(outputs={}),
    "no parameter": words() | {"parameters": {"n": 3}},
    "no base64": activations(data="@@@@"),
    "few bytes": activations(shape=(2,), data="AAAAAAAA8D8="),
    "unknown input dtype": activations("float65", data="AAAA"),
    "unknown dtype of a file": activations("float65", file="/dev/null", offset=0),
    "negative shape": activations(shape=(-1,), data=""),
    "no file": activations(file="/nowhere", offset=0),
    "short file": activations(file=__file__, offset=1 << 40),
    "negative offset": activations(file=__file__, offset=-8),
    "unknown output dtype": goodness(outputs={"goodness": {"dtype": "float65", "shape": []}}),
    "wrong output dtype": goodness(outputs={"goodness": {"dtype": "float32", "shape": []}}),
    "wrong output shape": goodness(outputs={"goodness": {"dtype": "float64", "shape": [3]}}),
    "huge output": goodness(outputs={"goodness": {"dtype": "float64", "shape": [2**40, 2**40]}}),
    "negative word": words(seed=-1),
    "parameter of the wrong type": words(n="one"),
    "no repetition": goodness(type="time", repeats=-1),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_are_answered_and_survived(speaker: Speaker, name: str) -> None:
    reply = speaker.ask(MALFORMED[name])
    assert reply["type"] == "error", reply
    assert reply["message"]
    assert speaker.ask(goodness(id=99))["outputs"] == {"goodness": array(25.0)}


@pytest.mark.parametrize("name", ["python", "julia"])
def test_farewell_and_end_of_input(name: str, project: Path) -> None:
    for last in ('{"type":"bye"}\n', ""):
        line, environment = command(name, project)
        done = subprocess.run(
            line, input=last, capture_output=True, text=True, check=False, env=environment, timeout=120
        )
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
