"""A library -> its surface: read by griffe, mkdocstrings' reader of Python. Nothing of the library is imported."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from hooks import api_exports, api_signature, keys
from hooks.api_surface import Module, Surface, Thing
from hooks.library import Library

LOG = logging.getLogger("griffe")


def read(library: Library) -> Surface:
    """The surface of a library that lies beside the book; an empty one where it cannot be read."""
    import griffe  # takes a while: only where something has changed

    level, LOG.level = LOG.level, logging.CRITICAL + 1  # what it thinks of docstrings is no concern of the page
    try:
        root: Any = griffe.load(library.name, search_paths=[library.root], allow_inspection=False, resolve_aliases=True)
        return _Reader(library).run(root)
    except (ImportError, SyntaxError, griffe.GriffeError):
        return Surface()
    finally:
        LOG.level = level


def key(library: Library) -> str:
    """From what a surface is made."""
    return keys.digest(library.name, *(f"{name} {path.read_text(encoding='utf-8', errors='replace')}" for name, path in library.files().items()))


class _Reader:
    def __init__(self, library: Library) -> None:
        self.files = {name: path.relative_to(library.root).as_posix() for name, path in library.files().items()}
        self.modules: dict[str, Any] = {}
        self.things: dict[str, Thing] = {}
        self.others: dict[str, dict[str, str]] = {}  # module -> its further names for what it defines

    def run(self, root: Any) -> Surface:
        self.modules = {module.path: module for module in sorted(_modules(root), key=lambda module: module.path)}  # a folder has no order
        trees = {name: ast.parse(module.filepath.read_text(encoding="utf-8")) for name, module in self.modules.items()}
        self.others = {name: dict(api_exports.others(trees[name], module)) for name, module in self.modules.items()}
        self.starred = {name: api_exports.starred(trees[name], name, module.is_package or module.is_subpackage) for name, module in self.modules.items()}
        for module in self.modules.values():
            for name, found in module.members.items():
                if not found.is_alias and not found.is_module and not _hidden(name) and name not in self.others[module.path]:
                    self.things[found.path] = self.thing(found)
        self.declared = {name: api_exports.listed(tree) for name, tree in trees.items()}
        self.names = {name: self.targets(module) for name, module in self.modules.items()}
        made = {name: self.module(module, trees[name]) for name, module in self.modules.items()}
        return Surface(root.path, made, self.things)

    def module(self, module: Any, tree: ast.Module) -> Module:
        names = self.names[module.path]
        listed = self.declared[module.path]
        lazy = dict(api_exports.lazy(tree, module.path, self.names))
        reached = {name: target for name, target in self.reached(tree).items() if name not in names}
        own = [name for name, found in module.members.items() if _shown(found, listed)]
        shown = [name for name in (listed or (*api_exports.written(tree), *own, *api_exports.exported(tree))) if name in {**names, **lazy}]
        if listed is None:
            shown += [name for origin in self.starred[module.path] for name in self.names_of(origin) if name in names]
        public = tuple(dict.fromkeys([*shown, *lazy]))
        return Module(module.path, api_signature.doc(module), self.files[module.path], 1, {**reached, **names, **lazy}, public, listed is not None or bool(lazy))

    def targets(self, module: Any) -> dict[str, str]:
        """What the names of a module stand for, as far as that is the library's own."""
        found = {}
        for name, member in module.members.items():
            target = member.path
            if member.is_alias:
                with suppress(Exception):  # of another package, or a circle
                    target = member.final_target.path
                above, _, last = target.rpartition(".")
                target = self.others.get(above, {}).get(last, target)
            if target in self.modules or target in self.things:
                found[name] = target
        # A function that is imported out of a file of its own name takes the file's place.
        for name, path in module.imports.items():
            if found.get(name) in self.modules and path in self.things:
                found[name] = path
        for origin in (module.path, *self.starred[module.path]):
            found.update({name: target for name, target in self.others.get(origin, {}).items() if target in self.things})
            names = [name for name in found if found[name] in self.modules and origin != module.path]
            found.update({name: f"{origin}.{name}" for name in names if f"{origin}.{name}" in self.things})
        return found

    def names_of(self, module: str) -> Iterable[str]:
        """What `from module import *` brings."""
        listed = self.declared.get(module)
        return listed if listed is not None else [name for name in self.names.get(module, {}) if not _hidden(name)]

    def reached(self, tree: ast.Module) -> dict[str, str]:
        """The names of other modules that a module's `__getattr__` hands on, as `sky` does with those of `sky.moon`."""
        found = {}
        hook = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "__getattr__"), None)
        texts = [node.value for node in ast.walk(hook) if isinstance(node, ast.Constant) and isinstance(node.value, str)] if hook else []
        for text in texts:
            last = text.rpartition(".")[2]
            if text in self.modules and last in texts:
                found[last] = text
            elif text in self.modules:
                found.update({name: self.names[text][name] for name in self.names_of(text) if name in self.names[text]})
        return found

    def thing(self, found: Any) -> Thing:
        kind = found.kind.value
        members: dict[str, Thing] = {}
        bases: tuple[str, ...] = ()
        if kind == "class":
            members = {name: self.thing(inside) for name, inside in found.members.items() if _member(inside)}
            with suppress(Exception):  # a base that cannot be found
                bases = tuple(base.path for base in found.mro())
        elif found.parent.is_class:
            kind = "property" if "property" in found.labels else "method" if kind == "function" else kind
        init = found.members.get("__init__") if kind == "class" else None
        doc = api_signature.doc(found) + (api_signature.doc(init) if init is not None and not init.is_alias else ())
        file = self.files[found.module.path]
        returns = getattr(getattr(found, "returns", None) or getattr(found, "annotation", None), "canonical_path", "")
        return Thing(found.path, kind, api_signature.signature(found, kind), doc, file, found.lineno or 1, found.endlineno or found.lineno or 1, members, bases, returns)


def _modules(module: Any) -> Iterator[Any]:
    yield module
    for inside in module.members.values():
        if not inside.is_alias and inside.is_module and not inside.name.startswith("_"):
            yield from _modules(inside)


def _hidden(name: str) -> bool:
    return name.startswith("_")


def _member(found: Any) -> bool:
    """Whether a class shows it: methods and properties, and values that are described."""
    return not found.is_alias and not _hidden(found.name) and (found.kind.value == "function" or "property" in found.labels or found.docstring is not None)


def _shown(found: Any, listed: object) -> bool:
    """Whether it is public where the module does not say what is: what it defines, and values that are described."""
    if listed is not None or found.is_alias or found.is_module or _hidden(found.name):
        return False
    return found.kind.value != "attribute" or found.docstring is not None
