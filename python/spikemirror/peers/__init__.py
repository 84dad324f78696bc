"""Adapters of other libraries, one file a peer, for an interpreter that has them (`spikemirror.mirrors.peers`)."""

from __future__ import annotations

from collections.abc import Sequence

from spikemirror.catalogue import CATALOGUE
from spikemirror.mirrors.mirror import MirrorAbsent
from spikemirror.peers.ngclearn import Ngclearn
from spikemirror.peers.norse import Norse
from spikemirror.peers.peer import Peer
from spikemirror.peers.sc_neurocore import ScNeurocore
from spikemirror.peers.snntorch import Snntorch

ADAPTERS: dict[str, type[Peer]] = {adapter.name: adapter for adapter in (Norse, ScNeurocore, Ngclearn, Snntorch)}


def open_peer(name: str) -> Peer:
    """A peer inside this process; MirrorAbsent if it cannot be imported."""
    try:
        return ADAPTERS[name]()
    except Exception as error:  # what a library does when it is imported is its own affair
        raise MirrorAbsent(f"{type(error).__name__}: {error}") from None


def kernels_of(names: Sequence[str]) -> list[str]:
    """The kernels that any of these peers has, in the catalogue's order."""
    had = {kernel for name in names if name in ADAPTERS for kernel in ADAPTERS[name].kernels}
    return [kernel for kernel in CATALOGUE if kernel in had]
