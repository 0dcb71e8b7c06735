"""A book on disk: where its parts are, and its sections, read once."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from hooks import guest, keys, section
from hooks.cache import FOLDER, Cache
from hooks.library import Library
from hooks.problem import BookError, Problem
from hooks.section import Section

PINNED = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*(?P<version>[^\s;#]+)")
LIMITS = {"warm", "heavy", "memory", "fork", "gpus", "notebook"}  # names of `_runtime.py` that change no result


class _Loader(yaml.SafeLoader):
    """YAML as the site's generator reads it; what its tags stand for does not matter here."""


_Loader.add_multi_constructor("", lambda loader, suffix, node: None)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


@dataclass(frozen=True)
class Book:
    """The folders of a book. Immutable; read it anew to see what has changed on disk."""

    root: Path  # where mkdocs.yml stands: paths in messages and records are relative to it
    source: Path  # the folder of the sections
    library: Library
    config: dict[str, Any]  # what mkdocs.yml says

    @classmethod
    def read(cls, config_file: str | Path = "mkdocs.yml") -> Book:
        """The book whose site this file configures. Raises BookError where it does not say so.

        >>> Book.read("no-such-file.yml")
        Traceback (most recent call last):
        hooks.problem.BookError: no-such-file.yml:1: there is no such file. Run this in the book's own folder, or name the file with `-f`.
        """
        path = Path(config_file)
        if not path.is_file():
            raise BookError([Problem(str(config_file), 1, "there is no such file.", "Run this in the book's own folder, or name the file with `-f`.")])
        try:
            config = yaml.load(text(path, str(config_file)), _Loader) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise BookError([Problem(str(config_file), mark.line + 1 if mark else 1, "the file is not YAML.", "Mend it.")]) from None
        return cls.of(path.resolve().parent, config, str(config_file))

    @classmethod
    def of(cls, root: Path, config: dict[str, Any], file: str = "mkdocs.yml") -> Book:
        extra = (config.get("extra") or {}).get("book")
        if not isinstance(extra, dict) or not {"source", "library"} <= extra.keys():
            mend = "Add `extra: {book: {source: book_src, library: name}}`."
            raise BookError([Problem(file, 1, "the file does not say where the book is.", mend)])
        source = root / str(extra["source"])
        if not source.is_dir():
            raise BookError([Problem(file, 1, f"`extra.book.source` names `{extra['source']}`, which is no folder.", "Mend the name.")])
        return cls(root, source, Library(root, str(extra["library"])), config)

    def path(self, file: str) -> Path:
        return self.root / file

    @cached_property
    def sections(self) -> dict[str, Section]:
        """Every written section by its file, chapters' index pages too. Files that begin with `_` are not sections."""
        found = {}
        for path in sorted([*self.source.rglob("*.md"), *self.source.rglob(f"*{guest.SUFFIX}")]):
            inside = path.relative_to(self.source).parts
            if not any(part.startswith(("_", ".")) for part in inside):
                file = path.relative_to(self.root).as_posix()
                try:
                    found[file] = self._section(text(path, file), file)
                except BookError as error:
                    empty = section.parse(f"# {path.stem}\n", file)
                    found[file] = replace(empty, problems=tuple(error.problems))
        return found

    @cached_property
    def cache(self) -> Cache:
        return Cache(self.root / FOLDER)

    def _section(self, text: str, file: str) -> Section:
        name, key = f"sections/{file}", keys.digest(file, text)
        read: Section | None = self.cache.get(name, key)
        if read is None:
            read = guest.read(text, file) if file.endswith(guest.SUFFIX) else section.parse(text, file)
            if not read.problems:
                _ = read.key  # worked out once, and kept with the rest
                self.cache.put(name, key, read)
        return read

    @cached_property
    def units(self) -> dict[str, str]:
        """The library's units and their hashes, read once for all sections."""
        return self.library.units()

    @cached_property
    def runtime(self) -> dict[str, str]:
        """The book's own page of code is a unit, too: it sets the seeds. What only makes blocks faster, or sets them a
        limit, is left out of it."""
        if self._runtime is None:
            return {}
        counts = [node for node in self._runtime.body if not LIMITS & _names(node)]
        return {"_runtime": keys.digest(keys.form(ast.Module(counts, [])))}

    @cached_property
    def network(self) -> tuple[str, ...]:
        """The modules that `_runtime.py` lets use the network, and that fetch data."""
        # If it is worked out there, what fetches is an input like all else.
        found = self.constant("network")
        return tuple(found) if isinstance(found, (tuple, list)) else ()

    def constant(self, name: str) -> Any:
        """What the book's own page of code calls by this name, where that is written out; None where it is not."""
        found = None
        for node in self._runtime.body if self._runtime else ():
            if name in _names(node) and isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
                with suppress(ValueError):
                    found = ast.literal_eval(node.value)
        return found

    @cached_property
    def settings(self) -> dict[str, Any]:
        """`extra.book` of the site's configuration."""
        return dict((self.config.get("extra") or {}).get("book") or {})

    @cached_property
    def _runtime(self) -> ast.Module | None:
        path = self.source / "_runtime.py"
        return keys.parse(path, self.root) if path.exists() else None

    @cached_property
    def pinned(self) -> dict[str, str]:
        """The versions that the book is built with: constraints.txt, public versions only."""
        path = self.root / "constraints.txt"
        lines = text(path, path.name).splitlines() if path.exists() else []
        matches = [match for line in lines if (match := PINNED.match(line))]
        return {canonical(match["name"]): public(match["version"]) for match in matches}

    def record_file(self, section: Section) -> Path:
        """Where the section's record is: `_records/<chapter>/<section>.json` below the source folder."""
        return self.source / "_records" / self.path(section.file).relative_to(self.source).with_suffix(".json")


def _names(node: ast.stmt) -> set[str]:
    """The names that a statement binds, as far as it is a definition or a plain assignment."""
    if isinstance(node, ast.FunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def text(path: Path, file: str) -> str:
    """What a file of the book says; `file` is its name in messages. Raises BookError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BookError([Problem(file, line, "the file is not UTF-8.", "Save it as UTF-8.")]) from None


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it.

    >>> canonical("scikit_learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def public(version: str) -> str:
    """A version without its local part.

    >>> public("2.13.0+cpu")
    '2.13.0'
    """
    return version.partition("+")[0]
