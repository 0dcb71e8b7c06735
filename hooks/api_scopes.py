"""Whose a name is, statement by statement: what binds names in Python, and the scopes in which they are bound."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Known:
    """What names stand for in one scope: a target, or nothing that we know."""

    names: dict[str, str] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)  # name -> the target of its class
    passing: bool = False  # a comprehension: it runs where it stands


class Scopes(ast.NodeVisitor):
    """Visits code in the order in which it runs, as far as that is one order."""

    def __init__(self, known: Known) -> None:
        self.scopes = [known]

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
        self.scopes.append(Known(scope, passing=passing))
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
