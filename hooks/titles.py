"""Titles and headings: their text as HTML and as plain text, and the address of each on its page."""

from __future__ import annotations

import html as escaping
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hooks.marks import Block, Heading

if TYPE_CHECKING:  # a section has terms, and these have addresses
    from hooks.section import Section

INLINE = re.compile(
    r"""\\(?P<escaped>[!-/:-@\[-`{-~])
      | `(?P<code>[^`]+)`
      | \$(?=[^\s$])(?P<tex>(?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)
      | \*\*(?P<strong>\S.*?)\*\*
      | (?<!\w)(?P<mark>[*_])(?P<em>\S.*?)(?P=mark)(?!\w)
      | \[(?P<link>[^\]]+)\]\([^)]*\)""",
    re.VERBOSE,
)
RAW_ID = re.compile(r"""<[a-z][^<>]*\sid=["']?(?P<id>[^\s"'>]+)""", re.IGNORECASE)
ATTRIBUTES = re.compile(r"[ \t]+\{:?[ \t]*(?P<inside>[^{}]+)\}\Z")  # {.class} behind a heading


def html(title: str, line: int = 0) -> str:
    """A title's Markdown as HTML, for where no Markdown runs: references, navigation. TeX stays TeX.

    >>> html("Why $x < 2$ and `a_b` *matter*")
    'Why <span class="math" data-line="0">x &lt; 2</span> and <code>a_b</code> <em>matter</em>'
    """
    parts, at = [], 0
    for match in INLINE.finditer(title):
        parts.append(escaping.escape(title[at : match.start()], quote=False))
        at = match.end()
        kind, inside = match.lastgroup or "", match[match.lastgroup or 0]
        if kind in ("strong", "em"):
            parts.append(f"<{kind}>{html(inside, line)}</{kind}>")
        elif kind == "link":
            parts.append(html(inside, line))
        else:
            text = escaping.escape(inside, quote=False)
            shown = {"code": f"<code>{text}</code>", "tex": f'<span class="math" data-line="{line}">{text}</span>'}
            parts.append(shown.get(kind, text))
    return "".join(parts) + escaping.escape(title[at:], quote=False)


def plain(title: str) -> str:
    """A title's Markdown as text without marks, for a browser's tab or an attribute.

    >>> plain("Why $x < 2$ and `a_b` *matter*")
    'Why x < 2 and a_b matter'
    """

    def bare(match: re.Match[str]) -> str:
        inside = match[match.lastgroup or 0]
        return plain(inside) if match.lastgroup in ("strong", "em", "link") else inside

    return INLINE.sub(bare, title)


def slug(text: str) -> str:
    """An address made of a heading's own text.

    >>> slug("How fast, exactly?"), slug("Über $x^2$"), slug("C++ / 東京")
    ('how-fast-exactly', 'über-x2', 'c-東京')
    """
    return re.sub(r"[\s_-]+", "-", re.sub(r"[^\w\s-]", "", text).lower()).strip("-") or "section"


def bare(heading: str) -> str:
    """A heading's text without attributes behind it.

    >>> bare("Rain {.wide}")
    'Rain'
    """
    return ATTRIBUTES.sub("", heading)


def ids(section: Section) -> Mapping[Heading, str]:
    """The address of every heading: its label if it has one, else made of its text; unique on the page."""
    headings = section.every(Heading)
    taken = {heading.label for heading in headings} | _others(section) | {"references"}
    found = {}
    for heading in headings:
        name = heading.label
        if not name:
            name = base = slug(bare(heading.text))
            count = 0
            while name in taken:
                count += 1
                name = f"{base}-{count}"
            taken.add(name)
        found[heading] = name
    return found


def anchors(section: Section) -> frozenset[str]:
    """Everything on the section's page that a link can lead to."""
    raw = {match["id"] for match in RAW_ID.finditer(section.text)}
    return frozenset({*ids(section).values(), *_others(section), *raw})


def _others(section: Section) -> set[str]:
    labels = {label for mark in section.marks if (label := getattr(mark, "label", ""))}
    blocks = {name for block in section.every(Block) for name in (block.name, block.options.label) if name}
    return labels | blocks | {term.id for term in section.terms}
