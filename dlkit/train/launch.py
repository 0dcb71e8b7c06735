"""`run(function, world=2)`: several processes from inside a notebook, a section or a test, as `torchrun` starts a script's.

They are forked while that is safe, which takes hundredths of a second, else started anew.
"""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Pipe
from typing import Any, TypeVar

import torch

from dlkit.train import world as worlds
from dlkit.train.supervisor import RunFailed, Worker, WorkerError, supervise
from dlkit.train.tracebacks import rebuilt
from dlkit.train.worker import CannotFork, Orders, dumps, work

T = TypeVar("T")


def run(
    function: Callable[..., T], *arguments: Any, world: int = 2, device: str | None = "cpu", timeout: float = 600.0,
    patience: float = worlds.PATIENCE, start: str | None = None,
) -> list[T]:  # fmt: skip
    """Call `function(*arguments)` in `world` processes at once; what each returns, by rank.

    Inside, `join()` gives the process's `World`. On `device="cpu"` they talk through gloo, on `"cuda"`, each with a GPU of
    its own, through NCCL. An error in one of them ends all and is raised here, its traceback as the cause. `RunFailed` is
    raised when one dies, or when they have not ended after `timeout` seconds; a process waits `patience` seconds for
    the others. `start` is `"fork"` or `"spawn"`; None forks where that is safe.

    >>> from dlkit.train.world import join
    >>> run(lambda: join().total(join().rank + 1), world=2)
    [[3.0], [3.0]]
    """
    if os.name != "posix":
        raise RunFailed("run() needs Linux or macOS. Write a script, and start it by `torchrun --nproc-per-node N`.")
    if world < 1:
        raise ValueError(f"world is {world}: at least one process has to run.")
    if start not in (None, "fork", "spawn"):
        raise ValueError(f'start is {start!r}: write "fork" or "spawn", or leave it out.')
    if device != "cpu":
        device = "cuda" if worlds.choose(world - 1, device).type == "cuda" else "cpu"
    call = functools.partial(function, *arguments)
    fresh = not torch.cuda.is_initialized() and not torch.distributed.is_initialized()
    forking = start == "fork" or (start is None and sys.platform == "linux" and fresh)
    try:
        if forking:
            with contextlib.suppress(*([] if start else [CannotFork])):
                return _run(call, world, device, timeout, patience, True)
        return _run(call, world, device, timeout, patience, False)
    except CannotFork as error:
        raise RunFailed('this process has used a GPU, and its forks cannot: leave out start="fork".') from error
    except WorkerError as failed:  # raised here: between the caller's line and the worker's stands this one alone
        raise failed.error.with_traceback(rebuilt(failed.calls)) from failed.trace


def _run(call: Callable[[], T], size: int, device: str | None, timeout: float, patience: float, fork: bool) -> list[T]:
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryDirectory(prefix="world-") as folder:
        workers: list[Worker] = []
        begin = _fork if fork else _spawner(call)
        try:
            for rank in range(size):
                orders = Orders(rank, size, device, patience, os.path.join(folder, "meeting"))
                workers.append(begin(orders, call, workers))
            supervise(workers, time.monotonic() + timeout, timeout)
        finally:
            for worker in workers:
                worker.dismiss()
            for worker in workers:
                worker.end()
    return [pickle.loads(worker.value or b"") for worker in workers]


def _fork(orders: Orders, call: Callable[[], Any], others: list[Worker]) -> Worker:
    ours, theirs = Pipe()

    def begin() -> None:
        for connection in [ours, *(other.connection for other in others)]:
            connection.close()
        work(theirs, orders, call, forked=True)

    process = multiprocessing.get_context("fork").Process(target=begin)
    with warnings.catch_warnings():  # Python 3.12 and later warn of forks beside threads
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    return Worker(orders.rank, ours, process)


def _spawner(call: Callable[[], Any]) -> Callable[[Orders, Callable[[], Any], list[Worker]], Worker]:
    """Starts a Python, and sends it the function, and the state of the generators of random numbers that a fork would have."""
    import cloudpickle

    state = {"random": random.getstate(), "torch": torch.get_rng_state()}
    if numpy := sys.modules.get("numpy"):
        state["numpy"] = numpy.random.get_state()
    function = cloudpickle.dumps(call)

    def begin(orders: Orders, _: Any, others: list[Worker]) -> Worker:
        ours, theirs = Pipe()
        path = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-m", "dlkit.train.worker", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env={**os.environ, "PYTHONPATH": path})
        theirs.close()
        ours.send_bytes(dumps((orders, state, function)))
        return Worker(orders.rank, ours, process)

    return begin
