"""The API reference as pages: one a module, one that lists them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hooks import api, api_text, highlight, keys, sanitize, tex, titles
from hooks.api import Api, Use
from hooks.api_surface import Thing, first_paragraph
from hooks.build import Build
from hooks.contents import relative
from hooks.problem import Problem
from hooks.render import Toc

if TYPE_CHECKING:
    from hooks.made_pages import MadePage

URI = "api/index.md"
TITLE = "API reference"


def pages(build: Build) -> dict[str, MadePage]:
    """All pages of the reference by their sources in the site generator's words; none where there is no library."""
    modules = build.api.modules
    made: list[MadePage] = [_Index(), *(ModulePage(name) for name in modules)] if modules else []
    return {page.URI: page for page in made}


def navigation(build: Build) -> list[dict[str, Any]]:
    modules = [{name: _uri(name)} for name in build.api.modules]
    return [{TITLE: [URI, *modules]}] if modules else []


def identity(page: MadePage, build: Build) -> str:
    """From what a page of the reference is made."""
    parts = [api.digest(build.api)]
    for name in [page.name] if isinstance(page, ModulePage) else build.api.modules:
        module = build.api.surface.modules[name]
        parts += [repr(module), *(repr(thing) for thing in _things(build.api, name).values()), repr(_uses(build.api, name))]
    return keys.digest(page.URI, *parts)


def problems(names: Api, module: str) -> Iterator[Problem]:
    """Formulas of a module's docstrings that cannot be set."""
    for thing in _things(names, module).values():
        for each in (thing, *thing.members.values()):
            for text in api_text.texts(each.doc):
                for formula, display in api_text.formulas(text):
                    try:
                        tex.typeset(formula, display)
                    except tex.TexError as error:
                        yield Problem(each.file, each.line, f"a formula in the docstring of `{each.target}` cannot be set: {error}.", "Mend the TeX.")


class _Index:
    URI, TITLE = URI, TITLE

    def identity(self, build: Build) -> str:
        return identity(self, build)

    def toc(self, build: Build) -> tuple[Toc, ...]:
        return ()

    def html(self, build: Build, page: str) -> str:
        names = build.api
        rows = "".join(f'<tr><td><a href="{relative(api.address(name), page)}"><code>{name}</code></a></td><td>{_summary(names, name)}</td></tr>' for name in names.modules)
        intro = "Every public name of the library that the book's code is built on, with the sections that introduce it and use it."
        return f'<p>{intro}</p><div class="table"><table class="api-modules"><thead><tr><th>Module</th><th>What is in it</th></tr></thead><tbody>{rows}</tbody></table></div>'


class ModulePage:
    def __init__(self, name: str) -> None:
        self.name, self.TITLE, self.URI = name, name, _uri(name)
        self.MARKS = f' {{ #{name} data-kind="api" }}'

    def identity(self, build: Build) -> str:
        return identity(self, build)

    def toc(self, build: Build) -> tuple[Toc, ...]:
        return _Page(build.api, self.name, "").toc()

    def html(self, build: Build, page: str) -> str:
        key = keys.digest(identity(self, build), page)
        kept: tuple[str, tex.Formulas] | None = build.book.cache.get(f"api/{self.name}", key)
        if kept is None:
            if before := build.book.cache.last(f"api/{self.name}"):
                tex.know(before[1])
            made = _Page(build.api, self.name, page).html()
            kept = tex.to_katex(made), tex.formulas(made)
            wrong = list(problems(build.api, self.name))
            build.troubles += wrong
            if not wrong:  # they must be found again
                build.book.cache.put(f"api/{self.name}", key, kept)
        return kept[0]


