"""The text of a section, line by line -> its marks: fences, comments, containers, headings; the rest is prose."""

from __future__ import annotations

import re
from dataclasses import replace

from hooks import fences, prose, terms
from hooks.containers import CONTAINER, Containers
from hooks.lines import Lines
from hooks.marks import Heading, Mark, Value

COMMENT = re.compile(r"\s*<!--(?!.*-->.*\S)")  # with text behind its end, it is a line of prose
HEADING = re.compile(r"(?P<hashes>#{1,6})[ \t]+(?P<text>.*?)(?:[ \t]*\{#(?P<label>[^}]*)\})?[ \t]*#*\Z")


def scan(lines: Lines, start: int) -> list[Mark]:
    """The marks from a line on, terms too, in the order in which they stand."""
    scanner = _Scanner(lines)
    scanner.run(start)
    return sorted(scanner.marks, key=lambda mark: mark.start)


class _Scanner:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.marks: list[Mark] = []
        self.containers = Containers(lines)
        self.inside: dict[int, str] = {}  # line, from 1 -> the solution in which it stands
        self.prose_from: int | None = None  # the first line of the prose that is being read

    def run(self, number: int) -> None:
        while number < len(self.lines):
            line = self.lines[number]
            fence, comment = fences.opened(line), COMMENT.match(line)
            container, heading = CONTAINER.match(line), HEADING.match(line)
            if line.strip():
                lazy = self.prose_from is not None and self.lines[number - 1].strip()
                self.containers.leave(line, bool(lazy and not (fence or comment or container or heading)))
            if fence:
                self.end_prose(number)
                number, block = fences.read(self.lines, number, fence, self.containers)
                self.marks += [block] if block else []
                continue
            if comment:
                self.end_prose(number)
                number = self.comment(number)
                continue
            self.inside[number + 1] = self.containers.solution
            fences.stray(self.lines, number)
            if container:
                self.containers.enter(number, container)
            if heading:
                self.heading(number, heading)
            if self.prose_from is None:
                self.prose_from = number
            number += 1
        self.end_prose(number)

    def end_prose(self, number: int) -> None:
        """Read the prose that ends in front of this line."""
        if self.prose_from is None:
            return
        first, self.prose_from = self.prose_from, None
        start, end = self.lines.offsets[first], self.lines.offsets[number]
        for mark in prose.scan(self.lines.text, start, end, self.lines.line_of, self.lines.complain_at):
            if isinstance(mark, Value):
                mark = replace(mark, solution=self.inside[mark.line])
            self.marks.append(mark)
        self.marks += terms.scan(self.lines.text, start, end, self.lines.line_of)

    def comment(self, number: int) -> int:
        """Pass over an HTML comment; Python hidden in it would be code that nobody runs."""
        lines, first = self.lines, number
        while number < len(lines):
            if fences.hidden(lines[number]):
                lines.complain(number + 1, "a block of Python stands in a comment.", "Take it out, or use `.hide`.")
            if "-->" in lines[number]:
                if lines[number].split("-->", 1)[1].strip():
                    lines.complain(number + 1, "text stands behind the end of a comment.", "Put it on the next line.")
                return number + 1
            number += 1
        lines.complain(first + 1, "the comment is not closed.", "Close it with `-->`.")
        return number

    def heading(self, number: int, match: re.Match[str]) -> None:
        label = match["label"] or ""
        if label.startswith(("sec-", "fig-", "eq-", "tbl-")) and not re.fullmatch(r"sec-[a-z0-9][a-z0-9-]*", label):
            mend = "Write `{#sec-name}` in lower-case letters, digits, hyphens."
            self.lines.complain(number + 1, f"`{{#{label}}}` is not a heading's label.", mend)
        start, end = self.lines.offsets[number], self.lines.end(number)
        self.marks.append(Heading(start, end, number + 1, len(match["hashes"]), match["text"], label))
