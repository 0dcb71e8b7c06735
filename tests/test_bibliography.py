"""references.bib: what citations say, what the list says, and what is wrong with the file."""

from __future__ import annotations

import pytest

from hooks.bibliography import Bibliography
from hooks.bibtex import read


def one(entry: str) -> str:
    bibliography = read(entry, "r.bib")
    assert bibliography.problems == ()
    (work,) = bibliography.works.values()
    return work.html


def told(text: str) -> list[str]:
    return [str(problem) for problem in read(text, "r.bib").problems]


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Polyak, Boris T.", "Polyak, 1964"),
        ("Boris T. Polyak", "Polyak, 1964"),
        ("Alpaydin, Ethem and Kaynak, Cenk", "Alpaydin and Kaynak, 1964"),
        ("A, B and C, D and E, F", "A et al., 1964"),
        ("A, B and others", "A et al., 1964"),
        ("{van der Berg}, A.", "van der Berg, 1964"),
        ("van Beethoven, Ludwig", "van Beethoven, 1964"),
        ("{The Weather Service}", "The Weather Service, 1964"),
        (r"G{\"o}del, Kurt and \O{}re, \'Eva", "Gödel and Øre, 1964"),
    ],
)
def test_what_a_citation_says(author: str, expected: str) -> None:
    entry = f"@article{{x, author = {{{author}}}, title = {{T}}, year = 1964}}"
    assert read(entry, "r.bib").text("x") == expected


def test_works_that_read_alike_get_letters() -> None:
    bibliography = read(
        "@article{b, author={Wu, A and Li, B}, title={Second}, year=1986}\n"
        "@article{a, author={Wu, A and Li, B}, title={First}, year=1986}\n"
        "@article{c, author={Wu, A and Li, B}, title={Third}, year=1987}\n",
        "r.bib",
    )
    assert [bibliography.text(key) for key in "abc"] == ["Wu and Li, 1986a", "Wu and Li, 1986b", "Wu and Li, 1987"]
    assert "(1986a). First" in bibliography.works["a"].html
    assert [work.key for work in bibliography.listed("cbab?")] == ["a", "b", "c"]


def test_an_article() -> None:
    entry = """@article{polyak1964, author = {Polyak, Boris T. and Wu, Ann}, title = {Some {M}ethods -- and more},
      journal = {USSR Mathematics}, volume = {4}, number = {5}, pages = {1--17}, year = {1964}, doi = {10.1/a(64)<5}}"""
    assert one(entry) == (
        "Polyak, Boris T., and Ann Wu (1964). Some Methods – and more. <em>USSR Mathematics</em>, 4(5), 1–17. "
        '<a href="https://doi.org/10.1/a(64)&lt;5">https://doi.org/10.1/a(64)&lt;5</a>.'
    )


def test_a_book_and_its_links() -> None:
    entry = """@book{x, author = {G, K}, title = {A \\emph{big} {\\LaTeX} book \\& 10\\% <b>}, publisher = {Springer},
      year = 2001, eprint = {1412.6980}, archivePrefix = {arXiv}, url = {https://x.org/a_b?c=1&d}}"""
    html = one(entry)
    assert "<em>A big LaTeX book &amp; 10% &lt;b&gt;</em>. Springer." in html
    assert '<a href="https://arxiv.org/abs/1412.6980">arXiv:1412.6980</a>' in html
    assert '<a href="https://x.org/a_b?c=1&amp;d">' in html


def test_formulas_in_titles_stay_tex() -> None:
    html = one("\n@misc{x, author={A, B}, title={Rate {$O(1/k^2) < {x}$} or $y$}, year=1983}")
    assert (
        'Rate <span class="math" data-line="2">O(1/k^2) &lt; {x}</span> or <span class="math" data-line="2">y</span>'
        in html
    )


def test_without_an_author_the_title_names_it() -> None:
    bibliography = read("@misc{x, title={Rain}, year=1983}", "r.bib")
    assert (bibliography.text("x"), bibliography.works["x"].html) == ("Rain, 1983", "Rain (1983).")
    assert bibliography.text("y") is None


GOOD = "@misc{good, title={Good}, year=1}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@misc{a,\n title={x\n", "r.bib:3: the bibliography cannot be read: premature end of file."),
        ("@misc{a,\n title={x}\n year={1}}", "r.bib:4: the bibliography cannot be read: '}' expected."),
        (
            "@misc{good, title={x}, year=1}",
            "r.bib:2: the bibliography cannot be read: repeated bibliography entry: good.",
        ),
        ("\n@misc{a, author={A, B, C, D, E}, title={q}, year=1}", "r.bib:3: the bibliography cannot be read: Too many"),
        ("@misc{a, year=foo, title={q}}", "r.bib:2: the bibliography cannot be read: `foo` stands without braces"),
        ("@misc{a, title={q}}", "r.bib:2: the entry `a` has no `year`."),
        ("@misc{a, year=1}", "r.bib:2: the entry `a` has no `title`."),
        ("@misc{a, title={\\weird}, year=1}", "r.bib:2: the entry `a` holds `\\weird`, which has no meaning here."),
        ("@misc{a, title={$\\foo$}, year=1}", "r.bib:2: the entry `a` holds the formula `\\foo`, which cannot be set"),
        ("@misc{a, title={q}, year=1, url={javascript:x}}", "r.bib:2: the entry `a` has the address `javascript:x`"),
    ],
)
def test_every_mistake_has_its_line(text: str, expected: str) -> None:
    problems = told(GOOD + text)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_an_address_that_acts_is_not_linked() -> None:
    html = read("@misc{a, title={q}, year=1, url={javascript:x}}", "r.bib").works["a"].html
    assert "javascript" not in html


def test_an_empty_file() -> None:
    assert read("", "r.bib") == Bibliography({}, ())
