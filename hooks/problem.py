"""What went wrong, where, and how to mend it: the only form in which the build complains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One error in the book's files, in the words a person needs.

    >>> print(Problem("book/rain.md", 12, "unknown option `.tset`.", "Did you mean `.test`?"))
    book/rain.md:12: unknown option `.tset`. Did you mean `.test`?
    """

    file: str  # relative to the book's root
    line: int  # 1 is the first line of the file
    message: str
    mend: str = ""
    detail: str = ""  # further lines: a traceback, a stack, what a block printed

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.message} {self.mend}".rstrip()
        if self.detail:
            text += "\n" + "\n".join("    " + line for line in self.detail.splitlines())
        return text


class BookError(Exception):
    """The book as a whole cannot be read; carries the problems to show."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))
