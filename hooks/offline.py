"""The whole site as one zip that works from a folder on a disk, opened without a server.

A browser shows no folder's index page there, loads no modules, and fetches nothing. So links lead to files, the scripts
are one classic script (`classic.py`), and the search has a list of titles in the place of its index; it says so.
"""

from __future__ import annotations

import io
import json
import re
import textwrap
import zipfile
from pathlib import Path

from hooks import classic, indexing, search
from hooks.problem import BookError, Problem

LINK = re.compile(r"""(<a\b[^<>]*?\s(?:xlink:)?href=)(["']?)([^"'<>\s]*)\2""", re.IGNORECASE)
MODULE = re.compile(r"""<script\b[^<>]*\bsrc=["']?(?P<src>[^"'<>\s]*javascripts/[\w-]+\.js)["']?[^<>]*\btype=["']?module\b[^<>]*></script>|<script\b[^<>]*\btype=["']?module["']?[^<>]*\bsrc=["']?(?P<src2>[^"'<>\s]*javascripts/[\w-]+\.js)["']?[^<>]*></script>""")
HINT = re.compile(r"""<link\b[^<>]*\brel=["']?(?:preload|modulepreload|prefetch|preconnect)\b[^<>]*>\s*""")  # would be refused, and say so
FOREIGN = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|/", re.IGNORECASE)
SEARCH = '<div class="search" '
TITLES, SCRIPT = "titles.js", "offline.js"
LONG = 160  # letters of a caption that are searched
DATE = (1980, 1, 1, 0, 0, 0)  # of every file: the zip is the same for the same site
PACKED = {".woff2", ".png", ".webp", ".jpg", ".zip", ".gz"}  # already


def pack(site: Path) -> bytes:
    """The zip of a built site. All its files lie in one folder, and index.html is the first page."""
    if not (site / "index.html").is_file():
        raise BookError([Problem(site.name, 1, "there is no built site.", "Run `python -m hooks site` first.")])
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}
    changed = {name: data for name, data in files.items() if not name.startswith(f"{indexing.FOLDER}/") and name not in ("sitemap.xml", "sitemap.xml.gz")}
    entries = set[str]()
    for name, data in files.items():
        if name.endswith(".html"):
            page = page_of(data.decode(), name)
            entries |= page[1]
            changed[name] = page[0].encode()
    if len(entries) > 1:
        raise BookError([Problem(site.name, 1, f"pages begin with different modules: {', '.join(sorted(entries))}.", "Let one import the others.")])
    modules = {name: data.decode() for name, data in files.items() if re.fullmatch(r"javascripts/[\w-]+\.js", name)}
    for entry in entries:
        changed[SCRIPT] = classic.script(entry, modules).encode()
    changed[TITLES] = titles(site).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in sorted(changed.items()):
            info = zipfile.ZipInfo(f"{site.name}/{name}", DATE)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_STORED if Path(name).suffix in PACKED else zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def page_of(html: str, name: str) -> tuple[str, set[str]]:
    """A page as it works from a disk, and the modules that it began with."""
    root = "../" * name.count("/")
    entries = set[str]()

    def module(match: re.Match[str]) -> str:
        entries.add("javascripts/" + (match["src"] or match["src2"]).rpartition("/")[2])
        return f'<script src="{root}{SCRIPT}" defer></script>'

    html = MODULE.sub(module, HINT.sub("", html))
    html = LINK.sub(lambda match: f"{match[1]}{match[2]}{to_file(match[3])}{match[2]}", html)
    return html.replace(SEARCH, f'{SEARCH}data-titles="{TITLES}" ', 1), entries


def to_file(address: str) -> str:
    """A link to a folder as a link to its page.

    >>> [to_file(address) for address in ("../rain/#drops", ".", "..", "#here", "https://a.b/", "a.zip", "../?q=1")]
    ['../rain/index.html#drops', './index.html', '../index.html', '#here', 'https://a.b/', 'a.zip', '../index.html?q=1']
    """
    path, rest = re.fullmatch(r"([^?#]*)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr]  # matches everything
    if not path or FOREIGN.match(address):
        return address
    if path.rpartition("/")[2] in (".", ".."):
        path += "/"
    return f"{path}index.html{rest}" if path.endswith("/") else address


def titles(site: Path) -> str:
    """What is searched instead of the text: titles, captions, names and formulas, as a script."""
    records = search.of_site(site)
    parts = search.parts(records)
    rows = []
    for record in sorted(records, key=lambda record: (record.part, record.url)):
        text = textwrap.shorten(record.text, LONG, placeholder=" …") if record.kind != "section" else ""
        part = parts.index(record.part) if record.part in parts else -1
        rows.append([record.kind, part, to_file(record.url or "./"), record.title, record.page, text, record.formula])
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f"window.searchTitles = {{ parts: {json.dumps([part.title for part in parts], ensure_ascii=False)}, records: [\n{lines}\n] }};\n"
