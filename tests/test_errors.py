"""Every way in which a book can be wrong: the build names file, line and mend, shows it on the page, keeps the rest.

One copy of the tiny book gets a chapter full of faulty sections and is built once. Faults that concern the book as a
whole are planted one by one.
"""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from copies import Done, Tiny, copy

CHAPTER = "book/trouble"
DEPTH = "book/water/measuring-rain.md:17"  # where `eq-depth` stands
NO_START = "the process that runs the blocks does not start"
SPELLING = "Write ```` ```python ```` or ```` ```python {...} ```` on a line of its own."


def block(code: str, options: str = "", indent: str = "") -> str:
    """A block of Python, its opening line first."""
    opening = f"```python {{{options}}}" if options else "```python"
    return "\n".join(indent + line if line else "" for line in [opening, *code.split("\n"), "```"])


# A section's name -> its text, and what the build says of it: line and words. Behind a title and a blank line, the
# text begins on line 3.
FAULTS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    # What the parser sees
    "an-option": (block("1", ".tset"), [(3, "unknown option `.tset`. Did you mean `.test`?")]),
    "a-label-twice": (
        "$$ a $$ {#eq-a}\n\n$$ b $$ {#eq-a}",
        [(5, "the label `eq-a` stands twice. It is on line 3 already.")],
    ),
    "a-spelling": (
        block("1").replace("python", "py"),
        [(3, f"```` ```py ```` is not how a block is opened. {SPELLING}")],
    ),
    "an-open-fence": ("```python\n1", [(3, "the fence is not closed. Close it with ```` ``` ````.")]),
    "a-syntax-error": (
        "Text.\n\n" + block("a = 1\nb = = 2"),
        [(7, "the block is not Python: invalid syntax. Mend it.\n    b = = 2")],
    ),
    "a-magic": (
        block("%matplotlib inline"),
        [(4, "`%matplotlib inline` is a command of Jupyter, not Python. Write it in Python.")],
    ),
    "a-static-block": (block("1", ".static"), [(3, 'a block that is not run must say why. Add `why="..."`.')]),
    "commands": (
        "```console {.run}\nls\n$ cd rain\n```\n\n" + block("a = 1\nb = = 2", 'file="a.py"') + "\n\n" + block("1", 'file="/a.py"'),
        [
            (4, "the line is no command. Write `$ command`; what it shows is recorded, and not written by hand."),
            (5, "`cd rain` changes nothing for the next command. Each command has a shell of its own, "),
            (10, "the block is not Python: invalid syntax. Mend it.\n    b = = 2"),
            (13, '`file="/a.py"` names no file that a block may write. A path inside the scratch folder'),
        ],
    ),
    "bad-yaml": ("---\nstars: [1\n---\n# T\n", [(3, "the front matter cannot be read: ")]),
    "bad-fields": (
        "---\nstar: 1\nneeds: measuring-rain\nstars: 4\ngpus: 1\n---\n# T\n",
        [
            (2, "unknown field `star` in the front matter. The fields are `stars`, `needs`, `able`, `redirect_from`, `gpus`, `long`, `smoke`, `alone`."),
            (3, "`needs` is not a list of texts. Write `needs: [one, another]`."),
            (4, "`stars: 4` is not 1, 2 or 3. 1: school calculus; 2: needs Part I; 3: a proof or a weekend."),
            (5, "`gpus` goes with `smoke`. Say what makes it short: `smoke: {steps: 2}`; `smoke: {}` if nothing must."),
        ],
    ),
    "smoke-of-nothing": (
        "---\nlong: true\nsmoke: {steps: 2}\n---\n# T\n\n" + block("def train():\n    steps = 100"),
        [(3, "`smoke` names `steps`, which no block assigns. Write `steps = ...` at the top level of a block, or take it out.")],
    ),
    "smoke-that-is-computed": (
        "---\nlong: true\nsmoke: {steps: 2}\n---\n# T\n\n" + block("steps = 10 * 10"),
        [(3, "`smoke` names `steps`, which is not assigned a literal on line 8. Write a number, a text or a list: `steps = 100`.")],
    ),
    "smoke-assigned-twice": (
        "---\nlong: true\nsmoke: {steps: 2}\n---\n# T\n\n" + block("steps = 10") + "\n\n" + block("1\nfor steps in range(3): pass"),
        [(3, "`smoke` names `steps`, which is assigned again on line 13. Give that another name.")],
    ),
    "commands-without-run": (
        "```console {timeout=9}\n$ ls\n```",
        [(3, "only a console block that runs takes options. Write ```` ```console {.run} ````, or ")],
    ),
    # What only the whole book can tell
    "a-label-of-another": (
        "$$ a $$ {#eq-depth}",
        [(3, f"the label `eq-depth` stands in {DEPTH} already. Name one of them otherwise.")],
    ),
    "a-reference": ("See @eq-deph.", [(3, "nothing has the label `eq-deph`. Did you mean `@eq-depth`, ")]),
    "a-citation": (
        "So it is [@meeus1999].",
        [(3, "the bibliography has no entry `meeus1999`. Did you mean `@meeus1998`?")],
    ),
    "a-need": (
        "---\nneeds: [mesuring-rain]\n---\n# T\n",
        [(2, "`needs` names `mesuring-rain`, which the outline does not list. Did you mean `measuring-rain`?")],
    ),
    "a-source": (
        '```python {source="puddle.Gage"}\n```',
        [(3, "the library has no `puddle.Gage`. Mend the name.")],
    ),
    "a-formula": ("Text.\n\n$$\na +\n\\frac{1}\n$$", [(7, "the formula cannot be set: ")]),
    "a-link": (
        "Read [this](../water/mesuring-rain.md).",
        [
            (
                3,
                "the link `../water/mesuring-rain.md` leads to no page of the book. Mend the path; it is relative to this file.",
            )
        ],
    ),
    "much-at-once": (
        "\n\n".join(
            [block("1", ".tset"), "See @fig-nothing.", "[@nobody]", "$\\frac{1}$", block("x ="), "```{.python}\n```"]
        ),
        [
            (3, "unknown option `.tset`."),
            (7, "nothing has the label `fig-nothing`."),
            (9, "the bibliography has no entry `nobody`."),
            (11, "the formula cannot be set: "),
            (14, "the block is not Python: invalid syntax."),
            (17, "```` ```{.python} ```` is not how a block is opened."),
        ],
    ),
    # What running tells
    "an-exception": (
        block("def pour(glass):\n    return glass / 0") + "\n\nNow pour.\n\n" + block("print('pouring')\npour(1)"),
        [
            (
                5,
                "the block raises ZeroDivisionError: division by zero. If it is meant to, add `raises=ZeroDivisionError`.\n"
                "    Traceback (most recent call last):\n"
                "      line 2: pour(1)\n"
                "      an earlier block, line 2, in pour: return glass / 0\n"
                "    ZeroDivisionError: division by zero\n",
            )
        ],
    ),
    "an-exception-in-the-library": (
        block("from puddle import Gauge\n\nGauge(area=-1)"),
        [
            (
                6,
                "the block raises ValueError: a funnel has an area above zero. If it is meant to, add `raises=ValueError`.",
            )
        ],
    ),
    "a-claim": (
        block("depth = 7\nassert depth == 8", ".test"),
        [(5, "the claim does not hold.\n    Traceback (most recent call last):\n      line 2: assert depth == 8\n")],
    ),
    "a-promise": (
        block("1", "raises=ValueError"),
        [(4, "the block was to raise ValueError, and raised nothing. Take the option out, or mend the block.")],
    ),
    "another-promise": (
        block("{}['a']", "raises=ValueError"),
        [(4, "the block raises KeyError: 'a'. It was to raise ValueError: mend it, or write `raises=KeyError`.")],
    ),
    "a-value": (
        "It is `{python} 1 / 0` mm.",
        [(3, "`1 / 0` raises ZeroDivisionError: division by zero. Mend the expression.")],
    ),
    "a-value-by-chance": (
        block("import random") + "\n\nIt is `{python} random.random()` mm.",
        [(7, "the value `random.random()` draws random numbers. Draw them in a block.")],
    ),
    "an-endless-loop": (
        block("def wait():\n    while True: pass\n\n\n\nwait()", "timeout=1"),
        [
            (5, "the block is still running after 1 s. Make it faster, or raise `timeout=`.\n"),
            (0, f'{CHAPTER}/an-endless-loop.md", line 9 in <module>'),
        ],
    ),
    "a-command": (
        "```console {.run}\n$ echo rain\n$ echo wet; exit 3\n$ echo never\n```",
        [(5, "the command `echo wet; exit 3` ended with exit status 3. If it is meant to, write `command || true`.\n    wet\n")],
    ),
    "a-command-that-is-not-there": (
        "```console {.run}\n$ rainfall --now\n```",
        [(4, "the command `rainfall --now` was not found, or one that it runs. Mend its name, or install what has it.")],
    ),
    "a-command-without-end": (
        "```console {.run timeout=1}\n$ sleep 100\n```",
        [(4, "the command `sleep 100` is still running, 1 s after its block began. Make it faster, or raise `timeout=`.")],
    ),
    "a-program": (
        block("depth = 7\n\ndepth / 0", 'file="pour.py"') + "\n\n```console {.run}\n$ python pour.py\n```",
        [(10, "the command `python pour.py` ended with exit status 1. "), (0, "ZeroDivisionError: division by zero")],
    ),
    "an-end": (
        block("import os\n\nos._exit(3)"),
        [(4, "the block's process ended with exit status 3. A block must not end its process.")],
    ),
    "a-crash": (
        block("import ctypes\n\nctypes.string_at(0)"),
        [(6, "the block's process died of SIGSEGV. A block must not end its process.\n")],
    ),
    "a-flood": (
        block("print('rain' * 50_000)"),
        [(4, "an output of this block has 200 kB; 150 kB are allowed. Show less, or draw it smaller.")],
    ),
    "an-exit": (
        block("import sys\n\nsys.exit(2)"),
        [(6, "the block raises SystemExit: 2. If it is meant to, add `raises=SystemExit`.")],
    ),
    "a-figure-that-is-none": (
        block("1", '#fig-none caption="Nothing."'),
        [(3, "`fig-none` is a figure's label, and this block draws none. Draw one, or take the label out.")],
    ),
    "solutions": (
        block("depth = 7\nprint('the main text stands')")
        + '\n\n??? solution "1"\n\n'
        + block("depth / 0", indent="    ")
        + '\n\n??? solution "2"\n\n    It is `{python} depth` mm.\n\n??? solution "3"\n\n'
        + block("assert depth == 8", ".test", "    "),
        [(11, "the block raises ZeroDivisionError: division by zero."), (21, "the claim does not hold.")],
    ),
    "a-solution-that-ends": (
        block("depth = 7")
        + '\n\n??? solution "1"\n\n'
        + block("import os\n\nos._exit(4)", indent="    ")
        + '\n\n??? solution "2"\n\n'
        + block("depth / 0", indent="    "),
        [
            (10, "the block's process ended with exit status 4. A block must not end its process."),
            (18, "the block raises ZeroDivisionError: division by zero."),
        ],
    ),
    "a-solution-without-end": (
        block("depth = 7") + '\n\n??? solution "1"\n\n' + block("while True: pass", "timeout=0.5", "    "),
        [(10, "the block is still running after 0.5 s. Make it faster, or raise `timeout=`.")],
    ),
}
# Those whose outputs are not at fault: they are run, and what is wrong is only how they are shown.
RECORDED = {"a-figure-that-is-none"}


