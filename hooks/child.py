"""A section's own process, forked from the warm one: runs the cells, tells what they show."""

from __future__ import annotations

import faulthandler
import linecache
import os
import random
import signal
import sys
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

from hooks.capture import Capture, steady
from hooks.gather import gather
from hooks.job import Failure, Job, Task
from hooks.records import Cell, Output
from hooks.warm import threads
from hooks.watch import Watch

LARGEST = 150_000  # bytes of one output
LARGEST_SECTION = 600_000


class Stop(Exception):
    """The section cannot go on."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


@dataclass
class Runner:
    """Runs one job. `runtime` is the book's `_runtime` module; `tell` is the way to the supervisor."""

    job: Job
    root: Path
    library: str
    runtime: Any
    tell: Connection

    def run(self, stack: int, folder: str) -> NoReturn:
        """Run everything and leave; `stack` is the file for stack dumps, `folder` holds scratch and notes."""
        os.setsid()
        os.chdir(os.path.join(folder, "scratch"))
        self.notes = os.path.join(folder, "notes")
        faulthandler.enable(stack)
        faulthandler.register(signal.SIGUSR1, stack, all_threads=True)
        self.path = str(self.root / self.job.file)
        self.bytes = 0
        self.capture = Capture()
        self.capture.install()
        self.watch = Watch(str(self.root), self.library, getattr(self.runtime, "imported", lambda package: None))
        self.watch.install(self.notes)
        getattr(self.runtime, "seed", lambda: None)()
        from hooks.shell import Shell  # IPython: the warm process has imported it

        self.shell = Shell.instance()
        self.shell.begin(self.capture, self.path, self.job.text)
        warnings.formatwarning = _warning
        try:
            self.cells(self.job.main(), silent=bool(self.job.only))
            if self.job.only:
                self.cells(self.job.solutions()[self.job.only])
            else:
                self.used()
                self.solve()
        except Stop as stop:
            self.tell.send(("failure", stop.failure))
        if self.job.only:
            self.used()
        self.leave()

    def leave(self) -> NoReturn:
        device = getattr(self.runtime, "devices", lambda: "")()
        self.tell.send(("end", device))
        self.tell.close()
        os._exit(0)  # nothing that the blocks left behind gets a say

    def solve(self) -> None:
        """Each solution in a fork of the finished section; where a thread was left, that is for a fresh process."""
        for name, tasks in self.job.solutions().items():
            if threads() > 1:
                self.tell.send(("fresh", name))
                continue
            state = random.getstate()
            with self.watch.ours():
                child = os.fork()
            if child == 0:
                random.setstate(state)  # Python draws a new seed after a fork
                try:
                    self.cells(tasks)
                except Stop as stop:
                    self.tell.send(("failure", stop.failure))
                self.used()
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status:
                self.tell.send(("died", status))

    def used(self) -> None:
        with self.watch.ours():
            notes = gather(self.watch.notes(), self.notes)
        self.tell.send(("used", notes))

    def cells(self, tasks: tuple[Task, ...], silent: bool = False) -> None:
        for task in tasks:
            self.tell.send(("start", task.name, task.line, task.timeout, os.getpid()))
            began = perf_counter()
            outputs = (self.value(task),) if task.value else self.block(task)
            cell = Cell(task.name, outputs, round(perf_counter() - began, 3))
            self.weigh(task, outputs)
            if not silent:
                self.tell.send(("cell", cell))

    def block(self, task: Task) -> tuple[Output, ...]:
        error = self.shell.block(task)
        outputs = self.capture.take()
        if error is None:
            if task.raises:
                mend = "Take the option out, or mend the block."
                raise Stop(Failure(task.name, task.line, f"the block was to raise {task.raises}, and raised nothing.", mend))
            return outputs
        if task.raises and task.raises.rpartition(".")[2] in {c.__name__ for c in type(error).__mro__}:
            return (*outputs, Output("error", self.shown(error, task), name=type(error).__name__))
        raise Stop(self.failure(error, task))

    def value(self, task: Task) -> Output:
        state = getattr(self.runtime, "random_state", lambda: None)
        before = state()
        try:
            text = self.shell.value(task)
        except BaseException as error:  # whatever it is, it is the section's error
            raise Stop(self.failure(error, task)) from None
        self.capture.take()
        if state() != before:
            raise Stop(Failure(task.name, task.line, f"the value `{task.source}` draws random numbers.", "Draw them in a block."))
        return Output("value", steady(text))

    def weigh(self, task: Task, outputs: tuple[Output, ...]) -> None:
        sizes = [len(output.text.encode()) + len(output.content) for output in outputs]
        self.bytes += sum(sizes)
        for size, limit, what in ((max(sizes, default=0), LARGEST, "an output of this block"), (self.bytes, LARGEST_SECTION, "the section up to here")):
            if size > limit:
                message = f"{what} has {size / 1000:,.0f} kB; {limit // 1000} kB are allowed."
                raise Stop(Failure(task.name, task.line, message, "Show less, or draw it smaller."))

    # Errors, in the words and lines of the section.

    def failure(self, error: BaseException, task: Task) -> Failure:
        own = [frame.lineno or task.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.path]
        said = "".join(traceback.format_exception_only(error)).strip()
        if isinstance(error, SyntaxError) and not own:
            own = [error.lineno or task.line]
        if task.test and isinstance(error, AssertionError):
            return Failure(task.name, own[-1] if own else task.line, "the claim does not hold.", "", self.shown(error, task))
        name = type(error).__name__
        mend = "Mend the expression." if task.value else f"If it is meant to, add `raises={name}`."
        if task.raises:
            mend = f"It was to raise {task.raises}: mend it, or write `raises={name}`."
        what = f"`{task.source}` raises" if task.value else "the block raises"
        return Failure(task.name, own[-1] if own else task.line, f"{what} {said.splitlines()[0] if said else name}.", mend, self.shown(error, task))

    def shown(self, error: BaseException, task: Task) -> str:
        """A traceback whose lines count from the block's first, and whose paths are the book's own."""
        before = set(linecache.cache)
        with self.watch.ours():  # that the library's lines are read for it makes them no input
            try:
                return self._shown(error, task)
            finally:
                for file in set(linecache.cache) - before:  # whoever reads them next shall be seen
                    del linecache.cache[file]

    def _shown(self, error: BaseException, task: Task) -> str:
        lines = ["Traceback (most recent call last):"]
        for frame in traceback.extract_tb(error.__traceback__):
            inside = "" if frame.name in ("<module>", "<cell line: 1>") or frame.name.startswith("<cell") else f", in {frame.name}"
            if frame.filename == self.path:
                here, number = self.home(frame.lineno or 1, task)
                lines.append(f"  {here}line {number}{inside}: {frame.line}")
            elif place := self.place(frame.filename):
                lines.append(f"  {place}{inside}: {frame.line}")
        return steady("\n".join([*lines, "".join(traceback.format_exception_only(error)).strip()])) + "\n"

    def home(self, line: int, task: Task) -> tuple[str, int]:
        """The block that holds a line, if it is another one, and the line counted from its first."""
        before = [t for t in self.job.tasks if t.line <= line and not t.value]
        owner = max(before, key=lambda t: t.line, default=task)
        return ("" if owner.name == task.name else "an earlier block, "), line - owner.line + 1

    def place(self, filename: str) -> str:
        """A file's name as it is on every machine; nothing for the machinery between block and error."""
        path = Path(filename)
        machinery = Path(__file__).parent
        if path.is_relative_to(machinery) or "IPython" in path.parts:
            return ""
        for base in (self.root, *map(Path, sys.path[1:])):
            if base.parts and path.is_relative_to(base):
                return path.relative_to(base).as_posix()
        return "" if filename.startswith("<") else path.name


def _warning(message: Any, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """A warning without the place it comes from, which is another one on every machine."""
    return f"{category.__name__}: {message}\n"
