"""What the live preview keeps from one build to the next: the sections that run beside it, the files it watches."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hooks.background import Background
from hooks.book import Book
from hooks.build import Build
from hooks.eyes import Eyes
from hooks.run import Outcome

AGAIN = 1.0  # seconds until a bell that nobody has heard rings again: who watches it may not have begun; then twice that
LONGEST = 60.0


class Watcher(Protocol):
    """The server, as far as it watches files."""

    def watch(self, path: str, func: None = None, *, recursive: bool = True) -> None: ...


class Preview:
    """One live preview. Pages are shown at once; what must run does so beside it, and rings a bell when it is done.

    The bell is a file that the server watches. It rings, too, when a file of the book is written.
    """

    def __init__(self) -> None:
        self.background = Background(self._ring)
        self.bell = tempfile.NamedTemporaryFile(prefix="book-bell-")
        self.rung: threading.Timer | None = None
        self.hand = threading.Lock()  # on the bell
        self.known: dict[str, Outcome] = {}
        self.eyes = Eyes(lambda: self._ring([]))
        self.eyes.start()

    def begin(self, book: Book) -> None:
        """Called before a build reads the book."""
        self._heard()
        self.eyes.begin(book)

    def follow(self, build: Build) -> Iterator[Outcome]:
        """Give a build what has run, tell it what is running, and ask for what must; yields what was not shown before."""
        must = build.must_run
        self.background.ask(build.book, must)
        build.troubles += self.background.problems
        for state in must:
            file = state.section.file
            progress = self.background.state(file)
            if progress and progress.outcome:
                build.outcomes[file] = done = progress.outcome
                known, self.known[file] = self.known.get(file), done
                if known is None or known.record is not done.record or known.problems != done.problems:
                    yield done
            elif progress and not self.background.problems:
                build.awaited.add(file)

    def watch(self, server: Watcher) -> None:
        """Let the server hear the bell."""
        server.watch(self.bell.name)

    def mind(self, build: Build) -> None:
        """Look at the data that the sections of a build have read, besides the book."""
        used = [uses for _, uses in map(build.shown, build.states) if uses] + [state.uses for state in build.states.values() if state.uses]
        self.eyes.mind(build.book, (name for uses in used for name in uses.data))

    def _ring(self, files: list[str], again: float = AGAIN) -> None:
        """Called in other threads."""
        self._heard()
        with self.hand:
            Path(self.bell.name).write_text(" ".join(files))
            self.rung = threading.Timer(again, self._ring, [files, min(2 * again, LONGEST)])
            self.rung.daemon = True
            self.rung.start()

    def _heard(self) -> None:
        with self.hand:
            if self.rung:
                self.rung.cancel()
                self.rung = None

    def close(self) -> None:
        """End everything that runs."""
        self.background.close()
        self.eyes.close()
        self._heard()
        self.bell.close()
