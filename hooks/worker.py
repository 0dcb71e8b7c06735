"""The warm process: imports what sections import, once, then forks a child for each; watches over them.

Started by `pool.py` as `python -m hooks.worker FD ROOT SOURCE LIBRARY JOBS`. Single-threaded, so that forking is safe.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections import deque
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any

from hooks import marked, warm
from hooks.child import Runner
from hooks.distributions import Distributions
from hooks.job import Failure, Job, Result
from hooks.library import Library


class Gone(Exception):
    """The client is."""


@dataclass
class Child:
    """One running process, as its supervisor sees it."""

    job: Job
    pid: int
    events: Connection
    folder: str
    result: Result
    cell: str = ""
    line: int = 1
    limit: float = 0.0
    deadline: float = float("inf")
    runner: int = 0  # the process that runs the current cell: the child, or its fork for a solution
    ended: bool = False
    died: int = 0
    fresh: list[str] = field(default_factory=list)


class Supervisor:
    """Takes jobs from one connection, keeps as many children as it may, answers with results."""

    def __init__(self, client: Connection, root: Path, library: str, runtime: ModuleType, jobs: int) -> None:
        self.client, self.root, self.library, self.runtime, self.jobs = client, root, library, runtime, jobs
        self.distributions = Distributions()
        marked.prepare(Library(root, library).files())
        self.queue: deque[tuple[Job, Result]] = deque()
        self.children: list[Child] = []
        self.parts: dict[str, int] = {}  # processes that a section still needs

    def serve(self) -> None:
        """Until the client closes its end, or dies."""
        try:
            while True:
                self.step()
        except Gone:
            pass
        finally:
            self.end()

    def step(self) -> None:
        while self.queue and len(self.children) < self.jobs:
            self.start(*self.queue.popleft())
        timeout = max(0.0, min((c.deadline for c in self.children), default=float("inf")) - monotonic())
        ready = wait([self.client, *(c.events for c in self.children)], None if timeout == float("inf") else timeout)
        if self.client in ready:
            try:
                asked: Job | str = self.client.recv()
            except (EOFError, OSError):
                raise Gone from None
            if isinstance(asked, str):
                self.drop(asked)
            else:
                self.parts[asked.file] = 1
                self.queue.append((asked, Result(asked.file)))
        for child in list(self.children):
            if child.events in ready:
                self.listen(child)
            elif monotonic() > child.deadline:
                self.overdue(child)

    def drop(self, file: str) -> None:
        """Nobody waits for a section any more. Who asked has one answer all the same: what there is of it."""
        queued = [item for item in self.queue if item[0].file == file]
        running = [child for child in self.children if child.job.file == file]
        for item in queued:
            self.queue.remove(item)
        self.parts[file] = len(running)
        for child in running:
            child.ended, child.fresh = True, []
            self.reap(child)
        if queued and not running:
            self.answer(queued[0][1])

    def end(self) -> None:
        for child in self.children:
            _kill(child.pid)
        for child in self.children:
            os.waitpid(child.pid, 0)
            shutil.rmtree(child.folder, ignore_errors=True)

    def start(self, job: Job, result: Result) -> None:
        folder = tempfile.mkdtemp(prefix="book-")
        ours, theirs = Pipe(duplex=False)
        for name in ("scratch", "notes"):
            os.mkdir(os.path.join(folder, name))
        stack = os.open(os.path.join(folder, "stack"), os.O_CREAT | os.O_RDWR)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                warm.end_with_parent()
                if os.getppid() != parent:  # it has died already
                    os._exit(70)
                self.client.close()
                for other in [ours, *(c.events for c in self.children)]:
                    other.close()
                runner = Runner(job, self.root, self.library, self.runtime, theirs)
                runner.run(stack, folder)
            except BaseException:  # a fault of the machine itself
                theirs.send(("failure", Failure("", 1, "the machine failed here.", "This is an error of `hooks`.", traceback.format_exc())))
            finally:
                os._exit(70)
        theirs.close()
        os.close(stack)
        self.children.append(Child(job, pid, ours, folder, result, runner=pid))

    def listen(self, child: Child) -> None:
        result = child.result
        try:
            kind, *what = child.events.recv()
        except (EOFError, OSError):
            return self.reap(child)
        if kind == "start":
            child.cell, child.line, child.limit, child.runner = what
            child.deadline = monotonic() + child.limit
        elif kind == "cell":
            child.deadline = float("inf")
            result.cells.append(what[0])
        elif kind == "failure":
            child.deadline = float("inf")
            result.failures.append(what[0])
        elif kind == "used":
            notes = what[0]
            for name in ("packages", "files", "modules", "whole", "units"):
                getattr(result, name).update(notes[name])
            result.versions.update(self.distributions.versions(notes["packages"]))
            result.listed |= notes["listed"]
            result.unknown = max(result.unknown, notes["unknown"])
        elif kind == "fresh":
            child.fresh.append(what[0])
        elif kind == "died":
            result.failures.append(self.death(child, what[0]))
        elif kind == "end":
            child.ended, result.device = True, what[0]
            self.reap(child)  # at once: a process that it left behind may hold its end of the pipe

    def overdue(self, child: Child) -> None:
        """End a block that takes too long, after asking where it is."""
        stack = Path(child.folder, "stack")
        os.kill(child.runner, signal.SIGUSR1)
        for _ in range(20):  # the dump is written by a signal handler in C: at once, if at all
            sleep(0.05)
            if stack.stat().st_size:
                break
        line, shown = self.where(child, stack.read_text(errors="replace"))
        message = f"the block is still running after {child.limit:g} s."
        child.result.failures.append(Failure(child.cell, line, message, "Make it faster, or raise `timeout=`.", shown))
        child.ended = True
        self.reap(child)

    def where(self, child: Child, dump: str) -> tuple[int, str]:
        """From a stack dump: the section's line that was running, and the stack in the book's own names."""
        path = str(self.root / child.job.file)
        lines, line = [], 0
        for text in dump.partition("\nExtension modules")[0].splitlines():
            if f'File "{path}", line ' in text:
                number = int(text.split('", line ')[1].split()[0])
                line = line or number
            if f'"{Path(__file__).parent}/' in text or "/IPython/" in text:
                continue
            lines.append(text.replace(f"{self.root}/", ""))
        kept = [text for text in lines if "multiprocessing" not in text and "<frozen" not in text]
        return line or child.line, "\n".join(kept[:20])

    def death(self, child: Child, status: int) -> Failure:
        stack = Path(child.folder, "stack")
        line, shown = self.where(child, stack.read_text(errors="replace")) if stack.exists() else (child.line, "")
        how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
        return Failure(child.cell, line, f"the block's process {how}.", "A block must not end its process.", shown)

    def reap(self, child: Child) -> None:
        _kill(child.pid)
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        child.events.close()
        if not child.ended:
            child.result.failures.append(self.death(child, status))
        shutil.rmtree(child.folder, ignore_errors=True)
        self.children.remove(child)
        self.parts[child.job.file] += len(child.fresh) - 1
        for name in child.fresh:
            self.queue.appendleft((replace(child.job, only=name), child.result))
        if not self.parts[child.job.file]:
            self.answer(child.result)

    def answer(self, result: Result) -> None:
        try:
            self.client.send(result)
        except OSError:
            raise Gone from None


def _kill(pid: int) -> None:
    """End a child and what it started in its own session; the child may be gone already."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def main(arguments: list[str]) -> None:
    number, root, source, library, jobs = arguments
    client: Any = Connection(int(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client decides
    sys.path[0] = root  # where the library is; the working folder will be another
    warm.end_with_parent()  # while nobody listens to the client
    runtime = warm.begin(Path(source), library)
    if isinstance(runtime, Failure):
        client.send(runtime)
    else:
        client.send(None)
        warm.end_with_parent(False)  # from here on the end of the connection tells, and there is something to clear away
        supervisor = Supervisor(client, Path(root), library, runtime, int(jobs))
        warm.freeze()
        supervisor.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
