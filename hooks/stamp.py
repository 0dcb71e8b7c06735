"""Whether anything has changed since the last build: then there is nothing to do.

The stamp holds what every file below the project's folder looked like to the system (size, times, number), before a
build for what is read, after it for what was made. It is left only by a build without a warning, all of whose files lie
there, and for the mkdocs.yml from which it was made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from hooks import assets, disk, keys, repository
from hooks.cache import FOLDER, machine
from hooks.problem import BookError

FILE = FOLDER / "stamp.json"
APART = {".git", ".venv", ".cache", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules", "__pycache__"}
PACKAGES = "node_modules"  # among the project's own folders; MkDocs copies one that lies among the pages
ELSEWHERE = ("!ENV", "INHERIT")  # in mkdocs.yml: what it asks for cannot be seen among the files
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
                if entry.name in APART and (entry.name != PACKAGES or not inside):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name + "/")
                elif entry.is_dir():
                    raise Linked(name)
                else:
                    found[name] = _look(entry.stat())
    for path in _packages(root):
        found[path.relative_to(root).as_posix()] = _look(path.stat())
    return found


def _packages(root: Path) -> list[Path]:
    """Of what is installed, the files that the site takes."""
    try:
        return list(assets.found(root).values())
    except (BookError, ValueError):  # the build will say so
        return []


def _look(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def leave(config_file: Path, site: Path, before: Seen, written: Iterable[str], strict: bool, said: str) -> None:
    """Note that a build is whole. `written` are the files that it wrote itself, outside the site; `said` is its summary."""
    root = config_file.resolve().parent
    try:
        if any(word in config_file.read_text(encoding="utf-8") for word in ELSEWHERE):
            return
        after = seen(root)
        made = site.resolve().relative_to(root.resolve()).as_posix() + "/"
    except (Linked, OSError, ValueError):  # or the site is elsewhere
        return
    own = (made, f".{made[:-1]}-made-", *written)
    same = {name: look for name, look in before.items() if not name.startswith(own)}
    if same == {name: look for name, look in after.items() if not name.startswith(own)}:
        data = {"state": _state(config_file, after), "strict": strict, "said": said}
        try:
            (root / FILE).parent.mkdir(parents=True, exist_ok=True)
            disk.replace_files({root / FILE: json.dumps(data).encode()}, (root / FILE).parent)
        except OSError:
            pass


def holds(config_file: Path, strict: bool) -> str:
    """The summary of the last build, if another would change nothing; else nothing."""
    root = config_file.resolve().parent
    try:
        stamp = json.loads((root / FILE).read_bytes())
        if (stamp["strict"] or not strict) and stamp["state"] == _state(config_file, seen(root)):
            return str(stamp["said"])
    except (Linked, OSError, ValueError, KeyError, TypeError):
        pass
    return ""


def _state(config_file: Path, files: Seen) -> str:
    remote = repository.remote(config_file.resolve().parent)  # pages lead there
    return keys.digest(machine(), config_file.name, repr(sorted(files.items())), str(DATE), remote)
