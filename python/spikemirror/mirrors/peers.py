"""Peers: libraries of others that compute some of the kernels, each driven by its adapter in an interpreter of theirs.

They need gigabytes that the project does not, so `tools/setup_peers` installs them apart, in .cache/peers.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from spikemirror import programs
from spikemirror.files import cache_folder, project_folder
from spikemirror.mirrors.mirror import MirrorAbsent, MirrorFault, Probe
from spikemirror.mirrors.process import CALL_SECONDS, ProcessMirror

DISTRIBUTIONS = {
    "norse": ("norse", "torch"),
    "sc-neurocore": ("sc-neurocore", "numpy"),
    "ngclearn": ("ngclearn", "jax"),
    "snntorch": ("snntorch", "torch"),
}
"""What each peer is called on PyPI, and what it computes with."""
REMEDY = "run `tools/setup_peers`, or set SPIKEMIRROR_PEERS to a Python that has it"
VERSIONS = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"{name} is not installed")
"""


def interpreter() -> Path:
    """SPIKEMIRROR_PEERS, else the Python of .cache/peers."""
    given = os.environ.get("SPIKEMIRROR_PEERS")
    return Path(given) if given else cache_folder() / "peers" / "bin" / "python"


def probe(name: str) -> Probe:
    """Whether a peer is installed."""
    names = DISTRIBUTIONS[name]
    try:
        done = programs.run([str(interpreter()), "-c", VERSIONS, *names], timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Probe(name, False, reason=f"no Python for the peers ({error})", remedy=REMEDY)
    if done.returncode:
        return Probe(name, False, reason=f"{done.stderr.strip()} in {interpreter()}", remedy=REMEDY)
    return Probe(name, True, dict(zip(names, done.stdout.split(), strict=True)))


def open_isolated(name: str, call_seconds: float = CALL_SECONDS) -> ProcessMirror:
    """A peer in a process of its own, already started: MirrorAbsent if it cannot be imported."""
    mirror = ProcessMirror(
        name,
        [str(interpreter()), "-m", "spikemirror.peers", name],
        {"PYTHONPATH": str(project_folder() / "python")},
        own_descriptors=True,
        call_seconds=call_seconds,
    )
    try:
        mirror.introduction  # noqa: B018
    except MirrorFault as fault:
        mirror.close()
        raise MirrorAbsent(f"{name} does not start: {fault}\n{REMEDY}") from None
    return mirror
