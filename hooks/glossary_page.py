"""The glossary: every term that a section defines, with the sentence that does it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hooks import sanitize, titles
from hooks.build import Build
from hooks.contents import Entry, relative
from hooks.letters import letters
from hooks.lift import excerpts
from hooks.marks import Formula
from hooks.render import Toc
from hooks.section import Section
from hooks.terms import Term

URI = "glossary.md"
TITLE = "Glossary"
CITED = "bibliography/"
BEGUN = re.compile(r"\s*[a-z]")  # in the middle of a sentence, above which a formula stands


@dataclass
class Definition:
    """A term, where the book defines it first, and where it does so again."""

    term: Term
    entry: Entry
    section: Section
    also: list[Entry] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The term as it stands within a sentence: a capital at its beginning may be that of the sentence.

        It is, if the section writes the word small anywhere.
        """
        name = self.term.text
        small = name[0].lower() + name[1:]
        return small if name[1:2].islower() and small in self.section.text else name

    @property
    def order(self) -> tuple[str, str]:
        return titles.plain(self.name).casefold(), self.term.id


def definitions(build: Build) -> list[Definition]:
    """What the book defines, in the order of a glossary."""
    found: dict[str, Definition] = {}
    for entry in build.outline.pages:
        section = build.book.sections[entry.file or ""]
        for term in section.terms:
            first = found.setdefault(term.id, Definition(term, entry, section))
            if first.entry is not entry:
                first.also.append(entry)
    return sorted(found.values(), key=lambda definition: definition.order)


def toc(build: Build) -> tuple[Toc, ...]:
    return ()  # a row of letters stands above the list


def html(build: Build, page: str) -> str:
    found = definitions(build)
    said = _sentences(build, found, page)
    count = len({item.entry.file for item in found})
    head = f'<p class="made-count">{len(found)} terms, each with the sentence that defines it, from {count} sections.</p>' if found else ""
    empty = "" if found else "<p>No section defines a term yet.</p>"
    return head + empty + letters((item.order[0], _entry(item, said[item.term.id], page)) for item in found)


def _entry(item: Definition, sentence: str, page: str) -> str:
    place = sanitize.attribute(relative(f"{item.entry.href}#{item.term.id}", page))
    also = "".join(f", also {_place(entry, f'{entry.href}#{item.term.id}', page)}" for entry in item.also)
    return (
        f'<div class="made-entry"><dt id="{item.term.id}" data-kind="term"><a href="{place}">{titles.html(item.name)}</a></dt>'
        f'<dd>{sentence} <span class="made-where">{_place(item.entry, f"{item.entry.href}#{item.term.id}", page)}{also}</span></dd></div>'
    )


def _place(entry: Entry, address: str, page: str) -> str:
    number = f'<span class="number">{entry.number}</span> ' if entry.number else ""
    return f'<a href="{sanitize.attribute(relative(address, page))}">{number}{titles.html(entry.title)}</a>'


def _sentences(build: Build, found: list[Definition], page: str) -> dict[str, str]:
    """The sentences by their terms' ids. One that a formula or a block cuts off shows it, or an ellipsis."""
    said: dict[str, str] = {}
    sections = {item.section.file: item.section for item in found}
    cited = relative(CITED, page)
    for file, section in sections.items():
        terms = [item.term for item in found if item.section is section]
        record, _ = build.shown(file)
        for term, text in zip(terms, excerpts(section, record, build.context, page, (term.sentence for term in terms)), strict=True):
            start, end = term.sentence
            before = "… " if BEGUN.match(section.text, start) else ""
            after = "" if section.text[:end].rstrip().endswith((".", "!", "?", ")", '"')) else _next(section, end)
            said[term.id] = before + text.replace('href="#ref-', f'href="{cited}#ref-') + after
    return said


def _next(section: Section, end: int) -> str:
    """What a sentence goes on with below its paragraph: the formula that stands there."""
    for formula in section.every(Formula):
        if formula.start >= end and formula.display and not section.text[end : formula.start].strip():
            return f' <span class="math" data-line="{formula.line}">{sanitize.text(formula.tex)}</span>'
    return " …"
