"""Where a record comes from: commit, machine and time."""

from __future__ import annotations

import datetime
import platform
import subprocess

from spikemirror.files import project_folder


def git_state() -> tuple[str | None, bool | None]:
    """The commit of the checkout and whether it has changes; None outside one."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(project_folder()), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def platform_name() -> str:
    """System, release and processor architecture."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
