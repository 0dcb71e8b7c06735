"""The caller's side of the processes that `run` has started: hears them, and tells what has happened to them."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import re
import signal
import subprocess
import time
from multiprocessing.connection import Connection, wait
from typing import Any

from dlkit.train.tracebacks import Call
from dlkit.train.worker import CannotFork

GLANCE, LAST_WORDS = 0.05, 2.0  # seconds between two looks at the processes; for the word of one that has failed or hangs
TOGETHER = 0.5  # seconds within which errors are of the same moment: on a busy machine some come late
LATE = re.compile(r"timed? ?out", re.IGNORECASE)  # of PyTorch's engines, when the patience is over


class RunFailed(RuntimeError):
    """A process has died, has hung, or has raised an error that cannot be sent."""


class Trace(Exception):
    """A worker's traceback, as text: the cause of the error that the caller sees."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class WorkerError(Exception):
    """What a worker has raised: its error, the calls that led to it, and its traceback as text."""

    def __init__(self, error: Exception, calls: list[Call], trace: Trace) -> None:
        self.error, self.calls, self.trace = error, calls, trace


class Worker:
    """A process with a rank, and what it has said."""

    def __init__(self, rank: int, connection: Connection, process: Any) -> None:
        self.rank, self.connection, self.process = rank, connection, process
        self.value: bytes | None = None
        self.error: tuple[bytes | None, str, str, list[Call]] | None = None
        self.where, self.begun = "", False

    def hear(self, seconds: float = GLANCE) -> None:
        """What it has said by now; of one that never stops, no longer than so many seconds."""
        until = time.monotonic() + seconds
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll() and time.monotonic() < until:
                kind, *what = pickle.loads(self.connection.recv_bytes())
                if kind == "print":
                    print(what[0], end="", flush=True)
                elif kind == "begun":
                    self.begun = True
                elif kind == "value":
                    self.value = what[0]
                elif kind == "error":
                    self.error = (what[0], what[1], what[2], what[3])
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

    def dismiss(self) -> None:
        """Ask it to end by itself."""
        with contextlib.suppress(OSError):
            self.connection.send_bytes(b"")

    def end(self) -> None:
        """Wait until it has ended, and end it where it does not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            (self.process.wait if isinstance(self.process, subprocess.Popen) else self.process.join)(LAST_WORDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # with the processes that it has started
        if self.status is None:
            self.process.kill()
        (self.process.wait if isinstance(self.process, subprocess.Popen) else self.process.join)()
        self.connection.close()


def supervise(workers: list[Worker], deadline: float, timeout: float) -> None:
    """Until all have a value, or one has failed."""
    while waiting := [worker for worker in workers if worker.value is None]:
        wait([worker.connection for worker in waiting], GLANCE)
        for worker in waiting:
            gone = worker.status is not None  # asked first: what it has said before its end is there
            worker.hear(math.inf if gone else GLANCE)
            if worker.error or (gone and worker.dead):
                _fail(workers, worker)
        if time.monotonic() > deadline:
            _ask(workers)
            ranks = ", ".join(str(worker.rank) for worker in workers if worker.value is None)
            raise RunFailed(f"rank {ranks} of {len(workers)} has not ended after {timeout:g} s.{_standing(workers)}")


def _fail(workers: list[Worker], failed: Worker) -> None:
    size = len(workers)
    until = time.monotonic() + TOGETHER
    others = [worker for worker in workers if worker.value is None and worker.error is None]
    while time.monotonic() < until and any(not (worker.error or worker.dead) for worker in others):
        wait([worker.connection for worker in others], TOGETHER / 5)
        for worker in others:
            worker.hear()
    failed = next((worker for worker in workers if worker.error), failed)  # of several, always the same
    _ask([worker for worker in workers if worker is not failed])
    killed = next((worker for worker in workers if worker.dead), None)  # what the others say is that it no longer answers
    if killed:
        status = killed.status or 0
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        mend = " The system may have been out of memory." if status == -signal.SIGKILL else ""
        raise RunFailed(f"rank {killed.rank} of {size} {how} before it returned.{mend}{_standing(workers)}")
    assert failed.error
    data, said, text, calls = failed.error
    late = "".join(f" Rank {worker.rank} did not come." for worker in workers if worker.where)
    if late and LATE.search(said):
        raise RunFailed(f"rank {failed.rank} of {size} waited in vain for the others.{late}{_standing(workers)}") from Trace(text)
    error = pickle.loads(data) if data else RunFailed(f"rank {failed.rank} of {size} failed: {said}")
    if isinstance(error, CannotFork):
        raise error
    if not isinstance(error, Exception):  # a worker's exit must not be the caller's
        error = RunFailed(f"rank {failed.rank} of {size} failed: {said}")
    error.add_note(f"In rank {failed.rank} of {size}.")
    raise WorkerError(error, calls, Trace(f"In rank {failed.rank} of {size}: {text}{_standing(workers)}"))


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
