"""The peers: their adapters on stand-ins, what is said of those that are not there, and the run as it is told.

The libraries themselves are too large for every machine; `make peers` runs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from spikemirror import mirrors
from spikemirror.catalogue import CATALOGUE
from spikemirror.catalogue.kernel import Array, Kernel, Value
from spikemirror.golden.load import Golden
from spikemirror.mirrors import MirrorFault, Unsupported
from spikemirror.mirrors.peers import DISTRIBUTIONS
from spikemirror.mirrors.protocol import Call, Hello, Introduction, NotSupported, Reply, Request, WireArray
from spikemirror.mirrors.python import PythonMirror
from spikemirror.parity.cell import Task, fill
from spikemirror.parity.known import load
from spikemirror.parity.record import Cell, MirrorRecord, ParityRecord
from spikemirror.peers import ADAPTERS, kernels_of
from spikemirror.peers.peer import Peer
from spikemirror.report import peers as report

Program = Callable[..., "subprocess.CompletedProcess[str]"]
STAND_INS = Path(__file__).with_name("peer_stand_ins.py")


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a run whose peers are stand-ins."""
    python = tmp_path_factory.mktemp("peers") / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_INS}" "$@"\n')
    python.chmod(0o755)
    return {"SPIKEMIRROR_PEERS": str(python)}


@pytest.fixture(scope="module")
def whole(spikemirror: Program, stand_ins: Mapping[str, str]) -> dict[str, Any]:
    """One run of everything that the peers have."""
    done = spikemirror("parity", "--peers", "--format", "json", env=stand_ins)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert isinstance(record, dict)
    return record


# the run


def test_every_kernel_of_a_peer_agrees_where_it_is_not_known_to_differ(whole: dict[str, Any]) -> None:
    count: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for cell in whole["cells"]:
        count[cell["mirror"], cell["kernel"]][cell["status"]] += 1
    for name, adapter in ADAPTERS.items():
        for kernel in adapter.kernels:
            assert set(count[name, kernel]) <= {"ok", "known", "not run"}
            assert count[name, kernel]["ok"] > count[name, kernel]["known"]
    assert {m["name"]: m["found"] for m in whole["mirrors"]} == dict.fromkeys(mirrors.PEERS, True)


def test_every_listed_difference_of_a_peer_is_one(whole: dict[str, Any], project: Path, golden: Golden) -> None:
    entries = load(project / "tests" / "known_differences.toml", golden)
    listed = {key: entry.reason for key, entry in entries.items() if key[0] in mirrors.PEERS}
    known = {
        (c["mirror"], c["kernel"], c["case"], c["dtype"]): c["message"].rsplit(" (", 1)[0]
        for c in whole["cells"]
        if c["status"] == "known"
    }
    assert known == listed


def test_what_is_not_compared_says_why(whole: dict[str, Any], golden: Golden) -> None:
    refused = {
        (kernel, case.id, dtype)
        for kernel in golden.kernels
        for case in golden.cases(kernel)
        for dtype, expected in case.expected.items()
        if expected.rejection
    }
    for cell in whole["cells"]:
        if cell["status"] == "not run":
            assert cell["message"]
        if cell["kernel"] in ADAPTERS[cell["mirror"]].kernels:
            bad_input = (cell["kernel"], cell["case"], cell["dtype"]) in refused
            assert bad_input == ((cell["message"] or "").startswith("input that must be refused"))


def test_options_that_a_peer_lacks(whole: dict[str, Any]) -> None:
    said = {
        (c["kernel"], c["case"]): c["message"]
        for c in whole["cells"]
        if c["status"] == "not run" and c["kernel"] in ADAPTERS[c["mirror"]].kernels
    }
    assert said["encode_delta", "thresholds"] == "theta_off: delta has one threshold"
    for kernel, start in (
        ("encode_latency", "mapping exponential: "),
        ("encode_latency", "mapping log: "),
        ("encode_latency", "t_min, t_max: "),
        ("encode_latency", "normalization, gain, bias: "),
        ("encode_latency", "burst: "),
        ("infonce", "symmetric: "),
    ):
        assert any(m.startswith(start) for (k, _), m in said.items() if k == kernel)


