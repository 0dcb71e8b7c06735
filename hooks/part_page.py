"""Pages of parts: what each is about, and its chapters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hooks import titles
from hooks.build import Build
from hooks.contents import Chapter, Part, relative
from hooks.render import Toc


@dataclass(frozen=True)
class PartPage:
    part: Part

    @property
    def URI(self) -> str:  # noqa: N802
        return f"{self.part.href}index.md"

    @property
    def TITLE(self) -> str:  # noqa: N802
        return self.part.title

    @property
    def NUMBER(self) -> str:  # noqa: N802
        return self.part.number

    @property
    def listed(self) -> bool:
        return self.part.written

    def toc(self, build: Build) -> tuple[Toc, ...]:
        return tuple(Toc(2, chapter.slug, titles.html(chapter.title)) for chapter in self.part.chapters)

    def html(self, build: Build, page: str) -> str:
        about = f'<p class="about">{titles.html(self.part.about)}</p>' if self.part.about else ""
        return about + "\n".join(_chapter(chapter, page) for chapter in self.part.chapters)


def _chapter(chapter: Chapter, page: str) -> str:
    count, written = len(chapter.entries), sum(entry.written for entry in chapter.entries)
    said = f"{count} section{'' if count == 1 else 's'}, {f'{written} written' if written else 'planned'}"
    about = f"{titles.html(chapter.about)} " if chapter.about else ""
    title = f'<a href="{relative(chapter.href, page)}">{titles.html(chapter.title)}</a>'
    return (
        f'<h2 id="{chapter.slug}"><span class="number">{chapter.number}</span> {title}</h2>\n'
        f'<p>{about}<span class="made-where">{said}</span></p>'
    )


def pages(build: Build) -> Iterator[PartPage]:
    return (PartPage(part) for part in build.outline.parts)
