"""TeX -> KaTeX: what is set, what is refused, and from where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from markup import elements

from hooks import section, tex

FORMULAS = (Path(__file__).with_name("formulas.tex")).read_text(encoding="utf-8").splitlines()  # one a line


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("display", [False, True])
def test_what_books_write_is_set(formula: str, display: bool) -> None:
    if "split" in formula and not display:
        return
    html = tex.typeset(formula, display)
    assert html.count("<math") == html.count('aria-hidden="true"') == 1  # what is drawn, and what is read aloud
    assert ("katex-display" in html) == display
    assert "color:" not in html  # KaTeX's red for what it does not know
    elements(html)


@pytest.mark.parametrize(
    ("formula", "reason", "position"),
    [
        (r"a + \foo{x}", r"`\foo` is not in the vocabulary", 4),
        (r"\frac{1}", "unexpected end of input in a macro argument, expected '}'", 8),
        ("x_", "expected group after '_'", 1),
        ("x # y", "expected 'EOF', got '#'", 2),
        ("é", "`é` is not in the vocabulary", 0),
        (r"\begin{split} x \end{split}", "{split} can be used only in display mode", None),
        (r"\begin{matrix} x \end{bmatrix}", r"mismatch: \begin{matrix} matched by \end{bmatrix}", 17),
        (r"\text{a \alpha}", r"`\alpha` has no place in text", 8),
        (r"\operatorname{a_b}", r"the name behind `\operatorname` is not a word", 0),
        ("{" * 3000 + "}" * 3000, "its groups are nested too deeply", None),
    ],
)
def test_what_cannot_be_set_is_said_in_words(formula: str, reason: str, position: int | None) -> None:
    with pytest.raises(tex.TexError) as caught:
        tex.typeset(formula)
    assert str(caught.value).startswith(reason)
    assert caught.value.position == position
    assert tex.typeset("x") != ""  # and the next formula is not harmed


def test_any_thread_may_ask() -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(tex.typeset, [f"t_{{{i}}}" for i in range(40)]))
    assert len(set(results)) == 40


def test_problems_name_the_line_inside_the_formula() -> None:
    text = "# T\n\n$x$ and $\\foo$\n\n$$\na +\n\\bar{\n$$\n\n"
    text += '```python {#fig-a caption="The $\\baz$ of it."}\n1\n```\n'
    problems = list(tex.check(section.parse(text, "book/t.md")))
    assert [problem.line for problem in problems] == [3, 7, 10]
    assert str(problems[0]) == (
        "book/t.md:3: the formula cannot be set: `\\foo` is not in the vocabulary. Is it `\\rfloor` or `\\lfloor`? `hooks/tex_vocabulary.py` lists all.\n    \\foo\n    ^"
    )


def test_a_page_is_typeset_in_place() -> None:
    page = (
        '<p><span class="math" data-line="1">x &lt; \\text{a \\&amp; b}</span></p>'
        '<div class="equation"><span class="formula" data-line="2">x^2</span><span class="number">(1)</span></div>'
        '<span class="computed">$y$</span>'
    )
    typeset = tex.to_katex(page)
    assert typeset.count('<span class="katex">') == 2
    assert typeset.count("katex-display") == 1
    assert "x &lt; \\text{a \\&amp; b}</annotation>" in typeset
    assert typeset.endswith('<span class="number">(1)</span></div><span class="computed">$y$</span>')
    assert "data-line" not in typeset
    assert tex.to_katex(typeset) == typeset


def test_a_bad_formula_stays_readable() -> None:
    assert tex.to_katex('<span class="math" data-line="1">\\foo &lt;</span>') == (
        '<span class="math"><code>\\foo &lt;</code></span>'
    )
