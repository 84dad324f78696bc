"""Each side of the protocol against the other's worst: the harness against programs, the servers against a harness.

tests/test_meta.py has programs that compute wrong results or die, tests/test_protocol.py malformed requests one at a
time; here is what goes wrong with lines, pipes and numbers.
"""

from __future__ import annotations

import base64
import io
import json
import math
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array
from spikemirror.catalogue.rejection import Rejection
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.mirrors import MirrorFault, Unsupported, julia, process, serve
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.mirrors.protocol import Reply, Request, read_reply, read_request, version_of
from spikemirror.mirrors.python import PythonMirror
from spikemirror.mirrors.serve import Server
from spikemirror.parity.cell import Task, fill

# The harness against programs

PRELUDE = """
import json, os, sys, time
END = b"\\n"
def heard():
    return json.loads(sys.stdin.readline())
def raw(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
def say(**reply):
    raw(json.dumps(reply).encode() + END)
def hello(**changed):
    about = {"type": "hello", "version": 1, "name": "x", "versions": {}, "kernels": ["goodness"], "dtypes": ["float64"]}
    say(**{**about, **changed})
def result(request, **changed):
    outputs = {"goodness": {"dtype": "float64", "shape": [], "data": "AAAAAAAAOUA="}}
    say(**{"type": "result", "id": request["id"], "outputs": outputs, **changed})
def error(message):
    raw(b'{"type":"error","id":1,"message":"' + message + b'"}' + END)
"""
INTRODUCED = "heard(); hello()\n"
CALLED = INTRODUCED + "request = heard()\n"
GARBAGE, UNEXPECTED, LATE = "garbage instead of an answer", "unexpected answer to request 1", "no answer within 0.5 s"
NO_GREETING = "no introduction in protocol version 1: "

FAILED: dict[str, tuple[str, str]] = {
    "flood": (CALLED + "while True: raw(b'x' * 65536)", "a line of more than 1048576 bytes: 'xxxx"),
    "drip": (CALLED + "while True: raw(b'x'); time.sleep(0.01)", LATE),
    "stream": (CALLED + "while True: raw(b'x' * 10); time.sleep(0)", LATE),
    "drip of blanks": (CALLED + "while True: raw(b' ' * 10); time.sleep(0.001)", LATE),
    "not UTF-8": (CALLED + "error(bytes([255]))", GARBAGE),
    "lone surrogate": (CALLED + "error(b'\\ud800')", GARBAGE),
    "NaN": (CALLED + "result(request, id=float('nan'))", GARBAGE),
    "real id": (CALLED + "result(request, id=1.5)", GARBAGE),
    "great id": (CALLED + "result(request, id=10**30)", UNEXPECTED),
    "deep": (CALLED + "raw(b'[' * 100000 + END)", GARBAGE),
    "deep object": (CALLED + "raw(b'{\"a\":' * 100000 + END)", GARBAGE),
    "deep inside": (CALLED + "raw(b'{\"x\":' + b'[' * 100000 + b',\"type\":\"error\"}' + END)", "nested too deeply"),
    "empty line": (CALLED + "raw(END); result(request)", GARBAGE),
    "NUL": (CALLED + "raw(bytes(1) + END)", GARBAGE),
    "extra field": (CALLED + "result(request, surprise=1)", "unknown field `surprise`"),
    "extra output": (
        CALLED + "result(request, outputs={'x': {'dtype': 'uint8', 'shape': []}})",
        "outputs that goodness does not have: x",
    ),
    "durations for a call": (CALLED + "result(request, type='times', nanoseconds=[1])", UNEXPECTED),
    "greeting again": (CALLED + "hello()", UNEXPECTED),
    "print at the start": ("print('Loading...', flush=True); " + CALLED, "Loading..."),
    "greets in version 2": ("heard(); hello(version=2, colour='red')", NO_GREETING),
    "greets with an error": ("heard(); say(type='error', id=None, message='I speak 2')", "I speak 2"),
    "greets with a result": ("heard(); say(type='result', id=1, outputs={})", NO_GREETING),
    "greets without kernels": ("heard(); say(type='hello', version=1)", GARBAGE),
    "computes nothing": ("heard(); hello(partial={'goodness': []}); result(heard())", "computes no output of goodness"),
    "no such signal": (CALLED + "os.kill(os.getpid(), 40)", "died of signal 40"),
    "deaf and dead": (INTRODUCED + "os.close(0); os.close(1); time.sleep(0.2); sys.exit(4)", "exited with status 4"),
    "loud": (CALLED + "print('x' * 10**6, 'the end', file=sys.stderr); sys.exit(1)", "the end"),
    "rambling": (CALLED + "error(b'x' * 10**6 + b'the end')", "x" * 1000),
    "name that steers": ("heard(); hello(name='\x1b[2J')", "matching regex"),
    "version of many words": ("heard(); hello(versions={'x': 'y' * 1000})", "length <= 200"),
}
WRONG: dict[str, tuple[str, str]] = {
    "claims a fault that is none": (CALLED + "say(type='rejection', id=1, code='bad_target', argument='activations')",
                                    "refused; it must be computed"),
    "claims NaN": (CALLED + "say(type='rejection', id=1, code='non_finite', argument='activations')",
                   "where the checks find no such fault"),
    "names no argument": (CALLED + "say(type='rejection', id=1, code='bad_rank')", "refused; it must be computed"),
}  # fmt: skip


