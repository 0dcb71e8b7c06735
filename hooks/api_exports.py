"""What a module says of its names without being run: which are public, which are further names for the same thing, which
are loaded when they are first asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any


def listed(tree: ast.Module) -> tuple[str, ...] | None:
    """What `__all__` lists; None where that is worked out when the module runs."""
    with suppress(ValueError):
        return tuple(ast.literal_eval(value)) if (value := _all(tree)) else None
    return None


def written(tree: ast.Module) -> Iterator[str]:
    """What stands in `__all__` as it is, whatever else is worked out."""
    value = _all(tree)
    yield from (part.value for part in getattr(value, "elts", ()) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _all(tree: ast.Module) -> ast.expr | None:
    assigned = (node for node in tree.body if isinstance(node, ast.Assign))
    return next((node.value for node in assigned if any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)), None)


def starred(tree: ast.Module, name: str, package: bool) -> tuple[str, ...]:
    """The modules from which it imports all names, in order."""
    above = name.split(".") + [""] * package
    return tuple(
        ".".join(filter(None, [*(above[: -node.level] if node.level else ()), node.module]))
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    )


def others(tree: ast.Module, module: Any) -> Iterator[tuple[str, str]]:
    """`rainfall = depth`, and several at once: further names for a function or a class of the module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            left, right = node.targets[0], node.value
            both = isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple) and len(left.elts) == len(right.elts)
            for name, value in zip(left.elts, right.elts, strict=True) if both else [(left, right)]:  # type: ignore[attr-defined]
                found = module.members.get(value.id) if isinstance(value, ast.Name) else None
                if isinstance(name, ast.Name) and found is not None and not found.is_alias and found.kind.value in ("function", "class"):
                    yield name.id, found.path


def exported(tree: ast.Module) -> Iterable[str]:
    """`from .moon import Moon as Moon`: said twice, it is the module's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (name.name for name in node.names if name.asname == name.name)


def lazy(tree: ast.Module, package: str, names: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Names that a package loads when they are first asked for: tables `{module: (name, ...)}`, `{name: module}` and
    tuples of modules in a module that has a `__getattr__`."""
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
        return
    for node in tree.body:
        try:
            table = ast.literal_eval(node.value) if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value else None
        except ValueError:
            continue
        pairs = [(key, value if isinstance(value, (tuple, list)) else (value,)) for key, value in table.items()] if isinstance(table, dict) else []
        for first, others in pairs:
            for other in others:
                for module, name in ((first, other), (other, first)):
                    if target := names.get(f"{package}.{module}", {}).get(str(name)):
                        yield str(name), target
        if isinstance(table, (tuple, list)) and all(f"{package}.{name}" in names for name in table):
            yield from ((name, f"{package}.{name}") for name in table)
