"""Files that are looked at again and again while a preview runs.

They are held against what they looked like when a build began to read them: so nothing is missed that is written while
it reads, nor in a folder that was gone for a while.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from hooks.book import Book

PAUSE = 0.2  # seconds
APART = {"_records", "__pycache__", "node_modules"}
ALONE = ("constraints.txt", "package.json")

Looks = dict[str, tuple[int, int, int]]  # file -> what tells when it was written


class Eyes(threading.Thread):
    """Calls `told`, in a thread of its own, once for every state of the files in which the last build has not seen them."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__(name="eyes", daemon=True)
        self.told = told
        self.data: set[str] = set()  # files of which sections have said that they read them
        self._now: tuple[Book, Looks] | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def begin(self, book: Book) -> None:
        """Called before a build reads anything."""
        looks = look(book, self.data)
        with self._lock:
            self._now = book, looks

    def mind(self, book: Book, data: Iterable[str]) -> None:
        """Look at more files from now on."""
        new = set(data) - self.data
        with self._lock:
            self.data |= new
            if self._now:
                self._now[1].update(_look(book, new))

    def run(self) -> None:
        said: Looks = {}
        while not self._closed.wait(PAUSE):
            with self._lock:
                if not self._now:
                    continue
                book, seen = self._now
                found = look(book, self.data)
                other = found not in (seen, said)
            said = found
            if other:
                self.told()

    def close(self) -> None:
        self._closed.set()
        if self.is_alive():
            self.join()


def look(book: Book, data: Iterable[str]) -> Looks:
    """What the book's files look like: sections, outline and the like, the library, data. Records are written by other
    builds, and change nothing in a preview."""
    return _look(book, [*_below(book.source, book.root), *_below(book.library.root / book.library.name, book.root), f"{book.library.name}.py", *ALONE, *data])


def _below(folder: Path, root: Path) -> Iterator[str]:
    for path, inside, names in os.walk(folder):
        inside[:] = [name for name in inside if name not in APART and not name.startswith(".")]
        yield from (os.path.relpath(os.path.join(path, name), root) for name in names if not name.startswith("."))


def _look(book: Book, names: Iterable[str]) -> Looks:
    found = {}
    for name in names:
        with suppress(OSError):  # it is not there
            at = os.stat(book.root / name)
            found[name] = at.st_mtime_ns, at.st_size, at.st_ino
    return found
