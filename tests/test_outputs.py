"""Blocks show what Jupyter shows, and their pages show all of it.

Every section of the tiny book is run twice: by the machine, and as a notebook in a real kernel. What both give must be
the same but for a few differences that are meant; each has its own line here.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from copies import TINY, Tiny, copy
from nbclient import NotebookClient

from hooks import job, pixels
from hooks.book import Book
from hooks.marks import Block
from hooks.pool import Pool
from hooks.records import Cell
from hooks.section import Section

SECTIONS = ("measuring-rain", "a-mornings-work", "the-moon-and-the-rain")
RICH = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/latex")
BEGIN = """
import importlib.util, warnings
_spec = importlib.util.spec_from_file_location("_runtime", {path!r})
_runtime = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_runtime)
_runtime.warm(None)
_runtime.seed()
"""


@pytest.fixture(scope="module")
def machine() -> dict[str, dict[str, Cell]]:
    """What the machine gives: section -> block -> what it showed."""
    book = Book.read(TINY / "mkdocs.yml")
    given = {}
    with Pool(book, 2) as pool:
        for result in pool.run([job.job(read) for read in book.sections.values()]):
            assert result.failures == []
            given[Path(result.file).stem] = {cell.name: cell for cell in result.cells}
    return given


def section(slug: str) -> Section:
    return Book.read(TINY / "mkdocs.yml").sections[f"book/water/{slug}.md"]


def blocks(read: Section) -> list[Block]:
    """The blocks of the main flow."""
    return [block for block in read.blocks if block.executed and not block.solution]


def notebook(read: Section, folder: Path) -> dict[str, list[nbformat.NotebookNode]]:
    """The section's blocks as a notebook in a fresh kernel: block -> what it showed."""
    new: Any = nbformat.v4
    cells = [new.new_code_cell(BEGIN.format(path=str(TINY / "book/_runtime.py")))]
    for block in blocks(read):
        tags = {"tags": ["raises-exception"]} if block.options.raises else {}
        cells.append(new.new_code_cell(block.source, metadata=tags))
    pages = new.new_notebook(cells=cells)
    names: dict[str, object] = {}
    exec((TINY / "book/_runtime.py").read_text(), names)
    wanted = names["environment"]
    assert isinstance(wanted, dict)
    # Figures reach a notebook through its own backend.
    inline = {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONPATH": str(TINY),
        "IPYTHONDIR": str(folder),
    }
    client = NotebookClient(pages, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    client.execute(env={**inherited, **wanted, **inline})
    return {block.name: list(cell.outputs) for block, cell in zip(blocks(read), cells[1:], strict=True)}


def from_machine(cell: Cell) -> Iterator[tuple[str, ...]]:
    for output in cell.outputs:
        if output.kind in ("stdout", "stderr"):
            yield output.kind, output.text
        elif output.kind == "figure":
            yield ("figure",)
        elif output.kind == "error":
            yield "error", output.name, output.text.splitlines()[-1].removeprefix(f"{output.name}: ")
        else:
            yield output.kind, output.text, output.mime, base64.b64encode(output.content).decode()


def from_kernel(outputs: list[nbformat.NotebookNode]) -> Iterator[tuple[str, ...]]:
    stream, said = "", ""
    for output in [*outputs, None]:
        # A kernel sends a stream in chunks as it likes; those of one stream that follow each other are one text.
        if stream and (output is None or output.get("name") != stream):
            yield stream, terminal(said)
            stream, said = "", ""
        if output is None:
            return
        if output.output_type == "stream":
            stream, said = output.name, said + output.text
        elif output.output_type == "error":
            yield "error", output.ename, output.evalue
        else:
            plain = steady(output.data.get("text/plain", ""))
            if plain.startswith("<Figure size"):
                yield ("figure",)
                continue
            if plain.startswith("<Axes: "):
                continue  # Meant: a page shows the figure alone, not its parts in words.
            mime = next((mime for mime in RICH if mime in output.data), "")
            content = output.data.get(mime, "")
            if mime == "image/png":  # Meant: the same pixels in fewer bytes.
                data = base64.b64encode(pixels.smaller(base64.b64decode(content))).decode()
            else:
                data = base64.b64encode(steady(content).encode()).decode()
            yield ("result" if output.output_type == "execute_result" else "display"), plain, mime, data


def steady(text: str) -> str:
    """Meant: an address in memory says nothing, and would be another one in every run."""
    return re.sub(r"at 0x[0-9a-f]+", "at 0x...", text)


def terminal(text: str) -> str:
    """Meant: a notebook's file keeps what a line said before it was rewound; a page shows what is left of it."""
    return steady("\n".join(line.rpartition("\r")[2] for line in text.split("\n")))


def apart(shown: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(name, "".join(text for kind, text in shown if kind == name)) for name in ("stdout", "stderr")]


@pytest.mark.parametrize("slug", SECTIONS)
def test_a_block_shows_what_a_notebook_shows(slug: str, machine: dict[str, dict[str, Cell]], tmp_path: Path) -> None:
    read = section(slug)
    kernel = notebook(read, tmp_path)
    for block in blocks(read):
        ours, theirs = list(from_machine(machine[slug][block.name])), list(from_kernel(kernel[block.name]))
        if block.options.volatile:
            # Meant: it prints how long something took.
            ours, theirs = [(kind, *()) for kind, *_ in ours], [(kind, *()) for kind, *_ in theirs]
        if "os.write(1" in block.source:
            # Meant: a kernel reads what C code and child processes write when it gets round to it; we keep the order.
            assert ours == [
                (
                    "stdout",
                    "07:20  the postmistress\n07:21  the clerk\n07:22  the printer\n07:23  the postmistress again\n",
                )
            ]
            # It may also begin a new message, and a line, in between.
            ours, theirs = ([("stdout", *sorted(line for _, text in both for line in text.split("\n") if line))] for both in (ours, theirs))
        if {"stdout", "stderr"} <= {kind for kind, *_ in ours}:
            # Meant: a kernel sends what one stream says, then what the other says; we keep the order here, too.
            assert ours == [
                ("stdout", "07:10  door open\n"),
                ("stderr", "07:11  it squeaks\n"),
                ("stdout", "07:12  door closed\n"),
            ]
            ours, theirs = apart(ours), apart(theirs)
        assert ours == theirs, f"{read.file}:{block.line}"


def test_the_sections_show_every_kind_of_output(machine: dict[str, dict[str, Cell]]) -> None:
    """Else the test above would compare less than it says."""
    outputs = [output for cells in machine.values() for cell in cells.values() for output in cell.outputs]
    assert {output.kind for output in outputs} == {"stdout", "stderr", "result", "display", "figure", "error", "value"}
    assert {output.mime for output in outputs} == {"", "text/html", "text/latex", "image/svg+xml", "image/png"}


# The pages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    tiny = copy(tmp_path_factory.mktemp("outputs") / "tinybook")
    done = tiny.run("site")
    assert done.status == 0, done.said
    return tiny


CODE = r'<div class="highlight"><pre>.*?</pre></div>'
STANDS = {
    "stdout": ("a-mornings-work", r'<pre class="output stdout">07:00  the glass holds 7\.5 mm</pre>'),
    "stderr": ("a-mornings-work", r'<pre class="output stderr">07:05  the door is stuck again</pre>'),
    "streams in turn": (
        "a-mornings-work",
        r'open</pre><pre class="output stderr">07:11  it squeaks</pre><pre class="output stdout">07:12  door closed</pre></div>',
    ),
    "child processes": (
        "a-mornings-work",
        r">07:20  the postmistress\n07:21  the clerk\n07:22  the printer\n07:23  the post",
    ),
    "a rewound line": ("a-mornings-work", r'<pre class="output stdout">reading the spring: 100 %</pre>'),
    "result": ("measuring-rain", r'</div><pre class="output text">7\.5</pre></div>'),
    "table": ("measuring-rain", r'<div class="output html"><div>\s*<table class="dataframe">.*?<td>2024-03-01</td>'),
    "svg": (
        "the-moon-and-the-rain",
        r'(<div class="output image"><svg [^>]*>(?:(?!</svg>).)*(full|half|new) moon.*?</svg></div>){3}',
    ),
    "png": (
        "the-moon-and-the-rain",
        r'<div class="output image"><img src="block-4-4\.png" width="64" height="32" alt="[^"]+"',
    ),
    "figure": (
        "the-moon-and-the-rain",
        r'<figure class="figure" id="fig-chance"><svg .*?</svg><figcaption><b>Figure 1\.3\.1\.</b> A thousand shuffled springs, and ours',
    ),
    "two figures": (
        "measuring-rain",
        r'id="fig-months"><svg .*?</svg><figcaption><b>Figure 1\.1\.2\.</b> [^<]*</figcaption></figure><figure class="figure"><svg ',
    ),
    "latex": (
        "the-moon-and-the-rain",
        r'<div class="output math"><span class="formula"><span class="katex-display"><span class="katex"',
    ),
    "error": (
        "measuring-rain",
        r'<pre class="output error">Traceback \(most recent call last\):\n  line 1: Gauge\(area=0\)\n.*?\nValueError: a funnel has an area above zero</pre>',
    ),
    "folded code": (
        "measuring-rain",
        rf'<div class="block" id="block-5"><details class="fold"><summary>Code</summary>{CODE}</details></div>\s*<figure class="figure" id="fig-spring"><svg ',
    ),
    "checked": (
        "measuring-rain",
        rf'<details class="checked" id="block-2"><summary>Checked: 2 claims</summary>{CODE}</details>',
    ),
    "static": (
        "a-mornings-work",
        rf'<div class="block static"[^>]*>{CODE}<p class="why">Not run: The clock is behind a locked door\.</p></div>',
    ),
    "source": (
        "measuring-rain",
        rf'<div class="block source"[^>]*>{CODE}<p class="origin"><a class="api" [^>]*><code>puddle\.Gauge</code></a>, from puddle/gauge\.py</p></div>',
    ),
    "value": ("measuring-rain", r'So it is <span class="computed">7\.5</span> mm, as'),
    "value in a solution": (
        "measuring-rain",
        r'<summary>Solution 1</summary>\s*<p>She writes <span class="computed">4\.8</span>\.</p>',
    ),
    "value in a summary": ("a-mornings-work", r'<p>By <span class="computed">5</span> percent'),
    "value that is not ASCII": ("a-mornings-work", r'<span class="computed">☔ tomorrow, ☀ on Sunday – naïveté</span>'),
    "reference": ("measuring-rain", r'as <a class="ref" href="#eq-depth">Equation 1\.1\.1</a> says'),
    "reference to another page": (
        "the-moon-and-the-rain",
        r'when <a class="ref" href="\.\./measuring-rain/#tbl-days">Table 1\.1\.1</a> has',
    ),
    "reference in a caption": (
        "the-moon-and-the-rain",
        r'<figcaption>.*?href="\.\./measuring-rain/#sec-depth".*?</figcaption>',
    ),
    "planned reference": ("measuring-rain", r'a matter for <span class="planned" title="planned">Snow</span>\.'),
    "citation": (
        "the-moon-and-the-rain",
        r'days \(<a class="cite" href="#ref-meeus1998">Meeus, 1998</a>, chapter 49\)\.',
    ),
    "list of references": (
        "the-moon-and-the-rain",
        r'<section class="references">.*?<li id="ref-bradley1962">Bradley, .*?<li id="ref-meeus1998">Meeus, Jean .*?</ul></section>',
    ),
    "equation number": (
        "measuring-rain",
        r'<div class="equation" id="eq-depth" role="group" aria-label="Equation 1\.1\.1"><span class="formula"><span class="katex-display">.*?<span class="number">\(1\.1\.1\)</span></div>',
    ),
    "formula": ("measuring-rain", r'funnel of area <span class="math"><span class="katex">'),
    "table caption": (
        "measuring-rain",
        r'<div class="table" id="tbl-days"><table><caption><b>Table 1\.1\.1\.</b> Days of the spring .*?</caption>\s*<thead>',
    ),
    "title number": ("measuring-rain", r'<h1 id="sec-measuring-rain"><span class="number">1\.1</span> Measuring rain<'),
    "costs": (
        "a-mornings-work",
        r'<p class="cost">.*?min to read</span>.*?needs <a class="ref" href="\.\./measuring-rain/">Measuring rain</a>',
    ),
    "provenance": (
        "measuring-rain",
        r'<p class="provenance">Executed on \d{4}-\d\d-\d\d, Linux x86-64, Python [^<]*pandas',
    ),
}


def article(site: Tiny, slug: str) -> str:
    return site.page(f"water/{slug}/").partition("<article")[2].partition("</article>")[0]


@pytest.mark.parametrize("kind", STANDS)
def test_it_stands_on_its_page(site: Tiny, kind: str) -> None:
    slug, markup = STANDS[kind]
    assert re.search(markup, article(site, slug), re.DOTALL)


def test_every_block_and_every_value_stands_on_its_page_in_order(site: Tiny) -> None:
    for slug in SECTIONS:
        read, page = section(slug), article(site, slug)
        hidden = {block.name for block in read.blocks if block.options.hide and block.options.label}
        wanted = [block.name for block in read.blocks if block.name not in hidden]
        assert re.findall(r'<(?:div|details) class="(?:block|checked)[^"]*" id="([^"]+)"', page) == wanted
        assert page.count('<span class="computed">') == sum(not isinstance(cell, Block) for cell in read.cells)


def test_hidden_code_is_on_no_page(site: Tiny) -> None:
    page = article(site, "the-moon-and-the-rain")
    assert "axvline" in section("the-moon-and-the-rain").text
    assert "axvline" not in re.sub(r"<script.*?</script>|<[^>]+>", "", page, flags=re.DOTALL)  # what is copied with later blocks waits in a script


def test_quiet_blocks_show_nothing(site: Tiny) -> None:
    page = article(site, "a-mornings-work")
    assert re.search(
        rf'<div class="block" id="block-6">{CODE}</div>\s*<div class="block" id="block-7">', page, re.DOTALL
    )


def test_pages_that_are_as_they_should_be_have_no_notices(site: Tiny) -> None:
    for slug in SECTIONS:
        page = article(site, slug)
        assert 'class="notice' not in page
        assert "missing" not in page
        assert not re.search("[\ue000-\ue00f]|\\{python\\}|\\{#", page)


def test_pictures_that_are_files_lie_beside_their_pages(site: Tiny) -> None:
    for slug in SECTIONS:
        names = re.findall(r'<img src="([^"]+)"', article(site, slug))
        assert all((site.root / "site/water" / slug / name).read_bytes() for name in names)
        recorded = json.loads((site.root / f"book/_records/water/{slug}.json").read_bytes())
        raster = [item for cell in recorded["cells"] for item in cell["outputs"] if item.get("mime") == "image/png"]
        assert len(raster) == len(names)