def test_a_peer_that_computes_some_outputs_is_held_to_those(whole: dict[str, Any]) -> None:
    said = {c["message"] for c in whole["cells"] if c["kernel"] == "infonce" and c["status"] == "ok"}
    assert said == {"sc-neurocore computes only loss"}


def test_table(spikemirror: Program, stand_ins: Mapping[str, str]) -> None:
    done = spikemirror("parity", "--peers", "--mirror", "sc-neurocore", env=stand_ins)
    assert done.returncode == 0
    rows = [line.replace("│", " ").split() for line in done.stdout.splitlines() if line.startswith("│")]
    assert [row[1] for row in rows] == ["infonce", "csdp_positive", "csdp_negative", "csdp_step", "goodness"]
    assert "sc-neurocore 0.1.stand-in with numpy 0.1.stand-in" in done.stdout
    assert "sc-neurocore, differ (infonce 2): a floor of 1e-10" in done.stdout
    assert "sc-neurocore, not compared (infonce 6): symmetric" in done.stdout
    assert "0 differ or fail" in done.stdout
    assert "snntorch" not in done.stdout


def test_markdown(spikemirror: Program, stand_ins: Mapping[str, str]) -> None:
    options = ("parity", "--peers", "--mirror", "snntorch", "-k", "encode_delta", "--format", "markdown")
    lines = spikemirror(*options, env=stand_ins).stdout.splitlines()
    assert lines[0].startswith("| peer | kernel | cells | run | agree | known | bad |")
    assert lines[2].startswith("| snntorch | encode_delta | ")
    assert lines[2].endswith(" | 4 | 0 | bits |")
    assert "- snntorch 0.1.stand-in with torch 0.1.stand-in" in lines


def test_a_kernel_of_which_nothing_could_be_run_keeps_its_row(golden: Golden) -> None:
    cell = Cell(mirror="snntorch", kernel="encode_delta", case="plain", dtype="float64", status="not run", message="no")
    there = MirrorRecord(name="snntorch", found=True, versions={"snntorch": "1"}, reason="")
    gone = MirrorRecord(name="norse", found=False, versions={}, reason="lost")
    record = ParityRecord(
        spikemirror="0", golden_digest="0" * 64, git_commit=None, git_dirty=None, platform="", started="", seconds=0,
        mirrors=[gone, there], cells=[msgspec.structs.replace(cell, mirror="norse"), cell],
    )  # fmt: skip
    lines = report.markdown(record, golden).splitlines()
    assert lines[2:4] == ["| snntorch | encode_delta | 1 | 0 | 0 | 0 | 0 |  |", ""]
    assert lines[4:6] == ["- norse was not run: lost", "- snntorch 1"]
    assert lines[7:] == ["- snntorch, not compared (encode_delta 1): no"]


def test_a_difference_that_nobody_listed_fails(
    spikemirror: Program, stand_ins: Mapping[str, str], project: Path, tmp_path: Path
) -> None:
    (tmp_path / "golden").symlink_to(project / "golden")
    (tmp_path / "python").symlink_to(project / "python")
    home = {**stand_ins, "SPIKEMIRROR_HOME": str(tmp_path)}
    for format_ in ("table", "markdown"):
        done = spikemirror(
            "parity", "--peers", "--mirror", "snntorch", "-k", "encode_delta", "--format", format_, env=home
        )
        assert done.returncode == 1
        assert "encode_delta/equal-on  snntorch f32  spikes[0, 0, 0]  got 1  want 0" in done.stdout
        assert "text: python/spikemirror/peers/snntorch.py" in done.stdout
        assert "reproduce: spikemirror run encode_delta/equal-on --mirror snntorch --dtype float32" in done.stdout


def test_one_case_alone(spikemirror: Program, stand_ins: Mapping[str, str]) -> None:
    part = spikemirror("run", "infonce/plain", "--mirror", "sc-neurocore", env=stand_ins)
    assert part.returncode == 0
    assert "per_row: sc-neurocore does not compute it" in part.stdout
    differs = spikemirror("run", "stdp_linear/mu-1", "--mirror", "norse", env=stand_ins)
    assert differs.returncode == 1
    lacking = spikemirror("run", "encode_delta/thresholds", "--mirror", "snntorch", env=stand_ins)
    assert lacking.returncode == 0
    assert "not run: theta_off: delta has one threshold" in lacking.stdout


