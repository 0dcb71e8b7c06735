"""The text of a section -> Section. There is one parser: build, tests, notebooks and PDF all read this."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from hooks import containers, front, keys, scan, smoke
from hooks.lines import Lines
from hooks.marks import Block, Caption, Formula, Heading, Mark, Value
from hooks.problem import Problem
from hooks.terms import Term

TOKENS = re.compile("[\ue000-\ue00f]")  # private characters that stand for marks while Markdown is rendered

M = TypeVar("M", bound=Mark)


@dataclass(frozen=True)
class Notebook:
    """The file of a section that is written as one; the section's text has the same lines."""

    text: str
    begins: tuple[int, ...]  # the line on which each cell begins


@dataclass(frozen=True)
class Section:
    """One Markdown file, or one notebook, understood: its front matter, its marks in order, what is wrong with it."""

    file: str  # relative to the book's root
    text: str
    slug: str
    front: front.Front
    marks: tuple[Mark, ...]
    body: int  # offset where the text begins, behind the front matter
    problems: tuple[Problem, ...]
    terms: tuple[Term, ...] = ()  # what it defines, each once
    notebook: Notebook | None = None

    def every(self, kind: type[M]) -> tuple[M, ...]:
        """All marks of one kind, in order."""
        return tuple(mark for mark in self.marks if isinstance(mark, kind))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return self.every(Block)

    @cached_property
    def cells(self) -> tuple[Block | Value, ...]:
        """What is executed, in the order in which it stands."""
        return tuple(m for m in self.marks if isinstance(m, Value) or (isinstance(m, Block) and m.executed))

    def marks_everywhere(self, kind: type[M]) -> tuple[M, ...]:
        """All marks of one kind, those in captions of figures too."""
        inside = [mark for block in self.blocks for mark in block.caption if isinstance(mark, kind)]
        return self.every(kind) + tuple(inside)

    @cached_property
    def cell_keys(self) -> tuple[str, ...]:
        """What identifies each cell."""
        return tuple(map(keys.cell_key, self.cells))

    @cached_property
    def key(self) -> str:
        """The source key: what identifies all that is executed."""
        return keys.source_key(self.cell_keys)

    @cached_property
    def title(self) -> str:
        """The text of the H1; the slug where there is none."""
        return next((h.text for h in self.every(Heading) if h.level == 1), self.slug)

    @property
    def whole(self) -> str:
        """The file as it stands."""
        return self.notebook.text if self.notebook else self.text

    def problem(self, line: int, message: str, mend: str = "", detail: str = "") -> Problem:
        if self.notebook and (cell := bisect_right(self.notebook.begins, line)):
            message = f"cell {cell}: {message}"
        return Problem(self.file, line, message, mend, detail)


def parse(text: str, file: str, page: bool = False, start: int = 0) -> Section:
    """Read one file of the book. Never raises: what is wrong is in `problems`, all of it at once.

    A `page` is one of the website's own: its front matter is the site generator's, its title is free.
    The front matter begins at the offset `start`; before it there is nothing.

    >>> section = parse("# Rain\\n\\n```python\\n1 + 1\\n```\\n", "book/rain.md")
    >>> section.title, section.blocks[0].source, section.problems
    ('Rain', '1 + 1\\n', ())
    """
    lines = Lines(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), file)
    text, slug = lines.text, file.rsplit("/", 1)[-1].removesuffix(".md").removesuffix(".ipynb")
    if page:
        match = front.FRONT.match(text)
        head, body = front.Front(), match.end() if match else 0
    else:
        head, body = front.parse(text[start:], lines.complain, text.count("\n", 0, start))
        body += start
    if token := TOKENS.search(text):
        message = "a private character (U+E000 to U+E00F) stands in the text."
        lines.complain_at(token.start(), message, "Take it out.")
    found = scan.scan(lines, lines.line_of(body) - 1 if body < len(text) else len(lines))
    marks = _named([mark for mark in found if not isinstance(mark, Term)])
    defined = {term.id: term for term in reversed(found) if isinstance(term, Term)}  # where a term stands twice, the first
    title = None if page else _title(lines, marks, slug)
    _labels(lines, marks, title, slug)
    if not lines.problems:
        for message, mend in smoke.problems(head.smoke, [mark for mark in marks if isinstance(mark, Block)]):
            lines.complain(head.line("smoke"), message, mend)
    return Section(file, text, slug, head, tuple(marks), body, tuple(sorted(lines.problems)), tuple(reversed(defined.values())))


# What can only be said of the whole.


def _named(marks: list[Mark]) -> list[Mark]:
    """Blocks and values get the names under which records and tests know them."""
    counts: dict[tuple[str, str], int] = {}
    result = []
    for mark in marks:
        if isinstance(mark, (Block, Value)):
            # Blocks that do not run are counted apart: one more of them must not rename the others.
            kind = "value" if isinstance(mark, Value) else "block" if mark.executed else "shown"
            counts[mark.solution, kind] = count = counts.get((mark.solution, kind), 0) + 1
            prefix = f"solution-{containers.slug(mark.solution)}-" if mark.solution else ""
            mark = replace(mark, name=f"{prefix}{kind}-{count}")
        result.append(mark)
    return result


def _title(lines: Lines, marks: list[Mark], slug: str) -> Heading | None:
    """The one title that a section has; its label follows from the file's name."""
    titles = [mark for mark in marks if isinstance(mark, Heading) and mark.level == 1]
    if len(titles) != 1:
        line = titles[1].line if titles else 1
        lines.complain(line, f"a section has one title, this one has {len(titles)}.", "Write one `# Title`.")
    implied = f"sec-{slug}"
    if titles and titles[0].label not in ("", implied):
        message, mend = f"the title's label is `{titles[0].label}`.", f"It is `{implied}`; or leave it out."
        lines.complain(titles[0].line, message, mend)
    return titles[0] if titles else None


def _labels(lines: Lines, marks: list[Mark], title: Heading | None, slug: str) -> None:
    """Complain of labels that stand twice."""
    seen = {f"sec-{slug}": title.line} if title else {}
    for mark in marks:
        label = mark.options.label if isinstance(mark, Block) else getattr(mark, "label", "")
        if label and mark is not title and isinstance(mark, (Block, Formula, Heading, Caption)):
            if label in seen:
                message = f"the label `{label}` stands twice."
                lines.complain(mark.line, message, f"It is on line {seen[label]} already.")
            seen.setdefault(label, mark.line)
