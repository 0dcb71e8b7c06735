"""Pages that the machine makes from the whole book. Each is a module with a name, a title, a table of contents, its HTML."""

from __future__ import annotations

from typing import Any, Protocol

from hooks import (
    api_pages,
    bibliography_page,
    chapter_page,
    contents_page,
    glossary_page,
    keys,
    map_page,
    part_page,
    titles,
)
from hooks.build import Build
from hooks.render import Toc


class MadePage(Protocol):
    """What such a module has; so has a page that is made for each part, for each chapter.

    It may also have a `NUMBER`; an `identity(build)`, where to make it takes long; `META`, as front matter says it to the theme; `listed`: not in the navigation if False.
    """

    @property
    def URI(self) -> str:  # noqa: N802
        """Of its source, in the site generator's words: `contents.md`."""

    @property
    def TITLE(self) -> str:  # noqa: N802
        """Markdown."""

    def toc(self, build: Build) -> tuple[Toc, ...]: ...

    def html(self, build: Build, page: str) -> str:
        """What stands below the title, TeX still in it; `page` is its address, relative to the site's root."""
        ...


PAGES: tuple[MadePage, ...] = (contents_page, map_page, glossary_page, bibliography_page)


def of(build: Build) -> dict[str, MadePage]:
    """Those of one book, by their sources."""
    return {made.URI: made for made in (*PAGES, *part_page.pages(build), *chapter_page.pages(build), *api_pages.pages(build).values())}


def markdown(made: MadePage) -> str:
    """Its title, as a heading."""
    number = getattr(made, "NUMBER", "")
    return f'# {f"""<span class="number">{number}</span> """ if number else ""}{made.TITLE}{getattr(made, "MARKS", "")}\n'


def content(made: MadePage, build: Build, page: str) -> str:
    """All that it is made from, in one hash: what stands on it, or what the page itself says."""
    if identity := getattr(made, "identity", None):
        return str(identity(build))
    return keys.digest(markdown(made), repr(meta(made)), repr(made.toc(build)), made.html(build, page))


def meta(made: MadePage) -> dict[str, Any]:
    """What the theme is told of it."""
    return {"title": titles.plain(made.TITLE), **getattr(made, "META", {})}


def listed(made: MadePage) -> bool:
    """Whether it stands in the navigation."""
    return bool(getattr(made, "listed", True))
