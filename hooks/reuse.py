"""From what a page is made, in one hash: while that is the same, the page is, and an earlier build's may be shown."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hooks import keys, titles
from hooks.contents import Entry
from hooks.lift import Context
from hooks.records import Record, Uses
from hooks.render import Rendered
from hooks.section import Section
from hooks.tex import Formulas

INTO = re.compile(r"\.md#")  # links that lead to a place in another file


@dataclass(frozen=True)
class Made:
    """A finished page as it is kept."""

    rendered: Rendered
    html: str  # typeset
    formulas: Formulas
    files: Mapping[str, str]  # what was copied beside the page -> hash

    def holds(self, root: Path) -> bool:
        """Whether the files that it shows are what they were."""
        return all(fingerprint(root / file) == value for file, value in self.files.items())


def surroundings(context: Context, options: Sequence[Any]) -> str:
    """What every page may take from the rest of the book: numbers, addresses, titles, works; and how Markdown is read."""
    entries = [vars(entry) for entry in context.refs.outline.pages]
    planned = [(entry.slug, entry.title, entry.number) for entry in context.refs.outline.entries]
    targets = [(t.label, t.number, t.html, t.href, t.title) for t in context.refs.targets.values()]
    works = [vars(work) for work in context.bibliography.works.values()]
    return keys.digest(*(repr(part) for part in (entries, planned, targets, works, options)))


def identity(
    section: Section,
    record: Record | None,
    uses: Uses | None,
    notices: Sequence[tuple[str, str]],
    entry: Entry,
    context: Context,
    around: str,
) -> str:
    """All that the page of a section is made from, but the files beside it."""
    shown = [context.source(block.options.source) for block in section.blocks if block.options.source and context.source]
    anchors = {file: sorted(titles.anchors(other)) for file, other in context.refs.sections.items()} if INTO.search(section.text) else {}
    parts = (vars(entry), notices, shown, anchors, sorted(uses.data) if uses else None, dict(uses.packages) if uses else None)
    recorded = sha256(pickle.dumps(record, pickle.HIGHEST_PROTOCOL)).hexdigest()
    return keys.digest(around, section.file, section.text, recorded, *map(repr, parts))


def fingerprint(path: Path) -> str:
    """A hash of a file; nothing if it is not there."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
