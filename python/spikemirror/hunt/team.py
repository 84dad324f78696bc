"""The mirrors of a hunt, each in a process of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from spikemirror import mirrors
from spikemirror.hunt.layouts import BACKENDS
from spikemirror.mirrors import Mirror, MirrorAbsent, MirrorFault
from spikemirror.mirrors.external import External
from spikemirror.parity.cell import Task, fill
from spikemirror.parity.record import Cell

Openers = Mapping[str, Callable[[float], Mirror]]
"""By name what opens a mirror, given the seconds after which a call counts as hung."""


def openers(names: Sequence[str], externals: Sequence[External] = ()) -> Openers:
    """Of our mirrors and of somebody else's."""
    ours = {name: functools.partial(mirrors.open_isolated, name) for name in names}
    return {**ours, **{external.name: external.open for external in externals}}


class Team:
    """Those mirrors that can be started; one that fails later is started anew."""

    def __init__(self, members: Openers, call_seconds: float) -> None:
        self._members, self._call_seconds = members, call_seconds
        self._pool = ThreadPoolExecutor(max(len(members), 1))
        self._mirrors: dict[str, Mirror] = {}
        self.absent: dict[str, str] = {}
        for name, opened in members.items():
            try:
                mirror = opened(call_seconds)
                _ = mirror.kernels  # starts it
            except (MirrorAbsent, MirrorFault) as error:
                self.absent[name] = str(error)
            else:
                self._mirrors[name] = mirror

    @property
    def names(self) -> list[str]:
        """Of those that are there."""
        return list(self._mirrors)

    @property
    def backends(self) -> list[str]:
        """Those that spikemirror.call reaches in this process too."""
        return [name for name in self._mirrors if name in BACKENDS]

    def ask(self, names: Sequence[str], task: Task) -> list[Cell]:
        """What these mirrors make of a call, all at once."""
        return list(self._pool.map(lambda name: self._ask(name, task), names))

    def _ask(self, name: str, task: Task) -> Cell:
        cell = fill(self._mirrors[name], task)
        if cell.status == "failed":
            self._mirrors[name].close()
            self._mirrors[name] = self._members[name](self._call_seconds)
        return cell

    def close(self) -> None:
        """End their processes."""
        self._pool.shutdown()
        for mirror in self._mirrors.values():
            mirror.close()