class _Page:
    def __init__(self, names: Api, module: str, page: str) -> None:
        self.names, self.page = names, page
        self.module = names.surface.modules[module]
        self.things = _things(names, module)

    @cached_property
    def groups(self) -> list[tuple[str, list[tuple[str, Thing]]]]:
        """The things by the module in which each is defined, where there are several."""
        order = list(self.names.surface.modules)
        home = {name: next(m for m in _above(thing.target) if m in self.names.surface.modules) for name, thing in self.things.items()}
        ordered = sorted(self.things.items(), key=lambda item: (order.index(home[item[0]]), item[1].line))
        return [(module, list(group)) for module, group in itertools.groupby(ordered, key=lambda item: home[item[0]])]

    @property
    def grouped(self) -> bool:
        return len(self.groups) > 1 and len(self.things) > 2 * len(self.groups)

    def toc(self) -> tuple[Toc, ...]:
        rows = [(module, tuple(Toc(3 if self.grouped else 2, name, f"<code>{_last(name)}</code>") for name, _ in group)) for module, group in self.groups]
        if not self.grouped:
            return tuple(row for _, inside in rows for row in inside)
        return tuple(Toc(2, _anchor(module), sanitize.text(_title(module)), inside) for module, inside in rows)

    def html(self) -> str:
        return "".join(self.parts())

    def parts(self) -> Iterator[str]:
        name = self.module.name
        yield api_text.html(self.module.doc, self.link)
        yield self.where(name)
        if others := [other for other in self.names.modules if other.rpartition(".")[0] == name]:
            rows = "".join(f"<dt>{self.refer(other)}</dt><dd>{_summary(self.names, other)}</dd>" for other in others)
            yield f'<dl class="api-list api-inside">{rows}</dl>'
        for module, group in self.groups:
            level = 2
            if self.grouped:
                level = 3
                doc = self.names.surface.modules[module].doc if module != name else ()
                yield f'<h2 id="{_anchor(module)}">{sanitize.text(_title(module))}{_permalink(_anchor(module))}</h2>'
                yield f"<p>{api_text.inline(first_paragraph(doc), self.link)}</p>" if doc else ""
            for shown, thing in group:
                yield self.entry(shown, thing, level)
        if elsewhere := sorted({target for target in map(self.module.names.get, self.module.public) if target} - {t.target for t in self.things.values()}):
            shown = ", ".join(link for target in elsewhere if target in self.names.surface.things and (link := self.refer(target)))
            yield f'<p class="api-elsewhere">Also here: {shown}.</p>' if shown else ""

    def entry(self, shown: str, thing: Thing, level: int) -> str:
        """A thing: its name, what is written to use it, what is said of it, where it is used, its members."""
        head = f'<h{level} id="{shown}" class="api-name" data-kind="api"><code>{_last(shown)}</code>{_permalink(shown)}</h{level}>'
        parts = [head, self.signature(thing), self.bases(thing), api_text.html(thing.doc, self.link, thing.line)]
        parts += [self.further(shown, thing), self.where(thing.target), _source(thing)]
        parts += [self.member(f"{shown}.{name}", member, level + 1) for name, member in thing.members.items() if self.told(thing, name, member)]
        return f'<div class="api-entry">{"".join(parts)}</div>'

    def member(self, shown: str, thing: Thing, level: int) -> str:
        head = f'<h{level} id="{shown}" class="api-name" data-kind="api"><code>{_last(shown)}</code>{_permalink(shown)}</h{level}>'
        return f'<div class="api-entry api-member">{head}{self.signature(thing)}{api_text.html(thing.doc, self.link, thing.line)}{self.where(thing.target)}</div>'

    def signature(self, thing: Thing) -> str:
        return highlight.python(thing.signature).replace('"highlight"', '"highlight api-signature"', 1)

    def told(self, thing: Thing, name: str, member: Thing) -> bool:
        """Whether there is something to say of a member: it is described, or no other class has it."""
        return bool(member.doc) or not any(name in self.names.surface.things[base].members for base in thing.bases if base in self.names.surface.things)

    def bases(self, thing: Thing) -> str:
        found = next((link for base in thing.bases if (link := self.refer(base))), "")
        return f'<p class="api-bases">Inherits from {found}.</p>' if found else ""

    def further(self, shown: str, thing: Thing) -> str:
        """Other names that the module has for the same."""
        names = [name for name in self.module.public if self.module.names[name] == thing.target and f"{self.module.name}.{name}" != shown]
        listed = ", ".join(f'<code id="{self.module.name}.{name}" data-kind="api">{name}</code>' for name in names)
        return f'<p class="api-further">Also called {listed}.</p>' if names else ""

    def where(self, target: str) -> str:
        """The sections that introduce and use it."""
        uses = self.names.uses.get(target)
        if not uses:
            return ""
        first, *others = uses
        used = f"; used in {', '.join(map(self.section, others))}" if others else ""
        return f'<p class="api-where">Introduced in {self.section(first)}{used}.</p>'

    def section(self, use: Use) -> str:
        number = f"{use.entry.number} " if use.entry.number else ""
        return f'<a class="ref" href="{sanitize.attribute(relative(use.href, self.page))}">{number}{titles.html(use.entry.title)}</a>'

    def refer(self, target: str) -> str:
        to = self.names.href(target)
        return f'<a class="api" href="{relative(to, self.page)}"><code>{self.names.name(target)}</code></a>' if to else ""

    def link(self, name: str) -> str:
        """Where a name in a docstring leads: a full one, or one that its module knows."""
        to = self.names.lead(name)
        if not to and name.replace(".", "").isidentifier():
            first, _, rest = name.partition(".")
            target = self.module.names.get(first, "")
            for part in filter(None, rest.split(".")):
                target = target and self.names.surface.step(target, part)
            to = self.names.href(target) if target else ""
        return relative(to, self.page) if to else ""


def _things(names: Api, module: str) -> Mapping[str, Thing]:
    """What a module's page describes, by its full name."""
    return {shown: names.surface.things[target] for target, shown in names.names.items() if shown.rpartition(".")[0] == module}


def _uses(names: Api, module: str) -> list[Sequence[Use]]:
    things = _things(names, module).values()
    inside = [member.target for thing in things for member in thing.members.values()]
    return [names.uses.get(target, ()) for target in (module, *(thing.target for thing in things), *inside)]


def _above(target: str) -> Iterable[str]:
    while target := target.rpartition(".")[0]:
        yield target


def _summary(names: Api, module: str) -> str:
    return api_text.inline(first_paragraph(names.surface.modules[module].doc), lambda name: "")


def _source(thing: Thing) -> str:
    return f'<p class="api-source">Defined in {sanitize.text(thing.file)}, line {thing.line}.</p>'


def _permalink(anchor: str) -> str:
    return f'<a class="headerlink" href="#{anchor}" title="Link to this place">#</a>'


def _uri(module: str) -> str:
    return api.address(module).rstrip("/") + ".md"


def _anchor(module: str) -> str:
    return f"in-{module}"


def _title(module: str) -> str:
    """A heading for what a file holds, made of the file's name."""
    return _last(module).replace("_", " ").capitalize()


def _last(name: str) -> str:
    return name.rpartition(".")[2]
