"""Code to write again from memory: what it imports stays, and how its functions are called; what they do is the reader's."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hooks import keys
from hooks.marks import Block
from hooks.units import Function

TURN = "# Your turn."
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)


def kept(block: Block) -> bool:
    """Whether a block stays as it is: drawings, checks, commands, and what is only imported."""
    options = block.options
    if options.fold or options.hide or options.test or options.run or not block.executed:
        return True
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in _tree(block.source).body)


def emptied(block: Block, later: frozenset[str]) -> str:
    """A block's code without what the reader is to write. It says which names are asked for: those that stand in `later`,
    of a file all.

    >>> from hooks import section
    >>> parsed = section.parse("# A\\n\\n```python\\nx = 2\\n\\ndef f(a):\\n    return a * x\\n```\\n", "a.md")
    >>> print(emptied(parsed.blocks[0], frozenset({"x", "f"})))
    # Your turn. Later cells use `x`.
    <BLANKLINE>
    def f(a):
        ...
    """
    tree, lines = _tree(block.source), block.source.splitlines()
    imports, stubs, names = list[str](), list[str](), list[str]()
    end = 0
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports += [""] * bool(imports and node.lineno > end + 1) + lines[node.lineno - 1 : node.end_lineno]
        elif isinstance(node, DEFINITIONS):
            stubs.append("\n".join(_stub(node, lines)))
        else:
            names += [name for name in dict.fromkeys(_bound(node)) if name not in names]
        end = node.end_lineno or 0
    wanted = [f"`{name}`" for name in names if name in later or (block.kind == "file" and not name.startswith("_"))]
    uses = "Others import" if block.kind == "file" else "Later cells use"
    said = f"{TURN} {uses} {', '.join(wanted)}." if wanted else TURN
    return "\n\n".join(filter(None, ["\n".join(imports), said, *stubs]))


def asked(block: Block, later: frozenset[str]) -> frozenset[str]:
    """The names that must be there before a block runs, so that it and those below it find what they read."""
    if not block.executed or block.kind != "python":
        return later
    read, bound = set[str](), set[str]()
    for node in _tree(block.source).body:
        read |= _read(node) - bound
        bound |= set(_bound(node))
    return frozenset(read | (later - bound))


def _tree(source: str) -> ast.Module:
    try:
        tree: ast.Module = compile(source, "<code>", "exec", keys.FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError):
        tree = ast.Module([], [])
    return tree


def _bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement binds in its own scope, in order."""
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, DEFINITIONS):
            yield part.name
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif not isinstance(part, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            waiting[:0] = ast.iter_child_nodes(part)


def _read(node: ast.AST) -> set[str]:
    """Names that code reads from outside of itself, as far as its text tells."""
    found = {inside for child in ast.iter_child_nodes(node) for inside in _read(child)}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.AugAssign):
        return found | {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
        return found - own - _stored(node)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return (found - _stored(node.target)) | _read(node.iter)
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return found - _stored(node)
    return found


def _stored(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _stub(node: Function | ast.ClassDef, lines: list[str]) -> list[str]:
    """How a function or a class is called, and what it says of itself."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    body = node.body[0]
    begin = min([body.lineno, *(d.lineno for d in getattr(body, "decorator_list", ()))])
    indent = " " * node.col_offset
    if begin == node.lineno or lines[begin - 1][: body.col_offset].strip():  # on the line of its head
        head = lines[first - 1 : begin]
        head[-1] = head[-1].encode()[: body.col_offset].decode().rstrip()
    else:
        head = [line for line in lines[first - 1 : begin - 1] if line.strip() and not line.lstrip().startswith("#")]
    said = lines[body.lineno - 1 : body.end_lineno] if ast.get_docstring(node) is not None and len(head) < body.lineno - first + 1 else []
    inner = [] if not isinstance(node, ast.ClassDef) else [n for n in node.body if isinstance(n, FUNCTIONS)]
    methods = [line for method in inner for line in ["", *_stub(method, lines)]]
    return [*head, *said, *(methods[1:] or [f"{indent}    ..."])]
