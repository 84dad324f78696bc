"""How much memory there is: what cannot fit is refused, before the operating system ends somebody for it."""

from __future__ import annotations

import os
from pathlib import Path

SMALL = 1 << 28
"""Up to so many bytes nobody asks."""


def total() -> int:
    """Bytes of the machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def available() -> int:
    """Bytes that can be had without swapping; where the system does not tell, all there are."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return total()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), total())


def require(size: int, what: str) -> None:
    """Raise MemoryError if so many bytes are not available."""
    if size > SMALL and size > (free := available()):
        raise MemoryError(f"{what}: {size / 2**30:.1f} GiB, of which {free / 2**30:.1f} GiB are available")
