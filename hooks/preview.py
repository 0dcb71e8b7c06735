"""What the live preview keeps from one build to the next: the sections that run beside it, the files it watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hooks.background import Background
from hooks.book import Book
from hooks.build import Build
from hooks.eyes import Eyes
from hooks.run import Outcome


class Preview:
    """One live preview. Pages are shown at once; what must run does so beside it, and asks for another build when it is
    done; so does a file of the project that is written.
    """

    def __init__(self) -> None:
        self.background = Background(lambda files: self._ask())
        self.eyes = Eyes(self._ask)
        self.eyes.start()
        self.known: dict[str, Outcome] = {}
        self.rebuild: Callable[[], None] | None = None
        self.asked = False  # since the last build began

    def begin(self, book: Book) -> None:
        """Called before a build reads the book."""
        self.asked = False
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

    def attach(self, rebuild: Callable[[], None]) -> None:
        """From now on there is a server that can build again."""
        self.rebuild = rebuild
        if self.asked:
            rebuild()

    def _ask(self) -> None:
        """Called in other threads."""
        self.asked = True
        if self.rebuild:
            self.rebuild()

    def close(self) -> None:
        """End everything that runs."""
        self.background.close()
        self.eyes.close()
