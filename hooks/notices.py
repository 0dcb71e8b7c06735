"""What a page says of itself where something is wrong: in short on top, in full beside the block that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hooks import records, sanitize
from hooks.compare import Difference
from hooks.front import Front
from hooks.marks import Block
from hooks.once import place
from hooks.problem import Problem
from hooks.section import Section


class Notice(NamedTuple):
    kind: str  # error, drifted, stale, unrecorded
    html: str
    block: str = ""  # the name of the block below which it stands; nothing: on top

    def box(self) -> str:
        """As it stands on the page. No role of a live region: a page is loaded with its notices, and they are read in their place."""
        inside = self.html if self.html.startswith(("<p", "<div", "<ul", "<ol")) else f"<p>{self.html}</p>"
        name = f' id="{self.kind}-{self.block}"' if self.block else ""
        return f'<div class="notice {self.kind}"{name}>{inside}</div>'


def errors(section: Section | None, problems: Iterable[Problem]) -> list[Notice]:
    """What is wrong with a page: with the lines of a block beside it, all else on top."""
    found = [(problem, _around(section, problem)) for problem in sorted(problems)]
    listed = "".join(f"<li>{_link('error', block, problem.line)}: {sanitize.text(problem.message)}</li>" for problem, block in found if block)
    top = "<p>This page has errors.</p>" + (f"<ul>{listed}</ul>" if listed else "") + "".join(_said(problem) for problem, block in found if not block)
    blocks = dict.fromkeys(block for _, block in found if block)
    return [Notice("error", top), *(Notice("error", "".join(_said(problem) for problem, block in found if block == name), name) for name in blocks)]


def drifted(section: Section, differences: Iterable[Difference]) -> list[Notice]:
    """What a page shows otherwise than its record: outputs beside their blocks, values of the text on top."""
    blocks = {block.name: block for block in section.blocks}
    found = list(differences)
    listed = "".join(f"<li>{_link('drifted', d.cell, blocks[d.cell].line)}</li>" for d in found if d.cell in blocks)
    top = "<p>Executed anew, this page shows other outputs than its record.</p>" + (f"<ul>{listed}</ul>" if listed else "")
    top += "".join(f"<p>Line {d.line}:</p>{_preformatted(d.text)}" for d in found if d.cell not in blocks)
    beside = [Notice("drifted", f"<p>The record of this block says otherwise:</p>{_preformatted(d.text)}", d.cell) for d in found if d.cell in blocks]
    return [Notice("drifted", top), *beside]


def once(front: Front, kind: str, why: str) -> list[Notice]:
    """What a page says that no build can run, and whose record is older than its inputs, or is not there."""
    if kind == "older":
        return [Notice("stale", f"Recorded before a later change: {sanitize.text(why)}.")]
    because = "" if why == records.NONE else f": {sanitize.text(why)}"
    return [Notice("unrecorded", f"Not recorded yet{because}. This section is run {place(front)}; until then its outputs are not shown.")]


def _around(section: Section | None, problem: Problem) -> str:
    """The name of the block in which the line of a problem lies."""
    if section is None or problem.file != section.file:
        return ""
    return next((block.name for block in section.blocks if block.line <= problem.line <= _last(section, block)), "")


def _last(section: Section, block: Block) -> int:
    """The line of a block's closing fence."""
    return block.line + section.text[block.start : block.end].rstrip("\n").count("\n")


def _link(kind: str, block: str, line: int) -> str:
    return f'<a href="#{kind}-{sanitize.attribute(block)}">Line {line}</a>'


def _said(problem: Problem) -> str:
    head, _, detail = str(problem).partition("\n")
    place = f"{problem.file}:{problem.line}:"
    said = f'<p><span class="place">{sanitize.text(place)}</span>{sanitize.text(head.removeprefix(place))}</p>'
    return said + ("\n" + _preformatted(detail) if detail else "")


def _preformatted(text: str) -> str:
    return f"<pre>{sanitize.text(text)}</pre>"
