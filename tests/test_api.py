"""The API reference: every public name has its place, and links lead there and back."""

from __future__ import annotations

import html
import importlib
import posixpath
import re
import types
from pathlib import Path

import pytest
from copies import ROOT, Tiny, copy

from hooks import api, api_names, api_pages, api_read, highlight, section
from hooks.api import Api
from hooks.api_surface import Surface
from hooks.book import Book
from hooks.build import Build
from hooks.contents import Entry, Outline
from hooks.library import Library

ID = re.compile(r'\sid="([^"]*)"')
LINK = re.compile(r'<a\b[^<>]*\shref="([^"]*)"')


@pytest.fixture(scope="module")
def puddle() -> Surface:
    return api_read.read(Library(ROOT / "tests/tinybook", "puddle"))


@pytest.fixture(scope="module")
def real() -> Build:
    return Build(Book.read(ROOT / "mkdocs.yml"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The tiny book, built."""
    book = copy(tmp_path_factory.mktemp("api") / "book")
    done = book.python("-m", "mkdocs", "build", "--strict")
    assert done.status == 0, done.said
    return book


def named(text: str, surface: Surface) -> list[tuple[str, str]]:
    """What a section's code names: the words, and what they stand for."""
    read = section.parse(text, "a.md")
    assert not read.problems
    source = {block.name: block.source for block in read.blocks}
    return [(source[m.block][m.start : m.end], m.target) for m in api_names.mentions(read, surface)]


def python(code: str) -> str:
    return f"# Rain\n\n```python\n{code}\n```\n"


# What is public


def public(module: types.ModuleType) -> list[str]:
    return [name for name in getattr(module, "__all__", ()) if not name.startswith("_")]


def test_every_public_name_of_the_library_has_an_entry(real: Build) -> None:
    names = real.api
    ids = {name: set(ID.findall(page.html(real, api.address(name)))) for name in names.modules if (page := api_pages.ModulePage(name))}
    seen = 0
    for name in names.modules:
        module = importlib.import_module(name)
        for attribute in public(module):
            value = getattr(module, attribute)
            target, used = names.surface.resolve(f"{name}.{attribute}")
            assert used == name.count(".") + 2, f"{name}.{attribute}"
            to = names.href(target)
            assert to, f"{name}.{attribute}"
            address, _, anchor = to.partition("#")
            assert isinstance(value, types.ModuleType) or anchor in next(found for known, found in ids.items() if api.address(known) == address)
            seen += 1
    assert seen > 350
    assert {f"{real.book.library.name}.{part}" for part in ("nn", "optim", "data", "functions", "train", "plot", "nn.functional")} <= set(names.modules)


def test_the_order_is_not_that_of_a_folder(real: Build) -> None:
    """Which differs from one machine to the next, and the pages with it."""
    modules = list(real.api.surface.modules)
    assert modules == sorted(modules)


def test_names_that_are_loaded_when_asked_for_are_found(real: Build) -> None:
    library = real.book.library.name
    for name in ("data.mnist", "train.Trainer", "plot.curves", "tensor", "linalg.norm", "subtract", "nn.functional.softmax"):
        assert real.api.lead(f"{library}.{name}"), name
    assert real.api.lead(f"{library}.subtract") == real.api.lead(f"{library}.functions.sub")
    assert not real.api.lead(f"{library}.no_such_thing")


def test_what_a_section_imports_is_public_too(tiny: Tiny) -> None:
    """`puddle.chart` stands in no `__all__`, but a section takes `bars` from it."""
    assert 'id="puddle.chart.bars"' in tiny.page("api/puddle/chart")
    assert not (tiny.root / "site/api/puddle/gauge").exists()


# Names in code


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import puddle\npuddle.total({})", [("puddle", "puddle"), ("puddle.total", "puddle.gauge.total")]),
        ("import puddle.moon as m\nm.age", [("puddle.moon", "puddle.moon"), ("m.age", "puddle.moon.age")]),
        ("from puddle import age as old\nold(1)", [("puddle", "puddle"), ("age", "puddle.moon.age"), ("old", "puddle.moon.age")]),
        ("from puddle.gauge import *\ntotal({})", [("puddle.gauge", "puddle.gauge")]),
        ("from math import pi\nimport numpy as puddle\npuddle.total", []),
    ],
)
def test_imports(code: str, found: list[tuple[str, str]], puddle: Surface) -> None:
    assert named(python(code), puddle) == found


@pytest.mark.parametrize(
    "code",
    [
        "def f(age):\n    return age(1)",
        "def f():\n    print(age)\n    age = 3",
        "[age for age in range(3)]",
        "lambda age: age",
        "age = 3\nage",
        "for age in (1, 2):\n    age",
        "with open('a') as age:\n    age",
        "try:\n    pass\nexcept ValueError as age:\n    age",
        "match 3:\n    case age:\n        age",
        "def age():\n    pass\n\nage()",
        "(age := 3)\nage",
        "del age\nage",
    ],
)
def test_what_has_another_meaning_is_no_link(code: str, puddle: Surface) -> None:
    assert [word for word, _ in named(python("from puddle import age\n" + code), puddle)][2:] == []


