"""A copy of the tiny book that a test may break, and the commands on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "tests" / "tinybook"


@dataclass
class Done:
    status: int
    said: str  # both streams


@dataclass
class Tiny:
    """The copy: its folder, and what can be done with it."""

    root: Path
    path: str = ""  # further folders for Python to import from

    def run(self, *command: str) -> Done:
        """`python -m hooks COMMAND` in the book's folder, as a person would."""
        return self.python("-m", "hooks", *command)

    def python(self, *arguments: str) -> Done:
        paths = [str(ROOT), *filter(None, [self.path])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NO_MKDOCS_2_WARNING": "1", "COLUMNS": "300"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120
        )
        return Done(done.returncode, done.stdout)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def page(self, address: str) -> str:
        """The HTML of a built page."""
        return (self.root / "site" / address / "index.html").read_text(encoding="utf-8")

    def text(self, address: str) -> str:
        """A built page's article without tags."""
        article = self.page(address).partition("<article")[2].partition("</article>")[0]
        return " ".join(re.sub(r"<[^>]+>", "", article).split())

    def records(self) -> dict[str, bytes]:
        """Every file of the records, and what is in it."""
        folder = self.root / "book" / "_records"
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def site(self) -> dict[str, bytes]:
        folder = self.root / "site"
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


STILL = """

import time

time.perf_counter = lambda: 0.0
if child := sys.modules.get("hooks.child"):
    child.perf_counter = time.perf_counter
"""


def still(tiny: Tiny) -> None:
    """Stop the clock of a copy: nothing takes time, and so two runs give the same bytes."""
    with (tiny.root / "book/_runtime.py").open("a", encoding="utf-8") as file:
        file.write(STILL)


def copy(root: Path) -> Tiny:
    """A fresh clone of the tiny book in a folder, records and all."""
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("site", "__pycache__", ".*", "conftest.py"))
    config = root / "mkdocs.yml"
    config.write_text(config.read_text().replace("../../hooks", str(ROOT / "hooks")))
    return Tiny(root)
