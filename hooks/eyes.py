"""Files that are looked at again and again while a preview runs.

They are held against what they looked like when a build began to read them: so nothing is missed that is written while
it reads, nor in a folder that was gone for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from hooks.book import Book
from hooks.moment import Files, look

PAUSE = 0.2  # seconds
SHARE = 0.05  # of a core, at most: where there are many files, the pause is longer


class Eyes(threading.Thread):
    """Calls `told`, in a thread of its own, whenever a project's files are not as a build, or a look, has last seen them."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__(name="eyes", daemon=True)
        self.told = told
        self._book: Book | None = None
        self._seen: Files = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def begin(self, book: Book) -> None:
        """Called before a build reads anything."""
        found = look(book)
        with self._lock:
            self._book, self._seen = book, found

    def sees(self, folder: Path) -> bool:
        """Whether the files of a folder are among those that are looked at."""
        place = folder.resolve()
        with self._lock:
            if not self._book or not place.is_relative_to(self._book.root):
                return False
            inside = place.relative_to(self._book.root).as_posix() + "/"
            return any(name.startswith(inside) for name in self._seen)

    def run(self) -> None:
        pause = PAUSE
        while not self._closed.wait(pause):
            began = time.thread_time()
            with self._lock:
                if not self._book:
                    continue
                before, self._seen = self._seen, look(self._book)
                other = before != self._seen
            if other:
                self.told()
            pause = max(PAUSE, (time.thread_time() - began) / SHARE)

    def close(self) -> None:
        self._closed.set()
        if self.is_alive():
            self.join()
