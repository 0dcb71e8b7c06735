"""What one statement at the top level of a block reads, binds and may change, as far as its text tells.

Scopes are Python's own affair: its symbol tables say which names are a module's. What may change an object is judged at
three levels of care; a higher one sees every change that a lower one sees.

- 0: assignments into it, `del`, augmented assignment, methods that are called for their effect alone, and what such calls are given;
- 1: and every method that is called on it;
- 2: and every call that it is given to, and every loop over it, which may use up an iterator; and what it holds, or may hold.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LEVELS = range(3)
BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__", "__annotations__"}
OPAQUE = frozenset({"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__"})  # they reach names that they do not say
GIVEN = {"exec": 1, "eval": 1, "vars": 0}  # with more arguments than these they reach only what they are given
LOOKS = frozenset(
    {
        "abs", "bool", "callable", "chr", "divmod", "float", "format", "hasattr", "hash", "id", "int", "isinstance", "issubclass", "len", "ord",
        "print", "range", "repr", "round", "str", "type"
    }
)
MUTATORS = frozenset(
    {
        "append", "appendleft", "extend", "insert", "pop", "popleft", "popitem", "remove", "clear", "update", "setdefault", "add", "discard", "sort",
        "reverse", "write", "writelines", "read", "readline", "readlines", "seek", "send", "throw", "close", "backward", "step"
    }
)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)


@dataclass(frozen=True)
class Facts:
    """Names of the module's scope. `later` is what happens when a function is called that the statement defines."""

    reads: frozenset[str] = frozenset()
    reads_later: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    binds_later: frozenset[str] = frozenset()
    kills: frozenset[str] = frozenset()  # names that surely have another value from here on
    changes: tuple[frozenset[str], ...] = (frozenset(),) * 3  # by level
    changes_later: tuple[frozenset[str], ...] = (frozenset(),) * 3
    holds: tuple[frozenset[str], ...] = (frozenset(),) * 3  # what the names that it binds, or changes, may hold afterwards
    stores: frozenset[str] = frozenset()  # roots of what is assigned to, in place: `warnings` of `warnings.showwarning = tell`
    stores_later: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()  # roots of functions that are called for their effect alone: `np` of `np.set_printoptions()`
    called_later: frozenset[str] = frozenset()
    packages: tuple[tuple[str, str], ...] = ()  # name -> top-level package, of an import
    star: bool = False  # binds names that it does not say
    opaque: bool = False
    code: bool = False  # it defines functions
    runs: bool = False  # it does more than define, import and name


def statements(source: str) -> list[ast.stmt]:
    """A block's statements at its top level."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: ast.Module = compile(source, "<block>", "exec", flags, dont_inherit=True)
    return tree.body


@lru_cache(maxsize=4096)
def facts(source: str) -> tuple[Facts, ...]:
    """Of every statement of a block."""
    return tuple(_facts(node) for node in statements(source))


def _facts(node: ast.stmt) -> Facts:
    table = symtable.symtable(ast.unparse(ast.Module([node], [])), "<block>", "exec")
    reads, binds, reads_later, binds_later = (set[str]() for _ in range(4))
    _scan(table, reads, binds, reads_later, binds_later, top=True)
    augmented = {n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    deleted = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    reads |= (augmented | deleted) & binds
    reads_later |= (augmented | deleted) & binds_later
    every = reads | reads_later | binds | binds_later
    now, later = [set[str]() for _ in LEVELS], [set[str]() for _ in LEVELS]
    called, called_later, stores, stores_later = (set[str]() for _ in range(4))
    for inside, function in _walk(node):
        for level in LEVELS:
            (later if function else now)[level] |= _changed(inside, level) & every
        if isinstance(inside, (ast.Attribute, ast.Subscript)) and not isinstance(inside.ctx, ast.Load):
            (stores_later if function else stores).update(_roots(inside.value) & every)
        if isinstance(inside, ast.Expr) and isinstance(inside.value, (ast.Call, ast.Await)):
            call = inside.value.value if isinstance(inside.value, ast.Await) else inside.value
            if isinstance(call, ast.Call):
                (called_later if function else called).update(_roots(call.func) & every)
    packages = tuple((name, package) for name, package in _imported(node))
    return Facts(
        frozenset(reads),
        frozenset(reads_later),
        frozenset(binds),
        frozenset(binds_later),
        frozenset(_kills(node)) - deleted,
        tuple(map(frozenset, now)),
        tuple(map(frozenset, later)),
        tuple(frozenset(_held(node, level) & every) for level in LEVELS),
        frozenset(stores),
        frozenset(stores_later),
        frozenset(called),
        frozenset(called_later),
        packages,
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*",
        _opaque(node, every),
        any(isinstance(inside, (*SCOPES, ast.ClassDef)) for inside in ast.walk(node)),
        _runs(node),
    )


def _opaque(node: ast.stmt, names: set[str]) -> bool:
    """Whether it reaches names that it does not say: `exec(code)`, and not `exec(code, {"x": x})`."""
    told = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and len(n.args) > GIVEN.get(n.func.id, 99)}
    return any(isinstance(n, ast.Name) and n.id in OPAQUE & names and id(n) not in told for n in ast.walk(node))


def _scan(table: symtable.SymbolTable, reads: set[str], binds: set[str], reads_later: set[str], binds_later: set[str], top: bool, function: bool = False) -> None:
    """Names of the module in one scope and those inside it: Python has resolved them."""
    function = function or (table.get_type() == "function" and table.get_name() not in ("listcomp", "setcomp", "dictcomp", "genexpr"))
    for symbol in table.get_symbols():
        name = symbol.get_name()
        if top or symbol.is_global():
            if symbol.is_referenced():
                (reads_later if function else reads).add(name)
            if symbol.is_assigned() or symbol.is_imported():
                (binds_later if function else binds).add(name)
    for inside in table.get_children():
        _scan(inside, reads, binds, reads_later, binds_later, False, function)


def _walk(node: ast.AST, function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes, and whether they are run only when a function is called."""
    yield node, function
    for name, value in ast.iter_fields(node):
        deeper = function or (isinstance(node, SCOPES) and name == "body")
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, deeper)


