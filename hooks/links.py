"""Relative links of a section -> links of the site: files of the book to pages, other files to copies beside them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote

from hooks import titles
from hooks.contents import relative
from hooks.problem import Problem
from hooks.refs import Refs
from hooks.section import Section

LINK = re.compile(r'(?P<before><(?:a|img)\b[^<>]*?\s(?:href|src)=")(?P<to>[^"<>]*)(?P<after>")')
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|\Z", re.IGNORECASE)


@dataclass
class Resolved:
    html: str = ""
    assets: dict[str, bytes] = field(default_factory=dict)  # file, relative to the site's root -> what is in it
    files: set[str] = field(default_factory=set)  # of the book, that were copied there
    problems: list[Problem] = field(default_factory=list)


def resolve(html: str, section: Section, refs: Refs, root: Path, page: str) -> Resolved:
    """The page's HTML with its relative links mended. Done before outputs are in it: they link to nothing here."""
    resolved = Resolved()

    def replace(match: re.Match[str]) -> str:
        to = unescape(match["to"])
        if ELSEWHERE.match(to):
            return match[0]
        path, _, anchor = to.partition("#")
        path = unquote(path)
        file = posixpath.normpath(posixpath.join(posixpath.dirname(section.file), path))
        if match["before"].startswith("<a") and (path.endswith(".md") or file in refs.outline.by_file):
            address = _page(file, to, anchor, section, refs, resolved)
            link = relative(address, page) if address else to
        else:
            link = _file(file, to, section, root, page, resolved) + ("#" + anchor if anchor else "")
        return match["before"] + escape(link) + match["after"]

    resolved.html = LINK.sub(replace, html)
    return resolved


def _page(file: str, to: str, anchor: str, section: Section, refs: Refs, resolved: Resolved) -> str:
    """The address of a page of the book; nothing if there is none."""
    entry = refs.outline.by_file.get(file)
    if entry is None:
        slug = posixpath.basename(file).removesuffix(".md")
        planned = refs.outline.by_slug.get(slug)
        mend = "Mend the path; it is relative to this file."
        if planned:
            mend = f"Write `@sec-{slug}`, which is a link as soon as the section is written."
        _complain(section, to, f"the link `{to}` leads to no page of the book.", mend, resolved)
        return ""
    other = refs.sections.get(file)
    if anchor and other and anchor not in titles.anchors(other):
        _complain(
            section, to, f"the link `{to}` leads to no place on its page.", "Mend what stands behind `#`.", resolved
        )
    return entry.href + ("#" + anchor if anchor else "")


def _file(file: str, to: str, section: Section, root: Path, page: str, resolved: Resolved) -> str:
    """The link to a copy of a file that stands in the book's folder."""
    path = root / file
    if to.startswith("/") or not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        _complain(section, to, f"there is no file `{to}`.", "The path is relative to this file.", resolved)
        return to
    name = posixpath.relpath(file, posixpath.dirname(section.file)).replace("../", "")
    resolved.assets[page + name] = path.read_bytes()
    resolved.files.add(file)
    return quote(name)


def _complain(section: Section, to: str, message: str, mend: str, resolved: Resolved) -> None:
    at = max(section.text.find(to, section.body), 0)
    resolved.problems.append(section.problem(section.text.count("\n", 0, at) + 1, message, mend))
