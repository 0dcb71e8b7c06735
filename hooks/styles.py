"""The site's style sheets as one file: one request before the first paint, without comments."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

AT = "assets/style.css"

_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/""", re.DOTALL)
_SPACE = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\s*([{};,])\s*|\s+""")
_URL = re.compile(r"""url\(\s*(["']?)(?![a-z]+:|/|#)([^)"']+)\1\s*\)""")


def listed(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those of the site's files that `extra_css` names, each once, in its order; patterns take them by name.

    >>> listed(["katex.css", "css/book.css", "css/*.css"], ["css/a.css", "css/book.css", "katex.css", "x.js"])
    ['katex.css', 'css/book.css', 'css/a.css']
    """
    there = sorted(names)
    return list(dict.fromkeys(name for pattern in patterns for name in there if fnmatchcase(name, pattern)))


def joined(sheets: Mapping[str, str], at: str = AT) -> str:
    """The texts of sheets by their addresses as one sheet at an address: what they refer to is still found.

    >>> joined({"a/katex.css": "a { src: url(f/x.woff2) }", "b/c.css": "/* why */ b > c,\\n d { e: f g; }"}, "a/all.css")
    'a{src:url("f/x.woff2")}\\nb > c,d{e:f g}\\n'
    """
    return "".join(f"{small(_moved(text, name, at))}\n" for name, text in sheets.items())


def small(text: str) -> str:
    """A sheet without comments and the spaces that mean nothing. Texts in quotes stay as they are.

    >>> small('p :is(a, b)::after { content: "/* ; */ {"; margin: 0 -1px; }')
    'p :is(a,b)::after{content:"/* ; */ {";margin:0 -1px}'
    """
    bare = _COMMENT.sub(lambda m: m[1] or " ", text)
    tight = _SPACE.sub(lambda m: m[1] or m[2] or " ", bare).strip()
    return _pairs(tight.replace(";}", "}"))


def _pairs(text: str) -> str:
    """No space after a property's colon; a selector's spaces mean something."""
    return re.sub(r"(?<=[{;])([-\w]+): ", r"\1:", text)


def _moved(text: str, name: str, at: str) -> str:
    def address(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[2]))
        return f'url("{posixpath.relpath(path, posixpath.dirname(at) or ".")}")'

    return _URL.sub(address, text)
