"""Files and messages from strangers: every parser takes them, or refuses them with the error it promises."""

from __future__ import annotations

import ast
import contextlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikemirror.bench.record import ArtifactError
from spikemirror.bench.record import load as load_artifact
from spikemirror.config import Config, ConfigError
from spikemirror.golden.emit import MANIFEST, manifest
from spikemirror.golden.load import MAX_BYTES, Golden, GoldenError
from spikemirror.mirrors import julia
from spikemirror.mirrors.external import External, ManifestError
from spikemirror.mirrors.protocol import from_base64, read_reply, read_request
from spikemirror.mirrors.python import PythonMirror
from spikemirror.parity import known
from spikemirror.parity.cell import fill
from spikemirror.parity.run import tasks

KERNEL = "goodness"
HOSTILE: list[Any] = [
    -1, 0, 1 << 31, 1 << 63, 1 << 64, 10**400, -0.0, 1e308, 5e-324, True, None, "", "NaN", "Infinity", "\0", "é" * 9,
    "../../etc/passwd", "x" * 10_000, [], {}, [[]], [1 << 40] * 9, {"": None}, [-1, -1],
]  # fmt: skip
DEEP = 100_000


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a JSON document."""
    found = [path] if path else []
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        found += places(value, (*path, key))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value there."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


def damaged(text: str) -> st.SearchStrategy[str]:
    """The text with parts of it cut out, doubled, moved, or overwritten with others' bytes."""

    def edit(spans: list[tuple[int, int, str]]) -> str:
        broken = text
        for at, length, put in spans:
            at %= len(broken) + 1  # noqa: PLW2901
            broken = broken[:at] + put + broken[at + length :]
        return broken

    pieces = st.one_of(
        st.text(max_size=4),
        st.sampled_from(
            ['"', "{", "}", "[", "]", ",", ":", "\\", "\\ud800", "-", "e999", "NaN", "\0", "=", "\n", "[["]
        ),
        st.integers(0, len(text)).map(lambda i: text[i : i + 40]),
    )
    spans = st.tuples(st.integers(0, len(text)), st.integers(0, 60), pieces)
    return st.lists(spans, min_size=1, max_size=4).map(edit)


def hostile(document: Any) -> st.SearchStrategy[str]:
    """The document with a value that does not belong there, a key too many, or far too deep."""
    paths = places(document)

    def spoil(path: tuple[Any, ...], value: Any) -> str:
        return json.dumps(replaced(document, path, value))

    return st.one_of(
        st.builds(spoil, st.sampled_from(paths), st.sampled_from(HOSTILE)),
        st.builds(lambda path: spoil(path, "@").replace('"@"', "[" * DEEP + "]" * DEEP), st.sampled_from(paths)),
        st.builds(
            lambda path: spoil(path, "@").replace('"@"', '{"a":' * DEEP + "0" + "}" * DEEP), st.sampled_from(paths)
        ),
    )


@dataclass(frozen=True, repr=False)
class Parser:
    """A parser with a good text for it, and the errors that it promises."""

    read: Callable[[str], object]
    good: str
    promised: tuple[type[Exception], ...]

    def attempt(self, text: str) -> None:
        """Read it, or get one of the errors."""
        with contextlib.suppress(*self.promised):
            self.read(text)

    def __repr__(self) -> str:
        return "Parser(...)"


def few_cases() -> dict[str, Any]:
    document = json.loads((Golden().path / f"{KERNEL}.json").read_text())
    document["cases"] = [*document["cases"][:2], document["cases"][-1]]
    return document  # type: ignore[no-any-return]


def read_fixture(folder: Path, text: str) -> None:
    """What a parity run does with a file of a stranger, whose manifest is in order."""
    (folder / f"{KERNEL}.json").write_text(text, errors="surrogatepass")
    (folder / MANIFEST).write_text(manifest({f"{KERNEL}.json": text}))
    for task in tasks(Golden(folder), [KERNEL]):
        fill(PythonMirror(), task)


def read_file(folder: Path, read: Callable[[Path], object], text: str) -> None:
    path = folder / "file"
    path.write_text(text)
    read(path)


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parser]:
    folder = tmp_path_factory.mktemp("strangers")
    golden = Golden()

    def read_manifest(text: str) -> None:
        (folder / MANIFEST).write_text(text)
        Golden(folder).verify()

    artifact = next((Path(__file__).parent.parent / "benchmarks" / "results").glob("*.json"), None)
    call: dict[str, Any] = {
        "type": "call", "id": 7, "kernel": KERNEL, "parameters": {},
        "inputs": {"activations": {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="}},
        "outputs": {KERNEL: {"dtype": "float64", "shape": []}},
    }  # fmt: skip
    result = {
        "type": "result",
        "id": 7,
        "outputs": {KERNEL: {"dtype": "float64", "shape": [1], "data": "AAAAAAAA8D8="}},
    }

    def request(text: str) -> None:
        read_request(text.encode(errors="surrogatepass"))

    def reply(text: str) -> None:
        answer = read_reply(text.encode(errors="surrogatepass"))
        for array in getattr(answer, "outputs", {}).values():
            from_base64(array)

    found = {
        "fixture": Parser(lambda text: read_fixture(folder, text), json.dumps(few_cases()), (GoldenError,)),
        "manifest": Parser(read_manifest, json.dumps({"format": 1, "digest": "0" * 64, "files": {}}), (GoldenError,)),
        "request": Parser(request, json.dumps(call), (ValueError,)),
        "reply": Parser(reply, json.dumps(result), (ValueError,)),
        "config": Parser(Config.from_json, Config().to_json(), (ConfigError,)),
        "config toml": Parser(Config.from_toml, Config().to_toml(), (ConfigError,)),
        "external": Parser(
            lambda text: read_file(folder, lambda path: External(path).probe(), text),
            'name = "mine"\ncommand = ["./mine", "a"]\nenvironment = { A = "b" }\nkernels = ["goodness"]\n',
            (ManifestError,),
        ),
        "known differences": Parser(
            lambda text: read_file(folder, lambda path: known.load(path, golden), text),
            '[[difference]]\nmirror = "julia"\ncases = ["goodness/plain"]\nreason = "r"\ndate = 2026-01-31\n',
            (known.KnownDifferencesError,),
        ),
    }
    if artifact is not None:
        found["artifact"] = Parser(
            lambda text: read_file(folder, load_artifact, text), artifact.read_text(), (ArtifactError,)
        )
    return found


NAMES = ["fixture", "manifest", "request", "reply", "config", "config toml", "external", "known differences"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_whole_is_read(name: str, parsers: dict[str, Parser]) -> None:
    parsers[name].read(parsers[name].good)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150)
@given(data=st.data())
def test_damage_is_read_or_refused(name: str, parsers: dict[str, Parser], data: st.DataObject) -> None:
    parsers[name].attempt(data.draw(damaged(parsers[name].good)))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("config toml", "external", "known differences")])
