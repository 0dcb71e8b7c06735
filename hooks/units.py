"""Units of a library: what of its code can change by itself, found in the text alone.

A *function unit* is a function of a module, or of a class, with its decorators, signature, defaults and body. The
*module line* is the rest of a module, which runs when it is imported: imports, constants, class lines (bases,
statements, the names of methods), decorators, defaults that are computed, annotations that are evaluated. A function
inside a function belongs to the outer one; one that stands under an `if` belongs to the module line.

The standard library only: processes that sections start import this, too.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """The functions that are units, with their names: `Gauge.pour`, and `Gauge.depth#2` where one stands again.

    >>> list(name for name, _ in functions(ast.parse("def f(): pass\\nclass C:\\n    def g(self): pass\\n    def g(self): pass")))
    ['f', 'C.g', 'C.g#2']
    """
    seen: Counter[str] = Counter()
    yield from _inside(tree.body, "", seen)


def _inside(body: list[ast.stmt], prefix: str, seen: Counter[str]) -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function):
            name = prefix + node.name
            seen[name] += 1
            yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), node
        elif isinstance(node, ast.ClassDef):
            yield from _inside(node.body, f"{prefix}{node.name}.", seen)


def module_line(tree: ast.Module) -> ast.Module:
    """The module without the function units, in place: of each only what runs when it is defined, and its name.

    A default that is written out (`lr=0.1`) belongs to the function alone. One that is computed runs at import; so do
    annotations, and a decorator may read them even where they are but text (`functools.singledispatch` does).
    """
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    text = any(name.name == "annotations" for node in imports for name in node.names)
    for _, node in functions(tree):
        a = node.args
        parameters = [p for p in (*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg) if p]
        given = [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]
        computed = [default for default in given if not _literal(default)]
        if not text or node.decorator_list:
            computed += [part.annotation for part in parameters if part.annotation]
        else:
            node.returns = None
        node.args = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=computed)
        node.body = [ast.Pass()]
    return tree


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def mark(tree: ast.Module, marks: str) -> dict[str, int]:
    """Put a mark at the beginning of every function unit, in place; the units' names with their first lines, in the
    order of their numbers.

    The mark is an assignment to a list, `__marks__[3] = 1`: the cheapest statement that threads share, and that
    compilers of array code carry along. The list has a name of its own in every module, for `globals().update(...)`.
    """
    names = {}
    for number, (name, node) in enumerate(list(functions(tree))):
        names[name] = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        at = 1 if ast.get_docstring(node, clean=False) is not None else 0
        statement = ast.parse(f"{marks}[{number}] = 1").body[0]
        after = node.body[at] if at < len(node.body) else node.body[-1]
        for part in ast.walk(statement):
            ast.copy_location(part, after)
        node.body.insert(at, statement)
    return names
