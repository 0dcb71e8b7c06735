"""outline.yml: order, numbers, addresses, and everything that can be wrong with it."""

from __future__ import annotations

import pytest

from hooks import outline, section
from hooks.contents import Outline, relative

BOOK = """\
front:
  - preface:
parts:
  - title: Weather
    chapters:
      - slug: water
        title: Water
        sections:
          - rain:
          - snow: Snow and *ice*
      - slug: air
        title: Air
        sections:
          - wind:
  - title: Sky
    chapters:
      - slug: stars
        title: Stars
        sections:
          - sun:
appendices:
  - slug: tables
    title: Tables
    sections:
      - units: Units
      - signs:
"""
FILES = {
    "front/preface.md": "# Preface\n",
    "water/index.md": "# Water\n",
    "water/rain.md": "# Why it $rains$\n",
    "air/wind.md": "# Wind\n",
    "stars/sun.md": "# Sun\n",
    "tables/signs.md": "# Signs\n",
}


def read(text: str = BOOK, files: dict[str, str] = FILES) -> Outline:
    return outline.read(text, "book/outline.yml", [section.parse(t, f"book/{f}") for f, t in files.items()], "book")


def told(text: str = BOOK, files: dict[str, str] = FILES) -> list[str]:
    return [str(problem) for problem in read(text, files).problems]


def test_numbers_run_through_all_parts() -> None:
    book = read()
    assert book.problems == ()
    assert [(part.number, part.title) for part in book.parts] == [("I", "Weather"), ("II", "Sky"), ("", "Appendices")]
    assert [chapter.number for chapter in book.chapters] == ["1", "2", "3", "A"]
    numbers = {entry.slug: entry.number for entry in book.entries}
    assert numbers == {
        "preface": "",
        "rain": "1.1",
        "snow": "1.2",
        "wind": "2.1",
        "sun": "3.1",
        "units": "A.1",
        "signs": "A.2",
    }


def test_titles_are_those_of_the_files_or_of_the_outline() -> None:
    book = read()
    assert book.by_slug["rain"].title == "Why it $rains$"
    assert book.by_slug["snow"].title == "Snow and *ice*"
    assert (book.by_slug["rain"].file, book.by_slug["snow"].file) == ("book/water/rain.md", None)
    assert (book.by_slug["rain"].part, book.by_slug["rain"].chapter) == ("Weather", "water")


def test_addresses() -> None:
    book = read()
    assert book.by_slug["preface"].href == "front/preface/"
    assert book.by_slug["rain"].href == "water/rain/"
    index = book.chapters[0].index
    assert index is not None
    assert (index.href, index.number, index.kind) == ("water/", "1", "chapter")
    assert book.chapters[1].index is None
    assert book.by_file["book/water/index.md"] is index


def test_neighbors_pass_over_what_is_planned() -> None:
    book = read()
    assert [page.href for page in book.pages] == [
        "front/preface/",
        "water/",
        "water/rain/",
        "air/wind/",
        "stars/sun/",
        "tables/signs/",
    ]
    before, after = book.neighbors(book.by_slug["wind"])
    assert before is book.by_slug["rain"]
    assert after is book.by_slug["sun"]
    assert book.neighbors(book.pages[0])[0] is None
    assert book.neighbors(book.pages[-1])[1] is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "- rain:",
            "- rain: Rain",
            "book/outline.yml:9: `rain` is written, its title stands in book/water/rain.md. Leave",
        ),
        ("- snow: Snow and *ice*", "- snow:", "book/outline.yml:10: the planned section `snow` has no title."),
        ("- units: Units", "- rain: Units", "book/outline.yml:25: the section `rain` is listed twice. It is on line 9"),
        ("slug: air", "slug: water", "book/outline.yml:11: the chapter `water` is listed twice."),
        ("- units: Units", "- Units: Units", "book/outline.yml:25: `Units` is no slug of a section."),
        ("- units: Units", "- units", "book/outline.yml:25: this is no entry of a section."),
        ("- units: Units", "- units: [a]", "book/outline.yml:25: here a text is expected."),
        (
            "  - title: Sky",
            "  - name: Sky",
            "book/outline.yml:15: unknown field `name` of a part. Its fields are `title`,",
        ),
        ("        title: Air\n", "", "book/outline.yml:11: a chapter has no `title`."),
        (
            "- units: Units",
            "- units: a: b",
            "book/outline.yml:25: the outline cannot be read: mapping values are not allowed",
        ),
        ("front:\n  - preface:", "front: preface", "book/outline.yml:1: here a list is expected."),
        ("slug: tables", "slug: front", "book/outline.yml:22: no chapter can be called `front`."),
        (
            "title: Water",
            "title: Waters",
            "book/water/index.md:1: the chapter's page is called `Water`, the outline says",
        ),
    ],
)
def test_every_mistake_has_its_line(old: str, new: str, expected: str) -> None:
    assert BOOK.count(old) == 1
    assert any(problem.startswith(expected) for problem in told(BOOK.replace(old, new))), told(BOOK.replace(old, new))


