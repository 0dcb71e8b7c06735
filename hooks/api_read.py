"""The library's surface, read by griffe (mkdocstrings' reader of Python): modules, what their names stand for, what is
written about each. Nothing of the library is imported.

A name's *target* is where it is defined: `sky.moon.Moon`, however many packages show it as theirs.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hooks import keys
from hooks.library import Library

LOG = logging.getLogger("griffe")
SHORT = 76  # columns of a signature on one line


@dataclass(frozen=True)
class Part:
    """A part of a docstring: its text, or what it lists."""

    kind: str  # text, parameters, returns, raises, examples, ...
    text: str = ""
    title: str = ""
    items: tuple[tuple[str, str, str], ...] = ()  # name, type, description


@dataclass(frozen=True)
class Thing:
    """A class, a function or a value that is defined somewhere."""

    target: str
    kind: str  # class, function, method, property, attribute
    signature: str
    doc: tuple[Part, ...]
    file: str
    line: int
    last: int
    members: Mapping[str, Thing] = field(default_factory=dict)  # of a class: what is public of it, and its own
    bases: tuple[str, ...] = ()  # targets of a class's bases in the library, nearest first
    returns: str = ""  # the target of the class that it gives back, where it is annotated with one

    @property
    def summary(self) -> str:
        """The first sentence or paragraph."""
        return first_paragraph(self.doc)


@dataclass(frozen=True)
class Module:
    name: str
    doc: tuple[Part, ...]
    file: str
    line: int
    names: Mapping[str, str]  # what is reached under it -> target
    public: tuple[str, ...]  # those of its names that are its surface
    declared: bool  # whether it says itself what is public


@dataclass(frozen=True)
class Surface:
    root: str = ""
    modules: Mapping[str, Module] = field(default_factory=dict)
    things: Mapping[str, Thing] = field(default_factory=dict)  # by target

    def resolve(self, name: str) -> tuple[str, int]:
        """The target of a dotted name, and how many of its parts lead there; the rest is of something unknown."""
        first, *parts = name.split(".")
        at, used = (first, 1) if first in self.modules else ("", 0)
        for part in parts if at else ():
            if not (inside := self.step(at, part)):
                break
            at, used = inside, used + 1
        return at, used

    def step(self, target: str, name: str) -> str:
        """What a name stands for in a module or a class; nothing if that is not known."""
        if module := self.modules.get(target):
            return module.names.get(name) or (f"{target}.{name}" if f"{target}.{name}" in self.modules else "")
        return self.member(target, name)

    def member(self, target: str, name: str) -> str:
        """Where a class has a public member from; nothing if it has none."""
        thing = self.things.get(target)
        for base in (target, *thing.bases) if thing and thing.kind == "class" else ():
            if base in self.things and name in self.things[base].members:
                return f"{base}.{name}"
        return ""

    def result(self, target: str) -> str:
        """The class of what a call of it gives back; nothing if it is not the library's, or not said."""
        thing = self.things.get(target)
        if thing is None and (above := self.owner(target)):
            thing = self.things[above].members[target.rpartition(".")[2]]
        found = thing.target if thing and thing.kind == "class" else thing.returns if thing and thing.kind != "property" else ""
        return found if found in self.things and self.things[found].kind == "class" else ""

    def owner(self, target: str) -> str:
        """The class whose member this is; nothing if it is none."""
        above, _, name = target.rpartition(".")
        return above if above in self.things and name in self.things[above].members else ""


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
    return keys.digest(library.name, *(f"{name} {path.read_text(encoding='utf-8')}" for name, path in library.files().items()))


class _Reader:
    def __init__(self, library: Library) -> None:
        self.files = {name: path.relative_to(library.root).as_posix() for name, path in library.files().items()}
        self.modules: dict[str, Any] = {}
        self.things: dict[str, Thing] = {}
        self.others: dict[str, dict[str, str]] = {}  # module -> its further names for what it defines

    def run(self, root: Any) -> Surface:
        self.modules = {module.path: module for module in _modules(root)}
        trees = {name: ast.parse(module.filepath.read_text(encoding="utf-8")) for name, module in self.modules.items()}
        self.others = {name: dict(_others(trees[name], module)) for name, module in self.modules.items()}
        self.starred = {name: _starred(trees[name], name, module.is_package or module.is_subpackage) for name, module in self.modules.items()}
        for module in self.modules.values():
            for name, found in module.members.items():
                if not found.is_alias and not found.is_module and not _hidden(name) and name not in self.others[module.path]:
                    self.things[found.path] = self.thing(found)
        self.declared = {name: _listed(tree) for name, tree in trees.items()}
        self.names = {name: self.targets(module) for name, module in self.modules.items()}
        made = {name: self.module(module, trees[name]) for name, module in self.modules.items()}
        return Surface(root.path, made, self.things)

    def module(self, module: Any, tree: ast.Module) -> Module:
        names = self.names[module.path]
        listed = self.declared[module.path]
        lazy = dict(_lazy(tree, module.path, self.names))
        reached = {name: target for name, target in self.reached(tree).items() if name not in names}
        own = [name for name, found in module.members.items() if _shown(found, listed)]
        shown = [name for name in (listed or (*_written(tree), *own, *_exported(tree))) if name in {**names, **lazy}]
        if listed is None:
            shown += [name for origin in self.starred[module.path] for name in self.names_of(origin) if name in names]
        public = tuple(dict.fromkeys([*shown, *lazy]))
        return Module(module.path, _doc(module), self.files[module.path], 1, {**reached, **names, **lazy}, public, listed is not None or bool(lazy))

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
        doc = _doc(found) + (_doc(init) if init is not None and not init.is_alias else ())
        file = self.files[found.module.path]
        returns = getattr(getattr(found, "returns", None) or getattr(found, "annotation", None), "canonical_path", "")
        return Thing(found.path, kind, _signature(found, kind), doc, file, found.lineno or 1, found.endlineno or found.lineno or 1, members, bases, returns)


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


