"""Where a section's code names the library: found in its blocks' text, through imports and other names for the same thing.

A name that may be something else is nobody's: parameters, what a loop or an assignment binds, what a function keeps for
itself. Better no link than a wrong one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hooks import keys
from hooks.api_read import Surface
from hooks.marks import Block
from hooks.section import Section

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FROM = re.compile(r"from\s+(?P<module>[\w.]+)")


@dataclass(frozen=True)
class Mention:
    """A place in a block's code."""

    block: str  # its name
    start: int  # offsets in its source; the whole block shows the thing where both are 0
    end: int
    target: str


@dataclass
class _Known:
    """What names stand for in one scope: a target, or nothing that we know."""

    names: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)  # name -> the target of its class
    passing: bool = False  # a comprehension: it runs where it stands


def mentions(section: Section, surface: Surface) -> tuple[Mention, ...]:
    """Every place where the section's code names a part of the library, in order; solutions come last."""
    known = _Known()
    found: list[Mention] = []
    for block in sorted(section.blocks, key=lambda block: bool(block.solution)):
        if block.options.source:
            target, used = surface.resolve(block.options.source)
            if used == block.options.source.count(".") + 1:
                found.append(Mention(block.name, 0, 0, target))
        elif block.kind != "console":
            # A file is a program of its own; a solution begins where the section ends, and changes nothing there.
            own = _Known() if block.kind == "file" else _copy(known) if block.solution or block.options.static else known
            found += _Reader(block, surface, own).run()
    return tuple(found)


def key(section: Section, surface: str) -> str:
    """From what the mentions of a section are made; `surface` is the surface's own key."""
    return keys.digest(surface, section.text)


def _copy(known: _Known) -> _Known:
    return _Known(dict(known.names), dict(known.objects))


class _Reader(ast.NodeVisitor):
    def __init__(self, block: Block, surface: Surface, known: _Known) -> None:
        self.block, self.surface = block, surface
        self.scopes: list[_Known] = [known]
        self.found: list[Mention] = []
        self.lines = block.source.splitlines(keepends=True)
        self.offsets = [0]
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line))

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

    # Names

    def lookup(self, name: str) -> str:
        for scope in reversed(self.scopes):
            if name in scope.names:
                return scope.names[name]
        return ""

    def bind(self, name: str, target: str = "", class_: str = "") -> None:
        self.scopes[-1].names[name] = target
        self.scopes[-1].objects[name] = class_

    def forget(self, node: ast.AST | None) -> None:
        """What a target of an assignment binds, we do not know any more."""
        for part in ast.walk(node) if node else ():
            if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
                self.bind(part.id)

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

    def visit_Name(self, node: ast.Name) -> None:
        self.chain(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
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

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            target, used = self.surface.resolve(alias.name)
            whole = used == alias.name.count(".") + 1
            if whole:
                self.mention(self.at(alias.lineno, alias.col_offset), alias.name, target)
            first = alias.name.partition(".")[0]
            self.bind(alias.asname or first, (target if alias.asname else first) if whole else "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
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

    # What binds names

    def visit_Assign(self, node: ast.Assign) -> None:
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

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self.forget(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        self.forget(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.forget(node.target)

    def visit_Delete(self, node: ast.Delete) -> None:
        self.generic_visit(node)
        self.forget(node)

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.forget(node.target)
        self.branches(node)

    visit_For = visit_AsyncFor = loop  # noqa: N815

    def branches(self, node: ast.For | ast.AsyncFor | ast.While | ast.If | ast.Try | ast.TryStar | ast.Match) -> None:
        """What may run or not, or again: of what class a value is that is bound in it cannot be said behind it, nor in a
        loop before it."""
        bound = set(_bound([node]))
        for name in bound if isinstance(node, ast.For | ast.AsyncFor | ast.While) else ():
            self.scopes[-1].objects.pop(name, None)
        for name in ("test", "subject", "body", "handlers", "cases", "orelse", "finalbody"):
            inside = getattr(node, name, None) or []
            self.every(inside if isinstance(inside, list) else [inside])
        for name in bound:
            self.scopes[-1].objects.pop(name, None)

    visit_While = visit_If = visit_Try = visit_TryStar = visit_Match = branches  # noqa: N815

    def context(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            self.forget(item.optional_vars)
        self.every(node.body)

    visit_With = visit_AsyncWith = context  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.every([node.type] if node.type else [])
        if node.name:
            self.bind(node.name)
        self.every(node.body)

    def visit_match_case(self, node: ast.match_case) -> None:
        for part in ast.walk(node.pattern):
            for name in (getattr(part, "name", None), getattr(part, "rest", None)):
                if isinstance(name, str):
                    self.bind(name)
        self.generic_visit(node)

    # Scopes

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.every(node.decorator_list)
        self.visit(node.args)
        self.every([node.returns] if node.returns else [])
        self.bind(node.name)
        self.inside(node.body, [part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)], node.body)

    visit_FunctionDef = visit_AsyncFunctionDef = function  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.inside([node.body], [part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.every([*node.decorator_list, *node.bases, *node.keywords])
        self.bind(node.name)
        self.inside(node.body, [])

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        taken = [part.id for one in node.generators for part in ast.walk(one.target) if isinstance(part, ast.Name)]
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit(node.generators[0].iter)  # it is worked out outside
        rest = [part for one in node.generators[1:] for part in [one.iter]]
        self.inside([*rest, *(test for one in node.generators for test in one.ifs), *results], taken, passing=True)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension  # noqa: N815

    def inside(self, nodes: Sequence[ast.AST], taken: Iterable[str], body: Sequence[ast.stmt] = (), passing: bool = False) -> None:
        """A scope of its own, in which the names that are `taken`, and those that its body binds, are not ours."""
        scope = dict.fromkeys([*taken, *_bound(body)], "")
        self.scopes.append(_Known(scope, passing=passing))
        self.every(nodes)
        self.scopes.pop()

    def every(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that a function's body makes its own."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            continue
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        waiting += ast.iter_child_nodes(node)


def targets(found: Mapping[str, Sequence[Mention]]) -> set[str]:
    """All that sections name."""
    return {mention.target for mentions in found.values() for mention in mentions}
