"""The learning map as a drawing: a row of dots for each chapter, a dot for each section. Routes run down at the left, and
branch into every row in which they stop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hooks import sanitize, titles
from hooks.contents import Chapter, Entry, Outline, Route, relative

WIDE = 16  # dots in a line; a longer chapter has further lines
PITCH, MARGIN = 20, 12  # between dots, beside them
PART, TITLE, LINE, GAP = 42, 17, 22, 9  # heights: of a part's heading, a chapter's title, its dots, what is below
RADIUS = {0: 4.0, 1: 4.0, 2: 5.2, 3: 6.4}  # of a dot, by its stars
LANE, BRANCH = 4.5, 2.8  # between the routes at the left, between their branches in a row
TURN = 7  # the radius at which a branch leaves


@dataclass(frozen=True)
class Spot:
    """Where a section is drawn."""

    x: float
    y: float
    top: float  # of its chapter's title


@dataclass
class Drawing:
    outline: Outline
    page: str  # where it stands

    @property
    def left(self) -> float:
        """Where the first dot of a row stands: the routes need their room."""
        return MARGIN + (LANE * len(self.outline.routes) + TURN if self.outline.routes else 0)

    @property
    def width(self) -> float:
        return self.left + (WIDE - 1) * PITCH + MARGIN

    @cached_property
    def spots(self) -> dict[str, Spot]:
        return {slug: spot for _, _, chapter, top in self._rows for slug, spot in self._placed(chapter, top)}

    @cached_property
    def _rows(self) -> list[tuple[float, str, Chapter, float]]:
        """Chapters with their tops, and the part that begins above it, if one does."""
        rows, y = [], 0.0
        for part in self.outline.parts:
            for at, chapter in enumerate(part.chapters):
                heading = f"{part.number} {titles.plain(part.title)}".strip() if at == 0 else ""
                begins = y
                y += PART if heading else 0
                rows.append((begins, heading, chapter, y))
                y += TITLE + LINE * max(1, -(-len(chapter.entries) // WIDE)) + GAP
        return rows

    @property
    def height(self) -> float:
        _, _, chapter, top = self._rows[-1]
        return top + TITLE + LINE * max(1, -(-len(chapter.entries) // WIDE)) + GAP

    def svg(self) -> str:
        """What the drawing says, the lists beside it say, too: it is hidden from those who do not see it."""
        if not self._rows:
            return ""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}"'
        inside = "\n".join([*self._names(), *self._lines(), *self._stops()])
        return f'<svg class="map-drawing" {size} aria-hidden="true" focusable="false">\n{inside}\n</svg>'

    def _names(self) -> Iterator[str]:
        parts = iter(self.outline.parts)
        for begins, heading, chapter, top in self._rows:
            if heading:
                link = sanitize.attribute(relative(next(parts).href, self.page))
                yield f'<a href="{link}" tabindex="-1"><text class="part" x="{self.left - 5:g}" y="{begins + PART - 13:g}">{sanitize.text(heading)}</text></a>'
            name = sanitize.text(f"{chapter.number} {titles.plain(chapter.title)}")
            link = sanitize.attribute(relative(chapter.href, self.page))
            yield f'<a href="{link}" tabindex="-1"><text class="chapter" x="{self.left - 5:g}" y="{top + TITLE - 4:g}">{name}</text></a>'

    def _lines(self) -> Iterator[str]:
        for at, route in enumerate(self.outline.routes):
            yield f'<path class="line r{at + 1}" style="--aside:{self._aside(at):g}px" d="{self._path(at, route)}"/>'

    def _aside(self, at: int) -> float:
        """How far a branch runs beside the middle of its row."""
        return BRANCH * (at - (len(self.outline.routes) - 1) / 2)

    def _path(self, at: int, route: Route) -> str:
        """Down from the first row in which it stops to the last, and in each to its last stop there."""
        rows: dict[float, float] = {}
        for slug in route.stops:
            if spot := self.spots.get(slug):
                rows[spot.y] = max(rows.get(spot.y, 0), spot.x)
        if not rows:
            return ""
        x = MARGIN / 2 + LANE * at
        aside = self._aside(at)
        branches = [f"M{_xy(x, y + aside - TURN)}q0 {TURN} {TURN} {TURN}H{right:g}" for y, right in sorted(rows.items())]
        return f"M{_xy(x, min(rows) + aside - TURN - LINE / 2)}V{max(rows) + aside - TURN:g}" + "".join(branches)

    def _stops(self) -> Iterator[str]:
        for _, _, chapter, _ in self._rows:
            for entry in chapter.entries:
                yield self._stop(entry, chapter)

    def _stop(self, entry: Entry, chapter: Chapter) -> str:
        spot = self.spots[entry.slug]
        routes = [f"r{at + 1}" for at, route in enumerate(self.outline.routes) if entry.slug in route.stops]
        needs = "".join(self._need(spot, self.spots[slug]) for slug in entry.needs if slug in self.spots)
        href = entry.href if entry.written else f"{chapter.href}#section-{entry.slug}"
        stars = " " + "★" * entry.stars + "☆" * (3 - entry.stars) if entry.stars else ""
        said = f"{entry.number} {titles.plain(entry.title)}{stars}{'' if entry.written else ', planned'}"
        classes = " ".join(["stop", "written" if entry.written else "later", *routes])
        return (
            f'<g class="{classes}" data-section="{entry.slug}"><g class="needs">{needs}</g>'
            f'<a href="{sanitize.attribute(relative(href, self.page))}" tabindex="-1"><circle class="touch" id="{entry.slug}" cx="{spot.x:g}" cy="{spot.y:g}" r="10"/>'
            f'<circle class="dot" cx="{spot.x:g}" cy="{spot.y:g}" r="{RADIUS[entry.stars]:g}"/></a>'
            f'<g class="said"><rect x="{self.left - 8:g}" y="{spot.top:g}" width="{self.width - self.left:g}" height="{TITLE}"/>'
            f'<text x="{self.left - 5:g}" y="{spot.top + TITLE - 4:g}">{sanitize.text(said)}</text></g></g>'
        )

    def _placed(self, chapter: Chapter, top: float) -> Iterator[tuple[str, Spot]]:
        for at, entry in enumerate(chapter.entries):
            line, column = divmod(at, WIDE)
            yield entry.slug, Spot(self.left + PITCH * column, top + TITLE + LINE * line + LINE / 2, top)

    @staticmethod
    def _need(spot: Spot, other: Spot) -> str:
        """What a section needs: a ring round it, and a bow that leads here."""
        bow = LINE if spot.y == other.y else (spot.y - other.y) / 2
        path = f"M{_xy(other.x, other.y)}C{_xy(other.x, other.y + bow)} {_xy(spot.x, spot.y + (bow if spot.y == other.y else -bow))} {_xy(spot.x, spot.y)}"
        return f'<path d="{path}"/><circle cx="{other.x:g}" cy="{other.y:g}" r="8.5"/>'


def _xy(x: float, y: float) -> str:
    return f"{x:.4g} {y:.5g}"
