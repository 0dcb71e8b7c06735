"""A section and its record -> a notebook that shows what the page shows, and its clean twin to redo from memory.

Cells are named after their blocks, and nothing tells when a notebook was made: the same section gives the same bytes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hooks import cells, commands, redo, script
from hooks.cells import Part
from hooks.marks import Block
from hooks.records import Output
from hooks.wording import Telling, escaped, fenced

SVG = re.compile(rb"<svg\b")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
HIDDEN = {"jupyter": {"source_hidden": True}}
CLEAN = "*To redo from memory: what draws and what checks is there, the rest is yours. The checks fail until it is done.*"


@dataclass(frozen=True)
class Around:
    """What a notebook says besides its section: Markdown below the title and at the end, and the code of its first cell."""

    notes: Sequence[str] = ()
    setup: str = ""
    end: str = ""


def notebook(told: Telling, around: Around, clean: bool = False) -> bytes:
    """The notebook of a section, executed as its record says; the clean one without outputs and solutions."""
    if clean:
        told = replace(told, solutions=False)
        around = replace(around, notes=[CLEAN, *around.notes])
    made: list[dict[str, Any]] = []
    count = 1
    parts = cells.cells(told)
    later = _later(told, parts) if clean else {}
    for at, part in enumerate(parts):
        if isinstance(part, str):
            following = next((p.name for p in parts[at + 1 :] if isinstance(p, Block)), "")
            name = "title" if at == 0 else f"before-{following}" if following else "last"
            made.append(_markdown(name, "\n\n".join([part, *around.notes]) if at == 0 else part))
            if at == 0:
                made.append(_code("setup", around.setup, count if told.record and not clean else None))
        elif not part.executed:
            made.append(_markdown(part.name, shown(told, part)))
        else:
            if "/" in part.options.file:
                made.append(_code(f"{part.name}-folder", _folder(part.options.file)))
            count += 1
            ran = told.record is not None and not clean and any(cell.name == part.name for cell in told.record.cells)
            source = code(replace(part, source=redo.emptied(part, later[part.name]))) if clean and not redo.kept(part) else code(part)
            given = told.record.outputs(part.name) if told.record and ran else ()
            made.append(_code(part.name, source, count if ran else None, outputs(given, count), _metadata(part)))
    if around.end:
        made.append(_markdown("end", around.end))
    metadata: dict[str, Any] = {"kernelspec": KERNEL, "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}}
    if told.section.front.gpus:
        metadata["accelerator"] = "GPU"  # Colab then asks for one
    whole = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def program(told: Telling, around: Around) -> bytes:
    """The section as a Python file."""
    first, *parts = cells.cells(replace(told, folds=False))
    assert isinstance(first, str)
    said = [script.text("\n\n".join([first, *around.notes])), script.setup(around.setup)]
    for part in parts:
        if isinstance(part, str):
            said.append(script.text(re.sub(r"!\[([^\]]*)\]\(data:[^)]*\)", r"(\1)", part)))
        else:
            said.append(script.code(part) if part.executed else script.text(shown(told, part)))
    said += [script.text(around.end)] if around.end else []
    return ("\n\n".join(said) + "\n").encode()


def code(block: Block) -> str:
    """A block as a notebook's cell."""
    source = block.source.rstrip("\n")
    if block.kind == "file":
        return f"%%writefile {block.options.file}\n{source}"
    if block.kind == "console":
        return "%%bash -e -o pipefail\n" + "\n".join(_alone(command.text) for command in commands.read(source))
    return source


def shown(told: Telling, block: Block) -> str:
    """A block that does not run, as Markdown."""
    if block.options.source:
        found = told.context.source(block.options.source) if told.context.source else None
        return f"`{block.options.source}`, from {found[1]}:\n\n{fenced(found[0], 'python')}" if found else ""
    return f"{fenced(block.source, 'python')}\n\n*Not run: {escaped(block.options.why)}*"


def outputs(given: Iterable[Output], count: int) -> list[dict[str, Any]]:
    """What a block showed, as a notebook holds it."""
    made: list[dict[str, Any]] = []
    for output in given:
        if output.kind in ("stdout", "stderr"):
            made.append({"output_type": "stream", "name": output.kind, "text": _lines(output.text)})
        elif output.kind == "error":
            lines = output.text.rstrip("\n").split("\n")
            said = lines[-1].partition(": ")[2]
            made.append({"output_type": "error", "ename": output.name or "Error", "evalue": said, "traceback": lines})
        else:
            data: dict[str, Any] = {"text/plain": _lines(output.text)}
            if output.mime in ("image/png", "image/jpeg"):
                data[output.mime] = base64.b64encode(output.content).decode()
            elif output.mime.endswith("+json"):
                data[output.mime] = json.loads(output.content)
                if output.still:  # for those who know no charts
                    data["image/svg+xml"] = _lines(_drawing(output.still))
            elif output.mime:
                data[output.mime] = _lines(_drawing(output.content) if output.mime == "image/svg+xml" else output.content.decode("utf-8", "replace"))
            result = output.kind == "result"
            made.append({"output_type": "execute_result" if result else "display_data", "data": data, "metadata": {}})
            if result:
                made[-1]["execution_count"] = count
    return made


def _later(told: Telling, parts: Sequence[Part]) -> dict[str, frozenset[str]]:
    """For each block, the names that cells below it read."""
    found: dict[str, frozenset[str]] = {}
    known: frozenset[str] = frozenset()
    for part in reversed([part for part in parts if isinstance(part, Block)]):
        found[part.name] = known
        known = redo.asked(part, known)
    return found


def _drawing(content: bytes) -> str:
    """An SVG that can be read on a dark ground, too: a notebook does not turn its letters white."""
    begin = SVG.search(content)
    text = content[begin.start() if begin else 0 :].decode("utf-8", "replace")
    head, end, rest = text.partition(">")
    return f'{head} style="background: white"{end}{rest}' if "style=" not in head else text


def _metadata(block: Block) -> dict[str, Any]:
    options = block.options
    tags = [name for name, has in (("raises-exception", options.raises), ("test", options.test), ("volatile", options.volatile)) if has]
    return {**(HIDDEN if options.fold or options.hide else {}), **({"tags": tags} if tags else {})}


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name[:64], "metadata": {}, "source": _lines(text)}


def _code(name: str, source: str, count: int | None = None, shown: Sequence[Any] = (), metadata: Any = None) -> dict[str, Any]:
    return {"cell_type": "code", "id": name[:64], "metadata": metadata or {}, "source": _lines(source), "execution_count": count, "outputs": list(shown)}


def _lines(text: str) -> list[str]:
    """As the format wants it. Only a line feed ends a line: a text may hold other separators."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _alone(command: str) -> str:
    """Each command of a section has a shell of its own: what one changes, the next does not see."""
    return f"({command})" if re.search(r"\b(?:cd|export|pushd)\b", command) else command


def _folder(file: str) -> str:
    return f"import os\n\nos.makedirs({file.rpartition('/')[0]!r}, exist_ok=True)"
