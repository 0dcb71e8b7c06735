"""The library's names in the book: each public thing's one place in the API reference, the links that lead there from a
section's code and prose, and the sections in which it was introduced and is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hooks import api_names, api_read, highlight, keys, sanitize
from hooks.api_names import Mention
from hooks.api_surface import Surface
from hooks.book import Book
from hooks.contents import Entry, Outline, relative
from hooks.section import Section

FOLDER = "api/"


@dataclass(frozen=True)
class Use:
    """A section that uses a thing, and where it does so first."""

    entry: Entry
    block: str

    @property
    def href(self) -> str:
        return f"{self.entry.href}#{self.block}"


@dataclass(frozen=True)
class Api:
    surface: Surface = field(default_factory=Surface)
    mentions: Mapping[str, Sequence[Mention]] = field(default_factory=dict)  # by section's file, in the order of the book
    outline: Outline = field(default_factory=Outline)
    sections: Mapping[str, Section] = field(default_factory=dict)

    # Where things stand

    @cached_property
    def _placed(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """The modules that have a page, and the one name under which each thing is shown."""
        modules, waiting = [self.surface.root], [self.surface.root]
        while waiting:
            module = self.surface.modules.get(waiting.pop())
            found = [module.names[name] for name in module.public] if module else []
            new = [target for target in found if target in self.surface.modules and target not in modules]
            modules += new
            waiting += new
        named = api_names.targets(self.mentions)
        modules += sorted(named & set(self.surface.modules) - set(modules))
        names = self._names(modules)
        # A module that says itself what is public of it, and one out of which a section takes something, too.
        for name, module in self.surface.modules.items():
            own = [module.names[each] for each in module.public if module.names[each].startswith(name + ".")]
            if name not in modules and any(target not in names and (module.declared or target in named) for target in own):
                modules.append(name)
        return tuple(sorted(modules)), self._names(modules)

    def _names(self, modules: Iterable[str]) -> dict[str, str]:
        found: dict[str, list[tuple[int, bool, str]]] = {}
        for module in modules:
            for name in self.surface.modules[module].public if module in self.surface.modules else ():
                target = self.surface.modules[module].names[name]
                if target in self.surface.things:
                    full = f"{module}.{name}"
                    found.setdefault(target, []).append((full.count("."), not target.endswith("." + name), full))
        return {target: min(places)[2] for target, places in found.items()}

    @property
    def modules(self) -> tuple[str, ...]:
        """Those that have a page."""
        return self._placed[0] if self.surface.modules else ()

    @property
    def names(self) -> Mapping[str, str]:
        """Target -> the dotted name under which it is shown."""
        return self._placed[1]

    def name(self, target: str) -> str:
        """The dotted name of a module, a thing or a member that is shown; nothing if it is not."""
        if target in self.surface.modules:
            return target if target in self.modules else ""
        if owner := self.surface.owner(target):
            shown = self.names.get(owner, "")
            return shown and f"{shown}.{target.rpartition('.')[2]}"
        return self.names.get(target, "")

    def href(self, target: str) -> str:
        """Where it is described, relative to the site's root; nothing if nowhere."""
        name = self.name(target)
        if not name or name in self.modules:
            return address(name) if name else ""
        module = name.rpartition(".")[0]
        while module not in self.modules:
            module = module.rpartition(".")[0]
        return f"{address(module)}#{name}"

    def lead(self, name: str) -> str:
        """Where a dotted name leads that is written out in prose."""
        target, used = self.surface.resolve(name)
        return self.href(target) if used == name.count(".") + 1 else ""

    # In sections

    @cached_property
    def uses(self) -> Mapping[str, tuple[Use, ...]]:
        """The sections that use a thing where the reader sees it: the first has introduced it."""
        found: dict[str, dict[str, Use]] = {}
        for file, mentions in self.mentions.items():
            entry = self.outline.by_file.get(file)
            seen = {block.name for block in self.sections[file].blocks if not block.options.hide}
            for mention in mentions:
                if entry and mention.block in seen:
                    found.setdefault(mention.target, {}).setdefault(file, Use(entry, mention.block))
        return {target: tuple(uses.values()) for target, uses in found.items()}

    def code(self, section: Section, block: str, source: str, html: str, page: str) -> str:
        """What a block shows, with links in its code. The Tab key stops at the first link to a thing on its page, and
        passes over the others: they lead to the same place, and a page of code has hundreds.
        """
        links = []
        for mention, first in self._links.get((section.file, block), ()):
            if mention.end and (to := self.href(mention.target)):
                rest = "" if first else ' tabindex="-1"'
                links.append((mention.start, mention.end, f'class="api" href="{sanitize.attribute(relative(to, page))}"{rest}'))
        plain = highlight.python(source) if links else ""
        return html.replace(plain, highlight.linked(plain, links), 1) if links else html

    @cached_property
    def _links(self) -> Mapping[tuple[str, str], list[tuple[Mention, bool]]]:
        found: dict[tuple[str, str], list[tuple[Mention, bool]]] = {}
        for file, mentions in self.mentions.items():
            seen: set[str] = set()
            for mention in mentions:
                first = bool(mention.end) and mention.target not in seen
                found.setdefault((file, mention.block), []).append((mention, first))
                seen |= {mention.target} if first else set()
        return found

    def prose(self, html: str, page: str) -> str:
        """A page's HTML with links from full names that stand in it as code: `sky.moon.age`."""
        if not self.modules:
            return html

        def replace(match: re.Match[str]) -> str:
            to = self.lead(match["name"]) if match["name"] else ""
            return f'<a class="api" href="{sanitize.attribute(relative(to, page))}">{match[0]}</a>' if to else match[0]

        return self._prose.sub(replace, html)

    @cached_property
    def _prose(self) -> re.Pattern[str]:
        name = rf"{re.escape(self.surface.root)}(?:\.\w+)+"
        return re.compile(rf"<(?P<tag>pre|a|svg|h[1-6])\b.*?</(?P=tag)>|<code>(?P<name>{name})(?:\(\))?</code>", re.DOTALL)

    def taken(self, section: Section) -> Iterator[object]:
        """What the page of a section takes from here."""
        yield [(mention, self.href(mention.target)) for mention in self.mentions.get(section.file, ())]
        yield [(name, self.lead(name)) for name in re.findall(rf"\b{re.escape(self.surface.root)}(?:\.\w+)+", section.text)] if self.modules else []


def address(module: str) -> str:
    """The page of a module, relative to the site's root.

    >>> address("sky.moon")
    'api/sky/moon/'
    """
    return f"{FOLDER}{module.replace('.', '/')}/"


def read(book: Book, outline: Outline, sections: Iterable[Section]) -> Api:
    """The library's names in a book; `sections` are in the book's order."""
    by_file = {section.file: section for section in sections}
    key = api_read.key(book.library)
    surface: Surface | None = book.cache.get("api/surface", key)
    if surface is None:
        surface = api_read.read(book.library)
        book.cache.put("api/surface", key, surface)
    found = {}
    for file, section in by_file.items():
        name, own = f"api/names/{file}", api_names.key(section, key)
        found[file] = book.cache.get(name, own)
        if found[file] is None:
            found[file] = api_names.mentions(section, surface)
            book.cache.put(name, own, found[file])
    return Api(surface, found, outline, by_file)


def digest(api: Api) -> str:
    """From what the names of a whole library are made: what is shown where."""
    return keys.digest(repr(api.modules), repr(sorted(api.names.items())))
