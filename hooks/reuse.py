"""From what a page is made, in one hash: while that is the same, the page is, and an earlier build's may be shown."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from hooks import keys, titles
from hooks.contents import Entry
from hooks.lift import Context
from hooks.marks import Citation, Reference
from hooks.notices import Notice
from hooks.records import Record, Uses
from hooks.render import Rendered
from hooks.section import Section
from hooks.tex import Formulas

# Extensions of Python-Markdown that read nothing but the page: of all others we do not know.
READS_NOTHING = re.compile(
    r"(markdown\.extensions\.)?(abbr|admonition|attr_list|codehilite|def_list|extra|fenced_code|footnotes|legacy_attrs|legacy_em|md_in_html"
    r"|meta|nl2br|sane_lists|smarty|tables|toc|wikilinks)|pymdownx\.(?!b64\b|emoji\b|snippets\b)\w+(\.\w+)*"
)
LINKED = re.compile(r"[^\s/()<>\[\]\"'#]+\.(?:md|ipynb)\b")  # files that a link may lead to


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


def repeatable(extensions: Iterable[object]) -> bool:
    """Whether a page is made from nothing but what `identity` names.

    >>> repeatable(["tables", "pymdownx.details"]), repeatable(["tables", "pymdownx.snippets"])
    (True, False)
    """
    return all(isinstance(name, str) and READS_NOTHING.fullmatch(name) for name in extensions)


def identity(
    section: Section,
    record: Record | None,
    uses: Uses | None,
    notices: Sequence[Notice],
    entry: Entry,
    context: Context,
    options: str,
) -> str:
    """All that the page of a section is made from, but the files beside it. `options` say how Markdown is read."""
    shown = [context.source(block.options.source) for block in section.blocks if block.options.source and context.source]
    inputs = (sorted(uses.data), dict(uses.packages)) if uses else None
    recorded = sha256(pickle.dumps(record, pickle.HIGHEST_PROTOCOL)).hexdigest()
    parts = (vars(entry), notices, shown, inputs, list(_taken(section, context)), list(context.api.taken(section)), context.runnable(section))
    return keys.digest(options, section.file, section.whole, recorded, *map(repr, parts))


def _taken(section: Section, context: Context) -> Iterator[object]:
    """What a page takes from the rest of the book: numbers, titles and addresses, works, places that it links to."""
    refs, works = context.refs, context.bibliography.works
    own = [getattr(mark, "label", "") for mark in section.marks] + [block.options.label for block in section.blocks]
    for label in own:
        yield refs.number(label)
    for reference in section.marks_everywhere(Reference):
        target = refs.targets.get(reference.label)
        yield target and (target.number, target.html, target.href, target.title)
    for citation in section.marks_everywhere(Citation):
        yield [works.get(key) for key, _ in citation.keys]
    for slug in section.front.needs:
        yield refs.outline.by_slug.get(slug)
    names = {unquote(name) for name in LINKED.findall(section.text)}
    for file, other in refs.sections.items() if names else ():
        if file.rpartition("/")[2] in names:
            yield file, refs.outline.by_file.get(file), sorted(titles.anchors(other))


def fingerprint(path: Path) -> str:
    """A hash of a file; nothing if it is not there."""
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