def test_peers_beside_mirrors(spikemirror: Program, stand_ins: Mapping[str, str]) -> None:
    done = spikemirror(
        "parity", "--mirror", "python", "--mirror", "norse", "-k", "stdp_linear", "-k", "goodness", env=stand_ins
    )
    assert done.returncode == 0
    cells = [line.strip("│ ").split("│") for line in done.stdout.splitlines() if line.startswith("│")]
    looks = [row[-1].strip() for row in cells]
    assert looks[0].endswith(" %, 3 known, 103 not run")
    assert looks[2:] == ["not run", "not run"]


# peers that are not there


def test_without_a_python(spikemirror: Program) -> None:
    lost = {"SPIKEMIRROR_PEERS": "/no/such/python"}
    done = spikemirror("parity", "--peers", env=lost)
    assert done.returncode == 0
    for name in mirrors.PEERS:
        assert f"{name} was not run: no Python for the peers" in done.stdout
    assert "run `tools/setup_peers`" in done.stdout
    needed = spikemirror("parity", "--peers", "--require", "norse", env=lost)
    assert needed.returncode == 3
    assert "required, but missing: norse: no Python for the peers" in needed.stderr
    alone = spikemirror("run", "stdp_linear/mu-1", "--mirror", "norse", env=lost)
    assert alone.returncode == 3


@pytest.mark.parametrize("name", mirrors.PEERS)
def test_without_the_library(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "python"
    empty.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    empty.chmod(0o755)
    monkeypatch.setenv("SPIKEMIRROR_PEERS", str(empty))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    found = mirrors.probe(name)
    assert not found.found
    assert found.reason == f"{DISTRIBUTIONS[name][0]} is not installed in {empty}"
    assert "tools/setup_peers" in found.remedy


def test_a_library_that_cannot_be_imported(spikemirror: Program, stand_ins: Mapping[str, str]) -> None:
    done = spikemirror(
        "parity", "--peers", "--mirror", "norse", "--mirror", "sc-neurocore", env={**stand_ins, "PEER_BROKEN": "torch"}
    )
    assert done.returncode == 0
    assert "norse was not run: norse does not start: " in done.stdout
    assert "import of torch halted" in done.stdout
    assert "│ sc-neurocore │ infonce" in done.stdout


# the program


def test_the_program_speaks_the_protocol(project: Path) -> None:
    signal = WireArray("float32", [1, 2, 1], data="AAAAAAAAgD8=")  # 0, then 1
    start = WireArray("float32", [1, 1], data="AAAAAA==")
    slots = {"spikes": WireArray("uint8", [1, 2, 2]), "previous": WireArray("float32", [1, 1])}
    inputs = {"x": signal, "previous": start}
    requests: list[Request] = [
        Hello(1),
        Call(1, "encode_delta", {"theta_on": 0.5, "theta_off": None}, inputs, slots),
        Call(2, "encode_delta", {"theta_on": 0.5, "theta_off": 0.25}, inputs, slots),
    ]
    done = subprocess.run(
        [sys.executable, str(STAND_INS), "-m", "spikemirror.peers", "snntorch"],
        input=b"".join(msgspec.json.encode(r) + b"\n" for r in requests),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(project / "python")},
    )
    hello, result, lacking = msgspec.json.Decoder(Reply).decode_lines(done.stdout)
    version = "0.1.stand-in"
    kernels = ["encode_delta", "encode_latency"]
    assert isinstance(hello, Introduction)
    assert (hello.name, hello.kernels) == ("snntorch", kernels)
    assert hello.versions == {"snntorch": version, "torch": version}
    assert result.outputs["spikes"].data == "AAABAA=="  # ON at the second step
    assert lacking == NotSupported(2, "theta_off: delta has one threshold")


# adapters


