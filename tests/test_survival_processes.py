"""Threads, forks and spawned processes: every backend computes the same in all, also what it does in parallel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from spikemirror import call
from spikemirror.catalogue import CATALOGUE
from spikemirror.golden.load import Golden
from spikemirror.mirrors import NAMES, open_isolated
from spikemirror.mirrors.process import ProcessMirror
from spikemirror.parity.cell import fill
from spikemirror.parity.run import tasks

BACKENDS = pytest.mark.parametrize("backend", NAMES)
THREADS = 8
LARGE = 1 << 17
"""Elements that Rust shares among threads."""


@BACKENDS
def test_eight_threads_compute_what_one_does(backend: str) -> None:
    """Large and small calls of different kernels in each thread, all at once."""

    def work(seed: int) -> list[bytes]:
        z = call("philox_uniform", backend=backend, seed=seed, n=LARGE)["u"]
        rows = z.reshape(-1, 256)[:32]
        outputs = [
            call("goodness", backend=backend, activations=z),
            call("encode_rate_bernoulli", backend=backend, x=rows, num_steps=32, seed=seed),
            call("infonce_grad", backend=backend, view_a=rows, view_b=rows[::-1]),
            call(
                "csdp_positive", backend=backend, weights=rows, pre_spikes=rows[0] > 0.5, post_spikes=rows[:, 0] > 0.5
            ),
        ]
        return [array.tobytes() for named in outputs for array in named.values()]

    seeds = range(3 * THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(work, seeds))
    assert together == [work(seed) for seed in seeds]


POOLS = """
import multiprocessing, sys
import numpy as np
import spikemirror

backend, method = sys.argv[1:]

def work(seed):
    z = spikemirror.call("philox_uniform", backend=backend, seed=seed, n=1 << 17)["u"]
    rows = z.reshape(-1, 256)[:64]
    loss = spikemirror.call("infonce", backend=backend, view_a=rows, view_b=rows[::-1])["loss"]
    return float(spikemirror.call("goodness", backend=backend, activations=z)["goodness"]), float(loss)

if __name__ == "__main__":
    alone = [work(seed) for seed in range(4)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(work, range(4), chunksize=1) == alone
    assert [work(seed) for seed in range(4)] == alone
    print("the same")
"""


@BACKENDS
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_compute_what_their_parent_does(backend: str, method: str, tmp_path: Path) -> None:
    """The parent has computed before, so that a fork copies threads that do not come along, and pipes in use."""
    program = tmp_path / "pools.py"
    program.write_text(POOLS)
    done = subprocess.run(
        [sys.executable, str(program), backend, method], capture_output=True, text=True, check=False, timeout=250
    )
    assert (done.stdout, done.returncode) == ("the same\n", 0), done.stderr


FORK_IN_THREADS = """
import os, sys, threading
import spikemirror

backend = sys.argv[1]
def right(n): return spikemirror.call("goodness", backend=backend, activations=[1.0] * n)["goodness"] == n
assert right(70_000)
stop = threading.Event()
def busy():
    while not stop.is_set():
        assert right(70_000)
threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads: thread.start()
statuses = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        os._exit(0 if right(70_000) and right(3) else 1)
    statuses.append(os.waitpid(child, 0)[1])
stop.set()
for thread in threads: thread.join()
assert right(70_000)
print(statuses)
"""


@BACKENDS
def test_a_fork_while_other_threads_compute(backend: str) -> None:
    """Whatever lock they hold at that moment."""
    done = subprocess.run(
        [sys.executable, "-c", FORK_IN_THREADS, backend], capture_output=True, text=True, check=False, timeout=250
    )
    assert (done.stdout, done.returncode) == (f"{[0] * 3}\n", 0), done.stderr


def test_a_worker_of_the_parent_is_left_alone_by_its_child(golden: Golden) -> None:
    """The same mirror object, used on both sides of a fork."""
    kernel, inputs = CATALOGUE["goodness"], [np.arange(4.0)]
    mirror = open_isolated("python")
    assert isinstance(mirror, ProcessMirror)
    outputs = kernel.allocate(inputs, [])
    mirror.call(kernel, inputs, [], outputs)
    parents = mirror.process_id
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        outputs[0][...] = 0
        mirror.call(kernel, inputs, [], outputs)
        os.write(writer, f"{outputs[0]} {mirror.process_id != parents}".encode())
        mirror.close()
        os._exit(0)
    os.close(writer)
    assert os.waitpid(child, 0) == (child, 0)
    assert os.read(reader, 100) == b"14.0 True"
    os.close(reader)
    assert all(fill(mirror, task).status == "ok" for task in tasks(golden, ["goodness"]))
    assert mirror.process_id == parents
    mirror.close()
