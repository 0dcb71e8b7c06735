"""What a library's catalogue promises of its data sets: a SHA-256 for each file, wherever on this machine that may lie.

The library tells which file a run uses by an audit event, `sys.audit("<library>.data", catalogue, "set/file")`. The
catalogue is a JSON file of the repository, {set: {"files": {file: {"sha256": ...}}}}. Recorded is `catalogue#set/file`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from hooks.book import Book


def sha256(book: Book, name: str) -> str:
    """The checksum that the catalogue promises now; empty if there is none."""
    catalogue, _, key = name.partition("#")
    first, _, last = key.partition("/")
    try:
        return str(_read(book.path(catalogue).read_bytes())[first]["files"][last]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def changed(book: Book, name: str, value: str) -> str:
    """What differs from the checksum that was recorded, in words; empty if nothing does."""
    now = sha256(book, name)
    catalogue, _, key = name.partition("#")
    if not now:
        return f"{catalogue} no longer holds the data {key}"
    return "" if now == value else f"the data {key} have another checksum in {catalogue}"


@lru_cache(maxsize=4)
def _read(content: bytes) -> Any:
    return json.loads(content)
