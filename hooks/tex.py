"""TeX -> KaTeX HTML. One vocabulary, `tex_vocabulary.py`, strictly kept: what cannot be set is a problem, never red text on a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from hooks import tex_vocabulary as vocabulary
from hooks.marks import Formula
from hooks.problem import Problem
from hooks.section import Section

SPAN = re.compile(r'<span class="(?P<kind>math|formula)" data-line="\d*">(?P<tex>.*?)</span>(?P<close>[.,;:!?)]*)', re.DOTALL)
REASON = re.compile(r"(?P<reason>.*?) at (?:position (?P<position>\d+)|end of input): .*\Z", re.DOTALL)
STRICT = re.compile(r"LaTeX-incompatible input and strict mode is set to 'error': (?P<reason>.*?) \[\w+\]")
TOKEN = re.compile(r"\\(?:operatorname\*|[A-Za-z]+|.)|.", re.DOTALL)
ENVIRONMENT = re.compile(r"\s*\{(?P<name>[A-Za-z]*\*?)\}")
NAME = re.compile(r"\s*\{(?:[A-Za-z0-9 -]|\\,)+\}")


class TexError(ValueError):
    """A formula that cannot be set. `position` is the offset of the offending character, if it is known."""

    def __init__(self, reason: str, mend: str = "", position: int | None = None) -> None:
        super().__init__(reason)
        self.mend, self.position = mend, position


@dataclass(frozen=True)
class _Failed:
    reason: str
    position: int | None


@cache
def _thread() -> ThreadPoolExecutor:
    """KaTeX's engine measures its stack from the place where it was loaded, and answers "size exceeded" from any
    other thread and from deep calls. So it lives in a thread of its own."""
    return ThreadPoolExecutor(1, "katex")


def _typeset(tex: str, display: bool) -> str | _Failed:
    import pykatex

    try:
        return str(pykatex.renderToString(tex, displayMode=display, output="htmlAndMathml", strict="error"))
    except pykatex.ParseError as error:
        # KaTeX underlines what it complains of with combining characters.
        message = STRICT.sub(
            lambda m: m["reason"], str(error).replace("\u0332", "").removeprefix("KaTeX parse error: ")
        )
        if "size exceeded" in message:
            return _Failed("its groups are nested too deeply", None)
        match = REASON.match(message)
        if match is None:
            return _Failed(message.rstrip("."), None)
        return _Failed(match["reason"].rstrip("."), int(match["position"]) - 1 if match["position"] else len(tex))


Formulas = dict[tuple[str, bool], str]  # TeX, and whether it is displayed -> HTML

_known: dict[tuple[str, bool], str | _Failed] = {}


def know(formulas: Formulas) -> None:
    """Take over what an earlier process has typeset: KaTeX's engine is loaded only if there is something new."""
    _known.update(formulas)


def _cached(tex: str, display: bool) -> str | _Failed:
    if (found := _known.get((tex, display))) is None:
        found = _known[tex, display] = _thread().submit(_typeset, tex, display).result()
    return found


def _refuse(tex: str) -> None:
    """Hold a formula against the vocabulary."""
    for trap in vocabulary.TRAPS:
        if match := trap.pattern.search(tex):
            raise TexError(trap.reason, trap.mend, match.start())
    within = ["math"]  # math or text: of every group that is open
    opens = "math"  # what the next group is
    for match in TOKEN.finditer(tex):
        token, at = match[0], match.start()
        if token == "{":
            within.append(opens if opens == "text" else within[-1])
            opens = "math"
        elif token == "}" and len(within) > 1:
            within.pop()
        elif token == "$" and "text" in within:  # a formula inside text
            within[-1] = "text" if within[-1] == "math" else "math"
        elif within[-1] == "text":
            if token[0] == "\\" and token[1:] not in vocabulary.IN_TEXT:
                raise TexError(f"`{token}` has no place in text", "Close the text before it.", at)
        elif token in ("\\begin", "\\end"):
            name = ENVIRONMENT.match(tex, match.end())
            _known_name(name["name"] if name else "", vocabulary.ENVIRONMENTS, vocabulary.ENVIRONMENTS_INSTEAD, f"{token}{{%s}}", at)
        elif token[0] == "\\":
            _known_name(token[1:], vocabulary.COMMANDS, vocabulary.INSTEAD, "\\%s", at)
            takes = vocabulary.COMMANDS[token[1:]].takes
            if takes == "n" and not NAME.match(tex, match.end()):
                raise TexError(f"the name behind `{token}` is not a word", "Letters, digits, spaces, hyphens and `\\,` are.", at)
            opens = "text" if takes == "t" else "math"
        elif not token.isascii() and token not in vocabulary.CHARACTERS:
            name_of = vocabulary.CHARACTER_NAMES.get(token)
            raise TexError(f"`{token}` is not in the vocabulary", f"Write `\\{name_of}`." if name_of else "Put words into `\\text{...}`.", at)


