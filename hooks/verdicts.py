"""The slices of a section as they lie beside its record. What the lines in that file mean stands in `slices.py`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hooks import disk
from hooks.book import Book
from hooks.records import NOTE
from hooks.section import Section
from hooks.snippet import Slice

FORMAT = 1


@dataclass(frozen=True)
class Verdict:
    kind: str
    kept: Slice = ()
    seeded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slices:
    """Those of one section."""

    key: str
    verdicts: Mapping[str, Verdict]
    names: Mapping[str, str] = field(default_factory=dict)  # package -> distribution, where that has another name


def place(book: Book, section: Section) -> Path:
    return book.record_file(section).with_suffix(".slices.json")


def read(book: Book, section: Section) -> Slices | None:
    """The slices that were made from this code; None if there are none."""
    try:
        raw = json.loads(place(book, section).read_bytes())
        if raw["format"] != FORMAT or raw["key"] != section.key:
            return None
        return Slices(raw["key"], {name: parsed(text) for name, text in raw["blocks"].items()}, raw["names"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(book: Book, section: Section, made: Slices) -> None:
    blocks = {name: said(verdict) for name, verdict in made.verdicts.items()}
    raw = {"format": FORMAT, "note": NOTE, "key": made.key, "names": dict(made.names), "blocks": blocks}
    data = (json.dumps(raw, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    path = place(book, section)
    with disk.alone(path.parent):
        if not path.is_file() or path.read_bytes() != data:
            disk.replace_files({path: data}, path.parent)


def said(verdict: Verdict) -> str:
    """
    >>> said(Verdict("same", (("block-1", (0, 1, 2, 5)), ("block-3", ())), ("numpy",)))
    'same +numpy 1:0-2,5 3'
    """
    parts = [verdict.kind, *(f"+{package}" for package in verdict.seeded)]
    for name, numbers in verdict.kept:
        parts.append(name.removeprefix("block-") + (":" + ranges((n, n) for n in numbers) if numbers else ""))
    return " ".join(parts)


def parsed(text: str) -> Verdict:
    """
    >>> parsed("all 1:0-2,5 3").kept
    (('block-1', (0, 1, 2, 5)), ('block-3', ()))
    """
    kind, *parts = text.split()
    kept = []
    for part in (part for part in parts if not part.startswith("+")):
        name, _, numbers = part.partition(":")
        spans = [span.split("-") for span in numbers.split(",") if span]
        kept.append((f"block-{int(name)}", tuple(n for span in spans for n in range(int(span[0]), int(span[-1]) + 1))))
    return Verdict(kind, tuple(kept), tuple(part[1:] for part in parts if part.startswith("+")))


def ranges(spans: Iterable[tuple[int, int]]) -> str:
    """
    >>> ranges([(1, 1), (2, 2), (4, 6)])
    '1-2,4-6'
    """
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first == joined[-1][1] + 1:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in joined)
