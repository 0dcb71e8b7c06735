"""While serving, what ran in this process is shown again, as long as it would show the same."""

import time
from collections.abc import Iterator

import pytest
from copies import Tiny

from hooks.book import Book
from hooks.build import Build
from hooks.preview import Preview

MEASURING = "book/water/measuring-rain.md"


@pytest.fixture
def preview() -> Iterator[Preview]:
    found = Preview()
    yield found
    found.close()


def built(tiny: Tiny, preview: Preview) -> tuple[list[str], str]:
    """Builds of a preview until nothing runs any more: what was shown for the first time, and the page."""
    ran = []
    for _ in range(600):
        build = Build(Book.read(tiny.root / "mkdocs.yml"))
        ran += [done.section.slug for done in preview.follow(build)]
        assert not build.troubles, build.troubles
        if not build.awaited:
            return ran, build.page(MEASURING)
        time.sleep(0.1)
    raise AssertionError("it runs for ever")


def test_a_function_that_changes_twice_runs_twice(tiny: Tiny, preview: Preview) -> None:
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return 1111.5")
    ran, page = built(tiny, preview)
    assert ran == ["measuring-rain"]
    assert "1111.5" in page
    tiny.edit("puddle/gauge.py", "return 1111.5", "return 2222.5")
    ran, page = built(tiny, preview)
    assert ran == ["measuring-rain"]
    assert "2222.5" in page
    assert "1111.5" not in page


@pytest.mark.parametrize(("file", "old", "new"), [(MEASURING, "Every morning", "Each morning"), ("puddle/moon.py", "# days", "# in days")])
def test_what_does_not_count_runs_nothing(tiny: Tiny, preview: Preview, file: str, old: str, new: str) -> None:
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return 1111.5")
    built(tiny, preview)
    tiny.edit(file, old, new)
    ran, page = built(tiny, preview)
    assert ran == []
    assert "1111.5" in page


def test_a_data_file_that_changes_twice_runs_twice(tiny: Tiny, preview: Preview) -> None:
    path = tiny.root / "puddle/rain.csv"
    for day in ("2024-12-30", "2024-12-31"):
        path.write_text(path.read_text() + f"{day},0.0\n")
        ran, _ = built(tiny, preview)
        assert "measuring-rain" in ran
