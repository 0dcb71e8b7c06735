"""The names of files as they are on every machine: from the book's root, or from where Python finds its modules."""

from __future__ import annotations

import re
import sys
from pathlib import Path

TRACED = re.compile(r'(?<=File ")/[^"\n]+(?=", line \d)')  # in a traceback that Python has printed


class Places:
    """The folders below which code is found, as they are before the first block."""

    def __init__(self, root: Path) -> None:
        folders = {folder.rstrip("/") for folder in (str(root), *sys.path[1:])} - {""}
        self.folders = sorted(folders, key=len, reverse=True)  # an environment may lie in the book

    def near(self, path: str) -> str | None:
        """A file's name from the innermost of these folders; None where it lies elsewhere."""
        return next((path[len(folder) + 1 :] for folder in self.folders if path.startswith(folder + "/")), None)

    def traced(self, text: str) -> str:
        """What was printed, its tracebacks with such names."""
        return TRACED.sub(lambda match: self.near(match[0]) or match[0], text)
