"""Labels, numbers and references over a whole book."""

from __future__ import annotations

from hooks import bibtex, outline, refs, section
from hooks.refs import Refs
from hooks.section import Section

OUTLINE = """\
front: [{preface: }]
parts:
  - title: Weather
    chapters:
      - {slug: water, title: Water, sections: [{rain: }, {snow: "Snow & $x$"}, {hail: }]}
appendices:
  - {slug: tables, title: Tables, sections: [{units: }]}
"""
RAIN = """\
---
needs: [snow, hail, sleet]
---
# Rain

$$ a $$ {#eq-a}

$$ b $$

```python {#fig-a caption="See @eq-b, @eq-c and [@wo; @lo, page 3]."}
1
```

| a |
|---|

: Speeds. {#tbl-a}

$$ c $$ {#eq-b}

```python {#fig-b}
1
```

## How $x$ `falls` {#sec-falls}

@fig-hail @sec-snow @sec-rains @tbl-a
"""
HAIL = "# Hail\n\n```python {#fig-hail}\n1\n```\n\n$$ x $$ {#eq-hail}\n"
SECTIONS = {"front/preface.md": "# Preface\n\n$$ x $$ {#eq-preface}\n", "water/rain.md": RAIN, "water/hail.md": HAIL}
SECTIONS["tables/units.md"] = "# Units\n\n$$ x $$ {#eq-units}\n"


def book(**changed: str) -> tuple[Refs, dict[str, Section]]:
    files = {**SECTIONS, **{f"water/{name}.md": text for name, text in changed.items()}}
    sections = {name: section.parse(text, f"book/{name}") for name, text in files.items()}
    assert [problem for s in sections.values() for problem in s.problems] == []
    read = outline.read(OUTLINE, "book/outline.yml", sections.values(), "book")
    assert read.problems == ()
    return refs.collect(read, sections.values()), sections


def test_numbers_count_each_kind_within_a_section() -> None:
    found, _ = book()
    assert found.problems == ()
    numbers = {label: found.number(label) for label in found.targets if not label.startswith("sec-")}
    assert numbers == {
        "eq-preface": "1",
        "eq-a": "1.1.1",
        "fig-a": "1.1.1",
        "tbl-a": "1.1.1",
        "eq-b": "1.1.2",
        "fig-b": "1.1.2",
        "fig-hail": "1.3.1",
        "eq-hail": "1.3.1",
        "eq-units": "A.1.1",
    }
    assert found.number("eq-nothing") == ""


def test_references_say_what_they_lead_to() -> None:
    found, _ = book()
    assert found.html("eq-a", "water/rain/") == '<a class="ref" href="#eq-a">Equation 1.1.1</a>'
    assert found.html("fig-hail", "water/rain/") == '<a class="ref" href="../hail/#fig-hail">Figure 1.3.1</a>'
    assert found.html("tbl-a", "water/") == '<a class="ref" href="rain/#tbl-a">Table 1.1.1</a>'
    assert found.html("eq-units", "water/rain/").endswith('href="../../tables/units/#eq-units">Equation A.1.1</a>')
    assert found.html("sec-rain", "water/hail/") == '<a class="ref" href="../rain/" title="Rain">Section 1.1</a>'
    assert found.html("sec-preface", "water/hail/").endswith(">Preface</a>")
    assert found.html("sec-falls", "water/rain/") == (
        '<a class="ref" href="#sec-falls">Section 1.1, “How <span class="math" data-line="25">x</span>'
        " <code>falls</code>”</a>"
    )


def test_a_planned_section_is_its_title_without_a_link() -> None:
    found, _ = book()
    planned = '<span class="planned" title="planned">Snow &amp; <span class="math" data-line="0">x</span></span>'
    assert found.html("sec-snow", "water/rain/") == planned
    assert found.needed("snow", "water/rain/") == planned
    assert found.needed("hail", "water/rain/") == '<a class="ref" href="../hail/">Hail</a>'


def test_what_leads_nowhere_is_told_with_what_is_near() -> None:
    found, sections = book()
    works = bibtex.read("@misc{woo, title={T}, year=1}", "r.bib")
    problems = list(found.check(sections["water/rain.md"], works))
    assert [str(problem) for problem in problems] == [
        "book/water/rain.md:27: nothing has the label `sec-rains`. Did you mean `@sec-rain`, `@sec-hail`, `@sec-units`?",
        "book/water/rain.md:10: nothing has the label `eq-c`. Did you mean `@eq-b`, `@eq-a`?",
        "book/water/rain.md:10: the bibliography has no entry `wo`. Did you mean `@woo`?",
        "book/water/rain.md:10: the bibliography has no entry `lo`. Mend the name.",
        "book/water/rain.md:2: `needs` names `sleet`, which the outline does not list. Mend the name.",
    ]
    assert list(found.check(sections["water/hail.md"], works)) == []


def test_a_label_stands_once_in_the_book() -> None:
    found, _ = book(hail=HAIL.replace("eq-hail", "eq-b"))
    assert [str(problem) for problem in found.problems] == [
        "book/water/hail.md:7: the label `eq-b` stands in book/water/rain.md:19 already. Name one of them otherwise."
    ]
    assert found.html("eq-b", "water/rain/") == '<a class="ref" href="#eq-b">Equation 1.1.2</a>'


def test_the_parser_tells_of_labels_that_stand_twice_in_one_file() -> None:
    hail = section.parse(HAIL + "\n$$ y $$ {#eq-hail}\n", "book/water/hail.md")
    assert len(hail.problems) == 1
    assert refs.collect(outline.read("", "o.yml", []), [], {"hail/": hail}).problems == ()


def test_a_heading_cannot_take_a_sections_label() -> None:
    found, _ = book(hail=HAIL + "\n## Rain {#sec-rain}\n\n## Snow {#sec-snow}\n")
    told = [str(problem) for problem in found.problems]
    assert len(told) == 2
    assert told[0].startswith("book/water/hail.md:9: the label `sec-rain` stands in book/water/rain.md:1 already.")
    assert told[1].startswith("book/water/hail.md:11: the label `sec-snow` stands in the outline already.")


def test_the_websites_own_pages_have_labels_too() -> None:
    home = section.parse("# Home\n\n$$ x $$ {#eq-home}\n", "docs/index.md", page=True)
    found = refs.collect(outline.read("", "o.yml", []), [], {"": home})
    assert found.html("eq-home", "") == '<a class="ref" href="#eq-home">Equation 1</a>'
    assert found.html("eq-home", "a/b/") == '<a class="ref" href="../../#eq-home">Equation 1</a>'


def test_an_unknown_label_is_shown_as_it_was_written() -> None:
    assert book()[0].html("fig-<b>", "") == '<span class="missing">@fig-&lt;b&gt;</span>'
