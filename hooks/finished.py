"""Pages as they stand in the site, the theme around them: kept, so that an edit of one page makes one page anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks import keys, reuse
from hooks.build import Build
from hooks.section import Section

SILENT = re.compile(r"<svg\b.*?</svg>|</?span\b[^<>]*>", re.DOTALL)  # drawings, and the colors of code
PASSING = {"site_dir", "watch", "strict", "dev_addr", "plugins", "hooks"}  # settings that change no page, and what is asked by itself


@dataclass(frozen=True)
class Finished:
    html: str  # the whole file
    ids: frozenset[str]  # places in it that a link may lead to
    entries: list[dict[str, Any]]  # what the search index says of it
    alone: bool  # no files lie beside it


class Shelf:
    """The finished pages of one build: those that an earlier one has left, and those that are new.

    `pages` says which file of the book a page of the site is made from, `around` what stands around every page. Of
    those that are made from the whole book, `made` says what stands on them.
    """

    def __init__(self, build: Build, pages: Mapping[str, str], around: str, made: Mapping[str, str]) -> None:
        self.build, self.pages, self.around, self.made = build, pages, around, made
        self.found: dict[str, Finished] = {}
        self.indexed = 0  # how much of the search index is of the pages before this one
        self.entries: dict[str, list[dict[str, Any]]] = {}  # of a page that is made anew
        for uri, file in pages.items():
            left: Finished | None = build.book.cache.get(f"finished/{file}", self._key(file))
            if left and (left.alone or not build.render(file).problems):
                self.found[uri] = left
        for uri, content in made.items():
            if left := build.book.cache.get(f"made/{uri}", keys.digest(around, content)):
                self.found[uri] = left

    def _key(self, file: str) -> str:
        return keys.digest(self.around, self.build.identity(file))

    def index(self, uri: str, entries: list[dict[str, Any]]) -> None:
        """Called page by page, with the search index so far: a finished page adds its own entries."""
        if uri in self.found:
            entries += self.found[uri].entries
        else:
            self.entries[uri] = entries[self.indexed :]
        self.indexed = len(entries)

    def keep(self, uri: str, html: str, ids: Iterable[str]) -> None:
        """Leave a page that was made anew to later builds. One with problems is made again: they must be found again."""
        if uri in self.made:
            done = Finished(html, frozenset(ids), self.entries[uri], alone=True)
            self.build.book.cache.put(f"made/{uri}", keys.digest(self.around, self.made[uri]), done)
            return
        file = self.pages[uri]
        made = self.build.render(file)
        if not made.problems:
            done = Finished(html, frozenset(ids), self.entries[uri], alone=not made.assets)
            self.build.book.cache.put(f"finished/{file}", self._key(file), done)


def around(config: Mapping[str, Any], plugins: Mapping[str, Any], navigation: object, pages: Iterable[Section], templates: Path | None) -> str:
    """What stands around every page, in one hash: the site's settings and those of its plugins, its navigation, the date
    that templates may print, its own templates. Of the website's own `pages`, the titles and the front matter.
    """
    settings = {key: value for key, value in config.items() if key not in PASSING}
    named = [(page.file, page.title, page.text[: page.body]) for page in pages]
    files = sorted(path for path in templates.rglob("*") if path.is_file()) if templates else []
    return keys.digest(
        *map(repr, (plain(settings), plain(plugins), navigation, named, os.environ.get("SOURCE_DATE_EPOCH"))),
        *(f"{path} {reuse.fingerprint(path)}" for path in files),
    )


def plain(value: object) -> object:
    """A setting as lists and texts, the same for equal ones.

    >>> plain({"b": {2, 1}, "a": (None, "x")})
    [("'a'", ['None', "'x'"]), ("'b'", ['1', '2'])]
    """
    if isinstance(value, Mapping):
        return sorted(((repr(key), plain(inside)) for key, inside in value.items()), key=lambda item: item[0])
    if isinstance(value, (list, tuple)):
        return [plain(inside) for inside in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    return repr(value) if type(value).__repr__ is not object.__repr__ else type(value).__qualname__


def searched(html: str) -> str:
    """What the search index reads of a page: its text with the TeX as it was written, no drawings, and few tags.

    >>> searched('<p><span class="math">x</span></p><svg><text>1.0</text></svg>')
    '<p>x</p>'
    """
    return SILENT.sub("", html)


def structure(items: Iterable[Any]) -> list[Any]:
    """Titles and addresses of a navigation, as nested lists."""
    return [[item.title, getattr(item, "url", None), structure(item.children or ())] for item in items]
