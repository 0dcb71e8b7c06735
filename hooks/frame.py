"""What the machine adds to a section's own text: what it costs, notices, references, where it was executed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hooks import sanitize
from hooks.bibliography import Bibliography, Work
from hooks.contents import Entry, relative
from hooks.marks import Block, Citation, Formula
from hooks.notices import Notice
from hooks.records import CPU, Record
from hooks.refs import Refs
from hooks.section import Section

WORD = re.compile(r"\w+(?:['’-]\w+)*")
PACE = 200  # words a minute


def top(
    section: Section,
    record: Record | None,
    refs: Refs,
    page: str,
    entry: Entry | None,
    notices: Iterable[Notice],
    data: Sequence[str] = (),
    offers: str = "",
) -> str:
    """What stands between a section's title and its text; `data` are the files that it reads, `offers` is a row of links."""
    parts = []
    if entry and entry.kind == "section":
        costs = " ".join(_costs(section, record, refs, page, data))
        parts.append(f'<p class="cost">{costs}</p>{offers}')
    return "".join([*parts, *(notice.box() for notice in notices if not notice.block)])


def _costs(section: Section, record: Record | None, refs: Refs, page: str, data: Sequence[str]) -> Iterator[str]:
    if stars := section.front.stars:
        said = f"Difficulty: {stars} of 3"
        shown = "★" * stars + "☆" * (3 - stars)
        yield f'<span class="stars" role="img" title="{said}" aria-label="{said}">{shown}</span>'
    yield f"<span>{minutes(section)} min to read</span>"
    if record and section.cells:
        device = record.ran.device
        on = f"on {'a CPU' if device in ('', CPU) else sanitize.text(device)}"
        yield f"<span>runs in {duration(record.ran.seconds)} {on}</span>"
    if data:
        yield f"<span>data: {', '.join(sanitize.text(name.rpartition('/')[2]) for name in data)}</span>"
    if needs := section.front.needs:
        yield f"<span>needs {', '.join(refs.needed(slug, page) for slug in needs)}</span>"
    yield f'<a href="{sanitize.attribute(relative(f"map/#{section.slug}", page))}">on the map</a>'


def minutes(section: Section) -> int:
    """How long a section takes to read: its words, without blocks and displayed formulas.

    >>> from hooks import section
    >>> minutes(section.parse("word " * 500, "a.md"))
    3
    """
    count = 0
    at = section.body
    for mark in section.marks:
        if isinstance(mark, Block) or (isinstance(mark, Formula) and mark.display):
            count += len(WORD.findall(section.text, at, mark.start))
            at = mark.end
    count += len(WORD.findall(section.text, at))
    return max(1, -(-count // PACE))


def duration(seconds: float) -> str:
    """A time with the digits that matter.

    >>> duration(0.03), duration(1.26), duration(31.4), duration(240)
    ('0.1 s', '1.3 s', '31 s', '4 min')
    """
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} min"


def citation(mark: Citation, bibliography: Bibliography) -> tuple[str, str]:
    """A citation as HTML, and as plain text."""
    links, texts = [], []
    for key, rest in mark.keys:
        text = bibliography.text(key)
        behind = f", {rest}" if rest else ""
        if text is None:
            links.append(f'<span class="missing">@{sanitize.text(key + behind)}</span>')
        else:
            links.append(f'<a class="cite" href="#ref-{sanitize.attribute(key)}">{text}</a>{sanitize.text(behind)}')
        texts.append(sanitize.words(text or key) + behind)
    return f"({'; '.join(links)})", f"({'; '.join(texts)})"


def works(section: Section, bibliography: Bibliography) -> tuple[Work, ...]:
    """What a section cites, in the order of a list."""
    return bibliography.listed(key for mark in section.marks_everywhere(Citation) for key, _ in mark.keys)


def listed(cited: Iterable[Work], page: str) -> str:
    """The list of references, to the end of its section. Each leads to the bibliography, which says who else cites the work."""
    items = "\n".join(
        f'<li id="ref-{sanitize.attribute(work.key)}">{work.html} '
        f'<a class="made-where" href="{sanitize.attribute(relative(f"bibliography/#ref-{work.key}", page))}">where cited</a></li>'
        for work in cited
    )
    return f"<ul>\n{items}\n</ul></section>"


def provenance(record: Record, packages: Mapping[str, str], gpus: int = 0) -> str:
    """When, on what and with what a section was executed."""
    ran = record.ran
    parts = [ran.date, ran.machine, f"Python {ran.python}", *(f"{name} {packages[name]}" for name in sorted(packages))]
    if ran.device not in ("", CPU):
        parts.insert(2, ran.device)
    said = sanitize.text(", ".join(parts))
    why = "without the GPU that it is for" if gpus and ran.device in ("", CPU) else "on another platform than the book's, or with other versions"
    tail = f" This record is provisional: it was made {why}." if ran.provisional else ""
    return f'<p class="provenance">Executed on {said}.{tail}</p>'
