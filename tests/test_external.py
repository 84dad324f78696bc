"""Somebody's own programs and libraries: what `spikemirror new` writes, three kernels in C, two in plain Python."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikemirror import new_command
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import MAX_RANK
from spikemirror.golden.load import Golden
from spikemirror.golden.schema import validator
from spikemirror.mirrors.external import External, ManifestError
from spikemirror.mirrors.library import ARRAY, PREFIX, REAL
from spikemirror.parity.record import Cell, ParityRecord
from spikemirror.parity.run import run, tasks

OURS = Path(__file__).with_name("external")
STRICT = "-O2 -Wall -Wextra -Wpedantic -Werror"
KERNELS = {"c": {"csdp_positive", "encode_delta", "infonce"}, "python": {"philox_words", "stdp_trace"}}
Program = Callable[..., "subprocess.CompletedProcess[str]"]
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a starting point, puts a source of ours and edits into it, builds it, and gives its manifest."""

    def made(
        language: str, source: Path | None = None, edits: Sequence[tuple[str, str]] = (), name: str = "own"
    ) -> Path:
        folder = tmp_path / "their own" / name
        new_command.external(new_command.Language(language), folder)
        path = folder / {"c": "mirror.c", "python": "mirror.py"}[language]
        text = (source or path).read_text()
        for old, new in edits:
            assert text.count(old) == 1, (old, text.count(old))
            text = text.replace(old, new)
        path.write_text(text)
        if language == "c":
            build(folder)
        return folder / "manifest.toml"

    return made


def build(folder: Path) -> None:
    done = subprocess.run(
        ["make", f"CFLAGS={STRICT}"], cwd=folder, capture_output=True, text=True, check=False, env=without_make()
    )
    assert done.returncode == 0, done.stderr


