"""The bibliography: every work that a written page cites, and the pages that do."""

from __future__ import annotations

from collections.abc import Iterator

from hooks import frame, sanitize, titles
from hooks.bibliography import Work
from hooks.build import Build
from hooks.contents import relative
from hooks.letters import letters
from hooks.render import Toc

URI = "bibliography.md"
TITLE = "Bibliography"

Place = tuple[str, str, str]  # a page's address, number and title


def toc(build: Build) -> tuple[Toc, ...]:
    return ()  # a row of letters stands above the list


def html(build: Build, page: str) -> str:
    cited = _cited(build)
    if not cited:
        return "<p>No page cites a work yet.</p>"
    count = f'<p class="made-count">{len(cited)} works, each with the pages that cite it.</p>'
    return count + letters((work.order[0], _entry(work, places, page)) for work, places in cited.items())


def _cited(build: Build) -> dict[Work, list[Place]]:
    """The works in their order, and who cites them in that of the book; the website's own pages come last."""
    found: dict[str, list[Place]] = {}
    works: dict[str, Work] = {}
    for place, cited in _pages(build):
        for work in cited:
            works[work.key] = work
            found.setdefault(work.key, []).append(place)
    return {work: found[work.key] for work in build.bibliography.listed(works)}


def _pages(build: Build) -> Iterator[tuple[Place, tuple[Work, ...]]]:
    for entry in build.outline.pages:
        yield (entry.href, entry.number, entry.title), frame.works(build.book.sections[entry.file or ""], build.bibliography)
    for href, section in build.pages.items():
        yield (href, "", section.title), frame.works(section, build.bibliography)


def _entry(work: Work, places: list[Place], page: str) -> str:
    key = sanitize.attribute(work.key)
    links = ", ".join(_link(place, work.key, page) for place in places)
    return f'<div class="made-entry"><dt id="ref-{key}" data-kind="work">{work.html}</dt><dd><span class="made-where">Cited in {links}</span></dd></div>'


def _link(place: Place, key: str, page: str) -> str:
    href, number, title = place
    shown = f'<span class="number">{number}</span> ' if number else ""
    return f'<a href="{sanitize.attribute(relative(f"{href}#ref-{key}", page))}">{shown}{titles.html(title)}</a>'
