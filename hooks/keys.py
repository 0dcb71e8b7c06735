"""What identifies code: a hash of its syntax tree, so that comments and layout count for nothing."""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hooks.marks import Block, Value
from hooks.problem import BookError, Problem

# A tree's hash must be the same under every Python that builds the book. Versions differ in the fields they add
# (empty `type_params` in 3.12) and in what `ast.dump` prints of empty ones: so what is empty is left out.
IGNORED = {"ctx", "kind", "type_comment", "type_ignores"}
FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def digest(*parts: str) -> str:
    """One hash of several texts, with their borders.

    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode()
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()[:32]


def tree(source: str) -> str:
    """The normal form of code: its syntax tree as text.

    >>> tree("x = 1  # one") == tree("x=1")
    True
    """
    return form(compile(source, "<code>", "exec", FLAGS, dont_inherit=True))


def parse(path: Path, root: Path) -> ast.Module:
    """The tree of a file of code below `root`, without docstrings. Raises BookError where it is not Python."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line, reason = getattr(error, "lineno", None) or 1, getattr(error, "msg", None) or str(error)
        file = path.relative_to(root).as_posix()
        raise BookError([Problem(file, line, f"the module is not Python: {reason}.", "Mend it.")]) from None
    drop_docstrings(tree)
    return tree


def form(node: Any) -> str:
    """The normal form of a tree, or of a part of one."""
    if isinstance(node, ast.AST):
        fields = [(name, value) for name, value in ast.iter_fields(node) if name not in IGNORED]
        if isinstance(node, ast.JoinedStr):  # some versions end an f-string in an empty constant
            fields = [("values", [value for value in node.values if not (isinstance(value, ast.Constant) and value.value == "")])]
        inside = ",".join(f"{name}={form(value)}" for name, value in fields if value is not None and value != [])
        return f"{type(node).__name__}({inside})"
    if isinstance(node, list):
        return "[" + ",".join(map(form, node)) + "]"
    return repr(node)


def drop_docstrings(parsed: ast.AST) -> None:
    """Take the docstrings out, in place."""
    for node in ast.walk(parsed):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:]


def quiet(source: str) -> bool:
    """Whether a block ends in a semicolon, so that its last value is not shown.

    >>> quiet("plot();  # no legend"), quiet("plot()")
    (True, False)
    """
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type not in skip]
    except (tokenize.TokenError, SyntaxError):
        return False
    return bool(tokens) and tokens[-1].string == ";"


def cell_key(cell: Block | Value) -> str:
    """What one cell executes, in one hash."""
    if isinstance(cell, Block) and cell.kind != "python":  # as text: a program may read itself, and a shell has no tree
        return digest(cell.kind, cell.solution, cell.options.file, cell.source)
    if isinstance(cell, Block):
        return digest("block", cell.solution, cell.options.raises, str(quiet(cell.source)), tree(cell.source))
    return digest("value", cell.solution, tree(cell.source))


def source_key(cell_keys: Iterable[str]) -> str:
    """What the cells of a section execute, in one hash: not its prose, comments, labels, captions or limits."""
    return digest("section", "1", *cell_keys)
