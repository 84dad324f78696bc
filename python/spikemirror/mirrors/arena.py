"""A file that two processes map, so that arrays cross without being serialised."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence

import numpy as np

from spikemirror.catalogue.kernel import Array

ALIGNMENT = 64


class Arena:
    """Slots for the arrays of one call; it grows, and its file goes when it is closed or forgotten."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):  # has no name that a killed harness could leave behind
            self._descriptor = os.memfd_create("spikemirror")
            self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        else:
            self._descriptor, self.path = tempfile.mkstemp(prefix="spikemirror-")
        self._map: mmap.mmap | None = None
        self._release = weakref.finalize(self, _release, os.getpid(), self._descriptor, self.path)

    def slots(self, arrays: Sequence[Array]) -> list[tuple[int, Array]]:
        """Room for each array, as its offset and a view; what earlier views held is lost."""
        offsets, top = [], 0
        for array in arrays:
            offsets.append(top)
            top += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
        self._reserve(max(top, mmap.PAGESIZE))
        assert self._map is not None
        views: list[tuple[int, Array]] = []
        for offset, array in zip(offsets, arrays, strict=True):
            flat = np.frombuffer(self._map, array.dtype, math.prod(array.shape), offset)
            views.append((offset, flat.reshape(array.shape)))
        return views

    def _reserve(self, size: int) -> None:
        if self._map is not None and len(self._map) >= size:
            return
        size = max(size, 2 * len(self._map)) if self._map is not None else size
        os.posix_fallocate(self._descriptor, 0, size)  # a full disk is an error here, not a bus error later
        self._map = mmap.mmap(self._descriptor, size)

    def close(self) -> None:
        """Remove the file; views that are still held stay valid."""
        self._release()


def _release(owner: int, descriptor: int, path: str) -> None:
    os.close(descriptor)
    if os.getpid() == owner and not path.startswith("/proc/"):  # a forked child only lets go of its copy
        os.unlink(path)
