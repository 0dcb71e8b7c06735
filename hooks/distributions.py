"""What the packages that were imported are called where one installs them, and in which version they are here."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.metadata import Distribution

from hooks.book import canonical


class Distributions:
    """Those of this process. Nothing is read before something is asked, and nothing twice."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, str]] = {}

    def versions(self, packages: Iterable[str]) -> dict[str, str]:
        """The distributions behind packages, with their versions; a package of the standard library has none."""
        found: dict[str, str] = {}
        for package in packages:
            if package not in self.known:
                names = [one.metadata["Name"] for one in self.holders.get(package, [])]
                self.known[package] = {canonical(name): importlib.metadata.version(name) for name in names}
            found.update(self.known[package])
        return found

    @cached_property
    def holders(self) -> dict[str, list[Distribution]]:
        """`importlib.metadata.packages_distributions()`, which takes ten times as long."""
        found: dict[str, list[Distribution]] = {}
        for one in importlib.metadata.distributions():
            for package in _packages(one):
                found.setdefault(package, []).append(one)
        return found


def _packages(one: Distribution) -> Iterator[str]:
    """The top-level packages in a distribution: those that it declares, or those that its list of files tells."""
    declared = (one.read_text("top_level.txt") or "").split()
    if declared:
        return iter(dict.fromkeys(declared))
    record = one.read_text("RECORD")  # lines of a path, a hash, a size
    files = (line.partition(",")[0] for line in record.split("\n")) if record is not None else map(str, one.files or ())
    return iter(dict.fromkeys(file.partition("/")[0].removesuffix(".py") for file in files if file.endswith(".py")))
