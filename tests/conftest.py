"""What the tests share: the fixtures, the four mirrors, the command line, and how hypothesis searches."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

from spikemirror import mirrors
from spikemirror.files import cache_folder, project_folder
from spikemirror.golden.load import Golden
from spikemirror.mirrors import Mirror

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache_folder() / "hypothesis"))

hypothesis.settings.register_profile(
    "spikemirror",
    deadline=None,
    max_examples=25,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("thorough", hypothesis.settings.get_profile("spikemirror"), max_examples=400)
hypothesis.settings.load_profile("spikemirror")  # --hypothesis-profile thorough: a longer search

Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout."""
    return project_folder()


@pytest.fixture(scope="session")
def golden() -> Golden:
    """The committed fixtures."""
    return Golden()


@pytest.fixture(scope="session")
def all_mirrors() -> Iterator[dict[str, Mirror]]:
    """All four, each in a process of its own as in a parity run."""
    opened = {name: mirrors.open_isolated(name) for name in mirrors.NAMES}
    yield opened
    for mirror in opened.values():
        mirror.close()


@pytest.fixture(scope="session")
def spikemirror() -> Program:
    """Runs the command line in a plain environment: `spikemirror("parity", "-k", "infonce", env={...})`."""

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("spikemirror")), *arguments]
        plain = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "COLUMNS", "SPIKEMIRROR_GOLDEN")}
        environment = {**plain, "COLUMNS": "200", **(env or {})}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=280)

    return run
