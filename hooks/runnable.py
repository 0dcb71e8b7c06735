"""A slice as text that runs by itself, and what a page holds so that its script can put the same text together.

The text begins with a comment that says what to install; then the lines that seed generators, if it draws from them; the
kept lines of earlier blocks; the block. A block that is written into a file becomes a line that writes it, commands
become lines that run them. Figures get the reader's own style.

`docs/javascripts/copy.js` does the same from the code on the page; tests hold both together. What is not on the page, or
not as it is run, is in the page's data: once, and only if a slice needs it.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hooks import commands, repository
from hooks.book import Book
from hooks.facts import statements
from hooks.marks import Block
from hooks.section import Section
from hooks.snippet import Slice

AWAITS = "it awaits: run it in a notebook"
UNTRIED = "all blocks before it, not tried apart from them"


@dataclass(frozen=True)
class Terms:
    """What a text says and does that depends on the book, not on the section."""

    library: str
    install: str = ""  # how to get the library: what stands behind `# `
    seeds: Mapping[str, str] = field(default_factory=dict)  # package -> the lines that seed it


def terms(book: Book) -> Terms:
    return Terms(book.library.name, _install(book), seeds(book.source / "_runtime.py"))


def _install(book: Book) -> str:
    """How a reader gets the library. A package index is never named: what it has under the library's name is not ours."""
    found = repository.of(book.root, book.settings)
    command = repository.install(book.root, found, extra="")
    if not command:
        return "in a clone of the book's repository"
    return command if found else "from a clone of the book's repository: pip install ."


def seeds(runtime: Path) -> dict[str, str]:
    """`seeds` of the book's page of code: package -> the statement that seeds it, which says the package's name."""
    with suppress(OSError, SyntaxError, ValueError, TypeError, AttributeError):
        for node in ast.parse(runtime.read_bytes()).body:
            match node:
                case ast.Assign(targets=[ast.Name("seeds")], value=value) | ast.AnnAssign(target=ast.Name("seeds"), value=ast.expr() as value):
                    return {str(name): f"import {name}\n\n{line}" for name, line in ast.literal_eval(value).items()}
    return {}


def lines(source: str, numbers: Iterable[int]) -> list[tuple[int, int]]:
    """From which line to which line of a block the statements stand; those that share a line are not parted."""
    nodes, found = statements(source), list[tuple[int, int]]()
    for number in sorted(numbers):
        node = nodes[number]
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        between = source.splitlines()[found[-1][1] : first - 1] if found else ["x"]
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        elif found and not any(line.strip() for line in between):  # blank lines between neighbors stay
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


def part(block: Block, numbers: tuple[int, ...] = ()) -> str:
    """What of a block is in a slice: some statements, or all of it."""
    if block.kind == "file":
        return f"from pathlib import Path\n\nPath({json.dumps(block.options.file)}).write_text('''\\\n{_quoted(block.source.rstrip())}\n''')"
    if block.kind == "console":
        return "import subprocess\n\n" + "\n".join(f"subprocess.run({json.dumps(c.text)}, shell=True, check=True)" for c in commands.read(block.source))
    if not numbers or len(numbers) == len(statements(block.source)):
        return block.source.rstrip()
    rows = block.source.splitlines()
    return "\n".join("\n".join(rows[first - 1 : last]) for first, last in lines(block.source, numbers))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")


def before(section: Section, kept: Slice, seeded: Iterable[str], said: Terms) -> str:
    """The text before the block, without the comment."""
    blocks = {block.name: block for block in section.blocks}
    parts = [said.seeds[package] for package in seeded]
    parts += [part(blocks[name], numbers) for name, numbers in kept]
    return "".join(f"{text}\n\n" for text in parts)


def comment(needs: Iterable[str], said: Terms, notes: Iterable[str] = ()) -> str:
    """What to install: the book's own library from its repository, other packages by their names.

    >>> comment(["numpy"], Terms("puddle")), comment([], Terms("puddle"))
    ('pip install numpy', 'needs nothing but Python')
    """
    others = " ".join(name for name in needs if name != said.library)
    own = said.install if said.library in needs else ""
    if own and others:
        first = f"{own} {others}" if "pip install" in own else f"{own}; pip install {others}"
    else:
        first = own or (f"pip install {others}" if others else "needs nothing but Python")
    return "; ".join([first, *notes])


def needs(nodes: Iterable[ast.AST], section: Section, said: Terms, names: Mapping[str, str]) -> list[str]:
    """What code imports and a bare Python has not: the library, then distributions. `names` are those that are not called as their package."""
    own = {block.options.file.partition("/")[0].removesuffix(".py") for block in section.blocks if block.kind == "file"}
    found = set(imported(nodes)) - set(sys.stdlib_module_names) - own
    needed = [said.library] if said.library in found else []
    return needed + sorted({names.get(package, package) for package in found - {said.library}})


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Top-level packages that code imports."""
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def awaits(nodes: Iterable[ast.AST]) -> bool:
    """Whether it awaits outside of a function."""
    for node in nodes:
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and awaits(ast.iter_child_nodes(node)):
            return True
    return False
