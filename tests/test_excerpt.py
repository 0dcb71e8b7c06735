"""Pieces of the book on the website's own pages: what they show is what their section shows, and a wrong name is an error with its place."""

from __future__ import annotations

import re
from pathlib import Path

from copies import Tiny

from hooks import excerpt, own
from hooks.book import Book
from hooks.build import Build


def _build(root: Path) -> Build:
    return Build(Book.read(root / "mkdocs.yml"), pages=own.read(root / "docs", root))


def _named(tiny: Tiny) -> tuple[str, str, str]:
    """A written section of the tiny book, and a block on its page."""
    build = _build(tiny.root)
    entry = next(entry for entry in build.outline.entries if entry.file and 'id="block-1"' in build.page(entry.file))
    return entry.slug, entry.href, "block-1"


def _bare(html: str) -> str:
    """Without links and buttons, which lead elsewhere from another page, and do nothing there."""
    return re.sub(r' href="[^"]*"|<button\b.*?</button>', "", html, flags=re.DOTALL)


def test_a_block_is_shown_as_its_section_shows_it(tiny: Tiny) -> None:
    slug, href, name = _named(tiny)
    build = _build(tiny.root)
    html, problems = excerpt.fill(f"<p>{{{{ {slug}#{name} }}}}</p><p>{{{{ written }}}} and {{{{ planned }}}} of {{{{ sections }}}}</p>", build, "")
    assert problems == []
    whole = build.page(str(build.outline.by_slug[slug].file))
    piece = excerpt.cut(whole, name)
    assert piece is not None
    assert _bare(piece) in _bare(html)
    assert f' id="{name}"' not in html
    assert f'href="{href}#{name}"' in html
    written = sum(entry.written for entry in build.outline.entries)
    assert f"<p>{written} and {len(build.outline.entries) - written} of {len(build.outline.entries)}</p>" in html


def test_a_wrong_name_is_an_error_with_its_line(tiny: Tiny) -> None:
    slug, _, _ = _named(tiny)
    path = tiny.root / "docs" / "index.md"
    path.write_text(path.read_text(encoding="utf-8").rstrip() + f"\n\n{{{{ {slug}#fig-none }}}}\n\n{{{{ nowhere#block-1 }}}}\n", encoding="utf-8")
    last = len(path.read_text(encoding="utf-8").splitlines())
    done = tiny.python("-m", "mkdocs", "build")
    assert done.status != 0
    assert f"docs/index.md:{last - 2}: `{slug}` has nothing named `fig-none`." in done.said
    assert f"docs/index.md:{last}: there is no written section `nowhere`." in done.said
