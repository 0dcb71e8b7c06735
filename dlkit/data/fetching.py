"""Files of the catalogue, from the cache, a mirror or upstream: always checked, never half there.

`DLKIT_CACHE` names the cache (default: the user's cache folder), `DLKIT_MIRROR` a folder or an address that holds
the files as `set/name`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dlkit.data.catalogue import DataError, File, find, find_file
from dlkit.data.downloading import download
from dlkit.data.rebuilding import is_right, rebuild, rebuilt_path

WAIT = 600.0  # seconds for another process that fetches the same file


def cache() -> Path:
    """The folder that holds the files, as `set/name`."""
    import pooch

    return Path(os.environ.get("DLKIT_CACHE") or pooch.os_cache("dlkit")).expanduser()


def fetch(key: str) -> Path:
    """The path of the file `set/name` of the catalogue, fetched if need be.

    Raises:
        DataError: no source had it, or none had it with the right checksum.
    """
    file = find_file(key)
    path = cached(file)
    if path is None:
        with locked(file):
            path = cached(file) or _obtain(file)  # another process may have fetched it meanwhile
    return path


def fetch_all(name: str) -> dict[str, Path]:
    """All files of a set: name to path."""
    return {file.name: fetch(file.key) for file in find(name).files.values() if not file.name.endswith(".SHA256SUMS")}


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stands(file: File) -> Path | None:
    """Where the file stands in the cache, right or not."""
    path = cache() / file.key
    return next((found for found in (path, rebuilt_path(path)) if found.is_file()), None)


def cached(file: File) -> Path | None:
    """Where the file stands in the cache, whole and right."""
    path = cache() / file.key
    if is_good(path, file):
        return path
    rebuilt = rebuilt_path(path)
    return rebuilt if file.rebuild and rebuilt.exists() and is_right(file, rebuilt) else None


def is_good(path: Path, file: File) -> bool:
    """Whether the file stands there with the catalogue's checksum."""
    try:
        return path.stat().st_size == file.bytes and sha256(path) == file.sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def sources(file: File) -> list[str]:
    """Where the file may be had, in order: the mirror, then upstream."""
    mirror = os.environ.get("DLKIT_MIRROR", "").rstrip("/")
    return ([f"{mirror}/{file.key}"] if mirror else []) + list(file.urls)


@contextmanager
def locked(file: File) -> Iterator[None]:
    """One process at a time. The system drops the lock of a process that dies."""
    import filelock

    path = cache() / ".locks" / f"{file.set}--{file.name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path, timeout=WAIT)
        lock.acquire()
    except filelock.Timeout:
        raise DataError(f"data set {file.set!r}: another process has held {path} for {WAIT:.0f} s; end it, then try again") from None
    except OSError as error:
        raise DataError(f"data set {file.set!r}: the cache {cache()} cannot be written ({error}); set DLKIT_CACHE to a folder that can") from None
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


def unavailable(file: File, tried: list[tuple[str, str]]) -> DataError:
    """What is said when no source had the file: the set, the addresses tried, the mend."""
    lines = [f"data set {file.set!r}: {file.name} ({file.bytes:,} bytes) could not be had."]
    lines += [f"  tried {source}: {why}" for source, why in tried] or ["  no address is known for it, and DLKIT_MIRROR is not set"]
    lines += [
        f"  mend: python -m dlkit.data fetch {file.set}   with a network, or with DLKIT_MIRROR set to a folder or address that holds {file.key};",
        f"        the cache is {cache()} (DLKIT_CACHE).",
    ]
    return DataError("\n".join(lines))
