"""Importing a library's modules with marks in their functions, by which `watch.py` knows which of them ran.

The standard library only: processes that sections start import this, too.
"""

from __future__ import annotations

import ast
import importlib.abc
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from hooks import units

if TYPE_CHECKING:
    from hooks.watch import Watch

Marked = tuple[CodeType, dict[str, int]]
compiled: dict[tuple[str, str, bytes], Marked] = {}  # a module's name, path, source -> its code with marks: forks share it


def prepare(files: dict[str, Path]) -> None:
    """Compile a library's modules with their marks, once, before processes fork. What is not Python fails later."""
    for name, path in files.items():
        with suppress(SyntaxError, ValueError):
            compile_marked(name, str(path), path.read_bytes())


def compile_marked(name: str, path: str, source: bytes) -> Marked:
    """A module's code with marks, and its units with their first lines."""
    key = name, path, source
    if key not in compiled:
        tree = ast.parse(source, path)
        names = units.mark(tree, marks_name(name))
        compiled[key] = compile(tree, path, "exec", dont_inherit=True), names
    return compiled[key]


def marks_name(name: str) -> str:
    return "__marks_" + "".join(c if c.isalnum() else "_" for c in name) + "__"


class Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, watch: Watch) -> None:
        super().__init__(name, path)
        self.watch = watch

    def exec_module(self, module: ModuleType) -> None:
        with self.watch.ours():
            source = self.get_data(self.path)
        code, names = compile_marked(self.name, self.path, source)
        marks = [0] * len(names)
        module.__dict__[marks_name(self.name)] = marks
        self.watch.modules.append((self.name, names, marks))
        for number, line in enumerate(names.values()):
            self.watch.places[self.path, line] = marks, number
        exec(code, module.__dict__)

    def get_code(self, fullname: str) -> CodeType | None:
        # Asked for by those who run a module as a script: it will find no marks, so all of it counts.
        self.watch.whole.add(fullname)
        with self.watch.ours():
            return super().get_code(fullname)


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] != self.watch.library:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None:  # not there, or a folder without __init__.py: a new file may change that
            self.watch.listed = True
        elif isinstance(spec.loader, SourceFileLoader):
            self.watch.found.add(name)
            spec.loader = Loader(spec.loader.name, spec.loader.path, self.watch)
        else:  # from an archive, or compiled: nothing is marked
            self.watch.whole.add(name)
        return spec
