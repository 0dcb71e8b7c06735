"""Which packages sections import, as far as their text tells: no others need to be warm before they run.

What the text does not tell is imported late, when a block asks for it: that takes longer, and changes nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from hooks import keys
from hooks.book import Book
from hooks.marks import Block, Value
from hooks.section import Section

HIDDEN = {"__import__", "exec", "eval"}  # what they import is in no text; it counts as `importlib`


def packages(book: Book, sections: Iterable[Section]) -> frozenset[str]:
    """The top-level packages that the blocks of some sections import, themselves or through the library."""
    modules = {**_library(book)}
    waiting = set()
    for section in sections:
        waiting |= {name for cell in section.cells if _runs(cell) for name in _imported(cell.source, "")}
        for block in section.blocks:
            if block.kind == "file":  # runs in a process of its own, or is imported by a block
                name = block.options.file.removesuffix(".py").replace("/", ".")
                modules[name] = {*modules.get(name, ()), *_imported(block.source, "")}
    own = {book.library.name, *(name.partition(".")[0] for name in modules)}
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        top = name.partition(".")[0]
        if top not in own:
            found.add(top)
            continue
        parts = name.split(".")
        for end in range(1, len(parts) + 1):  # a package is imported before what is in it
            waiting |= modules.get(".".join(parts[:end]), set()) - seen
    return frozenset(found)


def _runs(cell: Block | Value) -> bool:
    """Whether the process that is warm runs it, whatever else does."""
    return isinstance(cell, Value) or cell.kind == "python"


def _library(book: Book) -> dict[str, set[str]]:
    """What each module of the library imports."""
    files = book.library.files()
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    key = keys.digest(*texts, *texts.values())
    found: dict[str, set[str]] | None = book.cache.get("imports", key)
    if found is None:
        found = {name: set(_imported(text, name if files[name].name == "__init__.py" else name.rpartition(".")[0])) for name, text in texts.items()}
        book.cache.put("imports", key, found)
    return found


def _imported(source: str, package: str) -> Iterator[str]:
    """Dotted names that code imports; of `from a import b` both `a` and `a.b`, which may be a module."""
    try:
        tree = compile(source, "<code>", "exec", keys.FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError):  # a value in prose need not be a statement, and a broken block will not run
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            whole = ".".join([*base, *filter(None, [node.module])])
            yield whole
            yield from (f"{whole}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Name) and node.id in HIDDEN:
            yield "importlib"
