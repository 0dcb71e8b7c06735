"""What a section says, in words that need no site: values, references and citations as text, pictures inside, front matter
as a sentence. For notebooks and scripts."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hooks import frame, sanitize, titles
from hooks.contents import Entry
from hooks.lift import NEGATIVE, Context
from hooks.marks import Block, Citation, Formula, Mark, Reference, Value
from hooks.records import IMAGES, Record
from hooks.section import Section

SPECIAL = re.compile(r"[\\`*_\[\]<>$|]")
MATH = re.compile('<span class="math"[^<>]*>(.*?)</span>', re.DOTALL)


@dataclass(frozen=True)
class Telling:
    """A section, and what is known of it; `site` is the site's address, if it has one."""

    section: Section
    record: Record | None
    context: Context
    entry: Entry
    site: str = ""
    folds: bool = True  # whether what is folded on the page becomes <details>; else it is a quotation
    solutions: bool = True

    def link(self, text: str, href: str) -> str:
        return f"[{text}]({self.site}{href})" if self.site and href else text


def word(told: Telling, mark: Mark) -> str:
    """What stands for a mark inside prose."""
    refs = told.context.refs
    if isinstance(mark, Formula):
        if not mark.display:
            return f"${mark.tex}$"
        number = refs.number(mark.label) if mark.label else ""
        tag = rf" \tag{{{number}}}" if number else ""
        lines = "\n   ".join(line.strip() for line in mark.tex.split("\n"))  # whatever it stood in
        return f"$$ {lines}{tag} $$"
    if isinstance(mark, Value):
        outputs = told.record.outputs(mark.name) if told.record else ()
        shown = "".join(output.text for output in outputs if output.kind == "value")
        return escaped(NEGATIVE.sub("\u2212", shown)) if outputs else f"`{mark.source}`"
    if isinstance(mark, Reference):
        target = refs.targets.get(mark.label)
        return told.link(escaped(sanitize.words(target.html)), target.href) if target else mark.label
    assert isinstance(mark, Citation), mark
    return escaped(frame.citation(mark, told.context.bibliography)[1])


def solved(told: Telling, block: Block) -> str:
    """A block of a solution, with what it showed."""
    said = [fenced(block.source, "bash" if block.options.run else "python")]
    for output in told.record.outputs(block.name) if told.record and block.executed else ():
        if output.mime in IMAGES:
            said.append(picture(output.content, output.mime, "What the code above draws"))
        elif output.text.strip():
            said.append(fenced(output.text.strip("\n"), "text"))
    return "\n\n".join(said)


def front(told: Telling) -> Iterator[str]:
    """The front matter in words."""
    front, refs = told.section.front, told.context.refs
    said = [f"Difficulty {'★' * front.stars}{'☆' * (3 - front.stars)}"] if front.stars else []
    said.append(f"{frame.minutes(told.section)} min to read")
    if front.needs:
        known = [(refs.outline.by_slug.get(slug), slug) for slug in front.needs]
        needs = [told.link(escaped(titles.plain(e.title)), e.href if e.written else "") if e else slug for e, slug in known]
        said.append(f"needs {', '.join(needs)}")
    yield " · ".join(said)
    if front.able:
        yield f"Afterwards you can {'; '.join(front.able)}."


def escaped(text: str) -> str:
    """Text as Markdown that shows it.

    >>> escaped("a_b [c] costs $5")
    'a\\\\_b \\\\[c\\\\] costs \\\\$5'
    """
    return SPECIAL.sub(r"\\\g<0>", text)


def fenced(code: str, language: str) -> str:
    """Code in a fence that it does not close."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def picture(content: bytes, mime: str, alt: str) -> str:
    """A picture inside Markdown."""
    return f"![{escaped(alt)}](data:{mime};base64,{base64.b64encode(content).decode()})"


def references(section: Section, context: Context) -> str:
    """What a section cites, as Markdown; nothing if it cites nothing."""
    works = frame.works(section, context.bibliography)
    listed = [f"- {_marked(work.html)}" for work in works]
    return "\n".join(["## References", "", *listed]) if listed else ""


def _marked(work: str) -> str:
    """A work as the list of references has it, in Markdown."""
    for pattern, said in ((MATH, r"$\1$"), (re.compile("</?(?:em|i)>"), "*"), (re.compile('<a href="([^"]*)">(.*?)</a>'), r"[\2](<\1>)")):
        work = pattern.sub(said, work)
    return html.unescape(work)
