"""A section and its record -> a page, through Python-Markdown with the extensions that the site uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from markup import elements, png

from hooks import bibtex, lift, outline, refs, render, section, tex
from hooks.notices import Notice
from hooks.problem import Problem
from hooks.records import Cell, Output, Ran, Record, Uses
from hooks.render import Rendered

EXTENSIONS = [
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "tables",
    "toc",
    "pymdownx.details",
    "pymdownx.superfences",
    "pymdownx.highlight",
]
CONVERT = render.Converter(EXTENSIONS, {"toc": {"permalink": True}})
OUTLINE = """\
parts:
  - title: Weather
    chapters:
      - {slug: water, title: Water, sections: [{rain: }, {hail: }, {snow: Snow}]}
"""
BIBLIOGRAPHY = bibtex.read(
    "@misc{wu, author={Wu, A}, title={T $x$}, year=1}\n@misc{lo, author={Lo, B}, title={U}, year=2}", "r.bib"
)
LIBRARY = {"puddle.f": ("def f():\n    return 1 < 2\n", "puddle/f.py", 7)}
SVG = b'<svg viewBox="0 0 9 9"><path id="p" d="M0 0" style="fill:#000"/><use href="#p"/></svg>'


def record(cells: Mapping[str, list[Output]]) -> Record:
    ran = Ran("2026-11-20", "Linux x86-64", "3.11.7", 1.26)
    return Record("key", tuple(Cell(name, tuple(outputs)) for name, outputs in cells.items()), ran)


def page(
    body: str,
    cells: Mapping[str, list[Output]] | None = None,
    front: str = "",
    title: str = "# Rain",
    root: Path = Path("/nowhere"),
    notices: tuple[Notice, ...] = (),
) -> Rendered:
    """A section's page; without cells it has no record."""
    read = section.parse(f"{front}{title}\n\n{body}\n", "book/water/rain.md")
    assert read.problems == ()
    hail = section.parse("# Hail\n\n## Big ones\n\n$$ x $$ {#eq-hail}\n", "book/water/hail.md")
    book = outline.read(OUTLINE, "book/outline.yml", [read, hail], "book")
    assert book.problems == ()
    context = lift.Context(root, refs.collect(book, [read, hail]), BIBLIOGRAPHY, LIBRARY.get)
    made = None if cells is None else record(cells)
    return render.render(read, made, context, CONVERT, book.by_slug["rain"], notices, Uses(packages={"numpy": "2.4.6"}))


def body(text: str, cells: Mapping[str, list[Output]] | None = None) -> str:
    """The HTML between the line of costs and what follows the text."""
    rendered = page(text, cells)
    assert rendered.problems == ()
    elements(rendered.html)
    assert not re.search("[\ue000-\ue00f]", rendered.html)
    return rendered.html.split("to read</span>", 1)[1].split("</p>", 1)[1].split('<p class="provenance">')[0].strip()


def told(rendered: Rendered) -> list[str]:
    return [str(problem) for problem in rendered.problems]


def text(printed: str, kind: str = "stdout") -> list[Output]:
    return [Output(kind, printed)]


MATH = '<span class="math" data-line="{}">{}</span>'.format


# What the machine adds


def test_the_title_has_its_number_and_below_it_what_the_section_costs() -> None:
    rendered = page(
        "word " * 450 + "\n\n```python\n1\n```",
        {"block-1": text("1\n")},
        front="---\nstars: 2\nneeds: [hail, snow]\n---\n",
        notices=(Notice("stale", "Old."), Notice("error", "<p>Trace</p>")),
    )
    start = (
        '<h1 id="rain"><span class="number">1.1</span> Rain<a class="headerlink" href="#rain" title="Permanent link">&para;</a></h1>\n'
        '<p class="cost"><span class="stars" role="img" title="Difficulty: 2 of 3" aria-label="Difficulty: 2 of 3">★★☆</span> '
        "<span>3 min to read</span> <span>runs in 1.3 s on a CPU</span> "
        '<span>needs <a class="ref" href="../hail/">Hail</a>, <span class="planned" title="planned">Snow</span></span> <a href="../../map/#rain">on the map</a></p>'
        '<div class="notice stale"><p>Old.</p></div><div class="notice error"><p>Trace</p></div>\n<p>word'
    )
    assert rendered.html.startswith(start)
    assert rendered.html.endswith(
        '<p class="provenance">Executed on 2026-11-20, Linux x86-64, Python 3.11.7, numpy 2.4.6.</p>'
    )
    assert (rendered.title, rendered.problems) == ("Rain", ())