@settings(max_examples=150)
@given(data=st.data())
def test_hostile_values_are_read_or_refused(name: str, parsers: dict[str, Parser], data: st.DataObject) -> None:
    parsers[name].attempt(data.draw(hostile(json.loads(parsers[name].good))))


@pytest.mark.parametrize("text", ["", "null", "0", "[]", "{}", "\ufeff{}", "[" * DEEP, "a = " + "[" * DEEP, "\0"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_nothing_like_it_is_read_or_refused(name: str, text: str, parsers: dict[str, Parser]) -> None:
    parsers[name].attempt(text)


def test_files_beyond_a_size_are_not_read(tmp_path: Path) -> None:
    with open(tmp_path / MANIFEST, "wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(GoldenError, match="larger than"):
        Golden(tmp_path)
    with open(tmp_path / "manifest.toml", "wb") as file:
        file.truncate(1 << 20)
    with pytest.raises(ManifestError, match="larger than"):
        External(tmp_path / "manifest.toml")


READER = """
include(ARGS[1])
import .SpikeMirror
for line in eachline(stdin)
    text = String(hex2bytes(line))
    println(try
        SpikeMirror.read_json(text)
        "read"
    catch error
        error isa SpikeMirror.JSONError ? "refused" : "broken: $(typeof(error))"
    end)
end
"""


def strict(text: bytes) -> bool:
    """Whether Python's reader takes it, with what the Julia reader refuses on purpose."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key twice")
        return dict(pairs)

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        value = json.loads(text.decode(), object_pairs_hook=once, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # neither lone surrogates nor overflow
    except (ValueError, RecursionError):
        return False
    return True


class JuliaReader:
    """A Julia that tells of one text after the other whether it is JSON."""

    def __init__(self, project: Path) -> None:
        command = [str(julia.executable()), "--startup-file=no", "-O0", "-e", READER]
        command.append(str(project / "julia" / "src" / "SpikeMirror.jl"))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=julia.environment(), text=True
        )

    def read(self, text: bytes) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text.hex() + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def julia_reader(project: Path) -> Any:
    reader = JuliaReader(project)
    yield reader
    reader.close()


SMALL = '{"a":[1,-2.5e-3,"x\\u00e9\\ud83d\\ude00\\n",true,null,{"b":"","c":[]}],"é":18446744073709551615}'


@settings(max_examples=400)
@given(text=st.one_of(damaged(SMALL).map(lambda t: t.encode(errors="surrogatepass")), st.binary(max_size=40)))
def test_the_julia_reader_refuses_what_is_not_json(text: bytes, julia_reader: JuliaReader) -> None:
    assert julia_reader.read(text) == ("read" if strict(text) else "refused")


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\xff", b"[" * 1_000_000, b'{"a":' * 1_000_000, b'"' + b"x" * 5_000_000, b"1" * 100_000, b"1e999999999",
        b"-", b"01", b"1.", b".5", b"+1", b'"\\ud800"', b'"\\u12"', b"tru", b"[1,]", b'{"a":1,}', b'{"a":1,"a":2}',
        b"\xef\xbb\xbf1", b"1\x00", b"'1'", b"[1 2]", b"nan", b"Infinity",
    ],
)  # fmt: skip
def test_the_julia_reader_survives(text: bytes, julia_reader: JuliaReader) -> None:
    assert julia_reader.read(text) in ("read", "refused")
    assert julia_reader.read(b"[1]") == "read"


FORBIDDEN = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "telnetlib"}


def test_nothing_that_was_read_is_run(project: Path) -> None:
    for path in (project / "python" / "spikemirror").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                assert getattr(node.func, "id", "") not in FORBIDDEN, (path, node.lineno)
                assert ast.unparse(node.func) not in ("os.system", "os.popen"), (path, node.lineno)
                words = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
                assert not words.get("shell"), (path, node.lineno)
                assert not words.get("allow_pickle"), (path, node.lineno)
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert MODULES.isdisjoint(name.partition(".")[0] for name in names), (path, names)
