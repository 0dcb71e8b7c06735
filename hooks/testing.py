"""sybil over every block: those of a book against their records, those of its own pages as they stand.

A book's `conftest.py` says `pytest_collect_file = collector(Path(__file__).parent)`. The first example of a file
runs the whole section once, in a process of its own; the others look up their verdict, so that `-k` selects blocks
and xdist shares files out.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region, Sybil
from sybil.parsers.doctest import DocTestParser

from hooks import disk, guest, job, run, section
from hooks.book import Book
from hooks.marks import Block, Value
from hooks.pool import Pool
from hooks.section import Section


@cache
def pool(root: Path) -> Pool:
    """One warm process for each book and each process of the test runner."""
    started = Pool(Book.read(root / "mkdocs.yml"), jobs=1)
    atexit.register(started.close)
    return started


@dataclass
class Page:
    """One file: run at most once, then asked for the verdict on each of its cells."""

    book: Book
    section: Section

    def verdicts(self) -> dict[str, str]:
        """What is wrong with each cell, in words; empty where nothing is."""
        read = self.section
        if read.problems:
            return dict.fromkeys((cell.name for cell in read.cells), "\n".join(map(str, read.problems)))
        once = read.front.once  # run in short: what it shows is compared with nothing
        asked = job.rehearsal(read) if once else job.job(read)
        with disk.alone(self.book.source, reading=not asked.alone):  # other processes of the test runner run sections, too
            result = next(pool(self.book.root).run([asked]))
        found = {f.cell: str(read.problem(f.line, f.message, f.mend, f.detail)) for f in result.failures}
        if found:
            shown = {cell.name for cell in result.cells} | {cell.name for cell in read.cells} - {task.name for task in asked.tasks}
            stopped = f"{read.file}: not run, since the section stopped at line {result.failures[0].line}"
            return {cell.name: found.get(cell.name, "" if cell.name in shown else stopped) for cell in read.cells}
        if once or read.file not in self.book.sections:  # a page of the website: its `.test` blocks have held
            return {}
        state = run.state(self.book, read)
        done = run.outcome(self.book, state, result)
        if done.verdict == "new":
            missing = f"{read.file}: {state.why}. Run `python -m hooks update {read.slug}`."
            return dict.fromkeys((cell.name for cell in read.cells), missing)
        if done.verdict == "foreign":  # other numbers are no fault here: the blocks ran, and their tests held
            return {}
        return {d.cell: f"{read.file}:{d.line}: differs from its record\n{d.text}" for d in done.differences}


def evaluate(example: Example) -> str | None:
    """The verdict on one cell: None if it is as it should be."""
    names = example.namespace
    if "verdicts" not in names:
        names["verdicts"] = names["page"].verdicts()
    cell: Block | Value = example.parsed
    trouble: str = names["verdicts"].get(cell.name, "")
    code = "\n".join(cell.source.splitlines()[:8])
    return f"{trouble}\n\n{code}" if trouble else None


class Pages(Sybil):
    """Sybil that knows which Markdown files are pages, and names examples so that their names last."""

    def __init__(self, book: Book) -> None:
        super().__init__([self.cells])
        self.book = book

    def should_parse(self, path: Path) -> bool:
        if path.suffix not in (".md", guest.SUFFIX) or not path.is_relative_to(self.book.root):
            return False
        file = path.relative_to(self.book.root).as_posix()
        docs = str(self.book.config.get("docs_dir") or "docs")
        return file in self.book.sections or file.startswith(f"{docs}/") or file == "README.md"

    def identify(self, example: Example) -> str:
        cell: Block | Value = example.parsed
        return cell.id if isinstance(cell, Block) else cell.name

    def cells(self, document: Document) -> Iterator[Region]:
        """Every cell of a file, as sybil's regions."""
        file = Path(document.path).relative_to(self.book.root).as_posix()
        read = self.book.sections.get(file) or section.parse(document.text, file, page=True)
        document.namespace["page"] = Page(self.book, read)
        for cell in read.cells:
            yield Region(*guest.span(read, cell.start, cell.end), cell, evaluate)


class Doctests(Sybil):
    """The doctests of some folders' modules."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        super().__init__([DocTestParser()])
        self.folders = folders

    def should_parse(self, path: Path) -> bool:
        return path.suffix == ".py" and any(path.is_relative_to(folder) for folder in self.folders)


def collector(root: Path, doctests: tuple[str, ...] = ()) -> Callable[..., Any]:
    """pytest's hook for one book: its pages, and the doctests of these folders."""
    sybils = Pages(Book.read(root / "mkdocs.yml")) + Doctests(tuple(root / name for name in doctests))
    collect: Callable[..., Any] = sybils.pytest()
    return collect