def test_what_is_not_known_is_left_out() -> None:
    rendered = page("Text.")
    assert '<p class="cost"><span>1 min to read</span> <a href="../../map/#rain">on the map</a></p>' in rendered.html
    assert rendered.html.endswith("<p>Text.</p>")


def test_citations_and_the_list_of_references() -> None:
    rendered = page("As [@wu, page < 3; @lo] say.[^1]\n\n[^1]: And [@wu] again.")
    assert (
        'As (<a class="cite" href="#ref-wu">Wu, 1</a>, page &lt; 3; <a class="cite" href="#ref-lo">Lo, 2</a>) say.'
        in rendered.html
    )
    order = [
        rendered.html.index(part) for part in ('class="footnote"', '<section class="references">', 'id="references"')
    ]
    assert order == sorted(order)
    assert rendered.html.index('<li id="ref-lo">') < rendered.html.index('<li id="ref-wu">')
    cited = '<a class="made-where" href="../../bibliography/#ref-wu">where cited</a>'
    assert rendered.html.endswith(f"T {MATH(1, 'x')}. {cited}</li>\n</ul></section>")
    elements(rendered.html)
    assert rendered.toc[0].children[-1] == render.Toc(2, "references", "References")


def test_an_own_heading_never_takes_the_address_of_the_references() -> None:
    rendered = page("## References\n\n[@wu]\n\n## Block 1\n\n```python\n1\n```", {"block-1": text("1")})
    ids = re.findall(r'\bid="([^"]+)"', rendered.html)
    assert len(ids) == len(set(ids))
    assert {"references", "references-1", "block-1", "block-1-1"} <= set(ids)


# Blocks


def test_code_and_output_are_one_object() -> None:
    html = body(
        "```python\n1 < 2\n```", {"block-1": [Output("stdout", "a\n"), Output("stderr", "b\n"), Output("result", "c")]}
    )
    assert html == (
        '<div class="block" id="block-1"><div class="highlight"><pre><span></span><code><span class="mi">1</span> '
        '<span class="o">&lt;</span> <span class="mi">2</span>\n</code></pre></div>'
        '<pre class="output stdout">a</pre><pre class="output stderr">b</pre><pre class="output text">c</pre></div>'
    )


def test_code_looks_like_the_code_of_any_other_fence() -> None:
    fence = "```python\ndef f(x):\n\n    return f'{x}' < 1  # y\n```"
    ours, theirs = body(fence, {"block-1": []}), CONVERT(fence)[0]
    assert ours == f'<div class="block" id="block-1">{theirs}</div>'


@pytest.mark.parametrize(
    "printed",
    [
        "$$ x $$ and $y$",
        "*stars* and _lines_",
        "<b>&amp;</b>",
        "# title",
        "`{python} 1`",
        "@fig-a [@wu]",
        "\ue000B0\ue001",
        "</pre></div>",
    ],
)
def test_what_is_printed_stays_literal(printed: str) -> None:
    html = body("```python\n1\n```\n\nA `{python} 2`.", {"block-1": text(printed), "value-1": text(printed, "value")})
    shown = printed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = shown.replace("\ue000", "&#57344;").replace("\ue001", "&#57345;")
    assert f'<pre class="output stdout">{shown}</pre>' in html
    assert f'<p>A <span class="computed">{shown}</span>.</p>' in html
    assert tex.to_katex(html) == html


def test_a_first_empty_line_is_kept() -> None:
    assert '<pre class="output stdout">\n\n a</pre>' in body("```python\n1\n```", {"block-1": text("\n a\n\n")})


