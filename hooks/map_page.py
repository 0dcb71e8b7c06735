"""The learning map."""

from __future__ import annotations

from hooks.build import Build
from hooks.render import Toc

URI = "map.md"
TITLE = "Learning map"
META = {"hide": ["navigation", "toc"]}


def toc(build: Build) -> tuple[Toc, ...]:
    return ()


def html(build: Build, page: str) -> str:
    return "<p>...</p>"
