"""What the parser finds in a section, each with its place in the text.

A *mark* is a stretch of the file that the build replaces: a block by its code and outputs, a formula by
typeset mathematics, a reference by a link. Everything between the marks is Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass

from hooks.options import Options


@dataclass(frozen=True)
class Mark:
    start: int  # offset of the first character in the file's text
    end: int  # offset behind the last one
    line: int  # where it begins, 1 is the first line


@dataclass(frozen=True)
class Block(Mark):
    """A fenced block of Python, or of commands; what it holds is run, or written into a file."""

    name: str  # block-3, or solution-1-block-1: stable while the code before it is
    source: str  # dedented
    indent: int
    options: Options
    solution: str = ""  # the exercise that it solves
    caption: tuple[Mark, ...] = ()  # formulas, references, citations in the caption, by their place in it

    @property
    def first_line(self) -> int:
        """The file's line on which the code begins."""
        return self.line + 1

    @property
    def id(self) -> str:
        return self.options.label or self.name

    @property
    def kind(self) -> str:
        """python, console or file."""
        return "console" if self.options.run else "file" if self.options.file else "python"

    @property
    def executed(self) -> bool:
        return not (self.options.static or self.options.source)


@dataclass(frozen=True)
class Value(Mark):
    """A computed value in prose: one expression."""

    name: str
    source: str
    solution: str = ""

    @property
    def first_line(self) -> int:
        return self.line


@dataclass(frozen=True)
class Formula(Mark):
    tex: str
    display: bool
    label: str = ""


@dataclass(frozen=True)
class Reference(Mark):
    label: str


@dataclass(frozen=True)
class Citation(Mark):
    keys: tuple[tuple[str, str], ...]  # (key, what follows it: "chapter 8")


@dataclass(frozen=True)
class Heading(Mark):
    """A heading. It may hold other marks, and is not replaced itself."""

    level: int
    text: str
    label: str = ""


@dataclass(frozen=True)
class Caption(Mark):
    """A table's caption: the paragraph below it that begins with a colon. It may hold other marks."""

    text: str
    label: str
