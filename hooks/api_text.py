"""A docstring as HTML: text with code and formulas, examples, and lists of what goes in, what comes out, what is refused.

Docstrings are read in a terminal, too, and say `(*, in)`: of Markdown only what cannot be meant otherwise counts.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator

from hooks import highlight, sanitize
from hooks.api_surface import Part

Link = Callable[[str], str]  # a name in code -> where it leads; nothing if nowhere

INLINE = re.compile(
    r"""`{1,2}(?P<code>[^`\n]+)`{1,2}
      | \$\$(?P<display>.+?)\$\$
      | \$(?=[^\s$])(?P<tex>(?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)
      | \*\*(?P<strong>\w[^*]*)\*\*
      | (?<![\w*])\*(?P<em>\w(?:[^*\n]*\w)?)\*(?![\w*])
      | \[(?P<text>[^\]\n]+)\]\((?P<to>https?://[^)\s]+)\)""",
    re.VERBOSE | re.DOTALL,
)
BULLET = re.compile(r"[-*] ")
HEADS = {
    "parameters": "Arguments",
    "other parameters": "More arguments",
    "raises": "Raises",
    "returns": "Returns",
    "yields": "Yields",
    "attributes": "Attributes",
    "warns": "Warns",
    "receives": "Receives",
}


def html(parts: Iterable[Part], link: Link, line: int = 0) -> str:
    """A whole docstring; TeX still in it. `line` is where the thing stands in its file."""
    return "".join(_part(part, link, line) for part in parts)


def inline(text: str, link: Link, line: int = 0) -> str:
    """One paragraph.

    >>> inline("`rain` in (*, 3), *not* $x^2$", lambda name: "#" + name)
    '<a class="api" href="#rain"><code>rain</code></a> in (*, 3), <em>not</em> <span class="math" data-line="0">x^2</span>'
    """
    made, at = [], 0
    for match in INLINE.finditer(text):
        made.append(sanitize.text(text[at : match.start()]))
        at = match.end()
        if match["code"] is not None:
            code = f"<code>{sanitize.text(match['code'])}</code>"
            to = link(match["code"].removesuffix("()"))
            made.append(f'<a class="api" href="{sanitize.attribute(to)}">{code}</a>' if to else code)
        elif match["display"] is not None:
            made.append(f'<span class="formula" data-line="{line}">{sanitize.text(match["display"].strip())}</span>')
        elif match["tex"] is not None:
            made.append(f'<span class="math" data-line="{line}">{sanitize.text(match["tex"])}</span>')
        elif match["to"] is not None:
            made.append(f'<a href="{sanitize.attribute(match["to"])}">{sanitize.text(match["text"])}</a>')
        else:
            tag = "strong" if match["strong"] else "em"
            made.append(f"<{tag}>{sanitize.text(match[tag])}</{tag}>")
    return "".join(made) + sanitize.text(text[at:])


def formulas(text: str) -> Iterator[tuple[str, bool]]:
    """The formulas in a docstring's text, and whether each is displayed."""
    for match in INLINE.finditer(text):
        if match["display"] or match["tex"]:
            yield (match["display"] or match["tex"]).strip(), bool(match["display"])


def texts(parts: Iterable[Part]) -> Iterator[str]:
    """All that a docstring says, examples left out."""
    for part in parts:
        yield from (_without_examples(part.text), *(text for _, _, text in part.items if not text.startswith(">>>")))


def _without_examples(text: str) -> str:
    return "\n\n".join(chunk for chunk in re.split(r"\n\s*\n", text) if not chunk.lstrip().startswith(">>>"))


def _part(part: Part, link: Link, line: int) -> str:
    if part.kind == "text":
        return blocks(part.text, link, line)
    if part.kind == "note":
        return f"<p><strong>{sanitize.text(part.title)}</strong></p>{blocks(part.text, link, line)}"
    if part.kind == "examples":
        return "".join(blocks(text, link, line) for _, _, text in part.items)
    rows = "".join(_row(*item, link, line) for item in part.items)
    return f'<p class="api-head">{part.title or HEADS.get(part.kind, part.kind.capitalize())}</p><dl class="api-list">{rows}</dl>'


def _row(name: str, type_: str, text: str, link: Link, line: int) -> str:
    """What is listed. Types of arguments stand in the signature already; of what is raised, the type is the name."""
    shown = name or type_
    term = f"<dt>{inline(f'`{shown}`', link if not name else lambda _: '', line)}</dt>" if shown else ""
    return f"{term}<dd>{blocks(text, link, line).removeprefix('<p>').removesuffix('</p>')}</dd>"


def blocks(text: str, link: Link, line: int = 0) -> str:
    """Paragraphs, lists, examples and code."""
    made = []
    fence: list[str] | None = None
    for chunk in re.split(r"\n[ \t]*\n", text.strip("\n")):
        first = chunk.lstrip()
        if fence is None and first.startswith("```"):
            fence = []
        if fence is not None:
            fence.append(chunk)
            if chunk.rstrip().endswith("```") and len("\n\n".join(fence).split("```")) > 2:
                made.append(highlight.python("\n".join("\n\n".join(fence).strip().split("\n")[1:-1])))
                fence = None
        elif ">>> " in chunk and (first.startswith(">>> ") or "\n>>> " in chunk):
            before, mark, example = ("", "", chunk) if first.startswith(">>> ") else chunk.partition("\n>>> ")
            made.append(f"<p>{inline(before, link, line)}</p>" if before.strip() else "")
            made.append(highlight.session(textwrap.dedent(mark.lstrip("\n") + example)))
        elif chunk.startswith("    "):
            made.append(f"<pre><code>{sanitize.text(textwrap.dedent(chunk))}</code></pre>")
        elif BULLET.match(first):
            items = [item for item in re.split(r"(?:\A|\n)\s*[-*] ", chunk) if item.strip()]
            made.append(f"<ul>{''.join(f'<li>{inline(item, link, line)}</li>' for item in items)}</ul>")
        elif first:
            made.append(_paragraph(chunk, link, line))
    if fence:
        made.append(_paragraph("\n\n".join(fence), link, line))
    return "".join(made)


def _paragraph(text: str, link: Link, line: int) -> str:
    """A paragraph. A formula that is all of it stands by itself."""
    if re.fullmatch(r"\s*\$\$(?:(?!\$\$).)+\$\$[.,]?\s*", text, re.DOTALL):
        return f'<div class="equation">{inline(text.strip(), link, line)}</div>'
    return f"<p>{inline(text, link, line)}</p>"