def program(script: str, *, inline: bool = False, seconds: float = 30) -> ProcessMirror:
    return ProcessMirror("bad", [sys.executable, "-S", "-c", PRELUDE + script], inline=inline, call_seconds=seconds)


@pytest.fixture
def task(golden: Golden) -> Task:
    """One call with a known result, 25."""
    return Task(CATALOGUE["goodness"], golden.case("goodness", "plain"), "float64")


@pytest.mark.parametrize("fault", FAILED)
def test_a_bad_program_costs_its_cell_in_time(fault: str, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_LINE", 1 << (24 if fault == "rambling" else 20))
    script, text = FAILED[fault]
    mirror = program(script, seconds=0.5 if "within" in text else 30)
    start = time.monotonic()
    cells = [fill(mirror, task), fill(mirror, task)]
    mirror.close()
    assert time.monotonic() - start < 60
    assert [cell.status for cell in cells] == ["failed", "failed"]
    assert text in str(cells[0].message)
    assert len(str(cells[0].message)) < 3000


def test_an_answer_before_the_question_is_none(task: Task, tmp_path: Path) -> None:
    said = tmp_path / "said"
    mirror = program(INTRODUCED + f"result({{'id': 1}}); open({str(said)!r}, 'w'); heard()")
    assert mirror.kernels
    while not said.exists():
        time.sleep(0.01)
    cell = fill(mirror, task)
    mirror.close()
    assert cell.status == "failed"
    assert str(cell.message).startswith("unexpected answer, before anything was asked: '{")


@pytest.mark.parametrize("words", ["error(b'a' + bytes([92]) + b'u001b[2Jb')", "sys.exit('a' + chr(27) + '[2Jb')"])
def test_a_program_does_not_steer_the_terminal(words: str, task: Task) -> None:
    mirror = program(CALLED + words)
    told = str(fill(mirror, task).message)
    mirror.close()
    assert "a\ufffd[2Jb" in told


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_refusal_is_judged_and_not_believed(fault: str, task: Task) -> None:
    script, text = WRONG[fault]
    mirror = program(script)
    cell = fill(mirror, task)
    mirror.close()
    assert (cell.status, text in str(cell.message)) == ("wrong", True), cell


def test_what_a_program_cannot_express_is_not_run(task: Task) -> None:
    mirror = program(CALLED + "say(type='unsupported', id=1, reason='no such option')")
    cell = fill(mirror, task)
    mirror.close()
    assert (cell.status, cell.message) == ("not run", "no such option")


def test_a_refusal_without_an_argument_is_held_to_its_code(golden: Golden) -> None:
    mirror = program(INTRODUCED + "while True: say(type='rejection', id=heard()['id'], code='bad_rank')")
    kernel = CATALOGUE["goodness"]
    judged = {
        case.id: fill(mirror, Task(kernel, case, "float64")).status
        for case in golden.cases("goodness")
        if case.id.startswith("reject")
    }
    mirror.close()
    assert {k for k, status in judged.items() if status == "ok"} == {"reject-activations-rank-high"}
    assert {status for k, status in judged.items() if "rank" not in k} == {"wrong"}


@pytest.mark.parametrize("ending", ["b'\\r\\n'", "b' \\t\\n'"])
def test_white_space_around_a_reply_is_json(ending: str, task: Task) -> None:
    script = CALLED + f"raw(json.dumps({{'type': 'error', 'id': 1, 'message': 'fine'}}).encode() + {ending}); heard()"
    mirror = program(script)
    assert fill(mirror, task).message == "fine"
    mirror.close()


LARGE = np.ones(1 << 20)
"""In a line it is 11 MB: more than any pipe holds."""


def called(mirror: ProcessMirror, array: Array = LARGE) -> float:
    output = np.empty(())
    try:
        mirror.call(CATALOGUE["goodness"], [array], [], [output])
    finally:
        mirror.close()
    return float(output)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (INTRODUCED + "time.sleep(1000)", "did not read its request within 1 s: killed"),
        (INTRODUCED + "sys.stdin.read(100000); time.sleep(1000)", "did not read its request within 1 s: killed"),
        (INTRODUCED + "while True: raw(b'x' * 65536)", "did not read its request within 1 s|before anything was asked"),
        (INTRODUCED + "sys.stdin.read(100000); sys.exit(5)", "exited with status 5"),
        (INTRODUCED + "while True: os.read(0, 1); time.sleep(0.001)", "did not read its request within 1 s: killed"),
    ],
)
def test_a_program_that_does_not_read_a_large_request(script: str, text: str) -> None:
    start = time.monotonic()
    with pytest.raises(MirrorFault, match=text):
        called(program(script, inline=True, seconds=1 if "within" in text else 30))
    assert time.monotonic() - start < 60


