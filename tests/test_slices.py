"""The slices of the books: recorded for every section, and each runs in a Python that knows nothing."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from copies import ROOT, TINY, Tiny, copy

from hooks import compare, records, runnable, verdicts
from hooks.book import Book
from hooks.clipboard import Clipboard
from hooks.records import Output

BOOKS = [Book.read(ROOT / "mkdocs.yml"), Book.read(TINY / "mkdocs.yml")]
SECTIONS = {section.slug: (book, file) for book in BOOKS for file, section in book.sections.items() if section.cells}
RUN = """
import ast, asyncio, inspect, sys
text = open(sys.argv[1], encoding="utf-8").read()
code = compile(text, sys.argv[1], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
names = {"__name__": "__main__"}
if code.co_flags & inspect.CO_COROUTINE:
    asyncio.run(eval(code, names))
else:
    exec(code, names)
"""


def texts(slug: str) -> Clipboard:
    book, file = SECTIONS[slug]
    section = book.sections[file]
    made = verdicts.read(book, section)
    assert made, f"{file} has no slices: run `python -m hooks update {slug}`"
    return Clipboard(section, made, runnable.terms(book))


def agrees(slug: str, name: str, folder: Path) -> None:
    """One text, pasted into a file far from the book, ends by printing what the record says."""
    found = texts(slug)
    book, _ = SECTIONS[slug]
    path = folder / f"{name}.py"
    path.write_text(found.text(name), encoding="utf-8")
    place = folder / f"{slug}-{name}"
    place.mkdir()
    (place / "run.py").write_text(RUN)
    # The library as `pip install .` would have it; one thread, as the book's own runs.
    environment = {"PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"], "PYTHONPATH": str(book.root), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "HOME": str(folder)}
    environment |= {key: value for key, value in os.environ.items() if key == "DLKIT_MIRROR" or key.startswith(("DLKIT_DATA", "XDG_"))}
    runtime = ast.parse((book.source / "_runtime.py").read_bytes())
    pinned = next(ast.literal_eval(node.value) for node in runtime.body if isinstance(node, (ast.Assign, ast.AnnAssign)) and "environment" in ast.unparse(node).partition("=")[0] and node.value)
    done = subprocess.run([sys.executable, "-u", "run.py", str(path)], cwd=place, env=environment | pinned, capture_output=True, text=True, timeout=600)
    block = next(block for block in found.section.blocks if block.name == name)
    if block.options.raises:
        assert block.options.raises in done.stderr.splitlines()[-1] or done.returncode
        return
    assert done.returncode == 0, f"{path}\n{done.stderr}"
    if block.options.volatile or found.made.verdicts[name].kind != "same":
        return
    record, _, _ = records.read(book.record_file(found.section))
    assert record
    wanted = "".join(output.text for output in record.outputs(name) if output.kind == "stdout")
    said = "".join(line.rpartition("\r")[2] for line in done.stdout.splitlines(keepends=True))  # rewound lines show their end
    lines = said.splitlines(keepends=True)[-len(wanted.splitlines()) :] if wanted else []
    tolerance = block.options.tolerance or compare.TOLERANCE
    assert compare.same((Output("stdout", wanted),), (Output("stdout", "".join(lines)),), tolerance), path


def longest(slug: str) -> str:
    """The verified block of a section that has most before it, prints, and is no heavy one: what it does took less than a second."""
    found = texts(slug)
    book, _ = SECTIONS[slug]
    record, _, _ = records.read(book.record_file(found.section))
    assert record
    seconds = {cell.name: cell.seconds for cell in record.cells}
    printing = {cell.name for cell in record.cells if any(output.kind == "stdout" for output in cell.outputs)}
    fit = [(len(v.kept), name) for name, v in found.blocks().items() if v.kind == "same" and name in printing and seconds[name] + sum(seconds[n] for n, _ in v.kept) < 2]
    return max(fit)[1] if fit else next(iter(found.blocks()))


@pytest.mark.parametrize("slug", SECTIONS)
def test_one_of_each_section_runs_in_a_fresh_python(slug: str, tmp_path: Path) -> None:
    agrees(slug, longest(slug), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("slug", "name"), [(slug, name) for slug in SECTIONS if (made := verdicts.read(SECTIONS[slug][0], SECTIONS[slug][0].sections[SECTIONS[slug][1]])) for name, v in made.verdicts.items() if v.kind != "none"])
def test_all_run_in_a_fresh_python(slug: str, name: str, tmp_path: Path) -> None:
    agrees(slug, name, tmp_path)


@pytest.mark.parametrize("slug", SECTIONS)
def test_no_section_of_the_books_had_to_give_up(slug: str) -> None:
    kinds = [verdict.kind for verdict in texts(slug).made.verdicts.values()]
    assert "none" not in kinds


def test_nobody_is_sent_to_the_index_for_the_library() -> None:
    """Its name belongs to another project there: pages, documentation and what is copied name the repository."""
    wrong = re.compile(r"pip3?\s+install\s+(?:-\S+\s+)*[\"']?dlkit\b")
    files = [path for name in ("docs", "book_src", "dlkit", "hooks") for path in (ROOT / name).rglob("*") if path.suffix in (".md", ".py", ".js", ".html", ".ipynb", ".json", ".yml")]
    files += [*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    assert len(files) > 100
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not [m for m in wrong.finditer(text) if "never" not in text[max(0, m.start() - 40) : m.start()].lower()], path
    for slug in SECTIONS:
        for name in texts(slug).blocks():
            assert not wrong.search(texts(slug).comment(name)), (slug, name)
    assert wrong.search("pip install dlkit")


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return copy(tmp_path / "book")


PAGE = """---
stars: 1
needs: []
able: [draw]
---

# Dew {{#sec-dew}}

{blocks}
"""


def made(tiny: Tiny, *blocks: str) -> tuple[Clipboard, str]:
    """The slices of a new section; a block begins with its options."""
    fenced = "\n\n".join(block if block.startswith("```") else f"```python\n{block}\n```" for block in blocks)
    (tiny.root / "book/water/dew.md").write_text(PAGE.format(blocks=fenced), encoding="utf-8")
    done = tiny.run("update", "dew")
    assert done.status == 0, done.said
    book = Book.read(tiny.root / "mkdocs.yml")
    section = book.sections["book/water/dew.md"]
    found = verdicts.read(book, section)
    assert found, done.said
    return Clipboard(section, found, runnable.terms(book)), done.said


def told(found: Clipboard) -> dict[str, str]:
    return {name.removeprefix("block-"): verdicts.said(verdict) for name, verdict in found.made.verdicts.items()}


def test_what_was_noted_is_kept(tiny: Tiny) -> None:
    found, _ = made(
        tiny,
        "import random",
        "x = random.random()",
        "y = 3",
        "print(random.random())",
        '```python {file="rain.py"}\nmm = 7\n```',
        "from rain import mm\nprint(mm)",
        "print(y)",
        '```python {raises=ValueError}\nz = 4\nint("no")\nz = 5\n```',
        "print(z)",
    )
    assert told(found) == {
        "1": "ran",
        "2": "ran +random 1",
        "3": "ran",
        "4": "same +random 1 2",
        "6": "same 5",
        "7": "same 3",
        "8": "same",
        "9": "same 8:0",
    }
    text = found.text("block-4")
    assert text == "# needs nothing but Python\nimport random\n\nrandom.seed(0)\n\nimport random\n\nx = random.random()\n\nprint(random.random())\n"
    assert "Path(\"rain.py\").write_text('''\\\nmm = 7\n''')" in found.text("block-6")


def test_a_guess_that_was_wrong_gives_way_to_more(tiny: Tiny) -> None:
    """`y = take(x)` changes `x`, which only the highest level of care fears; a state that no text shows takes all."""
    found, said = made(
        tiny,
        "def take(x):\n    return x.pop()\nx = [1, 2, 3]",
        "y = x.__delitem__(0) or 5",
        "print(x)",
        "import decimal\nb = decimal.getcontext()",
        "c = b.__setattr__('prec', 3) or 1",
        "print(len(str(decimal.Decimal(1) / 3)))",
    )
    assert told(found)["3"] == "same 1:1 2"
    assert told(found)["6"] == "all 1 2 3 4 5"
    assert "offers no" not in said


def test_nothing_is_offered_where_nothing_repeats(tiny: Tiny) -> None:
    found, said = made(tiny, "import sys\nprint('before' in sys.modules)", "import __main__\nprint(len([n for n in vars(__main__) if n == 'In']), sys.argv[0][:0])", "print(globals().get('_i2', '')[:6])")
    assert told(found)["3"] == "none"
    assert "dew.md" in said
    assert "offers no runnable copy" in said
    assert "block-3" not in found.html()


def test_slices_follow_the_code_not_its_layout(tiny: Tiny) -> None:
    before, _ = made(tiny, "a = 1\nb = 2", "print(b)")
    tiny.edit("book/water/dew.md", "a = 1\n", "# a comment\n\na = 1\n")
    book = Book.read(tiny.root / "mkdocs.yml")
    section = book.sections["book/water/dew.md"]
    found = verdicts.read(book, section)
    assert found == before.made
    assert "b = 2\n\nprint(b)" in Clipboard(section, found, before.said).text("block-2")
    tiny.edit("book/water/dew.md", "a = 1\n", "a = 7\n")
    book = Book.read(tiny.root / "mkdocs.yml")
    assert verdicts.read(book, book.sections["book/water/dew.md"]) is None


def test_a_build_records_them_too_and_a_second_update_changes_nothing(tiny: Tiny) -> None:
    tiny.edit("book/water/measuring-rain.md", "gauge.pour(150)\n", "gauge.pour(150.0)\n")
    old = tiny.records()
    assert tiny.run("site").status == 0
    first = tiny.records()
    assert first != old
    assert 'id="runnable"' in tiny.page("water/measuring-rain")
    again = tiny.run("update", "measuring-rain")
    assert again.status == 0
    name = "water/measuring-rain.slices.json"
    assert tiny.records()[name] == first[name]


def test_a_build_makes_those_that_an_earlier_one_had_no_time_for(tiny: Tiny) -> None:
    """It was ended between the record and its slices: a record without them is not whole."""
    assert tiny.run("site").status == 0
    records, site = tiny.records(), tiny.site()
    (tiny.root / "book/_records/water/measuring-rain.slices.json").unlink()
    strict = tiny.run("site", "--strict")
    assert strict.status != 0
    assert "the record is stale: what its copy buttons give was not made" in strict.said
    done = tiny.run("site")
    assert "measuring-rain.md: executed, equal" in done.said
    assert tiny.records() == records
    assert tiny.site() == site


def test_what_is_installed_comes_from_the_repository(tiny: Tiny) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tiny.root, check=True)
    book = Book.read(tiny.root / "mkdocs.yml")
    assert runnable.terms(book).install == "in a clone of the book's repository"
    (tiny.root / "pyproject.toml").write_text('[project]\nname = "rain-that-falls"\n')
    assert runnable.terms(book).install == "from a clone of the book's repository: pip install ."
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:rain/book.git"], cwd=tiny.root, check=True)
    assert runnable.terms(book).install == 'pip install "rain-that-falls @ git+https://github.com/rain/book"'


def test_the_runner_of_these_tests_awaits() -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = compile("import asyncio\nawait asyncio.sleep(0)\nprint(1)", "<x>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert code.co_flags & inspect.CO_COROUTINE
        asyncio.run(eval(code, {}))
    assert out.getvalue() == "1\n"