def _known_name(name: str, known: Mapping[str, object], instead: Mapping[str, str], form: str, at: int) -> None:
    if name in known:
        return
    if name in instead:
        raise TexError(f"`{form % name}` has no place in a formula", instead[name], at)
    near = " or ".join(f"`{form % other}`" for other in vocabulary.nearest(name, known))
    raise TexError(f"`{form % name}` is not in the vocabulary", f"{f'Is it {near}? ' if near else ''}`hooks/tex_vocabulary.py` lists all.", at)


def typeset(tex: str, display: bool = False) -> str:
    """A formula as KaTeX's HTML, with MathML for screen readers inside. Raises TexError.

    >>> typeset("x < 1").startswith('<span class="katex">')
    True
    >>> typeset(r"\\fooo{x}")
    Traceback (most recent call last):
    hooks.tex.TexError: `\\fooo` is not in the vocabulary
    """
    _refuse(tex)
    result = _cached(tex, display)
    if isinstance(result, _Failed):
        raise TexError(result.reason[:1].lower() + result.reason[1:], position=result.position)
    return result


def problem(section: Section, line: int, tex: str, display: bool) -> Problem | None:
    """What keeps a formula of this section from being set; `line` is where its TeX begins."""
    try:
        typeset(tex, display)
    except TexError as error:
        position = min(error.position or 0, len(tex))
        before = tex[:position].rpartition("\n")[2]
        shown = before + tex[position:].partition("\n")[0]
        pointer = "" if error.position is None else "\n" + " " * len(before) + "^"
        where = line + tex.count("\n", 0, position)
        return section.problem(
            where, f"the formula cannot be set: {error}.", error.mend or "Mend the TeX.", shown + pointer
        )
    return None


def check(section: Section) -> Iterator[Problem]:
    """The problems of all formulas of a section, those in captions too."""
    for formula in section.every(Formula):
        start = section.text.find(formula.tex, formula.start)
        if found := problem(section, section.text.count("\n", 0, start) + 1, formula.tex, formula.display):
            yield found
    for block in section.blocks:
        for mark in block.caption:
            if isinstance(mark, Formula) and (found := problem(section, mark.line, mark.tex, mark.display)):
                yield found


def formulas(page: str) -> Formulas:
    """The formulas that stand on a page, typeset."""
    asked = {(html.unescape(match["tex"]), match["kind"] == "formula") for match in SPAN.finditer(page)}
    return {key: found for key in asked if isinstance(found := _known.get(key), str)}


def to_katex(page: str) -> str:
    """A page's HTML with its TeX typeset: the site writer's last step. What cannot be set stays TeX, and was
    complained of when the page was rendered.

    >>> to_katex('<span class="math" data-line="3">x &lt; 1</span>')[:38]
    '<span class="math"><span class="katex"'
    """

    def replace(match: re.Match[str]) -> str:
        try:
            inside = typeset(html.unescape(match["tex"]), match["kind"] == "formula")
        except TexError:
            inside = f"<code>{match['tex']}</code>"
        shown = f'<span class="{match["kind"]}">{inside}</span>{match["close"]}'
        # A comma or full stop must not begin the next line: browsers break behind an inline block.
        return f'<span class="tight">{shown}</span>' if match["close"] else shown

    return SPAN.sub(replace, page)
