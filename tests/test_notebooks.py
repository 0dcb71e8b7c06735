"""Notebooks and Python files of the sections: whole, valid, and running from top to bottom to what the records say."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hooks import capture, commands, compare, downloads, once, redo, script
from hooks.book import Book
from hooks.build import Build
from hooks.marks import Block
from hooks.records import Cell, Output, Record
from hooks.section import Section

ROOT = Path(__file__).resolve().parents[1]
RUN = {"data-manipulation", "automatic-differentiation", "linear-regression-scratch"}  # in every run of the tests
RASTER = """
import base64, weakref
from hooks import capture
from matplotlib import pyplot
from matplotlib.figure import Figure

ahead = weakref.WeakKeyDictionary()

def first():
    for number in pyplot.get_fignums():
        ahead[pyplot.figure(number)] = capture.figure(pyplot.figure(number))

def drawn(figure):
    output = ahead.get(figure) or capture.figure(figure)
    return output.content.decode(), {"raster": base64.b64encode(output.raster).decode()}

get_ipython().events.callbacks["post_execute"].insert(0, first)
get_ipython().display_formatter.formatters["image/svg+xml"].for_type(Figure, drawn);
"""  # beside each figure the small picture by which records are compared, before Jupyter looks at its ticks, and moves them
METADATA = re.compile(r"<metadata>.*?</metadata>\s*|<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|(?<=version=\"1.1\") style=\"background: white\"", re.DOTALL)


@pytest.fixture(scope="module")
def build() -> Build:
    return Build(Book.read(ROOT / "mkdocs.yml"))


@pytest.fixture(scope="module")
def files(build: Build) -> Mapping[str, bytes]:
    return downloads.files(build, "https://example.org/book/")


def sections() -> list[str]:
    return sorted(path.stem for path in (ROOT / "book_src").glob("*/[a-z]*.*") if path.suffix in (".md", ".ipynb") and path.stem != "index")


def heavy() -> list[Any]:
    """Every section; those that CI does not run are for the night."""
    return [slug if slug in RUN else pytest.param(slug, marks=pytest.mark.slow) for slug in sections()]


def found(build: Build, slug: str) -> Section:
    entry = build.outline.by_slug[slug]
    assert entry.file
    return build.book.sections[entry.file]


def one(files: Mapping[str, bytes], name: str) -> str:
    (data,) = (data for file, data in files.items() if file.endswith(f"/{name}"))
    return data.decode()


def runnable(build: Build, slug: str) -> Section:
    section = found(build, slug)
    if section.front.once:
        pytest.skip(f"{slug} is run {once.place(section.front)}")
    return section


# What they hold


@pytest.mark.parametrize("slug", sections())
def test_a_notebook_has_every_block_once_and_in_order(build: Build, files: Mapping[str, bytes], slug: str) -> None:
    section = found(build, slug)
    made = nbformat.reads(one(files, f"{slug}.ipynb"), 4)
    nbformat.validate(made)
    blocks = {block.name: block for block in section.blocks}
    named = [cell for cell in made.cells if cell.id in blocks]
    assert [cell.id for cell in named] == [block.name for block in section.blocks if not block.solution]
    for cell in named:
        assert within(blocks[cell.id], cell.source, build), cell.id
        assert cell.cell_type == ("code" if blocks[cell.id].executed else "markdown")
        assert ("raises-exception" in cell.metadata.get("tags", [])) == bool(blocks[cell.id].options.raises)
    others = "\n".join(cell.source for cell in made.cells if cell.id not in blocks)
    for block in section.blocks:
        if block.solution:
            assert others.count(block.source.strip()) == 1, block.name
    assert made.cells[0].source.startswith("# ")
    assert made.cells[1].id == "setup"
    assert "pip install" in made.cells[1].source
    assert "CC BY-SA" in made.cells[-1].source
    assert "MIT" in made.cells[-1].source


def within(block: Block, source: str, build: Build) -> bool:
    """Whether a cell says what a block says."""
    if block.kind == "file":
        return source == f"%%writefile {block.options.file}\n{block.source.rstrip()}"
    if block.kind == "console":
        return all(command.text in source for command in commands.read(block.source))
    if block.options.source:
        code = build.book.library.source(block.options.source)
        return bool(code and code[0].rstrip() in source)
    return source == block.source.rstrip("\n") if block.executed else block.source.rstrip() in source


@pytest.mark.parametrize("slug", sections())
def test_a_notebook_shows_the_recorded_outputs(build: Build, files: Mapping[str, bytes], slug: str) -> None:
    section = found(build, slug)
    record = build.shown(section.file)[0]
    made = nbformat.reads(one(files, f"{slug}.ipynb"), 4)
    if record is None:
        assert not any(cell.get("outputs") for cell in made.cells)
        assert "recorded" in made.cells[0].source
    else:
        assert not list(compare.differences(section, recorded(section, record), tuple(shown(section, made, record))))
        assert any(cell.get("outputs") for cell in made.cells)


@pytest.mark.parametrize("slug", sections())
def test_prose_stands_by_itself(build: Build, files: Mapping[str, bytes], slug: str) -> None:
    """No word of the book's own grammar is left in it, no token, no link that leads nowhere."""
    made = nbformat.reads(one(files, f"{slug}.ipynb"), 4)
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    plain = re.sub(r"^(`{3,}).*?^\1$|`[^`\n]*`|\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search("[\ue000-\ue00f]", text)
    assert not re.search(r"\{python\}|\{#|@(?:sec|fig|eq|tbl)-|\[@|^\?\?\?|^!!!|\.md\)", plain, re.MULTILINE)
    record = build.shown(found(build, slug).file)[0]
    numbered = [mark for mark in found(build, slug).marks if getattr(mark, "label", "").startswith("eq-") and getattr(mark, "display", False)]
    assert text.count(r"\tag{") == len(numbered)
    assert all(to.startswith(("https://", "data:", "<https://")) for to in re.findall(r"\]\(([^)]*)", plain))
    assert record is None or "Executed on" in made.cells[-1].source


@pytest.mark.parametrize("slug", sections())
def test_the_clean_notebook_is_to_be_filled_in(build: Build, files: Mapping[str, bytes], slug: str) -> None:
    made = nbformat.reads(one(files, f"{slug}-clean.ipynb"), 4)
    nbformat.validate(made)
    blocks = {block.name: block for block in found(build, slug).blocks}
    whole = nbformat.reads(one(files, f"{slug}.ipynb"), 4)
    assert [cell.id for cell in made.cells if cell.id in blocks] == [cell.id for cell in whole.cells if cell.id in blocks]
    empty = 0
    for cell in made.cells:
        assert not cell.get("outputs")
        if cell.cell_type == "code" and redo.TURN in cell.source:
            empty += 1
            ast.parse(re.sub(r"\A%%.*", "", cell.source))
        elif cell.id in blocks:
            assert within(blocks[cell.id], cell.source, build)
        if cell.id in blocks and blocks[cell.id].options.test:
            assert cell.source == blocks[cell.id].source.rstrip()
    assert empty >= 3
    assert not any("<summary>Solution" in cell.source for cell in made.cells)
    assert any("<summary>" in cell.source for cell in made.cells)


@pytest.mark.parametrize("slug", sections())
def test_the_python_file_holds_every_block(build: Build, files: Mapping[str, bytes], slug: str) -> None:
    text = one(files, f"{slug}.py")
    tree = ast.parse(text)
    assert not script.MAGIC.findall(re.sub(r"^#.*", "", text, flags=re.MULTILINE))
    assert text.startswith("# %% [markdown]\n# # ")
    code = {ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    at = 0
    for block in found(build, slug).blocks:
        if not block.solution and block.kind == "python" and block.executed:
            first = ast.parse(block.source).body[0]
            assert ast.dump(first) in code, block.name
            at += 1
    assert at > 5


def test_two_builds_give_the_same_bytes(files: Mapping[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book.read(ROOT / "mkdocs.yml")
    monkeypatch.setattr(type(book.cache), "get", lambda *_: None)
    again = downloads.files(Build(book), "https://example.org/book/")
    assert again == dict(files)


def test_all_notebooks_are_one_zip(files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(BytesIO(files["notebooks.zip"])) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert {"notebooks/LICENSE", "notebooks/LICENSE-text", "notebooks/README.txt"} < set(names)
        assert sum(name.endswith(".ipynb") for name in names) == 2 * len(sections())
        assert archive.read("notebooks/preliminaries/data-manipulation.ipynb").decode() == one(files, "data-manipulation.ipynb")


def test_without_an_address_references_are_words(build: Build, files: Mapping[str, bytes]) -> None:
    text = one(downloads.files(build, ""), "linear-regression-scratch.ipynb")
    assert "(Section 2.5)" in text
    assert "](../" not in text
    assert "[Section 2.5](https://example.org/book/preliminaries/automatic-differentiation/)" in one(files, "linear-regression-scratch.ipynb")


# Running them


@pytest.fixture
def world(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the book's environment without its way of drawing."""
    import runpy

    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "matplotlibrc").write_text("svg.hashsalt: book\n")
    for name, value in runpy.run_path(str(ROOT / "book_src" / "_runtime.py"))["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MPLBACKEND")
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "home" / "matplotlibrc"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    empty = tmp_path / "empty"
    empty.mkdir()
    return empty


def executed(text: str, folder: Path, allow_errors: bool = False) -> Any:
    from nbclient import NotebookClient

    made = nbformat.reads(text, 4)
    made.cells.insert(2, nbformat.v4.new_code_cell(RASTER))
    return NotebookClient(made, timeout=600, allow_errors=allow_errors, resources={"metadata": {"path": str(folder)}}).execute()


@pytest.mark.parametrize("slug", heavy())
def test_a_notebook_gives_what_is_recorded(build: Build, files: Mapping[str, bytes], world: Path, slug: str) -> None:
    section = runnable(build, slug)
    record = build.shown(section.file)[0]
    assert record
    made = executed(one(files, f"{slug}.ipynb"), world)
    differences = list(compare.differences(section, recorded(section, record), tuple(shown(section, made, record))))
    assert not differences, "\n".join(f"{d.cell}: {d.text}" for d in differences)


@pytest.mark.parametrize("slug", [pytest.param(slug, marks=pytest.mark.slow) for slug in sections()])
def test_a_python_file_runs(build: Build, files: Mapping[str, bytes], world: Path, monkeypatch: pytest.MonkeyPatch, slug: str) -> None:
    runnable(build, slug)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    (world / "section.py").write_text(one(files, f"{slug}.py"))
    done = subprocess.run([sys.executable, "section.py"], cwd=world, env=os.environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def test_the_checks_of_a_clean_notebook_fail_until_it_is_filled_in(build: Build, files: Mapping[str, bytes], world: Path) -> None:
    blocks = {block.name: block for block in found(build, "linear-regression-scratch").blocks}
    made = executed(one(files, "linear-regression-scratch-clean.ipynb"), world, allow_errors=True)
    checks = [cell for cell in made.cells if cell.id in blocks and blocks[cell.id].options.test]
    assert len(checks) > 3
    for cell in checks:
        assert [output.output_type for output in cell.outputs][-1:] == ["error"], cell.id


def recorded(section: Section, record: Record) -> Record:
    """The record of what stands in cells, reduced to what any notebook can show."""
    cells = [Cell(block.name, plain(record.outputs(block.name))) for block in section.blocks if block.executed and not block.solution]
    return replace(record, cells=tuple(cells))


def shown(section: Section, made: Any, record: Record) -> Iterator[Cell]:
    """What an executed notebook shows, as a record would have it."""
    blocks = {block.name: block for block in section.blocks}
    for cell in made.cells:
        if cell.cell_type == "code" and cell.id in blocks and blocks[cell.id].kind == "python":
            yield Cell(cell.id, plain(tuple(map(output_of, cell.outputs))))
        elif cell.cell_type == "code" and cell.id in blocks:  # what commands print comes as one text, what writes a file says so
            text = "".join(output.text for output in record.outputs(cell.id))
            assert blocks[cell.id].kind == "file" or compare.texts_alike(text, "".join(o.text for o in cell.outputs if o.output_type == "stream"))
            yield Cell(cell.id, plain(record.outputs(cell.id)))


def output_of(output: Any) -> Output:
    if output.output_type == "stream":
        return Output(output.name, capture.terminal(output.text))
    if output.output_type == "error":
        return Output("error", f"{output.ename}: {output.evalue}", name=output.ename)
    figure = "image/svg+xml" in output.data and output.data.get("text/plain", "").startswith("<Figure")
    kind = "figure" if figure else "result" if output.output_type == "execute_result" else "display"
    raster = output.metadata.get("image/svg+xml", {}).get("raster", "")
    return replace(capture.bundle(kind, output.data), raster=b64decode(raster))


def plain(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    """Outputs without what is another one in every notebook: where a stream is cut, the place of an error, when a figure was drawn."""
    made: list[Output] = []
    for output in outputs:
        if output.kind == "error":
            said = output.text[output.text.rindex(f"{output.name}: ") :]
            output = replace(output, text="\n".join(line.rstrip() for line in said.rstrip().split("\n")))
        if output.mime == "image/svg+xml":
            output = replace(output, content=METADATA.sub("", output.content.decode()).encode().strip())
        if made and made[-1].kind == output.kind in ("stdout", "stderr"):
            made[-1] = replace(made[-1], text=made[-1].text + output.text)
        else:
            made.append(output)
    return tuple(made)
