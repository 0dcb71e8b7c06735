"""A section with one of everything -> the cells of a notebook, and of a Python file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from markup import png
from test_render import OUTLINE, record

from hooks import lift, notebook, outline, redo, refs, wording
from hooks.notebook import Around
from hooks.records import Output
from hooks.section import Section, parse

# What becomes of each thing, in a section that has them all

MANY = r'''---
stars: 2
needs: [rain]
---

# Hail $x$ & `y` {#sec-hail}

A stone costs $5 and $6. See @fig-fall, @eq-fall, @sec-rain.

$$ x = 1,
   y $$ {#eq-fall}

```python {#fig-fall caption="As in @eq-fall, $v$." .fold}
draw()
```

!!! note "Mind $x$"
    Before the block.

    ```python
    inside = 1
    ```

    After it, `{python} inside`.

??? question "Why `y`?"
    Because it stands

    $$ z = 1,
       w $$

    there.

- An item

    ```python {raises=ValueError}
    int("x")
    ```

    goes on.

```python {file="a/b.py"}
x = "QQQ"
```

```console {.run}
$ cd a && echo hail
$ python a/b.py | \
> cat
```

```python {.static why="it is *long*"}
sleep()
```

```python
text = """a
  b"""
await wait()
```

| a |
|---|
| 1 |

: Sizes. {#tbl-size}

## Exercises

1. Do.

??? solution "1"
    So:

    ```python
    inside = 2
    ```
'''.replace("QQQ", "'" * 3)


def many(cells_shown: Mapping[str, list[Output]] | None = None, **options: Any) -> tuple[Section, Any]:
    read = parse(MANY, "book/water/hail.md")
    rain = parse("# Rain\n", "book/water/rain.md")
    assert read.problems == ()
    book = outline.read(OUTLINE, "outline.yml", [read, rain], "book")
    context = lift.Context(Path("/nowhere"), refs.collect(book, [rain, read]))
    told = wording.Telling(read, record(cells_shown) if cells_shown else None, context, book.by_slug["hail"], **options)
    return read, told


def test_what_becomes_of_each_thing() -> None:
    read, told = many({"value-1": [Output("value", "-1_0")], "solution-1-block-1": [Output("stdout", "two\n"), Output("display", "", "image/png", png(9, 9))]})
    made = nbformat.reads(notebook.notebook(told, Around(setup="import this")).decode(), 4)
    nbformat.validate(made)
    by = {cell.id: cell.source for cell in made.cells}
    assert by["title"].startswith("# 1.2 Hail $x$ & `y`\n")
    assert "★★☆" in by["title"]
    assert "needs Rain" in by["title"]
    assert r"costs \$5 and \$6. See Figure 1.2.1, Equation 1.2.1, Section 1.1." in by["before-block-1"]
    assert "$$ x = 1,\n   y \\tag{1.2.1} $$" in by["before-block-1"]
    assert "**Figure 1.2.1.** As in Equation 1.2.1, $v$." in by["before-block-2"]
    assert "> **Mind $x$**\n>\n> Before the block." in by["before-block-2"]
    assert by["before-block-3"].startswith("> After it, \u22121\\_0.")
    assert "<summary>Why <code>y</code>?</summary>\n\nBecause" in by["before-block-3"]
    assert "$$ z = 1,\n   w $$" in by["before-block-3"]
    assert by["before-block-4"].startswith("goes on.")
    assert by["block-4-folder"] == "import os\n\nos.makedirs('a', exist_ok=True)"
    assert by["block-5"] == "%%bash -e -o pipefail\n(cd a && echo hail)\npython a/b.py | \\\ncat"
    assert by["shown-1"].endswith("*Not run: it is \\*long\\**")
    assert "**Table 1.2.1.** Sizes." in by["last"]
    assert "<summary>Solution 1</summary>\n\nSo:\n\n```python\ninside = 2\n```\n\n```text\ntwo\n```\n\n![" in by["last"]
    assert [block.name for block in read.blocks if not block.solution] == [cell.id for cell in made.cells if re.fullmatch(r"(block|shown)-\d+", cell.id)]


def test_with_an_address_references_are_links() -> None:
    _, told = many(site="https://example.org/")
    text = notebook.notebook(told, Around()).decode()
    assert "[Equation 1.2.1](https://example.org/water/hail/#eq-fall)" in text
    assert "needs [Rain](https://example.org/water/rain/)" in text
    assert "`inside`" in text, "without a record the expression itself"


def test_a_python_file_runs_what_a_notebook_runs(tmp_path: Path) -> None:
    _, told = many()
    head = "def draw(): print('drawn')\nasync def wait(): print('waited', text.splitlines()[1])"
    (tmp_path / "hail.py").write_bytes(notebook.program(told, Around(setup=head)))
    done = subprocess.run([sys.executable, "hail.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["drawn", "ValueError: invalid literal for int() with base 10: 'x'", "hail", "waited   b"]


def test_outputs_keep_their_form() -> None:
    svg = b'<?xml version="1.0"?>\n<svg width="9">\n</svg>'
    given = [Output("stdout", "a\n"), Output("result", "3"), Output("figure", "<Figure>", "image/svg+xml", svg), Output("display", "", "image/png", png(9, 9))]
    given += [Output("error", "Traceback\n  line 1: f()\nValueError: no: never", name="ValueError")]
    stream, result, figure, image, error = notebook.outputs(given, 7)
    assert (stream["name"], stream["text"]) == ("stdout", ["a\n"])
    assert (result["execution_count"], result["data"]) == (7, {"text/plain": ["3"]})
    assert figure["data"]["image/svg+xml"][0] == '<svg width="9" style="background: white">\n'
    assert figure["data"]["text/plain"] == ["<Figure>"]
    assert image["data"]["image/png"].startswith("iVBOR")
    assert (error["ename"], error["evalue"]) == ("ValueError", "no: never")


def test_what_is_left_of_code_to_redo() -> None:
    code = '''\
import os

from math import pi

@cache
def f(a,
      b=2):     # (n,)
    """Says it."""
    # secretly
    return a + b

class C:
    size = 3
    def g(self): return 1

    def h(self):
        return 2
x = y = f(1)
x += 1
'''
    read = parse(f"# A\n\n```python\n{code}```\n\n```python\nz = [y for y in range(3)]\nfor i in z:\n    print(x + i)\n```\n", "a.md")
    first, second = read.blocks
    later = redo.asked(second, frozenset({"i", "other"}))
    assert later == {"range", "print", "x", "other"}
    assert redo.emptied(first, later) == (
        "import os\n\nfrom math import pi\n\n# Your turn. Later cells use `x`.\n\n"
        '@cache\ndef f(a,\n      b=2):     # (n,)\n    """Says it."""\n    ...\n\nclass C:\n    def g(self):\n        ...\n\n    def h(self):\n        ...'
    )
    assert redo.asked(first, frozenset({"x", "os"})) >= {"cache"}
