"""What a block printed is a stranger's text: here it becomes HTML that cannot hurt the page around it."""

from __future__ import annotations

import html
import re

import nh3

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
PRIVATE = re.compile("[\ue000-\ue00f]")  # the page's tokens are made of these: see lift.py
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+\Z")
LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

TABLES = {"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"}
BLOCKS = {"div", "p", "br", "hr", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary"}
WORDS = {"a", "abbr", "b", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "q", "s", "samp", "small", "span"}
WORDS |= {"strong", "sub", "sup", "u", "var"}
DROPPED = {"script", "style", "template", "svg", "math", "iframe", "object", "noscript", "title", "textarea", "select"}
CELL = {"colspan", "rowspan", "align"}
ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": CELL,
    "th": CELL | {"scope"},
}


def text(plain: str) -> str:
    """Text as HTML shows it, character by character.

    >>> text("a <b> & $$ \\x1b *c*")
    'a &lt;b&gt; &amp; $$  *c*'
    """
    return private(html.escape(CONTROL.sub("", plain), quote=False))


def attribute(plain: str) -> str:
    """Text inside a double-quoted attribute, on one line.

    >>> attribute('say "a\\n  b"')
    'say &quot;a b&quot;'
    """
    return text(" ".join(plain.split())).replace('"', "&quot;")


def words(markup: str) -> str:
    """The text of HTML that we made ourselves.

    >>> words("<i>a</i> &amp; b")
    'a & b'
    """
    return html.unescape(re.sub(r"<[^<>]*>", "", markup))


def private(markup: str) -> str:
    """Markup in which no character can be taken for a part of the page's own tokens."""
    return PRIVATE.sub(lambda match: f"&#{ord(match[0])};", markup)


def fragment(markup: str) -> str:
    """HTML that a block made, without all that acts, loads or styles; balanced, so that it ends where it ends.

    >>> fragment('</div><script>alert(1)</script><table onclick="x()"><tr><td style="color: red">1 < 2')
    '<table><tbody><tr><td>1 &lt; 2</td></tr></tbody></table>'
    """
    clean = nh3.clean(
        markup,
        tags=TABLES | BLOCKS | WORDS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        allowed_classes={"table": {"dataframe"}},
        url_schemes={"data", "http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return private(CONTROL.sub("", clean))


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if PICTURE.match(value) else None
    if name == "href":
        return value if LINK.match(value) else None
    return value
