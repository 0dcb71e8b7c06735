"""Archives, read and extracted as if a stranger had made them: no path outside, no links, no endless files."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from dlkit.data.catalogue import DataError

BYTES = 1 << 30  # of all members together
MEMBERS = 200_000
PLAIN = re.compile(r"(?:[A-Za-z0-9_][\w.-]*/)*[A-Za-z0-9_][\w.-]*", re.ASCII)  # no part begins with a point
Read = Callable[[int], bytes]  # at most so many bytes of a member
BUFFER = 1 << 20


def members(archive: Path, limit: int = BYTES, count: int = MEMBERS) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of a tar or zip archive, in its order; nothing is written.

    Raises:
        DataError: a member is a link or a device, names a path outside, comes twice, or the limits are passed.
    """
    seen: set[str] = set()
    left = limit
    try:
        for number, (name, is_file, read) in enumerate(_entries(archive), 1):
            if number > count:
                raise DataError(f"{archive.name}: more than {count:,} members")
            if not is_file:
                continue
            checked = safe(archive, name)
            if checked in seen:
                raise DataError(f"{archive.name}: member {name!r} comes twice")
            seen.add(checked)
            content = read(left + 1)  # what is read counts, whatever the header says
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


def _entries(archive: Path) -> Iterator[tuple[str, bool, Read]]:
    """Name, whether it is a file (else a folder), and how to read it; links and devices are errors."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as pack:
            for info in pack.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise DataError(f"{archive.name}: member {info.filename!r} is a link or a device")
                yield info.filename, not info.is_dir(), partial(_of_zip, pack, info)
        return
    with tarfile.open(archive) as packed, _buffered(packed) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        for member in tar:
            if not (member.isreg() or member.isdir()) or member.issparse():
                raise DataError(f"{archive.name}: member {member.name!r} is a link or a device")
            yield member.name, member.isreg(), partial(_of_tar, stream, member)


def _buffered(packed: tarfile.TarFile) -> IO[bytes]:
    """The tar itself, unpacked as it is read: large pieces at a time, since tarfile asks for many small ones."""
    assert packed.fileobj is not None
    packed.fileobj.seek(0)
    return io.BufferedReader(packed.fileobj, BUFFER)  # type: ignore[type-var, unused-ignore]


def _of_zip(pack: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    with pack.open(info) as stream:
        return stream.read(most)


def _of_tar(stream: IO[bytes], member: tarfile.TarInfo, most: int) -> bytes:
    stream.seek(member.offset_data)
    content = stream.read(min(member.size, most))
    if len(content) < min(member.size, most):
        raise EOFError("it ends within a member")
    return content


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
