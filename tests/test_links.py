"""Every address on every page of the built site leads somewhere, and no place on a page has two claims to its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree, html

ADDRESSES = ("href", "src", "poster", "data", "action", "formaction", "data-src", "{http://www.w3.org/1999/xlink}href", "xlink:href")
PLACES = ("for", "list", "headers", "aria-controls", "aria-labelledby", "aria-describedby", "aria-owns", "aria-details", "aria-activedescendant")
URL = re.compile(r"url\(\s*[\"']?(?P<address>[^\"')]+)[\"']?\s*\)")
SPARE = re.compile(r",url\([^)]*\) format\(\"(?:woff|truetype)\"\)")  # of a face, for browsers that do not know its WOFF2 before it: there are none
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
WRITTEN_BY_SCRIPTS = {"", "#", "__search_results"}  # "#" alone is the top of the page


class Page:
    def __init__(self, site: Path, path: Path) -> None:
        self.site, self.path = site, path
        self.tree = html.fromstring(path.read_bytes())

    @cached_property
    def ids(self) -> list[str]:
        return [str(found) for found in self.tree.xpath("//@id")]

    @cached_property
    def places(self) -> set[str]:
        return {*self.ids, *map(str, self.tree.xpath("//a/@name"))}

    def addresses(self) -> Iterator[str]:
        for element in self.tree.iter(etree.Element):
            for name, value in element.attrib.items():
                if name in ADDRESSES:
                    yield value.strip()
                elif name in ("srcset", "imagesrcset"):
                    yield from (part.split()[0] for part in value.split(","))
                elif name in PLACES:
                    yield from (f"#{place}" for place in value.split())
                elif name == "style" or "url(" in value:
                    yield from (match["address"] for match in URL.finditer(value))
            if element.tag == "style":
                yield from (match["address"] for match in URL.finditer(element.text or ""))


class Site:
    """The built files, and what is wrong with an address that stands in one of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages = {path: Page(root, path) for path in sorted(root.rglob("*.html"))}

    def fault(self, path: Path, address: str) -> str | None:
        parts = urlsplit(address)
        if parts.scheme in ("data", "mailto"):
            return None
        if parts.scheme or parts.netloc:
            return None if parts.scheme == "https" and HOST.fullmatch(parts.hostname or "") and address.isprintable() and " " not in address else "malformed"
        if address.startswith("/"):
            target = self.root / unquote(parts.path).lstrip("/")
        else:
            target = path.parent / unquote(parts.path) if parts.path else path
        target = target.resolve()
        if not target.is_relative_to(self.root.resolve()):
            return "outside of the site"
        if target.is_dir():
            if parts.path and not parts.path.endswith(("/", "..", ".")):
                return "a folder without its slash"
            target /= "index.html"
        if not target.is_file():
            return "no such file"
        if parts.fragment and target.suffix == ".html" and parts.fragment not in WRITTEN_BY_SCRIPTS:
            page = self.pages[self.root / target.relative_to(self.root.resolve())]
            if unquote(parts.fragment) not in page.places:
                return "no such place"
        return None

    def faults(self, path: Path, addresses: Iterator[str]) -> list[str]:
        found = {address: self.fault(path, address) for address in addresses}
        return [f"{path.relative_to(self.root)}: {address}: {fault}" for address, fault in found.items() if fault]


def test_no_link_is_dead(site: Path) -> None:
    built = Site(site)
    assert len(built.pages) > 8
    assert [fault for path, page in built.pages.items() for fault in built.faults(path, page.addresses())] == []


def test_no_style_asks_for_what_is_not_there(site: Path) -> None:
    built = Site(site)
    styles = {path: SPARE.sub("", path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.css"))}
    assert styles
    assert [fault for path, style in styles.items() for fault in built.faults(path, (match["address"] for match in URL.finditer(style)))] == []


def test_the_map_of_the_site_leads_to_pages(site: Path) -> None:
    built = Site(site)
    places = [element.text or "" for element in etree.parse(site / "sitemap.xml").iter("{*}loc")]
    assert built.faults(site / "sitemap.xml", iter(urlsplit(place).path.lstrip("/") or "./" for place in places)) == []


def test_every_id_is_unique_on_its_page(site: Path) -> None:
    twice = {str(path.relative_to(site)): {i for i in page.ids if page.ids.count(i) > 1} for path, page in Site(site).pages.items()}
    assert {path: ids for path, ids in twice.items() if ids} == {}


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    """What the tests above would say."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<p id="x"><a href="../#y">')
    home = tmp_path / "index.html"
    bad = ["a", "b/", "a/#y", "#y", "../etc", "http://x.org", "https://x", "//x.org", "https://x.org/a b"]
    home.write_text("".join(f'<a href="{address}">' for address in [*bad, "a/#x", "./a/", "https://x.org/a", "mailto:a@x.org", "."]) + '<svg fill="url(#z)"/>')
    built = Site(tmp_path)
    assert [fault.split(": ")[1] for fault in built.faults(home, built.pages[home].addresses())] == [*bad, "#z"]
    assert built.faults(tmp_path / "a" / "index.html", built.pages[tmp_path / "a" / "index.html"].addresses()) == ["a/index.html: ../#y: no such place"]
