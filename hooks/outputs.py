"""What a block showed -> HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from hooks import controls, live, sanitize, svg, tex
from hooks.marks import Block
from hooks.problem import Problem
from hooks.records import IMAGES, Output
from hooks.section import Section

DELIMITED = re.compile(r"\A\s*(?:\$\$(.*)\$\$|\$(.*)\$|\\\[(.*)\\\]|\\\((.*)\\\))\s*\Z", re.DOTALL)
STREAMS = {"stdout": "stdout", "stderr": "stderr", "error": "error"}


@dataclass
class Shown:
    """The outputs of one block."""

    text: list[str] = field(default_factory=list)  # what stands in the block, in order
    pictures: list[str] = field(default_factory=list)  # bare <svg> and <img>, when they stand in a figure
    assets: dict[str, bytes] = field(default_factory=dict)  # file, relative to the site's root -> what is in it
    problems: list[Problem] = field(default_factory=list)


def show(section: Section, block: Block, outputs: tuple[Output, ...], page: str, alt: str, figure: bool) -> Shown:
    """The HTML of a block's outputs; with `figure`, its pictures apart from the rest.

    `page` is the page's address; pictures that are files lie there. `alt` is for pictures without a text.
    """
    shown = Shown()
    count = 0
    for output in outputs:
        if output.mime in IMAGES:
            count += 1
            picture = _picture(section, block, output, page, alt, count, shown)
            if figure:
                shown.pictures.append(picture)
            else:
                shown.text.append(f'<div class="output image">{picture}</div>')
        elif live.MIME.match(output.mime):
            count += 1
            chart = _chart(section, block, output, alt, count, shown)
            if figure:
                shown.pictures.append(chart)
            else:
                shown.text.append(f'<div class="output image">{chart}</div>')
        elif output.mime == "text/html":
            shown.text.append(f'<div class="output html">{sanitize.fragment(_decoded(output))}</div>')
        elif output.mime == "text/latex":
            shown.text.append(_formula(section, block, _decoded(output), shown))
        elif output.text.strip("\n"):
            kind = STREAMS.get(output.kind, "text")
            # A line feed right behind <pre> is no part of its text.
            lead = "\n" if output.text.startswith("\n") else ""
            text = sanitize.text(output.text.rstrip("\n"))
            shown.text.append(f'<pre class="output {kind}">{lead}{text}</pre>')
    return shown


def _decoded(output: Output) -> str:
    return output.content.decode("utf-8", "replace")


def _formula(section: Section, block: Block, source: str, shown: Shown) -> str:
    match = DELIMITED.match(source)
    bare = next((group for group in match.groups() if group is not None), "") if match else source
    bare = bare.strip()
    if problem := tex.problem(section, block.line, bare, display=True):
        shown.problems.append(
            section.problem(block.line, problem.message, "Mend what the block shows.", problem.detail)
        )
    return f'<div class="output math"><span class="formula" data-line="{block.line}">{sanitize.text(bare)}</span></div>'


def _chart(section: Section, block: Block, output: Output, alt: str, count: int, shown: Shown) -> str:
    """A chart around its still. One that has just run, in a preview, may have none yet."""
    still = ""
    if output.still:
        still = _picture(section, block, replace(output, mime="image/svg+xml", content=output.still), "", alt, count, shown)
    return controls.place(output.content, still, output.text or alt)


def _picture(section: Section, block: Block, output: Output, page: str, alt: str, count: int, shown: Shown) -> str:
    text = output.text if output.text and not output.text.startswith("<") else alt
    if output.mime == "image/svg+xml":
        prefix = block.options.label or block.name
        try:
            return svg.clean(output.content, prefix if count == 1 else f"{prefix}.{count}", text)
        except ValueError as error:
            message = f"the drawing that this block shows is not SVG: {error}."
            shown.problems.append(section.problem(block.line, message, "Mend what the block shows."))
            return ""
    name = f"{block.name}-{count}{IMAGES[output.mime]}"
    shown.assets[page + name] = output.content
    size = dimensions(output.content)
    sides = f' width="{size[0]}" height="{size[1]}"' if size else ""
    return f'<img src="{name}"{sides} alt="{sanitize.attribute(text)}" loading="lazy">'


def dimensions(image: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG, from its header.

    >>> dimensions(b"\\x89PNG\\r\\n\\x1a\\n\\0\\0\\0\\rIHDR" + bytes([0, 0, 1, 0, 0, 0, 0, 9]))
    (256, 9)
    """
    if image.startswith(b"\x89PNG\r\n\x1a\n") and len(image) >= 24:
        return int.from_bytes(image[16:20], "big"), int.from_bytes(image[20:24], "big")
    at = 2
    while image.startswith(b"\xff\xd8") and at + 9 <= len(image) and image[at] == 0xFF:
        marker = image[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # the frame's header
            return int.from_bytes(image[at + 7 : at + 9], "big"), int.from_bytes(image[at + 5 : at + 7], "big")
        else:
            at += 2 + int.from_bytes(image[at + 2 : at + 4], "big")
    return None
