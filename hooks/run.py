"""Which sections are stale; run them in parallel; what becomes of their records."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hooks import compare, imports, job, once, records, stills, uses, verdicts
from hooks.book import Book
from hooks.effects import Effects
from hooks.pool import Pool
from hooks.problem import BookError, Problem
from hooks.records import Ran, Record, Uses
from hooks.section import Section
from hooks.uses import Change

REFERENCE = "Linux x86-64"
FEW = 4  # reasons that are told in one line; `why` tells all


@dataclass(frozen=True)
class State:
    """A section beside its record, before anything runs."""

    section: Section
    kind: str  # fresh, stale, missing; older, unrecorded; plain (nothing to execute); broken (the parser complains)
    reasons: tuple[str, ...] = ()
    record: Record | None = None
    uses: Uses | None = None
    changes: tuple[Change, ...] = ()  # the same as `reasons`, one by one, as far as they are known

    @property
    def why(self) -> str:
        """The reasons in a line: the first few, and how many more there are."""
        more = len(self.reasons) - FEW
        return "; ".join((*self.reasons[:FEW], *([f"and {more} more"] if more > 0 else [])))

    @property
    def must_run(self) -> bool:
        return self.kind in ("stale", "missing")


def state(book: Book, section: Section) -> State:
    """Compare a section and its inputs with what is recorded. Runs nothing, imports nothing.

    What is recorded once is never stale or missing, since no build could mend that: it is `older` than a change of its
    inputs, or `unrecorded`.
    """
    found = _state(book, section)
    if not section.front.once or not found.must_run:
        return found
    return replace(found, kind="older" if found.kind == "stale" and found.uses else "unrecorded")


def _state(book: Book, section: Section) -> State:
    if section.problems:
        return State(section, "broken")
    if not section.cells:
        return State(section, "plain")
    record, used, trouble = records.read(book.record_file(section))
    if record is None:
        return State(section, "missing", (trouble,))
    if record.key != section.key:
        return State(section, "missing", ("its code has changed",), record, changes=tuple(uses.changed_cells(section, record)))
    if len(record.cells) != len(section.cells):
        return State(section, "missing", ("its record lacks a cell",), record)
    if used is None:
        return State(section, "stale", (trouble,), record)
    changes = tuple(uses.changes(book, used))
    reasons = tuple(c.text for c in changes)
    if not changes and not section.front.once and verdicts.read(book, section) is None:  # a build was ended in between
        reasons = ("what its copy buttons give was not made",)
    return State(section, "stale" if reasons else "fresh", reasons, record, used, changes)


def states(book: Book) -> dict[str, State]:
    """All sections of a book, by file. Raises BookError if the library, or `_runtime.py`, is not Python."""
    uses.changes(book, Uses())  # for the errors alone: with no section to compare, nobody would look
    return {file: state(book, section) for file, section in book.sections.items()}


@dataclass(frozen=True)
class Outcome:
    """A section after it ran.

    `verdict` is `new` (no record under this source key), `equal` (the record says the same), `drifted` (it does
    not), `foreign` (not the reference platform, or not the pinned packages: nothing can be said), `failed`.
    """

    state: State
    verdict: str
    record: Record | None = None  # what to show; of a failed one, the cells that came to their end
    uses: Uses | None = None
    differences: tuple[compare.Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = field(default=())
    effects: Mapping[str, Effects] = field(default_factory=dict)  # what its blocks did besides showing something

    @property
    def section(self) -> Section:
        return self.state.section


def execute(
    book: Book,
    todo: Iterable[State],
    jobs: int | None = None,
    pool: Pool | None = None,
    meanwhile: Callable[[], None] = lambda: None,
    after: Callable[[Pool], None] = lambda pool: None,
) -> Iterator[Outcome]:
    """Run sections, longest first; outcomes come as they finish. What is to be done `meanwhile` is done while the first
    begin, what comes `after` all while the process is still warm. Writes nothing."""
    waiting = {s.section.file: s for s in todo}
    if not waiting:
        return
    # Those that run alone come last: until then, no core waits.
    longest = sorted(waiting.values(), key=lambda s: (s.section.front.alone, -(s.record.ran.seconds if s.record else 1e9)))
    own = pool or Pool(book, jobs, imports.packages(book, (s.section for s in longest)))
    try:
        results = own.run(job.job(s.section, imports.packages(book, [s.section])) for s in longest)
        meanwhile()
        for result in results:
            yield replace(outcome(book, waiting[result.file], result), effects=result.effects)
        after(own)
    finally:
        if pool is None:
            own.close()


def outcome(book: Book, before: State, result: job.Result) -> Outcome:
    """Hold a run against the section's record."""
    section = before.section
    by_name = {cell.name: cell for cell in result.cells}
    named = zip(section.cells, section.cell_keys, strict=True)
    cells = tuple(replace(by_name[cell.name], source=key) for cell, key in named if cell.name in by_name)
    seconds = round(sum(cell.seconds for cell in cells), 2)
    today = datetime.date.today().isoformat()
    here = f"{platform.system()} {'x86-64' if platform.machine() in ('x86_64', 'AMD64') else platform.machine()}"
    record = Record(section.key, cells, Ran(today, here, platform.python_version(), seconds, result.device))
    if result.failures:
        found = [section.problem(f.line, f.message, f.mend, f.detail) for f in result.failures]
        return Outcome(before, "failed", record, problems=tuple(sorted(found)))  # without `uses`, nothing is ever written
    used = uses.identify(book, section, result)
    notes = tuple(uses.off_pins(book, used))
    if here != REFERENCE:
        notes += (f"this is {here}, records are made on {REFERENCE}",)
    if section.front.gpus and record.ran.device in ("", records.CPU):
        notes += (f"it asks for {once.counted(section.front.gpus)}, and has used none",)
    record = replace(record, ran=replace(record.ran, provisional=bool(notes)))
    old = before.record
    if old is None or old.key != record.key or len(old.cells) != len(cells):
        return _finished(Outcome(before, "foreign" if notes else "new", compare.keep(section, old, record) if old else record, used, notes=notes))
    found_differences = tuple(compare.differences(section, old, cells))
    if not found_differences:
        return Outcome(before, "equal", old, used, notes=notes)
    # Outputs and inputs that are not of one run vouch for nothing: what ran now takes their place.
    verdict = "foreign" if notes else "drifted" if before.uses else "new"
    return _finished(Outcome(before, verdict, compare.keep(section, old, record), used, found_differences, notes=notes))


