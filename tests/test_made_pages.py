"""Pages that the machine makes from the whole book: what stands on them, of a tiny book and of the real one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from copies import ROOT, Tiny

from hooks import made_pages, titles
from hooks.book import Book
from hooks.build import Build
from hooks.contents import relative
from hooks.made_pages import MadePage
from hooks.map_drawing import Drawing

MOON = "book/water/the-moon-and-the-rain.md"
OUTLINE = "book/outline.yml"
ROUTES = """
routes:
  - name: Hurried
    about: For *them*.
    sections: [measuring-rain, the-moon-and-the-rain, snow]
"""


def built(tiny: Tiny) -> Build:
    return Build(Book.read(tiny.root / "mkdocs.yml"))


def address(made: MadePage) -> str:
    return made.URI.removesuffix(".md").removesuffix("index").rstrip("/") + "/"


def page(build: Build, uri: str) -> str:
    made = made_pages.of(build)[uri]
    return made.html(build, address(made))


@pytest.fixture(scope="module")
def real() -> Build:
    return Build(Book.read(ROOT / "mkdocs.yml"))


def test_the_glossary_has_each_term_with_its_sentence_and_leads_to_its_place(tiny: Tiny) -> None:
    tiny.edit(MOON, "## How old is the moon?", "A **Lunation** of $29.5$ days [@meeus1998] is\n\n$$ t > 1. $$\n\nThe lunation is long.\n\n## How old is the moon?")
    tiny.edit("book/water/measuring-rain.md", "## From water", "Again, **gauges** catch. `a` A **Synodic month** is no matter here.\n\n## From water")
    html = page(built(tiny), "glossary.md")
    order = re.findall(r'<dt id="(.*?)" data-kind="term">', html)
    assert order == ["term-gauges", "term-lunation", "term-synodic-month"]
    assert '<a href="../water/the-moon-and-the-rain/#term-lunation">lunation</a>' in html  # the section writes it small elsewhere
    assert 'A <strong>Lunation</strong> of <span class="math" data-line="' in html
    assert 'href="../bibliography/#ref-meeus1998"' in html
    assert '<span class="math" data-line="14">t &gt; 1.</span>' in html  # the formula that the sentence runs into
    assert "Again, <strong>gauges</strong> catch. <span" in html  # and not the next sentence
    measuring, moon = (f'<a href="../water/{slug}/#term-synodic-month">' for slug in ("measuring-rain", "the-moon-and-the-rain"))
    assert html.index(measuring) < html.index("also " + moon)


def test_a_term_has_its_place_on_the_sections_page(tiny: Tiny) -> None:
    build = built(tiny)
    assert '<dfn id="term-synodic-month"><strong>synodic month</strong></dfn>' in build.render(MOON).html
    assert "term-synodic-month" in titles.anchors(build.book.sections[MOON])


def test_bold_that_defines_nothing_is_no_term(tiny: Tiny) -> None:
    text = '## A **heading**\n\n!!! note "A **title**"\n    In the **box**.\n\n| **a** |\n|---|\n| **b** |\n\n: A **caption**. {#tbl-t}\n\n`2**3 + 2**4`, **once**, **once**.\n\n'
    tiny.edit(MOON, "## How old", text + "## How old")
    section = Book.read(tiny.root / "mkdocs.yml").sections[MOON]
    assert [term.text for term in section.terms] == ["box", "once", "synodic month"]


def test_the_bibliography_says_who_cites_what_and_pages_lead_to_it(tiny: Tiny) -> None:
    build = built(tiny)
    html = page(build, "bibliography.md")
    assert html.index('id="ref-bradley1962"') < html.index('id="ref-meeus1998"')
    assert '<a href="../water/the-moon-and-the-rain/#ref-meeus1998"><span class="number">1.3</span> The moon and the rain</a>' in html
    assert 'href="../../bibliography/#ref-meeus1998">where cited</a>' in build.render(MOON).html


def test_a_book_without_terms_works_and_routes_has_these_pages_too(tiny: Tiny) -> None:
    for path in (tiny.root / "book").rglob("*.md"):
        path.write_text("# Dry\n\nNothing.\n", encoding="utf-8")
    build = built(tiny)
    assert "No section defines a term yet." in page(build, "glossary.md")
    assert "No page cites a work yet." in page(build, "bibliography.md")
    assert "<fieldset" not in page(build, "map.md")


def test_a_chapter_has_a_page_with_its_sections_and_what_they_teach(tiny: Tiny) -> None:
    tiny.edit(OUTLINE, "title: Water\n", "title: Water\n        about: What *falls*.\n")
    tiny.edit(OUTLINE, "- snow: Snow", "- snow: {title: Snow, stars: 2, needs: [measuring-rain]}")
    build = built(tiny)
    html = page(build, "water/index.md")
    assert '<p class="about">What <em>falls</em>.</p>' in html
    assert '<a href="../parts/weather/">Weather</a>' in html
    snow = html[html.index('id="section-snow"') :].partition("</li>")[0]
    assert "★★☆" in snow
    assert "<span>planned</span>" in snow
    assert 'needs <a href="measuring-rain/">Measuring rain</a>' in snow
    assert "<li>compute the age of the moon " in html
    assert '<h2 id="water"><span class="number">1</span> <a href="../../water/">Water</a></h2>' in page(build, "parts/weather/index.md")


def test_a_chapter_with_a_text_has_the_same_list_below_it(tiny: Tiny) -> None:
    (tiny.root / "book/water/index.md").write_text("# Water\n\nIt falls.\n", encoding="utf-8")
    build = built(tiny)
    assert "water/index.md" not in made_pages.of(build)
    html = build.render("book/water/index.md").html
    assert html.index("It falls.") < html.index('id="section-snow"')
    before = build.identity("book/water/index.md")
    tiny.edit(OUTLINE, "- snow: Snow", "- snow: Hail")
    assert built(tiny).identity("book/water/index.md") != before


def test_the_map_has_every_section_and_every_route_in_its_order(tiny: Tiny) -> None:
    with (tiny.root / OUTLINE).open("a", encoding="utf-8") as file:
        file.write(ROUTES)
    build = built(tiny)
    html = page(build, "map.md")
    for slug in ("measuring-rain", "snow", "units"):
        assert f'<circle class="touch" id="{slug}"' in html
    assert 'href="../water/#section-snow"' in html  # planned: its place in its chapter
    route = html[html.index('id="route-hurried"') :]
    assert "For <em>them</em>." in route
    assert re.findall('data-section="(.*?)"', route) == ["measuring-rain", "the-moon-and-the-rain", "snow"]
    assert "take on trust: <a href" in route  # a morning's work is needed and is not on the way
    assert 'class="line r1"' in html


def test_a_long_chapter_has_further_lines_of_dots(tiny: Tiny) -> None:
    tiny.edit(OUTLINE, "- snow: Snow", "\n          ".join(f"- snow-{n}: Snow" for n in range(20)))
    drawing = Drawing(built(tiny).outline, "map/")
    assert drawing.spots["snow-12"].y < drawing.spots["snow-13"].y
    assert max(spot.x for spot in drawing.spots.values()) < drawing.width
    assert max(spot.y for spot in drawing.spots.values()) < drawing.height


def test_the_site_has_them_and_only_what_is_written_in_its_navigation(tiny: Tiny) -> None:
    done = tiny.python("-m", "mkdocs", "build")
    assert done.status == 0, done.said
    assert "WARNING" not in done.said
    for name in ("glossary", "bibliography", "map", "parts/weather", "parts/appendices", "water", "tables"):
        assert "<h1" in tiny.page(name)
    assert '<span class="number">1</span> Water' in tiny.page("water")
    assert 'href="../parts/weather/"' in tiny.page("map").partition("<article")[0]
    assert 'href="../parts/appendices/"' not in tiny.page("map").partition("<article")[0]


# Of the real book


class _Places(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href" and tag == "a":
                self.links.append(value or "")


def test_every_link_of_a_made_page_leads_somewhere(real: Build) -> None:
    made = made_pages.of(real)
    places = {address(one): _Places(one.html(real, address(one))) for one in made.values()}
    ids = {name: set(place.ids) for name, place in places.items()}
    for name, place in places.items():
        assert len(place.ids) == len(ids[name]), name
    for entry in real.outline.pages:
        ids[entry.href] = set(_Places(real.render(entry.file or "").html).ids)
    ids[""] = set()
    for name, place in places.items():
        known = {relative(target, name): target for target in ids}
        for link in place.links:
            path, _, anchor = link.partition("#")
            if link.startswith("http"):
                continue
            target = known[path] if path else name
            assert not anchor or anchor in ids[target], f"{name}: {link}"


def test_routes_and_prerequisites_hold_together(real: Build) -> None:
    outline = real.outline
    assert not outline.problems
    assert [route.name for route in outline.routes] == ["Practitioner", "Theorist", "From zero", "Language models"]
    order = {entry.slug: at for at, entry in enumerate(outline.entries)}
    for entry in outline.entries:
        assert all(order[slug] < order[entry.slug] for slug in entry.needs if slug in order), entry.slug
        assert entry.kind == "front" or entry.stars, entry.slug
    zero = outline.routes[2]  # it takes nothing on trust
    assert {slug for stop in zero.stops for slug in outline.by_slug[stop].needs} <= set(zero.stops)


def test_every_part_and_chapter_says_what_it_is_about(real: Build) -> None:
    assert all(chapter.about for chapter in real.outline.chapters)
    assert all(part.about for part in real.outline.parts if part.number)
