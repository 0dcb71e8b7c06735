"""No fence of Python escapes: however it is written, wherever it stands, it is a block, or a problem, or an example.

`markdown-it-py`, a parser of CommonMark that shares nothing with ours, says what is a fence.
"""

from __future__ import annotations

import random
import re

import pytest
from markdown_it import MarkdownIt

from hooks import section
from hooks.section import Section

RIGHT = [
    "```python",
    "```python {}",
    "```python {.fold}",
    "```python{.fold}",
    "```python ",
    "````python",
    '```python {caption="a } b"}',
    "```python {timeout=5}",
]
WRONG = (
    """
```py|```Py|```PY|```py3|```python2|```python3|```python3.11|```Python|```PYTHON|```ipython|```ipython3|```IPython|```pycon|```pycon3|```pyconsole
```python-console|```python-repl|```python_console|```pyi|```doctest|```jupyter-python|```pyodide|```numpy|```jpython
``` python|```  python|```	python|``` py|``` {.python}|```{.python}|```{python}|```{ python }|```{ .python .exec }|```{python, echo=FALSE}|```{.py}
```{.python #fig-a}|```{code-cell} python|```{code-cell} ipython3|```{code-block} python|```{lang .python}
```python title="x"|```python linenums=1|```python hl_lines="1 2"|```python x = 1|```python .hide|```python {.hide} x|```python {.hide|```python .hide}
```python {caption="a}|```python {{.hide}}|```python {.hide} {.fold}|```python:file.py|```python,numpy|```python;|```main.py|```exec python
~~~python|~~~ python|~~~~python|~~~python {.hide}|~~~py|~~~{.python}|~~~python title="x"
```python {caption="the `x` axis"}|```python {caption=`x`}|```{.python caption="`x`"}
```console {}|``` console {.run}|```console .run|```{.console .run}|~~~console {.run}|```console run
""".strip()
    .replace("\n", "|")
    .split("|")
)
TEXT = [
    "```", "~~~", "```text", "```pytb", "```console", "```cython", "```pyproject", "```toml", "```bash", "```{.text}", "~~~text", '```text title="a python"',
    "```text title='py'", "```text title=a.py", "```happy", "``` text", "```copy",
]  # fmt: skip


def opened(text: str) -> tuple[Section, set[int], list[int]]:
    """The section, the lines of its blocks, the lines of its problems."""
    read = section.parse(text, "book/rain.md")
    return read, {block.line for block in read.blocks}, [problem.line for problem in read.problems]


def fenced(head: str, indent: str = "", code: str = "x = 1") -> str:
    """A fence, closed as it is opened."""
    fence = (re.match(r"`+|~+", head) or ["```"])[0]
    return f"{indent}{head}\n{indent}{code}\n{indent}{fence}\n"


@pytest.mark.parametrize("head", RIGHT)
def test_right_spellings_are_blocks(head: str) -> None:
    assert opened("# R\n\n" + fenced(head))[1:] == ({3}, [])


@pytest.mark.parametrize("head", WRONG)
def test_wrong_spellings_are_problems_that_give_the_right_one(head: str) -> None:
    read, blocks, _ = opened("# R\n\n" + fenced(head) + "\n```python\n1\n```\n")
    (problem,) = read.problems
    assert (problem.line, blocks) == (3, {7}), "what follows is read all the same"
    right = "```console" if re.match(r"\W*console ", head) else "```python"
    assert right in problem.mend or "backtick" in problem.message
    assert problem.mend.endswith(".")


@pytest.mark.parametrize("head", TEXT)
def test_other_languages_are_text(head: str) -> None:
    assert opened("# R\n\n" + fenced(head))[1:] == (set(), [])


