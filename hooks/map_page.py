"""The learning map: every section as a dot, routes through them, and the same as lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hooks import frame, listing, sanitize, titles
from hooks.build import Build
from hooks.contents import Route, relative
from hooks.map_drawing import Drawing
from hooks.render import Toc

URI = "map.md"
TITLE = "Learning map"
META = {"hide": ["navigation", "toc"]}
WHOLE = "The whole book"


def toc(build: Build) -> tuple[Toc, ...]:
    return ()


def html(build: Build, page: str) -> str:
    """Radio buttons choose a route; the style sheet shows what belongs to it. Without either, the lists follow each other."""
    drawing = f'<div class="map-sheet">{Drawing(build.outline, page).svg()}</div>'
    outline, sections = build.outline, build.book.sections
    rows = {entry.slug: listing.row(entry, outline, sections, page, f' data-section="{entry.slug}"') for entry in outline.entries}
    lists = "\n".join([_whole(build, page, rows), *(_route(build, page, at, route, rows) for at, route in enumerate(outline.routes, 1))])
    below = '<a class="to-lists" href="#lists">To the list</a>'
    return f'<div class="map">\n{_choice(build)}\n{below}\n{drawing}\n<div class="map-lists" id="lists">\n{lists}\n</div>\n</div>'


def _choice(build: Build) -> str:
    names = [WHOLE, *(titles.html(route.name) for route in build.outline.routes)]
    buttons = "".join(
        f'<label class="r{at}"><input type="radio" name="route" id="choice-{at}" value="{at}"{" checked" if at == 0 else ""}>{_key(at)}{name}</label>'
        for at, name in enumerate(names)
    )
    return f'<fieldset class="map-choice"><legend>Show</legend>{buttons}</fieldset>' if len(names) > 1 else ""


def _key(at: int) -> str:
    """A piece of a route's line, as it is drawn on the map."""
    return f'<svg class="map-key" width="26" height="6" aria-hidden="true"><path class="line r{at}" d="M1 3H25"/></svg>' if at else ""


def _whole(build: Build, page: str, shown: Mapping[str, str]) -> str:
    outline = build.outline
    parts = []
    for part in outline.parts:
        number = f'<span class="number">{part.number}</span> ' if part.number else ""
        inside = []
        for chapter in part.chapters:
            rows = "\n".join(shown[entry.slug] for entry in chapter.entries)
            name = f'<a href="{sanitize.attribute(relative(chapter.href, page))}">{titles.html(chapter.title)}</a>'
            inside.append(f'<h3><span class="number">{chapter.number}</span> {name}</h3>\n<ol class="sections">\n{rows}\n</ol>')
        parts.append(f'<details><summary>{number}{titles.html(part.title)}</summary>\n{"".join(inside)}\n</details>')
    written = sum(entry.written for entry in outline.entries)
    ways = "".join(
        f"<li>{_key(at)} <b>{titles.html(route.name)}</b>, {len(route.stops)} sections: {titles.html(route.about)}</li>"
        for at, route in enumerate(outline.routes, 1)
    )
    said = f"A row is a chapter, a dot is a section; the bigger it is, the more it asks. Full dots are written, {written} of {len(outline.entries)}; "
    more = "the others are planned. Point at one, and its row says its name, rings show what it needs."
    return f'<section class="r0"><h2>{WHOLE}</h2><p>{said}{more}</p>\n<ul class="ways">{ways}</ul>\n{"".join(parts)}</section>'


def _route(build: Build, page: str, at: int, route: Route, shown: Mapping[str, str]) -> str:
    outline, sections = build.outline, build.book.sections
    entries = [outline.by_slug[slug] for slug in route.stops]
    written = [entry for entry in entries if entry.file]
    minutes = sum(frame.minutes(sections[entry.file]) for entry in written if entry.file)
    rows = "\n".join(shown[slug] for slug in route.stops)
    skipped = list(_skipped(build, page, route))
    beside = f'<p class="made-where">On this way you take on trust: {", ".join(skipped)}.</p>' if skipped else ""
    count = f"{len(entries)} sections, {len(written)} of them written" + (f", {minutes} minutes to read" if written else "")
    return (
        f'<section class="r{at}" id="route-{titles.slug(route.name)}"><h2>{_key(at)} {titles.html(route.name)}</h2><p>{titles.html(route.about)} '
        f'<span class="made-where">{count}.</span></p>\n{beside}\n<ol class="sections stations">\n{rows}\n</ol></section>'
    )


def _skipped(build: Build, page: str, route: Route) -> Iterator[str]:
    """What its sections need and it does not come to, in the order of the book."""
    needed = {slug for stop in route.stops for slug in build.outline.by_slug[stop].needs} - set(route.stops)
    return (listing.named(entry, page) for entry in build.outline.entries if entry.slug in needed)
