"""The warm process: imports what sections import, once, then starts a process for each; watches over them.

Started by `pool.py` as `python -m hooks.worker FD ROOT SOURCE LIBRARY JOBS PACKAGES`. Single-threaded, so that forking is safe.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections import deque
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from hooks import family, limits, marked, warm
from hooks.deputy import Deputy
from hooks.distributions import Distributions
from hooks.events import Events
from hooks.job import Failure, Job, Result
from hooks.launch import Launch
from hooks.library import Library
from hooks.running import MUTE, Child, remove

GLANCE = 0.2  # seconds between two looks at how much the running blocks have written
STARTING = 600.0  # seconds for the machine's own part before the first block
LETTING_GO = 5.0  # seconds between a process's last word and its end


class Gone(Exception):
    """The client is."""


class Supervisor:
    """Takes jobs from one connection, keeps as many children as it may, answers with results."""

    def __init__(self, client: Connection, launch: Launch, jobs: int, deputy: Deputy | None = None) -> None:
        self.client, self.launch, self.jobs, self.deputy = client, launch, jobs, deputy
        self.queue: deque[tuple[Job, Result]] = deque()
        self.children: list[Child] = []
        self.parts: dict[str, int] = {}  # processes that a section still needs
        self.alone = ""  # the section beside which none may run, while it does
        self.waiting = self.asked = False
        family.adopt()
        self.own = family.children()  # that `warm()` has started
        signal.signal(signal.SIGTERM, self.terminated)

    def serve(self) -> None:
        """Until the client closes its end, or dies; or somebody asks us to end."""
        try:
            while not self.asked:
                self.step()
        except Gone:
            pass
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for child in list(self.children):
                self.end(child)
                remove(child.folder)
            if self.deputy:
                self.deputy.end(self.own)

    def terminated(self, *_: Any) -> None:
        self.asked = True
        if self.waiting:
            raise Gone

    def step(self) -> None:
        while item := self.next():
            job, result = item
            if self.deputy and self.deputy.wants(job):
                if not self.deputy.send(job, result):
                    self.settle(job, result)
                continue
            try:
                self.start(job, result)
            except OSError as error:  # the system has no more processes, files, or room on its disk
                message = f"the section's process cannot be started: {error.strerror or error}."
                result.failures.append(Failure("", 1, message, "Make room for it."))
                self.settle(job, result)
        handles = [child.handle for child in self.children if child.handle is not None]
        timeout = max(0.0, min([GLANCE, *(c.deadline - monotonic() for c in self.children)])) if self.children else None
        others = [self.deputy.connection] if self.deputy and not self.deputy.failure else []
        self.waiting = True
        ready = [] if self.asked else wait([self.client, *others, *(c.events.descriptor for c in self.children), *handles], timeout)
        self.waiting = False
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
        if self.deputy and self.deputy.connection in ready:
            self.consult(self.deputy)
        for child in list(self.children):
            if child.events.descriptor in ready or child.handle in ready:
                self.listen(child)
            elif monotonic() > child.deadline:
                self.overdue(child)
            elif child.written() > limits.FLOOD:
                message = f"the block has written more than {limits.FLOOD // 1_000_000} MB to its output."
                self.interrupt(child, message, "Show less.")

    def next(self) -> tuple[Job, Result] | None:
        """The next section that may begin: the first in the queue, or the first that need not wait for the deputy."""
        running = len(self.children) + (self.deputy.busy if self.deputy else 0)
        if running < self.jobs:
            for at, (job, result) in enumerate(self.queue):
                if self.alone not in ("", job.file) or (job.alone and running):
                    continue
                if not self.deputy or self.deputy.ready or not self.deputy.wants(job):
                    del self.queue[at]
                    self.alone = job.file if job.alone else ""
                    return job, result
        return None

    def consult(self, deputy: Deputy) -> None:
        """Hear what the deputy says, and pass it on."""
        try:
            found = [result] if (result := deputy.hear()) else []
        except (EOFError, OSError):
            found, self.deputy = deputy.lost(), None  # what needs it runs here, and takes longer
            deputy.end(self.mine())
        for result in found:
            self.answer(result)

    def drop(self, file: str) -> None:
        """Nobody waits for a section any more. Who asked has one answer all the same: what there is of it."""
        if self.deputy:
            self.deputy.drop(file)
        queued = [item for item in self.queue if item[0].file == file]
        running = [child for child in self.children if child.job.file == file]
        for item in queued:
            self.queue.remove(item)
        if queued or running:
            self.parts[file] = len(running) or 1
        for child in running:
            child.ended, child.fresh = True, []
            self.reap(child)
        if queued and not running:
            self.settle(*queued[0])

    def start(self, job: Job, result: Result) -> None:
        with contextlib.ExitStack() as undo:
            folder = tempfile.mkdtemp(prefix="book-")
            undo.callback(remove, folder)
            for name in ("scratch", "notes", "temporary"):
                os.mkdir(os.path.join(folder, name))
            ours, theirs = os.pipe()
            undo.callback(os.close, ours)
            mine = [self.client.fileno(), ours, *(d for c in self.children for d in (c.events.descriptor, c.handle) if d is not None)]
            try:
                pid = self.launch.start(job, folder, theirs, mine)
            finally:
                os.close(theirs)
            undo.pop_all()
        handle = family.open_handle(pid)
        self.children.append(Child(job, self.launch, pid, Events(ours), handle, folder, result, monotonic() + STARTING, pid))

    def listen(self, child: Child) -> None:
        """Hear what a child has to say, and whether it lives."""
        dead = child.dead(0)  # asked first: what it has said before its end is there
        for kind, *what in child.events.read():
            child.hear(kind, *what)
        if child.ended:  # at once: a process that it left behind may hold its end of the pipe
            self.reap(child)
        elif child.events.garbled:
            self.interrupt(child, "the block has written into the file through which its process answers.", "Write only into what it has opened.")
        elif dead or (child.events.over and child.dead(LETTING_GO)):
            self.reap(child)
        elif child.events.over:
            self.interrupt(child, MUTE, "Close only what it has opened.")

    def overdue(self, child: Child) -> None:
        """End a block that takes too long."""
        process = family.look(child.runner)
        if not child.busy:
            self.interrupt(child, "behind this block, the section's process does not answer.", "Mend what the block leaves running.")
        elif process and process.state == "T":
            self.interrupt(child, "the block has stopped its process.", "A block must not stop its process.")
        else:
            self.interrupt(child, *child.overdue())

    def interrupt(self, child: Child, message: str, mend: str) -> None:
        """End a section, after asking its process where it is."""
        stack = Path(child.folder, "stack")
        if family.belongs(child.runner, child.pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(child.runner, signal.SIGUSR1)
                os.kill(child.runner, signal.SIGCONT)
            for _ in range(20):  # the dump is written by a signal handler in C: at once, if at all
                sleep(0.05)
                if stack.exists() and stack.stat().st_size:
                    break
        line, shown = child.where()
        child.result.failures.append(Failure(child.cell, line, message, mend, shown))
        child.ended = True
        self.reap(child)

    def mine(self) -> list[int]:
        """The children that this process has started."""
        return [*self.own, *(child.pid for child in self.children)]

    def end(self, child: Child) -> int:
        """End all that a section has started; the exit status of its first process."""
        self.children.remove(child)
        status = family.end(child.pid, self.mine())
        child.events.close()
        if child.handle is not None:
            os.close(child.handle)
        return status

    def reap(self, child: Child) -> None:
        status = self.end(child)
        if not child.ended:
            child.result.failures.append(child.death(status))
        remove(child.folder)
        self.parts[child.job.file] += len(child.fresh)
        for name in child.fresh:
            self.queue.appendleft((replace(child.job, only=name), child.result))
        self.settle(child.job, child.result)

    def settle(self, job: Job, result: Result) -> None:
        """One process of a section is done; the last one's end is answered."""
        self.parts[job.file] -= 1
        if not self.parts[job.file]:
            self.answer(result)

    def answer(self, result: Result) -> None:
        if self.alone == result.file:
            self.alone = ""
        try:
            self.client.send(result)
        except OSError:
            raise Gone from None


