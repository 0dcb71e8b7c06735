"""Marks inside prose: values, formulas, references, citations.

What stands in code spans, comments and HTML tags is nobody's business here and is passed over.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from hooks.marks import Caption, Citation, Formula, Mark, Reference, Value

INLINE = re.compile(
    r"""(?P<escape>\\.)
      | (?P<tag><!--.*?-->|</?[A-Za-z][^<>]*>)
      | (?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
      | \$\$(?P<display>.+?)\$\$(?:[ \t]*\{\#(?P<label>[^}]*)\})?
      | (?P<open>\$\$)
      | \$(?=[^\s$])(?P<inline>(?:\\.|[^$\\])+?)(?<!\s)\$(?!\d)
      | \[(?P<cite>@[^\]]+)\]
      | (?<![\w/.])@(?P<ref>(?i:sec|fig|eq|tbl)-[A-Za-z0-9](?:[\w-]*\w)?)""",
    re.VERBOSE | re.DOTALL,
)
CAPTION = re.compile(r"[ \t]*: (?P<text>.+?)[ \t]*\{#(?P<label>[^}]*)\}\s*\Z", re.DOTALL)
LABEL = re.compile(r"(?:sec|fig|eq|tbl)-[a-z0-9][a-z0-9-]*\Z")
STRAY_CAPTION = re.compile(r"^[ \t]*: .*\{#tbl-[^}]*\}[ \t]*$", re.MULTILINE)
VALUE = "{python} "
MISSPELT = re.compile(r"\{\s*\.?i?py(?:thon)?3?\s*\}", re.IGNORECASE)

Complain = Callable[[int, str, str], None]  # offset, message, mend


def scan(text: str, start: int, end: int, line_of: Callable[[int], int], complain: Complain) -> Iterator[Mark]:
    """The marks of one stretch of prose, paragraph by paragraph, in order."""
    paragraphs = re.compile(r"(?:[ \t]*\n)*(?P<body>[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*)")
    position = start
    while match := paragraphs.match(text, position, end):
        yield from _paragraph(text, match.start("body"), match.end("body"), line_of, complain)
        position = match.end()


def _paragraph(text: str, start: int, end: int, line_of: Callable[[int], int], complain: Complain) -> Iterator[Mark]:
    if caption := CAPTION.match(text, start, end):
        label = caption["label"]
        _check_label(label, "tbl", caption.start("label"), complain)
        yield Caption(start, end, line_of(start), text=caption["text"], label=label)
        end = caption.end("text")
    elif stray := STRAY_CAPTION.search(text, start, end):
        complain(
            stray.start(), "a table's caption stands inside a paragraph.", "Leave a blank line above and below it."
        )
    for match in INLINE.finditer(text, start, end):
        where = (match.start(), match.end(), line_of(match.start()))
        if match["open"]:
            message = "a formula opened by `$$` is not closed in its paragraph."
            complain(match.start(), message, "Close it with `$$`.")
        elif match["display"] is not None:
            label = match["label"] or ""
            if match["label"] is not None:
                _check_label(label, "eq", match.start("label"), complain)
            if text[start : match.start()].strip() or text[match.end() : end].strip():
                mend = "Leave a blank line around `$$ ... $$`."
                complain(match.start(), "a displayed formula stands inside a paragraph.", mend)
            yield Formula(*where, tex=match["display"].strip(), display=True, label=label)
        elif match["inline"] is not None:
            yield Formula(*where, tex=match["inline"], display=False)
        elif match["cite"] is not None:
            yield Citation(*where, keys=tuple(_cited(match["cite"], match.start(), complain)))
        elif match["ref"] is not None:
            yield Reference(*where, label=match["ref"])
        elif match["code"] is not None:
            if match["ticks"] == "`" and match["code"].startswith(VALUE):
                yield _value(match["code"].removeprefix(VALUE), where, complain)
            elif MISSPELT.match(match["code"]):
                message = f"`{match['code']}` is not how a computed value is written."
                complain(match.start(), message, "Write `{python} expression` in single backticks.")


def _value(source: str, where: tuple[int, int, int], complain: Complain) -> Value:
    source = " ".join(source.split("\n")).strip()
    try:
        tree = ast.parse(source, mode="eval")
        compile(source, "value", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or str(error)
        complain(where[0], f"the value `{source}` is not a Python expression: {reason}.", "Mend the expression.")
    else:
        if any(isinstance(node, ast.NamedExpr) for node in ast.walk(tree)):
            complain(where[0], f"the value `{source}` binds a name.", "Bind it in a block before.")
    return Value(*where, name="", source=source)


def _cited(text: str, offset: int, complain: Complain) -> Iterator[tuple[str, str]]:
    for part in text.split(";"):
        match = re.fullmatch(r"\s*@([A-Za-z][\w:.-]*)\s*(?:,\s*(.*\S))?\s*", part, re.DOTALL)
        if match and re.match(r"(?:sec|fig|eq|tbl)-", match[1]):
            mend = f"Write `@{match[1]}` without brackets."
            complain(offset, f"`[@{match[1]}]` is a reference, not a citation.", mend)
        elif match:
            yield match[1], match[2] or ""
        else:
            complain(offset, f"`[{text}]` is not a citation.", "Write `[@key]` or `[@key, page 3; @other]`.")


def _check_label(label: str, kind: str, offset: int, complain: Complain) -> None:
    if not (LABEL.match(label) and label.startswith(kind + "-")):
        mend = f"Write `{{#{kind}-name}}` in lower-case letters, digits, hyphens."
        complain(offset, f"`{{#{label}}}` is not a label.", mend)
