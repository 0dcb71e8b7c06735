"""Pages as they stand in the site, the theme around them: kept, so that an edit of one page makes one page anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hooks import keys, reuse
from hooks.build import Build
from hooks.section import Section

PASSING = {"site_dir", "watch", "strict", "dev_addr", "plugins", "hooks"}  # settings that change no page, and what is asked by itself


@dataclass(frozen=True)
class Finished:
    html: str  # the whole file
    ids: frozenset[str]  # places in it that a link may lead to
    alone: bool  # no files lie beside it


class Shelf:
    """The finished pages of one build: those that an earlier one has left, and those that are new.

    `pages` says which file of the book a page of the site is made from, `around` what stands around every page. Of
    those that are made from the whole book, `made` says what stands on them.
    """

    def __init__(self, build: Build, pages: Mapping[str, str], around: str, made: Mapping[str, str]) -> None:
        self.build, self.pages, self.around = build, pages, around
        self.made = {uri: keys.digest(around, content) for uri, content in made.items()}
        self.found: dict[str, Finished] = {}
        for uri, file in pages.items():
            left: Finished | None = build.book.cache.get(f"finished/{file}", self._key(file))
            if left and (left.alone or not build.render(file).problems):
                self.found[uri] = left
        for uri, key in self.made.items():
            if left := build.book.cache.get(f"made/{uri}", key):
                self.found[uri] = left

    def __contains__(self, uri: str) -> bool:
        """Whether a page is kept here."""
        return uri in self.pages or uri in self.made

    def _key(self, file: str) -> str:
        return keys.digest(self.around, self.build.identity(file))

    def keep(self, uri: str, html: str, ids: Iterable[str]) -> None:
        """Leave a page that was made anew to later builds. One with problems is made again: they must be found again."""
        if uri in self.made:
            if not self.build.troubles:
                self.build.book.cache.put(f"made/{uri}", self.made[uri], Finished(html, frozenset(ids), alone=True))
            return
        file = self.pages[uri]
        made = self.build.render(file)
        if not made.problems:
            done = Finished(html, frozenset(ids), alone=not made.assets)
            self.build.book.cache.put(f"finished/{file}", self._key(file), done)


def around(config: Mapping[str, Any], navigation: object, pages: Iterable[Section], templates: Path | None) -> str:
    """What stands around every page, in one hash: the site's settings, its navigation, the date that
    templates may print, its own templates. Of the website's own `pages`, the titles and the front matter.
    """
    settings = {key: value for key, value in config.items() if key not in PASSING}
    named = [(page.file, page.title, page.text[: page.body]) for page in pages]
    files = sorted(path for path in templates.rglob("*") if path.is_file()) if templates else []
    return keys.digest(
        *map(repr, (plain(settings), navigation, named, os.environ.get("SOURCE_DATE_EPOCH"))),
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


def structure(items: Iterable[Any]) -> list[Any]:
    """Titles and addresses of a navigation, as nested lists."""
    return [[item.title, getattr(item, "url", None), structure(item.children or ())] for item in items]
