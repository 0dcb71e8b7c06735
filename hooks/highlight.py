"""Python and commands as highlighted HTML: the markup that pymdownx.highlight makes of a fence."""

from __future__ import annotations

from functools import lru_cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import BashSessionLexer, PythonLexer

from hooks import sanitize

_LEXER = PythonLexer(stripnl=False)
_CONSOLE = BashSessionLexer(stripnl=False)
_FORMATTER = HtmlFormatter(cssclass="highlight", wrapcode=True)


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