def test_folded_hidden_checked_and_static() -> None:
    code = '<div class="highlight"><pre><span></span><code><span class="mi">1</span>\n</code></pre></div>'
    assert body("```python {.fold}\n1\n```", {"block-1": text("a")}) == (
        f'<div class="block" id="block-1"><details class="fold"><summary>Code</summary>{code}</details>'
        '<pre class="output stdout">a</pre></div>'
    )
    assert body("```python {.hide}\n1\n```", {"block-1": text("a")}) == (
        '<div class="block output-only" id="block-1"><pre class="output stdout">a</pre></div>'
    )
    assert body("```python {.hide}\n1\n```", {"block-1": []}) == ""
    assert body('```python {.static why="too <slow>"}\n1\n```') == (
        f'<div class="block static" id="shown-1">{code}<p class="why">Not run: too &lt;slow&gt;</p></div>'
    )


@pytest.mark.parametrize(("claims", "said"), [(0, "Checked"), (1, "Checked: 1 claim"), (3, "Checked: 3 claims")])
def test_a_check_counts_its_claims(claims: int, said: str) -> None:
    code = "if 1:\n    pass\n" + "    assert 1\n" * claims
    assert body(f"```python {{.test}}\n{code}```", {"block-1": []}).startswith(
        f'<details class="checked" id="block-1"><summary>{said}</summary><div class="highlight">'
    )


def test_what_did_not_run_claims_nothing() -> None:
    html = body("```python {.test}\nassert 1\n```\n\n```python\n1\n```\n\nA `{python} 2`.")
    assert "<summary>Not checked yet: 1 claim</summary>" in html
    assert "output" not in html
    assert '<p>A <span class="computed missing">–</span>.</p>' in html


def test_the_librarys_own_source() -> None:
    html = body('```python {source="puddle.f"}\n```')
    assert '<span class="nf">f</span>' in html
    assert '<p class="origin"><code>puddle.f</code>, from puddle/f.py</p>' in html
    assert told(page('```python {source="puddle.g"}\n```')) == [
        "book/water/rain.md:3: the library has no `puddle.g`. Mend the name."
    ]


def test_html_and_formulas_as_outputs() -> None:
    outputs = [
        Output("result", "x", "text/html", b"</div><script>alert(1)</script><table><tr><td>1"),
        Output("result", "x", "text/latex", rb"$\displaystyle x < y$"),
        Output("display", "x", "text/latex", b"$$z$$"),
    ]
    html = body("```python\n1\n```", {"block-1": outputs})
    assert '<div class="output html"><table><tbody><tr><td>1</td></tr></tbody></table></div>' in html
    assert '<div class="output math"><span class="formula" data-line="3">\\displaystyle x &lt; y</span></div>' in html
    assert '<span class="formula" data-line="3">z</span>' in html
    bad = page("```python\n1\n```", {"block-1": [Output("result", "x", "text/latex", b"$\\foo$")]})
    assert [problem.line for problem in bad.problems] == [3]


# Figures

FIGURE = '```python {#fig-a caption="Is *it* $x < 1$, as @fig-b and [@wu] say?"}\n1\n```\n\n```python {#fig-b}\n2\n```'


def drawn(mime: str = "image/svg+xml", content: bytes = SVG, alt: str = "<Figure>") -> Output:
    return Output("figure", alt, mime, content)


def test_a_figure_stands_behind_its_block() -> None:
    html = page(FIGURE, {"block-1": [*text("a"), drawn()], "block-2": [drawn()]}).html
    figure = html.split('<pre class="output stdout">a</pre></div>\n', 1)[1]
    assert figure.startswith('<figure class="figure" id="fig-a"><svg ')
    assert 'aria-label="Is it x &lt; 1, as Figure 1.1.2 and (Wu, 1) say?"' in figure
    assert (
        f"<figcaption><b>Figure 1.1.1.</b> Is <em>it</em> {MATH(3, 'x &lt; 1')}, as "
        '<a class="ref" href="#fig-b">Figure 1.1.2</a> and (<a class="cite" href="#ref-wu">Wu, 1</a>) say?</figcaption></figure>'
    ) in figure
    assert "<figcaption><b>Figure 1.1.2.</b> </figcaption></figure>" in figure
    assert 'aria-label="What the code above draws"' in figure
    elements(html)


