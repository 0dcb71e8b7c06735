"""outline.yml and the written sections -> the contents of the book, with every complaint on its line."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

import yaml

from hooks.contents import Chapter, Entry, Outline, Part, Route
from hooks.front import SLUG
from hooks.nodes import Nodes
from hooks.problem import Problem
from hooks.section import Section

FRONT = "front"  # the folder of the unnumbered pages
MADE = ("contents", "glossary", "bibliography", "map", "parts")  # addresses of pages that the machine makes
ROUTES = 6  # the style sheet has as many colors
ENTRY = "Write `- slug: Title` for a planned section, `- slug:` for a written one."
PLANNED = ("title", "stars", "needs")  # what may be said of a planned section: `- slug: {title: Snow, stars: 2, needs: [rain]}`


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


class _Reader(Nodes):
    def __init__(self, file: str, sections: Iterable[Section], source: str) -> None:
        super().__init__(file)
        self.source = source.rstrip("/")
        inside = {posixpath.relpath(section.file, self.source): section for section in sections}
        self.sections = {path: s for path, s in inside.items() if not posixpath.basename(path).startswith("_")}
        self.claimed: set[str] = set()  # paths that the outline lists
        self.lines: dict[tuple[str, str], int] = {}  # where each chapter and each section is listed
        self.needed: list[tuple[str, yaml.Node]] = []  # what planned sections need, and where they say so

    def outline(self, node: yaml.Node | None) -> Outline:
        fields = self.fields(node, "the outline", ("front", "parts", "appendices", "routes"), ()) if node else {}
        front = tuple(self.entries(fields.get("front"), FRONT, "", ""))
        parts = []
        chapters = 0
        for number, part in enumerate(self.items(fields.get("parts")), 1):
            inside = self.fields(part, "a part", ("title", "about", "chapters"), ("title", "chapters"))
            title, about = self.text(inside.get("title")), self.text(inside.get("about"))
            nodes = self.items(inside.get("chapters"))
            numbered = [self.chapter(n, str(chapters + at), title) for at, n in enumerate(nodes, 1)]
            chapters += len(numbered)
            parts.append(Part(roman(number), title, tuple(numbered), about))
        letters = [
            self.chapter(n, letter(at), "Appendices") for at, n in enumerate(self.items(fields.get("appendices")))
        ]
        if letters:
            parts.append(Part("", "Appendices", tuple(letters)))
        self.unlisted(parts)
        for slug, where in self.needed:
            if ("section", slug) not in self.lines:
                self.complain(where, f"`needs` names `{slug}`, which the outline does not list.", "Mend the name.")
        known = {entry.slug: entry for entry in Outline(front, tuple(parts)).entries}
        ways = self.items(fields.get("routes"))
        if len(ways) > ROUTES:
            self.complain(ways[ROUTES], f"there are more than {ROUTES} routes.", "Nobody can tell more of them apart: leave some out.")
        routes = tuple(self.route(item, known) for item in ways[:ROUTES])
        return Outline(front, tuple(parts), tuple(sorted(self.problems)), routes)

    def chapter(self, node: yaml.Node, number: str, part: str) -> Chapter:
        fields = self.fields(node, "a chapter", ("slug", "title", "about", "sections"), ("slug", "title"))
        slug, title, about = (self.text(fields.get(name)) for name in ("slug", "title", "about"))
        if slug:
            self.listed("chapter", slug, fields["slug"])
        if slug == FRONT:
            self.complain(fields["slug"], f"no chapter can be called `{FRONT}`.", "That folder holds the front pages.")
        if slug in MADE:
            self.complain(fields["slug"], f"no chapter can be called `{slug}`.", "A page that the machine makes has this address.")
        index = None
        if section := self.sections.get(f"{slug}/index.md"):
            self.claimed.add(f"{slug}/index.md")
            index = Entry(slug, title, number, slug, part, section.file, "chapter")
            if section.title != title:
                message = f"the chapter's page is called `{section.title}`, the outline says `{title}`."
                self.problems.append(section.problem(1, message, f"Write `# {title}`, or change {self.file}."))
        entries = self.entries(fields.get("sections"), slug, number, part)
        return Chapter(slug, title, number, part, tuple(entries), index, about)

    def entries(self, node: yaml.Node | None, chapter: str, number: str, part: str) -> Iterator[Entry]:
        """Front pages, or the sections of a chapter."""
        for at, item in enumerate(self.items(node), 1):
            if not isinstance(item, yaml.MappingNode) or len(item.value) != 1:
                self.complain(item, "this is no entry of a section.", ENTRY)
                continue
            key, value = item.value[0]
            slug = self.text(key)
            title, stars, needs = self.planned(value)
            self.listed("section", slug, key)
            section = self.written(slug, chapter)
            if section is None and not title:
                mend = f"Write it: {self.source}/{chapter}/{slug}.md; or give a title."
                self.complain(key, f"the planned section `{slug}` has no title.", mend)
            if section and title:
                mend = f"Leave the value empty: `- {slug}:`."
                self.complain(key, f"`{slug}` is written, its title stands in {section.file}.", mend)
            file = section.file if section else None
            if section:
                title, stars, needs = section.title, section.front.stars, section.front.needs
            kind = "front" if chapter == FRONT else "section"
            yield Entry(slug, title or slug, f"{number}.{at}" if number else "", chapter, part, file, kind, stars, needs)

    def planned(self, node: yaml.Node) -> tuple[str, int, tuple[str, ...]]:
        """What is said of a planned section: its title, or a mapping of its title, its stars and what it needs."""
        if not isinstance(node, yaml.MappingNode):
            return self.text(node), 0, ()
        fields = self.fields(node, "a planned section", PLANNED, ("title",))
        stars = self.text(fields.get("stars"))
        if stars not in ("", "1", "2", "3"):
            self.complain(fields["stars"], f"`stars: {stars}` is not 1, 2 or 3.", "1 is the easiest.")
        needs = [(self.text(item), item) for item in self.items(fields.get("needs"))]
        self.needed += needs
        return self.text(fields.get("title")), int(stars) if stars in ("1", "2", "3") else 0, tuple(slug for slug, _ in needs)

    def route(self, node: yaml.Node, known: Mapping[str, Entry]) -> Route:
        """A way through the book: nothing comes before what it needs, if that is on the way at all."""
        fields = self.fields(node, "a route", ("name", "about", "sections"), ("name", "about", "sections"))
        stops: dict[str, yaml.Node] = {}
        for item in self.items(fields.get("sections")):
            slug = self.text(item)
            if slug not in known:
                self.complain(item, f"the outline lists no section `{slug}`.", "Mend the name.")
            elif slug in stops:
                self.complain(item, f"the route comes to `{slug}` twice.", "Keep one.")
            else:
                stops[slug] = item
        order = list(stops)
        for at, slug in enumerate(order):
            for late in (late for late in order[at + 1 :] if late in known[slug].needs):
                self.complain(stops[slug], f"the route comes to `{slug}` before `{late}`, which it needs.", f"Put it behind `{late}`.")
        return Route(self.text(fields.get("name")), self.text(fields.get("about")), tuple(order))

    def written(self, slug: str, chapter: str) -> Section | None:
        """The section, also where it lies in a wrong folder: then that is the one thing to complain of."""
        path, notebook = f"{chapter}/{slug}.md", f"{chapter}/{slug}.ipynb"
        if notebook in self.sections:
            if path in self.sections:
                self.claimed.add(path)
                self.problems.append(self.sections[path].problem(1, f"the section is written twice, also as {slug}.ipynb.", "Keep one."))
            path = notebook
        elsewhere = [p for p in self.sections if posixpath.basename(p) in (f"{slug}.md", f"{slug}.ipynb") and p not in self.claimed]
        if path not in self.sections and elsewhere and slug != "index":
            path = elsewhere[0]
            mend = f"Move it to {self.source}/{chapter}/{posixpath.basename(path)}, or change {self.file}."
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
