"""The cache on this machine: where a file of the catalogue stands there, and whether it is whole and right.

`DLKIT_CACHE` names the folder (default: the user's cache folder).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dlkit.data.catalogue import File
from dlkit.data.downloading.rebuilding import is_right, rebuilt_path


def cache() -> Path:
    """The folder that holds the files, as `set/name`."""
    import pooch

    return Path(os.environ.get("DLKIT_CACHE") or pooch.os_cache("dlkit")).expanduser()


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stands(file: File) -> Path | None:
    """Where the file stands in the cache, right or not."""
    path = cache() / file.key
    return next((found for found in (path, rebuilt_path(path)) if found.is_file()), None)


def cached(file: File) -> Path | None:
    """Where the file stands in the cache, whole and right."""
    path = cache() / file.key
    if is_good(path, file):
        return path
    rebuilt = rebuilt_path(path)
    return rebuilt if file.rebuild and rebuilt.exists() and is_right(file, rebuilt) else None


def is_good(path: Path, file: File) -> bool:
    """Whether the file stands there with the catalogue's checksum."""
    try:
        return path.stat().st_size == file.bytes and sha256(path) == file.sha256
    except (FileNotFoundError, NotADirectoryError):
        return False
