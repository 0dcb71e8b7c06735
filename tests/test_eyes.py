"""What a preview looks at, and when it says that something has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest
from copies import Tiny

from hooks.book import Book
from hooks.eyes import Eyes
from hooks.moment import files, look


def book(tiny: Tiny) -> Book:
    return Book.read(tiny.root / "mkdocs.yml")


def write(tiny: Tiny, name: str, text: str = "") -> None:
    """Write a file in one step: nobody sees half of it."""
    path = tiny.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(".part")
    part.write_text(text)
    part.rename(path)


@pytest.mark.parametrize("name", ["deep.txt", "wells/deep.csv", "puddle/pour.py", "docs/style.css", "constraints.txt", "book/site/dig.txt"])
def test_every_file_is_looked_at(tiny: Tiny, name: str) -> None:
    write(tiny, name)
    assert name in look(book(tiny)).keys() & files(book(tiny)).keys()


@pytest.mark.parametrize("name", ["docs/index.md", "book/water/measuring-rain.md", "book/site/digging.md"])
def test_so_is_every_page_but_no_block_reads_it(tiny: Tiny, name: str) -> None:
    write(tiny, name)
    assert name in look(book(tiny)).keys() - files(book(tiny)).keys()


@pytest.mark.parametrize(
    "name", [".hidden", ".cache/a", "site/index.html", "book/_records/water/dew.json", "node_modules/a/b.js", "puddle/__pycache__/moon.pyc", "puddle/old.pyc"]
)
def test_what_machines_make_is_not(tiny: Tiny, name: str) -> None:
    write(tiny, name)
    assert name not in look(book(tiny))


@pytest.mark.parametrize("folder", ["book", "puddle"])
def test_the_book_or_its_library_may_stand_elsewhere(tiny: Tiny, folder: str) -> None:
    before = look(book(tiny))
    away = (tiny.root / folder).rename(tiny.root.parent / folder)
    (tiny.root / folder).symlink_to(away)
    assert look(book(tiny)).keys() == before.keys()


def test_a_link_that_leads_back_is_not_followed(tiny: Tiny) -> None:
    before = look(book(tiny))
    (tiny.root / "docs/again").symlink_to(tiny.root)
    assert look(book(tiny)) == before


@pytest.fixture
def told() -> Queue[None]:
    return Queue()


@pytest.fixture
def eyes(tiny: Tiny, told: Queue[None]) -> Iterator[Eyes]:
    found = Eyes(lambda: told.put(None))
    found.begin(book(tiny))
    found.start()
    yield found
    found.close()


def test_each_change_is_told_once(tiny: Tiny, eyes: Eyes, told: Queue[None]) -> None:
    for number in range(3):
        write(tiny, "deep.txt", "drop" * number)
        told.get(timeout=30)
    with pytest.raises(Empty):
        told.get(timeout=1)


def test_a_change_that_is_undone_is_told_though_no_build_has_begun(tiny: Tiny, eyes: Eyes, told: Queue[None]) -> None:
    """A build cannot begin while the folder of the book is gone."""
    (tiny.root / "book").rename(tiny.root / "away")
    told.get(timeout=30)
    (tiny.root / "away").rename(tiny.root / "book")
    told.get(timeout=30)


def test_what_changes_before_a_build_reads_is_its_own(tiny: Tiny, told: Queue[None]) -> None:
    eyes = Eyes(lambda: told.put(None))
    eyes.begin(book(tiny))
    write(tiny, "deep.txt")
    eyes.begin(book(tiny))
    eyes.start()
    with pytest.raises(Empty):
        told.get(timeout=1)
    eyes.close()


def test_which_folders_are_seen(tiny: Tiny, eyes: Eyes) -> None:
    (tiny.root / "link").symlink_to(tiny.root.parent)
    (tiny.root / "same").symlink_to(tiny.root / "docs")
    seen = [eyes.sees(tiny.root / name) for name in ("docs", "same", "link", "site", "nowhere")]
    assert seen == [True, True, False, False, False]
    assert not eyes.sees(Path("/"))
