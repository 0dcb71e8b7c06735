"""What the live preview keeps from one build to the next: the sections that run beside it, the folders it watches."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hooks.background import Background
from hooks.build import Build
from hooks.run import Outcome

AGAIN = 1.0  # seconds until a bell that nobody has heard rings again: who watches it may not have begun


class Watcher(Protocol):
    """The server, as far as it watches files."""

    def watch(self, path: str, func: None = None, *, recursive: bool = True) -> None: ...


class Preview:
    """One live preview. Pages are shown at once; what must run does so beside it, and rings a bell when it is done.

    The bell is a file that the server watches, as it does the author's.
    """

    def __init__(self) -> None:
        self.background = Background(self._ring)
        self.bell = tempfile.NamedTemporaryFile(prefix="book-bell-")
        self.rung: threading.Timer | None = None
        self.known: dict[str, Outcome] = {}
        self.watched: set[tuple[str, bool]] = set()

    def follow(self, build: Build) -> Iterator[Outcome]:
        """Give a build what has run, tell it what is running, and ask for what must; yields what was not shown before."""
        self._heard()
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

    def watch(self, server: Watcher, build: Build) -> None:
        """Let the server watch the book. Records are written by other builds and change nothing here."""
        book = build.book
        self._watch(server, self.bell.name)
        self._watch(server, str(book.source), recursive=False)
        for folder in book.source.iterdir():
            if folder.is_dir() and not folder.name.startswith(("_", ".")):
                self._watch(server, str(folder))
        for path in book.library.files().values():
            self._watch(server, str(path.parent))
        for state in build.states.values():
            for name in state.uses.data if state.uses else ():
                if (book.root / name).exists():
                    self._watch(server, str(book.root / name))

    def _watch(self, server: Watcher, path: str, recursive: bool = True) -> None:
        if (path, recursive) not in self.watched:
            self.watched.add((path, recursive))
            server.watch(path, recursive=recursive)

    def _ring(self, files: list[str]) -> None:
        """Called in the background's thread."""
        self._heard()
        Path(self.bell.name).write_text(" ".join(files))
        self.rung = threading.Timer(AGAIN, self._ring, [files])
        self.rung.daemon = True
        self.rung.start()

    def _heard(self) -> None:
        if self.rung:
            self.rung.cancel()
            self.rung = None

    def close(self) -> None:
        """End everything that runs."""
        self.background.close()
        self._heard()
        self.bell.close()
