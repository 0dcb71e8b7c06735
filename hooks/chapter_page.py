"""Pages of chapters: those without a text of their own. One with a text has the same list below it (`build.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hooks import listing, titles
from hooks.build import Build
from hooks.contents import Chapter, relative
from hooks.render import Toc


@dataclass(frozen=True)
class ChapterPage:
    chapter: Chapter

    @property
    def URI(self) -> str:  # noqa: N802
        return f"{self.chapter.slug}/index.md"

    @property
    def TITLE(self) -> str:  # noqa: N802
        return self.chapter.title

    @property
    def NUMBER(self) -> str:  # noqa: N802
        return self.chapter.number

    @property
    def listed(self) -> bool:
        return self.chapter.written

    def toc(self, build: Build) -> tuple[Toc, ...]:
        return listing.toc(self.chapter, build.book.sections)

    def html(self, build: Build, page: str) -> str:
        part = next(part for part in build.outline.parts if self.chapter in part.chapters)
        place = f"Part {part.number}, " if part.number else ""
        about = f'<p class="about">{titles.html(self.chapter.about)}</p>' if self.chapter.about else ""
        above = f'<p class="made-where">{place}<a href="{relative(part.href, page)}">{titles.html(part.title)}</a></p>'
        planned = "" if self.chapter.written else "<p>No section of this chapter is written yet. This is its plan.</p>"
        return above + about + planned + listing.chapter_html(self.chapter, build.outline, build.book.sections, page)


def pages(build: Build) -> Iterator[ChapterPage]:
    return (ChapterPage(chapter) for chapter in build.outline.chapters if not chapter.index)
