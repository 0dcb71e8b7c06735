"""The library's surface: its modules, what their names stand for, what is written about each.

A name's *target* is where it is defined: `sky.moon.Moon`, however many packages show it as theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """A part of a docstring: its text, or what it lists."""

    kind: str  # text, parameters, returns, raises, examples, ...
    text: str = ""
    title: str = ""
    items: tuple[tuple[str, str, str], ...] = ()  # name, type, description


@dataclass(frozen=True)
class Thing:
    """A class, a function or a value that is defined somewhere."""

    target: str
    kind: str  # class, function, method, property, attribute
    signature: str
    doc: tuple[Part, ...]
    file: str
    line: int
    last: int
    members: Mapping[str, Thing] = field(default_factory=dict)  # of a class: what is public of it, and its own
    bases: tuple[str, ...] = ()  # targets of a class's bases in the library, nearest first
    returns: str = ""  # the target of the class that it gives back, where it is annotated with one

    @property
    def summary(self) -> str:
        """The first sentence or paragraph."""
        return first_paragraph(self.doc)


@dataclass(frozen=True)
class Module:
    name: str
    doc: tuple[Part, ...]
    file: str
    line: int
    names: Mapping[str, str]  # what is reached under it -> target
    public: tuple[str, ...]  # those of its names that are its surface
    declared: bool  # whether it says itself what is public


@dataclass(frozen=True)
class Surface:
    root: str = ""
    modules: Mapping[str, Module] = field(default_factory=dict)
    things: Mapping[str, Thing] = field(default_factory=dict)  # by target

    def resolve(self, name: str) -> tuple[str, int]:
        """The target of a dotted name, and how many of its parts lead there; the rest is of something unknown."""
        first, *parts = name.split(".")
        at, used = (first, 1) if first in self.modules else ("", 0)
        for part in parts if at else ():
            if not (inside := self.step(at, part)):
                break
            at, used = inside, used + 1
        return at, used

    def step(self, target: str, name: str) -> str:
        """What a name stands for in a module or a class; nothing if that is not known."""
        if module := self.modules.get(target):
            return module.names.get(name) or (f"{target}.{name}" if f"{target}.{name}" in self.modules else "")
        return self.member(target, name)

    def member(self, target: str, name: str) -> str:
        """Where a class has a public member from; nothing if it has none."""
        thing = self.things.get(target)
        for base in (target, *thing.bases) if thing and thing.kind == "class" else ():
            if base in self.things and name in self.things[base].members:
                return f"{base}.{name}"
        return ""

    def result(self, target: str) -> str:
        """The class of what a call of it gives back; nothing if it is not the library's, or not said."""
        thing = self.things.get(target)
        if thing is None and (above := self.owner(target)):
            thing = self.things[above].members[target.rpartition(".")[2]]
        found = thing.target if thing and thing.kind == "class" else thing.returns if thing and thing.kind != "property" else ""
        return found if found in self.things and self.things[found].kind == "class" else ""

    def owner(self, target: str) -> str:
        """The class whose member this is; nothing if it is none."""
        above, _, name = target.rpartition(".")
        return above if above in self.things and name in self.things[above].members else ""


def first_paragraph(doc: Iterable[Part]) -> str:
    text = next((part.text for part in doc if part.kind == "text" and part.text.strip()), "")
    return text.strip().split("\n\n")[0].split("\n>>>")[0]
