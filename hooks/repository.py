"""Where the book's repository is, as git's remote says it, and the addresses that its forge has for readers.

Nothing is guessed: of a local path, or a host that is no known forge, there is no address.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[\w.-]+\.[a-z]+)(?::(?P<port>\d+))?/|(?:[\w.-]+@)(?P<short>[\w.-]+\.[a-z]+):)"
    r"(?P<path>[\w.~-]+(?:/[\w.~-]+)+)/?\Z",
    re.IGNORECASE,
)
FORGES = {"github.com": "github", "gitlab.com": "gitlab", "codeberg.org": "forgejo"}
COLAB = "https://colab.research.google.com/github"


@dataclass(frozen=True)
class Repository:
    """A repository on a forge: `github`, `gitlab` or `forgejo`."""

    forge: str
    address: str  # https://github.com/owner/name
    branch: str = "main"
    prefix: str = ""  # the book's folder in it: `books/rain/`

    def edit(self, file: str) -> str:
        """Where a file of the book is edited."""
        way = {"github": "edit", "gitlab": "-/edit", "forgejo": "_edit"}[self.forge]
        return f"{self.address}/{way}/{quote(self.branch)}/{quote(self.prefix + file)}"

    def issue(self, title: str, body: str) -> str:
        """The form for a new issue, filled in.

        >>> Repository("gitlab", "https://gitlab.com/a/b").issue("T", "x y")
        'https://gitlab.com/a/b/-/issues/new?issue%5Btitle%5D=T&issue%5Bdescription%5D=x+y'
        """
        names = ("issue[title]", "issue[description]") if self.forge == "gitlab" else ("title", "body")
        way = "-/issues/new" if self.forge == "gitlab" else "issues/new"
        return f"{self.address}/{way}?{urlencode(dict(zip(names, (title, body), strict=True)))}"

    def colab(self, branch: str, file: str) -> str:
        """Where Colab opens a notebook that stands on a branch; it does so for one forge alone."""
        owned = self.address.removeprefix("https://github.com/")
        return f"{COLAB}/{owned}/blob/{quote(branch)}/{quote(file)}" if self.forge == "github" else ""

    @property
    def source(self) -> str:
        """As pip takes it."""
        below = f"#subdirectory={self.prefix.rstrip('/')}" if self.prefix else ""
        return f"git+{self.address}{below}"


def read(remote: str, branch: str = "main", prefix: str = "", forge: str = "") -> Repository | None:
    """The repository behind a remote's address; None where it is not known. `forge` says what an unknown host runs.

    >>> read("git@codeberg.org:rain/book.git")
    Repository(forge='forgejo', address='https://codeberg.org/rain/book', branch='main', prefix='')
    >>> read("https://user:secret@github.com/rain/book").address
    'https://github.com/rain/book'
    >>> read("/srv/git/book.git"), read("file:///srv/book"), read("https://git.example.org/a/b")
    (None, None, None)
    """
    match = REMOTE.match(remote.strip())
    if match is None:
        return None
    host = (match["host"] or match["short"]).lower()
    kind = FORGES.get(host) or (forge if forge in FORGES.values() else "")
    if not kind:
        return None
    # The port is the web's only if the remote is: that of ssh says nothing of it.
    port = f":{match['port']}" if match["port"] and remote.lower().startswith("http") else ""
    return Repository(kind, f"https://{host}{port}/{match['path'].removesuffix('.git')}", branch, prefix)


def remote(root: Path) -> str:
    """What git calls `origin`; nothing where there is no git, or no such remote."""
    return _git(root, "remote", "get-url", "origin")


def of(root: Path, settings: Mapping[str, Any]) -> Repository | None:
    """The repository in which a book lies. Of `extra.book`: `branch` is the one that readers' changes are for."""
    branch, forge = str(settings.get("branch") or "main"), str(settings.get("forge") or "")
    found = read(remote(root), branch, "", forge)
    return Repository(found.forge, found.address, branch, _git(root, "rev-parse", "--show-prefix")) if found else None


def install(root: Path, repository: Repository | None, extra: str = "run") -> str:
    """How a reader installs what blocks import: a command of pip's, or where to give it. Nothing where the book is no
    distribution. Always from the repository: on an index, the library's name may be another project's."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, ValueError):
        return ""
    extras = f"[{extra}]" if extra in project.get("optional-dependencies", {}) else ""
    if repository is None:
        return f'pip install ".{extras}"'
    return f'pip install "{project["name"]}{extras} @ {repository.source}"'


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