def test_drawings_of_a_page_share_no_address() -> None:
    html = page(FIGURE + "\n\n```python\n3\n```", {f"block-{n}": [drawn(), drawn()] for n in (1, 2, 3)}).html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {"fig-a.1", "fig-a.2.1", "fig-b.1", "block-3.1", "block-3.2.1"} <= set(ids)
    assert set(re.findall(r'<use href="#([^"]+)"', html)) <= set(ids)


def test_more_drawings_follow_the_first() -> None:
    rendered = page('```python {#fig-a caption="C"}\n1\n```', {"block-1": [drawn(alt="one"), drawn(alt="two")]})
    assert (
        re.sub('<svg.*?aria-label="(.*?)".*?</svg>', r"[\1]", rendered.html)
        .split("</code></pre></div></div>\n")[1]
        .startswith(
            '<figure class="figure" id="fig-a">[one]<figcaption><b>Figure 1.1.1.</b> C</figcaption></figure>'
            '<figure class="figure">[two]</figure>'
        )
    )


def test_a_figure_without_a_record_keeps_its_place_and_number() -> None:
    assert '<figure class="figure" id="fig-a"><figcaption><b>Figure 1.1.1.</b> Is' in page(FIGURE).html


def test_a_figures_label_on_a_block_that_draws_none() -> None:
    problems = told(page(FIGURE, {"block-1": text("a"), "block-2": [drawn()]}))
    assert problems == [
        "book/water/rain.md:3: `fig-a` is a figure's label, and this block draws none. Draw one, or take the label out."
    ]


def test_pictures_are_files_beside_the_page() -> None:
    rendered = page(
        "```python\n1\n```", {"block-1": [drawn("image/png", png(640, 48), 'a "b"'), drawn("image/png", png(1, 2))]}
    )
    assert (
        '<div class="output image"><img src="block-1-1.png" width="640" height="48" alt="a &quot;b&quot;" loading="lazy"></div>'
        '<div class="output image"><img src="block-1-2.png" width="1" height="2" alt="What the code above draws" loading="lazy">'
    ) in rendered.html
    assert rendered.assets == {"water/rain/block-1-1.png": png(640, 48), "water/rain/block-1-2.png": png(1, 2)}


def test_a_drawing_that_is_none() -> None:
    problems = told(page("```python\n1\n```", {"block-1": [drawn(content=b"<svg")]}))
    assert len(problems) == 1
    assert problems[0].startswith("book/water/rain.md:3: the drawing that this block shows is not SVG: ")


# Marks in all places


def test_displayed_formulas() -> None:
    html = body("$$ x < 1 $$ {#eq-a}\n\nthen\n\n$$\n\\text{*a*} a_1 b_1\n\\frac{1}{2}\n$$")
    assert html == (
        '<div class="equation" id="eq-a" role="group" aria-label="Equation 1.1.1"><span class="formula" data-line="3">x &lt; 1</span><span class="number">(1.1.1)</span></div>\n'
        '<p>then</p>\n<div class="equation"><span class="formula" data-line="7">\\text{*a*} a_1 b_1\n\\frac{1}{2}</span></div>'
    )


def test_marks_in_a_table() -> None:
    html = body(
        "| $a | b$ | `{python} 1 | 2` |\n|---|---|\n| **$c$** | @eq-hail |\n\n: Speeds of *rain*, $|v|$\nand @tbl-a. {#tbl-a}\n\nEnd.",
        {"value-1": text("3", "value")},
    )
    assert html.startswith(
        '<div class="table" id="tbl-a"><table><caption><b>Table 1.1.1.</b> Speeds of <em>rain</em>, '
    )
    assert f'{MATH(7, "|v|")}\nand <a class="ref" href="#tbl-a">Table 1.1.1</a>.</caption>\n<thead>' in html
    assert f"<th>{MATH(3, 'a | b')}</th>" in html
    assert '<th><span class="computed">3</span></th>' in html
    assert f"<td><strong>{MATH(5, 'c')}</strong></td>" in html
    assert '<td><a class="ref" href="../hail/#eq-hail">Equation 1.2.1</a></td>' in html
    assert html.endswith("</table></div>\n<p>End.</p>")


