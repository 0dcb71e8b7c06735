"""The smallest slice of a section that makes one block run by itself: a static analysis of definitions and uses.

Its grain is the statement at a block's top level. Going back from a block, a statement is kept if it binds a name that
is needed from there on, or may change what such a name stands for; then what it reads is needed, too. What a function
reads of the module is needed wherever the function, or what may hold it, is. `facts.py` says what a statement does, at
three levels of care: at the highest one every doubt counts as a change, and a slice holds more than it must; at the
lower ones it is a guess, which `slices.py` runs and compares before it is believed.

What no text tells was noted when the section ran (`effects.py`): a block that drew random numbers is kept, whole, for
later ones that draw; one that wrote a file for those that read it; one that changed the working folder or the
environment for all. Of a block that had to raise, only the statements that came to their end can be kept.

Where a block or one before it uses `exec`, `globals` or their like, or a name that no block binds, the slice is all
earlier blocks. Blocks of solutions, and those that are not run, are in no slice.

Not seen: a module that changes in a call whose value is used (`x = lib.switch_on()`), unless it says so by its random
state, and files outside of the scratch folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hooks.effects import Effects
from hooks.facts import BUILTIN, Facts, facts, statements
from hooks.marks import Block
from hooks.section import Section

Slice = tuple[tuple[str, tuple[int, ...]], ...]  # blocks by their names, with the numbers of the statements to keep: none are all


@dataclass(frozen=True)
class Step:
    """A statement, or a whole block of another kind."""

    block: int
    number: int
    facts: Facts


class Program:
    """The blocks of a section that later blocks may need, and what they did when they ran."""

    def __init__(self, blocks: Sequence[Block], effects: Mapping[str, Effects] | None = None) -> None:
        self.blocks = tuple(blocks)
        self.effects = effects or {}
        self.steps = [step for index in range(len(self.blocks)) for step in self._steps(index)]
        self.packages = self._packages()
        self.bound = {name for step in self.steps for name in step.facts.binds | step.facts.binds_later}

    def _steps(self, index: int) -> list[Step]:
        block = self.blocks[index]
        if block.kind != "python":
            return [Step(index, -1, Facts())]
        return [Step(index, number, found) for number, found in enumerate(facts(block.source))]

    def _packages(self) -> dict[str, str]:
        """Names that only imports bind, with the package behind them: modules are changed in their own way."""
        found = {name: package for step in self.steps for name, package in step.facts.packages}
        others = {name for step in self.steps if not step.facts.packages for name in step.facts.binds | step.facts.binds_later}
        return {name: package for name, package in found.items() if name not in others}

    def did(self, index: int) -> Effects:
        return self.effects.get(self.blocks[index].name, Effects())

    def whole(self, index: int) -> Slice:
        """All that stands before a block."""
        return self._named(step for step in self.steps if step.block < index and self.ended(step))

    def slice(self, index: int, level: int) -> Slice:
        """What a block needs of those before it, at one level of care."""
        before = [step for step in self.steps if step.block <= index]
        if any(step.facts.opaque for step in before):
            return self.whole(index)
        care = _Care(self, before, level)
        forced = {j for j in range(index) if self.did(j).world}
        while True:
            kept = care.kept(index, forced)
            if kept is None:  # a name that nobody binds
                return self.whole(index)
            more = forced | self._wanted(kept, index)
            if more == forced:
                return self._named(step for step in kept if step.block < index)
            forced = more

    def _wanted(self, kept: Sequence[Step], index: int) -> set[int]:
        """Earlier blocks without which those that are kept would draw other numbers, or find other files."""
        found: set[int] = set()
        for touched in {step.block for step in kept if step.facts.runs or step.number < 0}:
            did = self.did(touched)
            for j in range(touched):
                other = self.did(j)
                if (did.random and other.random) or (other.wrote and (did.starts or set(other.wrote) & set(did.read))):
                    found.add(j)
        return found - {index}

    def draws(self, index: int, kept: Slice) -> bool:
        """Whether a slice, with its block, draws from generators that the book has seeded."""
        names = {block.name: j for j, block in enumerate(self.blocks)}
        if self.did(index).random:
            return True
        for name, numbers in kept:
            found = {step.number: step.facts.runs for step in self._steps(names[name])}
            if self.did(names[name]).random and any(found[number] for number in numbers or found):
                return True
        return False

    def share(self, name: str, numbers: tuple[int, ...]) -> float:
        """Which part of a block's work some of its statements are."""
        found = {step.number: step.facts.runs for step in self.steps if self.blocks[step.block].name == name}
        working = sum(found.values())
        return sum(found[number] for number in numbers) / working if working and numbers else 1.0

    def ended(self, step: Step) -> bool:
        """Whether it came to its end."""
        line = self.did(step.block).stopped
        if line is None or step.number < 0:
            return True
        node = statements(self.blocks[step.block].source)[step.number]
        return (node.end_lineno or node.lineno) < line

    def _named(self, steps: Iterable[Step]) -> Slice:
        found: dict[int, list[int]] = {}
        for step in steps:
            found.setdefault(step.block, []).append(step.number)
        return tuple((self.blocks[j].name, self._some(j, numbers)) for j, numbers in sorted(found.items()))

    def _some(self, j: int, numbers: list[int]) -> tuple[int, ...]:
        return () if len(numbers) == len(self._steps(j)) else tuple(sorted(numbers))


