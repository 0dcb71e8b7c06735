"""What a cell shows, caught in the order in which it shows it. Runs in a section's own process."""

from __future__ import annotations

import io
import os
import re
import sys
from base64 import b64decode
from contextlib import suppress
from os import getpid
from typing import Any, cast

from hooks import live, picture, pixels, rehearsal
from hooks.places import Places
from hooks.records import Output

RICH = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/latex")  # the first that a value offers is kept
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
REWOUND = re.compile(r"^[^\n]*\r(?=[^\n])", re.MULTILINE)  # what a carriage return lets the rest of a line overwrite
ADDRESS = re.compile(r"(?<= at 0x)[0-9a-fA-F]{6,}")  # of an object in memory: another one in every run
KEPT = 4_000_000  # characters that one cell may print, most of which it must rewind; more than that is a flood
NUMBERS = {"stdout": 1, "stderr": 2}


class Flood(BaseException):
    """A block prints without end."""


class Capture:
    """Collects outputs: Python's streams by replacing them, those of C code and child processes by descriptors.

    These lead into two files of the section's folder, where the supervisor can see how much there is.
    """

    def __init__(self, folder: str, places: Places) -> None:
        self.places = places
        self.partial: dict[tuple[int, str], str] = {}  # lines that a copy of this process has begun
        self.outputs: list[Output] = []
        self.printed = 0
        self.lost = False  # whether more was printed than is kept
        self.process = getpid()
        # Appending, so that a child process and this one never write over each other.
        how = os.O_RDWR | os.O_CREAT | os.O_APPEND
        self.files = {name: os.open(os.path.join(folder, name), how, 0o600) for name in NUMBERS}
        self.read = dict.fromkeys(NUMBERS, 0)

    def install(self) -> None:
        """Redirect descriptors 1 and 2 and Python's streams for good: this process belongs to the section."""
        sys.stdout.flush()
        sys.stderr.flush()
        for name, number in NUMBERS.items():
            os.dup2(self.files[name], number)
            stream = _Stream(self, name, number)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def drain(self) -> None:
        """Take up what came through the descriptors since the last look."""
        for name, file in self.files.items():
            size = os.fstat(file).st_size
            if size > self.read[name]:
                data = os.pread(file, min(size - self.read[name], KEPT + 1), self.read[name])
                self.read[name] = size
                with suppress(Flood):
                    self._text(name, data.decode("utf-8", "backslashreplace"))

    def write(self, name: str, text: str) -> None:
        if getpid() != self.process:  # a copy, made by a fork: what it collects, nobody would see
            self._pass_on(name, text)
            return
        self.drain()
        self._text(name, text)

    def _pass_on(self, name: str, text: str, all_of_it: bool = False) -> None:
        """Write whole lines, as Python does: so those of several copies do not mix."""
        own = getpid(), name  # what another process has begun is its own to end
        head, newline, tail = (self.partial.pop(own, "") + text).rpartition("\n")
        if all_of_it:
            newline, tail = newline + tail, ""
        if tail:
            self.partial[own] = tail
        if head or newline:
            os.write(NUMBERS[name], (head + newline).encode())

    def flush(self, name: str) -> None:
        if getpid() != self.process:
            self._pass_on(name, "", all_of_it=True)

    def _text(self, name: str, text: str) -> None:
        self.printed += len(text)
        if self.printed > KEPT:
            self.lost = True
            raise Flood
        last = self.outputs[-1] if self.outputs else None
        if isinstance(last, _Running) and last.kind == name:
            last.parts.append(text)
        elif text:
            self.outputs.append(_Running(name, text))

    def add(self, output: Output) -> None:
        self.drain()
        self.outputs.append(output)

    def take(self) -> tuple[Output, ...]:
        """The outputs since the last call."""
        self.drain()
        self._mend()
        taken, self.outputs, self.printed = self.outputs, [], 0
        return tuple(o.finished(self.places) if isinstance(o, _Running) else o for o in taken)

    def _mend(self) -> None:
        """Open descriptors that a block has closed: otherwise the next file that is opened would be the output."""
        for name, number in NUMBERS.items():
            try:
                os.fstat(number)
            except OSError:
                os.dup2(self.files[name], number)


