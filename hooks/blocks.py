"""A block -> HTML: its code, and what it showed, as one object."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from hooks import commands, highlight, live, sanitize
from hooks.jupyter import Cell
from hooks.marks import Block
from hooks.outputs import show
from hooks.problem import Problem
from hooks.records import IMAGES, Output, Record
from hooks.section import Section

Source = Callable[[str], tuple[str, str, int] | None]  # dotted name -> code, file, line


@dataclass
class Drawn:
    html: str  # of the block itself; nothing if all of it is hidden, or stands in its figure
    pictures: list[str] = field(default_factory=list)  # of its figure
    assets: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def draw(
    section: Section, block: Block, record: Record | None, page: str, alt: str, source: Source | None, word: str, failed: bool = False, cell: Cell | None = None
) -> Drawn:
    """The block with what the record says it showed; without a record, its code alone.

    `word` is what a folded check says of itself: that it was checked, or that it was not. What has `failed` is unfolded.
    A `cell` is how the block looks in a notebook.
    """
    options = block.options
    figure = bool(options.label or options.caption)
    outputs = record.outputs(block.name) if record and block.executed else ()
    shown = show(section, block, outputs, page, alt, figure)
    drawn = Drawn("", shown.pictures, shown.assets, shown.problems)
    ran = record is not None and any(cell.name == block.name for cell in record.cells)
    if options.label and ran and block.executed and not any(output.mime in IMAGES or live.MIME.match(output.mime) for output in outputs):
        message = f"`{options.label}` is a figure's label, and this block draws none."
        drawn.problems.append(section.problem(block.line, message, "Draw one, or take the label out."))
    code, origin = block.source, ""
    if options.source:
        code, origin = _library(section, block, source, drawn.problems)
    highlighted = highlight.console(code) if options.run else highlight.python(code)
    below = "".join(shown.text)
    if cell:
        highlighted, below = cell.code(highlighted), cell.shown(shown.text)
    if options.run and not (options.hide or options.fold):
        highlighted, below = _session(section, block, outputs, page), ""
    mark, unfolded = (" failed", " open") if failed else ("", "")
    if options.test:
        drawn.html = (
            f'<details class="checked{mark}"{unfolded} id="{block.name}"><summary>{_claims(block.source, word)}</summary>'
            f"{highlighted}{below}</details>"
        )
        return drawn
    if options.fold:
        highlighted = f'<details class="fold"{unfolded}><summary>Code</summary>{highlighted}</details>'
    classes = "block"
    if options.hide:
        classes, highlighted = "block output-only", ""
    elif options.static:
        classes, below = "block static", f'<p class="why">Not run: {sanitize.text(options.why)}</p>'
    elif options.source:
        classes, below = "block source", origin
    elif options.file:
        classes, highlighted = "block file", f'<p class="name">File <code>{sanitize.text(options.file)}</code></p>{highlighted}'
    elif options.run:
        classes = "block console"
    if highlighted or below:
        drawn.html = f'<div class="{classes}" id="{block.name}">{highlighted}{below}</div>'
    return drawn


def _session(section: Section, block: Block, outputs: tuple[Output, ...], page: str) -> str:
    """Commands as in a terminal: each with what it printed right below it."""
    said = {output.name: show(section, block, (output,), page, "", False).text for output in outputs if output.text}
    parts: list[str] = []
    begun: list[str] = []  # commands since the last output
    for command in commands.read(block.source):
        begun.append(command.shown)
        if text := said.pop(str(command.line), None):
            parts += [highlight.console("\n".join(begun)), *text]
            begun.clear()
    if begun:
        parts.append(highlight.console("\n".join(begun)))
    return "".join([*parts, *(html for rest in said.values() for html in rest)])


def _library(section: Section, block: Block, source: Source | None, problems: list[Problem]) -> tuple[str, str]:
    """The library's own code for `source=`, and a line that says where it is from."""
    name = block.options.source
    found = source(name) if source else None
    if found is None:
        problems.append(section.problem(block.line, f"the library has no `{name}`.", "Mend the name."))
        return "", ""
    code, file, _ = found
    return code, f'<p class="origin"><code>{sanitize.text(name)}</code>, from {sanitize.text(file)}</p>'


def _claims(source: str, word: str) -> str:
    """What a folded check says of itself, with the number of its assertions."""
    try:
        count = sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))
    except SyntaxError:
        count = 0
    return f"{word}: {count} claim{'' if count == 1 else 's'}" if count else word
