"""What there was on disk at one moment, and what of an earlier run still holds then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hooks import run, uses
from hooks.book import Book
from hooks.run import Outcome, State

Files = Mapping[str, tuple[int, int]]  # by name: what tells when they were written


@dataclass(frozen=True)
class Moment:
    """A book as it was when somebody asked for sections of it."""

    book: Book = field(compare=False)
    texts: Mapping[str, str]  # of the sections that were asked for
    runtime: Mapping[str, str]
    files: Files

    @classmethod
    def now(cls, book: Book, asked: Mapping[str, State]) -> Moment:
        return cls(book, {file: state.section.text for file, state in asked.items()}, book.runtime, files(book))

    @property
    def process(self) -> tuple[object, ...]:
        """What a warm process is started with."""
        return self.book.root, self.book.source, self.book.library, self.runtime

    @property
    def code(self) -> tuple[object, ...]:
        """What a section loads, and what was loaded before it."""
        return self.process, self.book.units


@dataclass(frozen=True)
class Kept:
    """What came of a run. A failed one does not say what it used: it holds until any file but a page changes."""

    outcome: Outcome
    text: str  # of the section that ran
    files: Files  # when it had run

    def holds(self, state: State, now: Moment) -> bool:
        if self.outcome.verdict == "failed":
            return self.text == state.section.text and self.files == now.files
        return run.still_holds(now.book, self.outcome, state)


def files(book: Book) -> Files:
    """Every file that a block may read. Pages are no such files."""
    found = {}
    for folder, inside, names in os.walk(book.root):
        inside[:] = [name for name in inside if name not in uses.ELSEWHERE and not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not name.endswith((".md", ".pyc")):
                path = os.path.join(folder, name)
                with suppress(OSError):  # it is gone
                    at = os.stat(path)
                    found[os.path.relpath(path, book.root).replace(os.sep, "/")] = at.st_mtime_ns, at.st_size
    return found


def changed(done: Outcome, before: Files, after: Files) -> bool:
    """Whether a file that a run has read, or may have read, was written while it ran."""
    found = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return bool(found if done.uses is None else found & done.uses.data.keys())


def edited(state: State, book: Book) -> float:
    """When a section was last written."""
    try:
        return book.path(state.section.file).stat().st_mtime
    except OSError:  # it is gone
        return 0.0
