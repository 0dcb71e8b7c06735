"""What there was on disk at one moment, and what of an earlier run still holds then."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hooks import run, uses
from hooks.book import Book
from hooks.run import Outcome, State

DEEPER = uses.ELSEWHERE - {"site"}  # a chapter may be called so
Files = Mapping[str, tuple[int, int, int]]  # by name: what tells when they were written


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
    return {name: at for name, at in look(book).items() if not name.endswith((".md", ".ipynb"))}


def look(book: Book) -> Files:
    """What the files of a project look like: all but hidden ones, records, and what a machine has made of others.

    A preview does this all the time: `os.walk` would take more than twice as long.
    """
    found: dict[str, tuple[int, int, int]] = {}
    folders, own = [""], {str(book.source), str(book.library.root / book.library.name)}
    while folders:
        inside = folders.pop()
        with suppress(OSError), os.scandir(book.root / inside) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in (DEEPER if inside else uses.ELSEWHERE):
                    continue
                if entry.is_dir():
                    if not entry.is_symlink() or entry.path in own:
                        folders.append(f"{inside}{entry.name}/")
                elif not entry.name.endswith(".pyc"):
                    with suppress(OSError):  # it is gone
                        at = entry.stat()
                        found[inside + entry.name] = at.st_mtime_ns, at.st_size, at.st_ino
    return found


def changed(done: Outcome, before: Files, after: Files) -> bool:
    """Whether a file that a run has read, or may have read, was written while it ran."""
    found = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return bool(found if done.uses is None else found & {part for name in done.uses.data for part in (name, name.partition("#")[0])})


def edited(state: State, book: Book) -> float:
    """When a section was last written."""
    try:
        return book.path(state.section.file).stat().st_mtime
    except OSError:  # it is gone
        return 0.0
