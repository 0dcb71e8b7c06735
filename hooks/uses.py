"""Which units of the library, data files and packages a run used; and whether they have changed since.

`watch.py` observes, in the section's own process. Here its notes become what is recorded, and that is compared with
the repository, never with the machine: a package with its line in constraints.txt, a file with its SHA-256, a data set
with the SHA-256 that the library's catalogue promises, wherever on this machine it lay. So what fetches data sets is no
input either: a checksum vouches for what it brings, and whether it ran depends on the machine.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from hooks import keys, promises
from hooks.book import Book, canonical, public
from hooks.job import Result
from hooks.records import Record, Uses
from hooks.section import Section

CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
DOCUMENTATION = {"help", "pydoc", "doctest", "getdoc", "__doc__"}
WORD = re.compile(r"\w+")  # of a command, which may hold code
SIGNATURE = "TypeError"
ELSEWHERE = {".git", ".venv", ".cache", "site", "node_modules", "__pycache__", "_records"}


def identify(book: Book, section: Section, result: Result) -> Uses:
    """What a run used, as it is recorded."""
    units = {name: book.units[name] for name in sorted(_units(book, section, result)) if not _fetches(book, name)}
    files = set(result.files)
    if DOCUMENTATION & _mentioned(section):  # docstrings are no part of units
        files.update(str(path) for module, path in book.library.files().items() if module in result.modules)
    promised = {name: promises.sha256(book, name) for name in sorted(result.data)}
    files -= {str(book.path(name.partition("#")[0])) for name in promised}
    data = {}
    for name in sorted(files):
        path = Path(name)
        if path.is_file() and _is_data(book, path) and (value := sha256(path)) not in promised.values():  # else a data set, kept here
            data[path.relative_to(book.root).as_posix()] = value
    packages = {name: public(version) for name, version in sorted(result.versions.items())}
    return Uses({**units, **book.runtime}, data | promised, packages)


def _units(book: Book, section: Section, result: Result) -> set[str]:
    """The units behind the notes of a run: those that ran, the lines of modules that were loaded, and more where
    the notes cannot tell."""
    known = set(book.units)
    if result.unknown or not result.modules <= known:
        return known  # a process left no notes, or a module is none of the library's files
    used = result.modules | (result.units & known)
    if result.listed:
        used.add(book.library.listing)
    mentioned = _mentioned(section)
    if SIGNATURE in mentioned:
        result = replace(result, whole=result.modules)  # it may come from a function that never began
    for unit in known:
        module, _, function = unit.partition(":")
        if module in result.whole or (module in result.modules and function.partition("#")[0].rpartition(".")[2] in mentioned):
            used.add(unit)
    return used


def _mentioned(section: Section) -> frozenset[str]:
    """Every name that a section writes: a function may be looked at (its signature, its source) and not called."""
    raised = {block.options.raises.rpartition(".")[2] for block in section.blocks}
    shells = {cell.name for cell in section.blocks if cell.kind == "console"}
    said = {word for cell in section.cells if cell.name in shells for word in WORD.findall(cell.source)}
    return _named(tuple(cell.source for cell in section.cells if cell.name not in shells)) | raised | said


@lru_cache(maxsize=4)
def _named(sources: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for source in sources for name in _names(source))


def _names(source: str) -> Iterator[str]:
    for node in ast.walk(compile(source, "<code>", "exec", keys.FLAGS, dont_inherit=True)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.rpartition(".")[2]  # for getattr


def _is_data(book: Book, path: Path) -> bool:
    """Whether a file that was opened is an input. The library's own code is, if a block read it as text."""
    if not path.is_relative_to(book.root) or (path.suffix in CODE and not book.library.owns(str(path))):
        return False
    inside = path.relative_to(book.root)
    return not ELSEWHERE & set(inside.parts) and path.suffix not in (".md", ".ipynb", ".pyc")


def _fetches(book: Book, unit: str) -> bool:
    """Whether a unit belongs to what may use the network."""
    return any(f"{unit}.".startswith((f"{module}.", f"{module}:")) for module in book.network)


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was when a section last ran."""

    kind: str  # record, block, unit, data, package
    name: str
    text: str  # what of it, in words
    line: int = 1  # of a block: in the section's file


def changes(book: Book, uses: Uses) -> list[Change]:
    """What differs in the repository from what a section used when it last ran; empty where nothing does."""
    found = []
    now = {**book.units, **book.runtime}
    for unit, value in sorted(uses.units.items()):
        if now.get(unit) != value:
            what = f"`{unit}`" if ":" in unit or unit == "_runtime" else f"what `{unit}` does when it is imported"
            what = f"which modules `{unit}` holds" if unit == book.library.listing else what
            found.append(Change("unit", unit, f"{what} has changed" if unit in now else f"`{unit}` is gone"))
    for name, value in sorted(uses.data.items()):
        path = book.path(name)
        if "#" in name:
            found += [Change("data", name, said)] if (said := promises.changed(book, name, value)) else []
            continue
        if not path.is_file():
            found.append(Change("data", name, f"the file {name} is missing"))
        elif sha256(path) != value:
            found.append(Change("data", name, f"the file {name} has changed"))
    for package, version in sorted(uses.packages.items()):
        pinned = book.pinned.get(package)
        if pinned is None:
            found.append(Change("package", package, f"{package} has no line in constraints.txt"))
        elif pinned != version:
            found.append(Change("package", package, f"{package} {version} is now {pinned}"))
    return found


def changed_cells(section: Section, record: Record) -> Iterator[Change]:
    """The cells of a section that are not those of its record: changed, new, gone."""
    before, after = [cell.source for cell in record.cells], list(section.cell_keys)
    for what, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        for at, cell in enumerate(section.cells[c:d]):
            word = "has changed" if a + at < b else "is new"
            yield Change("block", cell.name, f"{cell.name} {word}", cell.line)
        for gone in record.cells[a + (d - c) : b]:
            yield Change("block", gone.name, f"the {gone.name} of its record is gone")


def off_pins(book: Book, uses: Uses) -> list[str]:
    """Packages that ran in another version than the book is pinned to, in words."""
    found = []
    for package, version in uses.packages.items():
        pinned = book.pinned.get(canonical(package))
        if pinned is None:
            found.append(f"{package} is not pinned: add `{package}=={version}` to constraints.txt")
        elif pinned != version:
            found.append(f"{package} {version} is installed, {pinned} is pinned")
    return found


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
