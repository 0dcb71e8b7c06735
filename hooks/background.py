"""Sections that run while the preview goes on: asked for again and again, and told of as they finish."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from multiprocessing.connection import Pipe, wait

from hooks import imports, job, run
from hooks.book import Book
from hooks.moment import Kept, Moment, changed, edited, files
from hooks.pool import Pool
from hooks.problem import BookError, Problem
from hooks.run import Outcome, State


@dataclass(frozen=True)
class Progress:
    """How far a section is; `outcome` is there when it is done."""

    kind: str  # waiting, running, done
    state: State
    outcome: Outcome | None = None


@dataclass
class _Run:
    """A section that is running: with which text and when it began, and as what it is wanted."""

    text: str
    began: Moment
    state: State
    wanted: bool = True
    dropped: bool = False

    def goes_on(self, state: State, now: Moment) -> bool:
        same = self.state.record == state.record and self.state.section.key == state.section.key
        return self.wanted and same and self.began.code == now.code


class Background:
    """One warm process that runs, in a thread of its own, what was asked for last.

    `told` is called in that thread with the files of sections that have something new to show. A warm process that
    fails leaves its `problems`; it is started again when somebody asks and anything has changed since.
    """

    def __init__(self, told: Callable[[list[str]], None], jobs: int | None = None) -> None:
        self.told, self.jobs = told, jobs
        self.problems: list[Problem] = []
        self._lock = threading.Lock()  # for all below
        self._asked: dict[str, State] = {}
        self._waiting: dict[str, State] = {}
        self._running: dict[str, _Run] = {}
        self._kept: dict[str, Kept] = {}
        self._again: set[str] = set()  # sections that run once more, since a file of theirs was written while they ran
        self._now: Moment | None = None
        self._tried: Moment | None = None  # for which the warm process was last of use, or failed
        self._pool: Pool | None = None
        self._warm = self._closed = False
        self._woken, self._wake = Pipe(duplex=False)
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)
        self._thread.start()

    def ask(self, book: Book, states: Iterable[State]) -> None:
        """Run these sections, the one that was edited last first, and no others that were asked for before.

        What has run, or is running, from the same code and inputs does not run again.
        """
        asked = {state.section.file: state for state in sorted(states, key=lambda state: -edited(state, book))}
        now, going = Moment.now(book, asked), set()
        with self._lock:
            self._now, self._asked, self._waiting = now, asked, {}
            for file, state in asked.items():
                kept, running = self._kept.get(file), self._running.get(file)
                if kept and kept.holds(state, now):
                    self._kept[file] = replace(kept, outcome=replace(kept.outcome, state=state))
                elif running and running.goes_on(state, now):
                    running.state = state
                    going.add(file)
                else:
                    self._waiting[file] = state
            for file, running in self._running.items():
                running.wanted = file in going
        self._wake.send_bytes(b"")

    def state(self, file: str) -> Progress | None:
        """How far a section is; nothing if it was not asked for."""
        with self._lock:
            if file not in self._asked:
                return None
            if file in self._waiting:
                return Progress("waiting", self._asked[file])
            if file in self._running and self._running[file].wanted:
                return Progress("running", self._asked[file])
            return Progress("done", self._asked[file], self._kept[file].outcome)

    def close(self) -> None:
        """End everything. What is told must not call this: it waits for the thread."""
        self._closed = True
        self._wake.send_bytes(b"")
        self._thread.join()

    # In the thread

    def _work(self) -> None:
        while not self._closed:
            try:
                self._step()
            except BookError as error:
                self._lost(error.problems)
            except Exception:
                self._lost([Problem("hooks/background.py", 1, "the machine failed here.", "This is an error of `hooks`.", traceback.format_exc())])
        self._end()

    def _step(self) -> None:
        with self._lock:
            busy = self._act(self._now) if self._now else False
        ready = wait([self._woken, *([self._pool.connection] if self._pool else [])], 0 if busy else None)
        if self._woken in ready:
            self._woken.recv_bytes()
        if self._pool and self._pool.connection in ready:
            self._hear(self._pool)

    def _act(self, now: Moment) -> bool:
        """Do one thing that is to be done; false if there is none."""
        if self._pool and self._tried and self._tried.process != now.process:
            self._end()
        if not self._pool and self._waiting and self._tried != now:
            self._tried = now
            self._pool = Pool(now.book, self.jobs)
        if not self._pool or not self._warm or self._pool.connection.poll():
            return False  # who sends while the other side does may wait for ever
        for file, running in self._running.items():
            if not running.wanted and not running.dropped:
                running.dropped = True
                self._pool.connection.send(file)
                return True
        file = next((file for file in self._waiting if file not in self._running), "")
        if not file or len(self._running) == self._pool.jobs:
            return False
        state = self._waiting.pop(file)
        self._running[file], self._tried = _Run(state.section.text, now, state), now
        self._pool.connection.send(job.job(state.section, imports.packages(now.book, [state.section])))
        return True

    def _hear(self, pool: Pool) -> None:
        """Take what the warm process says: that it is warm, or what came of a section."""
        if not self._warm:
            pool.wait()
            self._warm, self.problems = True, []
            return
        try:
            result: job.Result = pool.connection.recv()
        except (EOFError, OSError):
            raise pool.died() from None
        running = self._running[result.file]
        done = run.outcome(running.began.book, running.state, result) if running.wanted else None
        after = files(running.began.book)
        with self._lock:
            del self._running[result.file]
            if not running.wanted or not done:
                return
            if self._outdated(running, changed(done, running.began.files, after), done):
                self._waiting[result.file] = running.state
                return
            self._kept[result.file] = Kept(replace(done, state=running.state), running.text, after)
        self.told([result.file])

    def _outdated(self, running: _Run, moved: bool, done: Outcome) -> bool:
        """Whether a section must run once more; not a third time for files alone, which it may write itself."""
        file = done.section.file
        again = moved and file not in self._again
        (self._again.add if again else self._again.discard)(file)
        return again or (done.verdict == "failed" and running.text != running.state.section.text)  # its lines are other ones

    def _lost(self, problems: list[Problem]) -> None:
        """The warm process is of no use: say why, and wait until somebody asks."""
        with self._lock:
            idle = self._warm and not self._running and not self._waiting
            self._end()
            if idle:  # nobody misses it
                self._tried = None
                return
            self.problems = problems
            stopped = list(self._waiting)
        self.told(stopped)

    def _end(self) -> None:
        """End the warm process. What ran in it waits for the next one."""
        if self._pool:
            self._pool.close()
        self._waiting |= {file: running.state for file, running in self._running.items() if running.wanted}
        self._pool, self._warm, self._running = None, False, {}
