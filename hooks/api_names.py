"""Where a section's code names the library: found in its blocks' text, through imports and other names for the same thing.

A name that may be something else is nobody's: parameters, what a loop or an assignment binds, what a function keeps for
itself. Better no link than a wrong one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hooks import keys
from hooks.api_scopes import Known, Scopes
from hooks.api_surface import Surface
from hooks.marks import Block
from hooks.section import Section

FROM = re.compile(r"from\s+(?P<module>[\w.]+)")


@dataclass(frozen=True)
class Mention:
    """A place in a block's code."""

    block: str  # its name
    start: int  # offsets in its source; the whole block shows the thing where both are 0
    end: int
    target: str


def mentions(section: Section, surface: Surface) -> tuple[Mention, ...]:
    """Every place where the section's code names a part of the library, in order; solutions come last."""
    known = Known()
    found: list[Mention] = []
    for block in sorted(section.blocks, key=lambda block: bool(block.solution)):
        if block.options.source:
            target, used = surface.resolve(block.options.source)
            if used == block.options.source.count(".") + 1:
                found.append(Mention(block.name, 0, 0, target))
        elif block.kind != "console":
            # A file is a program of its own; a solution begins where the section ends, and changes nothing there.
            own = Known() if block.kind == "file" else _copy(known) if block.solution or block.options.static else known
            found += _Reader(block, surface, own).run()
    return tuple(found)


def key(section: Section, surface: str) -> str:
    """From what the mentions of a section are made; `surface` is the surface's own key."""
    return keys.digest(surface, section.text)


def _copy(known: Known) -> Known:
    return Known(dict(known.names), dict(known.objects))


class _Reader(Scopes):
    def __init__(self, block: Block, surface: Surface, known: Known) -> None:
        super().__init__(known)
        self.block, self.surface = block, surface
        self.found: list[Mention] = []
        self.lines = block.source.split("\n")
        self.offsets = [0]
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line) + 1)

    def run(self) -> Iterator[Mention]:
        try:
            tree = ast.parse(self.block.source)
        except (SyntaxError, ValueError):
            return
        self.visit(tree)
        yield from sorted(self.found, key=lambda mention: mention.start)

    # Places

    def at(self, line: int, column: int) -> int:
        return self.offsets[line - 1] + len(self.lines[line - 1].encode()[:column].decode(errors="ignore"))

    def mention(self, start: int, name: str, target: str) -> None:
        # Inside an f-string, some versions of Python do not know where they are: what stands there decides.
        if self.block.source[start : start + len(name)] == name:
            self.found.append(Mention(self.block.name, start, start + len(name), target))

    def class_of(self, node: ast.expr) -> str:
        """The target of the class of a value, where nothing else can be meant."""
        if isinstance(node, ast.Name):
            for scope in reversed(self.scopes):
                if node.id in scope.names or not scope.passing:
                    return scope.objects.get(node.id, "")
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            target, last = self.target(node.func)
            if last is not node.func:
                target = self.member(node.func) if isinstance(node.func, ast.Attribute) else ""
            return self.surface.result(target)
        return ""

    def member(self, node: ast.Attribute) -> str:
        """The target of a method or a property of a value whose class is known."""
        return self.surface.step(class_, node.attr) if (class_ := self.class_of(node.value)) else ""

    def target(self, node: ast.expr) -> tuple[str, ast.expr | None]:
        """The target of a chain of names, and the part of the chain that leads there."""
        chain: list[ast.expr] = [node]
        while isinstance(chain[-1], ast.Attribute):
            chain.append(chain[-1].value)
        root = chain[-1]
        if not isinstance(root, ast.Name) or not (begin := self.lookup(root.id)):
            return "", None
        parts = [part.attr for part in reversed(chain) if isinstance(part, ast.Attribute)]
        target, used = begin, 0
        for part in parts:
            inside = self.surface.step(target, part)
            if not inside:
                break
            target, used = inside, used + 1
        return target, chain[len(parts) - used]

    def visit_Name(self, node: ast.Name) -> None:  # noqa: N802
        self.chain(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        if not self.chain(node):
            self.generic_visit(node)
            if (target := self.member(node)) and node.end_lineno is not None and node.end_col_offset is not None:
                self.mention(self.at(node.end_lineno, node.end_col_offset) - len(node.attr), node.attr, target)

    def chain(self, node: ast.Name | ast.Attribute) -> bool:
        target, last = self.target(node)
        if last is None or not isinstance(node.ctx, ast.Load):
            return False
        if last.lineno == last.end_lineno and last.end_col_offset is not None:
            start, end = self.at(last.lineno, last.col_offset), self.at(last.lineno, last.end_col_offset)
            self.mention(start, ast.unparse(last) if end <= start else self.block.source[start:end], target)
        return True

    # Imports

    def visit_Import(self, node: ast.Import) -> None:  # noqa: N802
        for alias in node.names:
            target, used = self.surface.resolve(alias.name)
            whole = used == alias.name.count(".") + 1
            if whole:
                self.mention(self.at(alias.lineno, alias.col_offset), alias.name, target)
            first = alias.name.partition(".")[0]
            self.bind(alias.asname or first, (target if alias.asname else first) if whole else "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802
        module, used = self.surface.resolve(node.module or "")
        ours = not node.level and bool(node.module) and used == str(node.module).count(".") + 1
        start = self.at(node.lineno, node.col_offset)
        if ours and (match := FROM.match(self.block.source, start)):
            self.mention(match.start("module"), match["module"], module)
        for alias in node.names:
            target = self.surface.step(module, alias.name) if ours else ""
            if target:
                self.mention(self.at(alias.lineno, alias.col_offset), alias.name, target)
            self.bind(alias.asname or alias.name, target)

    # What binds a name to something known

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            self.forget(target)
        alone = node.targets[0] if len(node.targets) == 1 else None
        if isinstance(alone, ast.Name) and isinstance(node.value, (ast.Name, ast.Attribute)):
            reached, last = self.target(node.value)
            if last is node.value:
                self.bind(alone.id, reached)
        elif isinstance(alone, ast.Name) and (class_ := self.class_of(node.value)):
            self.bind(alone.id, class_=class_)

def targets(found: Mapping[str, Sequence[Mention]]) -> set[str]:
    """All that sections name."""
    return {mention.target for mentions in found.values() for mention in mentions}
