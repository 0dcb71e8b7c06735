"""The library beside the book, read as text: it is never imported here."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from hooks import keys


@dataclass(frozen=True)
class Library:
    root: Path  # the folder that holds it
    name: str  # of the package, or of a module

    def files(self) -> dict[str, Path]:
        """Its modules by dotted name, in order."""
        single = self.root / f"{self.name}.py"
        found = {}
        for path in sorted((self.root / self.name).rglob("*.py")) or ([single] if single.exists() else []):
            parts = path.relative_to(self.root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    def owns(self, path: str) -> bool:
        return Path(path).is_relative_to(self.root / self.name) or path == str(self.root / f"{self.name}.py")

    def units(self) -> dict[str, str]:
        """Its units and their hashes: today one, the whole library without docstrings and comments.

        Raises BookError where a module is not Python.
        """
        if not (files := self.files()):
            return {}
        parts = [part for name, path in files.items() for part in (name, keys.module(path, self.root))]
        return {self.name: keys.digest(*parts)}

    def source(self, name: str) -> tuple[str, str, int] | None:
        """The code behind a public name, its file and its first line; None where there is no such thing.

        Follows `from .module import name` through the package, without running anything.
        """
        return self._source(name, set())

    def _source(self, name: str, seen: set[str]) -> tuple[str, str, int] | None:
        files = self.files()
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            module, inside = ".".join(parts[:cut]), parts[cut:]
            if module in files and name not in seen:
                seen.add(name)
                return self._inside(files, module, inside, seen)
        return None

    def _inside(self, files: dict[str, Path], module: str, inside: list[str], seen: set[str]) -> tuple[str, str, int] | None:
        path = files[module]
        text = path.read_text(encoding="utf-8")
        file = path.relative_to(self.root).as_posix()
        if not inside:
            return text, file, 1
        body: list[ast.stmt] = ast.parse(text).body
        for depth, name in enumerate(inside):
            for node in body:
                if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
                    break
                if isinstance(node, ast.ImportFrom) and depth == 0:
                    if found := next((a.name for a in node.names if (a.asname or a.name) == name), None):
                        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                        for _ in range(node.level - 1):
                            package = package.rpartition(".")[0]
                        origin = (package + "." if node.level else "") + (node.module + "." if node.module else "")
                        return self._source(".".join([origin + found, *inside[1:]]), seen)
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and depth == len(inside) - 1:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                        break
            else:
                return None
            body = getattr(node, "body", [])
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        lines = text.splitlines(keepends=True)[first - 1 : node.end_lineno]
        indent = len(lines[0]) - len(lines[0].lstrip())
        return "".join(line[indent:] if line.strip() else line for line in lines), file, first