def test_a_program_that_closes_its_input_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "END_SECONDS", 0.2)
    with pytest.raises(MirrorFault, match="closed its input"):
        called(program(INTRODUCED + "os.close(0); time.sleep(1000)", inline=True))


def test_a_request_beyond_a_line_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_LINE", 1 << 20)
    with pytest.raises(MirrorFault, match="a line has at most 1048576"):
        called(program(CALLED, inline=True))


def test_large_lines_arrive_both_ways() -> None:
    """Read slowly, in pieces, and answered in pieces."""
    script = INTRODUCED + textwrap.dedent("""
        line = b""
        while not line.endswith(b"\\n"):
            line += os.read(0, 100000)
        request = json.loads(line)
        data = request["inputs"]["activations"]["data"]
        name, slot = next(iter(request["outputs"].items()))
        reply = {"type": "result", "id": 1, "outputs": {name: {**slot, "data": "AAAAAAAAOUA="}}}
        reply = json.dumps(reply).encode() + b" " * len(data) + b"\\n"
        for start in range(0, len(reply), 1 << 18):
            raw(reply[start : start + (1 << 18)])
        heard()
    """)
    assert called(program(script, inline=True)) == 25


def test_a_mirror_that_failed_works_again(task: Task, tmp_path: Path) -> None:
    """The second process of the same program behaves."""
    flag = tmp_path / "flag"
    script = CALLED + (
        f"if not os.path.exists({str(flag)!r}):\n    open({str(flag)!r}, 'w')\n    os._exit(1)\n"
        "result(request); heard()\n"
    )
    mirror = program(script)
    assert fill(mirror, task).status == "failed"
    assert fill(mirror, task).got == "25.0 (0x4039000000000000)"
    mirror.close()


# The servers against a harness


def array(values: Any, dtype: str = "float64") -> dict[str, Any]:
    raw = np.asarray(values, dtype)
    return {"dtype": dtype, "shape": list(raw.shape), "data": base64.b64encode(raw.tobytes()).decode()}


SLOT = {"dtype": "float64", "shape": []}
VALID: dict[str, Any] = {
    "type": "call", "id": 7, "kernel": "goodness", "parameters": {},
    "inputs": {"activations": array([3.0, 4.0])}, "outputs": {"goodness": SLOT},
}  # fmt: skip
WORDS: dict[str, Any] = {
    "type": "call", "id": 7, "kernel": "philox_words", "parameters": {"seed": 0, "stream": 0, "offset": 0, "n": 1},
    "inputs": {}, "outputs": {"words": {"dtype": "uint32", "shape": [1]}},
}  # fmt: skip
RATE: dict[str, Any] = {
    "type": "call", "id": 7, "kernel": "infonce", "parameters": {"temperature": 0.5, "symmetric": False},
    "inputs": {"view_a": array([[1.0]]), "view_b": array([[1.0]])},
    "outputs": {"loss": SLOT, "per_row": {"dtype": "float64", "shape": [1]}},
}  # fmt: skip


