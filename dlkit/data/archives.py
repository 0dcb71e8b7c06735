"""Archives, read and extracted as if a stranger had made them: no path outside, no links, no endless files."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from dlkit.data.catalogue import DataError

BYTES = 1 << 30  # of all members together
MEMBERS = 200_000
PLAIN = re.compile(r"(?:[A-Za-z0-9_][\w.-]*/)*[A-Za-z0-9_][\w.-]*", re.ASCII)  # no part begins with a point
Opened = Callable[[], IO[bytes]]


def members(archive: Path, limit: int = BYTES, count: int = MEMBERS) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of a tar or zip archive, in its order; nothing is written.

    Raises:
        DataError: a member is a link or a device, names a path outside, comes twice, or the limits are passed.
    """
    seen: set[str] = set()
    left = limit
    try:
        for number, (name, is_file, opened) in enumerate(_entries(archive), 1):
            if number > count:
                raise DataError(f"{archive.name}: more than {count:,} members")
            if not is_file:
                continue
            checked = safe(archive, name)
            if checked in seen:
                raise DataError(f"{archive.name}: member {name!r} comes twice")
            seen.add(checked)
            with opened() as stream:
                content = stream.read(left + 1)  # what is read counts, whatever the header says
            left -= len(content)
            if left < 0:
                raise DataError(f"{archive.name}: more than {limit:,} bytes when unpacked")
            yield checked, content
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise DataError(f"{archive.name}: a damaged archive ({error})") from error
    except Exception as error:
        if type(error).__name__ in ("LZMAError", "error"):  # lzma's and zlib's own
            raise DataError(f"{archive.name}: a damaged archive ({error})") from error
        raise


def _entries(archive: Path) -> Iterator[tuple[str, bool, Opened]]:
    """Name, whether it is a file (else a folder), and how to open it; links and devices are errors."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            for info in pack.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise DataError(f"{archive.name}: member {info.filename!r} is a link or a device")
                yield info.filename, not info.is_dir(), lambda info=info: pack.open(info)  # type: ignore[misc]
        return
    with tarfile.open(archive) as tar:
        for member in tar:
            if not (member.isreg() or member.isdir()):
                raise DataError(f"{archive.name}: member {member.name!r} is a link or a device")
            yield member.name, member.isreg(), lambda member=member: tar.extractfile(member)  # type: ignore[misc]


def safe(archive: Path, name: str) -> str:
    """The member's path, if it stays inside whatever the system.

    >>> safe(Path("a.tar"), "folder/./file.txt")
    'folder/file.txt'
    >>> safe(Path("a.tar"), "folder/../../x")
    Traceback (most recent call last):
    dlkit.data.catalogue.DataError: a.tar: member 'folder/../../x' points outside the archive
    """
    if PLAIN.fullmatch(name):  # most are; paths take their time
        return name
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or PureWindowsPath(name).drive
    if outside or not path.parts:
        raise DataError(f"{archive.name}: member {name!r} points outside the archive")
    return str(path)


def extract(archive: Path, target: Path, limit: int = BYTES, count: int = MEMBERS) -> Path:
    """The archive's files in the folder `target`, all or none; one that stands already is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, content in members(archive, limit, count):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if target.exists():
            shutil.rmtree(target)
        os.replace(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target
