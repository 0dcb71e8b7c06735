"""The way to the warm process: start it, give it jobs, take results."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from hooks.book import Book
from hooks.job import Failure, Job, Result
from hooks.problem import BookError, Problem


class Pool:
    """A warm process for one book. Use it as a context, or `close` it.

    Raises BookError if the book's `_runtime.py` fails, or if what it imports is not installed.
    """

    def __init__(self, book: Book, jobs: int | None = None) -> None:
        self.book = book
        ours, theirs = socket.socketpair()
        here = str(Path(__file__).resolve().parents[1])
        paths = [path for path in (here, os.environ.get("PYTHONPATH")) if path]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        count = str(jobs or os.cpu_count() or 1)
        command = [sys.executable, "-m", "hooks.worker", str(theirs.fileno()), str(book.root), str(book.source), book.library.name, count]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, cwd=book.root, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        theirs.close()
        self.connection: Any = Connection(ours.detach())
        self._ready()

    def _ready(self) -> None:
        file = (self.book.source / "_runtime.py").relative_to(self.book.root).as_posix()
        try:
            failure: Failure | None = self.connection.recv()
        except EOFError:
            self.process.wait()
            self.log.seek(0)
            failure = Failure("", 1, "it died.", "", self.log.read().decode(errors="replace"))
        if failure:
            self.close()
            message = f"the process that runs the blocks does not start: {failure.message}"
            raise BookError([Problem(file, failure.line, message, failure.mend, failure.detail)])

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Run sections side by side; results come as they finish."""
        waiting = 0
        for job in jobs:
            self.connection.send(job)
            waiting += 1
        for _ in range(waiting):
            try:
                result: Result = self.connection.recv()
            except EOFError:
                self.log.seek(0)
                detail = self.log.read().decode(errors="replace")
                raise BookError([Problem("hooks/worker.py", 1, "the process that runs the blocks died.", "", detail)]) from None
            yield result

    def close(self) -> None:
        self.connection.close()
        self.process.wait()
        self.log.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
