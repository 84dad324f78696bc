"""Choosing a backend, and using one from many threads or after a fork."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from spikemirror import call, get_backend, set_backend, use_backend
from spikemirror.mirrors import NAMES


@pytest.fixture(autouse=True)
def _python_again() -> Iterator[None]:
    yield
    set_backend("python")


def test_python_is_the_default() -> None:
    assert get_backend() == "python"


def test_default_is_set_for_every_thread() -> None:
    set_backend("rust")
    with ThreadPoolExecutor(1) as pool:
        assert get_backend() == pool.submit(get_backend).result() == "rust"


def test_blocks_nest_and_end_also_by_an_error() -> None:
    set_backend("mojo")
    with use_backend("rust"):
        with use_backend("julia"):
            assert get_backend() == "julia"
        assert get_backend() == "rust"
        with pytest.raises(ZeroDivisionError), use_backend("python"):
            raise ZeroDivisionError
        assert get_backend() == "rust"
    assert get_backend() == "mojo"


def test_a_block_is_of_its_thread_alone() -> None:
    entered, seen = threading.Event(), threading.Event()

    def other() -> str:
        with use_backend("rust"):
            entered.set()
            seen.wait(30)
            return get_backend()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(other)
        assert entered.wait(30)
        assert get_backend() == "python"
        seen.set()
        assert future.result() == "rust"


def test_a_block_is_of_its_task_alone() -> None:
    async def chosen(name: str) -> str:
        with use_backend(name):
            await asyncio.sleep(0)
            return get_backend()

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*map(chosen, NAMES))

    assert asyncio.run(all_of_them()) == list(NAMES)


@pytest.mark.parametrize("name", ["fortran", "Python", "juliacall"])
def test_unknown_backends(name: str) -> None:
    for choose in (lambda: set_backend(name), lambda: call("goodness", backend=name, activations=[1.0])):
        with pytest.raises(ValueError, match=f"no backend '{name}'; there are python, rust, julia, mojo"):
            choose()
    with pytest.raises(ValueError, match="no backend"), use_backend(name):
        pass
    assert get_backend() == "python"


@pytest.mark.parametrize("name", NAMES)
def test_the_chosen_backend_computes(name: str) -> None:
    with use_backend(name):
        assert call("goodness", activations=[3.0, 4.0])["goodness"] == 25


@pytest.mark.parametrize("name", NAMES)
def test_threads_do_not_mix_their_calls(name: str) -> None:
    def one(k: int) -> bool:
        n = 50 + k
        z = np.full(n, float(k))
        drawn = call("philox_words", backend=name, seed=k, n=n)["words"]
        alone = call("philox_words", backend="python", seed=k, n=n)["words"]
        return bool(call("goodness", backend=name, activations=z)["goodness"] == n * k * k) and np.array_equal(
            drawn, alone
        )

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(one, range(60)))


FORK = """
import os, sys
import numpy as np
import spikemirror
def right(): return spikemirror.call("goodness", backend={name!r}, activations=np.arange(4.0))["goodness"] == 14
assert right()
child = os.fork()
if child == 0:
    sys.exit(0 if right() else 1)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0, status
assert right()
print("both")
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_forked_child_has_mirrors_of_its_own(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK.format(name=name)], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.stdout, done.returncode) == ("both\n", 0), done.stderr
