"""What went wrong in a block, in the words and lines of its section."""

from __future__ import annotations

import linecache
import traceback
from collections import deque
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import FrameType

from hooks import guard, limits, live
from hooks.capture import KEPT, Flood, steady, storable, terminal
from hooks.job import Failure, Job, Task
from hooks.places import Places
from hooks.watch import Watch

LINES = 20  # of a traceback, at its beginning and at its end
SAID = 2000  # characters of what an error says
HEAD = 300  # characters of that in the message itself


class Faults:
    """Words for the errors of one section. `memory` is what it may use, in bytes."""

    def __init__(self, job: Job, root: Path, watch: Watch, memory: int, places: Places) -> None:
        self.job, self.watch, self.memory, self.places = job, watch, memory, places
        self.path = str(root / job.file)

    def flood(self, task: Task, line: int) -> Failure:
        message = f"the block prints more than {KEPT // 1000:,} kB; {limits.LARGEST // 1000} kB are allowed."
        return Failure(task.name, line, message, "Show less.")

    def broken(self, error: BaseException, task: Task) -> Failure:
        """The machine has failed behind a block, since that has changed what the machine stands on."""
        message, detail = "behind this block, what runs the blocks fails.", ""
        mend = "Does a block replace a part of Python, or close what it has not opened?"
        try:
            if any(frame.name == "figure" for frame in _frames(error)[0]):
                return Failure(task.name, task.line, f"the block's figure cannot be drawn: {_first(error)}.", "Mend the figure.", self.shown(error, task))
            message = f"behind this block, what runs the blocks fails: {_first(error)}."
            detail = storable("".join(traceback.format_exception(error)))[-SAID:]
        except BaseException:  # nothing that tells is left; the place is
            pass
        return Failure(task.name, task.line, message, mend, detail)

    def failure(self, error: BaseException, task: Task, printed: str = "") -> Failure:
        """The words for an error; `printed` is what the block has written to stderr before."""
        frames = _frames(error)[0]
        own = [frame.lineno or task.line for frame in frames if frame.filename == self.path]
        if isinstance(error, SyntaxError) and not own:
            own = [error.lineno or task.line]
        line = own[-1] if own else task.line
        if isinstance(error, Flood):
            return self.flood(task, line)
        if frames and frames[0].filename.endswith("/IPython/core/formatters.py"):  # which has asked a value how it looks
            message, mend = f"the block's value cannot be shown: {_first(error)}.", "Mend how it shows itself, or do not end the block with it."
            return Failure(task.name, line, message, mend, self.shown(error, task))
        if type(error).__name__ == "BdbQuit":
            return Failure(task.name, line, "the block waits for somebody who debugs it, and nobody does.", "Take the breakpoint out.")
        if not own:
            return self.broken(error, task)
        shown = self.shown(error, task) + printed[-SAID:]
        if task.test and isinstance(error, AssertionError):
            return Failure(task.name, line, "the claim does not hold.", "", shown)
        if isinstance(error, live.Refused):
            return Failure(task.name, line, *error.args)
        if refused := guard.refusal(error):
            return Failure(task.name, line, f"{refused}.", refused.mend, shown)
        what = f"`{task.source}` raises" if task.value else "the block raises"
        return Failure(task.name, line, f"{what} {_first(error)}.", self.mend(error, task), shown)

    def mend(self, error: BaseException, task: Task) -> str:
        name = type(error).__name__
        if limits.out_of_memory(error):
            return limits.mend(self.memory)
        if isinstance(error, EOFError) and "reading a line" in str(error):
            return "Nobody answers `input()`: write the value into the code."
        if task.raises:
            return f"It was to raise {task.raises}: mend it, or write `raises={name}`."
        return "Mend the expression." if task.value else f"If it is meant to, add `raises={name}`."

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
        frames, left_out = _frames(error)
        for number, frame in enumerate(frames):
            if left_out and number == LINES:
                lines.append(f"  ... {left_out} more ...")
            inside = "" if frame.name in ("<module>", "<cell line: 1>") or frame.name.startswith("<cell") else f", in {frame.name}"
            if frame.filename == self.path:
                here, line = self.home(frame.lineno or 1, task)
                lines.append(f"  {here}line {line}{inside}: {frame.line}")
            elif place := self.place(frame.filename):
                lines.append(f"  {place}{inside}: {frame.line}")
        return steady("\n".join([*_folded(lines), _cut(_said(error)), *_inner(error)])) + "\n"

    def home(self, line: int, task: Task) -> tuple[str, int]:
        """The block that holds a line, if it is another one, and the line counted from its first."""
        before = [t for t in self.job.tasks if t.line <= line and not t.value]
        owner = max(before, key=lambda t: t.line, default=task)
        return ("" if owner.name == task.name else "an earlier block, "), line - owner.line + 1

    def place(self, filename: str) -> str:
        """A file's name as it is on every machine; nothing for the machinery between block and error."""
        path = Path(filename)
        if path.is_relative_to(Path(__file__).parent) or "IPython" in path.parts or filename.startswith("<"):
            return ""
        return self.places.near(filename) or path.name


def _said(error: BaseException) -> str:
    """The error's name and what it says; an error may say anything, or fail to."""
    said = "".join(traceback.format_exception_only(error)).strip()
    return terminal(storable(said)).replace("\0", "\\x00") or type(error).__name__


def _first(error: BaseException) -> str:
    """The first line of that, if it is not too long, without a full stop."""
    lines = _said(error).splitlines()
    if isinstance(error, SyntaxError):  # it begins with the place
        lines = [line for line in lines if not line.startswith((" ", "File "))] or lines
    said = lines[0] + (lines[1].strip() if lines[0].endswith(": ") and lines[1:] else "")  # some begin with an empty line
    return f"{said[:HEAD]} ..." if len(said) > HEAD else said.removesuffix(".")


def _cut(said: str) -> str:
    return said if len(said) <= SAID else f"{said[:SAID]} ... {len(said) - SAID:,} more characters"


def _inner(error: BaseException, indent: str = "  ") -> Iterator[str]:
    """What the errors of a group say."""
    if isinstance(error, BaseExceptionGroup) and len(indent) < 10:
        for one in error.exceptions[:LINES]:
            yield indent + _cut(_said(one)).replace("\n", "\n" + indent)
            yield from _inner(one, indent + "  ")


def _frames(error: BaseException) -> tuple[list[traceback.FrameSummary], int]:
    """The calls that led to an error, without the middle of very many, and how many those are."""
    first: list[tuple[FrameType, int]] = []
    last: deque[tuple[FrameType, int]] = deque(maxlen=LINES)
    count, at = 0, error.__traceback__
    while at:
        (first if count < LINES else last).append((at.tb_frame, at.tb_lineno))
        at, count = at.tb_next, count + 1
    left_out = max(0, count - 2 * LINES)
    return list(traceback.StackSummary.extract(iter([*first, *last]))), left_out


def _folded(lines: list[str]) -> Iterator[str]:
    """Lines of which no more than three in a row are equal."""
    for line, group in groupby(lines):
        count = len(list(group))
        yield from [line] * min(count, 3)
        if count > 3:
            yield f"  ... {count - 3} times more ..."
