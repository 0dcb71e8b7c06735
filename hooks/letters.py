"""A long list by its letters: a row of them that leads to each, and a heading above each group."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def initial(text: str) -> str:
    """The letter under which a text stands; what begins with none stands under a sign.

    >>> initial("épsilon"), initial("k-means"), initial("3-gram")
    ('E', 'K', '#')
    """
    letter = unicodedata.normalize("NFD", text[:1])[:1].upper()
    return letter if letter.isalpha() else "#"


def letters(entries: Iterable[tuple[str, str]]) -> str:
    """Entries in their order, each as the text that it is sorted by and its HTML, as a list below letters."""
    groups: dict[str, list[str]] = {}
    for text, html in entries:
        groups.setdefault(initial(text), []).append(html)
    row = "".join(f'<li><a href="#{address(letter)}">{letter}</a></li>' for letter in groups)
    parts = [f'<nav class="letters" aria-label="Letters"><ul>{row}</ul></nav>'] if groups else []
    for letter, items in groups.items():
        parts += [f'<h2 class="letter" id="{address(letter)}">{letter}</h2>', '<dl class="by-letter">', *items, "</dl>"]
    return "\n".join(parts)


def address(letter: str) -> str:
    return f"letter-{letter.lower()}" if letter.isalpha() else "letter-other"