def test_adapters_name_what_there_is() -> None:
    assert tuple(ADAPTERS) == mirrors.PEERS
    for adapter in ADAPTERS.values():
        for kernel in adapter.kernels:
            assert kernel in CATALOGUE
            assert callable(getattr(adapter, kernel))
        for kernel, outputs in adapter.partial.items():
            assert kernel in adapter.kernels
            assert outputs < {o.name for o in CATALOGUE[kernel].outputs}
    assert kernels_of(["python", "ngclearn"]) == ["hebbian"]


def test_pins_and_page_speak_of_every_peer(project: Path, golden: Golden) -> None:
    pins = dict(
        line.split(" ")[0].split("==") for line in (project / "tools" / "peers.txt").read_text().splitlines()
        if "==" in line
    )  # fmt: skip
    page = (project / "docs" / "peers.md").read_text()
    for names in DISTRIBUTIONS.values():
        assert f"- {' with '.join(f'{name} {pins[name]}' for name in names)}" in page, "run tools/document_peers"
    for entry in load(project / "tests" / "known_differences.toml", golden).values():
        assert entry.mirror not in mirrors.PEERS or entry.reason in page, "run tools/document_peers"


class Told(Peer):
    """Answers with what it was made with, and remembers what it was asked."""

    name = "told"
    kernels = frozenset({"goodness", "csdp_negative"})

    def __init__(self, *answer: Array) -> None:
        self.answer = answer
        self.asked: dict[str, Any] = {}

    def goodness(self, **asked: Any) -> tuple[Array, ...]:
        self.asked = asked
        return self.answer

    csdp_negative = goodness


def call(peer: Peer, kernel: str, inputs: Sequence[Array], parameters: Sequence[Value] = ()) -> Array:
    (output,) = CATALOGUE[kernel].allocate(inputs, parameters)
    peer.call(CATALOGUE[kernel], inputs, parameters, [output])
    return output


def test_a_result_is_rounded_to_the_dtype_of_the_call() -> None:
    peer = Told(np.array(1 / 3))
    assert call(peer, "goodness", [np.ones(2, np.float32)]) == np.float32(1 / 3)
    assert call(peer, "goodness", [np.ones(2)]) == 1 / 3


def test_parameters_arrive_as_the_dtype_of_the_call_rounds_them() -> None:
    spikes = [np.ones(1, np.uint8), np.ones(1, np.uint8)]
    for dtype in (np.float32, np.float64):
        peer = Told(np.zeros((1, 1)))
        call(peer, "csdp_negative", [np.ones((1, 1), dtype), *spikes], [0.1])
        assert list(peer.asked) == ["weights", "pre_spikes", "post_spikes", "lr"]
        assert peer.asked["lr"] == float(dtype(0.1))


def test_a_result_of_another_shape_is_a_fault() -> None:
    with pytest.raises(MirrorFault, match=r"goodness has shape \(1,\); it must be \(\)"):
        call(Told(np.ones(1)), "goodness", [np.ones(2)])


def test_bad_input_does_not_reach_a_peer() -> None:
    peer = Told(np.array(1.0))
    with pytest.raises(Unsupported, match="input that must be refused"):
        call(peer, "goodness", [np.array([np.nan])])
    assert not peer.asked


class Part(PythonMirror):
    """Right, but for the outputs that it is said not to compute."""

    name = "part"

    def __init__(self, *computed: str) -> None:
        self.partial = {"infonce": frozenset(computed)}

    def call(
        self, kernel: Kernel, inputs: Sequence[Array], parameters: Sequence[Value], outputs: Sequence[Array]
    ) -> None:
        super().call(kernel, inputs, parameters, outputs)
        for declared, output in zip(kernel.outputs, outputs, strict=True):
            if declared.name not in self.partial.get(kernel.name, declared.name):
                output[...] = 7


@pytest.mark.parametrize(
    ("computed", "status", "message"),
    [
        (("loss",), "ok", "part computes only loss"),
        (("loss", "per_row"), "ok", None),
        (("nothing",), "failed", "part computes no output of infonce"),
    ],
)
def test_outputs_in_part(computed: tuple[str, ...], status: str, message: str | None, golden: Golden) -> None:
    cell = fill(Part(*computed), Task(CATALOGUE["infonce"], golden.case("infonce", "plain"), "float64"))
    assert (cell.status, cell.message) == (status, message)