def test_every_caption_finds_its_own_table() -> None:
    table = "| a |\n|---|\n| 1 |\n\n"
    html = body(
        f"{table}: One. {{#tbl-a}}\n\n{table}Text.\n\n!!! note\n\n    {table.replace(chr(10), chr(10) + '    ')}: Two. {{#tbl-b}}"
    )
    assert [re.search("<caption>.*</caption>", part) is not None for part in html.split("</table>")] == [
        True,
        False,
        True,
        False,
    ]
    assert (
        html.index('id="tbl-a"') < html.index("Text.") < html.index('<div class="admonition') < html.index('id="tbl-b"')
    )


def test_a_caption_without_a_table() -> None:
    assert told(page("Text.\n\n: Speeds. {#tbl-a}")) == [
        "book/water/rain.md:5: there is no table above this caption. Put it below one."
    ]


def test_blocks_and_formulas_in_lists_and_boxes() -> None:
    inner = "    Text.\n    ```python\n    1\n    ```\n    More.\n\n    $$ x $$\n"
    out = {"block-1": text("a")}
    shown = '<pre class="output stdout">a</pre></div>\n<p>More.</p>\n<div class="equation">'
    for opened, around in (
        ("- item", "</li>\n</ul>"),
        ("1. item", "</li>\n</ol>"),
        ('!!! note "T"', "</div>"),
        ('??? question "T"', "</details>"),
    ):
        html = body(f"{opened}\n\n{inner}", out)
        assert '<p>Text.</p>\n<div class="block" id="block-1"><div class="highlight">' in html
        assert shown in html
        assert html.endswith(f"</span></div>\n{around}")


def test_a_figure_in_a_solution() -> None:
    html = body(
        '??? solution "2"\n    Text.\n\n    ```python {#fig-a caption="*C*"}\n    1\n    ```\n\n    `{python} 2`',
        {"solution-2-block-1": [drawn()], "solution-2-value-1": text("7", "value")},
    )
    assert html.startswith(
        '<details class="solution">\n<summary>Solution 2</summary>\n<p>Text.</p>\n<div class="block" id="solution-2-block-1">'
    )
    assert html.endswith('</b> <em>C</em></figcaption></figure>\n<p><span class="computed">7</span></p>\n</details>')


def test_marks_in_titles_of_boxes_links_and_emphasis() -> None:
    html = body(
        '??? question "Is $x$ *or* @eq-hail `{python} "a"`?"\n    T\n\n[see $y$](https://x.org) *a $z$ b*',
        {"value-1": text("v", "value")},
    )
    assert f'<summary>Is {MATH(3, "x")} <em>or</em> <a class="ref" href="../hail/#eq-hail">Equation 1.2.1</a> ' in html
    assert '<span class="computed">v</span>?</summary>' in html
    assert f'<a href="https://x.org">see {MATH(6, "y")}</a> <em>a {MATH(6, "z")} b</em>' in html


def test_marks_inside_attributes_are_plain(tmp_path: Path) -> None:
    (tmp_path / "book/water").mkdir(parents=True)
    (tmp_path / "book/water/a.png").write_bytes(b"x")
    rendered = page('![A $x < "1"$ of @eq-hail [@wu]](a.png)', root=tmp_path)
    assert 'alt="A x &lt; &quot;1&quot; of Equation 1.2.1 (Wu, 1)"' in rendered.html
    elements(rendered.html)


def test_code_spans_and_other_fences_are_not_read() -> None:
    html = body("`$x$` and `@eq-hail` cost \\$5.\n\n```text\n$x$ {python}\n```")
    assert "<code>$x$</code> and <code>@eq-hail</code> cost $5." in html
    assert "$x$ {python}" in html


