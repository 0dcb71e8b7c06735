"""What a section of the book of mutants really uses, seen by another eye than the machine's.

Sections run here in plain Python: their blocks in order, each solution on top of them in a run of its own, a block
that raises inside `try`. A tracer of its own, in all processes that see PYTHONPATH and in all threads, notes every
line of the library that is executed, apart for functions and for what runs when a module is imported. Nothing here is
shared with the package `hooks`.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

Line = tuple[str, int, str]  # module, number, "function" or "import"

TRACER = '''
import os, sys, threading
root, into = os.environ["ORACLE_ROOT"], os.environ["ORACLE_INTO"]
seen = set()
file = os.open(into, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def enter(frame, event, value):
    code = frame.f_code
    if not code.co_filename.startswith(root):
        return None
    module = os.path.basename(code.co_filename)[:-3]
    kind = "function" if code.co_flags & 1 else "import"

    def step(frame, event, value):
        if event == "line":
            line = f"{module} {frame.f_lineno} {kind}\\n"
            if line not in seen:
                seen.add(line)
                os.write(file, line.encode())
        return step

    return step

threading.settrace(enter)
sys.settrace(enter)
'''

# Runs pieces of code as the main module; `-c`, since a spawned process would run a script again.
DRIVER = '''
import json, sys
for piece in json.loads(sys.argv[1]):
    exec(compile(piece, "<piece>", "exec"), globals())
'''

# The same for many sections under many libraries, each in a fork: [[folder of the library, [pieces], file], ...]
FORKER = '''
import asyncio, concurrent.futures, contextlib, dataclasses, functools, inspect, json, multiprocessing.connection, os, queue, subprocess, sys, threading
import multiprocessing.context, multiprocessing.popen_fork, concurrent.futures.thread
for folder, pieces, into in json.load(open(sys.argv[1])):
    child = os.fork()
    if child == 0:
        sys.path.insert(0, folder)
        os.environ["PYTHONPATH"] = folder
        number = os.open(into, os.O_WRONLY | os.O_CREAT)
        os.dup2(number, 1), os.dup2(number, 2)
        status = 0
        try:
            for piece in pieces:
                exec(compile(piece, "<piece>", "exec"), globals())
        except BaseException as error:
            print(type(error), error)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
'''


def pieces(text: str) -> list[list[str]]:
    """The runs of a section, each a list of pieces of code: the section itself, then each solution on top of it."""
    main: list[str] = []
    solutions: list[list[str]] = []
    for found in re.finditer(r"^( *)```python( \{.*\})?\n(.*?)^ *```$|`\{python\} (.*?)`", text, re.M | re.S):
        indent, options, code, value = found.groups()
        if value:
            main.append(f"print({value})")
            continue
        lines = [line.removeprefix(indent) for line in code.splitlines()]
        if options:
            lines = ["try:", *("    " + line for line in lines), "except Exception as error: print(type(error), error)"]
        elif _expression(lines[-1]):
            lines[-1] = f"print({lines[-1]})"
        (solutions.append if indent else main.append)(["\n".join(lines)] if indent else "\n".join(lines))  # type: ignore[arg-type]
    return [main, *([*main, *solution] for solution in solutions)]


def _expression(line: str) -> bool:
    try:
        ast.parse(line, mode="eval")
    except SyntaxError:
        return False
    return not line.startswith("print(")


def covered(root: Path, folder: Path) -> dict[str, set[Line]]:
    """The lines of the library that each section of the book in `root` executes. `folder` is for files."""
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "sitecustomize.py").write_text(TRACER)
    found = {}
    for path in sorted((root / "book" / "tea").glob("*.md")):
        into = folder / f"{path.stem}.lines"
        into.touch()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(root)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ORACLE_ROOT": str(root / "kettle") + os.sep,
            "ORACLE_INTO": str(into),
        }
        running = [
            subprocess.Popen([sys.executable, "-c", DRIVER, json.dumps(run)], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
            for run in pieces(path.read_text())
        ]
        assert [process.wait() for process in running] == [0] * len(running), path
        lines = (line.split() for line in into.read_text().splitlines())
        found[path.stem] = {(module, int(number), kind) for module, number, kind in lines}
    return found


def printed(jobs: list[tuple[Path, str]], folder: Path) -> list[str]:
    """What sections print, each a text with the folder of its library. `folder` is for files."""
    folder.mkdir(parents=True)
    work = [(str(root), run, str(folder / f"{number}-{part}")) for number, (root, text) in enumerate(jobs) for part, run in enumerate(pieces(text))]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    running = []
    for half in range(2):
        (folder / f"{half}.json").write_text(json.dumps(work[half::2]))
        running.append(subprocess.Popen([sys.executable, "-c", FORKER, str(folder / f"{half}.json")], cwd=folder, env=environment))
    assert [process.wait() for process in running] == [0, 0]
    return ["".join(path.read_text() for path in sorted(folder.glob(f"{number}-*"))) for number in range(len(jobs))]


# What a change touches


@dataclass(frozen=True)
class Touched:
    """A statement that a change touches."""

    lines: range
    function: range | None  # the outermost function whose body or head it is in
    name: str  # of that function
    head: bool  # it is the head of a function: its name, parameters, defaults


def touched(before: str, after: str) -> list[Touched]:
    """The statements of a module that a change of its text touches. Lines that are added touch what they are added to."""
    tree, found = ast.parse(before), []
    old, new = before.splitlines(), after.splitlines()
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "insert":
            first = next((line for line in new[c:d] if line.strip()), "")
            found.append(_holder(tree, a, len(first) - len(first.lstrip())))
        elif what != "equal":
            found += [_statement(tree, number + 1) for number in range(a, b) if old[number].strip()]
    return found


def _statement(tree: ast.Module, line: int) -> Touched:
    """The innermost statement, or head of a compound one, that a line belongs to."""
    body: list[ast.stmt] = tree.body
    function: ast.AST | None = None
    while True:
        node = next(n for n in body if _first(n) <= line <= (n.end_lineno or 0))
        inside = [n for name in ("body", "orelse", "finalbody") for n in getattr(node, name, [])]
        inside += [n for handler in getattr(node, "handlers", []) for n in handler.body]
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        decorated = is_function and line < node.lineno  # type: ignore[attr-defined]
        if is_function and not decorated and function is None:
            function = node
        if any(_first(n) <= line <= (n.end_lineno or 0) for n in inside):
            body = inside
            continue
        start, end = (node.lineno, node.end_lineno or 0) if not inside else (_first(node), _first(inside[0]) - 1)
        if is_function:
            start, end = (line, line) if decorated else (node.lineno, end)
        head = is_function and not decorated and node is function
        bounds = range(_first(function), (function.end_lineno or 0) + 1) if function else None  # type: ignore[attr-defined,arg-type]
        return Touched(range(start, end + 1), bounds, getattr(function, "name", ""), head)


def _holder(tree: ast.Module, at: int, indent: int) -> Touched:
    """What lines behind line `at` are added to, if they are indented so far: a class, or the module."""
    for node in ast.walk(tree):
        if indent and isinstance(node, ast.ClassDef) and node.lineno <= at <= (node.end_lineno or 0) + 1:
            return Touched(range(_first(node), node.lineno + 1), None, "", False)
    return Touched(range(1, at + 10**6), None, "", False)


def _first(node: ast.AST) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])  # type: ignore[attr-defined]


def executed(change: Touched, module: str, lines: set[Line]) -> bool:
    """Whether a section that executed these lines executed what a change touches.

    The head of a function runs when its module is imported, whoever calls it later; but what stands in it, names and
    defaults, is there for its callers. So it counts as executed where a line of the function's body was.
    """
    if change.head:
        assert change.function is not None
        return any((module, line, "function") in lines for line in change.function)
    return any((module, line, kind) in lines for line, kind in _kinds(change, lines, module))


def _kinds(change: Touched, lines: set[Line], module: str) -> list[tuple[int, str]]:
    if len(change.lines) > 10**5:  # the whole module
        return [(line, kind) for name, line, kind in lines if name == module and kind == "import"]
    return [(line, kind) for line in change.lines for kind in ("function", "import")]
