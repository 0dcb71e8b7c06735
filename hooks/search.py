"""What a reader can search for on a built page: its sections, and what in them has a place and a name of its own."""

from __future__ import annotations

import html as escaping
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lxml import html as parser

from hooks import formulas, keys
from hooks.cache import Cache

KINDS = ("section", "equation", "figure", "symbol", "term")  # a table is looked for as a figure is
WITHOUT = {"404.html"}
ARTICLE = re.compile(r"<article\b.*</article>", re.DOTALL)
PART = re.compile(r'\bdata-part="([^"]*)" data-order="(\d+)"')
HEADINGS = ("h1", "h2", "h3", "h4")
SILENT_TAGS = {"script", "style", "svg", "button", "nav", "form", "input", "template", "iframe", "video"}
SILENT = {"headerlink", "output", "cost", "provenance", "linenos", "katex-html", "notice", "md-source-file", "md-feedback"}
BLOCKS = {"p", "li", "div", "td", "th", "tr", "dd", "dt", "pre", "figcaption", "caption", "summary", "section", "br", "blockquote", *HEADINGS}
AROUND = 220  # letters of the text around a formula by which it can be found


@dataclass(frozen=True, order=True)
class Part:
    """A part of the book, or of the site beside it. Its title is empty on a site whose pages name none."""

    order: int = 0
    title: str = ""


NOWHERE = Part()


@dataclass(frozen=True)
class Record:
    """One thing that can be found. Its address is relative to the site's root."""

    kind: str
    url: str
    title: str
    page: str  # the title of the page on which it stands
    part: Part
    text: str = ""
    formula: str = ""  # MathML


@dataclass
class _Found:
    """A record while its page is being read."""

    record: Record
    words: list[str] = field(default_factory=list)
    above: tuple[_Found, int] | None = None  # of a formula: the section in which it stands, and how much of that lies before it

    @property
    def text(self) -> str:
        return clean("".join(self.words))

    def done(self) -> Record:
        text = self.text
        if self.above:
            section, at = self.above
            before, after = clean("".join(section.words[:at])), clean("".join(section.words[at:]))
            text = f"{_end(before)} {_begin(after)} {text}"
        return replace(self.record, text=text.removeprefix(self.record.title).lstrip(". "))


def of_site(folder: Path, cache: Cache | None = None) -> list[Record]:
    """What can be found on the pages of a site, in the order of their addresses."""
    records: list[Record] = []
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        if name in WITHOUT:
            continue
        records += _of_file(path.read_text("utf-8"), name.removesuffix("index.html"), cache)
    return records


def _of_file(html: str, url: str, cache: Cache | None) -> list[Record]:
    """Most pages are as they were when they were last read."""
    article, named = ARTICLE.search(html), PART.search(html)
    if article is None:
        return []
    inside, part = article[0], Part(int(named[2]), escaping.unescape(named[1])) if named else NOWHERE
    key = keys.digest(inside, repr(part))
    found: list[Record] | None = cache.get(f"search/{url}", key) if cache else None
    if found is None:
        found = of_page(inside, url, part)
        if cache:
            cache.put(f"search/{url}", key, found)
    return found


def of_page(html: str, url: str, part: Part = NOWHERE) -> list[Record]:
    """What can be found on one page.

    >>> for record in of_page('<h1 id="a">Rain</h1>It falls.<h2 id="b">Snow</h2>So does <b>it</b>.', "rain/"):
    ...     print(record.kind, record.url, record.title, "/", record.text)
    section rain/ Rain / It falls.
    section rain/#b Snow / So does it.
    """
    reader = _Reader(url, part)
    reader.read(parser.fromstring(f"<div>{html}</div>"))
    return [record for record in (found.done() for found in reader.found) if record.title]