def without_make() -> dict[str, str]:
    """The environment outside of a `make test`."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def parity(golden: Golden, manifest: Path, *kernels: str, seconds: float = 30) -> ParityRecord:
    return run(tasks(golden, kernels), [], golden, seconds, externals=[External(manifest)])


def by_status(cells: Sequence[Cell]) -> dict[str, set[str]]:
    """The kernels of each status."""
    return {status: {c.kernel for c in cells if c.status == status} for status in {c.status for c in cells}}


@pytest.mark.parametrize("language", ["c", "python"])
def test_a_starting_point_is_green_as_it_is(language: str, make: Make, spikemirror: Program, golden: Golden) -> None:
    manifest = make(language)
    done = spikemirror("parity", "--external", str(manifest), "--format", "json")
    assert done.returncode == 0, done.stderr
    record = msgspec.json.decode(done.stdout, type=ParityRecord)
    assert validator("parity").is_valid(json.loads(done.stdout))
    assert by_status(record.cells) == {"ok": {"goodness"}, "not run": set(CATALOGUE) - {"goodness"}}
    assert len(record.cells) == len(tasks(golden))
    assert {c.message for c in record.cells if c.kernel == "infonce"} == {"own has no kernel infonce"}
    assert [(m.name, m.found, m.manifest) for m in record.mirrors] == [("own", True, str(manifest))]
    assert list(record.mirrors[0].versions) == [{"c": "library", "python": "python"}[language]]


def test_what_others_wrote_is_green(make: Make, spikemirror: Program) -> None:
    manifests = {k: make(k, next((OURS / k).glob("mirror.*")), name=f"own-{k}") for k in KERNELS}
    both = [option for manifest in manifests.values() for option in ("--external", str(manifest))]
    done = spikemirror("parity", *both, "--mirror", "python", "-k", "goodness", *kernel_options(), "--format", "json")
    assert done.returncode == 0, done.stdout
    record = msgspec.json.decode(done.stdout, type=ParityRecord)
    assert [m.name for m in record.mirrors] == ["python", "own-c", "own-python"]
    for language, own in KERNELS.items():
        cells = [c for c in record.cells if c.mirror == f"own-{language}"]
        assert by_status(cells) == {"ok": own, "not run": {"goodness"}.union(*KERNELS.values()) - own}


def kernel_options() -> list[str]:
    return [option for kernels in KERNELS.values() for kernel in sorted(kernels) for option in ("-k", kernel)]


FAULTS = {
    "decay-sign": ("c", "csdp_positive", "growth - rounded(", "growth + rounded("),
    "unrounded": ("c", "csdp_positive", "rounded(dtype, decay * w)", "(decay * w)"),
    "dropped-last": ("c", "csdp_positive", "j < columns; j++", "j < columns - 1; j++"),
    "not-strict": ("c", "encode_delta", "now - before) > on", "now - before) >= on"),
    "stale": ("c", "encode_delta", "before = now;", ";"),
    "cancelling": ("c", "infonce", "log1p(others)", "log(1 + others)"),
    "no-pivot": ("c", "infonce", "exp(scores[j] - scores[top])", "exp(scores[j]) / exp(scores[top])"),
    "no-floor": ("c", "infonce", "fmax(sqrt(squares), ldexp(1e-8, -exponent))", "sqrt(squares)"),
    "no-check": ("c", "infonce", "    REQUIRE(all_finite(b), NON_FINITE, INFONCE_VIEW_B);\n", ""),
    "wrong-argument": ("c", "infonce", "BAD_RANK, INFONCE_VIEW_B", "BAD_RANK, INFONCE_VIEW_A"),
    "wrong-code": ("c", "csdp_positive", "BAD_SPIKES, CSDP_POSITIVE_PRE", "BAD_TARGET, CSDP_POSITIVE_PRE"),
    "float64-only": ("python", "stdp_trace", 'if dtype == "float32"', 'if dtype == "float16"'),
    "nine-rounds": ("python", "philox_words", "range(10)", "range(9)"),
    "carry": ("python", "philox_words", "(key + 0x9E3779B9) & MASK", "key + 0x9E3779B9"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_red(fault: str, make: Make, golden: Golden) -> None:
    language, kernel, old, new = FAULTS[fault]
    manifest = make(language, next((OURS / language).glob("mirror.*")), [(old, new)])
    assert by_status(parity(golden, manifest, kernel).cells).keys() & {"wrong", "failed"}


CRASHES = {
    "abort();": "died of SIGABRT",
    "*(volatile int *)0 = 1;": "died of SIGSEGV",
    "exit(7);": "exited with status 7",
    "for (;;) { }": "no answer within 5 s: killed",
    "set_real(&outputs[0], 1, 0);": "writes past the end of output goodness",
    "set_real(z, 0, 0);": "writes to its input activations",
    "return -2;": "out of memory",
    "return 12345;": "unknown status 12345",
}


@pytest.mark.parametrize("statement", CRASHES)
def test_a_fault_of_the_library_costs_one_cell(statement: str, make: Make, golden: Golden) -> None:
    here = "    double sum = 0;\n"
    edits = [('#include "support.h"\n', '#include <stdlib.h>\n#include "support.h"\n')]
    manifest = make("c", edits=[*edits, (here, f"{here}    if (count == 1025) {{ {statement} }}\n")])
    cells = parity(golden, manifest, "goodness", seconds=5 if "within" in CRASHES[statement] else 30).cells
    bad = {c.case: c.message for c in cells if c.status != "ok"}
    assert list(bad) == ["past-tile"]
    assert CRASHES[statement] in str(bad["past-tile"])


def test_a_stray_print_of_a_library_or_of_the_program_to_start_from_disturbs_nobody(make: Make, golden: Golden) -> None:
    edits = [("    double sum = 0;\n", '    double sum = 0;\n    printf("computing\\n"), fflush(stdout);\n')]
    library = make("c", edits=[('#include "support.h"\n', '#include <stdio.h>\n#include "support.h"\n'), *edits])
    program = make("python", edits=[('    """The sum of squares."""\n', '    print("computing")\n')], name="loud")
    for manifest in (library, program):
        assert by_status(parity(golden, manifest, "goodness").cells) == {"ok": {"goodness"}}


@pytest.mark.parametrize("language", ["c", "python"])
def test_a_starting_point_times_its_calls(language: str, make: Make) -> None:
    mirror = External(make(language)).open(30)
    output = np.empty(())
    samples = mirror.time(CATALOGUE["goodness"], [np.array([3.0, 4.0])], [], [output], 5)
    mirror.close()
    assert (len(samples), float(output)) == (5, 25)
    assert min(samples) >= 0


def test_a_failure_is_reproduced_by_its_own_line(make: Make, spikemirror: Program) -> None:
    manifest = make("c", edits=[("double sum = 0", "float sum = 0")])
    done = spikemirror("parity", "--external", str(manifest), "-k", "goodness")
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if "reproduce: spikemirror " in line)
    command = shlex.split(line.split("reproduce: spikemirror ")[1])
    assert command == ["run", "goodness/plain", "--external", str(manifest), "--dtype", "float64"]
    again = spikemirror(*command)
    assert again.returncode == 1
    assert "goodness/plain float64 on own" in again.stdout
    assert "3.4074831008911133" in again.stdout
    assert spikemirror(*command[:-1], "float32").returncode == 0


def rewrite(manifest: Path, *lines: str) -> Path:
    manifest.write_text("\n".join(lines) + "\n")
    return manifest


def test_only_some_kernels_and_dtypes(make: Make, golden: Golden) -> None:
    manifest = make("python", OURS / "python" / "mirror.py")
    whole = manifest.read_text()
    rewrite(manifest, whole, 'kernels = ["stdp_trace", "infonce"]', 'dtypes = ["float32"]')
    cells = parity(golden, manifest, "stdp_trace", "infonce", "philox_words").cells
    assert {c.message for c in cells if c.kernel == "philox_words"} == {"own has no kernel philox_words"}
    promised = [c for c in cells if (c.kernel, c.dtype) == ("infonce", "float32")]
    assert {c.status for c in promised} == {"failed"}
    assert all("infonce" in str(c.message) for c in promised)
    assert {c.status for c in cells if (c.kernel, c.dtype) == ("stdp_trace", "float32")} == {"ok"}
    absent = [c for c in cells if (c.kernel, c.dtype, c.case) == ("stdp_trace", "float64", "plain")]
    assert [(c.status, c.message) for c in absent] == [("not run", "own has no float64")]


def test_a_program_with_descriptors_of_its_own(tmp_path: Path, golden: Golden) -> None:
    command = f'["{sys.executable}", "-m", "spikemirror.mirrors.serve", "python"]'
    manifest = rewrite(tmp_path / "m.toml", 'name = "served"', f"command = {command}", "own_descriptors = true")
    assert by_status(parity(golden, manifest, "goodness", "lpl").cells) == {"ok": {"goodness", "lpl"}}


@pytest.mark.parametrize("language", ["c", "python"])
def test_arrays_in_the_lines(language: str, tmp_path: Path, make: Make, golden: Golden) -> None:
    """The starting point in Python reads them; so does our own server."""
    if language == "python":
        manifest = make("python", OURS / "python" / "mirror.py")
        rewrite(manifest, manifest.read_text(), "inline = true")
    else:
        command = f'["{sys.executable}", "-m", "spikemirror.mirrors.serve", "rust"]'
        manifest = rewrite(tmp_path / "m.toml", 'name = "served"', f"command = {command}", "inline = true")
    assert by_status(parity(golden, manifest, "stdp_trace", "philox_words").cells) == {
        "ok": {"stdp_trace", "philox_words"}
    }


def test_folder_environment_and_a_program_beside_the_manifest(make: Make, golden: Golden) -> None:
    manifest = make("python")
    folder = manifest.parent
    (folder / "src").mkdir()
    for path in (folder / "mirror.py", folder / "wire.py"):
        path.rename(folder / "src" / path.name)
    start = folder / "start"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$SOURCE" "$@"\n')
    start.chmod(0o755)
    rewrite(
        manifest, 'name = "own"', 'command = ["./start", "; exit 3"]', 'folder = "src"',
        'environment = { SOURCE = "mirror.py" }',
    )  # fmt: skip
    assert by_status(parity(golden, manifest, "goodness").cells) == {"ok": {"goodness"}}


MANIFESTS = {
    "name = ": "Invalid value",
    'name = "x"': "either a command or a library",
    'name = "x"\ncommand = ["a"]\nlibrary = "b"': "either a command or a library",
    'name = "x"\ncommand = []': "length >= 1",
    'name = "x"\ncommand = "rm -rf"': "Expected `array | null`, got `str`",
    'name = "x"\ncommand = ["a\\u0000b"]': "matching regex",
    'name = "X"\ncommand = ["a"]': "matching regex",
    'name = "x\\n"\ncommand = ["a"]': "matching regex",
    'name = "../x"\ncommand = ["a"]': "matching regex",
    f'name = "{"x" * 41}"\ncommand = ["a"]': "length <= 40",
    'name = "x"\ncommand = ["a"]\nshell = true': "unknown field `shell`",
    'name = "x"\ncommand = ["a"]\nkernels = ["badness"]': "there is no kernel badness",
    'name = "x"\ncommand = ["a"]\ndtypes = ["float16"]': "Invalid enum value 'float16'",
    'name = "x"\ncommand = ["a"]\nenvironment = { "A=B" = "c" }': "matching regex",
    'name = "x"\ncommand = ["a"]\nenvironment = { A = 1 }': "Expected `str`, got `int`",
    'name = "x"\nlibrary = "a"\ninline = true': "own_descriptors and inline are for a command",
    "a = " + "[" * 60_000: "",
    "#" * 70_000: "larger than 64 KiB",
    "\udcff": "",
    "": "missing required field `name`",
}


@pytest.mark.parametrize("text", MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_manifest_that_cannot_be_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ManifestError) as caught:
        External(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert MANIFESTS[text] in str(caught.value)


KEYS = st.sampled_from(["name", "command", "library", "folder", "environment", "kernels", "dtypes", "inline", "x"])
LITERALS = st.sampled_from(
    ['"a"', '["a"]', "1", "true", '{ A = "b" }', "[[]]", '"\\u0000"', "1979-05-27", '["float32"]']
)


@given(
    st.binary(max_size=100)
    | st.dictionaries(KEYS, LITERALS).map(lambda d: "\n".join(f"{k} = {v}" for k, v in d.items()).encode())
)
def test_any_manifest_is_read_or_refused(text: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(text)
        try:
            external = External(Path(file.name))
        except ManifestError:
            return
        manifest = external.manifest
        assert (manifest.command is None) != (manifest.library is None)
        assert validator("external").is_valid(tomllib.loads(text.decode()))


def test_the_schema_of_manifests() -> None:
    schema = validator("external")
    assert schema.is_valid({"name": "x", "command": ["a"], "dtypes": ["float32"]})
    assert not schema.is_valid({"name": "X", "command": ["a"]})
    assert not schema.is_valid({"name": "x", "command": ["a"], "shell": True})


@pytest.mark.parametrize("name", ["rust", "norse"])
def test_names_must_differ(name: str, spikemirror: Program, tmp_path: Path) -> None:
    own = rewrite(tmp_path / "own.toml", 'name = "own"', 'command = ["cat"]')
    other = rewrite(tmp_path / "other.toml", f'name = "{name}"', 'command = ["cat"]')
    for manifests, text in (((own, own), "called own"), ((other,), f"called {name}")):
        options = [option for manifest in manifests for option in ("--external", str(manifest))]
        done = spikemirror("parity", *options)
        assert done.returncode == 2
        assert f"another mirror is {text}" in " ".join(done.stderr.replace("│", " ").split())


def test_what_is_not_there_is_missing_and_not_green(spikemirror: Program, tmp_path: Path) -> None:
    for line, reason in (
        ('library = "lib/no.so"', f"no library {tmp_path}/lib/no.so; build it, or change "),
        ('command = ["./no"]', f"no program {tmp_path}/no; build it, or change"),
        ('command = ["no-such-program"]', "no program no-such-program on PATH"),
    ):
        manifest = rewrite(tmp_path / "m.toml", 'name = "own"', line)
        for command in (("parity", "-k", "goodness"), ("run", "goodness/plain")):
            done = spikemirror(*command, "--external", str(manifest))
            assert done.returncode == 3
            assert reason.split(";")[0] in done.stderr
        assert reason in spikemirror("parity", "-k", "goodness", "--external", str(manifest)).stdout


def test_nothing_run_is_not_success(make: Make, spikemirror: Program) -> None:
    done = spikemirror("parity", "--external", str(make("python")), "-k", "lpl")
    assert done.returncode == 3
    assert "required, but missing: own: own has no kernel lpl" in done.stderr
    assert "0 cells agree" in done.stdout


LIBRARIES = {
    "": "exports no spikemirror_version; build it with the header of this spikemirror, which has 1",
    "int spikemirror_version(void) { return 2; }": "has the C interface 2; build it",
    "void gone(void); int spikemirror_version(void) { gone(); return 1; }": "undefined symbol: gone",
    "#error": "cannot be loaded",
}


@pytest.mark.parametrize("source", LIBRARIES)
def test_a_library_that_does_not_fit_says_why(source: str, tmp_path: Path, golden: Golden) -> None:
    library = tmp_path / "lib.so"
    if source == "#error":
        library.write_text("no library")
    else:
        command = ["cc", "-x", "c", "-shared", "-fPIC", "-Wl,-z,now", "-o", str(library), "-"]
        subprocess.run(command, input=source, text=True, check=True)
    manifest = rewrite(tmp_path / "m.toml", 'name = "own"', 'library = "lib.so"')
    cells = parity(golden, manifest, "goodness").cells
    assert {c.status for c in cells} == {"failed"}
    assert LIBRARIES[source] in str(cells[0].message)


@pytest.mark.parametrize(("compiler", "standard"), [("cc", "c99"), ("c++", "c++11")])
def test_the_header_is_c_and_cpp(compiler: str, standard: str, project: Path, tmp_path: Path) -> None:
    """And its structs are those that ctypes packs."""
    program = tmp_path / "sizes"
    what = (
        "sizeof(spikemirror_array), offsetof(spikemirror_array, dtype), offsetof(spikemirror_array, shape),"
        " sizeof(spikemirror_parameter), offsetof(spikemirror_parameter, present)"
    )
    source = (
        '#include <stddef.h>\n#include <stdio.h>\n#include "spikemirror.h"\n'
        f'int main(void) {{ printf("%zu %zu %zu %zu %zu %d", {what}, SPIKEMIRROR_MAX_RANK); return 0; }}\n'
    )
    language = "c" if compiler == "cc" else "c++"
    include = str(project / "python" / "spikemirror" / "starters" / "c")
    command = [compiler, "-x", language, f"-std={standard}", *STRICT.split(), "-I", include, "-o", str(program), "-"]
    subprocess.run(command, input=source, text=True, check=True)
    said = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(n) for n in (ARRAY.size, 8, 16, REAL.size, 8, MAX_RANK)]


def test_new_refuses_to_overwrite(spikemirror: Program, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert spikemirror("new", "external", "--language", "c", str(tmp_path / "mine")).returncode == 0
    before = {p: p.read_text() for p in (tmp_path / "mine").iterdir()}
    (tmp_path / "file").write_text("mine")
    for target in ("mine", "file"):
        done = spikemirror("new", "external", "--language", "python", "--name", "x", str(tmp_path / target))
        assert done.returncode == 2
        assert "nothing was written" in done.stderr
    assert {p: p.read_text() for p in (tmp_path / "mine").iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]


def test_new_wants_a_name_that_manifests_take(spikemirror: Program, tmp_path: Path) -> None:
    done = spikemirror("new", "external", "--language", "c", str(tmp_path / "My Own"))
    assert done.returncode == 2
    assert "'My Own' cannot be its name" in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
    done = spikemirror("new", "external", "--language", "c", "--name", "my-own", str(tmp_path / "My Own"))
    assert External(tmp_path / "My Own" / "manifest.toml").name == "my-own"
    assert spikemirror("new", "external", "--language", "cobol").returncode == 2


@pytest.mark.timeout(1200)
def test_the_rust_kernels_as_somebodys_library(project: Path, tmp_path: Path, golden: Golden) -> None:
    """All kernels over the C interface: what the header says is enough."""
    cargo = shutil.which("cargo")
    assert cargo is not None
    command = [cargo, "build", "--release", "--offline", "--package", "spikemirror-c", "--message-format=json"]
    done = subprocess.run(
        [*command, "--manifest-path", str(project / "rust" / "Cargo.toml")],
        capture_output=True, text=True, check=False, env=without_make(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = [name for line in done.stdout.splitlines() for name in json.loads(line).get("filenames", [])]
    library = next(name for name in made if "spikemirror_c." in name and not name.endswith(".d"))
    assert set(exported(library)) == {"version", *CATALOGUE}
    manifest = rewrite(tmp_path / "m.toml", 'name = "rust-c"', f'library = "{library}"')
    assert by_status(parity(golden, manifest).cells) == {"ok": set(CATALOGUE)}


def exported(library: str) -> list[str]:
    loaded = ctypes.CDLL(library)
    return [name for name in (*CATALOGUE, "version") if hasattr(loaded, PREFIX + name)]


# docs/implementers.md


@pytest.fixture(scope="module")
def guide(project: Path) -> list[tuple[str, list[str]]]:
    """The guide's blocks: their language and lines."""
    blocks: list[tuple[str, list[str]]] = []
    inside = False
    for line in (project / "docs" / "implementers.md").read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
            if inside:
                blocks.append((line.removeprefix("```"), []))
        elif inside:
            blocks[-1][1].append(line)
    return blocks


