"""Which units of the library, data files and packages a run used; and whether they have changed since.

`Watch` observes, in the section's own process. `identify` and `changes` compare with the repository, never with
the machine: a package by its line in constraints.txt, a file by its SHA-256.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hooks import keys
from hooks.book import Book, canonical, public
from hooks.job import Result
from hooks.records import Uses

CODE = (".py", ".pyc", ".pyi", ".so", ".pyd", ".dylib")
ELSEWHERE = {".git", ".venv", ".cache", "site", "node_modules", "__pycache__", "_records"}


class Watch:
    """Notes the packages that blocks and the library import, and the files that are opened to be read."""

    def __init__(self, library: str, imported: Callable[[str], None]) -> None:
        self.library = library
        self.packages: set[str] = set()
        self.files: set[str] = set()
        self.tell = imported

    def install(self) -> None:
        original = builtins.__import__

        def watched(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
            module = original(name, globals, locals, fromlist, level)
            caller = str((globals or {}).get("__name__", ""))
            if level == 0 and (caller == "__main__" or caller.partition(".")[0] == self.library):
                self._imported(name.partition(".")[0])
            return module

        builtins.__import__ = watched
        sys.addaudithook(self._audit)

    def _imported(self, package: str) -> None:
        if package not in self.packages:
            self.packages.add(package)
            self.tell(package)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[0], (str, bytes)) and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            self.files.add(os.path.abspath(os.fsdecode(args[0])))

    def loaded(self) -> bool:
        return any(name.partition(".")[0] == self.library for name in list(sys.modules))


def identify(book: Book, result: Result) -> Uses:
    """What a run used, as it is recorded."""
    units = {}
    if result.library:
        units.update(book.units)
    units.update(runtime(book))
    data = {}
    for name in sorted(result.files):
        path = Path(name)
        if path.is_file() and _is_data(book, path):
            data[path.relative_to(book.root).as_posix()] = sha256(path)
    packages = {name: public(version) for name, version in sorted(result.versions.items())}
    return Uses(units, data, packages)


def _is_data(book: Book, path: Path) -> bool:
    if not path.is_relative_to(book.root) or path.suffix in CODE:
        return False
    inside = path.relative_to(book.root)
    return not ELSEWHERE & set(inside.parts) and path.suffix != ".md"


def runtime(book: Book) -> dict[str, str]:
    """The book's own page of code is a unit, too: it sets the seeds."""
    path = book.source / "_runtime.py"
    return {"_runtime": keys.digest(keys.module(path, book.root))} if path.exists() else {}


def changes(book: Book, uses: Uses) -> list[str]:
    """What differs in the repository from what a section used when it last ran, in words; empty where nothing does."""
    found = []
    now = {**book.units, **runtime(book)}
    for unit, value in sorted(uses.units.items()):
        if unit not in now:
            found.append(f"`{unit}` is gone")
        elif now[unit] != value:
            found.append(f"`{unit}` has changed")
    for name, value in sorted(uses.data.items()):
        path = book.path(name)
        if not path.is_file():
            found.append(f"the file {name} is missing")
        elif sha256(path) != value:
            found.append(f"the file {name} has changed")
    for package, version in sorted(uses.packages.items()):
        pinned = book.pinned.get(package)
        if pinned is None:
            found.append(f"{package} has no line in constraints.txt")
        elif pinned != version:
            found.append(f"{package} {version} is now {pinned}")
    return found


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
