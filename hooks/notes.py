"""Footnotes get names by which the style sheet finds them, so that they may stand in the margin, each below the one before."""

from __future__ import annotations

import re
from itertools import count

_REFERENCE = re.compile(r'(<a class="footnote-ref") (href="#fn:([^"]+)")')
_NOTE = re.compile(r'<li id="fn:([^"]+)">')


def anchored(html: str) -> str:
    """The same page; Python-Markdown's extension `footnotes` wrote its notes.

    >>> anchored('<a class="footnote-ref" href="#fn:1">1</a> <li id="fn:1">')
    '<a class="footnote-ref" style="--here:--at-1" href="#fn:1">1</a> <li id="fn:1" style="--at:--at-1;--self:--note-1;--before:--note-0">'
    """
    if "footnote-ref" not in html:
        return html
    numbers = {name: number for number, name in enumerate(_NOTE.findall(html), 1)}
    again: set[str] = set()

    def reference(match: re.Match[str]) -> str:
        if match[3] not in numbers or match[3] in again:  # a note stands beside the first place that names it
            return match[0]
        again.add(match[3])
        return f'{match[1]} style="--here:--at-{numbers[match[3]]}" {match[2]}'

    steps = count(1)

    def note(match: re.Match[str]) -> str:
        n = next(steps)
        return f'<li id="fn:{match[1]}" style="--at:--at-{n};--self:--note-{n};--before:--note-{n - 1}">'

    return _NOTE.sub(note, _REFERENCE.sub(reference, html))
