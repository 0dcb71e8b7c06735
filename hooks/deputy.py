"""A second warm process, forked from the first: it imports what takes long, while the first runs what needs none of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from typing import Any

from hooks import family, warm
from hooks.job import Failure, Job, Result


class Deputy:
    """As the first warm process sees it: jobs go there, results come back.

    `heavy` are the packages that it imports; `live` is what it does with its end of the connection.
    """

    def __init__(self, heavy: frozenset[str], live: Callable[[Any], None]) -> None:
        self.heavy = heavy
        ours, theirs = Pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                warm.end_with_parent()  # while it does not listen
                ours.close()
                if os.getppid() == parent:
                    live(theirs)
            finally:
                os._exit(0)
        theirs.close()
        self.connection: Connection[Any, Any] = ours
        self.running: dict[str, Result] = {}
        self.ready = False
        self.failure: Failure | None = None

    @property
    def busy(self) -> int:
        """How many cores it uses."""
        return len(self.running) if self.ready else 1

    def wants(self, job: Job) -> bool:
        return bool(job.packages & self.heavy)

    def send(self, job: Job, result: Result) -> bool:
        """Run a section there; false if that cannot be, and the result says why."""
        try:
            if self.failure:
                said = f"`_runtime.py` fails at line {self.failure.line}: {self.failure.message}"
                result.failures.append(replace(self.failure, line=1, message=said))
                return False
            self.connection.send(job)
        except OSError:
            result.failures.append(_lost())
            return False
        self.running[job.file] = result
        return True

    def drop(self, file: str) -> None:
        if file in self.running:
            with suppress(OSError):  # it is gone: that is told
                self.connection.send(file)

    def hear(self) -> Result | None:
        """What it says: that it is ready, or what came of a section. Raises EOFError when it is gone."""
        said: Any = self.connection.recv()
        if not self.ready:
            self.ready, self.failure = True, said
            return None
        del self.running[said.file]
        return said  # type: ignore[no-any-return]

    def lost(self) -> list[Result]:
        """It is gone: what is to be said of the sections that ran there."""
        for result in self.running.values():
            result.failures.append(_lost())
        return list(self.running.values())

    def end(self, others: Collection[int]) -> None:
        """End it, and with it all that runs there. `others` are the children of this process that live on."""
        self.connection.close()
        if not self.ready:
            os.kill(self.pid, signal.SIGKILL)  # it does not listen, and has nothing to clear away
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        family.strays(others)  # what it has left behind, if it has died by itself


def _lost() -> Failure:
    return Failure("", 1, "the warm process in which this section ran died.", "Run it again.")