def test_indented_code_holds_no_marks() -> None:
    html = body("    costs $x$, `{python} 1`", {"value-1": text("7", "value")})
    assert "<code>costs $x$, `{python} 1`\n</code>" in html


def test_definition_lists_and_footnotes() -> None:
    html = body("Rain $r$\n:   Water $w$.[^a]\n\n[^a]: Note $n$.")
    assert f"<dt>Rain {MATH(3, 'r')}</dt>" in html
    assert f"Note {MATH(6, 'n')}." in html


def test_what_markdown_drops_is_told() -> None:
    assert told(page('Text.\n\n[a]: https://x.org "No link with $n$"')) == [
        "book/water/rain.md:5: what stands here does not reach the page. Markdown does not show it: write it otherwise."
    ]


def test_what_github_takes_for_escaped_is_escaped() -> None:
    assert body(r"It costs \$5 and \$6, \@eq-hail, \<b\>, \~, `\$`, \a.") == (
        r"<p>It costs $5 and $6, @eq-hail, &lt;b&gt;, ~, <code>\$</code>, \a.</p>"
    )


# Headings


def test_headings_have_addresses_made_of_their_own_text() -> None:
    text = "## Using $x^2$ and `{python} 1`\n\n## Named {#sec-named}\n\n## Twice\n\n## Twice ##\n\n### Wide {.wide}\n\n## Über uns!"
    rendered = page(text, {"value-1": [Output("value", "7")]})
    ids = re.findall(r"<h[23][^>]* id=\"([^\"]+)\"", rendered.html)
    assert ids == ["using-x2-and-python-1", "sec-named", "twice", "twice-1", "wide", "über-uns"]
    assert '<h3 class="wide" id="wide">Wide<a' in rendered.html
    assert [entry.id for entry in rendered.toc[0].children] == [*ids[:4], "über-uns"]
    assert rendered.toc[0].html == '<span class="number">1.1</span> Rain'
    assert rendered.toc[0].children[0].html == f'Using {MATH(3, "x^2")} and <span class="computed">7</span>'
    assert rendered.toc[0].children[3].children[0].id == "wide"


def test_addresses_do_not_move_when_formulas_are_added() -> None:
    first = page("## Using $x$").toc[0].children[0].id
    assert page("A $a$, a $b$.\n\n$$ c $$\n\n## Using $x$").toc[0].children[0].id == first == "using-x"


def test_the_contents_hold_no_links() -> None:
    rendered = page("## See @eq-hail [here](https://x.org)")
    assert rendered.toc[0].children[0].html == "See Equation 1.2.1 here"


def test_a_title_with_a_formula() -> None:
    rendered = page("Text.", title="# Why $x < y$ {#sec-rain}")
    assert rendered.html.startswith(f'<h1 id="sec-rain"><span class="number">1.1</span> Why {MATH(1, "x &lt; y")}<a')
    assert rendered.title == "Why x < y"


# Links


def test_links_to_other_pages(tmp_path: Path) -> None:
    text = "[a](hail.md) [b](../water/hail.md#big-ones) [c](hail.md#eq-hail) [d](https://x.org/a.md) [e](#x) [f][1]\n\n[1]: hail.md"
    rendered = page(text)
    assert rendered.problems == ()
    assert re.findall(r'<a href="([^"]*)">[a-f]<', rendered.html) == [
        "../hail/",
        "../hail/#big-ones",
        "../hail/#eq-hail",
        "https://x.org/a.md",
        "#x",
        "../hail/",
    ]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](sleet.md)", "the link `sleet.md` leads to no page of the book. Mend the path"),
        ("[a](../hail.md)", "the link `../hail.md` leads to no page of the book."),
        ("[a](snow.md)", "the link `snow.md` leads to no page of the book. Write `@sec-snow`"),
        ("[a](hail.md#small)", "the link `hail.md#small` leads to no place on its page."),
        ("![a](a.png)", "there is no file `a.png`."),
        ("[a](../../../../etc/passwd)", "there is no file `../../../../etc/passwd`."),
        ("[a](/etc/passwd)", "there is no file `/etc/passwd`."),
    ],
)
def test_links_that_lead_nowhere(link: str, expected: str, tmp_path: Path) -> None:
    problems = told(page(f"Text\n{link}", root=tmp_path))
    assert len(problems) == 1
    assert problems[0].startswith(f"book/water/rain.md:4: {expected}")


