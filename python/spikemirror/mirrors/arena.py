"""A file that two processes map, so that arrays cross without being serialised."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence

import numpy as np

from spikemirror import memory
from spikemirror.catalogue.kernel import Array

ALIGNMENT = 64
GUARD = 1024
"""Bytes before and after every array that belong to nobody."""
PATTERN = b"\xf5\xff" * (GUARD + ALIGNMENT)
"""What guards are filled with: read as a float of either size NaN, as a byte no spike, as an integer no target."""


class Arena:
    """Slots for the arrays of one call; it grows, and its file goes when it is closed or forgotten."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):  # has no name that a killed harness could leave behind
            self._descriptor = os.memfd_create("spikemirror")
            self.path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        else:
            self._descriptor, self.path = tempfile.mkstemp(prefix="spikemirror-")
        self._map: mmap.mmap | None = None
        self._guards: list[tuple[int, int]] = []
        self._release = weakref.finalize(self, _release, os.getpid(), self._descriptor, self.path)

    @property
    def size(self) -> int:
        """Of the file."""
        return len(self._map) if self._map is not None else 0

    def slots(self, arrays: Sequence[Array]) -> list[tuple[int, Array]]:
        """Room for each array between two guards, as its offset and a view; what earlier views held is lost."""
        offsets, guards, top = [], [], 0
        for array in arrays:
            offset = top + GUARD
            end = offset + array.nbytes
            top = -(-(end + GUARD) // ALIGNMENT) * ALIGNMENT
            offsets.append(offset)
            guards += [(offset - GUARD, offset), (end, top)]
        self._reserve(max(top, mmap.PAGESIZE))
        assert self._map is not None
        for start, stop in guards:
            self._map[start:stop] = _pattern(start, stop)
        self._guards = guards
        views: list[tuple[int, Array]] = []
        for offset, array in zip(offsets, arrays, strict=True):
            flat = np.frombuffer(self._map, array.dtype, math.prod(array.shape), offset)
            views.append((offset, flat.reshape(array.shape)))
        return views

    def broken_guard(self) -> tuple[int, str] | None:
        """The first guard that was written to since the slots were made: the place of its array, and on which side."""
        assert self._map is not None
        for place, (start, stop) in enumerate(self._guards):
            if self._map[start:stop] != _pattern(start, stop):
                return place // 2, "past the end of" if place % 2 else "before the start of"
        return None

    def _reserve(self, size: int) -> None:
        if size <= self.size:
            return
        size = max(size, 2 * self.size)
        memory.require(size - self.size, "memory to share arrays with another process")
        os.posix_fallocate(self._descriptor, 0, size)  # a full disk is an error here, not a bus error later
        self._map = mmap.mmap(self._descriptor, size)

    def close(self) -> None:
        """Remove the file; views that are still held stay valid."""
        self._release()


def _pattern(start: int, stop: int) -> bytes:
    """What a guard holds: its phase is that of the file, so that a float read from it is NaN wherever it begins."""
    return PATTERN[start % 2 : start % 2 + stop - start]


def _release(owner: int, descriptor: int, path: str) -> None:
    os.close(descriptor)
    if os.getpid() == owner and not path.startswith("/proc/"):  # a forked child only lets go of its copy
        os.unlink(path)
