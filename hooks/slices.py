"""The slices of a section beside its record: which were run and gave what is recorded, which had to be given up.

They are made when a record is written, in `update` or by a build, never in a preview. Each slice runs as a job of its
own, forked from the warm process, without the book's seeds: what it draws from it must seed itself. What its block then
shows is compared with the record by the rules of every comparison. A slice is tried at rising levels of care; the last
one is all earlier blocks. For each block the file says in a line how that ended:

- `same`: the slice gave what is recorded;
- `ran`: it ran to its end, and there is nothing to compare, as of `volatile` blocks. Then only the highest level counts;
- `all`: only all earlier blocks gave it;
- `untried`: all earlier blocks, which were not run apart: for `.test` blocks, which lie folded away, for sections that are
  recorded once (`gpus`, `long`), and where the tries would take more than three times the section's own time;
- `none`: not even they gave it. The page offers no runnable text, and `update` says so.

Behind it stand the packages to be seeded, as `+numpy`, and the earlier blocks with the numbers of their statements, as
`3:0-2,5`: numbers of statements, not of lines, for the same reason that the source key hashes syntax trees.

Blocks that are files, commands, `.static` or `source=`, and those of solutions, have no slice: a file is complete as it
is, commands need a shell and its files, and a solution goes on where the whole section ends. A block with `raises=` has
one and raises at its end; `.hide` has no button. The slices of `alone` sections run alone, too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hooks import compare, imports, runnable, snippet, verdicts
from hooks.book import Book
from hooks.distributions import Distributions
from hooks.facts import LEVELS, statements
from hooks.job import LONG, TIMEOUT, Job, Result, Task
from hooks.marks import Block
from hooks.pool import Pool
from hooks.records import Cell
from hooks.run import Outcome
from hooks.snippet import Slice
from hooks.verdicts import Slices, Verdict

TIMES = 3  # a section's own time
FREE = 10.0  # seconds besides, so that short sections are tried in full


@dataclass
class _Try:
    """One block, and the slices that are still to be tried, the smallest first."""

    block: Block
    index: int
    left: list[Slice]
    failed: bool = False


class Making:
    """The slices of one section that has just run."""

    def __init__(self, book: Book, done: Outcome) -> None:
        assert done.record is not None
        self.book, self.section, self.record = book, done.section, done.record
        self.program = snippet.program(self.section, done.effects)
        self.said = runnable.terms(book)
        self.packages = imports.packages(book, [self.section])
        self.seconds = {cell.name: cell.seconds for cell in self.record.cells}
        self.left = TIMES * self.record.ran.seconds + FREE
        self.verdicts: dict[str, Verdict] = {}
        self.waiting: dict[str, _Try] = {}
        for index, block in enumerate(self.program.blocks):
            if block.kind != "python" or block.options.hide:
                continue
            whole = self.program.whole(index)
            if self.section.front.once or block.options.test:
                self.verdicts[block.name] = self.verdict("untried", index, whole)
                continue
            levels = LEVELS if self.telling(block) else LEVELS[-1:]
            tries = [*(self.program.slice(index, level) for level in levels), whole]
            self.waiting[block.name] = _Try(block, index, list(dict.fromkeys(tries)))

    def telling(self, block: Block) -> bool:
        """Whether it shows by itself that it did what it did when it was recorded."""
        options = block.options
        return bool(options.raises) or (bool(self.record.outputs(block.name)) and not options.volatile)

    def verdict(self, kind: str, index: int, kept: Slice) -> Verdict:
        return Verdict(kind, kept, self.seeded(index, kept))

    def seeded(self, index: int, kept: Slice) -> tuple[str, ...]:
        """Packages that a slice must seed: of those that the book seeds, what it imports."""
        if not self.said.seeds or not self.program.draws(index, kept):
            return ()
        code = runnable.before(self.section, kept, (), self.said) + self.program.blocks[index].source
        found = set(runnable.imported(statements(code))) & self.said.seeds.keys()
        others = {package for package in self.said.seeds if package in self.packages or package in sys.stdlib_module_names}
        return tuple(package for package in self.said.seeds if package in (found or others))

    def jobs(self) -> Iterator[Job]:
        """The next try of each block, cheap ones first, as long as there is time for them."""
        for _, name in sorted((self.cost(one), name) for name, one in self.waiting.items()):
            one = self.waiting[name]
            self.left -= self.cost(one)
            if self.left < 0:
                self.verdicts[name] = self.verdict("untried", one.index, self.program.whole(one.index))
                del self.waiting[name]
                continue
            yield self.job(one)

    def cost(self, one: _Try) -> float:
        """Seconds, by what its blocks took when the section ran."""
        return self.seconds.get(one.block.name, 0.0) + sum(self.seconds.get(name, 0.0) * self.program.share(name, numbers) for name, numbers in one.left[0])

    def job(self, one: _Try) -> Job:
        block, options = one.block, one.block.options
        before = runnable.before(self.section, one.left[0], self.seeded(one.index, one.left[0]), self.said)
        limit = LONG if self.section.front.once else max(TIMEOUT, *(b.options.timeout or 0.0 for b in self.program.blocks))
        line = before.count("\n") + 1
        quiet = block.source.rstrip().endswith(";")
        tasks = [Task("before", before, 1, timeout=limit, quiet=True)] if before else []
        tasks.append(Task(block.name, block.source, line, raises=options.raises, quiet=quiet, timeout=limit))
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        file = f"{self.section.file}#{block.name}"
        return Job(file, before + block.source, tuple(tasks), self.packages, self.section.front.alone, environment=(("PATH", path),), unseeded=True)

    def heard(self, name: str, result: Result) -> None:
        """A try is over: it was the same, or the next one follows."""
        one = self.waiting[name]
        kept = one.left.pop(0)
        cell = next((cell for cell in result.cells if cell.name == name), Cell(name))
        fine = not result.failures and self.same(one.block, cell)
        if fine:
            kind = "same" if cell.outputs and not one.block.options.volatile else "ran"
            if one.failed and kept == self.program.whole(one.index):
                kind = "all"
            self.verdicts[name] = self.verdict(kind, one.index, kept)
        elif not one.left:
            self.verdicts[name] = Verdict("none")
        else:
            one.failed = True
            return
        del self.waiting[name]

    def same(self, block: Block, cell: Cell) -> bool:
        volatile, tolerance = block.options.volatile, block.options.tolerance or compare.TOLERANCE
        return volatile or compare.same(self.record.outputs(block.name), cell.outputs, tolerance)

    def made(self) -> Slices:
        every = {package for block in self.program.blocks if block.kind == "python" for package in runnable.imported(statements(block.source))}
        held = {package: sorted(Distributions().versions([package])) for package in every - set(sys.stdlib_module_names)}
        names = {package: found[0] for package, found in held.items() if found and found[0] != package}
        return Slices(self.section.key, self.verdicts, names)


def record(book: Book, pool: Pool, outcomes: Iterable[Outcome]) -> list[str]:
    """Make and write the slices of sections that have just been recorded; what is to be said of them."""
    makings = {done.section.file: Making(book, done) for done in outcomes}
    while jobs := [job for making in makings.values() for job in making.jobs()]:
        for result in pool.run(jobs):
            file, _, name = result.file.partition("#")
            makings[file].heard(name, result)
    said = []
    for file, making in makings.items():
        verdicts.write(book, making.section, making.made())
        for block in making.program.blocks:
            verdict = making.verdicts.get(block.name)
            if verdict and verdict.kind == "none":
                said.append(f"{file}:{block.line}: {block.name} does not run by itself as it ran here, not even behind all earlier blocks: its page offers no runnable copy")
    return said


def due(book: Book, done: Outcome, written: str) -> bool:
    """Whether the slices of a section that ran are to be made: its record is new, or there are none of its code."""
    if done.record is None or done.uses is None or done.verdict == "failed":
        return False
    return written == "all" or (done.verdict == "equal" and verdicts.read(book, done.section) is None)
