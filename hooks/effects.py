"""What a block did besides binding names: noted in a section's process, block by block, because no text tells it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hooks.values import fingerprint
from hooks.watch import Watch


@dataclass(frozen=True)
class Effects:
    random: bool = False  # a generator's state is another one
    world: bool = False  # the working folder is, or the environment
    wrote: tuple[str, ...] = ()  # files of the scratch folder that it made, changed or removed
    read: tuple[str, ...] = ()  # those that it opened to read
    starts: bool = False  # it started processes: they may read anything
    same: frozenset[str] = frozenset()  # names that stand for equal values before and after it, as far as that can be told
    stopped: int | None = None  # line within the block at which it raised


class Noted:
    """Looks before and after each block. A seed that comes with an import is no draw."""

    def __init__(self, state: Callable[[], Any], scratch: str, watch: Watch) -> None:
        self.state, self.scratch, self.watch = state, os.path.join(scratch, ""), watch
        self.before: tuple[Any, ...] = ()
        self.random: Any = None
        watch.before, watch.after = self._drawn, self._seeded

    def _drawn(self) -> bool:
        try:
            return bool(self.state() != self.random)
        except Exception:  # a block has taken away what this stands on
            return True

    def _seeded(self, drawn: bool) -> None:
        """A package has come in, and the book has seeded it."""
        if not drawn:
            with suppress(Exception):
                self.random = self.state()

    def begin(self, names: dict[str, Any]) -> None:
        self.random = self.state()
        self.names, self.values = names, _values(names, self.watch.library)
        self.files, self.watch.files = self.watch.files, set()
        self.before = (_folder(), dict(os.environ), self._files(), self.watch.children)

    def end(self, error: BaseException | None, path: str, line: int) -> Effects:
        folder, environment, files, children = self.before
        now = self._files()
        wrote = sorted(name for name in files.keys() | now.keys() if files.get(name) != now.get(name))
        read = sorted(name.removeprefix(self.scratch) for name in self.watch.files if name.startswith(self.scratch))
        self.watch.files |= self.files
        stopped = None
        if error is not None:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path and frame.lineno]
            stopped = lines[0] - line + 1 if lines else 1
        world = _folder() != folder or dict(os.environ) != environment
        drawn, started, values = self.state() != self.random, self.watch.children != children, _values(self.names, self.watch.library)
        same = frozenset(name for name, value in values.items() if value is not None and self.values.get(name) == value)
        return Effects(drawn, world, tuple(wrote), tuple(read), started, same, stopped)

    def _files(self) -> dict[str, tuple[int, int]]:
        found = {}
        with self.watch.ours():
            for place, folders, names in os.walk(self.scratch):
                folders[:] = [name for name in folders if name != "__pycache__"]
                for name in names:
                    path = os.path.join(place, name)
                    with suppress(OSError):  # a process that still runs may remove it
                        status = os.lstat(path)
                        found[path.removeprefix(self.scratch)] = (status.st_size, status.st_mtime_ns)
        return found


def _values(names: dict[str, Any], library: str) -> dict[str, bytes | None]:
    """Fingerprints of what a block's names stand for."""
    return {name: fingerprint(value, library) for name, value in names.copy().items() if type(name) is str and not name.startswith("_")}


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # a block has removed it
        return ""