def blocks(guide: list[tuple[str, list[str]]], language: str) -> list[list[str]]:
    found = [lines for name, lines in guide if name == language]
    assert found, language
    return found


def test_the_guide_speaks_the_protocol(guide: list[tuple[str, list[str]]], make: Make) -> None:
    """Every first line of a block is sent, every second one is what comes."""
    folder = make("python", name="mirror").parent
    (folder / "arena").write_bytes(b"".join(n.to_bytes(8, "little") for n in (0, 0x4008 << 48, 0x4010 << 48, 0)))
    lines = [line for block in blocks(guide, "jsonl") for line in block]
    requests, replies = lines[::2], lines[1::2]
    done = subprocess.run(
        [sys.executable, "mirror.py"], cwd=folder, input="\n".join(requests), capture_output=True, text=True, check=True
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [settled(s) for s in said] == [settled(json.loads(r)) for r in replies]
    kinds = {s["type"] for s in said}
    assert kinds == {"hello", "result", "rejection", "error", "times"}
    for request in requests:
        assert request == "not JSON" or validator("request").is_valid(json.loads(request)), request
    for reply in said:
        assert validator("reply").is_valid(reply), reply


def settled(reply: dict[str, Any]) -> dict[str, Any]:
    """Without what differs from run to run."""
    changed = {"nanoseconds": len(reply.get("nanoseconds", ())), "versions": sorted(reply.get("versions", ()))}
    return {**reply, **changed}


def test_the_manifests_of_the_guide_are_good(guide: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    for lines in blocks(guide, "toml"):
        External(rewrite(tmp_path / "m.toml", *lines))


def test_the_prototype_of_the_guide_is_that_of_the_header(guide: list[tuple[str, list[str]]], project: Path) -> None:
    header = (project / "python" / "spikemirror" / "starters" / "c" / "spikemirror.h").read_text()
    for lines in blocks(guide, "c"):
        assert "\n".join(lines) in header


def test_the_reader_of_golden_files_of_the_guide_runs(guide: list[tuple[str, list[str]]], project: Path) -> None:
    (lines,) = blocks(guide, "python")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, counted(done.stdout)) == (0, "N elements agree\n"), done.stderr


def counted(text: str) -> str:
    """Without the numbers of cases, which grow."""
    return re.sub(r" *\d+", "N", text)


def test_the_commands_and_outputs_of_the_guide(guide: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    (commands,) = blocks(guide, "sh")
    first, failing = blocks(guide, "")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**without_make(), "PATH": path, "COLUMNS": "200"}

    def shell(script: str, folder: Path) -> str:
        done = subprocess.run(
            ["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False, env=environment
        )
        return done.stdout

    said = shell("set -e\n" + "\n".join(commands), tmp_path)
    assert all(counted(line) in counted(said) for line in first), said
    mine = tmp_path / "mine"
    source = mine / "mirror.c"
    source.write_text(source.read_text().replace("double sum", "float sum"))
    said = shell(f"make && {commands[-1]}", mine)
    assert all(line.split(", ")[0] in said for line in failing), said
