"""The search of a preview: the index is made beside it, and the last one serves until the new one is whole."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from pathlib import Path

from hooks import indexing, search
from hooks.cache import Cache

log = logging.getLogger("mkdocs.plugins.book")


class Searching:
    """MkDocs empties its folder before each build: the indexes lie in another, and a link there leads to the newest."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="index_"))
        self.newest: Path | None = None
        self.number = 0  # of the last build
        self.busy = threading.Lock()  # one index is made at a time

    def follow(self, site: Path, cache: Cache) -> None:
        """The site has been built anew. Its pages are read now, while they are there."""
        self.number += 1
        if self.newest:
            self._link(site)
        records = search.of_site(site, cache)
        threading.Thread(target=self._make, args=(self.number, records, site, cache), daemon=True).start()

    def _make(self, number: int, records: list[search.Record], site: Path, cache: Cache) -> None:
        with self.busy:
            if number != self.number:
                return  # a later build has later pages
            made = self.folder / str(number)
            try:
                indexing.write(indexing.files(records, cache), made)
                self.newest = made
                self._link(site)
            except (OSError, RuntimeError) as error:
                log.warning("the search is as it was: %s", error)

    def _link(self, site: Path) -> None:
        link = site / indexing.FOLDER
        if not link.is_symlink() or link.readlink() != self.newest:
            fresh = self.folder / "link"
            fresh.unlink(missing_ok=True)
            os.symlink(self.newest or "", fresh, target_is_directory=True)
            os.replace(fresh, link)

    def close(self) -> None:
        self.number += 1
        with self.busy:
            shutil.rmtree(self.folder, ignore_errors=True)
