"""The catalogue: every data set the book may use, each file with its pinned addresses, checksum and license."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("catalogue.json")


class DataError(Exception):
    """Data that could not be had, or that are not what the catalogue promises."""


@dataclass(frozen=True)
class File:
    """One file of a set."""

    set: str
    name: str
    bytes: int
    sha256: str
    urls: tuple[str, ...]  # pinned upstream addresses; none: it stands on a mirror alone, or is rebuilt
    license: str
    what: str
    expect: str  # what was found in it when the checksum was taken
    content_sha256: str = ""  # of an archive rebuilt from many upstream files: of the list of its members
    rebuild: Mapping[str, Any] | None = None  # from: an archive, or an address with {member}; prefix: where they are; members: their checksums

    @property
    def key(self) -> str:
        """Its path in the cache and on a mirror: `set/name`."""
        return f"{self.set}/{self.name}"


@dataclass(frozen=True)
class DataSet:
    """A set: its files, and what one must know before using it."""

    name: str
    license: str
    license_source: str
    license_read: bool  # the license was read at its source; otherwise it is stated from general knowledge
    citation: str
    files: Mapping[str, File]
    loaders: Sequence[str] = ()  # the functions of dlkit.data that load it
    off_mirror: str = ""  # why mirrors do not hold it: it comes from upstream alone, and has no loader
    substitute: str = ""  # what to use in its place

    @property
    def wanted(self) -> list[File]:
        """The files that are fetched: all but lists of an archive's members, which are known by their checksum."""
        return [file for file in self.files.values() if not file.name.endswith(".SHA256SUMS")]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.wanted)


@cache
def sets() -> dict[str, DataSet]:
    """All sets by name.

    >>> sets()["names"].files["names.txt"].bytes
    228145
    """
    return {name: _set(name, entry) for name, entry in json.loads(CATALOGUE.read_text(encoding="utf-8")).items()}


def _set(name: str, entry: dict[str, Any]) -> DataSet:
    files = {}
    for file, said in entry["files"].items():
        license = said.get("license", entry["license"])
        known = {key: said[key] for key in ("bytes", "sha256", "what", "expect", "content_sha256", "rebuild") if key in said}
        files[file] = File(set=name, name=file, urls=tuple(said["urls"]), license=license, **known)
    return DataSet(name=name, files=files, **{key: said for key, said in entry.items() if key != "files"})


def find(name: str) -> DataSet:
    """The set of that name.

    >>> find("fashion-mnst")
    Traceback (most recent call last):
    dlkit.data.catalogue.DataError: the catalogue has no set 'fashion-mnst'; did you mean fashion-mnist? All: python -m dlkit.data list
    """
    if name in sets():
        return sets()[name]
    near = difflib.get_close_matches(name, sets(), 3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    raise DataError(f"the catalogue has no set {name!r}{hint} All: python -m dlkit.data list")


def find_file(key: str) -> File:
    """The file `set/name`.

    >>> find_file("names/nmes.txt")
    Traceback (most recent call last):
    dlkit.data.catalogue.DataError: data set 'names' has no file 'nmes.txt'; it has names.txt
    """
    name, _, file = key.partition("/")
    files = find(name).files
    if file not in files:
        raise DataError(f"data set {name!r} has no file {file!r}; it has {', '.join(files)}")
    return files[file]
