"""Files of the catalogue, from the cache, a mirror or upstream, in this order; each time its checksum is taken.

`DLKIT_CACHE` names the cache (default: the user's cache folder), `DLKIT_MIRROR` a folder or an address that holds
the files as `set/name`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dlkit.data.catalogue import CATALOGUE, find, find_file
from dlkit.data.downloading.obtaining import obtain
from dlkit.data.store import cached


def fetch(key: str) -> Path:
    """The path of the file `set/name` of the catalogue in the cache, fetched if need be.

    Whoever listens to Python's audit events is told by "dlkit.data" which file of which catalogue is used.

    Example: `fetch("names/names.txt").read_text()`.

    Raises:
        DataError: no source had it, or none had it with the right checksum.
    """
    file = find_file(key)
    path = cached(file) or obtain(file)
    sys.audit("dlkit.data", str(CATALOGUE), file.key)
    return path


def fetch_all(name: str) -> dict[str, Path]:
    """All files of a set: name to path."""
    return {file.name: fetch(file.key) for file in find(name).wanted}
