"""The two halves of rendering around Markdown: marks out of the text, their HTML into what Markdown made of it.

`lift` puts a token in the place of every mark, a word of private characters that Markdown passes through. Blocks
and displayed formulas are tokens in paragraphs of their own. `settle` puts the HTML where the tokens are. So no
formula, no output and no code is ever read as Markdown, and Markdown runs once over a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hooks import frame, jupyter, notes, sanitize, titles
from hooks.api import Api
from hooks.bibliography import Bibliography
from hooks.blocks import Source, draw
from hooks.contents import Entry
from hooks.marks import Block, Caption, Citation, Formula, Heading, Mark, Reference, Value
from hooks.notices import Notice
from hooks.offers import Offers
from hooks.problem import Problem
from hooks.records import Record, Uses
from hooks.refs import Refs
from hooks.section import Section
from hooks.terms import Term

# A token's letter says where it may stand: B is a paragraph, P begins one, T begins a table's caption, i is a word.
TOKEN = re.compile("\ue000([BPTi])([0-9]+)\ue001")
SETTLED = re.compile(
    "<pre\\b.*?</pre>"
    "|<p>\ue000B(?P<block>[0-9]+)\ue001</p>"
    "|<p>\ue000P(?P<lead>[0-9]+)\ue001(?P<rest>.*?)</p>"
    "|<[^<>\ue000]*\ue000[^<>]*>"  # a token in a tag: inside an attribute
    "|\ue000[BPTi](?P<word>[0-9]+)\ue001",
    re.DOTALL,
)
TITLED = re.compile("</table>\\s*<p>\ue000T(?P<index>[0-9]+)\ue001(?P<text>.*?)</p>", re.DOTALL)
NEGATIVE = re.compile(r"\A-(?=\d)")  # a number in a sentence has a true minus sign
FOOTNOTES = "///Footnotes Go Here///"  # where Python-Markdown puts them: above the references
SOLUTION = re.compile(r'(<details class="solution[^<>]*>\s*<summary>)(?!Solution)')
STRAY_FOOTNOTES = f"<p>{FOOTNOTES}</p>"

Edit = tuple[int, int, str]  # from, to, what stands there instead


@dataclass(frozen=True)
class Context:
    """What a page takes from the rest of the book."""

    root: Path
    refs: Refs
    bibliography: Bibliography = field(default_factory=Bibliography)
    source: Source | None = None  # dotted name -> the library's code, its file and line
    api: Api = field(default_factory=Api)
    runnable: Callable[[Section], str] = lambda section: ""  # what the page's script copies with a block
    offers: Offers | None = None  # what a section's page gives its reader, besides itself


@dataclass(frozen=True)
class Piece:
    """What a token stands for."""

    line: int
    html: str
    plain: str = ""  # inside an attribute
    raw: str = ""  # inside code, where nothing is a mark
    after: str = ""  # P and T: behind the text that follows the token


@dataclass
class Lifted:
    """A section as Markdown with tokens, and what they stand for."""

    section: Section
    markdown: str = ""
    pieces: list[Piece] = field(default_factory=list)
    assets: dict[str, bytes] = field(default_factory=dict)  # file, relative to the site's root -> what is in it
    problems: list[Problem] = field(default_factory=list)

    def token(self, letter: str, piece: Piece) -> str:
        self.pieces.append(piece)
        return f"\ue000{letter}{len(self.pieces) - 1}\ue001"

    def lost(self, html: str) -> list[Problem]:
        """What Markdown dropped on the way, or put where it cannot stand. `html` is not settled yet."""
        mend = "Markdown does not show it: write it otherwise."
        here = {int(match[2]) for match in TOKEN.finditer(html)}
        problems = [
            self.section.problem(piece.line, "what stands here does not reach the page.", mend)
            for index, piece in enumerate(self.pieces)
            if index not in here
        ]
        titled = {int(match["index"]) for match in TITLED.finditer(html)}
        for match in TOKEN.finditer(html):
            if match[1] == "T" and int(match[2]) not in titled:
                line = self.pieces[int(match[2])].line
                problems.append(
                    self.section.problem(line, "there is no table above this caption.", "Put it below one.")
                )
        return problems


def lift(
    section: Section,
    record: Record | None,
    context: Context,
    page: str,
    entry: Entry | None = None,
    notices: Sequence[Notice] = (),
    uses: Uses | None = None,
) -> Lifted:
    """The section's Markdown with tokens for its marks. `page` is its address, relative to the site's root.

    Without an `entry`, as on the website's own pages, there is no number and no line of costs.
    """
    return _Lift(section, record, context, page, entry, notices).run(uses or Uses())


def excerpts(section: Section, record: Record | None, context: Context, page: str, stretches: Iterable[tuple[int, int]]) -> list[str]:
    """Stretches of a section's running text, from and to, as HTML for another page. TeX stays in it, links are lost."""
    lifting = _Lift(section, record, context, page, None, ())
    found = []
    for start, end in stretches:
        inside = [mark for mark in section.marks if start <= mark.start and mark.end <= end]
        text = _edited(section.text[:end], [edit for mark in inside for edit in lifting.edits(mark)], start)
        found.append(settle(titles.html(" ".join(text.split())), lifting.lifted))
    return found


