"""The way to the warm process: start it, give it jobs, take results."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from hooks.book import Book
from hooks.job import Failure, Job, Result
from hooks.problem import BookError, Problem


class Pool:
    """A warm process for one book. Use it as a context, or `close` it.

    Raises BookError if the book's `_runtime.py` fails, or if what it imports is not installed: at once, or, for those
    who do not `wait`, in `ready`.
    """

    def __init__(self, book: Book, jobs: int | None = None, wait: bool = True) -> None:
        self.book = book
        ours, theirs = socket.socketpair()
        here = str(Path(__file__).resolve().parents[1])
        paths = [path for path in (here, os.environ.get("PYTHONPATH")) if path]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self.jobs = jobs or os.cpu_count() or 1
        command = [sys.executable, "-m", "hooks.worker", str(theirs.fileno()), str(book.root), str(book.source), book.library.name, str(self.jobs)]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            cwd=book.root,
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,  # who kills us does not kill it: it sees that we are gone, and clears away
        )
        theirs.close()
        self.connection: Any = Connection(ours.detach())
        if wait:
            self.ready()

    def ready(self) -> None:
        """Wait until it is warm."""
        file = (self.book.source / "_runtime.py").relative_to(self.book.root).as_posix()
        try:
            failure: Failure | None = self.connection.recv()
        except (EOFError, OSError):
            self.process.wait()
            self.log.seek(0)
            failure = Failure("", 1, "it died.", "", self.log.read().decode(errors="replace"))
        if failure:
            self.close()
            message = f"the process that runs the blocks does not start: {failure.message}"
            raise BookError([Problem(file, failure.line, message, failure.mend, failure.detail)])

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Run sections side by side; results come as they finish."""
        rest, waiting = iter(jobs), 0
        while True:
            try:
                # One more than can run, and no more: who only sends while the other side sends, too, waits for ever.
                for job in islice(rest, self.jobs + 1 - waiting):
                    self.connection.send(job)
                    waiting += 1
                if not waiting:
                    return
                result: Result = self.connection.recv()
            except (EOFError, OSError):
                raise self.died() from None
            waiting -= 1
            yield result

    def died(self) -> BookError:
        """What is to be said when the connection is at its end."""
        self.log.seek(0)
        detail = self.log.read().decode(errors="replace")
        return BookError([Problem("hooks/worker.py", 1, "the process that runs the blocks died.", "", detail)])

    def close(self) -> None:
        self.connection.close()
        self.process.wait()
        self.log.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