def test_a_block_knows_what_earlier_ones_imported_and_a_solution_is_a_fork(puddle: Surface) -> None:
    text = "# Rain\n\n```python\nfrom puddle import age\n```\n\n```python\nage(1)\n```\n\n"
    text += '??? solution "1"\n    ```python\n    age(2)\n    age = 3\n    ```\n\n??? solution "2"\n    ```python\n    age(3)\n    ```\n'
    assert [word for word, _ in named(text, puddle)] == ["puddle", "age", "age", "age", "age"]


def test_methods_are_named_where_their_class_is_certain(puddle: Surface) -> None:
    begin = "from puddle import Gauge\ngauge = Gauge(area=2)\n"
    assert named(python(begin + "gauge.pour(1)\ngauge.depth"), puddle)[3:] == [("pour", "puddle.gauge.Gauge.pour"), ("depth", "puddle.gauge.Gauge.depth")]
    assert named(python(begin + "[gauge.pour(i) for i in (1, 2)]"), puddle)[3:] == [("pour", "puddle.gauge.Gauge.pour")]
    for code in ("if rain:\n    gauge = None\ngauge.depth", "gauge = other\ngauge.depth", "def f():\n    return gauge.depth", "[gauge.depth for gauge in y]"):
        assert named(python(begin + code), puddle)[3:] == [], code
    assert named(python(begin + "for _ in x:\n    gauge.depth\n    gauge = y"), puddle)[3:] == []


def test_places_in_text_that_is_not_ascii(puddle: Surface) -> None:
    assert named(python('import puddle\nprint("März ☔", puddle.age, "é", puddle.total)'), puddle)[1:] == [
        ("puddle.age", "puddle.moon.age"),
        ("puddle.total", "puddle.gauge.total"),
    ]


# Links


def test_links_do_not_change_what_is_copied() -> None:
    code = 'from puddle import age  # "März" & <b>\nx = age(1) if 1 < 2 else "a\\n"\n'
    plain = highlight.python(code)
    made = highlight.linked(plain, [(5, 11, 'href="#a"'), (19, 22, 'href="#b"'), (20, 22, 'href="#never"')])
    assert made.count("<a ") == 2
    assert re.sub(r"</?a\b[^<>]*>", "", made) == plain


def article(page: str) -> str:
    return page.partition("<article")[2].partition("</article>")[0]


def test_every_link_to_and_from_the_reference_leads_somewhere(tiny: Tiny) -> None:
    pages = {address: path.read_text(encoding="utf-8") for path in (tiny.root / "site").rglob("index.html") if (address := path.parent.relative_to(tiny.root / "site").as_posix())}
    count = 0
    for address, page in pages.items():
        for to in map(html.unescape, LINK.findall(article(page))):
            path, _, anchor = to.partition("#")
            there = posixpath.normpath(posixpath.join(address, path))
            if "://" in to or "api" not in (address.partition("/")[0], there.partition("/")[0]):
                continue
            assert there in pages, (address, to)
            assert not anchor or anchor in ID.findall(pages[there]), (address, to)
            count += 1
    assert count > 40


def test_the_first_link_to_a_thing_is_a_stop_of_the_tab_key_and_no_other(tiny: Tiny) -> None:
    page = article(tiny.page("water/the-moon-and-the-rain"))
    age = re.findall(r'<a class="api" href="[^"]*#puddle\.age"([^>]*)><span', page)
    assert len(age) > 2
    assert [bool(rest) for rest in age] == [False] + [True] * (len(age) - 1)


def test_names_in_prose_are_links(tiny: Tiny) -> None:
    page = tiny.page("water/measuring-rain")
    assert '<a class="api" href="../../api/puddle/#puddle.Gauge"><code>puddle.Gauge</code></a>, from puddle/gauge.py' in page


def where(tiny: Tiny, name: str) -> str:
    """What the reference says of the sections of a thing."""
    entry = tiny.page("api/puddle").partition(f'id="{name}"')[2].partition('class="api-entry')[0]
    return re.sub(r"<[^>]+>", "", entry.partition('<p class="api-where">')[2].partition("</p>")[0])


def test_where_a_thing_was_introduced_and_is_used(tiny: Tiny) -> None:
    assert where(tiny, "puddle.read") == "Introduced in 1.1 Measuring rain; used in 1.3 The moon and the rain."
    assert where(tiny, "puddle.Gauge") == "Introduced in 1.1 Measuring rain."
    assert where(tiny, "puddle.phase") == "Introduced in 1.3 The moon and the rain."
    assert "water/measuring-rain/#shown-1" in tiny.page("api/puddle").partition('id="puddle.Gauge"')[2]  # by `source=`


