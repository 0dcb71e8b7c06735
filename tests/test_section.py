"""The parser: what it finds in a section, and what it says of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hooks import section
from hooks.marks import Block, Caption, Citation, Formula, Heading, Mark, Reference, Value
from hooks.section import Section

FILE = "book/water/rain.md"


def parse(text: str) -> Section:
    return section.parse(text, FILE)


def told(text: str) -> list[tuple[int, str, str]]:
    """What is wrong with a section: line, message, mend."""
    problems = parse(text).problems
    assert all(problem.file == FILE for problem in problems)
    return [(problem.line, problem.message, problem.mend) for problem in problems]


def only(text: str) -> tuple[int, str, str]:
    (one,) = told(text)
    return one


WHOLE = """---
stars: 1
needs: [clouds]
able: [measure rain]
---

# Rain {#sec-rain}

A gauge caught `{python} 40 + 2` mm, see @fig-rain and [@meeus1998, page 3].

```python {#fig-rain caption="Rain, $r$, as in @eq-sum." .fold}
rain = [1, 2]

sum(rain)
```

## The sum {#sec-sum}

$$ s = \\sum_i r_i $$ {#eq-sum}

| day | rain |
|-----|------|
| 1   | 42   |

: Rain in $mm$. {#tbl-rain}

!!! note "Aside"
    A block stands inside:

    ```python
    if rain:

        print("wet")
    ```

- a list, too

    ```python
    1
    ```

??? solution "1"
    The answer is `{python} 6 * 7`.

    ```python {.test}
    assert 6 * 7 == 42
    ```

??? solution "2, hard"
    ```python
    1
    ```

    Or `{python} 1`.

The end, `{python} 2`.
"""


def test_a_section_is_understood() -> None:
    read = parse(WHOLE)
    assert read.problems == ()
    assert (read.slug, read.title, read.file, read.text) == ("rain", "Rain", FILE, WHOLE)
    assert (read.front.stars, read.front.needs, read.front.able) == (1, ("clouds",), ("measure rain",))
    assert WHOLE[read.body :].startswith("\n# Rain")
    assert [(h.level, h.text, h.label) for h in read.every(Heading)] == [
        (1, "Rain", "sec-rain"),
        (2, "The sum", "sec-sum"),
    ]


def test_every_mark_stands_where_it_says() -> None:
    read = parse(WHOLE)
    lines = WHOLE.splitlines()
    begins: dict[type[Mark], str] = {
        Block: "```python",
        Value: "`{python}",
        Formula: "$",
        Reference: "@",
        Citation: "[@",
        Heading: "#",
        Caption: ":",
    }
    ends: dict[type[Mark], str] = {Block: "```", Value: "`", Citation: "]", Caption: "}"}
    for mark in read.marks:
        text = WHOLE[mark.start : mark.end]
        assert text.lstrip().startswith(begins[type(mark)])
        assert text.endswith(ends.get(type(mark), ""))
        assert WHOLE.count("\n", 0, mark.start) + 1 == mark.line
        assert text.splitlines()[0] in lines[mark.line - 1]
    assert [mark.start for mark in read.marks] == sorted(mark.start for mark in read.marks)
    assert {type(mark) for mark in read.marks} == set(begins)


def test_blocks_are_dedented_and_know_their_lines() -> None:
    first, second, third, *_ = parse(WHOLE).blocks
    assert first.source == "rain = [1, 2]\n\nsum(rain)\n"
    assert (first.line, first.first_line, first.indent) == (11, 12, 0)
    assert (second.source, second.indent) == ('if rain:\n\n    print("wet")\n', 4)
    assert (third.source, third.indent) == ("1\n", 4)
    for block in parse(WHOLE).blocks:
        assert WHOLE.splitlines()[block.first_line - 1].strip() == block.source.splitlines()[0].strip()


def test_cells_have_names_that_records_can_keep() -> None:
    read = parse(WHOLE)
    assert [(cell.name, cell.solution) for cell in read.cells] == [
        ("value-1", ""),
        ("block-1", ""),
        ("block-2", ""),
        ("block-3", ""),
        ("solution-1-value-1", "1"),
        ("solution-1-block-1", "1"),
        ("solution-2-hard-block-1", "2, hard"),
        ("solution-2-hard-value-1", "2, hard"),
        ("value-2", ""),
    ]
    assert [block.id for block in read.blocks][:2] == ["fig-rain", "block-2"]


def test_marks_in_a_caption_are_known() -> None:
    read = parse(WHOLE)
    formula, reference = read.blocks[0].caption
    caption = read.blocks[0].options.caption
    assert caption[formula.start : formula.end] == "$r$"
    assert caption[reference.start : reference.end] == "@eq-sum"
    assert formula.line == reference.line == 11
    assert [r.label for r in read.every(Reference)] == ["fig-rain"]
    assert [r.label for r in read.marks_everywhere(Reference)] == ["fig-rain", "eq-sum"]


def test_blocks_that_do_not_run_are_no_cells() -> None:
    text = '# Rain\n\n```python {.static why="endless"}\nwhile True: pass\n```\n\n```python {source="rainlib.Gauge"}\n```\n\n```python\n1\n```\n'
    read = parse(text)
    assert read.problems == ()
    assert [block.name for block in read.blocks] == ["shown-1", "shown-2", "block-1"]
    assert [cell.name for cell in read.cells] == ["block-1"], "a block that does not run renames none that does"


def test_static_blocks_need_not_be_python() -> None:
    assert told('# Rain\n\n```python {.static why="wrong"}\nx = = 1\n%magic\n```\n') == []


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(end: str) -> None:
    read = parse(WHOLE.replace("\n", end))
    assert read == parse(WHOLE)
    assert parse("\ufeff" + WHOLE) == parse(WHOLE), "a byte order mark is no text"


def test_only_line_feeds_end_lines() -> None:
    text = '# Rain\n\nA\x0cb\u2028c\x85d $x$\n\n```python\na = "\x0c\u2028"\n```\n\n`{python} a +`\n'
    assert only(text)[0] == 9
    assert parse(text).blocks[0].source == 'a = "\x0c\u2028"\n'


def test_white_lines_of_a_text_keep_their_spaces() -> None:
    text = '# Rain\n\n- a\n\n    ```python\n    a = """\n      \n   \n\n    """\n    ```\n'
    assert parse(text).blocks[0].source == 'a = """\n  \n\n\n"""\n'


def test_marks_in_solutions_belong_to_them_and_to_nothing_else() -> None:
    text = '# R\n\n??? question\n    `{python} 0`\n\n    ??? solution "1"\n        - `{python} 1` is\n        lazy, `{python} 1`\n\n            ```python\n            1\n            ```\n\n    `{python} 0`\n'
    read = parse(text)
    assert read.problems == ()
    assert [cell.solution for cell in read.cells] == ["", "1", "1", "1", ""]


@pytest.mark.parametrize(
    "head",
    [
        '??? solution "1"',
        '???+ solution "1"',
        '???solution "1"',
        '!!! solution "1"',
        '??? Solution "1"',
        '??? solution inline "1"',
    ],
)
def test_every_way_to_open_a_solution(head: str) -> None:
    read = parse(f"# R\n\n{head}\n    `{{python}} 1`\n\n    ```python\n    1\n    ```\n")
    assert read.problems == ()
    assert [cell.solution for cell in read.cells] == ["1", "1"]


def test_an_example_of_a_solution_is_no_solution() -> None:
    read = parse('# R\n\n````text\n??? solution "1"\n    a\n    ```python\n    1\n    ```\n````\n\n`{python} 1`\n')
    assert read.problems == ()
    assert [cell.solution for cell in read.cells] == [""]


def test_solutions_have_names_and_no_two_the_same() -> None:
    body = "\n    `{python} 1`\n\n"
    assert only(f"# R\n\n??? solution{body}")[:2] == (3, "the solution does not say of what.")
    assert only(f'# R\n\n??? solution "★"{body}')[:2] == (3, "the solution does not say of what.")
    line, message, mend = only(f'# R\n\n??? solution "1"{body}??? solution "1."{body}')
    assert (line, message) == (6, 'a solution "1." stands here already.')
    assert "line 3" in mend
    names = [cell.name for cell in parse(f"# R\n\n??? solution{body}??? solution{body}").cells]
    assert len(set(names)) == 2


def test_a_lazy_line_stays_in_its_item_and_a_paragraph_leaves_it() -> None:
    block = "    ```python\n    1\n    ```\n"
    assert told(f"# R\n\n1. first\n   second\nthird\n\n{block}") == []
    assert only(f"# R\n\n1. first\n\nthird\n\n{block}")[:2] == (7, "the fence is indented by 4 spaces.")
    assert only(f"# R\n\n!!! note\n    first\nthird\n\n{block}")[:2] == (7, "the fence is indented by 4 spaces.")


def test_all_of_a_sections_mistakes_are_told_at_once_and_in_order() -> None:
    text = """---
stars: 7
color: blue
---

# Rain {#sec-snow}

# Rain

```python {.tset timeout=x}
x = = 1
```

```py
1
```

> ```python

$$ a

`{python} 1 +` and [@a b]

- ```text

??? solution
    a

```python
1
"""
    found = told(text)
    assert [line for line, *_ in found] == sorted(line for line, *_ in found)
    assert [line for line, *_ in found] == [2, 3, 6, 8, 10, 10, 11, 14, 18, 20, 22, 22, 24, 26, 29]
    assert all(mend for *_, mend in found)


# Titles and labels


def test_titles() -> None:
    assert only("")[:2] == (1, "a section has one title, this one has 0.")
    assert only("Rain\n====\n")[:2] == (1, "a section has one title, this one has 0.")
    assert only("# A\n\n# B\n\n# C\n")[:2] == (3, "a section has one title, this one has 3.")
    assert only("# A {#sec-snow}\n") == (1, "the title's label is `sec-snow`.", "It is `sec-rain`; or leave it out.")
    assert parse("").title == "rain"
    assert parse("# The *rain* #\n").title == "The *rain*"
    assert told("# Rain\n\n```text\n# no title\n```\n") == []


def test_a_page_of_the_site_is_free_in_title_and_front_matter() -> None:
    read = section.parse("---\nhide: [toc]\n---\n\n`{python} 1`\n", "docs/index.md", page=True)
    assert read.problems == ()
    assert [cell.name for cell in read.cells] == ["value-1"]
    assert [p.line for p in section.parse("# A\n\n# B\n\n```py\n```\n", "docs/a.md", page=True).problems] == [5]


@pytest.mark.parametrize(
    ("second", "line"),
    [
        ("```python {#fig-a}\n1\n```", 7),
        ("## B {#sec-rain}", 7),
        ("## B {#sec-b}\n\n## C {#sec-b}", 9),
        ("$$ a $$ {#eq-a}\n\n$$ b $$ {#eq-a}", 9),
        ("| a |\n\n: A {#tbl-a}\n\n| b |\n\n: B {#tbl-a}", 13),
        ("## B {#own}\n\n## C {#own}", 9),
    ],
)
def test_labels_stand_once(second: str, line: int) -> None:
    where, message, mend = only(f"# Rain\n\n```python {{#fig-a}}\n1\n```\n\n{second}\n")
    assert where == line
    assert "stands twice" in message
    assert "already" in mend


@pytest.mark.parametrize("label", ["fig-a", "eq-a", "tbl-a", "sec-A", "sec-", "sec-a_b"])
def test_labels_of_headings(label: str) -> None:
    assert only(f"# Rain\n\n## A {{#{label}}}\n")[:2] == (3, f"`{{#{label}}}` is not a heading's label.")


# Code


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("x = = 1", 7, "the block is not Python: invalid syntax"),
        ("a = 1\nb = (\nc = 2", 8, "'(' was never closed"),
        ("a = 1\n\n  b = 2", 9, "unexpected indent"),
        ('a = 1\nb = """\nc', 8, "unterminated triple-quoted"),
        ("def f():", 7, "expected an indented block"),
        ("a = 1\nreturn a", 8, "'return' outside function"),
        ("break", 7, "'break' outside loop"),
        ("a = '\x00'", 7, "null bytes"),
        ("print 1", 7, "Missing parentheses"),
        ("", 6, "the block is empty"),
        ("\n \n", 6, "the block is empty"),
        ("a = 1\n%timeit a", 8, "`%timeit a` is a command of Jupyter"),
        ("%%time\n1", 7, "`%%time` is a command of Jupyter"),
        ("!ls", 7, "`!ls` is a command of Jupyter"),
        ("files = !ls", 7, "is a command of Jupyter"),
        ("a = %time 1", 7, "is a command of Jupyter"),
        ("?print", 7, "is a command of Jupyter"),
        ("print??", 7, "is a command of Jupyter"),
        ("if 1:\n    !ls", 8, "is a command of Jupyter"),
    ],
)
def test_code_that_python_cannot_read(code: str, line: int, message: str) -> None:
    where, what, mend = only(f"---\nstars: 1\n---\n# Rain\n\n```python\n{code}\n```\n")
    assert where == line
    assert message in what
    assert mend


