"""Files and folders on disk: whole or not at all, though a build is killed, the disk is full, or two builds run at once.

What is being made lies beside its place, under a name that begins with a dot. Who makes it holds a lock that the system
takes away when its holder dies: so a later build can tell what a dead one has left from what a live one still needs.
Where the system has no such locks (Windows, some network disks), nothing waits, and nothing left over is removed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


# Files


def replace_files(files: Mapping[Path, bytes], folder: Path, gone: Iterable[Path] = ()) -> None:
    """Remove the files in `gone`, then write others in their order, each whole or not at all.

    If one of them finds no room, nothing is touched. They are prepared in `folder`, on the same disk.
    """
    parts: list[str] = []
    try:
        for data in files.values():
            number, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
            parts.append(name)
            with os.fdopen(number, "wb") as file:
                file.write(data)
            os.chmod(name, 0o644)
        for path in gone:
            path.unlink(missing_ok=True)
        for path in files:
            path.parent.mkdir(exist_ok=True)
            os.replace(parts[0], path)
            del parts[0]
    except BaseException:
        for name in parts:
            Path(name).unlink(missing_ok=True)
        raise


def sweep_files(folder: Path) -> None:
    """Remove what killed builds have left in a folder whose writers hold it `alone`."""
    if (lock := _lock(folder)) is not None:
        for path in folder.glob(".*.part"):
            path.unlink(missing_ok=True)
        os.close(lock)


@contextmanager
def alone(folder: Path, reading: bool = False) -> Iterator[None]:
    """Wait until nobody else writes in a folder, or, to write there, until nobody reads in it either."""
    lock = _lock(folder, wait=True, shared=reading)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _lock(folder: Path, wait: bool = False, shared: bool = False) -> int | None:
    """A lock on a folder, as an open descriptor of it; None if it cannot be had."""
    if fcntl is None:
        return None
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(number)
        return None
    return number


# Folders

OLD = "-old"
TRIES = 1000  # of putting a folder where others put theirs at the same time


class Making:
    """An empty folder beside `target`, to take its place when it is whole."""

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.realpath(target))
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.lock: int | None = None
        while True:
            self.folder = Path(tempfile.mkdtemp(prefix=f".{self.target.name}-made-", dir=self.target.parent))
            self.lock = _lock(self.folder, wait=True)
            if self.folder.exists():  # nobody has swept it away before it was locked
                break
            self._unlock()

    def finish(self) -> None:
        """Put the folder in its place. At any moment there is the old one or the new one, on Linux; elsewhere there is
        none between two renames, and if the build is killed just there, the next one puts the old one back."""
        self.folder.chmod(0o755)
        if not _exchange(self.folder, self.target):
            self._rename()
        self.drop()

    def _rename(self) -> None:
        old = self.folder.with_name(self.folder.name + OLD)
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                self.target.rename(old)
            try:
                self.folder.rename(self.target)
                break
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES):
                    raise
                failed = error
                shutil.rmtree(old, ignore_errors=True)  # another build was quicker, and has put its own there
        else:
            raise failed
        with suppress(FileNotFoundError):
            old.rename(self.folder)  # it is no longer what might be put back

    def drop(self) -> None:
        """Remove the folder, or, if it was finished, what was in its place before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._unlock()

    def _unlock(self) -> None:
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def sweep_folders(target: Path) -> None:
    """Put back the folder that a killed build has taken away, and remove what such builds have left beside it."""
    target = Path(os.path.realpath(target))
    name = re.compile(rf"\.{re.escape(target.name)}-made-[^-]*({OLD})?")
    for path in [path for path in target.parent.glob(".*") if name.fullmatch(path.name)]:
        if path.name.endswith(OLD) and not target.exists():
            with suppress(OSError):
                path.rename(target)
        elif (lock := _lock(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step. False if there are not two, or the system has no such step."""
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(function(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)
