"""Six days in a book's life: what runs, what is written, what is shown, what fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from copies import Tiny

MEASURING = "book/water/measuring-rain.md"
MOON = "book/water/the-moon-and-the-rain.md"
MORNING = "book/water/a-mornings-work.md"


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def sections(said: str) -> str:
    """The line in which a build says what it did."""
    return next(line.partition("sections: ")[2] for line in said.splitlines() if "sections: " in line)


def test_fresh_clone(tiny: Tiny) -> None:
    before = tiny.records()
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert sections(done.said) == "3 replayed, 0 executed, 2 planned"
    assert "executed, " not in done.said.replace("0 executed, ", "")
    assert tiny.records() == before
    assert "She writes" not in tiny.text("water/measuring-rain/")[:50]
    assert "7.5" in tiny.text("water/measuring-rain/")
    site = tiny.site()
    strict = tiny.run("site", "--strict")
    assert strict.status == 0, strict.said
    assert tiny.site() == site
    assert tiny.run("plan", "--quiet").status == 0


def test_typo_in_prose(tiny: Tiny) -> None:
    before = tiny.records()
    tiny.edit(MEASURING, "Every morning at seven", "Each morning at seven")
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said
    assert sections(done.said).startswith("3 replayed, 0 executed")
    assert "Each morning at seven" in tiny.text("water/measuring-rain/")
    assert tiny.records() == before


def test_edit_of_a_block(tiny: Tiny) -> None:
    before = tiny.records()
    tiny.edit(MEASURING, "gauge.pour(150)\ngauge.depth", "gauge.pour(160)\ngauge.depth")
    tiny.edit(MEASURING, "assert gauge.depth == 7.5\nassert gauge.empty() == 7.5", "assert gauge.depth == 8\nassert gauge.empty() == 8")
    strict = tiny.run("site", "--strict")
    assert strict.status == 1
    assert f"{MEASURING}:1: the record is missing: its code has changed. Run `python -m hooks update measuring-rain`." in strict.said
    assert tiny.records() == before, "a strict build writes nothing"
    assert "8.0" not in tiny.text("water/measuring-rain/"), "nor does it show what was not executed"
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert sections(done.said).startswith("2 replayed, 1 executed")
    assert changed(before, tiny.records()) == {f"water/measuring-rain.{kind}" for kind in ("json", "uses.json", "slices.json")}
    assert "So it is 8.0 mm" in tiny.text("water/measuring-rain/")
    assert tiny.run("site", "--strict").status == 0


def test_edit_of_the_library_with_equal_outputs(tiny: Tiny) -> None:
    before = tiny.records()
    tiny.edit("puddle/gauge.py", "return 10 * self.water / self.area", "return self.water / self.area * 10")
    strict = tiny.run("site", "--strict")
    assert strict.status == 1
    assert f"{MEASURING}:1: the record is stale: `puddle.gauge:Gauge.depth` has changed." in strict.said
    assert f"{MORNING}:1" not in strict.said, "that section does not use the library"
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert sections(done.said).startswith("1 replayed, 2 executed")
    assert changed(before, tiny.records()) == {"water/measuring-rain.uses.json", "water/the-moon-and-the-rain.uses.json"}
    assert tiny.run("site", "--strict").status == 0


def test_docstrings_of_the_library_run_nothing(tiny: Tiny) -> None:
    before = tiny.records()
    tiny.edit("puddle/gauge.py", "# mm: less than", "# millimeters: less than")
    tiny.edit("puddle/gauge.py", "How deep the water would stand", "How deep water would stand")
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said
    assert tiny.records() == before
    assert "How deep water would stand" in tiny.text("water/measuring-rain/"), "but a page that shows the code shows the new one"


def test_edit_of_the_library_with_different_outputs(tiny: Tiny) -> None:
    before = tiny.records()
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return round(sum(rain.values()), 1) + 1000")
    done = tiny.run("site")
    assert done.status == 0, done.said
    assert sections(done.said).startswith("2 replayed, 1 executed"), "the moon's section does not call `total`"
    assert f"{MEASURING}: its outputs differ from its record; `python -m hooks update measuring-rain` shows how" in done.said
    assert tiny.records() == before, "what drifted stays as it was"
    page = tiny.page("water/measuring-rain/")
    assert '<div class="notice drifted">' in page
    total = next(line for line in tiny.text("water/measuring-rain/").split("The file holds ")[1:])
    assert float(total.split(" with ")[1].split()[0]) > 1000, "the new output is shown, under its banner"
    assert tiny.run("site", "--strict").status == 1
    update = tiny.run("update")
    assert update.status == 0, update.said
    assert f"{MEASURING}: record written" in update.said
    assert "\n    -" in update.said
    assert "\n    +" in update.said
    assert changed(before, tiny.records()) >= {"water/measuring-rain.json", "water/measuring-rain.uses.json"}
    assert not {name for name in changed(before, tiny.records()) if name.endswith((".svg", ".png"))}, "equal figures keep their bytes"
    assert tiny.run("site", "--strict").status == 0


@pytest.fixture
def cloudy(tiny: Tiny, tmp_path: Path) -> Tiny:
    """The tiny book with a block that imports an installed package, `clouds` 1.0."""
    tiny.path = str(tmp_path / "installed")
    install(tiny, "1.0")
    with (tiny.root / MORNING).open("a") as file:
        file.write("\n## Clouds\n\n```python\nimport clouds\n\nprint(clouds.seen())\n```\n")
    with (tiny.root / "constraints.txt").open("a") as file:
        file.write("clouds==1.0\n")
    done = tiny.run("update")
    assert done.status == 0, done.said
    return tiny


def install(tiny: Tiny, version: str, seen: str = "cumulus") -> None:
    folder = Path(tiny.path)
    for old in folder.glob("clouds-*.dist-info/*"):
        old.unlink()
    for old in folder.glob("clouds-*.dist-info"):
        old.rmdir()
    info = folder / f"clouds-{version}.dist-info"
    info.mkdir(parents=True)
    (folder / "clouds.py").write_text(f"def seen():\n    return {seen!r}\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: clouds\nVersion: {version}\n")
    (info / "top_level.txt").write_text("clouds\n")
    (info / "RECORD").write_text("clouds.py,,\n")


def test_a_dependency_is_raised(cloudy: Tiny) -> None:
    before = cloudy.records()
    assert b'"clouds": "1.0"' in before["water/a-mornings-work.uses.json"]
    cloudy.edit("constraints.txt", "clouds==1.0", "clouds==1.1")
    strict = cloudy.run("site", "--strict")
    assert strict.status == 1
    assert f"{MORNING}:1: the record is stale: clouds 1.0 is now 1.1." in strict.said
    assert MEASURING not in strict.said
    # Still the old one on this machine: it runs, but nothing can be said of it, and nothing is written.
    done = cloudy.run("site")
    assert done.status == 0, done.said
    assert sections(done.said).startswith("2 replayed, 1 executed")
    assert f"{MORNING}: nothing recorded: clouds 1.0 is installed, 1.1 is pinned" in done.said
    assert cloudy.records() == before
    # The new one, and it gives the same: only the list of inputs changes.
    install(cloudy, "1.1")
    done = cloudy.run("site")
    assert done.status == 0, done.said
    assert changed(before, cloudy.records()) == {"water/a-mornings-work.uses.json"}
    assert cloudy.run("site", "--strict").status == 0


def test_a_dependency_is_raised_and_gives_another_result(cloudy: Tiny) -> None:
    before = cloudy.records()
    cloudy.edit("constraints.txt", "clouds==1.0", "clouds==2.0")
    install(cloudy, "2.0", "nimbus")
    done = cloudy.run("site")
    assert done.status == 0, done.said
    assert cloudy.records() == before
    assert '<div class="notice drifted">' in cloudy.page("water/a-mornings-work/")
    assert "nimbus" in cloudy.text("water/a-mornings-work/")
    assert cloudy.run("site", "--strict").status == 1


def test_an_unpinned_dependency_is_named(cloudy: Tiny) -> None:
    cloudy.edit("constraints.txt", "clouds==1.0\n", "")
    done = cloudy.run("site")
    assert f"{MORNING}: nothing recorded: clouds is not pinned: add `clouds==1.0` to constraints.txt" in done.said


def test_data_are_inputs(tiny: Tiny) -> None:
    tiny.edit("puddle/rain.csv", "2024-", "2024-")
    path = tiny.root / "puddle/rain.csv"
    path.write_text(path.read_text() + "2024-12-31,99.0\n")
    strict = tiny.run("site", "--strict")
    assert strict.status == 1
    assert "the file puddle/rain.csv has changed" in strict.said
    path.unlink()
    strict = tiny.run("site", "--strict")
    assert "the file puddle/rain.csv is missing" in strict.said


def test_the_book_is_tested_as_it_is_built(tiny: Tiny) -> None:
    """The same four days under the test runner: fresh and stale pass, drifted and missing fail."""
    (tiny.root / "conftest.py").write_text("from pathlib import Path\nfrom hooks.testing import collector\npytest_collect_file = collector(Path(__file__).parent)\n")
    command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "book", "docs")
    before = tiny.records()
    done = tiny.python(*command)
    assert done.status == 0, done.said
    assert " passed" in done.said
    tiny.edit("puddle/gauge.py", "return 10 * self.water / self.area", "return self.water / self.area * 10")
    done = tiny.python(*command)
    assert done.status == 0, done.said  # stale, but equal
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return round(sum(rain.values()), 1) + 1000")
    tiny.edit(MORNING, 'print("07:10  door open")', 'print("07:10  door shut")')
    done = tiny.python(*command)
    assert done.status == 1
    assert f"{MEASURING}:" in done.said
    assert "differs from its record" in done.said
    assert f"{MORNING}: its code has changed. Run `python -m hooks update a-mornings-work`." in done.said
    assert tiny.records() == before, "tests write no record"