def test_the_line_is_right_inside_a_container_too() -> None:
    text = "# Rain\n\n- a\n\n    ```python\n    a = 1\n    b = = 2\n    ```\n"
    problem = parse(text).problems[0]
    assert (problem.line, problem.detail) == (7, "b = = 2")


@pytest.mark.parametrize(
    "code",
    [
        "await f()",
        "async with a: pass",
        "[x async for x in a]",
        "# only a comment",
        "a = 5 % 3",
        "a = 'what?'",
        r"a = '\d'",
        "a = 1;",
    ],
)
def test_code_that_is_right(code: str) -> None:
    assert told(f"# Rain\n\n```python\n{code}\n```\n") == []


def test_hopeless_code_is_told_and_not_raised() -> None:
    for code in ("(" * 5000, "-" * 100_000 + "1", "x = " + "[" * 300):
        assert told(f"# Rain\n\n```python\n{code}\n```\n")[0][0] == 4


def test_a_block_with_source_is_empty() -> None:
    assert only('# R\n\n```python {source="rainlib.a"}\n1\n```\n')[:2] == (
        4,
        "a block with `source=` shows the library's code; it has none of its own.",
    )


def test_what_a_caption_holds_is_checked() -> None:
    assert only('# R\n\n```python {caption="a $$ b"}\n1\n```\n')[:2] == (
        3,
        "a formula opened by `$$` is not closed in its paragraph.",
    )
    assert only('# R\n\n```python {caption="[@a b]"}\n1\n```\n')[0] == 3


