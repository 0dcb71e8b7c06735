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

import lxml.html
from lxml import etree

from hooks import live
from hooks.guest import KERNEL
from hooks.marks import Block
from hooks.records import IMAGES, Output, Record
from hooks.section import Section

CODE = "<!--code-->"  # where the code belongs
OURS = re.compile("<!--ours-->")  # where an output belongs that is not only text
TEXT = tuple(f'<pre class="output {kind}"' for kind in ("stdout", "stderr", "text"))  # what mkdocs-jupyter shows


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
    with _alone(), tempfile.TemporaryDirectory() as folder:
        from mkdocs_jupyter import convert  # with what it imports, a second: only when a page is made anew

        path = Path(folder, "notebook.ipynb")
        path.write_text(text, encoding="utf-8")
        html = convert.nb2html(str(path), execute=False, allow_errors=False, custom_mathjax_url="")
    found = {}
    for cell in _page(html).xpath(f"//*[{_of('jp-CodeCell')}][@id]"):
        for one in cell.xpath(f".//clipboard-copy | .//*[{_of('clipboard-copy-txt')} or {_of('jp-Collapser')}]"):
            one.drop_tree()
        for one in cell.xpath(".//*[@tabindex]"):
            del one.attrib["tabindex"]
        for one in cell.xpath(f".//*[{_of('jp-RenderedText')}]"):
            kind = "stderr" if one.get("data-mime-type", "").endswith("stderr") else "text"
            for pre in one.iter("pre"):
                pre.set("class", f"output {kind}")
        for one in cell.xpath(f".//i[{_of('ours')}]"):
            one.getparent().replace(one, etree.Comment("ours"))
        (editor,) = cell.xpath(f".//*[{_of('jp-InputArea-editor')}]")
        editor[:] = [etree.Comment("code")]
        areas = [next(iter(cell.xpath(f".//*[{_of(name)}]")), None) for name in ("jp-InputArea", "jp-OutputArea")]
        found[cell.get("id").removeprefix("cell-id=")] = Cell(*map(_text, areas))
    return found


def _page(html: str) -> Any:
    return lxml.html.fromstring(re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL))


def _of(name: str) -> str:
    """XPath for an element of a class."""
    return f"contains(concat(' ', @class, ' '), ' {name} ')"


def _text(area: Any) -> str:
    """An area as HTML, without the line breaks between its tags."""
    return "" if area is None else re.sub(r"(?<=>)\s*\n\s*(?=<)", "", str(etree.tostring(area, encoding="unicode", method="html", with_tail=False)))


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