@dataclass
class Built:
    tiny: Tiny
    done: Done
    before: dict[str, bytes]  # the records
    clean: str  # the page of a sound section, in a sound book


def text_of(slug: str) -> str:
    body = FAULTS[slug][0]
    return (body if body.startswith("---") else f"# T\n\n{body}") + "\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    tiny = copy(tmp_path_factory.mktemp("errors") / "tinybook")
    sound = tiny.run("site")
    assert sound.status == 0, sound.said
    clean = article(tiny.page("water/measuring-rain/"))
    (tiny.root / "site" / "old.html").write_text("of the site before")
    (tiny.root / CHAPTER).mkdir()
    for slug in FAULTS:
        (tiny.root / CHAPTER / f"{slug}.md").write_text(text_of(slug))
    (tiny.root / CHAPTER / "latin.md").write_bytes("# T\n\nEine Pf\xfctze.\n".encode("latin-1"))
    (tiny.root / CHAPTER / "unlisted.md").write_text("# Unlisted\n")
    names = "".join(f"          - {slug}:\n" for slug in [*FAULTS, "latin", "snow"]).replace("snow:", "snow: Snow")
    tiny.edit(
        "book/outline.yml",
        "appendices:\n",
        f"      - slug: trouble\n        title: Trouble\n        sections:\n{names}appendices:\n",
    )
    with (tiny.root / "book/references.bib").open("a") as file:
        file.write("@book{half, author = {Meeus, Jean}, title = {Half\n")
    with (tiny.root / "docs/index.md").open("a") as file:
        file.write("\nSee @sec-nothing.\n")
    # A section that has a record, and now fails.
    tiny.edit("book/water/a-mornings-work.md", "sheet = []\n", "sheet = [] + 1\n")
    before = tiny.records()
    return Built(tiny, tiny.run("site"), before, clean)