class _Care:
    """The analysis at one level."""

    def __init__(self, program: Program, steps: Sequence[Step], level: int) -> None:
        self.program, self.steps, self.level = program, steps, level
        self.star = any(step.facts.star for step in steps)
        self.code = {name for step in steps if step.facts.code for name in step.facts.binds}

    def own(self, names: Iterable[str]) -> set[str]:
        """Names without those of modules, which nothing holds and no call changes."""
        return {name for name in names if name not in self.program.packages and name not in BUILTIN - self.program.bound}

    @cached_property
    def holds(self) -> dict[str, set[str]]:
        """Name -> names whose objects it may hold, or that its functions may read, at any distance."""
        near: dict[str, set[str]] = {}
        for step in self.steps:
            f = step.facts
            for name in self.own(f.binds | f.binds_later | f.changes[self.level] | f.changes_later[self.level]):
                near.setdefault(name, set()).update(self.own(f.holds[self.level]), self.own(f.reads_later))
        while True:
            found = {name: _closure(name, near) for name in near}
            size = sum(map(len, near.values()))
            for step in self.steps if self.level == 2 else ():  # what a function keeps of what it is given
                f = step.facts
                reached = self.own(f.reads).union(*(found.get(name, ()) for name in f.reads)) if f.runs else set()
                for changed in set().union(*(self.own(self.later[name][2]) for name in reached if name in self.later)):
                    near.setdefault(changed, set()).update(self.own(f.reads | f.binds))
            if sum(map(len, near.values())) == size:
                return found

    @cached_property
    def later(self) -> dict[str, tuple[set[str], set[str], set[str]]]:
        """Name -> what a function that it names reads, binds and changes of the module."""
        found: dict[str, tuple[set[str], set[str], set[str]]] = {}
        for step in self.steps:
            f = step.facts
            changed = self.own(f.changes_later[self.level]) | self.switched(f.stores_later | (f.called_later if self.level == 2 else set()))
            if f.reads_later or f.binds_later or changed:
                for name in f.binds:
                    reads, binds, changes = found.setdefault(name, (set(), set(), set()))
                    reads |= self.read(f.reads_later)
                    binds |= f.binds_later
                    changes |= changed
        return found

    def switched(self, called: Iterable[str]) -> set[str]:
        """The state of packages, as names of their own."""
        return {f"@{self.program.packages[name]}" for name in called if name in self.program.packages}

    def read(self, names: Iterable[str]) -> set[str]:
        """Names, and the state of the packages behind them."""
        names = set(names)
        return names | self.switched(names)

    def reach(self, names: Iterable[str]) -> set[str]:
        own = self.own(names)
        return own.union(*(self.holds.get(name, ()) for name in own))

    def needed(self, names: Iterable[str]) -> set[str]:
        """Names, and what the functions behind them need."""
        found = self.read(names)
        while more := set().union(*(self.later[name][0] for name in self.reach(found) if name in self.later)) - found:
            found |= more
        return found

    def kept(self, index: int, forced: set[int]) -> list[Step] | None:
        live: set[str] = set()
        inside: set[str] = set()  # what became needed within the block that is looked at
        kept: list[Step] = []
        at = index
        for step in reversed(self.steps):
            if step.block != at:
                at, inside = step.block, set()
            if not self.program.ended(step) and step.block < index:
                continue
            f = step.facts
            if step.block == index or step.block in forced or f.star or (step.number >= 0 and self.matters(f, live, live - (self.program.did(at).same - inside))):
                kept.append(step)
                live = {name for name in live if name not in f.kills}
                more = self.needed(f.reads) | (self.needed(f.reads_later) if step.block == index or f.binds else set())
                live |= more
                inside |= more
        known = BUILTIN | {name for name in live if name.startswith("@")}
        unknown = live - known - self._inside(index, live)
        if unknown and not self.star:
            return None
        return kept[::-1]

    def _inside(self, index: int, live: set[str]) -> set[str]:
        """Names that functions need and that are bound only behind them, in time for the call; or in what was not kept for another reason."""
        return {name for name in live if any(name in step.facts.binds | step.facts.binds_later for step in self.steps)}

    def matters(self, f: Facts, live: set[str], other: set[str]) -> bool:
        """Whether a statement binds a name that is needed behind it, or changes one that was `other` at the end of its block."""
        reached = self.reach(f.reads) if f.runs else set()
        binds, changes = set(f.binds), self.own(f.changes[self.level]) | self.switched(f.stores)
        if self.level == 2:
            changes |= self.switched(f.called)
        for name in reached:
            if name in self.later:
                binds |= self.later[name][1]
                changes |= self.later[name][2]
        if self.level == 2 and reached & self.code:  # `p.x`, `a + b`, `len(a)` may run a method that changes what it is of
            changes |= self.own(f.reads)
        if binds & live:
            return True
        states = {name for name in changes if name.startswith("@")}
        return bool(states & live) or bool(self.reach(changes - states) & self.reach(other))


def _closure(name: str, near: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        more = near.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found


def program(section: Section, effects: Mapping[str, Effects] | None = None) -> Program:
    return Program([block for block in section.blocks if block.executed and not block.solution], effects)
