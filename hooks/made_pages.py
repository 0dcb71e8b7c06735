"""Pages that the machine makes from the whole book. Each is a module with a name, a title, a table of contents, its HTML."""

from __future__ import annotations

from typing import Protocol

from hooks import contents_page
from hooks.build import Build
from hooks.render import Toc


class MadePage(Protocol):
    """What such a module has."""

    URI: str  # of its source, in the site generator's words: `contents.md`
    TITLE: str

    def toc(self, build: Build) -> tuple[Toc, ...]: ...

    def html(self, build: Build, page: str) -> str:
        """What stands below the title, TeX still in it; `page` is its address, relative to the site's root."""
        ...


PAGES: dict[str, MadePage] = {module.URI: module for module in (contents_page,)}
