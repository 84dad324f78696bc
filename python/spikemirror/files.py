"""Where the project's files are, and writing that never leaves half a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def project_folder() -> Path:
    """The checkout that holds golden/, mojo/ and julia/: SPIKEMIRROR_HOME, or the one this package lies in."""
    given = os.environ.get("SPIKEMIRROR_HOME")
    if given:
        return Path(given)
    here = Path(__file__).resolve().parents[2]
    if not (here / "golden").is_dir():
        raise FileNotFoundError(f"{here} is not a checkout of spikemirror: set SPIKEMIRROR_HOME to one")
    return here


def cache_folder() -> Path:
    """Where built libraries are kept: SPIKEMIRROR_CACHE, or .cache of the project."""
    given = os.environ.get("SPIKEMIRROR_CACHE")
    return Path(given) if given else project_folder() / ".cache"


def write_atomically(path: Path, text: str) -> None:
    """Write a whole file or leave the old one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