def changed(request: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({**request, **changes}).encode()


def word(**parameters: Any) -> bytes:
    return changed(WORDS, parameters={**WORDS["parameters"], **parameters})


def rate(**parameters: Any) -> bytes:
    return changed(RATE, parameters={**RATE["parameters"], **parameters})


def read(**wire: Any) -> bytes:
    return changed(VALID, inputs={"activations": {"dtype": "float64", "shape": [1], **wire}})


def worst(folder: Path) -> dict[str, bytes]:
    """Lines that are no good request, by what is wrong with them."""
    arena, tiny = folder / "arena", folder / "tiny"
    arena.write_bytes(bytes(64))
    tiny.write_bytes(b"")
    here = {"file": str(arena), "offset": 0}
    return {
        "binary": bytes(range(256)).replace(b"\n", b""),
        "NUL": b"\0\0\0",
        "not UTF-8": changed(VALID, kernel="?").replace(b"?", b"\xff"),
        "lone surrogate": changed(VALID, kernel="\ud800"),
        "huge": b"x" * 5_000_000,
        "huge and JSON": changed(VALID, kernel="x" * 5_000_000),
        "a million brackets": b"[" * 1_000_000,
        "deep in a field": b'{"type":"call","id":' + b"[" * 1_000_000,
        "deep objects": b'{"type":' * 1_000_000,
        "NaN literal": rate(temperature=math.nan),
        "infinite literal": rate(temperature=math.inf),
        "1e400": rate(temperature=0.25).replace(b"0.25", b"1e400"),
        "truncated": changed(VALID)[:-9],
        "two in a line": changed(VALID) + changed(VALID),
        "single quotes": changed(VALID).replace(b'"', b"'"),
        "id is a list": changed(VALID, id=[]),
        "id is missing": changed({k: v for k, v in VALID.items() if k != "id"}),
        "kernel is a number": changed(VALID, kernel=3),
        "kernel of elsewhere": changed(VALID, kernel="../goodness"),
        "inputs are a list": changed(VALID, inputs=[]),
        "extra input": changed(VALID, inputs={**VALID["inputs"], "more": array([1.0])}),
        "extra output": changed(VALID, outputs={**VALID["outputs"], "more": SLOT}),
        "extra parameter": changed(VALID, parameters={"more": 1}),
        "missing parameter": changed(WORDS, parameters={"seed": 0}),
        "2.5 words": word(n=2.5),
        "words by name": word(n="1"),
        "a flag of words": word(n=True),
        "seed below 0": word(seed=-1),
        "seed beyond 64 bits": word(seed=2**64),
        "words beyond 64 bits": word(n=2**63),
        "words beyond memory": word(n=2**62),
        "a seed of some kind": word(seed={}),
        "a number for a flag": rate(symmetric=1),
        "a name for a flag": rate(symmetric="yes"),
        "a name for a number": rate(temperature="warm"),
        "a flag for a number": rate(temperature=True),
        "negative shape": read(shape=[-1], data=""),
        "negative shape in a file": read(shape=[-1], **here),
        "negative shapes": read(shape=[-1, -1], **here),
        "product overflows": read(shape=[2**40, 2**40], **here),
        "product overflows to 0": read(shape=[2**32, 2**32], **here),
        "beyond 64 bits": read(shape=[2**70], **here),
        "real length": read(shape=[1.5], **here),
        "shape is a number": read(shape=1, **here),
        "length by name": read(shape=["1"], **here),
        "beyond the file": read(file=str(arena), offset=64),
        "partly beyond the file": read(file=str(arena), offset=60, shape=[1]),
        "before the file": read(file=str(arena), offset=-8),
        "offset beyond 64 bits": read(file=str(arena), offset=2**70),
        "greatest offset": read(file=str(arena), offset=2**63 - 8),
        "misaligned": read(file=str(arena), offset=4),
        "real offset": read(file=str(arena), offset=0.5),
        "no such file": read(file=str(folder / "none"), offset=0),
        "a folder": read(file=str(folder), offset=0),
        "an empty file": read(file=str(tiny), offset=0),
        "a device": read(file="/dev/null", offset=0),
        "NUL in a path": read(file="a\0b", offset=0),
        "a path too long": read(file="x" * 10_000, offset=0),
        "data and no dtype": changed(VALID, inputs={"activations": {"shape": [1], "data": "AAAAAAAACEA="}}),
        "records": read(dtype="f8,f8", data="AAAAAAAACEA="),
        "text": read(dtype="U2", data="AAAAAAAACEA="),
        "big-endian": read(dtype=">f8", data="AAAAAAAACEA="),
        "spaces in base64": read(data="AAAA AAAA CEA="),
        "too few bytes": read(data="AAAA"),
        "huge slot": changed(VALID, outputs={"goodness": {"dtype": "float64", "shape": [2**50]}}),
        "negative slot": changed(VALID, outputs={"goodness": {"dtype": "float64", "shape": [-1]}}),
        "slot beyond the file": changed(VALID, outputs={"goodness": {**SLOT, "file": str(arena), "offset": 64}}),
        "slot of another dtype": changed(VALID, outputs={"goodness": {"dtype": "int32", "shape": []}}),
        "0 repetitions": changed(VALID, type="time", repeats=0),
        "endless repetitions": changed(VALID, type="time", repeats=2**62),
        "version 2": b'{"type":"hello","version":2}',
        "version 0.5": b'{"type":"hello","version":0.5}',
        "no version": b'{"type":"hello"}',
        "a reply": b'{"type":"result","id":1,"outputs":{}}',
    }


def server_command(name: str, project: Path) -> tuple[list[str], dict[str, str] | None]:
    if name != "julia":
        return [sys.executable, "-m", "spikemirror.mirrors.serve", name], None
    executable = julia.executable()
    assert executable is not None
    return [executable, "--startup-file=no", str(project / "julia" / "worker.jl")], julia.environment()


def conversation(name: str, project: Path, said: bytes) -> tuple[list[bytes], int]:
    """The lines that a server answers to all that, and its exit status."""
    command, environment = server_command(name, project)
    done = subprocess.run(command, input=said, capture_output=True, check=False, env=environment, timeout=280)
    return done.stdout.splitlines(), done.returncode


@pytest.mark.parametrize("name", ["python", "rust", "julia", "mojo"])
def test_a_server_answers_everything_and_lives(name: str, project: Path, tmp_path: Path) -> None:
    """Every bad line gets an error, and the good call after it its result."""
    bad = worst(tmp_path)
    said = b"".join(line + b"\n" + changed(VALID, id=i) + b"\n" for i, line in enumerate(bad.values()))
    lines, status = conversation(name, project, said)
    replies = [json.loads(line) for line in lines]
    told = dict(zip(bad, zip(replies[::2], replies[1::2], strict=False), strict=False))
    assert all(validator("reply").is_valid(reply) for reply in replies)
    assert {what: error for what, (error, _) in told.items() if error["type"] != "error"} == {}
    for i, (_, good) in enumerate(told.values()):
        assert good == {"type": "result", "id": i, "outputs": {"goodness": array(25.0)}}
    assert (len(replies), status) == (2 * len(bad), 0)


@pytest.mark.parametrize("name", ["python", "julia"])
def test_a_server_ends_with_its_input(name: str, project: Path) -> None:
    """Also in the middle of a line; and at the farewell, whatever follows."""
    lines, status = conversation(name, project, changed(VALID) + b"\n" + changed(VALID)[:50])
    assert [json.loads(line)["type"] for line in lines] == ["result", "error"]
    assert status == 0
    lines, status = conversation(name, project, b'{"type":"bye"}\n' + changed(VALID) + b"\n")
    assert (lines, status) == ([], 0)


def answers(said: bytes) -> list[dict[str, Any]]:
    replies = io.BytesIO()
    serve.serve(Server(PythonMirror(), {}), io.BytesIO(said), replies)
    return [json.loads(line) for line in replies.getvalue().splitlines()]


@pytest.mark.parametrize("length", [199, 200, 201, 5000])
def test_a_server_skips_lines_that_are_too_long(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "MAX_LINE", 1000)
    padded = changed(VALID).ljust(799 + length, b" ") + b"\n"
    first, second = answers(padded + changed(VALID, id=2) + b"\n")
    if len(padded) <= 1000:
        assert first["type"] == "result"
    else:
        assert first == {"type": "error", "id": None, "message": "not a request: a line of more than 1000 bytes"}
    assert second["id"] == 2
    assert answers(b"x" * 5000)[0]["type"] == "error"


# Anything at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([-1, 0, 1, 2, 2**31, 2**63, 2**64, 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def spoilt(draw: st.DrawFn, documents: list[dict[str, Any]]) -> bytes:
    """A message of which one part, somewhere, is something else, is missing, or is there twice."""
    document: Any = json.loads(json.dumps(draw(st.sampled_from(documents))))
    place, key = document, draw(st.sampled_from(sorted(document)))
    while isinstance(place[key], dict) and place[key] and draw(st.booleans()):
        place = place[key]
        key = draw(st.sampled_from(sorted(place)))
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            place[key] = draw(JSON)
        case "remove":
            del place[key]
        case _:
            place[draw(st.text(max_size=5))] = draw(JSON)
    return json.dumps(document).encode()


REQUESTS = [VALID, WORDS, RATE, {**VALID, "type": "time", "repeats": 2}, {"type": "hello", "version": 1}]
REPLIES: list[dict[str, Any]] = [
    {"type": "result", "id": 1, "outputs": {"goodness": {**SLOT, "data": "AAAAAAAAOUA="}}},
    {"type": "rejection", "id": 1, "code": "bad_dtype", "argument": "activations"},
    {"type": "unsupported", "id": 1, "reason": "no"},
    {"type": "error", "id": 1, "message": "no"},
    {"type": "times", "id": 1, "nanoseconds": [1], "outputs": {"goodness": {**SLOT, "data": "AAAAAAAAOUA="}}},
    {"type": "hello", "version": 1, "name": "x", "versions": {}, "kernels": [], "dtypes": []},
]


@given(st.binary(max_size=50) | st.text(max_size=50).map(str.encode))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    for reader in (read_request, read_reply):
        try:
            reader(line)
        except ValueError:
            continue
    version_of(line)


@given(st.lists(spoilt(REQUESTS) | st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), min_size=1, max_size=5))
def test_a_server_answers_each_of_any_lines(lines: list[bytes]) -> None:
    replies = answers(b"".join(line + b"\n" for line in [*lines, changed(VALID, id=99)]))
    assert len(replies) == len(lines) + 1
    assert all(validator("reply").is_valid(reply) for reply in replies)
    assert replies[-1] == {"type": "result", "id": 99, "outputs": {"goodness": array(25.0)}}


