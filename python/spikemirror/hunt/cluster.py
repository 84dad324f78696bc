"""The same search as tasks on a dask.distributed cluster: every kernel once for each worker, each with its seed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence

from distributed import Client, as_completed
from hypothesis.errors import HypothesisDeprecationWarning

from spikemirror.catalogue import CATALOGUE
from spikemirror.hunt.finding import KernelRecord
from spikemirror.hunt.search import Search
from spikemirror.hunt.team import Openers, Team

_one = threading.Lock()
_teams: dict[tuple[str, ...], Team] = {}
"""The mirrors of this worker: they stay between its tasks."""


def search(
    address: str, kernels: Sequence[str], members: Openers, seed: int, seconds: float, call_seconds: float
) -> Iterator[tuple[KernelRecord, dict[str, str], int]]:
    """The record of every task as it is done, the mirrors that its worker has not, and the number of tasks."""
    with Client(address) as client:  # type: ignore[no-untyped-call]
        share = (members, seconds / len(kernels), call_seconds)
        tasks = [
            client.submit(_search, kernel, seed + number, *share, pure=False)
            for number in range(len(client.nthreads()))
            for kernel in kernels
        ]
        try:
            for task in as_completed(tasks):  # type: ignore[no-untyped-call]
                yield (*task.result(), len(tasks))
        finally:
            client.cancel(tasks)
            client.run(_dismiss)


def _search(
    kernel: str, seed: int, members: Openers, seconds: float, call_seconds: float
) -> tuple[KernelRecord, dict[str, str]]:
    """One task. A worker does one at a time: its mirrors, like hypothesis, are not to be shared."""
    with _one, warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisDeprecationWarning)  # threads of the worker's draw random numbers
        team = _teams.get(tuple(members))
        if team is None:
            team = _teams[tuple(members)] = Team(members, call_seconds)
        return Search(CATALOGUE[kernel], team, seed, seconds, keep=lambda _: None).run(), team.absent


def _dismiss() -> None:
    """End the mirrors of this worker."""
    with _one:
        while _teams:
            _teams.popitem()[1].close()
