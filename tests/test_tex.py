"""TeX -> KaTeX: what is set, what is refused, and from where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from markup import elements

from hooks import section, tex

FORMULAS = [
    r"x < 1 \;\&\; y > \tfrac12",
    r"\begin{aligned} \mathbf{s}_t &= \tanh(\mathbf{U}\mathbf{s}_{t-1} + \mathbf{c}) \\ \hat{\mathbf{o}}_t &= \mathbf{V}\mathbf{s}_t \end{aligned}",
    r"f(x) = \begin{cases} x^2 & \text{if } x \ge 0, \\ 0 & \text{otherwise} \end{cases}",
    r"\begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & \ddots & \vdots \\ a_{m1} & \cdots & a_{mn} \end{bmatrix}",
    r"\begin{pmatrix} c & -s \\ s & c \end{pmatrix} \begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc",
    r"\operatorname*{argmin}_{\boldsymbol{\theta} \in \Theta} \frac1n \sum_{i=1}^n \mathcal{L}(y_i) + \lambda\lVert\boldsymbol{\theta}\rVert_2^2",
    r"\underset{w}{\operatorname{minimize}} \quad \text{subject to} \quad w \ge 0 \ \forall i",
    r"\prod_{t=1}^{T} p(x_t \mid x_1, \ldots, x_{t-1}) = \int p(\mathbf{z})\, d\mathbf{z}",
    r"\left\{ \begin{array}{l|r} 1 & t \le t_0 \\ \hline 2 & t > t_0 \end{array} \right.",
    r"\overset{\text{i.i.d.}}{\sim} \mathcal{N}(\boldsymbol{\mu}, \boldsymbol{\Sigma})",
    r"\hat y, \tilde x, \bar z, \dot q, \ddot q, \vec v, \widehat{xyz}, \overline{AB}, \underline{u}",
    r"\underbrace{\mathbb{E}_q[\log p]}_{\text{bound}} + \overbrace{D_{\mathrm{KL}}(q \,\|\, p)}^{\ge 0}",
    r"\sqrt[3]{1 + \sqrt{x}} + \cfrac{1}{1 + \cfrac{1}{x}} + \dbinom{n}{k} + x^{y^{z^w}}",
    r"\lim_{h \to 0} \max_i x_i, \quad \limsup_{n\to\infty} a_n, \quad \oint_{\partial\Omega} \iint_\Omega \nabla\times F",
    r"\sum_{\substack{i < j \\ i + j \text{ odd}}} w_{ij} \quad \xrightarrow{\text{encoder}} \xleftarrow[\text{KL}]{q}",
    r"{\color{red} w} \leftarrow \textcolor{blue}{g} \quad \boxed{y = \sigma(x)} \quad \cancel{x}",
    r"\left. \frac{df}{dx} \right|_{x = x_0} \Bigl( \bigl( x \bigr) \Bigr) \Biggl[ \frac ab \Biggr]",
    r"\mathfrak{g}, \mathscr{F}, \mathsf{T}, \mathtt{code\_x}, \bm{\epsilon}, \varepsilon, \vartheta, \ell, \hbar, \Re",
    r"\bigl(\begin{smallmatrix} a & b \\ c & d \end{smallmatrix}\bigr) \coloneqq \stackrel{\text{def}}{=} \notin A \setminus B",
    r"\begin{gathered} f = a \\ g = b \end{gathered} \qquad a \perp\!\!\!\perp b, \ \$5, \ 50\,\%, \ \{1, \dots, n\}",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("display", [False, True])
def test_what_books_write_is_set(formula: str, display: bool) -> None:
    html = tex.typeset(formula, display)
    assert "<math" in html
    assert 'aria-hidden="true"' in html
    assert ("katex-display" in html) == display
    assert "cc0000" not in html  # KaTeX's red for what it does not know
    elements(html)


@pytest.mark.parametrize(
    ("formula", "reason", "position"),
    [
        (r"a + \foo{x}", r"undefined control sequence: \foo", 4),
        (r"\frac{1}", "unexpected end of input in a macro argument, expected '}'", 8),
        ("x_", "expected group after '_'", 1),
        ("x # y", "expected 'EOF', got '#'", 2),
        ("é", 'accented Unicode text character "é" used in math mode', 0),
        ("50% y", "% comment has no terminating newline", None),
        (r"\begin{split} x \end{split}", "{split} can be used only in display mode", None),
        (r"x \tag{1}", r"`\tag` has no place in a formula", 2),
        (r"\begin{align} x \end{align}", r"`\begin{align}` has no place in a formula", 0),
        (r"\href{javascript:alert(1)}{x}", r"`\href` has no place in a formula", 0),
        (r"\includegraphics{https://x.org/a.png}", r"`\includegraphics` has no place in a formula", 0),
        (r"\htmlClass{a}{b}", r"`\htmlClass` has no place in a formula", 0),
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
        "book/t.md:3: the formula cannot be set: undefined control sequence: \\foo. Mend the TeX.\n    \\foo\n    ^"
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