CONTAINERS = {
    "open": "{}",
    "quotation": "> {}",
    "quotation without a space": ">{}",
    "nested quotation": "> > {}",
    "item": "- {}",
    "item *": "* {}",
    "item +": "+ {}",
    "number": "1. {}",
    "number )": "12) {}",
    "item and a tab": "-\t{}",
    "item in an item": "- 1. {}",
    "item in a quotation": "> - {}",
    "quotation in an item": "- > {}",
    "behind text": "text {}",
    "no-break space": "\xa0{}",
    "cell": "| {}",
    "footnote": "[^1]: {}",
    "definition": ":   {}",
    "one space": " {}",
    "three spaces": "   {}",
    "four spaces": "    {}",
    "tab": "\t{}",
    "comment": "<!--\n{}\n-->",
    "comment, same line": "<!-- {}\n-->",
    "indented comment": "    <!--\n    {}\n    -->",
    "admonition, too little": "!!! note\n  {}",
    "admonition, too much": "!!! note\n        {}",
    "item, too little": "- a\n\n  {}",
    "behind an item's end": "- a\n\nb\n\n    {}",
    "after a paragraph": "text\n{}",
    "html": "<div>\n{}\n</div>",
    "pre": "<pre>\n{}\n</pre>",
    "table": "| a |\n|---|\n{}",
}


@pytest.mark.parametrize("where", CONTAINERS)
def test_in_every_container_it_is_a_block_or_a_problem(where: str) -> None:
    container = CONTAINERS[where]
    before = container.partition("{}")[0]
    first = 3 + before.count("\n")
    rest = re.sub(r"[^>\s]", " ", before.rsplit("\n", 1)[-1])  # what CommonMark wants in front of the lines below
    for head in [*RIGHT, *WRONG]:
        fence = (re.match(r"`+|~+", head) or ["```"])[0]
        text = "# R\n\n" + container.replace("{}", f"{head}\n{rest}x = 1\n{rest}{fence}") + "\n\nThe end.\n"
        _, blocks, problems = opened(text)
        if first in blocks and not problems:
            assert head in RIGHT, text
            assert where in ("open", "after a paragraph", "html", "pre", "table"), text
        else:
            assert first in problems, text


def test_a_block_inside_an_admonition_or_an_item_stands_at_four_spaces() -> None:
    for opening in ('!!! note "A"', "??? question", "???+ warning", "- a", "* a", "12. a", "-", "!!!note"):
        assert opened(f"# R\n\n{opening}\n\n" + fenced("```python", "    "))[1:] == ({5}, [])
        assert opened(f"# R\n\n{opening}\n    - b\n\n" + fenced("```python", "        "))[1:] == ({6}, [])


# Where fences end


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("````", "```"), ("````text", "```"), ("~~~~", "```"), ("`````", "````"), ("~~~~", "~~~"), ("````python", "```")],
)
def test_inside_a_longer_fence_it_is_text(outer: str, inner: str) -> None:
    for head in ("python", "py", " python", "{.python}", 'python title="x"', "console {.run}"):
        body = f'a = """\n{inner}{head}\n1\n{inner}\n"""'
        _read, blocks, problems = opened("# R\n\n" + fenced(outer, code=body))
        assert problems == []
        assert blocks == ({3} if "python" in outer else set())


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("```", "```python"),
        ("```text", "```py"),
        ("~~~", "~~~python"),
        ("~~~", "```python"),
        ("```python", "```python"),
        ("```", "````python"),
    ],
)
def test_inside_a_fence_that_is_not_longer_it_is_a_problem(outer: str, inner: str) -> None:
    read, _, problems = opened(f"# R\n\n{outer}\na\n\n{inner}\n1\n```\n\n~~~\n")
    assert 6 in problems
    first = next(p for p in read.problems if p.line == 6)
    assert first.message == "a block is opened inside the fence of line 3."


@pytest.mark.parametrize("head", ["```python", "```text", "```", "~~~text", "````text", "    ```text"])
def test_a_fence_that_is_not_closed(head: str) -> None:
    read, blocks, problems = opened(f"---\nstars: 1\n---\n# R\n\n{head}\n    1\n")
    assert (problems, blocks) == ([6], set())
    assert read.problems[0].message == "the fence is not closed."
    assert head.strip()[:3] in read.problems[0].mend


@pytest.mark.parametrize("close", ["``", "~~~", "``` python", "```x", "```` x", "`` `"])
def test_what_does_not_close_a_fence(close: str) -> None:
    assert 3 in opened(f"# R\n\n```python\n1\n{close}\n")[2]


def test_what_closes_a_fence() -> None:
    assert opened("# R\n\n```python\n1\n````` \t\n")[1:] == ({3}, [])
    assert opened("# R\n\n~~~text\n```\n~~~~\n\n```python\n1\n```\n")[1:] == ({7}, [])