def article(page: str) -> str:
    return page.partition("<article")[2].partition("</article>")[0]


def spoken(page: str) -> str:
    """A page's words as they were before they became HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", article(page)))


@pytest.mark.parametrize("slug", FAULTS)
def test_each_fault_is_named_with_its_place_and_its_mend(built: Built, slug: str) -> None:
    file = f"{CHAPTER}/{slug}.md"
    page = spoken(built.tiny.page(f"trouble/{slug}/"))
    for line, words in FAULTS[slug][1]:
        said = f"{file}:{line}: {words}" if line else words
        assert said in built.done.said, built.done.said
        assert said.strip() in page, page
    counted = [line for line, _ in FAULTS[slug][1] if line]
    assert len(re.findall(rf"{re.escape(file)}:\d+: ", built.done.said)) == len(counted), "nothing else is said of it"


def test_the_build_fails_without_a_traceback_of_its_own(built: Built) -> None:
    assert built.done.status == 1
    assert not re.search(r"^Traceback|hooks/|site-packages", built.done.said, re.MULTILINE), built.done.said
    count = len(set(re.findall(r"^ERROR +-  (\S+:\d+: .*)", built.done.said, re.MULTILINE)))
    assert f"the book has {count} errors, listed above; the other pages are built." in built.done.said


def test_faults_outside_of_sections(built: Built) -> None:
    outline = (built.tiny.root / "book/outline.yml").read_text().splitlines()
    twice = [number for number, line in enumerate(outline, 1) if "- snow:" in line]
    said = [
        f"{CHAPTER}/latin.md:3: the file is not UTF-8. Save it as UTF-8.",
        f"{CHAPTER}/unlisted.md:1: book/outline.yml does not list this file. Add `- unlisted:` to the chapter `trouble`.",
        f"book/outline.yml:{twice[1]}: the section `snow` is listed twice. It is on line {twice[0]} already.",
        "book/references.bib:",
        "docs/index.md:6: nothing has the label `sec-nothing`. Did you mean ",
    ]
    for words in said:
        assert words in built.done.said, built.done.said
    assert "the file is not UTF-8" in built.tiny.text("trouble/latin/")
    assert "docs/index.md:6: nothing has the label" in built.tiny.text("")
    assert "Astronomical Algorithms" in built.tiny.text("water/the-moon-and-the-rain/"), "the sound entries stand"


def test_no_record_is_written_or_changed(built: Built) -> None:
    assert {name for name in built.tiny.records() if name.partition("/")[2].split(".")[0] not in RECORDED} == set(
        built.before
    )
    assert {name: data for name, data in built.tiny.records().items() if name in built.before} == built.before


def test_a_section_with_a_record_that_fails_now_shows_its_error_and_what_it_showed_before(built: Built) -> None:
    said = 'the block raises TypeError: can only concatenate list (not "int") to list. If it is meant to, add `raises=TypeError`.'
    text = (built.tiny.root / "book/water/a-mornings-work.md").read_text()
    line = text[: text.index("sheet = [] + 1")].count("\n") + 1
    assert f"book/water/a-mornings-work.md:{line}: {said}" in built.done.said
    page = built.tiny.page("water/a-mornings-work/")
    assert '<div class="notice error">' in page
    assert said in spoken(page)
    assert '<pre class="output stdout">07:00  the glass holds 7.5 mm</pre>' in page
    assert "reading the spring: 100 %" not in page, "nothing of an earlier run stands behind the error"


def test_the_old_site_is_replaced_and_the_other_pages_are_intact(built: Built) -> None:
    assert not (built.tiny.root / "site/old.html").exists()
    assert article(built.tiny.page("water/measuring-rain/")) == built.clean
    assert (built.tiny.root / "site/pagefind/pagefind.js").exists()
    assert [path.name for path in built.tiny.root.iterdir() if path.name.startswith(".site")] == []


# Faults of the whole book, one by one. The site that was there stays.


@pytest.fixture
def old(tiny: Tiny) -> Tiny:
    """A copy with a site of before, and a section that must run."""
    (tiny.root / "site").mkdir()
    (tiny.root / "site/index.html").write_text("before")
    tiny.edit("book/water/a-mornings-work.md", "sheet = []\n", "sheet = list()\n")
    return tiny


def refused(tiny: Tiny, said: str) -> str:
    """Build; it must fail with these words, without a traceback of the machine, without a trace on disk."""
    before = tiny.records()
    done = tiny.run("site")
    assert done.status == 1, done.said
    assert said in done.said, done.said
    assert not re.search(r"^Traceback|hooks/|site-packages|importlib", done.said, re.MULTILINE), done.said
    assert tiny.records() == before
    assert (tiny.root / "site/index.html").read_text() == "before"
    assert [path.name for path in tiny.root.iterdir() if path.name.startswith(".site")] == []
    return done.said


def test_a_runtime_that_raises(old: Tiny) -> None:
    old.edit("book/_runtime.py", "# Rain needs no network.", "umbrella = 1 / 0")
    line = (old.root / "book/_runtime.py").read_text().split("umbrella")[0].count("\n") + 1
    said = refused(old, f"book/_runtime.py:{line}: {NO_START}: ZeroDivisionError: division by zero. Mend it.")
    assert "umbrella = 1 / 0" in said


def test_a_runtime_that_imports_what_is_not_installed(old: Tiny) -> None:
    old.edit("book/_runtime.py", "import pandas  # noqa: F401", "import umbrella_2  # noqa: F401")
    line = (old.root / "book/_runtime.py").read_text().split("import umbrella_2")[0].count("\n") + 1
    refused(
        old,
        f"book/_runtime.py:{line}: {NO_START}: ModuleNotFoundError: No module named 'umbrella_2'. "
        "Install what the blocks need: `python -m hooks install run`.",
    )


def test_a_runtime_that_imports_the_library(old: Tiny) -> None:
    old.edit("book/_runtime.py", "import pandas  # noqa: F401", "import puddle  # noqa: F401")
    refused(
        old,
        f"book/_runtime.py:1: {NO_START}: it imports puddle, whose changes would not be seen. Leave that to the sections.",
    )


def test_a_runtime_that_is_not_python(old: Tiny) -> None:
    old.edit("book/_runtime.py", "# Rain needs no network.", "umbrella = = 1")
    line = (old.root / "book/_runtime.py").read_text().split("umbrella")[0].count("\n") + 1
    refused(old, f"book/_runtime.py:{line}: the module is not Python: invalid syntax. Mend it.")


def test_a_library_that_is_not_python(old: Tiny) -> None:
    old.edit("puddle/moon.py", "def phase(day: date) -> str:", "def phase(day: date) -> str")
    line = (old.root / "puddle/moon.py").read_text().split("def phase")[0].count("\n") + 1
    refused(old, f"puddle/moon.py:{line}: the module is not Python: expected ':'. Mend it.")


def test_a_configuration_without_a_book(old: Tiny) -> None:
    old.edit("mkdocs.yml", "  book: {source: book, library: puddle}\n", "")
    refused(
        old,
        "mkdocs.yml:1: the file does not say where the book is. Add `extra: {book: {source: book_src, library: name}}`.",
    )


def test_a_configuration_that_names_no_folder(old: Tiny) -> None:
    old.edit("mkdocs.yml", "source: book,", "source: boook,")
    refused(old, "mkdocs.yml:1: `extra.book.source` names `boook`, which is no folder. Mend the name.")


def test_a_configuration_that_is_not_yaml(old: Tiny) -> None:
    old.edit("mkdocs.yml", "docs_dir: docs\n", "docs_dir: docs\nextra: [\n")
    refused(old, "the file is not YAML. Mend it.")


@pytest.mark.parametrize("file", ["mkdocs.yml", "constraints.txt", "docs/index.md", "book/references.bib", "book/outline.yml"])
def test_files_that_are_not_utf8(old: Tiny, file: str) -> None:
    path = old.root / file
    line = path.read_bytes().count(b"\n") + 1
    path.write_bytes(path.read_bytes() + "# Pfütze\n".encode("latin-1"))
    refused(old, f"{file}:{line}: the file is not UTF-8. Save it as UTF-8.")


def test_an_outline_that_is_not_yaml(tiny: Tiny) -> None:
    """Every page is built, so that its author sees it; none has a number."""
    tiny.edit("book/outline.yml", "  - title: Weather", "  - title: [Weather")
    before = tiny.records()
    done = tiny.run("site")
    assert done.status == 1
    assert re.search(r"book/outline\.yml:\d: the outline cannot be read: .*\. Mend the YAML\.", done.said), done.said
    assert not re.search(r"^Traceback|hooks/", done.said, re.MULTILINE), done.said
    assert tiny.records() == before
    assert "7.5" in tiny.text("unlisted/measuring-rain/")


def test_records_that_cannot_be_written(tiny: Tiny) -> None:
    """What a permission would forbid is forbidden to root, too, where a file stands in the folder's place."""
    shutil.rmtree(tiny.root / "book/_records")
    (tiny.root / "book/_records").write_text("")
    done = tiny.run("site")
    assert done.status == 1
    assert not re.search(r"^Traceback|hooks/", done.said, re.MULTILINE), done.said
    assert "the record cannot be written: " in done.said
    assert "7.5" in tiny.text("water/measuring-rain/"), "it was executed, and is shown"
    assert Path(tiny.root / "book/_records").read_text() == ""
