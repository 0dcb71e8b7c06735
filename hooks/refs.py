"""Labels of the whole book: what number each has, where it leads, and which references lead nowhere."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hooks import sanitize, titles
from hooks.bibliography import Bibliography
from hooks.contents import Outline, relative
from hooks.marks import Block, Caption, Citation, Formula, Heading, Reference
from hooks.problem import Problem
from hooks.section import Section

KINDS = {"fig": "Figure", "eq": "Equation", "tbl": "Table"}


@dataclass(frozen=True)
class Target:
    """What a label stands for."""

    label: str
    number: str  # 2.1.1; of a heading nothing
    html: str  # what a reference says: Figure 2.1.1
    href: str  # relative to the site's root; of a planned section nothing
    title: str = ""  # Markdown of the title that it has
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Refs:
    outline: Outline
    targets: Mapping[str, Target] = field(default_factory=dict)
    sections: Mapping[str, Section] = field(default_factory=dict)  # by file
    problems: tuple[Problem, ...] = ()  # labels that stand twice in the book

    def number(self, label: str) -> str:
        target = self.targets.get(label)
        return target.number if target else ""

    def html(self, label: str, page: str) -> str:
        """A reference, as it stands on the page with this address."""
        target = self.targets.get(label)
        if target is None:
            return f'<span class="missing">@{sanitize.text(label)}</span>'
        if not target.href:
            return f'<span class="planned" title="planned">{target.html}</span>'
        title = f' title="{sanitize.attribute(titles.plain(target.title))}"' if target.title else ""
        return f'<a class="ref" href="{sanitize.attribute(relative(target.href, page))}"{title}>{target.html}</a>'

    def needed(self, slug: str, page: str) -> str:
        """A section that another one builds on: its title, a link if it is written."""
        entry = self.outline.by_slug.get(slug)
        title = titles.html(entry.title) if entry else sanitize.text(slug)
        if entry is None or not entry.written:
            return f'<span class="planned" title="planned">{title}</span>'
        return f'<a class="ref" href="{sanitize.attribute(relative(entry.href, page))}">{title}</a>'

    def check(self, section: Section, bibliography: Bibliography) -> Iterator[Problem]:
        """References, citations and needs of a section that lead nowhere."""
        for reference in section.marks_everywhere(Reference):
            if reference.label not in self.targets:
                message = f"nothing has the label `{reference.label}`."
                yield section.problem(reference.line, message, _nearest(reference.label, self.targets, "@"))
        for citation in section.marks_everywhere(Citation):
            for key, _ in citation.keys:
                if bibliography.text(key) is None:
                    message = f"the bibliography has no entry `{key}`."
                    yield section.problem(citation.line, message, _nearest(key, bibliography.works, "@"))
        for slug in section.front.needs:
            if slug not in self.outline.by_slug:
                message = f"`needs` names `{slug}`, which the outline does not list."
                yield section.problem(section.front.line("needs"), message, _nearest(slug, self.outline.by_slug))


def collect(outline: Outline, sections: Iterable[Section], pages: Mapping[str, Section] | None = None) -> Refs:
    """The labels of the book's sections, and of the website's own pages by their addresses.

    >>> from hooks import outline, section
    >>> rain = section.parse("# Rain\\n\\n$$ x $$ {#eq-x}\\n", "book/water/rain.md")
    >>> text = "parts: [{title: Weather, chapters: [{slug: water, title: Water, sections: [rain: ]}]}]"
    >>> refs = collect(outline.read(text, "outline.yml", [rain], "book"), [rain])
    >>> refs.html("eq-x", "water/snow/")
    '<a class="ref" href="../rain/#eq-x">Equation 1.1.1</a>'
    """
    targets: dict[str, Target] = {}
    problems: list[Problem] = []
    known = {}
    for target in _of_sections(outline):
        targets.setdefault(target.label, target)
    for section in sections:
        known[section.file] = section
        if entry := outline.by_file.get(section.file):
            for target in _of_page(section, entry.href, entry.number):
                _add(target, targets, section, problems)
    for href, section in (pages or {}).items():
        known[section.file] = section
        for target in _of_page(section, href, ""):
            _add(target, targets, section, problems)
    return Refs(outline, targets, known, tuple(sorted(problems)))


def _add(target: Target, targets: dict[str, Target], section: Section, problems: list[Problem]) -> None:
    other = targets.setdefault(target.label, target)
    if other is not target and other.file != section.file:  # within one file the parser has complained
        where = f"{other.file}:{other.line}" if other.file else "the outline"
        message = f"the label `{target.label}` stands in {where} already."
        problems.append(section.problem(target.line, message, "Name one of them otherwise."))


def _of_sections(outline: Outline) -> Iterator[Target]:
    """The label that every section has by its slug alone."""
    for entry in outline.entries:
        title = titles.html(entry.title)
        shown = f"Section {entry.number}" if entry.number and entry.written else title
        href = entry.href if entry.written else ""
        yield Target(f"sec-{entry.slug}", entry.number, shown, href, entry.title, entry.file or "", 1)


def _of_page(section: Section, href: str, number: str) -> Iterator[Target]:
    """The labels that stand in a section. Numbers count up separately for each kind."""
    counts: Counter[str] = Counter()
    for mark in section.marks:
        if isinstance(mark, Heading) and mark.level > 1 and mark.label.startswith("sec-"):
            shown = f"Section {number}, " if number else ""
            shown += f"“{titles.html(titles.bare(mark.text), mark.line)}”"
            yield Target(mark.label, "", shown, f"{href}#{mark.label}", "", section.file, mark.line)
            continue
        label = mark.options.label if isinstance(mark, Block) else ""
        if isinstance(mark, (Formula, Caption)):
            label = mark.label
        kind = KINDS.get(label.partition("-")[0])
        if label and kind:
            counts[kind] += 1
            full = f"{number}.{counts[kind]}" if number else str(counts[kind])
            yield Target(label, full, f"{kind} {full}", f"{href}#{label}", "", section.file, mark.line)


def _nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    shown = ", ".join(f"`{prefix}{other}`" for other in near)
    return f"Did you mean {shown}?" if near else "Mend the name."
