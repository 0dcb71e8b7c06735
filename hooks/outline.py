"""outline.yml and the written sections -> the contents of the book, with every complaint on its line."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

import yaml

from hooks.contents import Chapter, Entry, Outline, Part
from hooks.front import SLUG
from hooks.problem import Problem
from hooks.section import Section

FRONT = "front"  # the folder of the unnumbered pages
ENTRY = "Write `- slug: Title` for a planned section, `- slug:` for a written one."


def read(text: str, file: str, sections: Iterable[Section], source: str = "book_src") -> Outline:
    """Read outline.yml. Never raises: what is wrong is in `problems`, all of it at once.

    `source` is the folder of the sections, relative to the book's root.

    >>> text = "parts: [{title: Weather, chapters: [{slug: water, title: Water, sections: [rain: Rain]}]}]"
    >>> rain = read(text, "book/outline.yml", [], "book").by_slug["rain"]
    >>> rain.number, rain.href, rain.written
    ('1.1', 'water/rain/', False)
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not YAML"
        line = mark.line + 1 if mark else 1
        return Outline(problems=(Problem(file, line, f"the outline cannot be read: {reason}.", "Mend the YAML."),))
    return _Reader(file, sections, source).outline(node)


class _Reader:
    def __init__(self, file: str, sections: Iterable[Section], source: str) -> None:
        self.file, self.source = file, source.rstrip("/")
        inside = {posixpath.relpath(section.file, self.source): section for section in sections}
        self.sections = {path: s for path, s in inside.items() if not posixpath.basename(path).startswith("_")}
        self.claimed: set[str] = set()  # paths that the outline lists
        self.lines: dict[tuple[str, str], int] = {}  # where each chapter and each section is listed
        self.problems: list[Problem] = []

    def complain(self, node: yaml.Node | None, message: str, mend: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1 if node else 1, message, mend))

    def outline(self, node: yaml.Node | None) -> Outline:
        fields = self.fields(node, "the outline", ("front", "parts", "appendices"), ()) if node else {}
        front = tuple(self.entries(fields.get("front"), FRONT, "", ""))
        parts = []
        chapters = 0
        for number, part in enumerate(self.items(fields.get("parts")), 1):
            inside = self.fields(part, "a part", ("title", "chapters"), ("title", "chapters"))
            title = self.text(inside.get("title"))
            nodes = self.items(inside.get("chapters"))
            numbered = [self.chapter(n, str(chapters + at), title) for at, n in enumerate(nodes, 1)]
            chapters += len(numbered)
            parts.append(Part(roman(number), title, tuple(numbered)))
        letters = [
            self.chapter(n, letter(at), "Appendices") for at, n in enumerate(self.items(fields.get("appendices")))
        ]
        if letters:
            parts.append(Part("", "Appendices", tuple(letters)))
        self.unlisted(parts)
        return Outline(front, tuple(parts), tuple(sorted(self.problems)))

    def chapter(self, node: yaml.Node, number: str, part: str) -> Chapter:
        fields = self.fields(node, "a chapter", ("slug", "title", "sections"), ("slug", "title"))
        slug, title = self.text(fields.get("slug")), self.text(fields.get("title"))
        if slug:
            self.listed("chapter", slug, fields["slug"])
        if slug == FRONT:
            self.complain(fields["slug"], f"no chapter can be called `{FRONT}`.", "That folder holds the front pages.")
        index = None
        if section := self.sections.get(f"{slug}/index.md"):
            self.claimed.add(f"{slug}/index.md")
            index = Entry(slug, title, number, slug, part, section.file, "chapter")
            if section.title != title:
                message = f"the chapter's page is called `{section.title}`, the outline says `{title}`."
                self.problems.append(section.problem(1, message, f"Write `# {title}`, or change {self.file}."))
        entries = self.entries(fields.get("sections"), slug, number, part)
        return Chapter(slug, title, number, part, tuple(entries), index)

    def entries(self, node: yaml.Node | None, chapter: str, number: str, part: str) -> Iterator[Entry]:
        """Front pages, or the sections of a chapter."""
        for at, item in enumerate(self.items(node), 1):
            if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
                self.complain(item, "this is no entry of a section.", ENTRY)
                continue
            key, value = item.value[0]
            slug, title = self.text(key), self.text(value)
            self.listed("section", slug, key)
            section = self.written(slug, chapter)
            if section is None and not title:
                mend = f"Write it: {self.source}/{chapter}/{slug}.md; or give a title."
                self.complain(key, f"the planned section `{slug}` has no title.", mend)
            if section and title:
                mend = f"Leave the value empty: `- {slug}:`."
                self.complain(key, f"`{slug}` is written, its title stands in {section.file}.", mend)
            file = section.file if section else None
            title = section.title if section else title or slug
            kind = "front" if chapter == FRONT else "section"
            yield Entry(slug, title, f"{number}.{at}" if number else "", chapter, part, file, kind)

    def written(self, slug: str, chapter: str) -> Section | None:
        """The section, also where it lies in a wrong folder: then that is the one thing to complain of."""
        path = f"{chapter}/{slug}.md"
        elsewhere = [p for p in self.sections if posixpath.basename(p) == f"{slug}.md" and p not in self.claimed]
        if path not in self.sections and elsewhere and slug != "index":
            path = elsewhere[0]
            mend = f"Move it to {self.source}/{chapter}/{slug}.md, or change {self.file}."
            message = f"the outline has this section in the chapter `{chapter}`."
            self.problems.append(self.sections[path].problem(1, message, mend))
        self.claimed.add(path)
        return self.sections.get(path)

    def unlisted(self, parts: list[Part]) -> None:
        chapters = {FRONT} | {chapter.slug for part in parts for chapter in part.chapters}
        for path, section in self.sections.items():
            if path not in self.claimed:
                folder, slug = posixpath.dirname(path), section.slug
                mend = f"Add `- {slug}:` to the chapter `{folder}`."
                if folder not in chapters or slug == "index":
                    mend = "A section is <chapter>/<section>.md; the outline names chapter and section."
                self.problems.append(section.problem(1, f"{self.file} does not list this file.", mend))

    def listed(self, kind: str, slug: str, node: yaml.Node) -> None:
        if not SLUG.match(slug) or slug == "index":
            self.complain(node, f"`{slug}` is no slug of a {kind}.", "Use lower-case letters, digits, hyphens.")
        if (kind, slug) in self.lines:
            mend = f"It is on line {self.lines[kind, slug]} already."
            self.complain(node, f"the {kind} `{slug}` is listed twice.", mend)
        self.lines.setdefault((kind, slug), node.start_mark.line + 1)

    # Nodes

    def fields(
        self, node: yaml.Node, what: str, known: tuple[str, ...], needed: tuple[str, ...]
    ) -> dict[str, yaml.Node]:
        shown = ", ".join(f"`{name}`" for name in known)
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} is a mapping.", f"Its fields are {shown}.")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in known:
                self.complain(key, f"unknown field `{key.value}` of {what}.", f"Its fields are {shown}.")
            elif key.value in found:
                self.complain(key, f"the field `{key.value}` stands twice.", "Keep one.")
            else:
                found[key.value] = value
        for name in needed:
            if name not in found:
                self.complain(node, f"{what} has no `{name}`.", "Add it.")
        return found

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None or node.tag.endswith(":null"):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, "here a list is expected.", "Write one item a line, each behind a hyphen.")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None) -> str:
        if node is None or node.tag.endswith(":null"):
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.complain(node, "here a text is expected.", "Put it in quotes if it holds a colon.")
            return ""
        return str(node.value)


def roman(number: int) -> str:
    """A part's number.

    >>> [roman(n) for n in (1, 4, 9, 14)]
    ['I', 'IV', 'IX', 'XIV']
    """
    tens, ones = divmod(number, 10)
    return "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]


def letter(at: int) -> str:
    """An appendix's number: A, B, ... Z, AA.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    return (letter(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)
