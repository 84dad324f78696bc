"""Two runs at once that share the caches: both work, and what they leave is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from spikemirror.mirrors import julia

SPIKEMIRROR = str(Path(sys.executable).with_name("spikemirror"))


def both(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """What two of the same say."""
    programs = [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        for _ in range(2)
    ]
    told = [program.communicate(timeout=280) for program in programs]
    assert [p.returncode for p in programs] == [0, 0], told
    return [output for output, _ in told]


def test_parity_with_an_empty_cache(tmp_path: Path) -> None:
    """Julia's depot is made by both."""
    executable = julia.executable()
    assert executable
    environment = {"SPIKEMIRROR_CACHE": str(tmp_path / "cache"), "SPIKEMIRROR_JULIA_EXE": executable}
    command = (SPIKEMIRROR, "parity", "-k", "goodness", "--mirror", "julia", "--mirror", "python", "--format", "json")
    for output in both(command, environment):
        assert {cell["status"] for cell in json.loads(output)["cells"]} == {"ok"}


COMPILER = """#!/bin/sh
# stands for mojo: slow, and its output grows before it is whole
[ "$1" = --version ] && { echo Mojo 1.2.0 "(fake)"; exit; }
for last; do :; done
printf half > "$last"
touch "$0.$$"
while [ "$(ls "$0".* | wc -l)" -lt 2 ]; do sleep 0.02; done
printf ' whole' >> "$last"
"""
BUILD = """
import sys
from spikemirror.mirrors import mojo
mojo.compiler = lambda: sys.argv[1]
print(mojo.build())
"""


def test_builds_of_the_mojo_library(tmp_path: Path) -> None:
    """Each compiler waits until the other has begun."""
    compiler = tmp_path / "mojo"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    environment = {"SPIKEMIRROR_CACHE": str(tmp_path / "cache")}
    first, second = both((sys.executable, "-c", BUILD, str(compiler)), environment)
    assert first == second
    library = Path(first.strip())
    assert library.read_text() == "half whole"
    assert list((tmp_path / "cache" / "mojo").iterdir()) == [library]


EMISSION = """
import sys
from spikemirror import cli
from spikemirror.golden import command
command.emit = lambda _: {f"{n}.json": f"{n}" * 100_000 for n in range(40)}
sys.argv = ["spikemirror", "golden", "emit", "--out", sys.argv[1]]
cli.main()
"""


def test_emissions_into_one_folder(tmp_path: Path) -> None:
    for n in range(3):
        folder = tmp_path / f"golden-{n}"
        both((sys.executable, "-c", EMISSION, str(folder)), {})
        assert {p.name: p.read_text() for p in folder.iterdir()} == {f"{n}.json": f"{n}" * 100_000 for n in range(40)}
