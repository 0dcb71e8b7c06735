"""What earlier builds have worked out, kept below `.cache/book/`. To lose it costs time and nothing else.

A value is kept under a name, with a key that says from what it was made: under another key it counts for nothing.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from hooks import disk, keys

FOLDER = Path(".cache", "book")


class Cache:
    """Values in the files of one folder, one a name: a new value takes the place of the old."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, key: str) -> Any:
        """What was kept under this name and key; None if there is nothing, or if it is not as it was written."""
        return self._read(name, keys.digest(machine(), key))

    def last(self, name: str) -> Any:
        """What was kept under this name, whatever its key; None if there is nothing."""
        return self._read(name, "")

    def put(self, name: str, key: str, value: Any) -> None:
        """Keep a value. Where nothing can be written, nothing is kept."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        head = f"{keys.digest(machine(), key)} {machine()} {hashlib.sha256(data).hexdigest()}\n"
        path = self._path(name)
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True)
                (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            disk.replace_files({path: head.encode() + data}, path.parent)
        except OSError:
            pass

    def _read(self, name: str, key: str) -> Any:
        try:
            head, _, data = self._path(name).read_bytes().partition(b"\n")
            found, made_by, seal = head.decode().split()
            # The bytes are what this machine has written: only then are they read as a pickle.
            if found == (key or found) and made_by == machine() and seal == hashlib.sha256(data).hexdigest():
                return pickle.loads(data)
        except (OSError, ValueError):
            pass
        return None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.pickle"


@cache
def machine() -> str:
    """All that may make the same book look otherwise: this package, Python, what is installed beside it."""
    here = Path(__file__).parent
    code = [path.read_text(encoding="utf-8") for path in sorted(here.rglob("*.py"))]
    installed = sorted({name for place in {sysconfig.get_path("purelib"), *sys.path[1:]} if place.endswith("-packages") for name in _listed(place)})
    return keys.digest(sys.version, *installed, *code)


def _listed(folder: str) -> list[str]:
    """The distributions in a folder; their names hold their versions."""
    try:
        return [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return []