def main(arguments: list[str]) -> None:
    number, root, source, library, jobs, packages = arguments
    client: Any = Connection(int(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client decides
    sys.path[0] = root  # where the library is; the working folder will be another
    warm.end_with_parent()  # while nobody listens to the client
    runtime = warm.begin(Path(source))
    os.set_inheritable(int(number), False)
    if isinstance(runtime, Failure):
        client.send(runtime)
        return
    wanted, heavy = warm.those(packages), frozenset(getattr(runtime, "heavy", ()))
    marked.prepare(Library(Path(root), library).files())
    launch = Launch(Path(root), Path(source), library, runtime, Distributions())

    def serve(client: Any, deputy: Deputy | None = None) -> None:
        client.send(None)
        warm.end_with_parent(False)  # from here on the end of the connection tells, and there is something to clear away
        Supervisor(client, launch, int(jobs), deputy).serve()

    def second(connection: Any) -> None:
        client.close()
        if failure := warm.heat(runtime, Path(source), wanted) or warm.finish(library):
            connection.send(failure)
        else:
            serve(connection)

    deputy, failure = None, warm.heat(runtime, Path(source), wanted - heavy if wanted is not None else frozenset())
    if not failure and launch.forks and heavy & (heavy if wanted is None else wanted):
        deputy = Deputy(heavy, second)
    if failure := failure or warm.finish(library):
        client.send(failure)
    else:
        serve(client, deputy)


if __name__ == "__main__":
    main(sys.argv[1:])