def settle(html: str, lifted: Lifted) -> str:
    """What Markdown made of the lifted text, with the pieces in their places.

    >>> from hooks import refs, section
    >>> from hooks.contents import Outline
    >>> lifted = lift(section.parse("A $x$.", "a.md", True), None, Context(Path(), refs.Refs(Outline())), "a/")
    >>> settle(f"<p>{lifted.markdown.strip()}</p>", lifted)
    '<p>A <span class="math" data-line="1">x</span>.</p>'
    """

    def place(match: re.Match[str]) -> str:
        if index := match["block"] or match["word"]:
            return lifted.pieces[int(index)].html
        if index := match["lead"]:
            piece = lifted.pieces[int(index)]
            return piece.html + SETTLED.sub(place, match["rest"]) + piece.after
        raw = match[0].startswith("<pre")
        return TOKEN.sub(lambda m: _literal(lifted.pieces[int(m[2])], raw), match[0])

    html = SOLUTION.sub(r"\1Solution ", html.replace(STRAY_FOOTNOTES, ""))
    return SETTLED.sub(place, _tables(notes.anchored(html), lifted))


def _literal(piece: Piece, raw: bool) -> str:
    return sanitize.text(piece.raw) if raw else sanitize.attribute(piece.plain)


def _tables(html: str, lifted: Lifted) -> str:
    """Every caption goes into the table above it."""
    while match := TITLED.search(html):
        start = html.rfind("<table", 0, match.start())
        if start < 0:
            break
        opened = html.index(">", start) + 1
        piece = lifted.pieces[int(match["index"])]
        caption = piece.html + match["text"] + piece.after
        table = html[start:opened] + caption + html[opened : match.start()] + "</table></div>"
        html = f'{html[:start]}<div class="table" id="{piece.plain}">{table}{html[match.end() :]}'
    return html


