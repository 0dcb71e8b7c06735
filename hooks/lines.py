"""The text of a file, line by line, and what is wrong with it: the paper that all readers of one file share."""

from __future__ import annotations

import re
from bisect import bisect_right

from hooks.problem import Problem


class Lines:
    """Lines are counted from 0 here, as in a list; `line_of` and `complain` speak of lines as people do, from 1.

    >>> lines = Lines("# Rain\\n\\nIt rains.\\n", "book/rain.md")
    >>> lines[2], lines.line_of(8), len(lines)
    ('It rains.', 3, 3)
    """

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.whole: list[str] = re.findall(r"[^\n]*\n|[^\n]+", text)  # splitlines would split at more than line feeds
        self.offsets = [0]
        for line in self.whole:
            self.offsets.append(self.offsets[-1] + len(line))
        self.problems: list[Problem] = []

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, number: int) -> str:
        """One line, without its line feed."""
        return self.whole[number].rstrip("\n")

    def end(self, number: int) -> int:
        """The offset behind the last character of a line."""
        return self.offsets[number] + len(self[number])

    def line_of(self, offset: int) -> int:
        return bisect_right(self.offsets, offset, hi=len(self.offsets) - 1)

    def complain(self, line: int, message: str, mend: str, detail: str = "") -> None:
        self.problems.append(Problem(self.file, line, message, mend, detail))

    def complain_at(self, offset: int, message: str, mend: str) -> None:
        self.complain(self.line_of(offset), message, mend)
