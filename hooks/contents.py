"""The contents of the book: parts, chapters, entries, each with its number and address."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from hooks import titles
from hooks.problem import Problem


@dataclass(frozen=True)
class Entry:
    """One page of the book, written or planned."""

    slug: str
    title: str  # Markdown, as it stands in the H1
    number: str  # 2.1, A.3; of a chapter's index page 2; of a front page nothing
    chapter: str  # its chapter's slug; front pages: "front"
    part: str  # its part's title; front pages: nothing
    file: str | None  # relative to the book's root; None: planned
    kind: str = "section"  # "section", "front" or "chapter": a chapter's index page
    stars: int = 0  # 1 to 3; 0: not said
    needs: tuple[str, ...] = ()  # slugs of the sections to read before

    @property
    def written(self) -> bool:
        return self.file is not None

    @property
    def href(self) -> str:
        """Its address, relative to the site's root."""
        return f"{self.chapter}/" if self.kind == "chapter" else f"{self.chapter}/{self.slug}/"


@dataclass(frozen=True)
class Chapter:
    slug: str
    title: str
    number: str  # 1, 2, ... through all parts; appendices A, B, ...
    part: str
    entries: tuple[Entry, ...]
    index: Entry | None = None  # its index page, where there is one
    about: str = ""  # a sentence, Markdown

    @property
    def href(self) -> str:
        return f"{self.slug}/"

    @property
    def written(self) -> bool:
        """Whether there is anything of it but a plan."""
        return bool(self.index) or any(entry.written for entry in self.entries)


@dataclass(frozen=True)
class Part:
    number: str  # I, II, ...; of the appendices nothing
    title: str
    chapters: tuple[Chapter, ...]
    about: str = ""  # a sentence, Markdown

    @property
    def href(self) -> str:
        return f"parts/{titles.slug(self.title)}/"

    @property
    def written(self) -> bool:
        return any(chapter.written for chapter in self.chapters)


@dataclass(frozen=True)
class Route:
    """A way through the book for somebody who wants something of it."""

    name: str
    about: str  # a sentence, Markdown
    stops: tuple[str, ...]  # slugs of sections, in the order in which to read them


@dataclass(frozen=True)
class Outline:
    """The whole book in its order. The appendices are the last part, without a number."""

    front: tuple[Entry, ...] = ()
    parts: tuple[Part, ...] = ()
    problems: tuple[Problem, ...] = ()
    routes: tuple[Route, ...] = ()

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        return tuple(chapter for part in self.parts for chapter in part.chapters)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Front pages and sections, written or planned, in order."""
        return self.front + tuple(entry for chapter in self.chapters for entry in chapter.entries)

    @cached_property
    def pages(self) -> tuple[Entry, ...]:
        """What is written, in reading order: front pages, chapters' index pages, sections."""
        return tuple(self._pages())

    def _pages(self) -> Iterator[Entry]:
        yield from (entry for entry in self.front if entry.written)
        for chapter in self.chapters:
            if chapter.index:
                yield chapter.index
            yield from (entry for entry in chapter.entries if entry.written)

    @cached_property
    def by_slug(self) -> Mapping[str, Entry]:
        """Front pages and sections; chapters are in `chapters`."""
        return {entry.slug: entry for entry in reversed(self.entries)}

    @cached_property
    def by_file(self) -> Mapping[str, Entry]:
        """Written pages, chapters' index pages too."""
        return {entry.file: entry for entry in self.pages if entry.file}

    def neighbors(self, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """The written pages before and after this one."""
        at = self.pages.index(entry)
        return (self.pages[at - 1] if at else None), (self.pages[at + 1] if at + 1 < len(self.pages) else None)


def relative(address: str, page: str) -> str:
    """The link from one page to an address; both are relative to the site's root.

    >>> relative("optimization/momentum/#eq-valley", "appendix/limits/")
    '../../optimization/momentum/#eq-valley'
    >>> relative("optimization/momentum/#eq-valley", "optimization/momentum/")
    '#eq-valley'
    """
    path, hash_, anchor = address.partition("#")
    if path == page and anchor:
        return "#" + anchor
    link = posixpath.relpath(path or ".", page or ".")
    return link + ("/" if path == "" or path.endswith("/") else "") + hash_ + anchor