class _Lift:
    def __init__(
        self, section: Section, record: Record | None, context: Context, page: str, entry: Entry | None, notices: Sequence[Notice]
    ):
        self.section, self.record, self.context, self.page, self.entry = section, record, context, page, entry
        self.notices = notices
        self.cells = jupyter.cells(section, record) if section.notebook else {}
        self.lifted = Lifted(section)
        self.ran = {cell.name for cell in record.cells} if record else set()
        self.ids = titles.ids(section)

    def run(self, uses: Uses) -> Lifted:
        section, token = self.section, self.lifted.token
        whole = self.record if len(self.ran) == len(section.cells) else None  # what failed on the way has no time to name
        offers = self.context.offers if self.entry and self.entry.kind == "section" else None
        row = offers.top(section, self.entry) if offers and self.entry else ""
        top = frame.top(section, whole, self.context.refs, self.page, self.entry, self.notices, tuple(uses.data), row)
        self.top = f"\n\n{token('B', Piece(1, top))}\n" if top else ""
        edits = [edit for mark in section.marks for edit in self.edits(mark)]
        edits += [edit for term in section.terms for edit in self.term(term)]
        text = _edited(section.text, edits, section.body)
        end = []
        if works := frame.works(section, self.context.bibliography):
            opening, closing = Piece(1, '<section class="references">'), Piece(1, frame.listed(works, self.page))
            end = [token("B", opening), "## References {#references}", token("B", closing)]
        if offers and self.entry:
            end.append(token("B", Piece(1, offers.bottom(section, whole, self.context.refs, self.entry))))
        if whole and section.cells:
            end.append(token("B", Piece(1, frame.provenance(whole, uses.packages, section.front.gpus))))
        if whole and (data := self.context.runnable(section)):
            end.append(token("B", Piece(1, data)))
        if end:
            end.insert(0, FOOTNOTES)
        self.lifted.markdown = "\n\n".join([self.top + text.rstrip("\n"), *end]) + "\n"
        return self.lifted

    def edits(self, mark: Mark) -> Iterable[Edit]:
        """What a mark changes in the text of the section."""
        if isinstance(mark, Heading):
            return self.heading(mark)
        if isinstance(mark, Caption):
            return self.caption(mark)
        if isinstance(mark, Block):
            return [(mark.start, mark.end, self.block(mark))]
        letter = "B" if isinstance(mark, Formula) and mark.display else "i"
        raw = self.section.text[mark.start : mark.end]
        return [(mark.start, mark.end, self.lifted.token(letter, self.piece(mark, raw)))]

    def heading(self, mark: Heading) -> Iterable[Edit]:
        """The heading's address goes into it, the number before the title, what the section costs below."""
        text = self.section.text
        start = mark.start + mark.level
        start += len(text[start : mark.end]) - len(text[start : mark.end].lstrip())
        end = start + len(mark.text)
        attributes = f"#{self.ids[mark]}"
        if own := titles.ATTRIBUTES.search(mark.text):
            end = start + own.start()
            attributes += " " + own["inside"].strip()
        below = ""
        if mark.level == 1:
            below, self.top = self.top, ""
            if self.entry and self.entry.number:
                shown = f'<span class="number">{self.entry.number}</span> '
                yield start, start, self.lifted.token("i", Piece(mark.line, shown, self.entry.number + " "))
        yield end, mark.end, f" {{{attributes}}}{below}"

    def caption(self, mark: Caption) -> Iterable[Edit]:
        start = self.section.text.index(": ", mark.start)
        number = self.context.refs.number(mark.label)
        piece = Piece(mark.line, f"<caption><b>Table {number}.</b> ", mark.label, after="</caption>")
        yield start, start + 2, self.lifted.token("T", piece)
        yield start + 2 + len(mark.text), mark.end, ""

    def term(self, mark: Term) -> Iterable[Edit]:
        """A term is marked as being defined here, and has its address."""
        for at, html in ((mark.start, f'<dfn id="{mark.id}">'), (mark.end, "</dfn>")):
            yield at, at, self.lifted.token("i", Piece(mark.line, html))

    def block(self, mark: Block) -> str:
        """The block's token, and behind it its figure's with the caption, which is Markdown."""
        options, raw = mark.options, self.section.text[mark.start : mark.end]
        pieces = {inner: self.piece(inner, options.caption[inner.start : inner.end]) for inner in mark.caption}
        flat = _edited(options.caption, [(m.start, m.end, p.plain) for m, p in pieces.items() if p.plain])
        alt = titles.plain(flat) or "What the code above draws"
        beside = [notice for notice in self.notices if notice.block == mark.name]
        failed = any(notice.kind == "error" for notice in beside)
        drawn = draw(self.section, mark, self.record, self.page, alt, self.context.source, self.checked(mark, failed), failed, self.cells.get(mark.name))
        self.lifted.assets.update(drawn.assets)
        self.lifted.problems += drawn.problems
        code = self.context.api.code(self.section, mark.name, mark.source, drawn.html, self.page)
        html = "".join([code, *(notice.box() for notice in beside)])
        parts = [self.lifted.token("B", Piece(mark.line, html, raw=raw))]
        if options.label or options.caption:
            caption = _edited(options.caption, [(m.start, m.end, self.lifted.token("i", p)) for m, p in pieces.items()])
            label = f' id="{options.label}"' if options.label else ""
            number = f"<b>Figure {self.context.refs.number(options.label)}.</b> " if options.label else ""
            first, *more = drawn.pictures or [""]
            after = "</figcaption></figure>" + "".join(f'<figure class="figure">{picture}</figure>' for picture in more)
            before = f'<figure class="figure"{label}>{first}<figcaption>{number}'
            parts.append(self.lifted.token("P", Piece(mark.line, before, after=after)) + caption)
        indent = " " * mark.indent
        return "\n" + "\n\n".join(indent + part for part in parts) + "\n"

    def checked(self, mark: Block, failed: bool) -> str:
        """What a folded check says of itself."""
        if mark.name in self.ran:
            return "Checked"
        if self.entry is None:  # the website's own pages have no records: their blocks are run by the tests
            return "Checked by the tests"
        return "Failed" if failed else "Not checked yet"

    def piece(self, mark: Mark, raw: str) -> Piece:
        """What stands in the place of a mark inside prose."""
        if isinstance(mark, Formula):
            return self.formula(mark, raw)
        if isinstance(mark, Value):
            outputs = self.record.outputs(mark.name) if self.record and mark.name else ()
            if not outputs:
                return Piece(mark.line, '<span class="computed missing">–</span>', "–", raw)
            text = "".join(output.text for output in outputs if output.kind == "value")
            shown = sanitize.text(NEGATIVE.sub("\u2212", text))
            return Piece(mark.line, f'<span class="computed">{shown}</span>', text, raw)
        if isinstance(mark, Reference):
            target = self.context.refs.targets.get(mark.label)
            html = self.context.refs.html(mark.label, self.page)
            return Piece(mark.line, html, sanitize.words(target.html if target else mark.label), raw)
        assert isinstance(mark, Citation), mark
        return Piece(mark.line, *frame.citation(mark, self.context.bibliography), raw)

    def formula(self, mark: Formula, raw: str) -> Piece:
        kind = "formula" if mark.display else "math"
        html = f'<span class="{kind}" data-line="{mark.line}">{sanitize.text(mark.tex)}</span>'
        if mark.display:
            about = f' id="{mark.label}"' if mark.label else ""
            if mark.label and (number := self.context.refs.number(mark.label)):
                about += f' role="group" aria-label="Equation {number}"'
                html += f'<span class="number">({number})</span>'
            html = f'<div class="equation"{about}>{html}</div>'
        return Piece(mark.line, html, mark.tex, raw)


def _edited(text: str, edits: Iterable[Edit], start: int = 0) -> str:
    parts = []
    for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[start:begin], new]
        start = end
    return "".join(parts) + text[start:]