class _Reader:
    """Goes through a page once, in its order, and puts each word where it belongs."""

    def __init__(self, url: str, part: Part = NOWHERE) -> None:
        self.url, self.part, self.page = url, part, ""
        self.found: list[_Found] = []
        self.at = _Found(Record("section", url, "", "", part))  # what stands before the first heading is nobody's

    def begin(self, kind: str, anchor: str, title: str, formula: str = "") -> _Found:
        whole = not self.page and kind == "section"
        if whole:
            self.page = title
        url = self.url if whole or not anchor else f"{self.url}#{anchor}"
        self.found.append(_Found(Record(kind, url, title, self.page, self.part, formula=formula)))
        return self.found[-1]

    def read(self, element: Any) -> None:
        if not isinstance(element.tag, str) or element.tag in SILENT_TAGS or element.get("data-search") == "off":
            return
        classes = set((element.get("class") or "").split())
        if classes & SILENT:
            return
        if "katex" in classes:
            self.at.words.append(formulas.spoken(tex_of(element)))
            return
        kind, anchor, title = self._named(element, classes)
        heading = element.tag in HEADINGS
        if kind == "equation":
            self._equation(element, anchor)
        elif kind and heading:
            self.at = self.begin(kind, anchor, title)
        elif kind:
            before, self.at = self.at, self.begin(kind, anchor, title)
            self._inside(element)
            if kind != "term":  # which goes on in what follows it
                self.at = before
        elif element.tag == "dl":
            before = self.at
            self._inside(element)
            self.at = before
        else:
            self._inside(element)

    def _inside(self, element: Any) -> None:
        self.at.words.append(element.text or "")
        for child in element:
            if child.tag in BLOCKS:
                self.at.words.append(" ")
            self.read(child)
            self.at.words.append((" " if child.tag in BLOCKS else "") + (child.tail or ""))

    def _named(self, element: Any, classes: set[str]) -> tuple[str, str, str]:
        """What begins with an element: its kind, its anchor, its title; nothing, if it is only more text."""
        anchor = element.get("id") or ""
        kind = element.get("data-kind")
        if kind == "work":  # it is found by its words, in the bibliography
            return "", "", ""
        if (kind not in (None, "term") or "doc-heading" in classes) and anchor and element.tag != "h1":  # which is the page's own
            return "symbol", anchor, element.get("data-name") or anchor
        if element.tag in HEADINGS and (anchor or element.tag == "h1"):
            return "section", anchor, words(element)
        if "equation" in classes and anchor:
            return "equation", anchor, ""
        if anchor and (element.tag == "figure" or classes & {"figure", "table"}):
            captions = [*element.iter("figcaption", "caption")]
            if captions:
                labels = [words(label) for label in captions[0].iter("b")]
                return "figure", anchor, (labels or [words(captions[0])])[0].rstrip(".")
        if element.tag == "dt":
            inner = anchor or next((child.get("id") for child in element.iter() if child.get("id")), "")
            return ("term", inner, words(element)) if inner else ("", "", "")
        return "", "", ""

    def _equation(self, element: Any, anchor: str) -> None:
        numbers = [words(child) for child in element.iter() if "number" in (child.get("class") or "").split()]
        shown = [child for child in element.iter() if "katex" in (child.get("class") or "").split()]
        section = self.at
        found = self.begin("equation", anchor, " ".join(["Equation", *(number.strip("()") for number in numbers)]), "".join(map(mathml, shown)))
        found.above = (section, len(section.words))
        found.words += [f"{formulas.spoken(tex_of(formula))} " for formula in shown]


def tex_of(element: Any) -> str:
    """The TeX of a formula, as its author wrote it."""
    return " ".join(clean(note.text or "") for note in element.iter("annotation"))


def mathml(element: Any) -> str:
    """A formula as browsers draw it by themselves."""
    parts = []
    for formula in element.iter("math"):
        rows = formula.xpath("./semantics/*[1]") or list(formula)
        inside = "".join(parser.tostring(row, encoding="unicode", with_tail=False) for row in rows)
        parts.append(f'<math display="block">{inside}</math>')
    return "".join(parts)


def words(element: Any) -> str:
    """The text of a heading or a caption."""
    reader = _Reader("")
    reader._inside(element)
    return reader.at.text


def clean(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()


def _end(text: str) -> str:
    """The last words of a text, from the beginning of a sentence if there is one."""
    return text if len(text) <= AROUND else re.sub(r"\A(?:.{0,140}?[.!?:] (?=[A-Z])|\S*\s)", "", text[-AROUND:])


def _begin(text: str) -> str:
    return text if len(text) <= AROUND else re.sub(r"\s\S*\Z", "", text[:AROUND])


def parts(records: list[Record]) -> list[Part]:
    """The parts in which something can be found, in the order of the book."""
    return sorted({record.part for record in records if record.part.title})