def test_where_in_the_real_book(real: Build) -> None:
    names, library = real.api, real.book.library.name
    uses = {name: [use.entry.slug for use in names.uses[names.surface.resolve(f"{library}.{name}")[0]]] for name in ("tensor", "train.run", "train.measure.synchronize")}
    assert uses["tensor"][:2] == ["automatic-differentiation", "linear-regression-scratch"]
    assert {"multi-gpu-scratch", "multi-gpu-concise"} <= set(uses["train.run"])
    assert "gpus" in uses["train.measure.synchronize"]


def test_a_block_that_nobody_sees_introduces_nothing(puddle: Surface) -> None:
    read = section.parse("# Rain\n\n```python {.hide}\nfrom puddle import age\n```\n\n```python\nage(1)\n```\n", "a.md")
    entry = Entry("a", "Rain", "1.1", "water", "", "a.md")
    outline = Outline(front=(entry,))
    names = Api(puddle, {"a.md": api_names.mentions(read, puddle)}, outline, {"a.md": read})
    assert [use.block for use in names.uses["puddle.moon.age"]] == ["block-2"]


# Docstrings


def test_docstrings_are_read(tmp_path: Path) -> None:
    package = tmp_path / "sky"
    package.mkdir()
    (package / "__init__.py").write_text(
        '"""The sky."""\n\n\ndef rise(day, *, place: str = "here") -> float:\n    r"""When it rises: $t_0$, over (*, day).\n\n'
        '    Args:\n        day: of the *year*, see `set`.\n\n    Raises:\n        ValueError: no day.\n\n    >>> rise(1)\n    7.0\n    """\n\n\n'
        'def set():\n    """When it sets."""\n',
        encoding="utf-8",
    )
    surface = api_read.read(Library(tmp_path, "sky"))
    page = "".join(api_pages._Page(Api(surface), "sky", "api/sky/").parts())
    assert '<span class="math" data-line="4">t_0</span>, over (*, day).' in page
    assert '<dt><code>day</code></dt><dd>of the <em>year</em>, see <a class="api" href="#sky.set"><code>set</code></a>.</dd>' in page
    assert "<dt><code>ValueError</code></dt><dd>no day.</dd>" in page
    assert '<span class="gp">&gt;&gt;&gt; </span>' in page
    shown = re.sub(r"<[^>]+>", "", page.partition("api-signature")[2].partition("</div>")[0])
    assert html.unescape(shown).partition(">")[2].strip() == 'def rise(day, *, place: str = \'here\') -> float'


def test_a_formula_that_cannot_be_set_fails_the_build_every_time(tmp_path: Path) -> None:
    tiny = copy(tmp_path / "book")
    tiny.edit("puddle/moon.py", '"""The nearest of the four phases.', 'r"""The nearest $\\\\nosuch$ of the four phases.')
    tiny.edit("puddle/moon.py", "\\\\nosuch", "\\nosuch")
    for _ in range(2):
        done = tiny.python("-m", "mkdocs", "build")
        assert done.status == 1
        assert "puddle/moon.py:" in done.said
        assert "`puddle.moon.phase` cannot be set" in done.said


# The build


def test_prose_makes_no_page_of_the_reference_anew_and_code_makes_its_own(tmp_path: Path) -> None:
    tiny = copy(tmp_path / "book")
    kept = tiny.root / ".cache/book/made/api/puddle.md.pickle"
    assert tiny.python("-m", "mkdocs", "build").status == 0
    before = kept.stat().st_mtime_ns
    tiny.edit("book/water/measuring-rain.md", "empties a glass", "empties a tall glass")
    assert tiny.python("-m", "mkdocs", "build").status == 0
    assert kept.stat().st_mtime_ns == before
    tiny.edit("puddle/moon.py", "The nearest of the four phases.", "The nearest of all four phases.")
    assert tiny.python("-m", "mkdocs", "build").status == 0
    assert "The nearest of all four phases." in tiny.page("api/puddle")
    assert kept.stat().st_mtime_ns > before


def test_a_page_whose_links_lead_elsewhere_now_is_made_anew(tmp_path: Path) -> None:
    """Renamed in the library, a name in prose is no link any more; nothing ran."""
    tiny = copy(tmp_path / "book")
    tiny.edit("book/water/a-mornings-work.md", "## Saying nothing", "See `puddle.spells`.\n\n## Saying nothing")
    assert tiny.python("-m", "mkdocs", "build").status == 0
    assert '<a class="api" href="../../api/puddle/#puddle.spells"><code>puddle.spells</code></a>' in tiny.page("water/a-mornings-work")
    tiny.edit("puddle/__init__.py", '"spells", ', "")
    tiny.edit("puddle/__init__.py", "read, spells, total", "read, total")
    assert tiny.python("-m", "mkdocs", "build", "-v").said
    assert "<code>puddle.spells</code>" in tiny.page("water/a-mornings-work")
    assert "#puddle.spells" not in tiny.page("water/a-mornings-work")


def test_pages_of_the_reference_are_light(real: Build) -> None:
    import gzip

    for name in real.api.modules:
        page = api_pages.ModulePage(name).html(real, api.address(name))
        assert len(gzip.compress(page.encode())) < 45_000, name