def _finished(done: Outcome) -> Outcome:
    """The outcome, its charts with their stills."""
    assert done.record is not None
    try:
        return replace(done, record=replace(done.record, cells=stills.added(done.record.cells)))
    except stills.Undrawn as undrawn:
        line = next(cell.line for cell in done.section.cells if cell.name == undrawn.args[0])
        problem = done.section.problem(line, f"the chart cannot be drawn: {undrawn.args[1].removesuffix('.')}.", "Mend the chart.")
        return Outcome(done.state, "failed", done.record, problems=(problem,))


def still_holds(book: Book, done: Outcome, now: State) -> bool:
    """Whether a section that ran in this process would show the same again: the same code, record and inputs.

    Words are not enough: a function that changes twice has "changed" both times. What is pinned does not count,
    since what is installed does not change under a running process.
    """
    if done.uses is None or done.state.record != now.record:
        return False
    alike = done.section.key == now.section.key
    return alike and all(change.kind == "package" for change in uses.changes(book, done.uses))


def write(book: Book, done: Outcome, update: bool = False) -> str:
    """Write what an outcome allows, and say in a word what was: `all`, `uses`, or nothing.

    A build writes what is new and confirms what is equal; only an `update` replaces outputs that have drifted, or
    writes what ran elsewhere (the record then says that it is provisional). Raises BookError where it cannot.
    """
    if done.record is None or done.uses is None:
        return ""
    try:
        return _write(book, done, book.record_file(done.section), update)
    except OSError as error:
        place = book.record_file(done.section).parent.relative_to(book.root).as_posix()
        message = f"the record cannot be written: {error.strerror or error}."
        raise BookError([done.section.problem(1, message, f"Make it possible to write in `{place}`.")]) from None


def _write(book: Book, done: Outcome, file: Path, update: bool) -> str:
    assert done.record is not None
    assert done.uses is not None
    if done.verdict == "new" or (update and done.verdict in ("drifted", "foreign")):
        names = {block.name: block.id for block in done.section.blocks}
        records.write(file, done.record, done.uses, names)
        return "all"
    if done.verdict == "equal" and not done.notes:
        if done.uses != done.state.uses and records.write_uses(file, done.record, done.uses):
            return "uses"
    return ""
