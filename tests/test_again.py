"""While serving, what ran in this process is shown again, as long as it would show the same."""

import pytest
from copies import Tiny

from hooks.book import Book
from hooks.build import Build
from hooks.run import Outcome

MEASURING = "book/water/measuring-rain.md"


def built(tiny: Tiny, known: dict[str, Outcome]) -> tuple[dict[str, Outcome], list[str], str]:
    """One build of a server: all outcomes, what really ran, and the page."""
    build = Build(Book.read(tiny.root / "mkdocs.yml"))
    ran = [done.section.slug for done in build.execute(write=False, known=known)]
    return dict(build.outcomes), ran, build.page(MEASURING)


def test_a_function_that_changes_twice_runs_twice(tiny: Tiny) -> None:
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return 1111.5")
    known, ran, page = built(tiny, {})
    assert ran == ["measuring-rain"]
    assert "1111.5" in page
    tiny.edit("puddle/gauge.py", "return 1111.5", "return 2222.5")
    known, ran, page = built(tiny, known)
    assert ran == ["measuring-rain"]
    assert "2222.5" in page
    assert "1111.5" not in page


@pytest.mark.parametrize(("file", "old", "new"), [(MEASURING, "Every morning", "Each morning"), ("puddle/moon.py", "# days", "# in days")])
def test_what_does_not_count_runs_nothing(tiny: Tiny, file: str, old: str, new: str) -> None:
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return 1111.5")
    known, _, _ = built(tiny, {})
    tiny.edit(file, old, new)
    _, ran, page = built(tiny, known)
    assert ran == []
    assert "1111.5" in page


def test_a_data_file_that_changes_twice_runs_twice(tiny: Tiny) -> None:
    path = tiny.root / "puddle/rain.csv"
    known: dict[str, Outcome] = {}
    for day in ("2024-12-30", "2024-12-31"):
        path.write_text(path.read_text() + f"{day},0.0\n")
        known, ran, _ = built(tiny, known)
        assert "measuring-rain" in ran