class _Running(Output):
    """A stretch of one stream that may still grow."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind)
        object.__setattr__(self, "parts", [text])

    parts: list[str]

    def finished(self, places: Places) -> Output:
        return Output(self.kind, places.traced(terminal("".join(self.parts))))


class _Stream(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr; its descriptor is the real one, redirected."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, capture: Capture, name: str, number: int) -> None:
        self.capture, self.name, self.number = capture, f"<{name}>", number
        self.kind = name
        self.buffer = _Bytes(self)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        # Lone surrogates cannot be stored; they are shown escaped.
        self.capture.write(self.kind, storable(text))
        return len(text)

    def flush(self) -> None:
        self.capture.flush(self.kind)

    def close(self) -> None:
        """It is the page's, and stays open for the next block."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number


class _Bytes(io.RawIOBase):
    def __init__(self, stream: _Stream) -> None:
        self.stream = stream

    def write(self, data: Any) -> int:
        self.stream.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)

    def close(self) -> None:
        """As its stream's."""

    def writable(self) -> bool:
        return True


def storable(text: str) -> str:
    """Text whose lone surrogates, which no file can hold, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def terminal(text: str) -> str:
    """Text as a terminal would leave it: lines that were rewound hold their last state, colors are gone.

    >>> terminal("10 %\\r99 %\\rdone\\n"), terminal("\\x1b[31mred\\x1b[0m")
    ('done\\n', 'red')
    """
    return steady(REWOUND.sub("", ANSI.sub("", text).replace("\r\n", "\n")))


def steady(text: str) -> str:
    """Text without addresses in memory, which say nothing and would differ in every run.

    >>> steady("<Rain object at 0x7fbcdf689290>")
    '<Rain object at 0x...>'
    """
    return ADDRESS.sub("...", text)


def bundle(kind: str, data: dict[str, Any]) -> Output:
    """The output for a value's MIME bundle: its plain text and its richest form."""
    if mime := live.mime(data):
        return Output(kind, str(data[mime].get("description", "")), mime, live.recorded(data[mime]))
    text = steady(storable(_joined(data.get("text/plain", ""))))
    for mime in RICH:
        if mime in data:
            value = data[mime]
            if mime in ("image/png", "image/jpeg"):
                content = value if isinstance(value, bytes) else b64decode(value)
                content = pixels.smaller(content) if mime == "image/png" else content
            else:
                content = steady(storable(_joined(value))).encode()
            return Output(kind, text, mime, content)
    if not text:  # a form that nothing here can draw: JSON, a widget
        text = "\n".join(str(value) for value in data.values())
    return Output(kind, text)


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def figure(drawn: Any) -> Output:
    """A matplotlib figure as SVG whose text is text, with the small gray raster by which it is compared."""
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "book"}), rehearsal.spared(drawn):
        vector, raster = picture.saved(drawn)
    width, height = drawn.get_size_inches() * drawn.dpi
    axes = len(drawn.axes)
    text = f"<Figure size {width:.0f}x{height:.0f} with {axes} Axes>"
    return Output("figure", text, "image/svg+xml", pixels.inside(vector), raster)


def part(value: Any, depth: int = 3) -> bool:
    """Whether a value is a part of a figure, or several: the axes, lines and words that drawing functions return.

    A list may hold lists, to this depth: one may hold itself.
    """
    artist = getattr(sys.modules.get("matplotlib.artist"), "Artist", None)
    if artist is None:
        return False
    if isinstance(value, artist):
        return getattr(value, "figure", None) not in (None, value)  # a figure is its own, and is shown
    several = isinstance(value, (list, tuple)) or (type(value).__name__ == "ndarray" and value.dtype == object)
    return several and depth > 0 and len(value) > 0 and all(part(each, depth - 1) for each in value)


def open_figures() -> list[Any]:
    """The figures that pyplot holds, in order; they are closed, as Jupyter does at a cell's end."""
    pyplot = cast(Any, sys.modules.get("matplotlib.pyplot"))
    if pyplot is None:
        return []
    drawn = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return drawn
