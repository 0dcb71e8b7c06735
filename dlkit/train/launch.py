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
import re
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, TypeVar

import torch

from dlkit.train import world as worlds
from dlkit.train.worker import CannotFork, Orders, dumps, work

T = TypeVar("T")
GLANCE, LAST_WORDS = 0.05, 0.5  # seconds between two looks at the processes; for the word of one that has failed or hangs
LATE = re.compile(r"timed? ?out", re.IGNORECASE)  # of PyTorch's engines, when the patience is over


class RunFailed(RuntimeError):
    """A process has died, has hung, or has raised an error that cannot be sent."""


class Trace(Exception):
    """A worker's traceback, as text: the cause of the error that the caller sees."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class Worker:
    """A process with a rank, and what it has said."""

    def __init__(self, rank: int, connection: Connection, process: Any) -> None:
        self.rank, self.connection, self.process = rank, connection, process
        self.value: bytes | None = None
        self.error: tuple[bytes | None, str, str] | None = None
        self.where, self.begun = "", False

    def hear(self) -> None:
        """All that it has said by now."""
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll():
                kind, *what = pickle.loads(self.connection.recv_bytes())
                if kind == "print":
                    print(what[0], end="", flush=True)
                elif kind == "begun":
                    self.begun = True
                elif kind == "value":
                    self.value = what[0]
                elif kind == "error":
                    self.error = (what[0], what[1], what[2])
                else:
                    self.where = what[0]

    @property
    def status(self) -> int | None:
        """Its exit status, None while it lives; a negative one is a signal's number."""
        if isinstance(self.process, subprocess.Popen):
            return self.process.poll()
        status: int | None = self.process.exitcode
        return status

    @property
    def dead(self) -> bool:
        return self.value is None and self.error is None and self.status is not None

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # with the processes that it has started
        if self.status is None:
            self.process.kill()
        (self.process.wait if isinstance(self.process, subprocess.Popen) else self.process.join)()
        self.connection.close()


def run(
    function: Callable[..., T], *arguments: Any, world: int = 2, device: str | None = "cpu", timeout: float = 600.0,
    patience: float = worlds.PATIENCE, start: str | None = None,
) -> list[T]:  # fmt: skip
    """Call `function(*arguments)` in `world` processes at once; what each returns, by rank.

    Inside, `join()` gives the process's `World`. On `device="cpu"` they talk through gloo, on `"cuda"`, each with a GPU of
    its own, through NCCL. An error in one of them ends all and is raised here, its traceback as the cause. `RunFailed` is
    raised when one dies, or when they have not ended after `timeout` seconds; a process waits `patience` seconds for
    the others. `start` is `"fork"` or `"spawn"`; None forks where that is safe.

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
    forking = start == "fork" or (start is None and sys.platform == "linux" and not torch.cuda.is_initialized())
    if forking:
        try:
            return _run(call, world, device, timeout, patience, True)
        except CannotFork as error:
            if start == "fork":
                raise RunFailed('this process has used a GPU, and its forks cannot: leave out start="fork".') from error
    return _run(call, world, device, timeout, patience, False)


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
            _attend(workers, time.monotonic() + timeout, timeout)
        finally:
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


def _attend(workers: list[Worker], deadline: float, timeout: float) -> None:
    """Until all have a value, or one has failed."""
    while waiting := [worker for worker in workers if worker.value is None]:
        wait([worker.connection for worker in waiting], GLANCE)
        for worker in waiting:
            gone = worker.status is not None  # asked first: what it has said before its end is there
            worker.hear()
            if worker.error or (gone and worker.dead):
                _fail(workers, worker)
        if time.monotonic() > deadline:
            _ask(workers)
            ranks = ", ".join(str(worker.rank) for worker in workers if worker.value is None)
            raise RunFailed(f"rank {ranks} of {len(workers)} has not ended after {timeout:g} s.{_standing(workers)}")


def _fail(workers: list[Worker], failed: Worker) -> None:
    size = len(workers)
    _ask([worker for worker in workers if worker is not failed])
    killed = next((worker for worker in workers if worker.dead), None)  # what the others say is that it no longer answers
    if killed:
        status = killed.status or 0
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        mend = " The system may have been out of memory." if status == -signal.SIGKILL else ""
        raise RunFailed(f"rank {killed.rank} of {size} {how} before it returned.{mend}{_standing(workers)}")
    assert failed.error
    data, said, text = failed.error
    late = "".join(f" Rank {worker.rank} did not come." for worker in workers if worker.where)
    if late and LATE.search(said):
        raise RunFailed(f"rank {failed.rank} of {size} waited in vain for the others.{late}{_standing(workers)}") from Trace(text)
    error = pickle.loads(data) if data else RunFailed(f"rank {failed.rank} of {size} failed: {said}")
    if isinstance(error, CannotFork):
        raise error
    if not isinstance(error, Exception):  # a worker's exit must not be the caller's
        error = RunFailed(f"rank {failed.rank} of {size} failed: {said}")
    if standing := _standing(workers):
        text += f"\n{standing.strip()}"
    raise error from Trace(f"In rank {failed.rank} of {size}: {text}")


def _ask(workers: list[Worker]) -> None:
    """Where those stand that have not ended."""
    asked = [worker for worker in workers if worker.value is None and worker.error is None]
    for worker in asked:
        with contextlib.suppress(OSError):
            worker.connection.send_bytes(b"?")
    until = time.monotonic() + LAST_WORDS
    while time.monotonic() < until and any(not (worker.where or worker.dead or worker.error or worker.value) for worker in asked):
        wait([worker.connection for worker in asked], GLANCE)
        for worker in asked:
            worker.hear()


def _standing(workers: list[Worker]) -> str:
    return "".join(f"\nRank {worker.rank} stands at\n{worker.where.rstrip()}" for worker in workers if worker.where and not worker.error)
