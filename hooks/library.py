"""The library beside the book, read as text: it is never imported here."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from hooks import keys, units


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
            package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if package else parts)
            if package or name not in found:  # as Python looks for them: a folder before a file of the same name
                found[name] = path
        return found

    @property
    def listing(self) -> str:
        """The unit that is the list of modules."""
        return f"{self.name}/"

    def owns(self, path: str) -> bool:
        return Path(path).is_relative_to(self.root / self.name) or path == str(self.root / f"{self.name}.py")

    def units(self) -> dict[str, str]:
        """Its units and their hashes: module lines as `sky.moon`, functions as `sky.moon:Moon.rise`, and `sky/` for
        which modules there are. Docstrings and comments count for nothing. Raises BookError where a module is not Python.
        """
        files = self.files()
        found = {self.listing: keys.digest(*sorted(files))} if files else {}
        for module, path in files.items():
            tree = keys.parse(path, self.root)
            found.update({f"{module}:{name}": keys.digest(keys.form(node)) for name, node in units.functions(tree)})
            found[module] = keys.digest(keys.form(units.module_line(tree)))
        return found

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
