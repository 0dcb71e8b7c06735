"""Python and commands as highlighted HTML: the markup that pymdownx.highlight makes of a fence, and links in it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import BashSessionLexer, PythonConsoleLexer, PythonLexer

from hooks import sanitize

_LEXER = PythonLexer(stripnl=False)
_CONSOLE = BashSessionLexer(stripnl=False)
_SESSION = PythonConsoleLexer(stripnl=False)
_FORMATTER = HtmlFormatter(cssclass="highlight", wrapcode=True)
_PIECE = re.compile(r"(?P<open><span class=\"[^\"]*\">)?(?P<text>[^<>]+)(?P<close></span>)?|<[^<>]*>")

Link = tuple[int, int, str]  # from, to: offsets in the code; what stands in the tag `<a>`


@lru_cache(maxsize=4096)
def python(source: str) -> str:
    """Highlighted code.

    >>> python("x = 1")
    '<div class="highlight"><pre><span></span><code><span class="n">x</span> <span class="o">=</span> \
<span class="mi">1</span>\\n</code></pre></div>'
    """
    return sanitize.private(highlight(source.rstrip() + "\n", _LEXER, _FORMATTER).strip())


@lru_cache(maxsize=1024)
def console(source: str) -> str:
    """Highlighted commands, each behind its prompt."""
    return sanitize.private(highlight(source.rstrip() + "\n", _CONSOLE, _FORMATTER).strip())


@lru_cache(maxsize=1024)
def session(source: str) -> str:
    """A conversation with Python: what was typed behind `>>>`, and what came back."""
    return sanitize.private(highlight(source.rstrip() + "\n", _SESSION, _FORMATTER).strip())


def linked(markup: str, links: Iterable[Link]) -> str:
    """Highlighted code with links around some of its words; the text stays what it was, character by character.

    A link that would begin or end inside of a word as it is colored is left out.

    >>> linked('<code><span class="n">sky</span><span class="o">.</span><span class="n">rain</span>\\n</code>', [(0, 8, 'href="#r"')])
    '<code><a href="#r"><span class="n">sky</span><span class="o">.</span><span class="n">rain</span></a>\\n</code>'
    """
    pieces: list[str] = []
    starts: dict[int, int] = {}  # offset in the code -> the piece that begins there
    ends: dict[int, int] = {}
    at = 0
    for match in _PIECE.finditer(markup):
        if text := match["text"]:
            # Blanks and ends of lines are colored together with nothing: they may stand apart from the words beside them.
            length = len(html.unescape(text))
            starts[at], ends[at + length] = len(pieces), len(pieces)
            at += length
        pieces.append(match[0])
    for start, end, tag in links:
        if start in starts and end in ends:
            pieces[starts[start]] = f"<a {tag}>" + pieces[starts[start]]
            pieces[ends[end]] += "</a>"
    return "".join(pieces)
