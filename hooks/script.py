"""A section as one Python file that runs from top to bottom: `# %%` begins a cell, as editors know it; prose is comments."""

from __future__ import annotations

import ast
import builtins
import re

from hooks import commands, keys
from hooks.marks import Block

MAGIC = re.compile(r"^[ \t]*%.*\n?", re.MULTILINE)


def text(markdown: str) -> str:
    """Prose as comments."""
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in markdown.split("\n"))


def setup(source: str) -> str:
    """The first cell, without what only a notebook understands."""
    return "# %%\n" + MAGIC.sub("", source).strip()


def code(block: Block) -> str:
    """A block as a script can run it: files are written, commands run, an exception that is expected is caught."""
    options, source = block.options, block.source.rstrip()
    if block.kind == "file":
        source = f"from pathlib import Path\n\nPath({options.file!r}).parent.mkdir(parents=True, exist_ok=True)\n" + (
            f"Path({options.file!r}).write_text({_literal(source)}, encoding='utf-8')"
        )
    elif block.kind == "console":
        lines = "\n".join(f"subprocess.run(['bash', '-o', 'pipefail', '-c', {_literal(c.text)}], check=True)" for c in commands.read(block.source))
        source = f"import subprocess\n\n{lines}"
    elif waits(source):
        names = sorted(_bound(source))
        head = f"    global {', '.join(names)}\n" if names else ""
        source = f"import asyncio\n\n\nasync def cell():\n{head}{indented(source)}\n\n\nasyncio.run(cell())"
    if options.raises:
        name = options.raises if hasattr(builtins, options.raises) else "Exception"
        caught = f"except {name} as error:\n    print(f'{{type(error).__name__}}: {{error}}')"
        source = f"try:\n{indented(source)}\n{caught}\nelse:\n    raise AssertionError('it was to raise {options.raises}')"
    return f"# %%\n{source}"


def waits(source: str) -> bool:
    """Whether code awaits something outside any function, as only a notebook can."""
    try:
        compile(source, "<code>", "exec", dont_inherit=True)
    except SyntaxError:
        return True
    return False


def indented(source: str) -> str:
    """Code four spaces further in, without touching what stands inside strings.

    >>> print(indented("a = '''x\\ny'''\\nb = 1"))
        a = '''x
    y'''
        b = 1
    """
    tree = compile(source, "<code>", "exec", keys.FLAGS, dont_inherit=True)
    strings = [node for node in ast.walk(tree) if isinstance(node, (ast.JoinedStr, ast.Constant)) and isinstance(getattr(node, "value", ""), (str, bytes))]
    inside = {line for node in strings for line in range(node.lineno + 1, (node.end_lineno or 0) + 1)}
    return "\n".join(f"    {line}" if line.strip() and number not in inside else line for number, line in enumerate(source.split("\n"), 1))


def _bound(source: str) -> set[str]:
    """The names that code binds outside any function."""
    tree = compile(source, "<code>", "exec", keys.FLAGS, dont_inherit=True)
    outside = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in tree.body if isinstance(node, outside)}
    for top in tree.body:
        for node in ast.walk(top) if not isinstance(top, outside) else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).partition(".")[0])
    return found


def _literal(text: str) -> str:
    """A text as a person would write it in Python: whole lines, if that says the same."""
    if "\n" not in text:
        return repr(text)
    for quotes in ("'''", '"""'):
        if quotes not in text and not text.endswith(("\\", quotes[0])):
            return f"r{quotes}{text}\n{quotes}"
    return repr(text + "\n")
