"""Sections that are notebooks: read, run, recorded, shown by mkdocs-jupyter, and kept clean."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copies
import nbformat
import pytest
from test_serve import serving

from hooks import guest
from hooks.book import Book
from hooks.check import check
from hooks.section import Section

FRONT = "---\nstars: 1\nneeds: [measuring-rain]\nable: [melt snow, weigh it]\n---"
SNOW = "# Snow\n\nA meter of snow is $0.1$ m of water, as @sec-measuring-rain measures it."
WIDE = "s = '''\n```\n'''\nprint('deep')\ndepth = 3"
TALE = "It melts in `{python} depth` days.\n\n??? solution \"1\"\n    ```python\n    print(depth + 1)\n    ```"
Cells = list[dict[str, Any]]


def cell(kind: str, source: str, **metadata: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "metadata": metadata, "source": source}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def snow() -> Cells:
    return [
        cell("raw", FRONT),
        cell("markdown", SNOW),
        cell("code", WIDE),
        cell("code", "depth * 2"),
        cell("markdown", TALE),
        cell("code", "assert depth == 3", book=".test"),
    ]


def text(cells: Cells) -> str:
    return guest.cleaned(json.dumps({"cells": cells, "nbformat": 4}))


def read(cells: Cells) -> Section:
    return guest.read(text(cells), "book/water/snow.ipynb")


def place(whole: str, words: str) -> int:
    """The line of a notebook's file on which these words stand."""
    return next(at for at, line in enumerate(whole.split("\n"), 1) if words in line)


def test_the_text_has_the_lines_of_the_file() -> None:
    whole, found = text(snow()), read(snow())
    assert not found.problems
    assert found.title == "Snow"
    assert found.slug == "snow"
    assert found.front.stars == 1
    assert found.front.needs == ("measuring-rain",)
    assert found.front.line("able") == place(whole, "able:")
    assert [block.name for block in found.blocks] == ["block-1", "block-2", "solution-1-block-1", "block-3"]
    assert found.blocks[0].source == WIDE + "\n"
    assert found.blocks[0].first_line == place(whole, "s = '''")
    assert found.cells[2].line == place(whole, "It melts")
    for cell_ in found.cells:
        first, last = guest.span(found, cell_.start, cell_.end)
        assert whole.count("\n", 0, first) + 1 == cell_.line <= whole.count("\n", 0, last) + 1


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        (lambda cells: cells.pop(0), '"cell_type": "markdown"', "cell 1: the front matter stands in the first cell"),
        (lambda cells: cells[2].update(source="x = 1\n%timeit x"), "%timeit", "cell 3: `%timeit x` is a command of Jupyter, not Python"),
        (lambda cells: cells[2].update(source="x = ("), "x = (", "cell 3: the block is not Python"),
        (lambda cells: cells[3].update(metadata={"bock": ".test"}), "bock", "cell 4: unknown metadata `bock`"),
        (lambda cells: cells[3].update(metadata={"tags": ["test"]}), '"tags"', "cell 4: unknown tag `test`"),
        (lambda cells: cells[3].update(metadata={"book": ".tset"}), "depth * 2", "cell 4: unknown option `.tset`. Did you mean `.test`?"),
        (lambda cells: cells[3].update(metadata={"book": "}{"}), "depth * 2", "cell 4: `}{` in the cell's metadata are no options"),
        (lambda cells: cells[3].update(metadata={"book": 'file="a.py"'}), "depth * 2", "cell 4: `file` cannot stand on a cell of code"),
        (lambda cells: cells[3].update(metadata={"book": "raises=ValueError"}), "depth * 2", "cell 4: `raises=` and the tag `raises-exception` go together"),
        (lambda cells: cells[3].update(source=""), '"source": []', "cell 4: the cell is empty"),
        (lambda cells: cells[1].update(source="## Snow"), "{", "a section has one title, this one has 0"),
        (lambda cells: cells[1].update(source=SNOW + "\n\n```python\n1\n```"), "```python", "cell 2: code that runs stands in a Markdown cell"),
        (lambda cells: cells[0].update(source=FRONT.replace("stars: 1", "stars: 9")), "stars: 9", "cell 1: `stars: 9` is not 1, 2 or 3"),
        (lambda cells: cells[4].update(metadata={"book": ".fold"}), '"book"', "cell 5: options stand on a cell without code"),
    ],
)
def test_errors_name_the_line_and_the_cell(change: Callable[[Cells], object], words: str, said: str) -> None:
    cells = snow()
    change(cells)
    whole, found = text(cells), read(cells)
    line = place(whole, words)
    near = {line, line - 1}  # options are spoken of on the line where the code opens
    assert any(problem.line in near and problem.message.startswith(said.partition(". ")[0].rstrip(".")) and said in str(problem) for problem in found.problems), found.problems
    assert all(problem.file == "book/water/snow.ipynb" for problem in found.problems)


def test_what_is_no_notebook() -> None:
    whole = text(snow())
    broken = whole.replace('"nbformat": 4,', '"nbformat": 4')
    (problem,) = guest.read(broken, "book/snow.ipynb").problems
    assert problem.line == place(broken, '"nbformat_minor"')
    assert "is not JSON" in problem.message
    assert "no notebook of format 4" in str(guest.read("[]", "book/snow.ipynb").problems[0])
    joined = json.dumps(json.loads(whole))  # all on one line
    assert "is not written a line a line" in str(guest.read(joined, "book/snow.ipynb").problems)
    assert guest.cleaned(joined) == whole == guest.cleaned(whole)


