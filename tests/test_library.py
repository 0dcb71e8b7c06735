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


def test_units_ignore_docstrings_and_comments(library: Library) -> None:
    before = library.units()
    path = library.root / "sky/moon.py"
    path.write_text(path.read_text().replace("'''Say.'''", "'''Say more.'''  # why"))
    assert library.units() == before
    path.write_text(path.read_text().replace("29.53", "29.5"))
    assert library.units() != before
