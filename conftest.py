"""sybil over every block: those of the book against their records, those of docs/ and the README as they stand.

The first example of a file runs the whole section once, in a process of its own; the others look up their
verdict, so that `-k` selects blocks and xdist shares files out. Also: every doctest of dlkit and hooks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sybil import Document, Example, Region, Sybil
from sybil.parsers.doctest import DocTestParser

from hooks import job, run, section
from hooks.book import Book
from hooks.marks import Block, Value
from hooks.pool import Pool
from hooks.section import Section

ROOT = Path(__file__).parent
BOOK = Book.read(ROOT / "mkdocs.yml")


@cache
def pool() -> Pool:
    """One warm process for each process of the test runner."""
    return Pool(BOOK, jobs=1)


def pytest_unconfigure() -> None:
    if pool.cache_info().currsize:
        pool().close()


@dataclass
class Page:
    """One Markdown file: run at most once, then asked for the verdict on each of its cells."""

    section: Section
    recorded: bool  # a section of the book; else only its `.test` blocks decide

    def verdicts(self) -> dict[str, str]:
        """What is wrong with each cell, in words; empty where nothing is."""
        read = self.section
        if read.problems:
            return dict.fromkeys((cell.name for cell in read.cells), "\n".join(map(str, read.problems)))
        result = next(pool().run([job.job(read)]))
        found = {f.cell: str(read.problem(f.line, f.message, f.mend, f.detail)) for f in result.failures}
        if found:
            shown = {cell.name for cell in result.cells}
            stopped = f"{read.file}: not run, since the section stopped at line {result.failures[0].line}"
            return {cell.name: found.get(cell.name, "" if cell.name in shown else stopped) for cell in read.cells}
        if not self.recorded:
            return {}
        state = run.state(BOOK, read)
        done = run.outcome(BOOK, state, result)
        if done.verdict == "new":
            missing = f"{read.file}: {'; '.join(state.reasons)}. Run `python -m hooks update {read.slug}`."
            return dict.fromkeys((cell.name for cell in read.cells), missing)
        if done.verdict == "foreign":  # other numbers are no fault here: the blocks ran, and their tests held
            return {}
        return {d.cell: f"{read.file}:{d.line}: differs from its record\n{d.text}" for d in done.differences}


def cells(document: Document) -> Iterator[Region]:
    """Every cell of a file, as sybil's regions."""
    file = Path(document.path).relative_to(ROOT).as_posix()
    recorded = file in BOOK.sections
    page = Page(BOOK.sections[file] if recorded else section.parse(document.text, file, page=True), recorded)
    document.namespace["page"] = page
    for cell in page.section.cells:
        yield Region(cell.start, cell.end, cell, evaluate)


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

    def should_parse(self, path: Path) -> bool:
        if path.suffix != ".md" or not path.is_relative_to(ROOT):
            return False
        file = path.relative_to(ROOT).as_posix()
        return file in BOOK.sections or file.startswith("docs/") or file == "README.md"

    def identify(self, example: Example) -> str:
        cell = example.parsed
        return cell.id if isinstance(cell, Block) else cell.name


class Doctests(Sybil):
    """The doctests of our own modules."""

    def should_parse(self, path: Path) -> bool:
        return path.suffix == ".py" and any(path.is_relative_to(ROOT / name) for name in ("dlkit", "hooks"))


pytest_collect_file = (Pages([cells]) + Doctests([DocTestParser()])).pytest()
