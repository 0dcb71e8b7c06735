"""The way to the warm process: start it, give it jobs, take results."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from hooks import warm
from hooks.book import Book
from hooks.job import Failure, Job, Result
from hooks.problem import BookError, Problem


class Pool:
    """A warm process for one book. Use it as a context, or `close` it.

    `packages` are those that its sections will import; None: any. It warms up while nobody waits for it. `wait`, and so `run`, raise BookError if the book's `_runtime.py` fails, or
    if what it imports is not installed.
    """

    def __init__(self, book: Book, jobs: int | None = None, packages: frozenset[str] | None = None) -> None:
        self.book = book
        ours, theirs = socket.socketpair()
        here = str(Path(__file__).resolve().parents[1])
        paths = [path for path in (here, os.environ.get("PYTHONPATH")) if path]
        variables = {**os.environ, **environment(book.source / "_runtime.py"), "PYTHONPATH": os.pathsep.join(paths)}
        self.jobs = jobs or os.cpu_count() or 1
        command = [sys.executable, "-m", "hooks.worker", str(theirs.fileno()), str(book.root), str(book.source), book.library.name, str(self.jobs)]
        command.append(warm.named(packages))
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            cwd=book.root,
            env=variables,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,  # who kills us does not kill it: it sees that we are gone, and clears away
        )
        theirs.close()
        self.connection: Any = Connection(ours.detach())
        self.ready = False

    def wait(self) -> None:
        """Until the process is warm: it gets there by itself, while others do other things."""
        if self.ready:
            return
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
        self.ready = True

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Run sections side by side; results come as they finish. The first begin at once, whenever one asks for results."""
        rest = iter(jobs)
        return self._results(rest, self._feed(rest, 0))

    def _results(self, rest: Iterator[Job], waiting: int) -> Iterator[Result]:
        self.wait()
        while waiting:
            try:
                result: Result = self.connection.recv()
            except (EOFError, OSError):
                raise self.died() from None
            waiting -= 1
            waiting += self._feed(rest, waiting)
            yield result

    def _feed(self, rest: Iterator[Job], waiting: int) -> int:
        """Send one more job than can run, and no more: who only sends while the other side sends, too, waits for ever."""
        count = 0
        for job in islice(rest, self.jobs + 1 - waiting):
            count += 1
            with suppress(OSError):  # who hears nothing says nothing either: that is told
                self.connection.send(job)
        return count

    def died(self) -> BookError:
        """What is to be said when the connection is at its end."""
        self.log.seek(0)
        detail = self.log.read().decode(errors="replace")
        return BookError([Problem("hooks/worker.py", 1, "the process that runs the blocks died.", "", detail)])

    def close(self) -> None:
        self.connection.close()
        if not self.ready:  # it does not listen yet, and has nothing to clear away
            self.process.kill()
        self.process.wait()
        self.log.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def environment(runtime: Path) -> dict[str, str]:
    """The variables that `_runtime.py` writes out, so that the process begins with them. Where they are computed, it
    finds out itself, and begins anew."""
    try:
        for node in ast.parse(runtime.read_bytes()).body:
            match node:
                case ast.Assign(targets=[ast.Name("environment")], value=value) | ast.AnnAssign(target=ast.Name("environment"), value=ast.expr() as value):
                    return {str(name): str(set_to) for name, set_to in ast.literal_eval(value).items()}
    except (OSError, SyntaxError, ValueError, TypeError, AttributeError):
        pass
    return {}
