"""A file of the catalogue from a mirror or from upstream: checked, never half there, one process at a time."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock  # not later: a section uses the same packages whether its data are in the cache or not

from dlkit.data.catalogue import DataError, File
from dlkit.data.downloading.rebuilding import rebuild, rebuilt_path
from dlkit.data.downloading.web import download
from dlkit.data.store import cache, cached, is_good, sha256

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
WAIT = 600.0  # seconds for another process that fetches the same file


def obtain(file: File) -> Path:
    """The file's path in the cache, where it was put from the first source that has it.

    Raises:
        DataError: no source had it, or none had it with the right checksum.
    """
    with locked(file):
        try:
            return cached(file) or _obtain(file)  # another process may have fetched it meanwhile
        except OSError as error:  # not of a source: those are gathered
            raise unwritable(file, error) from None


def sources(file: File) -> list[str]:
    """Where the file may be had, in order: the mirror, then upstream."""
    mirror = os.environ.get("DLKIT_MIRROR", "").rstrip("/")
    return ([f"{mirror}/{file.key}"] if mirror else []) + list(file.urls)


@contextmanager
def locked(file: File) -> Iterator[None]:
    """One process at a time. The system drops the lock of a process that dies."""
    path = cache() / ".locks" / f"{file.set}--{file.name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path, timeout=WAIT)
        lock.acquire()
    except filelock.Timeout:
        raise DataError(f"data set {file.set!r}: another process has held {path} for {WAIT:.0f} s; end it, then try again") from None
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def scratch(file: File) -> Iterator[Path]:
    """A folder beside the target, emptied first: what an interrupted download left is never continued or kept."""
    folder = cache() / ".partial" / f"{file.set}--{file.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _obtain(file: File) -> Path:
    """From the first source that has it, whole and right; the lock is held."""
    path = cache() / file.key
    steps: list[tuple[str, Path, Callable[[Path], Path]]] = []
    for source in sources(file):
        steps.append((source, path, lambda folder, source=source: copy(source, folder / "file", file)))  # type: ignore[misc]
    if file.rebuild:
        steps.append((file.rebuild["from"], rebuilt_path(path), lambda folder: rebuild(file, folder)))
    tried: list[tuple[str, str]] = []
    for source, target, get in steps:
        with scratch(file) as folder:
            try:
                got = get(folder)
            except Exception as error:
                if isinstance(error, OSError) and error.errno in FULL:
                    raise  # another source would not help
                tried.append((source, reason(error)))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(got, target)
            return target
    raise unavailable(file, tried)


def copy(source: str, path: Path, file: File) -> Path:
    """One source's file, checked; any failure is an exception."""
    if is_address(source):
        download(source, path, limit=file.bytes, known_hash=f"sha256:{file.sha256}")
    else:
        shutil.copyfile(source, path)
    if not is_good(path, file):
        raise DataError(f"its checksum is {sha256(path)[:12]}… at {path.stat().st_size} bytes, not {file.sha256[:12]}… at {file.bytes}")
    return path


def is_address(source: str) -> bool:
    """Whether a source is reached through the network.

    >>> is_address("https://example.org/x"), is_address("/srv/mirror/x")
    (True, False)
    """
    return source.startswith(("http://", "https://"))


def reason(error: BaseException) -> str:
    """A failure in one line.

    >>> reason(FileNotFoundError(2, "No such file or directory", "x"))
    'No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())
    if "SHA256 hash of downloaded file" in text:
        return "wrong checksum: the file there is not the one in the catalogue, or came incomplete"
    if cause := re.search(r"Caused by (\w+)", text):
        return f"no connection ({cause[1]})"
    if "IncompleteRead" in text:
        return "the connection broke off before the end"
    return f"{'' if isinstance(error, DataError) else type(error).__name__ + ': '}{text[:300]}"


def unwritable(file: File, error: OSError) -> DataError:
    """What is said when the cache takes nothing."""
    lines = [
        f"data set {file.set!r}: the cache {cache()} cannot be written ({reason(error)}); {file.name} needs {file.bytes:,} bytes.",
        "  mend: make room there, or set DLKIT_CACHE to a folder that can be written.",
    ]
    return DataError("\n".join(lines))


def unavailable(file: File, tried: list[tuple[str, str]]) -> DataError:
    """What is said when no source had the file: the set, the addresses tried, the mend."""
    lines = [f"data set {file.set!r}: {file.name} ({file.bytes:,} bytes) could not be had."]
    lines += [f"  tried {source}: {why}" for source, why in tried] or ["  no address is known for it, and DLKIT_MIRROR is not set"]
    lines += [
        f"  mend: python -m dlkit.data fetch {file.set}   with a network, or with DLKIT_MIRROR set to a folder or address that holds {file.key};",
        f"        the cache is {cache()} (DLKIT_CACHE).",
    ]
    return DataError("\n".join(lines))