def test_a_fence_is_closed_where_it_is_opened() -> None:
    for head in ("```text", "```python"):
        read, _, problems = opened(f"# R\n\n{head}\n1\n   ```\n")
        assert problems == [5]
        assert read.problems[0].message == "the fence is closed at another indent than it is opened."


def test_lines_that_leave_their_fence() -> None:
    for head in ("```text", "```python"):
        read, _, problems = opened(f"# R\n\n- a\n\n    {head}\n    1\n  2\n    ```\n")
        assert problems == [7]
        assert (read.problems[0].message, read.problems[0].mend) == (
            "the line is indented less than its fence.",
            "Indent it by 4 spaces.",
        )


def test_tabs() -> None:
    read, _, problems = opened("# R\n\n- a\n\n\t```python\n\t1\n\t```\n")
    assert 5 in problems
    assert read.problems[-1].mend == "Indent by spaces."
    assert opened("# R\n\n- a\n\n    ```python\n\t1\n    ```\n")[2] == [6]
    assert opened("# R\n\n```python\nif 1:\n\tx = 1\n```\n")[2] == [], "Python's own tabs are Python's"


def test_what_looks_like_a_fence_and_is_prose() -> None:
    prose = [
        "```` ```python ```` opens a block.",
        "Write ```` ```py ```` and `` ```{.python} `` never.",
        "- ```` ```python ```` opens a block",
        "> `python` and ``py``",
        "```python``` alone on its line",
        "| ```` ```python ```` | a |",
        "It is ~~python~~.",
        "<!-- python -->",
    ]
    assert opened("# R\n\n" + "\n\n".join(prose) + "\n")[1:] == (set(), [])


# Against an independent reader


def escaped(text: str) -> list[int]:
    """Lines of fences whose first word is Python's, to CommonMark, and that are neither block nor problem."""
    read, blocks, problems = opened(text)
    found = []
    for token in MarkdownIt("commonmark").parse(read.text[read.body :]):
        word = re.match(r"\W*(\w*)", token.info) if token.type == "fence" else None
        if word and re.fullmatch(r"i?py(?:thon)?\d*|pycon", word[1], re.IGNORECASE):
            assert token.map is not None
            line = token.map[0] + 1 + read.text.count("\n", 0, read.body)
            if line not in blocks and not problems:
                found.append(line)
    return found


PIECES = (
    """
```python|```python|```|```|~~~|~~~|````|```text|```py|~~~python|    ```python|    ```|   ```|  ```python|  ```|> ```python|> ```|>|- ```python|- ```text|- a
1. a|    x = 1|x = 1|1|text||||<!--|-->|<!-- a -->|<pre>|</pre>|<div>|!!! note|??? solution "1"|# H|$$|---|``` `a` ```|	```python|	```|- - a|*|`code|` b|[a]: b
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("seed", range(20))
def test_no_fence_escapes_from_random_texts(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(300):
        text = "# R\n\n" + "".join(chance.choice(PIECES) + "\n" for _ in range(chance.randint(2, 12)))
        assert escaped(text) == [], text
        assert escaped("---\nstars: 1\n---\n" + text) == [], text


@pytest.mark.parametrize("seed", range(5))
def test_blocks_of_faultless_texts_are_commonmarks_fences(seed: int) -> None:
    """Where we find no fault, the two readers see the same blocks with the same code."""
    chance = random.Random(seed)
    seen = 0
    for _ in range(400):
        parts = []
        for _ in range(chance.randint(1, 5)):
            code = "\n".join(chance.choice(["x = 1", "", "if x:\n    y = 2", "# a", "print('```')"]) for _ in range(3))
            head = chance.choice(["```python", "```text", "````python", "````", "~~~text", "```python {.fold}"])
            holder, indent = chance.choice(
                [("", ""), ("Text\n\n", ""), ("- a\n\n", "    "), ("1. a\n   b\n\n", "    ")]
            )
            parts.append(holder + re.sub(r"(?m)^(?=.)", indent, fenced(head, code=code + "\n1")) + "\nText.\n")
        read, blocks, problems = opened("# R\n\n" + "\n".join(parts))
        assert problems == []
        tokens = [
            t for t in MarkdownIt("commonmark").parse(read.text) if t.type == "fence" and t.info.startswith("python")
        ]
        assert [t.content for t in tokens] == [block.source for block in read.blocks]
        assert {t.map[0] + 1 for t in tokens if t.map} == blocks
        seen += len(tokens)
    assert seen > 100
