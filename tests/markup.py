"""Reads markup that the tests look at as strictly as it can be read."""

from __future__ import annotations

import struct
import zlib
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "col"}


class _Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def elements(markup: str) -> list[tuple[str, dict[str, str | None]]]:
    """All elements with their attributes; every one that is opened must be closed, in order."""
    parser = _Strict()
    parser.feed(markup)
    parser.close()
    assert parser.open == []
    return parser.seen


def png(width: int, height: int) -> bytes:
    """The smallest PNG that says its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")