# Text that is passed over


def test_comments_are_passed_over_and_closed() -> None:
    assert parse("# R\n\n<!--\n`{python} 1` $x$ @fig-a\n\n```text\n-->\n\n$y$\n").every(Formula)[0].tex == "y"
    assert told("# R\n\n<!-- $$ -->\n$$ a $$\n") == []
    assert only("# R\n\n<!-- a\n\n$x$\n")[:2] == (3, "the comment is not closed.")
    assert only("# R\n\n<!-- a\nb --> `{python} 1`\n")[:2] == (4, "text stands behind the end of a comment.")
    assert len(parse("# R\n\n<!-- a --> `{python} 1`\n").cells) == 1


def test_private_characters_are_no_text() -> None:
    assert only("# R\n\na\ue003\n")[:2] == (3, "a private character (U+E000 to U+E00F) stands in the text.")


def test_what_stands_in_fences_is_passed_over() -> None:
    read = parse(
        "# R\n\n```text\n`{python} 1` $x$ @fig-a $$\n# no heading\n<!-- no comment\n??? solution\n```\n\n~~~\n```\n~~~\n"
    )
    assert read.problems == ()
    assert len(read.marks) == 1


def test_the_parser_never_raises() -> None:
    """Every prefix of a section, and every section with a line left out, is read: whole or with problems."""
    lines = WHOLE.splitlines(keepends=True)
    for cut in range(len(WHOLE)):
        parse(WHOLE[:cut])
    for line in range(len(lines)):
        parse("".join(lines[:line] + lines[line + 1 :]))


def test_the_sections_of_the_book_of_these_tests() -> None:
    files = sorted((Path(__file__).parent / "tinybook/book").glob("[!_]*/*.md"))
    assert len(files) >= 3
    for file in files:
        assert section.parse(file.read_text(encoding="utf-8"), str(file)).problems == ()