def test_no_link_leaves_the_book(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "book/water").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("s")
    (root / "book/water/way.txt").symlink_to(tmp_path / "secret.txt")
    rendered = page("[a](../../../secret.txt) [b](way.txt)", root=root)
    assert [problem.message for problem in rendered.problems] == [
        "there is no file `../../../secret.txt`.",
        "there is no file `way.txt`.",
    ]
    assert rendered.assets == {}


def test_files_beside_the_section_come_along(tmp_path: Path) -> None:
    (tmp_path / "book/water/img").mkdir(parents=True)
    (tmp_path / "book/water/img/a b.png").write_bytes(b"one")
    (tmp_path / "book/all.csv").write_bytes(b"two")
    rendered = page("![a](img/a%20b.png) [data](../all.csv)", root=tmp_path)
    assert rendered.problems == ()
    assert 'src="img/a%20b.png"' in rendered.html
    assert '<a href="all.csv">' in rendered.html
    assert rendered.assets == {"water/rain/img/a b.png": b"one", "water/rain/all.csv": b"two"}


def test_links_in_outputs_are_not_touched() -> None:
    html = body("```python\n1\n```", {"block-1": text('<a href="hail.md">')})
    assert '&lt;a href="hail.md"&gt;' in html


# The whole


def test_everything_wrong_comes_at_once() -> None:
    rendered = page("$\\foo$ @fig-no [@no] [a](no.md)", front="---\nneeds: [sleet]\n---\n")
    assert [problem.line for problem in rendered.problems] == [2, 6, 6, 6, 6]
    assert '<span class="missing">@fig-no</span>' in rendered.html
    assert all(isinstance(problem, Problem) and problem.mend for problem in rendered.problems)


def test_two_renders_give_the_same_bytes() -> None:
    text = FIGURE + "\n\n## H $x$\n\nA.[^1]\n\n[^1]: B [@wu].\n\n| a |\n|---|\n\n: C {#tbl-a}"
    cells = {"block-1": [drawn()], "block-2": [drawn()]}
    first = page(text, cells)
    page("## H $x$\n\nOther.[^1]\n\n[^1]: N")
    assert page(text, cells) == first


def test_the_halves_work_with_any_markdown_for_pages_of_the_website() -> None:
    home = section.parse("---\nhide: [toc]\n---\n# Home $x$\n\n$$ y $$ {#eq-a}\n\n@eq-a\n", "docs/index.md", page=True)
    found = refs.collect(outline.read("", "o.yml", []), [], {"": home})
    lifted = lift.lift(home, None, lift.Context(Path(), found), "")
    assert "hide" not in lifted.markdown
    html, tokens = CONVERT(lifted.markdown)
    assert lifted.lost(html) == []
    settled = lift.settle(html, lifted)
    assert settled.startswith(f'<h1 id="home-x">Home {MATH(4, "x")}<a class="headerlink"')
    assert '<span class="number">(1)</span></div>\n<p><a class="ref" href="#eq-a">Equation 1</a></p>' in settled
    assert "cost" not in settled
    assert render.toc(tokens, lifted)[0].html == f"Home {MATH(4, 'x')}"


def test_the_cost_line_names_the_data() -> None:
    read = section.parse("# Rain\n\n```python\n1\n```\n", "book/water/rain.md")
    book = outline.read(OUTLINE, "book/outline.yml", [read], "book")
    context = lift.Context(Path(), refs.collect(book, [read]))
    made = record({"block-1": text("1")})
    page = render.render(read, made, context, CONVERT, book.by_slug["rain"], (), Uses(data={"puddle/rain.csv": "1"}))
    assert "<span>data: rain.csv</span>" in page.html
