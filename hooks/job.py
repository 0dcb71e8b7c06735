"""What is asked of the worker, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hooks import keys, smoke
from hooks.effects import Effects
from hooks.marks import Block
from hooks.records import CPU, Cell
from hooks.section import Section

TIMEOUT = 60.0  # seconds for a block that says nothing else
LONG = 3600.0  # of a section that is recorded once


@dataclass(frozen=True)
class Task:
    """One cell to run."""

    name: str
    source: str
    line: int  # of its first line in the file
    value: bool = False  # an expression in prose
    solution: str = ""
    raises: str = ""
    quiet: bool = False  # ends in a semicolon
    test: bool = False
    timeout: float = TIMEOUT
    file: str = ""  # the source is written there, not run
    console: bool = False  # the source is commands


@dataclass(frozen=True)
class Job:
    """One section to run: the finished section first, then each solution in a fork of it."""

    file: str
    text: str
    tasks: tuple[Task, ...]
    packages: frozenset[str] = frozenset()  # that it imports, as far as its text tells
    alone: bool = False  # nothing runs beside it
    gpus: int = 0  # without which it does not begin
    gpus_line: int = 1  # where the section says so
    environment: tuple[tuple[str, str], ...] = ()  # variables of this run
    only: str = ""  # run the section again, in silence, and then this solution
    unseeded: bool = False  # as in a fresh Python: the book's seeds are not set

    def main(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if not task.solution)

    def solutions(self) -> dict[str, tuple[Task, ...]]:
        names = dict.fromkeys(task.solution for task in self.tasks if task.solution)
        return {name: tuple(task for task in self.tasks if task.solution == name) for name in names}


@dataclass(frozen=True)
class Failure:
    """Why a section stopped: the cell that was running, the line, the reason."""

    cell: str
    line: int
    message: str
    mend: str = ""
    detail: str = ""


@dataclass
class Result:
    """What a section showed and used, as far as it came."""

    file: str
    cells: list[Cell] = field(default_factory=list)
    effects: dict[str, Effects] = field(default_factory=dict)  # what blocks did besides showing something
    failures: list[Failure] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)  # modules that blocks and the library imported, by top-level name
    files: set[str] = field(default_factory=set)  # that they opened to read
    data: set[str] = field(default_factory=set)  # files of a catalogue, as `catalogue#name`
    modules: set[str] = field(default_factory=set)  # of the library, that were loaded
    whole: set[str] = field(default_factory=set)  # those of which anything may have run
    units: set[str] = field(default_factory=set)  # functions of the library that ran
    listed: bool = False  # whether it counts which modules the library has
    unknown: int = 0  # processes that left no notes of what they used
    versions: dict[str, str] = field(default_factory=dict)  # of the distributions behind `packages`, as installed
    devices: set[str] = field(default_factory=set)  # of its processes, in the book's words

    @property
    def device(self) -> str:
        """What it ran on: beside another device, the processor that every process has goes without saying."""
        return ", ".join(sorted(self.devices - {CPU} or self.devices))


def job(section: Section, packages: frozenset[str] = frozenset()) -> Job:
    """The job that runs a section; `packages` are those that it imports."""
    tasks = []
    for cell in section.cells:
        if isinstance(cell, Block):
            o = cell.options
            limit = o.timeout or (LONG if section.front.once else TIMEOUT)
            quiet = cell.kind == "python" and keys.quiet(cell.source)
            tasks.append(Task(cell.name, cell.source, cell.first_line, False, cell.solution, o.raises, quiet, o.test, limit, o.file, o.run))
        else:
            tasks.append(Task(cell.name, cell.source, cell.first_line, True, cell.solution))
    front = section.front
    return Job(section.file, section.text, tuple(tasks), packages, front.alone, front.gpus, front.line("gpus"))


def rehearsal(section: Section) -> Job:
    """The job of a smoke run: the blocks but for `.test` and solutions, made short, where no GPU is seen."""
    whole = job(section)
    blocks = smoke.shortened(section.front.smoke, section.blocks)
    limits = {block.name: block.options.timeout or TIMEOUT for block in section.blocks}
    tasks = [replace(task, source=blocks[task.name], timeout=limits[task.name]) for task in whole.main() if task.name in blocks and not task.test]
    return replace(whole, tasks=tuple(tasks), alone=False, gpus=0, environment=smoke.NO_GPU)
