"""A section and what it showed -> the HTML of its page, with TeX still in it.

The site's writer typesets the TeX (`tex.to_katex`); another writer may do it otherwise.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import markdown
from markdown.extensions import Extension

from hooks import links, tex, titles
from hooks.contents import Entry
from hooks.lift import Context, Lifted, lift, settle
from hooks.notices import Notice
from hooks.problem import Problem
from hooks.records import Record, Uses
from hooks.section import Section

ANCHOR = re.compile(r"</?a\b[^<>]*>")


@dataclass(frozen=True)
class Toc:
    """A heading in a page's table of contents."""

    level: int
    id: str
    html: str  # TeX still in it; no links
    children: tuple[Toc, ...] = ()


@dataclass(frozen=True)
class Rendered:
    html: str  # TeX still in it
    toc: tuple[Toc, ...]
    title: str  # plain text
    problems: tuple[Problem, ...] = ()
    assets: Mapping[str, bytes] = field(default_factory=dict)  # file, relative to the site's root -> what is in it
    files: frozenset[str] = frozenset()  # of the book, that are copied there


class Escapes(Extension):
    """A backslash before any punctuation makes it plain, as in CommonMark: Python-Markdown knows fewer, and no `\\$`.

    >>> markdown.markdown(r"\\$5", extensions=[Escapes()])
    '<p>$5</p>'
    """

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802
        md.ESCAPED_CHARS = list(string.punctuation)


class Converter:
    """One instance of Python-Markdown for all sections: it costs more to make than a page does.

    >>> Converter(["tables"])("*a*")
    ('<p><em>a</em></p>', [])
    """

    def __init__(self, extensions: Sequence[Any], configs: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        own = {name: dict(config) for name, config in (configs or {}).items()}
        self.markdown = markdown.Markdown(extensions=[*extensions, Escapes()], extension_configs=own)

    def __call__(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        """HTML, and the table of contents as the extension `toc` makes it."""
        self.markdown.reset()
        html = self.markdown.convert(text)
        return html, getattr(self.markdown, "toc_tokens", [])


def render(
    section: Section,
    record: Record | None,
    context: Context,
    convert: Converter,
    entry: Entry,
    notices: Sequence[Notice] = (),
    uses: Uses | None = None,
) -> Rendered:
    """The page of a section. Never raises: what is wrong is in `problems`, all of it at once.

    Without a record the code stands alone. `notices` stand above the text and beside blocks;
    `uses` is what the record was made with.
    """
    lifted = lift(section, record, context, entry.href, entry, notices, uses)
    raw, tokens = convert(lifted.markdown)
    resolved = links.resolve(raw, section, context.refs, context.root, entry.href)
    problems = [
        *context.refs.check(section, context.bibliography),
        *tex.check(section),
        *lifted.problems,
        *lifted.lost(raw),
        *resolved.problems,
    ]
    return Rendered(
        context.api.prose(settle(resolved.html, lifted), entry.href),
        toc(tokens, lifted),
        titles.plain(titles.bare(section.title)),
        tuple(sorted(set(problems))),
        {**resolved.assets, **lifted.assets},
        frozenset(resolved.files),
    )


def toc(tokens: Sequence[Mapping[str, Any]], lifted: Lifted) -> tuple[Toc, ...]:
    """Python-Markdown's table of contents with its tokens settled. Its entries are links: they hold none."""
    return tuple(
        Toc(
            int(token["level"]),
            str(token["id"]),
            ANCHOR.sub("", settle(str(token.get("html") or token["name"]), lifted)),
            toc(token["children"], lifted),
        )
        for token in tokens
    )