def test_nothing_makes_the_reader_fail() -> None:
    """Whatever is broken in the file, there is a section, and words for what is wrong with it if it is no notebook any more."""
    draw, whole = random.Random(5), text(snow())
    values = ("null", "[]", "{}", "3", '"x"', r'"\ud83d\n"', '["a", 2]', "[[]]")
    for _ in range(300):
        begin = draw.randrange(len(whole))
        broken = whole[:begin] + draw.choice(("", "{", '"', "\n", "\\")) + whole[begin + draw.randrange(20) :]
        assert isinstance(guest.read(broken, "book/snow.ipynb"), Section)
    for at in re.finditer(r": (?P<value>\[[^][]*\]|\{[^{}]*\}|\"[^\"]*\"|null|4)", whole):
        for value in values:
            found = guest.read(whole[: at.start("value")] + value + whole[at.end("value") :], "book/snow.ipynb")
            assert found.text.encode()
            assert all(1 <= problem.line <= whole.count("\n") + 1 for problem in found.problems)


def write(tiny: copies.Tiny, cells: Cells) -> Path:
    path = tiny.root / "book/water/snow.ipynb"
    path.write_text(text(cells), encoding="utf-8")
    outline = tiny.root / "book/outline.yml"
    outline.write_text(outline.read_text().replace("- snow: Snow", "- snow:"))
    return path


def test_a_notebook_is_a_section(tmp_path: Path) -> None:
    tiny = copies.copy(tmp_path / "tiny")
    path = write(tiny, snow())
    assert "snow.ipynb: missing" in tiny.run("plan").said
    done = tiny.run("update", "snow")
    assert done.status == 0
    assert "snow.ipynb: record written" in done.said
    record = json.loads((tiny.root / "book/_records/water/snow.json").read_text())
    assert "deep" in json.dumps(record)
    assert tiny.run("site", "--strict").status == 0
    page = tiny.page("water/snow").replace("\xa0", " ")
    assert "In [1]:" in page  # the shell that mkdocs-jupyter gives
    assert "Out[2]:" in page
    assert "In [3]:" in page
    assert 'id="block-1"' in page
    assert '<pre class="output text">6</pre>' in page
    assert 'href="../measuring-rain/"' in page
    assert "katex" in page
    assert "It melts in" in tiny.text("water/snow")
    assert not re.findall(r"mathjax|require\.js|clipboard-copy|jp-Collapser|cdnjs", page, re.IGNORECASE)
    assert page.count("<style") == 0
    given = nbformat.read(tiny.root / "site/water/snow/snow.ipynb", as_version=4)
    nbformat.validate(given)
    assert [c.source for c in given.cells if c.cell_type == "code"][1:] == [WIDE, "depth * 2", "assert depth == 3"]
    before = tiny.site()
    assert tiny.run("plan").said.startswith("0 of")
    path.write_text(path.read_text().replace("A meter of snow", "A yard of snow"))
    assert tiny.run("plan").said.startswith("0 of")  # prose makes nothing stale
    path.write_text(path.read_text().replace("A yard of snow", "A meter of snow"))
    assert tiny.run("site", "--strict").status == 0
    assert tiny.site() == before
    tiny.run("clean", str(path))
    path.write_text(path.read_text().replace("depth = 3", "depth = depth"))
    done = tiny.run("update", "snow")
    line = place(path.read_text(), "depth = depth")
    assert done.status == 1
    assert f"book/water/snow.ipynb:{line}: cell 3: the block raises NameError" in done.said


def test_what_is_committed_is_clean(tmp_path: Path) -> None:
    tiny = copies.copy(tmp_path / "tiny")
    path = write(tiny, snow())
    clean = path.read_text()
    notebook = nbformat.reads(clean, as_version=4)
    notebook.cells[3].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "6"}, execution_count=2)]
    notebook.cells[3].execution_count = 2
    notebook.cells[3].metadata["collapsed"] = False
    notebook.metadata["language_info"]["version"] = "3.11.2"
    nbformat.write(notebook, path)
    book = Book.read(tiny.root / "mkdocs.yml")
    assert not book.sections["book/water/snow.ipynb"].problems  # one may work on it so
    (said,) = (problem for problem in check(book) if "outputs live in the record" in problem.message)
    assert "cell 4" in said.message
    assert said.mend == "Run `python -m hooks clean book/water/snow.ipynb`."
    assert tiny.run("clean", "book/water/snow.ipynb").said.strip() == "book/water/snow.ipynb: cleaned"
    assert path.read_text() == clean
    assert tiny.run("clean", "book/outline.yml").status == 1


def test_a_section_is_written_once(tmp_path: Path) -> None:
    tiny = copies.copy(tmp_path / "tiny")
    write(tiny, snow())
    (tiny.root / "book/water/snow.md").write_text("# Snow\n")
    assert "book/water/snow.md:1: the section is written twice, also as snow.ipynb. Keep one." in tiny.run("check").said


def test_a_saved_notebook_is_noticed(tmp_path: Path) -> None:
    """As Jupyter saves it, with outputs: the preview shows the new text at once, and runs the new code."""
    tiny = copies.copy(tmp_path / "tiny")
    path = write(tiny, snow())
    assert tiny.run("update", "snow").status == 0
    with serving(tiny) as served:
        served.shows("A meter of snow", "water/snow/")
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[1].source = SNOW.replace("meter", "yard")
        notebook.cells[2].source = WIDE.replace("depth = 3", "depth = 4")
        notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="shallow\n")]
        notebook.cells[2].execution_count = 7
        notebook.cells[5].source = "assert depth == 4"
        nbformat.write(notebook, path)
        served.shows("A yard of snow", "water/snow/")
        page = served.shows('<pre class="output text">8</pre>', "water/snow/")
        assert "shallow" not in page
