"""Pieces of the book on the website's own pages: a recorded block or figure, and counts. What is shown there is never typed.

    {{ linear-regression-scratch#block-3 fig-race }}    on a line of its own: that block and that figure, as their section shows them
    {{ written }} {{ planned }} {{ sections }}          how many sections there are, in a sentence
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urljoin

from hooks.build import Build
from hooks.contents import Entry, relative
from hooks.problem import Problem
from hooks.titles import html as title_html

_PIECES = re.compile(r"<p>\{\{ ?([\w-]+)#([\w -]+?) ?\}\}</p>")
_COUNT = re.compile(r"<code\b.*?</code>|\{\{ ?(written|planned|sections) ?\}\}", re.DOTALL)  # in code it is only spoken of
_LINK = re.compile(r'(<[a-z][^<>]*?\s(?:href|src)=")(?![a-z][a-z0-9+.-]*:|/)([^"]*)(")')
_BUTTON = re.compile(r"<button\b.*?</button>", re.DOTALL)


def fill(html: str, build: Build, page: str) -> tuple[str, list[Problem]]:
    """The HTML of an own page with its excerpts; `page` is its address, relative to the site's root."""
    problems: list[Problem] = []

    def pieces(match: re.Match[str]) -> str:
        entry = build.outline.by_slug.get(match[1])
        html = build.page(entry.file) if entry and entry.file else ""
        found = {name: cut(html, name) for name in match[2].split()}
        problems.extend(_missing(build, page, match[1], name, entry) for name, piece in found.items() if piece is None)
        if entry is None or None in found.values():
            return ""
        shown = _BUTTON.sub("", "".join(filter(None, found.values())))
        shown = _LINK.sub(lambda m: m[1] + escape(relative(urljoin(f"/{entry.href}", unescape(m[2])).lstrip("/"), page)) + m[3], shown)
        where = relative(f"{entry.href}#{next(iter(found))}", page)
        return f'<div class="excerpt">{shown}<p class="from">From <a href="{where}">{entry.number} {title_html(entry.title)}</a></p></div>'

    counts = {"written": sum(entry.written for entry in build.outline.entries), "sections": len(build.outline.entries)}
    counts["planned"] = counts["sections"] - counts["written"]
    return _COUNT.sub(lambda m: str(counts[m[1]]) if m[1] else m[0], _PIECES.sub(pieces, html)), problems


def cut(html: str, name: str) -> str | None:
    """The element with an id, without it: on another page, the id may be another's.

    >>> cut('<div id="a"><div id="b">x<div>y</div></div>z</div>', "b")
    '<div>x<div>y</div></div>'
    """
    begin = re.search(rf'<(\w+)\b[^<>]*? id="{re.escape(name)}"', html)
    if begin is None:
        return None
    depth = 0
    for tag in re.finditer(rf"<(/?){begin[1]}\b[^<>]*>", html[begin.start() :]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return html[begin.start() : begin.start() + tag.end()].replace(f' id="{name}"', "", 1)
    return None


def _missing(build: Build, page: str, slug: str, name: str, entry: Entry | None) -> Problem:
    own = build.pages[page]
    at = own.text.find(f"{slug}#{name}")
    line = own.text.count("\n", 0, max(at, 0)) + 1
    what = f"`{slug}` has nothing named `{name}`." if entry and entry.file else f"there is no written section `{slug}`."
    return own.problem(line, what, "Name a block (`block-3`) or a label (`fig-loss`) of a written section.")