def _changed(node: ast.AST, level: int) -> set[str]:
    """Names whose objects one node, without those inside it, may change."""
    found: set[str] = set()
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        found |= _roots(node.value)
    elif isinstance(node, ast.AugAssign):
        found |= _roots(node.target)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
        found.add(node.id)
    elif isinstance(node, ast.Expr):
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and not _looks(call):
            found |= _roots(call.func.value) if isinstance(call.func, ast.Attribute) else _roots(call.func)
            found |= _given(call)
    elif isinstance(node, ast.Call) and not _looks(node):
        if isinstance(node.func, ast.Attribute) and (level or node.func.attr in MUTATORS or node.func.attr.endswith("_")):
            found |= _roots(node.func.value)
        if level == 2 or (isinstance(node.func, ast.Name) and node.func.id == "next"):
            found |= _given(node) | _roots(node.func)
    elif level == 2 and isinstance(node, (*LOOPS, ast.Starred, ast.YieldFrom)):
        found |= _roots(node.iter if isinstance(node, LOOPS) else node.value)
    elif level == 2 and isinstance(node, ast.Compare) and any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
        found |= set().union(*map(_roots, node.comparators))
    elif level == 2 and isinstance(node, ast.Assign) and any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
        found |= _roots(node.value)
    elif level == 2 and isinstance(node, (ast.With, ast.AsyncWith)):
        found |= set().union(*(_roots(item.context_expr) for item in node.items))
    elif level == 2 and isinstance(node, ast.Await):
        found |= _roots(node.value)
    elif level == 2 and isinstance(node, DEFINITIONS):
        found |= set().union(*map(_roots, node.decorator_list))
    return found


def _looks(call: ast.Call) -> bool:
    """Whether it only looks at what it is given. A page that gives `len` another meaning binds it, and then it is no builtin: see `snippet`."""
    return isinstance(call.func, ast.Name) and call.func.id in LOOKS


def _given(call: ast.Call) -> set[str]:
    return set().union(*map(_roots, [*call.args, *(keyword.value for keyword in call.keywords)]))


def _roots(node: ast.AST) -> set[str]:
    """Names whose objects, or parts of them, an expression may give."""
    if isinstance(node, (ast.JoinedStr, ast.Constant)):
        return set()
    if isinstance(node, ast.Compare) or (isinstance(node, ast.Call) and _looks(node)):
        return set()
    return {inside.id for inside in ast.walk(node) if isinstance(inside, ast.Name)}


def _held(node: ast.stmt, level: int) -> set[str]:
    """What may be part of what the statement binds."""
    if level == 2:
        return set().union(*(_roots(child) for child in ast.iter_child_nodes(node)))
    found: set[str] = set()
    for inside in ast.walk(node):
        if isinstance(inside, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and inside.value is not None:
            found |= _same(inside.value)
            targets = inside.targets if isinstance(inside, ast.Assign) else []
            if len(targets) > 1:  # `a = b = []` are one
                found |= set().union(*map(_roots, targets))
        elif isinstance(inside, (ast.For, ast.AsyncFor)):
            found |= _same(inside.iter)
        elif isinstance(inside, ast.Call) and isinstance(inside.func, ast.Attribute) and inside.func.attr in MUTATORS:
            found |= set().union(*map(_same, inside.args))
    return found


def _same(node: ast.expr) -> set[str]:
    """Names that an expression hands on as they are."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        return _same(node.value)
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return set().union(*map(_same, node.elts))
    if isinstance(node, ast.Dict):
        return set().union(*map(_same, node.values))
    if isinstance(node, ast.IfExp):
        return _same(node.body) | _same(node.orelse)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("zip", "enumerate", "list", "tuple", "iter", "reversed", "dict"):
        return set().union(*map(_same, node.args))
    return set()


def _kills(node: ast.stmt) -> set[str]:
    if isinstance(node, DEFINITIONS):
        return {node.name}
    if isinstance(node, ast.Import):
        return {alias.asname for alias in node.names if alias.asname} | {alias.name for alias in node.names if not alias.asname and "." not in alias.name}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) and node.value else []
    return {inside.id for target in targets for inside in _plain(target)}


def _plain(target: ast.expr) -> Iterator[ast.Name]:
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Starred):
        yield from _plain(target.value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for inside in target.elts:
            yield from _plain(inside)


def _imported(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], alias.name.partition(".")[0]
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, (node.module or "").partition(".")[0]


def _runs(node: ast.stmt) -> bool:
    """Whether anything may happen but the binding of names."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return False
    if isinstance(node, DEFINITIONS) and node.decorator_list:
        return True
    quiet = (ast.Call, ast.BinOp, ast.Subscript, ast.Attribute, ast.For, ast.With, ast.Await, ast.Compare, ast.UnaryOp, ast.AugAssign, ast.Delete)
    return any(isinstance(inside, (*quiet, ast.comprehension, ast.AsyncFor, ast.AsyncWith)) for inside, function in _walk(node) if not function)