def _listed(tree: ast.Module) -> tuple[str, ...] | None:
    """What `__all__` lists; None where that is worked out when the module runs."""
    with suppress(ValueError):
        return tuple(ast.literal_eval(value)) if (value := _all(tree)) else None
    return None


def _written(tree: ast.Module) -> Iterator[str]:
    """What stands in `__all__` as it is, whatever else is worked out."""
    value = _all(tree)
    yield from (part.value for part in getattr(value, "elts", ()) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def _all(tree: ast.Module) -> ast.expr | None:
    assigned = (node for node in tree.body if isinstance(node, ast.Assign))
    return next((node.value for node in assigned if any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)), None)


def _starred(tree: ast.Module, name: str, package: bool) -> tuple[str, ...]:
    """The modules from which it imports all names, in order."""
    above = name.split(".") + [""] * package
    return tuple(
        ".".join(filter(None, [*(above[: -node.level] if node.level else ()), node.module]))
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    )


def _others(tree: ast.Module, module: Any) -> Iterator[tuple[str, str]]:
    """`rainfall = depth`, and several at once: further names for a function or a class of the module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            left, right = node.targets[0], node.value
            both = isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple) and len(left.elts) == len(right.elts)
            for name, value in zip(left.elts, right.elts, strict=True) if both else [(left, right)]:  # type: ignore[attr-defined]
                found = module.members.get(value.id) if isinstance(value, ast.Name) else None
                if isinstance(name, ast.Name) and found is not None and not found.is_alias and found.kind.value in ("function", "class"):
                    yield name.id, found.path


def _exported(tree: ast.Module) -> Iterable[str]:
    """`from .moon import Moon as Moon`: said twice, it is the module's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (name.name for name in node.names if name.asname == name.name)


def _lazy(tree: ast.Module, package: str, names: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Names that a package loads when they are first asked for: tables `{module: (name, ...)}`, `{name: module}` and
    tuples of modules in a module that has a `__getattr__`."""
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
        return
    for node in tree.body:
        try:
            table = ast.literal_eval(node.value) if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value else None
        except ValueError:
            continue
        pairs = [(key, value if isinstance(value, (tuple, list)) else (value,)) for key, value in table.items()] if isinstance(table, dict) else []
        for first, others in pairs:
            for other in others:
                for module, name in ((first, other), (other, first)):
                    if target := names.get(f"{package}.{module}", {}).get(str(name)):
                        yield str(name), target
        if isinstance(table, (tuple, list)) and all(f"{package}.{name}" in names for name in table):
            yield from ((name, f"{package}.{name}") for name in table)


def _signature(found: Any, kind: str) -> str:
    """What is written to use it, as code."""
    if kind in ("attribute", "property"):
        type_ = getattr(found, "annotation", None) or getattr(found, "returns", None)
        value = str(found.value) if kind == "attribute" and found.value is not None else ""
        return str(found.name) + (f": {type_}" if type_ else "") + (f" = {value}" if value and len(value) < SHORT and not found.parent.is_class else "")
    parts: list[str] = []
    before = ""
    for parameter in found.parameters:
        order = parameter.kind.name if parameter.kind else ""
        if not parts and parameter.name in ("self", "cls") and (kind != "function"):
            continue
        if before == "positional_only" and order != before:
            parts.append("/")
        if order == "keyword_only" and before not in ("keyword_only", "var_positional"):
            parts.append("*")
        before = order
        star = {"var_positional": "*", "var_keyword": "**"}.get(order, "")
        given = f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        default = given if parameter.default is not None and not star else ""
        parts.append(f"{star}{parameter.name}" + (f": {parameter.annotation}" if parameter.annotation else "") + default)
    if before == "positional_only":
        parts.append("/")
    head = f"class {found.name}" if kind == "class" else f"def {found.name}"
    tail = f" -> {found.returns}" if kind != "class" and found.returns else ""
    line = f"{head}({', '.join(parts)}){tail}"
    return line if len(line) <= SHORT else head + "(\n" + "".join(f"    {part},\n" for part in parts) + ")" + tail


def _doc(found: Any) -> tuple[Part, ...]:
    import griffe

    if found.docstring is None:
        return ()
    return tuple(_part(section) for section in griffe.parse_google(found.docstring, warnings=False, warn_unknown_params=False, warn_missing_types=False))


def _part(section: Any) -> Part:
    kind, value = section.kind.value, section.value
    if isinstance(value, str):
        return Part("text", value)
    if kind == "admonition":
        return Part("note", value.description, section.title or value.kind)
    items = []
    for item in value:
        if isinstance(item, tuple):  # examples: what it is, its text
            items.append(("", "", item[1]))
        else:
            items.append((getattr(item, "name", "") or "", str(item.annotation or ""), item.description))
    return Part(kind, "", section.title or "", tuple(items))


def first_paragraph(doc: Iterable[Part]) -> str:
    text = next((part.text for part in doc if part.kind == "text" and part.text.strip()), "")
    return text.strip().split("\n\n")[0].split("\n>>>")[0]
