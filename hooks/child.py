"""A section's own process: runs the cells, tells what they show."""

from __future__ import annotations

import faulthandler
import importlib
import os
import random
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from os import getpid
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

from hooks import commands, console, limits
from hooks.capture import Capture, Flood, steady, storable
from hooks.effects import Effects, Noted
from hooks.faults import Faults
from hooks.gather import gather
from hooks.guard import Guard
from hooks.job import Failure, Job, Task
from hooks.once import counted
from hooks.places import Places
from hooks.records import Cell, Output
from hooks.warm import threads
from hooks.watch import PAGE, Watch
from hooks.world import World


class Stop(Exception):
    """The section cannot go on."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


@dataclass
class Runner:
    """Runs one job. `runtime` is the book's `_runtime` module; `tell` is the way to the supervisor, `parent` its process;
    `forks` says whether solutions may be forked."""

    job: Job
    root: Path
    library: str
    runtime: Any
    tell: Connection
    parent: int
    forks: bool

    def run(self, folder: str) -> NoReturn:
        """Run everything and leave; `folder` holds scratch and notes, and files for the streams and for stack dumps."""
        self.scratch = os.path.join(folder, "scratch")
        os.chdir(self.scratch)
        os.environ.update(self.job.environment)
        os.environ["TMPDIR"] = tempfile.tempdir = os.path.join(folder, "temporary")
        self.notes = os.path.join(folder, "notes")
        self.stack = open(os.path.join(folder, "stack"), "wb")
        faulthandler.enable(self.stack)
        faulthandler.register(signal.SIGUSR1, self.stack, all_threads=True)
        self.pid = getpid()
        self.path = str(self.root / self.job.file)
        self.bytes = 0
        sys.path.insert(0, self.scratch)  # as in a program, or a notebook: what a block writes there can be imported
        sys.dont_write_bytecode = True  # of such a file: written anew within a second, it would not be read anew
        places = Places(self.root, folder)
        self.capture = Capture(folder, places)
        self.capture.install()
        limits.impose(self.runtime, devices=bool(self.job.gpus))
        device = getattr(self.runtime, "devices", str)
        if self.job.unseeded:
            self.runtime.seed = lambda: None
        self.watch = Watch(str(self.root), self.library, getattr(self.runtime, "imported", lambda package: None), device)
        self.noted = Noted(getattr(self.runtime, "random_state", lambda: None), self.scratch, self.watch)
        os.environ[PAGE] = getattr(self.runtime, "__file__", None) or ""
        self.watch.install(self.notes)
        Guard(getattr(self.runtime, "network", ()), self.parent).install()
        getattr(self.runtime, "seed", lambda: None)()
        from hooks.shell import Shell  # IPython: the warm process has imported it

        self.shell = Shell.instance()
        self.shell.begin(self.capture, self.path, self.job.text)
        warnings.formatwarning = _warning
        warnings.filterwarnings("ignore", "To exit: use", UserWarning)  # IPython's advice behind `sys.exit`
        self.faults = Faults(self.job, self.root, self.watch, limits.memory(self.runtime), places)
        self.world = World()
        try:
            self.present()
            self.cells(self.job.main(), silent=bool(self.job.only))
            if self.job.only:
                self.cells(self.job.solutions()[self.job.only])
            self.used()
            if not self.job.only:
                self.solve()
        except Stop as stop:
            self.tell.send(("failure", stop.failure))
        self.leave()

    def present(self) -> None:
        """A section for GPUs begins only where they are: it would take hours, and its record would say something else."""
        job = self.job
        with self.standing(job.tasks[0]):
            there = getattr(self.runtime, "gpus", lambda: job.gpus)() if job.gpus else 0
        if there < job.gpus:
            message = f"the section needs {counted(job.gpus)}, and this machine shows {there or 'none'}."
            mend = "Update it on a machine that has them, with drivers and packages that see them, and commit its record: elsewhere it is replayed."
            raise Stop(Failure("", job.gpus_line, message, mend))

    def leave(self) -> NoReturn:
        self.tell.send(("end",))
        self.tell.close()
        os._exit(0)  # nothing that the blocks left behind gets a say

    def solve(self) -> None:
        """Each solution in a fork of the finished section; where a thread was left, that is for a fresh process."""
        for name, tasks in self.job.solutions().items():
            if not self.forks or threads() > 1:
                self.tell.send(("fresh", name))
                continue
            with self.standing(tasks[0]):
                self.fork(tasks)

    def fork(self, tasks: tuple[Task, ...]) -> None:
        """Run a solution in a fork, and tell how that ended if it has not."""
        state = random.getstate()
        handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a block may let nobody wait for its children
        with self.watch.ours():
            child = os.fork()
        if child == 0:
            try:
                if handler is not None:
                    signal.signal(signal.SIGCHLD, handler)
                self.pid = self.capture.process = getpid()
                random.setstate(state)  # Python draws a new seed after a fork
                self.cells(tasks)
                self.used()
            except Stop as stop:
                self.tell.send(("failure", stop.failure))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if handler is not None:
            signal.signal(signal.SIGCHLD, handler)
        if status:
            self.tell.send(("died", status))

    def used(self) -> None:
        with self.standing(self.job.tasks[-1]), self.watch.ours():
            notes = gather(self.watch.notes(), self.notes)
        self.tell.send(("used", notes))

    def cells(self, tasks: tuple[Task, ...], silent: bool = False) -> None:
        for task in tasks:
            with self.standing(task):
                self.tell.send(("start", task.name, task.line, task.timeout, self.pid))
                cell, effects = self.cell(task)
                if not silent:
                    self.tell.send(("cell", cell, effects))

    @contextmanager
    def standing(self, task: Task) -> Iterator[None]:
        """For what the machine does: if it fails, a block has taken away what it stands on."""
        try:
            yield
        except Stop:
            raise
        except BaseException as error:
            raise Stop(self.faults.broken(error, task)) from None

    def cell(self, task: Task) -> tuple[Cell, Effects | None]:
        if not task.value:
            self.noted.begin(self.shell.user_ns)
        self.raised: BaseException | None = None
        began = perf_counter()
        outputs = (self.value(task),) if task.value else self.block(task)
        cell = Cell(task.name, outputs, round(perf_counter() - began, 3))
        self.weigh(task, outputs)
        return cell, None if task.value else self.noted.end(self.raised, self.path, task.line)

    def block(self, task: Task) -> tuple[Output, ...]:
        if task.file:
            with self.watch.ours():
                path = Path(self.scratch, task.file)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(task.source, encoding="utf-8")
                except OSError as why:
                    mend = "Look at what the blocks before it have left at this path."
                    raise Stop(Failure(task.name, task.line, f'`file="{task.file}"` cannot be written: {why.strerror}.', mend)) from None
            importlib.invalidate_caches()  # the folder's, which may have been read within the same moment
            return ()
        if task.console:
            return self.commands(task)
        with self.world:
            error = self.shell.block(task)
        self.one(error, task)
        outputs = self.capture.take()
        if self.capture.lost and not isinstance(error, Flood):
            raise Stop(self.faults.flood(task, task.line))
        if error is None:
            if task.raises:
                mend = "Take the option out, or mend the block."
                raise Stop(Failure(task.name, task.line, f"the block was to raise {task.raises}, and raised nothing.", mend))
            return outputs
        if task.raises and task.raises.rpartition(".")[2] in {c.__name__ for c in type(error).__mro__}:
            self.raised = error
            return (*outputs, Output("error", self.faults.shown(error, task), name=type(error).__name__))
        said = "".join(output.text for output in outputs if output.kind == "stderr")
        raise Stop(self.faults.failure(error, task, said))

    def commands(self, task: Task) -> tuple[Output, ...]:
        """Run commands as a terminal in the scratch folder would: both streams in one, and the first that fails is the last."""
        shown = []
        for command in commands.read(task.source):
            line = task.line + command.line - 1
            self.tell.send(("command", line, console.titled(command.text), self.capture.read["stdout"]))
            status = console.run(command.text, self.scratch, self.capture.files["stdout"], self.watch)
            said = "".join(output.text for output in self.capture.take())
            if self.capture.lost:
                raise Stop(self.faults.flood(task, line))
            if status:
                raise Stop(Failure(task.name, line, *console.failure(command.text, status), console.ends(said)))
            if said:
                shown.append(Output("stdout", said, name=str(command.line)))
        return tuple(shown)

    def value(self, task: Task) -> Output:
        state = getattr(self.runtime, "random_state", lambda: None)
        before, error, text = state(), None, ""
        with self.world:
            try:
                text = self.shell.value(task)
            except BaseException as raised:  # whatever it is, it is the section's error
                error = raised
        self.one(error, task)
        self.capture.take()
        if error is not None:
            raise Stop(self.faults.failure(error, task))
        if state() != before:
            raise Stop(Failure(task.name, task.line, f"the value `{task.source}` draws random numbers.", "Draw them in a block."))
        return Output("value", steady(storable(text)))

    def one(self, error: BaseException | None, task: Task) -> None:
        """A block may fork: its copy ends here, as a script would at its end, and the section goes on once."""
        if getpid() == self.pid:
            return
        status = 0 if error is None else 1
        if isinstance(error, SystemExit):
            status = error.code if isinstance(error.code, int) else 1 if error.code else 0
        self.capture.flush("stdout")
        self.capture.flush("stderr")
        if error is not None and not isinstance(error, SystemExit):
            os.write(2, self.faults.shown(error, task).encode("utf-8", "backslashreplace"))
        self.watch.leave()  # its notes: what the watch has put in the place of `os._exit` is of the blocks' world
        os._exit(status & 255)

    def weigh(self, task: Task, outputs: tuple[Output, ...]) -> None:
        sizes = [len(output.text.encode()) + len(output.content) for output in outputs]
        self.bytes += sum(sizes)
        for size, limit, what in ((max(sizes, default=0), limits.LARGEST, "an output of this block"), (self.bytes, limits.LARGEST_SECTION, "the section up to here")):
            if size > limit:
                message = f"{what} has {size / 1000:,.0f} kB; {limit // 1000} kB are allowed."
                raise Stop(Failure(task.name, task.line, message, "Show less, or draw it smaller."))


def _warning(message: Any, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """A warning without the place it comes from, which is another one on every machine."""
    return f"{category.__name__}: {message}\n"
