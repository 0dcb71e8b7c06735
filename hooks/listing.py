"""Sections in a list: what each asks of a reader. And what stands below the text of a chapter's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hooks import frame, sanitize, titles
from hooks.contents import Chapter, Entry, Outline, relative
from hooks.render import Toc
from hooks.section import Section

Sections = Mapping[str, Section]  # the written ones by their files


def stars(number: int) -> str:
    """A difficulty as the line under a title shows it; nothing where none is said."""
    if not number:
        return ""
    said = f"Difficulty: {number} of 3"
    return f'<span class="stars" role="img" title="{said}" aria-label="{said}">{"★" * number}{"☆" * (3 - number)}</span>'


def named(entry: Entry, page: str) -> str:
    """A section's title, a link if it is written."""
    if not entry.written:
        return f'<span class="planned">{titles.html(entry.title)}</span>'
    return f'<a href="{sanitize.attribute(relative(entry.href, page))}">{titles.html(entry.title)}</a>'


def row(entry: Entry, outline: Outline, sections: Sections, page: str, attributes: str = "") -> str:
    """A section with its stars, its minutes and what it needs, as an item of a list."""
    return (
        f'<li{attributes}><span class="number">{entry.number}</span> {named(entry, page)}'
        f'<span class="asks" data-search="off">{" ".join(_asks(entry, outline, sections, page))}</span></li>'
    )


def _asks(entry: Entry, outline: Outline, sections: Sections, page: str) -> Iterator[str]:
    yield stars(entry.stars)
    yield f"<span>{frame.minutes(sections[entry.file])} min</span>" if entry.file else "<span>planned</span>"
    if needs := [outline.by_slug[slug] for slug in entry.needs if slug in outline.by_slug]:
        yield f"<span>needs {', '.join(named(need, page) for need in needs)}</span>"


def toc(chapter: Chapter, sections: Sections) -> tuple[Toc, ...]:
    found = (Toc(2, "in-this-chapter", "In this chapter"),)
    return (*found, Toc(2, "then-you-can", "Then you can")) if any(_able(chapter, sections)) else found


def chapter_html(chapter: Chapter, outline: Outline, sections: Sections, page: str) -> str:
    """The sections of a chapter, and what a reader can do after them."""
    rows = "\n".join(row(entry, outline, sections, page, f' id="section-{entry.slug}"') for entry in chapter.entries)
    able = "\n".join(
        f'<li>{titles.html(verb)} <a class="made-where" href="{sanitize.attribute(relative(entry.href, page))}">{entry.number}</a></li>'
        for entry, verb in _able(chapter, sections)
    )
    parts = [f'<h2 id="in-this-chapter">In this chapter</h2>\n<ol class="sections">\n{rows}\n</ol>']
    if able:
        parts.append(f'<h2 id="then-you-can">Then you can</h2>\n<ul class="able">\n{able}\n</ul>')
    return "\n".join(parts)


def _able(chapter: Chapter, sections: Sections) -> Iterator[tuple[Entry, str]]:
    for entry in chapter.entries:
        for verb in sections[entry.file].front.able if entry.file else ():
            yield entry, verb
