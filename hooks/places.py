"""The names of files as they are on every machine: from the book's root, from a section's own folder, or from where
Python finds its modules."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

TRACED = re.compile(r'(?<=File ")/[^"\n]+(?=", line \d)|^/\S+\.py(?=:\d+: \w*Warning: )', re.MULTILINE)  # in a traceback, or a warning, of Python's


class Places:
    """The folders below which code is found, as they are before the first block; and the section's own `folder`, if any."""

    def __init__(self, root: Path, folder: str = "") -> None:
        self.own = re.compile(rf"(?<![\w.-])(?:{re.escape(os.path.realpath(folder))}|{re.escape(folder)})/(?:(scratch)|temporary)(?![\w-])(/(?=[\w.-]))?") if folder else None
        folders = {folder.rstrip("/") for folder in (str(root), *sys.path)} - {""}
        self.folders = sorted(folders, key=len, reverse=True)  # an environment may lie in the book

    def near(self, path: str) -> str | None:
        """A file's name from the innermost of these folders; None where it lies elsewhere."""
        return next((path[len(folder) + 1 :] for folder in self.folders if path.startswith(folder + "/")), None)

    def traced(self, text: str) -> str:
        """What was printed, its tracebacks with such names. The scratch folder is where the section is: `.`; that for
        temporary files is what it stands for."""
        text = TRACED.sub(lambda match: self.near(match[0]) or match[0], text)
        return self.own.sub(self._short, text) if self.own else text

    @staticmethod
    def _short(match: re.Match[str]) -> str:
        if match[1]:
            return "" if match[2] else "."
        return "/tmp" + (match[2] or "")
