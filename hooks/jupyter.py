"""The cells of a section that is a notebook, as mkdocs-jupyter shows them: prompts, inputs, outputs.

Its plugin would read Markdown in its own way, without our references, boxes and formulas; would take a second to load in
every build; and would send 600 kB of style and foreign scripts with every page. So its converter is called here, when
a page is made anew, with the notebook as our records say it was executed; of what it gives, the cells are kept. Code
is colored as on other pages, and what is more than text is put in by us: it is sanitized, and mkdocs-jupyter's is not.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hooks import live
from hooks.guest import KERNEL
from hooks.marks import Block
from hooks.records import IMAGES, Output, Record
from hooks.section import Section

CODE = "<!--code-->"  # where the code belongs
OURS = re.compile("<!--ours-->")  # where an output belongs that is not only text
TEXT = tuple(f'<pre class="output {kind}"' for kind in ("stdout", "stderr", "text"))  # what mkdocs-jupyter shows
DROPPED = "clipboard-copy, .zeroclipboard-container, .clipboard-copy-txt, .jp-Collapser, script, style"


@dataclass(frozen=True)
class Cell:
    """One cell's two areas, with comments where something belongs."""

    input: str
    output: str

    def code(self, highlighted: str) -> str:
        return self.input.replace(CODE, highlighted)

    def shown(self, outputs: list[str]) -> str:
        """With what is ours in its place: of all outputs that stand in the block, those that are more than text."""
        rich = iter(html for html in outputs if not html.startswith(TEXT))
        return OURS.sub(lambda _: next(rich, ""), self.output)


def cells(section: Section, record: Record | None) -> Mapping[str, Cell]:
    """The cells by the names of their blocks. Solutions are blocks like all others: they are no cells of the notebook."""
    blocks = [block for block in section.blocks if block.executed and not block.solution]
    made = [_cell(block, record, count) for count, block in enumerate(blocks, 1)]
    return _converted(json.dumps({"cells": made, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5})) if made else {}


def _cell(block: Block, record: Record | None, count: int) -> dict[str, Any]:
    ran = record is not None and any(cell.name == block.name for cell in record.cells)
    given = [_output(block, output, count) for output in (record.outputs(block.name) if record and ran else ())]
    # What it holds is put in later.
    return {"cell_type": "code", "id": block.name[:64], "metadata": {}, "source": "", "execution_count": count if ran else None, "outputs": list(filter(None, given))}


def _output(block: Block, output: Output, count: int) -> dict[str, Any] | None:
    """An output as the converter gets it: text as it is, of others only that they are there; of a figure, which stands below, nothing."""
    if (block.options.label or block.options.caption) and (output.mime in IMAGES or live.MIME.match(output.mime)):
        return None
    if output.mime or output.kind == "error":
        return {"output_type": "display_data", "data": {"text/html": '<i class="ours"></i>'}, "metadata": {}}
    if not output.text.strip("\n"):
        return None
    if output.kind in ("stdout", "stderr"):
        return {"output_type": "stream", "name": output.kind, "text": output.text}
    data = {"data": {"text/plain": output.text}, "metadata": {}}
    return {"output_type": "execute_result", "execution_count": count, **data} if output.kind == "result" else {"output_type": "display_data", **data}


@lru_cache(maxsize=16)
def _converted(text: str) -> Mapping[str, Cell]:
    """A notebook's cells of code, converted by mkdocs-jupyter and stripped of all that belongs to JupyterLab's own page."""
    from bs4 import BeautifulSoup  # with what follows, a second: only when a page is made anew

    with _alone(), tempfile.TemporaryDirectory() as folder:
        from mkdocs_jupyter import convert

        path = Path(folder, "notebook.ipynb")
        path.write_text(text, encoding="utf-8")
        html = convert.nb2html(str(path), execute=False, allow_errors=False, custom_mathjax_url="")
    page = BeautifulSoup(html, "html.parser")
    found = {}
    for cell in page.select(".jp-CodeCell[id]"):
        for one in cell.select(DROPPED):
            one.decompose()
        for one in cell.select("[tabindex]"):
            del one["tabindex"]
        for one in cell.select(".jp-RenderedText"):
            kind = "stderr" if str(one.get("data-mime-type", "")).endswith("stderr") else "text"
            for pre in one.select("pre"):
                pre["class"] = ["output", kind]
        for one in cell.select("i.ours"):
            one.replace_with(BeautifulSoup("<!--ours-->", "html.parser"))
        editor = cell.select_one(".jp-InputArea-editor")
        assert editor is not None
        editor.clear()
        editor.append(BeautifulSoup(CODE, "html.parser"))
        areas = [cell.select_one(name) for name in (".jp-InputArea", ".jp-OutputArea")]
        name = str(cell["id"]).removeprefix("cell-id=")
        found[name] = Cell(*(re.sub(r"(?<=>)\n\s*(?=<)|\A\s+", "", str(area)) if area else "" for area in areas))
    return found


@contextmanager
def _alone() -> Iterator[None]:
    """Without what this machine's user has configured for Jupyter, and without what mkdocs-jupyter changes in nbconvert for good."""
    from nbconvert.exporters import templateexporter

    before, filters = os.environ.get("JUPYTER_NO_CONFIG"), dict(templateexporter.default_filters)
    os.environ["JUPYTER_NO_CONFIG"] = "1"
    try:
        yield
    finally:
        templateexporter.default_filters.clear()
        templateexporter.default_filters.update(filters)
        if before is None:
            del os.environ["JUPYTER_NO_CONFIG"]
        else:
            os.environ["JUPYTER_NO_CONFIG"] = before