def test_mistakes_come_all_at_once() -> None:
    text = BOOK.replace("- rain:", "- rain: Rain").replace("- snow: Snow and *ice*", "- snow:")
    assert len(told(text)) == 2


def test_a_file_that_is_not_listed() -> None:
    assert told(files={**FILES, "air/storm.md": "# Storm\n"}) == [
        "book/air/storm.md:1: book/outline.yml does not list this file. Add `- storm:` to the chapter `air`."
    ]
    assert told(files={**FILES, "fire/index.md": "# Fire\n"})[0].startswith("book/fire/index.md:1: ")
    assert told(files={**FILES, "air/_draft.md": "# Draft\n"}) == []


def test_a_file_in_another_chapter_than_the_outline_says() -> None:
    files = {**FILES, "stars/wind.md": FILES["air/wind.md"]}
    del files["air/wind.md"]
    assert told(files=files) == [
        "book/stars/wind.md:1: the outline has this section in the chapter `air`. "
        "Move it to book/air/wind.md, or change book/outline.yml."
    ]


@pytest.mark.parametrize("text", ["", "parts:", "[]", "3", "parts: [{}]", "parts: [3]", "parts: [{chapters: [{}]}]"])
def test_no_text_is_too_wrong_to_read(text: str) -> None:
    assert isinstance(read(text, {}), Outline)


@pytest.mark.parametrize(
    ("address", "page", "expected"),
    [
        ("a/b/", "a/c/", "../b/"),
        ("a/b/#x", "a/b/", "#x"),
        ("a/b/", "a/b/", "./"),
        ("a/", "a/b/", "../"),
        ("a/b/#x", "", "a/b/#x"),
        ("", "a/b/", "../../"),
        ("a/b/f.png", "a/b/", "f.png"),
    ],
)
def test_relative_links(address: str, page: str, expected: str) -> None:
    assert relative(address, page) == expected


PLAN = """\
parts:
  - title: Weather
    about: What *falls*.
    chapters:
      - slug: water
        title: Water
        about: And where.
        sections:
          - rain:
          - snow: {title: Snow, stars: 2, needs: [rain]}
          - ice: {title: Ice, needs: [snow]}
routes:
  - name: Cold
    about: For the hardy.
    sections: [snow, ice]
"""
RAIN = {"water/rain.md": "---\nstars: 1\nneeds: [ice]\n---\n# Rain\n"}


def test_a_planned_section_says_its_stars_and_needs_as_a_written_one_does() -> None:
    book = read(PLAN, RAIN)
    assert book.problems == ()
    assert [(e.title, e.stars, e.needs) for e in book.entries] == [("Rain", 1, ("ice",)), ("Snow", 2, ("rain",)), ("Ice", 0, ("snow",))]
    assert (book.parts[0].about, book.chapters[0].about) == ("What *falls*.", "And where.")
    assert [(route.name, route.about, route.stops) for route in book.routes] == [("Cold", "For the hardy.", ("snow", "ice"))]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stars: 2", "stars: 4", "book/outline.yml:10: `stars: 4` is not 1, 2 or 3. 1 is the easiest."),
        ("[rain]", "[hail]", "book/outline.yml:10: `needs` names `hail`, which the outline does not list. Mend the name."),
        ("needs: [snow]", "wants: [snow]", "book/outline.yml:11: unknown field `wants` of a planned section. Its fields are `title`, `stars`, `needs`."),
        ("{title: Ice, ", "{", "book/outline.yml:11: a planned section has no `title`. Add it."),
        ("[snow, ice]", "[snow, hail]", "book/outline.yml:15: the outline lists no section `hail`. Mend the name."),
        ("[snow, ice]", "[snow, snow]", "book/outline.yml:15: the route comes to `snow` twice. Keep one."),
        ("[snow, ice]", "[ice, snow]", "book/outline.yml:15: the route comes to `ice` before `snow`, which it needs. Put it behind `snow`."),
        ("    about: For the hardy.\n", "", "book/outline.yml:13: a route has no `about`. Add it."),
        ("slug: water", "slug: map", "book/outline.yml:5: no chapter can be called `map`. A page that the machine makes has this address."),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_on_its_line(old: str, new: str, said: str) -> None:
    assert said in told(PLAN.replace(old, new), RAIN)


def test_there_are_only_so_many_routes() -> None:
    more = PLAN + 6 * "  - {name: Same, about: A way., sections: [snow]}\n"
    assert "book/outline.yml:21: there are more than 6 routes. Nobody can tell more of them apart: leave some out." in told(more, RAIN)
