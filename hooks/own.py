"""The website's own pages, in two halves around the site generator's Markdown: references lead from them and to them,
blocks may stand on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from hooks import section, tex
from hooks.book import text
from hooks.build import faulty
from hooks.lift import Context, Lifted, lift, settle
from hooks.problem import Problem
from hooks.section import Section


def read(folder: Path, root: Path) -> dict[str, Section]:
    """The pages in a folder by their addresses."""
    found = {}
    for path in sorted(folder.rglob("*.md")):
        uri = path.relative_to(folder).as_posix()
        file = path.relative_to(root).as_posix()
        address = uri.removesuffix(".md").removesuffix("index")
        found[address.rstrip("/") + "/" if address else ""] = section.parse(text(path, file), file, page=True)
    return found


class Own:
    """Those of one build, between the halves of their rendering."""

    def __init__(self) -> None:
        self.lifted: dict[str, Lifted] = {}
        self.prose: dict[str, Callable[[str], str]] = {}  # puts links around the library's names

    def before(self, uri: str, markdown: str, file: str, address: str, context: Context) -> str:
        """The Markdown of a page with tokens for its marks."""
        page = section.parse(markdown, file, page=True)
        lifted = lift(page, None, context, address)
        problems = [*page.problems, *tex.check(page), *context.refs.check(page, context.bibliography), *lifted.problems]
        if problems:  # then the page says so itself
            lifted = lift(page, None, context, address, notices=[faulty(problems)])
        lifted.problems = problems
        self.lifted[uri] = lifted
        self.prose[uri] = partial(context.api.prose, page=address)
        return lifted.markdown

    def after(self, uri: str, html: str) -> str:
        """What Markdown made of it, with the pieces in their places."""
        lifted = self.lifted[uri]
        lifted.problems += lifted.lost(html)
        return tex.to_katex(self.prose[uri](settle(html, lifted)))

    @property
    def problems(self) -> Iterator[Problem]:
        return (problem for lifted in self.lifted.values() for problem in lifted.problems)

    @property
    def assets(self) -> Iterator[Mapping[str, bytes]]:
        return (lifted.assets for lifted in self.lifted.values())
