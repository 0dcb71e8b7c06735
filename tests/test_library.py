"""The library as text: its units, and the source behind a public name."""

from pathlib import Path

import pytest

from hooks.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    package = tmp_path / "sky" / "deep"
    package.mkdir(parents=True)
    (tmp_path / "sky/__init__.py").write_text('"""Sky."""\nfrom .moon import phase, Moon as TheMoon\nfrom . import deep\n')
    (tmp_path / "sky/moon.py").write_text(
        "import functools\n\nDAYS: float = 29.53\n\n\n@functools.cache\ndef phase(day):\n    '''Say.'''\n    return day % DAYS\n\n\n"
        "class Moon:\n    def rise(self):\n        return 6\n"
    )
    (package / "__init__.py").write_text("from ..moon import DAYS\n")
    return Library(tmp_path, "sky")


def test_source_follows_imports_and_keeps_decorators(library: Library) -> None:
    found = library.source("sky.phase")
    assert found is not None
    code, file, line = found
    assert code.startswith("@functools.cache\ndef phase(day):")
    assert (file, line) == ("sky/moon.py", 6)
    assert library.source("sky.moon.phase") == found
    method = library.source("sky.TheMoon.rise")
    assert method is not None
    assert method[0] == "def rise(self):\n    return 6\n"
    assert library.source("sky.deep.DAYS") == ("DAYS: float = 29.53\n", "sky/moon.py", 3)
    assert library.source("sky.night") is None
    assert library.source("earth") is None


def test_units(library: Library) -> None:
    assert set(library.units()) == {"sky/", "sky", "sky.deep", "sky.moon", "sky.moon:phase", "sky.moon:Moon.rise"}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("    '''Say.'''\n", "    '''Say more.'''  # why\n\n", set()),
        ("    '''Say.'''\n", "", set()),
        ("DAYS: float = 29.53\n", "# the month\nDAYS: float = (29.53)\n", set()),
        ("return day % DAYS", "return day // DAYS", {"sky.moon:phase"}),
        ("def phase(day):", "def phase(day, hour=0):", {"sky.moon:phase"}),
        ("def phase(day):", "def phase(day, hour=abs(-1)):", {"sky.moon:phase", "sky.moon"}),
        ("@functools.cache\n", "", {"sky.moon:phase", "sky.moon"}),
        ("def phase(day):", "def phase(day: int):", {"sky.moon:phase", "sky.moon"}),
        ("def rise(self):", "def rise(self, day=(1, -2)):", {"sky.moon:Moon.rise"}),
        ("def rise(self):", "def rise(self) -> int:", {"sky.moon:Moon.rise", "sky.moon"}),
        ("return 6", "return 7", {"sky.moon:Moon.rise"}),
        ("29.53", "29.5", {"sky.moon"}),
        ("class Moon:", "class Moon(dict):", {"sky.moon"}),
        ("class Moon:\n", "class Moon:\n    face = 1\n", {"sky.moon"}),
    ],
)
def test_what_a_change_changes(library: Library, old: str, new: str, changed: set[str]) -> None:
    before = library.units()
    path = library.root / "sky/moon.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    after = library.units()
    assert {unit for unit in before.keys() | after.keys() if before.get(unit) != after.get(unit)} == changed


def test_a_function_that_comes_or_goes_changes_its_modules_line(library: Library) -> None:
    before = library.units()
    path = library.root / "sky/moon.py"
    path.write_text(path.read_text() + "    def set(self):\n        return 18\n")
    after = library.units()
    assert after["sky.moon"] != before["sky.moon"]
    assert after["sky.moon:Moon.rise"] == before["sky.moon:Moon.rise"]


def test_annotations_that_are_text_concern_a_module_only_where_a_decorator_may_read_them(library: Library) -> None:
    path = library.root / "sky/moon.py"
    path.write_text("from __future__ import annotations\n\n" + path.read_text())
    before = library.units()
    path.write_text(path.read_text().replace("def phase(day)", "def phase(day: int)").replace("def rise(self)", "def rise(self: Moon)"))
    after = library.units()
    assert {unit for unit in before if before[unit] != after[unit]} == {"sky.moon", "sky.moon:phase", "sky.moon:Moon.rise"}
    path.write_text(path.read_text().replace("def rise(self: Moon)", "def rise(self: object)"))
    assert {unit for unit in before if library.units()[unit] != after[unit]} == {"sky.moon:Moon.rise"}


def test_which_modules_there_are_is_a_unit(library: Library) -> None:
    before = library.units()
    (library.root / "sky/sun.py").write_text("")
    after = library.units()
    assert {unit for unit in before if before[unit] != after[unit]} == {"sky/"}


def test_a_folder_hides_a_file_of_the_same_name(library: Library) -> None:
    (library.root / "sky/deep.py").write_text("x = 1\n")
    assert library.files()["sky.deep"] == library.root / "sky/deep/__init__.py"
