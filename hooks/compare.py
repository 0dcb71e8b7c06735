"""Whether two runs showed the same: numbers within tolerance, words exactly, figures by a small gray raster."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hooks import live
from hooks.marks import Block
from hooks.records import Cell, Output, Record
from hooks.section import Section

TOLERANCE = 1e-4  # relative
NUMBER = re.compile(r"(?<![\w.])([-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE][-+]?\d))(?:[eE][-+]?\d+)?)(?!\.?\w)")
COLOR = re.compile(rb"""(?:fill|stroke|color)[=: "']+#([0-9a-fA-F]{6})\b""")  # of an SVG
NEAR = 8  # levels, of 255, by which red, green or blue may differ
FAR = 32  # gray levels, of 255, by which a pixel is another one


@dataclass(frozen=True)
class Difference:
    """One cell that no longer shows what its record says."""

    cell: str
    line: int
    text: str  # a short diff: recorded lines behind -, new ones behind +


def differences(section: Section, old: Record, new: tuple[Cell, ...]) -> Iterator[Difference]:
    """The cells of one section that differ beyond tolerance; volatile ones never do."""
    recorded = {cell.name: cell for cell in old.cells}
    fresh = {cell.name: cell for cell in new}
    for cell in section.cells:
        volatile, tolerance = _rules(cell)
        before = recorded[cell.name].outputs if cell.name in recorded else ()
        after = fresh[cell.name].outputs if cell.name in fresh else ()
        if not volatile and not same(before, after, tolerance):
            yield Difference(cell.name, cell.line, shown(before, after))


def _rules(cell: object) -> tuple[bool, float]:
    options = cell.options if isinstance(cell, Block) else None
    return (options.volatile, options.tolerance or TOLERANCE) if options else (False, TOLERANCE)


def keep(section: Section, old: Record, new: Record) -> Record:
    """The new record with the old bytes wherever nothing has really changed, so that a diff shows what has."""
    recorded = {cell.name: cell for cell in old.cells}
    cells = []
    for cell, told in zip(section.cells, new.cells, strict=True):
        before = recorded.get(told.name)
        volatile, tolerance = _rules(cell)
        # A cell whose code has changed may print the same number with other digits: what it shows now is taken.
        untouched = before is not None and before.source == told.source
        alike = before is not None and untouched and (volatile or same(before.outputs, told.outputs, tolerance))
        cells.append(before if before and alike else told)
    return replace(new, cells=tuple(cells))


def same(old: tuple[Output, ...], new: tuple[Output, ...], tolerance: float = TOLERANCE) -> bool:
    """Whether two cells' outputs say the same."""
    return len(old) == len(new) and all(_alike(a, b, tolerance) for a, b in zip(old, new, strict=True))


def _alike(a: Output, b: Output, tolerance: float) -> bool:
    if (a.kind, a.mime, a.name) != (b.kind, b.mime, b.name):
        return False
    if a.raster or b.raster:
        return a.content == b.content or (images_alike(a.raster, b.raster) and colors_alike(a.content, b.content))
    if live.MIME.match(a.mime):
        return a.text == b.text and live.alike(a.content, b.content, tolerance)
    if a.mime in ("image/png", "image/jpeg"):
        return a.content == b.content or images_alike(a.content, b.content)
    texts = texts_alike(a.text, b.text, tolerance)
    return texts and (a.content == b.content or texts_alike(a.content.decode(), b.content.decode(), tolerance))


def texts_alike(a: str, b: str, tolerance: float = TOLERANCE) -> bool:
    """Whether two printed texts say the same.

    >>> texts_alike("loss 0.12345 after 10 steps", "loss 0.12346 after 10 steps")
    True
    >>> texts_alike("10 steps", "11 steps"), texts_alike("0.50", "0.52")
    (False, False)
    """
    if a == b:
        return True
    first, second = NUMBER.split(a), NUMBER.split(b)
    if len(first) != len(second):
        return False
    for index, (x, y) in enumerate(zip(first, second, strict=True)):
        if index % 2 == 0:
            if re.sub(" +", " ", x) != re.sub(" +", " ", y):  # columns may shift by a digit
                return False
        elif not _close(x, y, tolerance):
            return False
    return True


def _close(x: str, y: str, tolerance: float) -> bool:
    distance = abs(float(x) - float(y))
    allowed = max(tolerance * max(abs(float(x)), abs(float(y))), _last_digit(x), _last_digit(y))
    return distance <= allowed * (1 + 1e-9)


def _last_digit(number: str) -> float:
    """One unit of a printed number's last digit.

    >>> _last_digit("0.25"), _last_digit("3.1e-4")
    (0.01, 1e-05)
    """
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"1e{int(exponent or 0) - decimals}")


def images_alike(a: bytes, b: bytes) -> bool:
    """Whether two pictures look the same: hardly a pixel is far off, and on the whole they are equally gray."""
    from PIL import Image

    if not (a and b):
        return a == b
    first, second = (Image.open(io.BytesIO(data)).convert("L") for data in (a, b))
    if first.size != second.size:
        return False
    apart = [abs(x - y) for x, y in zip(first.tobytes(), second.tobytes(), strict=True)]
    far = sum(distance > FAR for distance in apart)
    return bool(far <= len(apart) / 1000 and sum(apart) <= len(apart) / 2)


def colors_alike(a: bytes, b: bytes) -> bool:
    """Whether two drawings use the same colors, which may be equally gray.

    >>> colors_alike(b"fill: #1f77b4", b"fill: #2ca02c"), colors_alike(b"fill: #1f77b4", b"fill: #1f77b5")
    (False, True)
    """
    first, second = ({tuple(bytes.fromhex(found.decode())) for found in COLOR.findall(data)} for data in (a, b))

    def found(color: tuple[int, ...], among: set[tuple[int, ...]]) -> bool:
        return color in among or any(max(abs(x - y) for x, y in zip(color, other, strict=True)) <= NEAR for other in among)

    return all(found(color, second) for color in first) and all(found(color, first) for color in second)


def shown(old: tuple[Output, ...], new: tuple[Output, ...]) -> str:
    """A short diff of what two runs showed."""
    before, after = ([line for output in outputs for line in _lines(output)] for outputs in (old, new))
    changes = [line for line in difflib.unified_diff(before, after, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]
    if not changes:
        changes = ["the figure looks different"]
    return "\n".join(changes[:12] + ([f"... and {len(changes) - 12} lines more"] if len(changes) > 12 else []))


def _lines(output: Output) -> list[str]:
    text = output.text or output.content.decode(errors="replace")
    return [f"{line}" for line in text.splitlines()] or [f"({output.kind})"]


