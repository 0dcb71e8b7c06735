"""What is kept between builds changes no byte of the site, and saves the work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from copies import Tiny

MEASURING, MORNING, MOON = (f"book/water/{name}.md" for name in ("measuring-rain", "a-mornings-work", "the-moon-and-the-rain"))
ALL = {"measuring-rain", "a-mornings-work", "the-moon-and-the-rain"}
UP_TO_DATE = "nothing has changed since the last build"


def finished(tiny: Tiny) -> dict[str, int]:
    """The pages that are kept, by the time at which they were."""
    folder = tiny.root / ".cache/book/finished"
    return {path.name.partition(".")[0]: path.stat().st_mtime_ns for path in folder.rglob("*.pickle")}


def anew(tiny: Tiny, build: Callable[[Tiny], object]) -> set[str]:
    """The pages that a build makes anew."""
    before = finished(tiny)
    build(tiny)
    return {name for name, time in finished(tiny).items() if before.get(name) != time}


def site(tiny: Tiny) -> None:
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said


def template(tiny: Tiny) -> None:
    (tiny.root / "over/partials").mkdir(parents=True)
    (tiny.root / "over/partials/copyright.html").write_text("Rain is free.")
    tiny.edit("mkdocs.yml", "  font: false", "  font: false\n  custom_dir: over")


def beside(tiny: Tiny) -> None:
    (tiny.root / "book/water/well.txt").write_text("deep")
    tiny.edit(MEASURING, "Why 7.5?", "Why 7.5? See [the well](well.txt).")


def swap(tiny: Tiny) -> None:
    tiny.edit("book/outline.yml", "          - measuring-rain:\n          - a-mornings-work:\n", "          - a-mornings-work:\n          - measuring-rain:\n")


# What a person does, and which pages have to be made anew for it.
STEPS: list[tuple[str, Callable[[Tiny], object], set[str]]] = [
    ("a word", lambda t: t.edit(MEASURING, "Every morning", "Each morning"), {"measuring-rain"}),
    ("a place in another page", lambda t: t.edit(MORNING, "# ", "[Depth](measuring-rain.md#sec-depth)\n\n# "), {"a-mornings-work"}),
    ("a place that nobody names", lambda t: t.edit(MOON, "## Shuffling", "## Shuffled"), {"the-moon-and-the-rain"}),
    ("a place on a page that is linked to", lambda t: t.edit(MEASURING, "## A spring", "## The spring"), {"measuring-rain", "a-mornings-work"}),
    ("the title of a place", lambda t: t.edit(MEASURING, "## From water", "## Out of water"), {"measuring-rain", "the-moon-and-the-rain"}),
    ("an equation", lambda t: t.edit(MEASURING, "## The spring", "$$ A $$ {#eq-a}\n\n## The spring"), {"measuring-rain", "a-mornings-work"}),
    ("a table before others", lambda t: t.edit(MEASURING, "## The spring", "See @tbl-a.\n\n|a|b|\n|-|-|\n|1|2|\n\n: A table. {#tbl-a}\n\n## The spring"), ALL),
    ("a title", lambda t: t.edit(MOON, "# The moon", "# Our moon"), ALL),
    ("a file beside the page", beside, {"measuring-rain"}),
    ("another text in it", lambda t: (t.root / "book/water/well.txt").write_text("deeper"), set()),
    ("a docstring that a page shows", lambda t: t.edit("puddle/gauge.py", "How deep the water", "How deep water"), {"measuring-rain"}),
    ("the website's own page", lambda t: t.edit("docs/index.md", "# ", "A word.\n\n# "), set()),
    ("its front matter", lambda t: t.edit("docs/index.md", "A word.", "---\nstatus: new\n---\n\nA word."), ALL),
    ("a template", template, ALL),
    ("its text", lambda t: (t.root / "over/partials/copyright.html").write_text("Free since {{ config.extra.when }}."), ALL),
    ("a date, beside a key that is a number", lambda t: t.edit("mkdocs.yml", "  generator: false", "  generator: false\n  when: 2024-04-08\n  7: 5"), ALL),
    ("another date", lambda t: t.edit("mkdocs.yml", "04-08", "04-09"), ALL),
    ("the name of the site", lambda t: t.edit("mkdocs.yml", "Small Town", "Big Town"), ALL),
    ("the order", swap, ALL),
]  # fmt: skip


def test_what_is_kept_changes_no_byte(tiny: Tiny, tmp_path: Path) -> None:
    """After every edit: the site of a build that knows the ones before, and that of a fresh clone."""
    site(tiny)
    for number, (name, edit, expected) in enumerate(STEPS):
        edit(tiny)
        new = anew(tiny, site)
        assert new == expected, (name, new)
        clone = Tiny(tmp_path / f"clone-{number}")
        shutil.copytree(tiny.root, clone.root, ignore=shutil.ignore_patterns(".cache", "site", "__pycache__"))
        site(clone)
        assert tiny.site() == clone.site(), name


def test_nothing_to_do(tiny: Tiny) -> None:
    site(tiny)
    made = (tiny.root / "site").stat().st_ino
    done = tiny.run("site", "--strict")
    assert (done.status, done.said) == (0, f"{UP_TO_DATE}; sections: 3 replayed, 0 executed, 2 planned\n")
    assert (tiny.root / "site").stat().st_ino == made
    assert UP_TO_DATE in tiny.run("site").said


@pytest.mark.parametrize(
    "change",
    [
        lambda t: (t.root / "puddle/rain.csv").touch(),
        lambda t: (t.root / "site/index.html").write_text("broken"),
        lambda t: (t.root / "site/index.html").unlink(),
        lambda t: (t.root / "docs/more.txt").write_text("more"),
        lambda t: os.utime(t.root / "docs/index.md", (1, 1)),
        lambda t: shutil.rmtree(t.root / "site"),
        lambda t: (t.root / ".cache/book/stamp.json").write_text("[]"),
        lambda t: (t.root / "docs/well").symlink_to(t.root / "puddle"),
    ],
    ids=["data", "page", "page gone", "file", "time", "no site", "no stamp", "linked folder"],
)
def test_whatever_has_changed_it_builds(tiny: Tiny, change: Callable[[Tiny], object]) -> None:
    site(tiny)
    whole = tiny.site()
    change(tiny)
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said
    assert UP_TO_DATE not in done.said
    assert whole.items() <= tiny.site().items()


def other_config(tiny: Tiny) -> list[str]:
    (tiny.root / "other.yml").write_text((tiny.root / "mkdocs.yml").read_text().replace("Small Town", "Big Town"))
    site(tiny)
    return ["-f", "other.yml"]


def environment(tiny: Tiny) -> list[str]:
    tiny.edit("mkdocs.yml", "Rain in a Small Town", "!ENV [TOWN, Small Town]")
    site(tiny)
    os.environ["TOWN"] = "Big Town"
    return []


def inherited(tiny: Tiny) -> list[str]:
    base = tiny.root.parent / "base.yml"
    base.write_text("site_name: Small Town")
    tiny.edit("mkdocs.yml", "site_name: Rain in a Small Town", "INHERIT: ../base.yml")
    site(tiny)
    base.write_text("site_name: Big Town")
    return []


def templates_elsewhere(tiny: Tiny) -> list[str]:
    over = tiny.root.parent / "over/partials"
    over.mkdir(parents=True)
    (over / "copyright.html").write_text("Small Town")
    tiny.edit("mkdocs.yml", "  font: false", "  font: false\n  custom_dir: ../over")
    site(tiny)
    (over / "copyright.html").write_text("Big Town")
    return []


def asset(tiny: Tiny) -> list[str]:
    (tiny.root / "node_modules/rain").mkdir(parents=True)
    (tiny.root / "package.json").write_text('{"book": {"assets": {"rain.css": "rain/rain.css"}}}')
    (tiny.root / "node_modules/rain/rain.css").write_text("Small Town")
    site(tiny)
    (tiny.root / "node_modules/rain/rain.css").write_text("Big Town")
    return []


def nested(tiny: Tiny) -> list[str]:
    (tiny.root / "docs/node_modules").mkdir()
    (tiny.root / "docs/node_modules/rain.css").write_text("Small Town")
    site(tiny)
    (tiny.root / "docs/node_modules/rain.css").write_text("Big Town")
    return []


@pytest.mark.parametrize("change", [other_config, environment, inherited, templates_elsewhere, asset, nested])
def test_what_cannot_be_seen_in_the_project_it_builds(tiny: Tiny, monkeypatch: pytest.MonkeyPatch, change: Callable[[Tiny], list[str]]) -> None:
    monkeypatch.setenv("TOWN", "Small Town")
    options = change(tiny)
    done = tiny.run("site", "--strict", *options)
    assert done.status == 0, done.said
    assert any(b"Big Town" in data for data in tiny.site().values())


def test_a_warning_is_said_again(tiny: Tiny) -> None:
    tiny.edit("docs/index.md", "# ", "[nowhere](nowhere.md)\n\n# ")
    for _ in range(2):
        done = tiny.run("site")
        assert done.status == 0, done.said
        assert "nowhere.md" in done.said


def test_errors_are_said_again(tiny: Tiny) -> None:
    tiny.edit(MOON, "# ", "See @fig-nothing.\n\n# ")
    for _ in range(2):
        done = tiny.run("site")
        assert done.status == 1
        assert "nothing has the label `fig-nothing`" in done.said


def test_a_build_that_writes_records_is_whole(tiny: Tiny) -> None:
    tiny.edit(MORNING, "```python\n", "```python\nseven = 7\n")
    assert "1 executed" in tiny.run("site").said
    assert UP_TO_DATE in tiny.run("site").said


def test_what_is_damaged_counts_for_nothing(tiny: Tiny) -> None:
    site(tiny)
    whole = tiny.site()
    for path in (tiny.root / ".cache/book").rglob("*.pickle"):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if "pages" in path.parts else data[:-9] + bytes(9))
    (tiny.root / ".cache/book/stamp.json").unlink()
    site(tiny)
    assert tiny.site() == whole


def test_a_cache_that_cannot_be_written_is_no_error(tiny: Tiny) -> None:
    (tiny.root / ".cache").write_text("in the way")
    site(tiny)
    assert "7.5" in tiny.text("water/measuring-rain/")


def test_another_plugin_may_change_any_page(tiny: Tiny) -> None:
    (tiny.root / "loud.py").write_text("words = open('words.txt').read()\n\n\ndef on_post_page(output, page, config):\n    return output.replace('</body>', words)\n")
    tiny.edit("mkdocs.yml", "hooks: [", "hooks: [loud.py, ")
    for word in ("drip", "drop"):
        (tiny.root / "words.txt").write_text(word)
        site(tiny)
        assert word in tiny.page("water/measuring-rain")


def test_another_extension_may_read_any_file(tiny: Tiny) -> None:
    tiny.edit("mkdocs.yml", "  - tables\n", "  - tables\n  - pymdownx.snippets: {base_path: ../words}\n")
    tiny.edit(MEASURING, "Why 7.5?", '\n\n--8<-- "words.txt"\n')
    words = tiny.root.parent / "words/words.txt"
    words.parent.mkdir()
    for word in ("drip", "drop"):
        words.write_text(word)
        site(tiny)
        assert word in tiny.page("water/measuring-rain")
