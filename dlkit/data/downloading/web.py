"""One file from one address: no longer than promised, and not for ever."""

from __future__ import annotations

import time
from pathlib import Path
from typing import BinaryIO

from dlkit.data.catalogue import DataError

CONNECT, SILENCE = 10.0, 20.0  # seconds until a server must have answered, and may say nothing
SLOWEST = 50_000  # bytes a second: a download below it is given up...
PATIENCE = 60.0  # ...after this many seconds at least


def download(url: str, path: Path, limit: int, known_hash: str | None = None) -> None:
    """The file at the address, of at most `limit` bytes, in bounded time."""
    import pooch

    def bounded(url: str, output: str | Path, pooch_: object) -> None:
        with open(output, "wb") as stream:
            http = pooch.HTTPDownloader(timeout=(CONNECT, SILENCE), chunk_size=4096)
            http(url, Bounded(stream, limit), pooch_)

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # its notes on a download would stand in a page's output
    try:
        pooch.retrieve(url, known_hash, fname=path.name, path=path.parent, downloader=bounded)
    finally:
        logger.setLevel(level)


class Bounded:
    """A file that takes no more than promised, and not for ever."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream, self.left = stream, limit
        self.deadline = time.monotonic() + PATIENCE + limit / SLOWEST

    def write(self, chunk: bytes) -> int:
        self.left -= len(chunk)
        if self.left < 0:
            raise DataError("it sends more bytes than the catalogue promises")
        if time.monotonic() > self.deadline:
            raise DataError(f"slower than {SLOWEST // 1000} kB/s")
        return self.stream.write(chunk)

    def flush(self) -> None:
        self.stream.flush()
