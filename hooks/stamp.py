"""Whether anything has changed since the last build: then there is nothing to do.

The stamp holds what every file below the project's folder looked like to the system (size, times, number), before a
build for what is read, after it for what was made. It is left only by a build without a warning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from hooks import disk, keys
from hooks.cache import FOLDER, machine

FILE = FOLDER / "stamp.json"
APART = {".git", ".venv", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules", "__pycache__"}
PACKAGES = Path("node_modules", ".book")  # says which of them are installed
DATE = os.environ.get("SOURCE_DATE_EPOCH")  # as the person set it: the build sets it, too

Seen = dict[str, str]  # file -> what it looks like


class Linked(Exception):
    """A folder stands somewhere else: what is in it cannot be told from here."""


def seen(root: Path) -> Seen:
    """What the files below a folder look like. Raises Linked, OSError."""
    found: Seen = {}
    folders = [""]
    while folders:
        inside = folders.pop()
        with os.scandir(root / inside) as entries:
            for entry in entries:
                name = inside + entry.name
                if entry.name in APART:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name + "/")
                elif entry.is_dir():
                    raise Linked(name)
                else:
                    found[name] = _look(entry.stat())
    packages = root / PACKAGES
    if packages.exists():
        found[PACKAGES.as_posix()] = _look(packages.stat())
    return found


def _look(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def leave(root: Path, site: Path, before: Seen, written: Iterable[str], strict: bool, said: str) -> None:
    """Note that a build is whole. `written` are the files that it wrote itself, outside the site; `said` is its summary."""
    try:
        after = seen(root)
        made = site.resolve().relative_to(root.resolve()).as_posix() + "/"
    except (Linked, OSError, ValueError):  # or the site is elsewhere
        return
    own = (made, f".{made[:-1]}-made-", *written)
    same = {name: look for name, look in before.items() if not name.startswith(own)}
    if same == {name: look for name, look in after.items() if not name.startswith(own)}:
        data = {"state": _state(after), "strict": strict, "said": said}
        try:
            (root / FILE).parent.mkdir(parents=True, exist_ok=True)
            disk.replace_files({root / FILE: json.dumps(data).encode()}, (root / FILE).parent)
        except OSError:
            pass


def holds(root: Path, strict: bool) -> str:
    """The summary of the last build, if another would change nothing; else nothing."""
    try:
        stamp = json.loads((root / FILE).read_bytes())
        if (stamp["strict"] or not strict) and stamp["state"] == _state(seen(root)):
            return str(stamp["said"])
    except (Linked, OSError, ValueError, KeyError, TypeError):
        pass
    return ""


def _state(files: Seen) -> str:
    return keys.digest(machine(), repr(sorted(files.items())), str(DATE))
