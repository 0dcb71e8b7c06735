"""The rules a section must keep, beyond what the parser and the references hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hooks import guest, run
from hooks.book import Book
from hooks.build import Build
from hooks.marks import Caption, Formula, Heading, Reference
from hooks.problem import Problem
from hooks.records import Record
from hooks.section import Section

WIDEST = 79  # columns of code: what a page and a printed line hold
EXERCISE = re.compile(r"^\d+\.[ \t]+(?P<stars>★*)", re.MULTILINE)


def check(book: Book) -> list[Problem]:
    """Everything that is wrong with the book, short of running it."""
    build = Build(book)
    build.render_all()
    problems = set(build.problems)
    referred = {mark.label for s in book.sections.values() for mark in s.marks_everywhere(Reference)}
    for file, section in book.sections.items():
        if section.slug == "index" or section.problems:
            continue
        problems.update(guest.untidy(section), _front(section), _labels(section, referred), _lines(section), _exercises(section))
        state = run.state(book, section)
        if state.kind == "fresh" and state.record:
            problems.update(_shows(section, state.record))
        elif state.must_run:
            problems.add(Problem(file, 1, f"the record is {state.kind}: {state.why}.", f"Run `python -m hooks update {section.slug}`."))
    return sorted(problems)


def _front(section: Section) -> Iterator[Problem]:
    front = section.front
    wanted = {"stars": "`stars: 1`, 2 or 3", "needs": "`needs: [slug, ...]`, empty if nothing is", "able": "`able: [...]`, two to four verbs"}
    given = dict(front.lines)
    for field, how in wanted.items():
        if field not in given:
            yield section.problem(1, f"the front matter has no `{field}`.", f"Write {how}.")
    if "able" in given and not 2 <= len(front.able) <= 4:
        yield section.problem(front.line("able"), f"`able` names {len(front.able)} things.", "Name two to four.")


def _labels(section: Section, referred: set[str]) -> Iterator[Problem]:
    for block in section.blocks:
        options = block.options
        if options.label and not options.caption:
            yield section.problem(block.line, f"the figure `{options.label}` has no caption.", 'Say what to see: `caption="..."`.')
        if options.caption and not options.label:
            yield section.problem(block.line, "a caption without a label.", "Add `#fig-name`.")
    labeled: list[tuple[str, int]] = [(b.options.label, b.line) for b in section.blocks]
    labeled += [(mark.label, mark.line) for mark in section.marks if isinstance(mark, (Formula, Caption))]
    for label, line in labeled:
        if label and label not in referred:
            yield section.problem(line, f"nothing refers to `{label}`.", f"Write `@{label}` where a reader should look, or drop the label.")


def _lines(section: Section) -> Iterator[Problem]:
    for block in section.blocks:
        for number, line in enumerate(block.source.splitlines(), block.first_line):
            if len(line) > WIDEST:
                yield section.problem(number, f"the line has {len(line)} columns.", f"Break it: {WIDEST} fit a page.")


def _exercises(section: Section) -> Iterator[Problem]:
    headings = section.every(Heading)
    start = next((h for h in headings if h.text == "Exercises"), None)
    if start is None:
        return
    end = min((h.start for h in headings if h.start > start.start and h.level <= start.level), default=len(section.text))
    listed = list(EXERCISE.finditer(section.text, start.end, end))
    solved = set(re.findall(r'^\?\?\?\+? solution "([^"]*)"', section.text, re.MULTILINE))
    for number, match in enumerate(listed, 1):
        if not 1 <= len(match["stars"]) <= 3:
            line = section.text.count("\n", 0, match.start()) + 1
            yield section.problem(line, f"exercise {number} has no stars.", "Rate it: ★, ★★ or ★★★.")
    if 2 * len(solved) < len(listed):
        yield section.problem(start.line, f"{len(solved)} of {len(listed)} exercises have a solution.", "Solve at least half.")


def _shows(section: Section, record: Record) -> Iterator[Problem]:
    """Blocks that show nothing and that nothing after them uses to show something; figures that nobody explains."""
    main = [b for b in section.blocks if b.executed and not b.solution]
    shown = {cell.name for cell in record.cells if cell.outputs}
    for at, block in enumerate(main):
        later = main[at:]
        if not any(b.name in shown or b.options.test or b.options.raises for b in later):
            yield section.problem(block.line, "neither this block nor one after it shows or checks anything.", "Print a result, or add a `.test` block.")
    for block in main:
        drawn = any(output.kind == "figure" for output in record.outputs(block.name))
        if drawn and not block.options.caption:
            yield section.problem(block.line, "the figure has no caption.", 'Add `{#fig-name caption="what to see"}`.')

