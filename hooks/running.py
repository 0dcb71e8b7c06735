"""One running section, as its supervisor sees it: where it is, and how it ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any

from hooks import console, limits
from hooks.capture import NUMBERS, terminal
from hooks.events import Events
from hooks.job import Failure, Job, Result
from hooks.launch import UNABLE, Launch
from hooks.watch import NOTES

LAST = 2000  # bytes of the last words that are told
SILENT = 120.0  # seconds for the machine's own part between blocks
MUTE = "the block has closed the file through which its process answers."
MENDS: dict[int, str] = {
    signal.SIGKILL: "A block must not end its process. If it does not, the machine has run out of memory: use less.",
    signal.SIGXCPU: "It has limited its own time.",
}


@dataclass
class Child:
    """A section's first process; `handle` becomes readable when it ends, where the system has such a thing."""

    job: Job
    launch: Launch
    pid: int
    events: Events
    handle: int | None
    folder: str
    result: Result
    deadline: float
    runner: int  # the process that runs the current cell: the first one, or its fork for a solution
    cell: str = ""
    line: int = 1
    command: str = ""  # of a console block, that it has begun
    said: int = 0  # bytes of its output before that
    limit: float = 0.0
    busy: bool = False  # with a block
    ended: bool = False
    fresh: list[str] = field(default_factory=list)

    def dead(self, seconds: float) -> bool:
        """Whether it ends within so many seconds. Where nothing tells, it has ended when its pipe is closed."""
        return bool(wait([self.handle], seconds)) if self.handle is not None else self.events.over

    def hear(self, kind: str, *what: Any) -> None:
        result = self.result
        if kind == "start":
            self.cell, self.line, self.limit, self.runner = what
            self.command = ""
            self.deadline, self.busy = monotonic() + self.limit, True
        elif kind == "command":
            self.line, self.command, self.said = what
        elif kind == "cell":
            self.deadline, self.busy, self.command = monotonic() + SILENT, False, ""
            result.cells.append(what[0])
            if effects := what[1]:
                result.effects[what[0].name] = effects
        elif kind == "failure":
            self.deadline, self.busy = monotonic() + SILENT, False
            failure: Failure = what[0]
            if not failure.cell and self.cell:  # of the machine itself, which does not fail without a block's help
                failure = replace(failure, cell=self.cell, line=self.line)
            result.failures.append(failure)
        elif kind == "used":
            notes = what[0]
            for name in NOTES:
                getattr(result, name).update(notes[name])
            result.versions.update(self.launch.distributions.versions(notes["packages"]))
            result.listed |= notes["listed"]
            result.unknown = max(result.unknown, notes["unknown"])
        elif kind == "fresh":
            self.fresh.append(what[0])
        elif kind == "died":
            self.deadline, self.busy = monotonic() + SILENT, False
            result.failures.append(self.death(what[0]))
        elif kind == "end":
            self.ended = True

    def written(self) -> int:
        """Bytes that its processes have written to their streams."""
        found = 0
        for name in NUMBERS:
            with contextlib.suppress(OSError):  # not there yet
                found += os.stat(os.path.join(self.folder, name)).st_size
        return found

    def where(self) -> tuple[int, str]:
        """From a stack dump: the section's line that was running, and the stack in the book's own names. Of a command,
        its line, and what it has shown."""
        if self.command:
            return self.line, console.ends(terminal(self._text("stdout", self.said)))
        root = self.launch.root
        path = str(root / self.job.file)
        lines, line = [], 0
        for text in self._text("stack").partition("\nExtension modules")[0].splitlines():
            if f'File "{path}", line ' in text:
                number = int(text.split('", line ')[1].split()[0])
                line = line or number
            if f'"{Path(__file__).parent}/' in text or "/IPython/" in text:
                continue
            lines.append(text.replace(f"{root}/", ""))
        kept = [text for text in lines if "multiprocessing" not in text and "<frozen" not in text]
        return line or self.line, "\n".join(kept[:20])

    def death(self, status: int) -> Failure:
        """Why it ended before its last block did."""
        line, shown = self.where()
        last = terminal(self._text("stderr")[-LAST:]).strip()
        if status == -signal.SIGABRT and limits.SCARCE.search(last):
            mend = limits.mend(limits.memory(self.launch.runtime))
            return Failure(self.cell, line, "the block runs out of memory, and its process died of SIGABRT.", mend, f"{last}\n{shown}")
        if status == UNABLE:
            return Failure(self.cell, line, MUTE, "Close only what it has opened.", last)
        try:
            how = f"died of {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"
        except ValueError:
            how = f"died of signal {-status}"
        mend = MENDS.get(-status, "A block must not end its process.")
        return Failure(self.cell, line, f"the block's process {how}.", mend, f"{shown}\n{last}".strip())

    def overdue(self) -> tuple[str, str]:
        """Message and mend for a block that takes too long."""
        mend = "Make it faster, or raise `timeout=`."
        if self.command:
            return f"the command `{self.command}` is still running, {self.limit:g} s after its block began.", mend
        return f"the block is still running after {self.limit:g} s.", mend

    def _text(self, name: str, begin: int = 0) -> str:
        """The end of one of its files."""
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                file.seek(max(begin, file.seek(0, os.SEEK_END) - 100_000))
                return file.read().decode(errors="replace")
        except OSError:
            return ""


def remove(folder: str) -> None:
    """Take a section's folder away, whatever a block has made of the permissions in it."""

    def again(function: Any, path: str, _: Any) -> None:
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, 0o700)
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)

    shutil.rmtree(folder, onerror=again)
