"""Where the project's files are, and writing that never leaves half a file."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from spikemirror.programs import Stopped


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
    """Write a whole file or leave the old one as it was; an OSError names the file."""
    if path.exists() and not path.is_file():  # such as /dev/stdout
        with _named(path):
            path.write_text(text, encoding="utf-8")
    else:
        write_all(path.parent, {path.name: text})


def write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files of a folder, by name: all of them, or none if one cannot be written or a signal comes first."""
    staged = {folder / name: folder / f".{name}.{secrets.token_hex(8)}" for name in texts}
    try:
        with _named(folder):
            folder.mkdir(parents=True, exist_ok=True)
        for path, temporary in staged.items():
            with _named(path), open(temporary, "x", encoding="utf-8") as file:
                file.write(texts[path.name])
                file.flush()
                os.fsync(file.fileno())
        _replace(staged)
    finally:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _replace(staged: Mapping[Path, Path]) -> None:
    try:
        for path, temporary in staged.items():
            with _named(path):
                os.replace(temporary, path)
    except Stopped:
        for path, temporary in staged.items():
            if temporary.exists():
                os.replace(temporary, path)
        raise


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """An OSError of writing to a disk, or to a temporary file, becomes one about the file that is meant."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
