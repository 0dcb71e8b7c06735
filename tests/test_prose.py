"""Marks inside prose: values, formulas, references, citations; and what only looks like one."""

import pytest

from hooks.marks import Caption, Citation, Formula, Mark, Reference, Value
from hooks.prose import scan


def read(text: str) -> tuple[list[Mark], list[tuple[int, str, str]]]:
    told: list[tuple[int, str, str]] = []

    def line_of(offset: int) -> int:
        return text.count("\n", 0, offset) + 1

    marks = list(scan(text, 0, len(text), line_of, lambda offset, *what: told.append((line_of(offset), *what))))
    for mark in marks:
        assert 0 <= mark.start < mark.end <= len(text)
        assert mark.line == line_of(mark.start)
    return marks, told


def shown(text: str) -> list[str]:
    """The marks of a text without fault, as they stand in it."""
    marks, told = read(text)
    assert told == []
    return [text[mark.start : mark.end] for mark in marks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains.", []),
        ("", []),
        (" \n\t\n", []),
        ("A day has `{python} f'{24:.0f}'` hours.", ["`{python} f'{24:.0f}'`"]),
        ("Here $a$ and $b + c$.", ["$a$", "$b + c$"]),
        (r"Money: \$5, $5 and $6, US$7.", []),
        ("It costs $5 and then $x$ is 3.", ["$x$"]),
        ("From $5 to $x^2$.", ["$x^2$"]),
        (r"$\$5$", [r"$\$5$"]),
        ("$a$2 is no formula", []),
        ("$ a$ and $a $", []),
        ("$a\nb$", ["$a\nb$"]),
        ("$a\n\nb$", []),
        ("$$ x $$", ["$$ x $$"]),
        ("$$ x\n+ y $$", ["$$ x\n+ y $$"]),
        ("$$ x $$ {#eq-rain}", ["$$ x $$ {#eq-rain}"]),
        ("$$ x $${#eq-rain}", ["$$ x $${#eq-rain}"]),
        ("see @fig-rain, @eq-a, @tbl-b-2.", ["@fig-rain", "@eq-a", "@tbl-b-2"]),
        ("(@sec-rain)", ["@sec-rain"]),
        ("@sec-rain's end, @sec-rain-.", ["@sec-rain", "@sec-rain"]),
        ("@Fig-rain", ["@Fig-rain"]),
        ("@secret, @sec-, @figure-1, @property", []),
        ("write to me@sec-rain.org or x.@fig-a", []),
        ("https://a.org/@fig-rain", []),
        (r"\@fig-rain", []),
        ("[@meeus1998]", ["[@meeus1998]"]),
        ("[@meeus1998, chapter 8; @dee2011]", ["[@meeus1998, chapter 8; @dee2011]"]),
        ("[a link](mailto:me@a.org)", []),
        ("`@fig-rain` and `$x$` and ``[@a]``", []),
        ("`` `{python} 1` ``", []),
        ("```{pypy} 1```", []),
        ("<!-- @fig-rain $x$ --> $y$", ["$y$"]),
        ('<a title="$x$ @fig-rain" href="#">$y$</a>', ["$y$"]),
        ("<https://a.org/$x$>", []),
        ("1 < 2 and $x$ > 3", ["$x$"]),
        (r"\`{python} 1 and $x$`", ["$x$"]),
        ("`a` $x$ `b` $y$ `c", ["$x$", "$y$"]),
        ("`$` and `$`", []),
        ("| $a$ | @fig-b |\n|---|---|\n| $c$ | `{python} 1` |", ["$a$", "@fig-b", "$c$", "`{python} 1`"]),
    ],
)
def test_marks_are_found_where_they_stand(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


def test_what_marks_say() -> None:
    text = "A `{python} 1 +\n  1` $x$ @fig-a\n[@k, page 3; @l].\n\n$$ y $$ {#eq-b}"
    (value, formula, reference, citation, display), told = read(text)
    assert told == []
    assert isinstance(value, Value)
    assert eval(value.source) == 2
    assert value.line == value.first_line == 1
    assert isinstance(formula, Formula)
    assert (formula.tex, formula.display) == ("x", False)
    assert formula.line == 2
    assert isinstance(reference, Reference)
    assert reference.label == "fig-a"
    assert isinstance(citation, Citation)
    assert citation.keys == (("k", "page 3"), ("l", ""))
    assert citation.line == 3
    assert isinstance(display, Formula)
    assert (display.tex, display.label, display.display) == ("y", "eq-b", True)
    assert display.line == 5


def test_a_tables_caption_holds_marks_of_its_own() -> None:
    text = "| a |\n|---|\n| 1 |\n\n: Rain in $mm$, after [@a]. {#tbl-rain}\n"
    marks, told = read(text)
    assert told == []
    caption, formula, citation = marks
    assert isinstance(caption, Caption)
    assert (caption.text, caption.label, caption.line) == ("Rain in $mm$, after [@a].", "tbl-rain", 5)
    assert text[caption.start : caption.end] == ": Rain in $mm$, after [@a]. {#tbl-rain}"
    assert caption.start < formula.start < citation.end < caption.end


@pytest.mark.parametrize(
    ("text", "line", "message", "mend"),
    [
        ("a\n`{python} 1 +`", 2, "the value `1 +` is not a Python expression", "Mend"),
        ("`{python} x = 1`", 1, "is not a Python expression", "Mend"),
        ("`{python} import os`", 1, "is not a Python expression", "Mend"),
        ("`{python} `", 1, "is not a Python expression", "Mend"),
        ("`{python} (yield 1)`", 1, "is not a Python expression", "Mend"),
        ("`{python} " + "(" * 300 + ")" * 300 + "`", 1, "is not a Python expression", "Mend"),
        ("`{python} (x := 1)`", 1, "binds a name", "Bind it in a block"),
        ("`{python} [y for x in a if (y := x)]`", 1, "binds a name", "Bind it in a block"),
        ("`{python}`", 1, "is not how a computed value is written", "`{python} expression`"),
        ("`{py} 1`", 1, "is not how a computed value is written", "`{python} expression`"),
        ("`{.python} 1`", 1, "is not how a computed value is written", "`{python} expression`"),
        ("`{ python } 1`", 1, "is not how a computed value is written", "`{python} expression`"),
        ("`{Python} 1`", 1, "is not how a computed value is written", "`{python} expression`"),
        ("a ```{python} 1``` b", 1, "is not how a computed value is written", "single backticks"),
        ("``{python} 1``", 1, "is not how a computed value is written", "single backticks"),
        ("a\n\n$$ x\n\nb", 3, "opened by `$$` is not closed", "Close it with `$$`"),
        ("The sum $$ x $$ is", 1, "stands inside a paragraph", "blank line"),
        ("Text\n$$ x $$", 2, "stands inside a paragraph", "blank line"),
        ("$$ x $$\n{#eq-rain}", 1, "stands inside a paragraph", "blank line"),
        ("$$ x $$ {#rain}", 1, "`{#rain}` is not a label", "`{#eq-name}`"),
        ("$$ x $$ {#fig-rain}", 1, "`{#fig-rain}` is not a label", "`{#eq-name}`"),
        ("$$ x $$ {#eq-Rain}", 1, "`{#eq-Rain}` is not a label", "lower-case"),
        ("$$ x $$ {#}", 1, "`{#}` is not a label", "lower-case"),
        (": Rain {#rain}", 1, "`{#rain}` is not a label", "`{#tbl-name}`"),
        ("| 1 |\n: Rain {#tbl-rain}", 2, "caption stands inside a paragraph", "blank line"),
        ("[@a page 3]", 1, "`[@a page 3]` is not a citation", "`[@key]`"),
        ("[@a, see b; c]", 1, "is not a citation", "`[@key]`"),
        ("[@fig-rain]", 1, "is a reference, not a citation", "`@fig-rain` without brackets"),
    ],
)
def test_what_is_wrong_is_said_on_its_line(text: str, line: int, message: str, mend: str) -> None:
    _, ((where, what, how),) = read(text)
    assert where == line
    assert message in what
    assert mend in how
