"""Terms: what a section sets in bold it defines in that sentence.

A term is a bold span in running text: in a paragraph or an item of a list, in boxes and folded answers, too. Bold in a
heading, in the title of a box, in a table or its caption is none. What stands in code, formulas and tags is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hooks import prose, titles
from hooks.containers import CONTAINER
from hooks.marks import Mark

BOLD = re.compile(r"\*\*(?P<term>[^\s*](?:[^*]*[^\s*])?)\*\*")
APART = re.compile(r"\s*#{1,6}\s|\s*\|")  # headings, and rows of a table
ITEM = re.compile(r"\s*(?:[-*+]|[0-9]+[.)])[ \t]+")
END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)[.!?][\"')\]”’]*(?=\s+[^a-z\s]|\s*\Z)")


@dataclass(frozen=True)
class Term(Mark):
    """A bold span that defines what it names. It may hold other marks, and is not replaced itself."""

    text: str  # Markdown, without its stars
    sentence: tuple[int, int]  # from, to: the text around it

    @property
    def id(self) -> str:
        """Its address on the section's page, and in the glossary."""
        return f"term-{titles.slug(titles.plain(self.text))}"


def scan(text: str, start: int, end: int, line_of: Callable[[int], int]) -> Iterator[Term]:
    """The terms of one stretch of prose, in order.

    >>> [term.text for term in scan("A *wet* **puddle** is `2**3` deep. A **lake** is not.", 0, 53, lambda at: 1)]
    ['puddle', 'lake']
    """
    for first, last in _runs(text, start, end):
        masked = prose.INLINE.sub(lambda match: "X" * len(match[0]), text[first:last])
        ends = [0, *(match.end() for match in END.finditer(masked)), len(masked)]
        for match in BOLD.finditer(masked):
            begin = max(at for at in ends if at <= match.start())
            stop = min(at for at in ends if at >= match.end())
            begin += len(masked[begin:]) - len(masked[begin:].lstrip())
            where = first + match.start(), first + match.end()
            named = " ".join(text[where[0] + 2 : where[1] - 2].split())
            yield Term(*where, line_of(where[0]), named, (first + begin, first + stop))


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The paragraphs and items of a stretch, as far as they are running text."""
    first = at = start
    for line in [*text[start:end].splitlines(keepends=True), "\n"]:
        item = ITEM.match(line)
        apart = not item and (not line.strip() or APART.match(line) or CONTAINER.match(line))
        if item or apart:
            if text[first:at].strip() and not prose.CAPTION.match(text, first, at):
                yield first, at
            first = at + (item.end() if item else len(line))
        at += len(line)
