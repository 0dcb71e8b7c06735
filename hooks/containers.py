"""Admonitions and items of lists: what stands inside them is indented, and may belong to a solution."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hooks.lines import Lines

CONTAINER = re.compile(
    r"(?P<indent> *)(?:(?:!!!|\?\?\?\+?)[ \t]*(?P<kind>[\w-]*)[^\"]*(?:\"(?P<title>.*)\")?"
    r"|(?P<list>[-+*]|\d+[.)])(?:[ \t]|\Z))"
)


@dataclass
class _Container:
    start: int  # indent of its first line
    indent: int  # of what stands inside
    listed: bool  # an item of a list
    solution: str


class Containers:
    """Those that are open at one line of the text, the innermost last."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.open: list[_Container] = []
        self.solutions: dict[str, int] = {}  # their names, and the line on which each begins

    @property
    def indent(self) -> int:
        """Where a block stands here."""
        return self.open[-1].indent if self.open else 0

    @property
    def solution(self) -> str:
        """The exercise that is being solved here; nothing where none is."""
        return self.open[-1].solution if self.open else ""

    def enter(self, number: int, match: re.Match[str]) -> None:
        solution = self.solution
        if (match["kind"] or "").lower() == "solution":
            solution = (match["title"] or "").strip() or f"on line {number + 1}"
            if not slug(match["title"] or ""):
                self.lines.complain(number + 1, "the solution does not say of what.", 'Write `??? solution "1"`.')
            first = self.solutions.setdefault(slug(solution), number + 1)
            if first != number + 1:
                mend = f"Name this one otherwise, or put it into the one on line {first}."
                self.lines.complain(number + 1, f'a solution "{solution}" stands here already.', mend)
        indent = len(match["indent"])
        self.open.append(_Container(indent, indent + 4, bool(match["list"]), solution))

    def leave(self, line: str, lazy: bool) -> None:
        """Close those that this line is not in. A lazy line goes on with the paragraph of a list's item."""
        width = len(line) - len(line.lstrip(" "))
        while self.open and width < self.open[-1].indent:
            if lazy and self.open[-1].listed and width >= self.open[-1].start:
                break
            self.open.pop()


def slug(title: str) -> str:
    """A solution's title, as it stands in the names of its blocks.

    >>> slug("1 (b)")
    '1-b'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
