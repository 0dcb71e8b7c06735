"""The kinds of pages that a site has, found by what stands on them: a new kind counts as soon as it is built."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree, html

INNER = ("katex", "highlight")  # set by other programs, letter by letter


def address(site: Path, path: Path) -> str:
    """Where a browser finds a page.

    >>> address(Path("site"), Path("site/a/index.html")), address(Path("site"), Path("site/404.html"))
    ('/a/', '/404.html')
    """
    return "/" + path.relative_to(site).as_posix().removesuffix("index.html")


def addresses(site: Path) -> list[str]:
    return [address(site, path) for path in sorted(site.rglob("*.html"))]


def sections(site: Path) -> list[str]:
    """Pages that show code which was run."""
    return [address(site, path) for path in sorted(site.rglob("*.html")) if 'class="block' in path.read_text(encoding="utf-8")]


def features(text: str) -> set[str]:
    """Elements on a page, and names of classes.

    >>> sorted(features('<p class="a b"><svg class="c"></svg><i class="katex"><b></b></i>'))
    ['.a', '.b', '.katex', 'i', 'p', 'svg']
    """
    found = set()
    waiting = [html.fragment_fromstring(text, create_parent=True) if "<body" not in text else html.document_fromstring(text).body]
    while waiting:
        for element in waiting.pop().iterchildren(etree.Element):
            names = element.get("class", "").split()
            found |= {str(element.tag), *(f".{name}" for name in names)}
            if element.tag != "svg" and not set(INNER) & set(names):
                waiting.append(element)
    return found


@cache
def types(site: Path) -> tuple[str, ...]:
    """The first page, the page that is none, and as few of the others as show together everything that any page shows."""
    left = {address(site, path): features(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    chosen = [place for place in left if place.count("/") <= 1]
    seen = set().union(*(left.pop(place) for place in chosen))
    while left:
        best = max(left, key=lambda place: len(left[place] - seen))
        if left[best] <= seen:
            break
        seen |= left.pop(best)
        chosen.append(best)
    return tuple(chosen)