class Oracle:
    """In place of a running program: answers with one line, whatever it is asked."""

    def __init__(self, line: bytes) -> None:
        self._line = line

    def ask(self, request: Request, seconds: float) -> Reply:
        try:
            return read_reply(self._line)
        except ValueError as error:
            raise MirrorFault(str(error)) from None

    def limit_memory(self, more: int) -> None:
        pass

    def kill(self) -> None:
        pass

    end = kill


@given(spoilt(REPLIES))
def test_the_harness_takes_any_reply_for_what_it_is(line: bytes) -> None:
    mirror = ProcessMirror("any", ["/no/program"], inline=True)
    greeting = {
        "type": "hello",
        "version": 1,
        "name": "x",
        "versions": {},
        "kernels": ["goodness"],
        "dtypes": ["float64"],
    }
    mirror._introduction = msgspec.convert(greeting, Reply)
    mirror._connection = Oracle(line)  # type: ignore[assignment]
    output = np.empty(())
    try:
        mirror.call(CATALOGUE["goodness"], [np.array([3.0, 4.0])], [], [output])
    except (MirrorFault, Rejection, Unsupported):
        return
    finally:
        mirror.close()
    reply = json.loads(line)
    assert (reply["type"], reply["id"]) == ("result", 1)
    assert base64.b64encode(output.tobytes()).decode() == reply["outputs"]["goodness"]["data"]
