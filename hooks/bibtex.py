"""references.bib -> what a citation says, and the entries of a page's list of references."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from typing import Any

import pybtex.errors
from pybtex.database import parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from hooks import tex
from hooks.bibliography import Bibliography, Work
from hooks.problem import Problem

KEY = re.compile(r"^[ \t]*@\w+\s*[{(]\s*(?P<key>[^\s,{}()]+)\s*,", re.MULTILINE)
MATH = re.compile(r"\$(?P<tex>(?:\\.|[^$\\])+)\$")
STYLE = re.compile(r"\\(?:emph|text(?:it|bf|sc|tt|rm|sf))\s*(?=\{)")
NAMES = {r"\LaTeX": "LaTeX", r"\TeX": "TeX", r"\BibTeX": "BibTeX"}
COMMAND = re.compile(r"\\[A-Za-z]+")
VENUES = ("journal", "booktitle", "howpublished", "publisher", "school", "institution", "organization")


def read(text: str, file: str) -> Bibliography:
    """Read a BibTeX file. Never raises: what is wrong is in `problems`, all of it at once.

    >>> text = "@article{rain, author = {L{\\\\'e}on, A. and Wu, B.}, title = {Rain}, year = 1986}"
    >>> read(text, "book/references.bib").works["rain"].text
    'Léon and Wu, 1986'
    """
    problems: list[Problem] = []
    with pybtex.errors.capture() as errors:
        try:
            entries = dict(parse_string(text, "bibtex").entries.items())
        except PybtexError as error:
            entries = {}
            problems.append(_problem(error, text, file))
    problems += [_problem(error, text, file) for error in errors]
    lines: dict[str, int] = {}
    for match in KEY.finditer(text):
        lines.setdefault(match["key"].lower(), text.count("\n", 0, match.start("key")) + 1)
    broken = bool(problems)
    sources = []
    for key, entry in entries.items():
        sources.append(_Reader(key, entry, file, lines.get(key.lower(), 1)))
    works = {work.key: work for work in _works(sources)}
    for reader in sources:
        problems += reader.check(broken)
    return Bibliography(works, tuple(sorted(set(problems))))


class _Reader:
    """The fields of one entry as HTML."""

    def __init__(self, key: str, entry: Any, file: str, line: int) -> None:
        self.key, self.entry, self.file, self.line = key, entry, file, line
        self.problems: list[Problem] = []
        self.people = entry.persons.get("author") or entry.persons.get("editor") or []
        self.title = self.get("title")
        self.year = self.get("year") or "n.d."

    def get(self, name: str) -> str:
        value = self.entry.fields.get(name)
        return self.decode(value) if value else ""

    def raw(self, name: str) -> str:
        return str(self.entry.fields.get(name, "")).strip().strip("{}").replace("\\_", "_")

    def decode(self, value: str) -> str:
        """LaTeX of a field as HTML: accents and dashes as characters, formulas as TeX, braces gone."""
        formulas: list[str] = []

        def keep(match: re.Match[str]) -> str:
            formulas.append(match["tex"])
            return f"\ue000{len(formulas) - 1}\ue001"

        value = STYLE.sub("", MATH.sub(keep, value))
        for command, name in NAMES.items():
            value = value.replace(command, name)
        try:
            plain = str(Text.from_latex(value))
        except (PybtexError, ValueError) as error:
            self.complain(f"cannot be read: {error}")
            plain = value
        if command_left := COMMAND.search(plain):
            self.complain(f"holds `{command_left[0]}`, which has no meaning here")
        shown = escape(" ".join(plain.split(" ")).strip(), quote=False)
        for at, formula in enumerate(formulas):
            try:
                tex.typeset(formula)
            except tex.TexError as error:
                self.complain(f"holds the formula `{formula}`, which cannot be set: {error}")
            span = f'<span class="math" data-line="{self.line}">{escape(formula, quote=False)}</span>'
            shown = shown.replace(f"\ue000{at}\ue001", span)
        return shown

    def complain(self, what: str) -> None:
        self.problems.append(Problem(self.file, self.line, f"the entry `{self.key}` {what}.", "Mend the entry."))

    def check(self, broken: bool) -> list[Problem]:
        """What is wrong with the entry. In a broken file, what is missing may stand behind the break."""
        for name in ("title", "year"):
            if not broken and not self.entry.fields.get(name):
                self.complain(f"has no `{name}`")
        return self.problems

    def last(self, person: Any) -> str:
        return self.decode(" ".join(person.prelast_names + person.last_names))

    def whole(self, person: Any) -> str:
        names = person.first_names + person.middle_names, person.prelast_names + person.last_names, person.lineage_names
        return self.decode(" ".join(" ".join(part) for part in names if part))

    def cited(self) -> str:
        """Who, as a citation says it."""
        names = [self.last(person) for person in self.people]
        if not names:
            return self.get("organization") or self.title or self.key
        if names[-1] == "others" or len(names) > 2:
            return f"{names[0]} et al."
        return " and ".join(names)

    def authors(self) -> str:
        """Who, as the list says it: the first one by the last name."""
        if not self.people:
            return self.get("organization")
        first = self.people[0]
        given = self.decode(" ".join(first.first_names + first.middle_names))
        shown = [", ".join(part for part in (self.last(first), given, *map(self.decode, first.lineage_names)) if part)]
        shown += ["others" if self.last(p) == "others" else self.whole(p) for p in self.people[1:]]
        return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + ", and " + shown[-1]

    def html(self, year: str) -> str:
        book = self.entry.type in ("book", "proceedings", "phdthesis", "mastersthesis")
        title = f"<em>{self.title}</em>" if book else self.title
        parts = [f"{self.authors()} ({year}). {title}" if self.authors() else f"{title} ({year})", *self.venue(book)]
        return " ".join(
            part if part.endswith((".", "?", "!")) else part + "." for part in [*parts, *self.links()] if part
        )

    def venue(self, book: bool) -> Iterator[str]:
        name = next((value for venue in VENUES if (value := self.get(venue))), "")
        volume, number, pages = self.get("volume"), self.get("number"), self.get("pages").replace("--", "–")
        place = [f"<em>{name}</em>" if name and not book else name]
        if volume or number:
            place.append(volume + (f"({number})" if number else ""))
        if edition := self.get("edition"):
            place.append(f"{edition} edition")
        if pages:
            place.append(pages)
        if any(place):
            yield ", ".join(part for part in place if part)

    def links(self) -> Iterator[str]:
        if doi := re.sub(r"\Ahttps?://(?:dx\.)?doi\.org/", "", self.raw("doi")):
            yield _link(f"https://doi.org/{doi}")
        if self.raw("archiveprefix").lower() == "arxiv" and (number := self.raw("eprint")):
            yield _link(f"https://arxiv.org/abs/{number}", f"arXiv:{number}")
        url = self.raw("url")
        if url and not doi:
            if re.match(r"https?://", url):
                yield _link(url)
            else:
                self.complain(f"has the address `{url}`, which is no web address")


def _link(address: str, text: str = "") -> str:
    return f'<a href="{escape(address)}">{escape(text or address)}</a>'


def _works(readers: list[_Reader]) -> Iterator[Work]:
    """Works whose citations would read alike get letters behind their years, in the order of a list."""
    alike: dict[tuple[str, str], list[_Reader]] = defaultdict(list)
    for reader in readers:
        alike[reader.cited(), reader.year].append(reader)
    for (who, year), same in alike.items():
        same.sort(key=lambda reader: (reader.authors().lower(), reader.title.lower(), reader.key))
        for at, reader in enumerate(same):
            own = year + (chr(ord("a") + at) if len(same) > 1 else "")
            order = ((reader.authors() or reader.title).lower(), own, reader.title.lower())
            yield Work(reader.key, f"{who}, {own}", reader.html(own), order)


def _problem(error: Exception, text: str, file: str) -> Problem:
    """A complaint of the parser with its line, which it does not always know."""
    line = getattr(error, "lineno", None)
    reason = re.sub(r"\Asyntax error in line \d+: |\Aundefined string in line \d+: ", "", str(error))
    if line is None:
        found = re.search(r"entry: (?P<key>\S+)\Z", reason)
        if found:  # a key that stands twice: the second time
            places = [m.start("key") for m in KEY.finditer(text) if m["key"].lower() == found["key"].lower()]
            line = text.count("\n", 0, places[-1]) + 1 if places else 1
        else:  # a name: it is quoted
            quoted = re.search(r"'(?P<name>.*)'", reason)
            at = text.find(quoted["name"]) if quoted else -1
            line = text.count("\n", 0, at) + 1 if at >= 0 else 1
    if type(error).__name__ == "UndefinedMacro":
        reason = f"`{reason}` stands without braces or quotes"
    return Problem(file, line, f"the bibliography cannot be read: {reason}.", "Mend the entry.")
