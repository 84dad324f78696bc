"""Memory: nothing of ours grows over 10,000 calls, and a mirror that hoards meets a limit before the machine does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikemirror import memory
from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors.mirror import MirrorFault
from spikemirror.mirrors.process import ProcessMirror

PROGRAM = str(Path(__file__).with_name("wrong_mirrors.py"))
HOARDER = [sys.executable, PROGRAM, "hoards", "none"]
CALLS = """
import json, os, sys
from pathlib import Path
import numpy as np
from spikemirror import mirrors
from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors.process import ProcessMirror

calls, way, *rest = sys.argv[1:]
open_it = {
    "in process": mirrors.open_mirror,
    "isolated": mirrors.open_isolated,
    "program": lambda *command: ProcessMirror("program", command, own_descriptors=True),
}
mirror = open_it[way](*rest)
z, spikes = np.linspace(0, 1, 2048).reshape(64, 32), np.ones(64, np.uint8)
arguments = {
    "infonce_grad": ([z, z], [0.1, True]),
    "csdp_step": ([z, spikes[:32], spikes, spikes[:32], spikes], [0.1, 0.1]),
    "encode_rate_bernoulli": ([z], [8, "none", 1.0, 0.0, 1, 2]),
}
work = [(k := CATALOGUE[n], inputs, given, k.allocate(inputs, given)) for n, (inputs, given) in arguments.items()]

def state():
    processes = [os.getpid(), *([mirror.process_id] if isinstance(mirror, ProcessMirror) else [])]
    pages = [int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in processes]
    arena = mirror._arena.size if isinstance(mirror, ProcessMirror) else 0
    return {"resident": [p * os.sysconf("SC_PAGE_SIZE") for p in pages], "arena": arena,
            "descriptors": [len(os.listdir(f"/proc/{p}/fd")) for p in processes]}

told = []
for call in range(int(calls)):
    mirror.call(*work[call % len(work)])
    if call in (int(calls) // 5, int(calls) - 1):
        told.append(state())
mirror.close()
print(json.dumps(told))
"""
"""Arrays of 16 KiB, so that one that is lost in every third call makes 43 MiB."""
NOISE = 8 << 20


def growth(calls: int, way: str, *what: str) -> tuple[int, bool]:
    """By how much resident memory, of harness or mirror, grows after a fifth of the calls; whether all else stays."""
    command = [sys.executable, "-c", CALLS, str(calls), way, *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    early, late = json.loads(done.stdout)
    grown = max(b - a for a, b in zip(early["resident"], late["resident"], strict=True))
    return grown, (early["arena"], early["descriptors"]) == (late["arena"], late["descriptors"])


@pytest.mark.parametrize(
    ("way", "name"), [("in process", "rust"), ("in process", "mojo"), ("isolated", "julia"), ("isolated", "python")]
)
def test_nothing_grows_over_ten_thousand_calls(way: str, name: str) -> None:
    grown, rest_stays = growth(10_000, way, name)
    assert grown < NOISE
    assert rest_stays


def test_growth_is_seen() -> None:
    grown, _ = growth(10, "program", *HOARDER)
    assert grown > NOISE


@pytest.fixture
def hoarder(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessMirror]:
    """A mirror that keeps 16 MiB of every call, on a machine that seems to have 1 GiB."""
    monkeypatch.setattr(memory, "total", lambda: 1 << 30)
    mirror = ProcessMirror("hoarder", HOARDER, own_descriptors=True)
    yield mirror
    mirror.close()


def test_a_hoarder_meets_its_limit_and_starts_afresh(hoarder: ProcessMirror) -> None:
    kernel, inputs = CATALOGUE["goodness"], [np.ones(3)]

    def outcome() -> str:
        outputs: list[Any] = kernel.allocate(inputs, [])
        try:
            hoarder.call(kernel, inputs, [], outputs)
        except MirrorFault as fault:
            return str(fault)
        return "right" if outputs[0] == 3 else "wrong"

    outcomes = [outcome() for _ in range(70)]
    assert set(outcomes[:20]) == {"right"}
    last = next(i for i, told in enumerate(outcomes) if told != "right")
    assert last < 33
    assert "MemoryError" in outcomes[last]
    assert outcomes[last + 1] == "right"


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 3 << 29)
    memory.require(3 << 29, "a copy")
    with pytest.raises(MemoryError, match=r"^a copy: 2\.0 GiB, of which 1\.5 GiB are available$"):
        memory.require(2 << 30, "a copy")
