"""The book's contents: as the site's navigation, and as a page that lists what is planned, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hooks import titles
from hooks.build import Build
from hooks.contents import Chapter, Entry, Outline, relative
from hooks.render import Toc

URI = "contents.md"
TITLE = "Contents"


def navigation(outline: Outline) -> list[dict[str, Any]]:
    """What is written, as MkDocs' `nav` has it: a part is a tab, a chapter a folder in it."""
    items: list[dict[str, Any]] = [{"Contents": [{"Contents": URI}, {"Learning map": "map.md"}]}]
    if front := [_item(entry) for entry in outline.front if entry.written]:
        items.append({"Front matter": front})
    for part in outline.parts:
        if part.written:
            items.append({part.title: [f"{part.href}index.md", *(_chapter(chapter) for chapter in part.chapters if chapter.written)]})
    return [*items, {"Reference": [{"Glossary": "glossary.md"}, {"Bibliography": "bibliography.md"}]}]


def _chapter(chapter: Chapter) -> dict[str, Any]:
    inside = [f"{chapter.slug}/index.md", *(_item(entry) for entry in chapter.entries if entry.written)]
    return {f"{chapter.number} {titles.plain(chapter.title)}": inside}


def _item(entry: Entry) -> dict[str, str]:
    return {f"{entry.number} {titles.plain(entry.title)}".strip(): entry.href.rstrip("/") + ".md"}


def toc(build: Build) -> tuple[Toc, ...]:
    """The parts, for the page's own table of contents."""
    outline = build.outline
    front = (Toc(2, "front-matter", "Front matter"),) if outline.front else ()
    return front + tuple(Toc(2, f"part-{titles.slug(part.title)}", titles.html(part.title)) for part in outline.parts)


def html(build: Build, page: str) -> str:
    """The whole book as lists; what is planned stands there without a link."""
    return "\n".join(['<div data-search="off">', *_html(build.outline, page), "</div>"])  # every title in it is found on its own page


def _html(outline: Outline, page: str) -> Iterator[str]:
    written = sum(entry.written for entry in outline.entries)
    yield f'<p class="contents-count">{written} of {len(outline.entries)} sections are written. The others are planned.</p>'
    if outline.front:
        yield '<h2 id="front-matter">Front matter</h2><ul class="contents">'
        yield from (_row(entry, page) for entry in outline.front)
        yield "</ul>"
    for part in outline.parts:
        number = f'<span class="number">{part.number}</span> ' if part.number else ""
        title = f'<a href="{relative(part.href, page)}">{titles.html(part.title)}</a>'
        yield f'<h2 id="part-{titles.slug(part.title)}">{number}{title}</h2>'
        for chapter in part.chapters:
            title = f'<a href="{relative(chapter.href, page)}">{titles.html(chapter.title)}</a>'
            # Not the chapter's slug alone: a section may have the same one.
            yield f'<h3 id="chapter-{chapter.slug}"><span class="number">{chapter.number}</span> {title}</h3><ul class="contents">'
            yield from (_row(entry, page) for entry in chapter.entries)
            yield "</ul>"


def _row(entry: Entry, page: str) -> str:
    title = titles.html(entry.title)
    if entry.written:
        title = f'<a href="{relative(entry.href, page)}">{title}</a>'
    else:
        title = f'<span class="planned">{title}</span>'
    return f'<li><span class="number">{entry.number}</span> {title}</li>'
