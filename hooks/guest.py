"""A section that is written as a notebook -> the one kind of text that the parser reads. And a notebook without what an editor left in it.

Jupyter writes one line of a cell as one line of the file. So each line of the text stands on the same line as in the
file: all that names a line is right without any reckoning. `"source": [` becomes the opening fence of a cell of
code, the `]` behind it the closing one; a Markdown cell stands as it is; all other lines are empty. The first cell is a raw
one and holds the front matter. What would stand in a block's braces is the entry `book` of its cell's metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hooks import fences, section
from hooks.lines import Lines
from hooks.problem import Problem
from hooks.section import Notebook, Section

SUFFIX = ".ipynb"
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
TICKS = re.compile("`{3,}")
OURS = ("book", "tags")  # what we read of a cell's metadata
EDITORS = {"ExecuteTime", "collapsed", "colab", "deletable", "editable", "execution", "id", "jupyter", "outputId", "scrolled", "slideshow", "trusted", "vscode"}
RAISES = "raises-exception"  # the tag with which Jupyter goes on behind an error
NO_CELLS = ("static", "source", "file", "run")  # options of what is not a cell of Python
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
OTHER = ("this is no notebook of format 4.", "Open it in Jupyter and save it.")
CLEAN = "Run `python -m hooks clean {file}`."


@dataclass(frozen=True)
class Node:
    """A value in a JSON file: nodes in a list or a mapping, else the plain value; and the lines from and to which it stands."""

    value: Any
    line: int
    end: int

    def get(self, key: str, default: Any = None) -> Any:
        """The plain value of an entry of a mapping."""
        inside = self.value.get(key) if isinstance(self.value, dict) else None
        return default if inside is None else inside.plain

    @property
    def plain(self) -> Any:
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        return [node.plain for node in self.value] if isinstance(self.value, list) else self.value


def read(text: str, file: str) -> Section:
    """The section that a notebook holds. Never raises: what is wrong is in its `problems`, all of it at once."""
    lines = Lines(text.removeprefix("\ufeff").replace("\r\n", "\n"), file)
    try:
        whole = json.loads(lines.text)
        cells = _parsed(lines).value["cells"].value
        if whole["nbformat"] == 4 and isinstance(cells, list) and all(isinstance(cell, dict) for cell in whole["cells"]):
            return _Reader(lines, cells).section()
        lines.complain(1, *OTHER)
    except json.JSONDecodeError as error:
        lines.complain(error.lineno, f"the notebook is not JSON: {error.msg[:1].lower()}{error.msg[1:]}.", "Mend it, or take the last version from git.")
    except (AttributeError, KeyError, TypeError, RecursionError):  # JSON, but another shape
        lines.complain(1, *OTHER)
    slug = file.rsplit("/", 1)[-1].removesuffix(SUFFIX)
    return replace(section.parse(f"# {slug}\n", file), problems=tuple(lines.problems))


def cleaned(text: str) -> str:
    """A notebook as it is committed: without outputs, counters and what editors note in it; always written alike.

    >>> print(cleaned('{"cells": [{"cell_type": "markdown", "source": "# Rain"}], "nbformat": 4}')[:31])
    {
     "cells": [
      {
       "cell_type
    """
    whole = json.loads(text)
    seen: set[str] = set()
    cells = []
    for number, cell in enumerate(whole.get("cells", ()), 1):
        source = cell.get("source") or []
        name = cell.get("id")
        name = name if name and name not in seen else f"cell-{number}"
        seen.add(name)
        kept = {
            "cell_type": cell.get("cell_type"),
            "id": name,
            "metadata": {key: value for key, value in (cell.get("metadata") or {}).items() if key not in EDITORS},
            "source": _lines(source if isinstance(source, str) else "".join(source)),
        }
        if kept["cell_type"] == "code":
            kept |= {"execution_count": None, "outputs": []}
        cells.append(kept)
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    made = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def untidy(read: Section) -> Iterator[Problem]:
    """What a notebook holds that is not committed, by the first line of it."""
    if read.notebook and not read.problems:
        text, clean = read.notebook.text.split("\n"), cleaned(read.notebook.text).split("\n")
        if text != clean:
            pairs = zip([*text, ""], [*clean, ""], strict=False)
            line = next((at for at, (mine, wanted) in enumerate(pairs, 1) if mine != wanted), len(text))
            message = "the notebook holds outputs, counters or notes of an editor; outputs live in the record."
            yield read.problem(line, message, CLEAN.format(file=read.file))


def span(read: Section, start: int, end: int) -> tuple[int, int]:
    """A stretch of the section's text as a stretch of its file: from and to the same lines."""
    if not read.notebook:
        return start, end
    mine, whole = Lines(read.text, read.file), Lines(read.notebook.text, read.file)

    def moved(offset: int) -> int:
        line = mine.line_of(offset) - 1
        return min(whole.offsets[line] + offset - mine.offsets[line], whole.end(line))

    return moved(start), moved(end)


class _Reader:
    def __init__(self, found: Lines, cells: list[Node]) -> None:
        self.found = found  # the file
        self.text = ["" for _ in range(len(found))]  # the section, line by line
        self.begins = tuple(cell.line for cell in cells)
        self.code: dict[int, Node] = {}  # line of its fence -> cell
        self.start = 0  # the line before the front matter
        for number, cell in enumerate(cells, 1):
            self.cell(number, cell)

    def cell(self, number: int, cell: Node) -> None:
        kind, source = cell.get("cell_type"), cell.value.get("source")
        if (number == 1) != (kind == "raw"):
            message = "the front matter stands in the first cell, a raw one." if number == 1 else "a raw cell is shown to nobody."
            self.found.complain(cell.line, message, "Write it there, between lines `---`." if number == 1 else "Take it out.")
        lines = source.value if source and isinstance(source.value, list) else None
        whole = lines is not None and all(isinstance(n.value, str) and n.line == source.line + k for k, n in enumerate(lines, 1))
        if not whole or any("\n" in n.value[:-1] for n in lines or ()) or (lines and source.end != lines[-1].line + 1):
            self.found.complain(cell.line, "the cell is not written a line a line.", CLEAN.format(file=self.found.file))
            return
        for node in lines or ():
            self.text[node.line - 1] = node.value.rstrip("\n").replace("\r", " ").encode("utf-8", "replace").decode()
        self.metadata(cell, kind)
        if kind == "raw" and number == 1:
            self.start = source.line
        if kind == "code":
            self.fence(cell, source)

    def metadata(self, cell: Node, kind: str) -> None:
        node = cell.value.get("metadata")
        entries = node.value if node and isinstance(node.value, dict) else {}
        for key, inside in entries.items():
            if key not in OURS and key not in EDITORS:
                self.found.complain(inside.line, f"unknown metadata `{key}`.", 'A cell of code may have `"book"`, with the options of a block, and `"tags"`.')
        if kind != "code" and "book" in entries:
            self.found.complain(entries["book"].line, "options stand on a cell without code.", "Take `book` out of its metadata.")
        for tag in cell.get("metadata", {}).get("tags") or ():
            if tag != RAISES:
                self.found.complain(entries["tags"].line, f"unknown tag `{tag}`.", f"The one tag is `{RAISES}`; options of a block stand in `book`.")
        for key in set(cell.value) - {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}:
            self.found.complain(cell.value[key].line, f"the cell has `{key}`, which the book does not show.", "Take it out; a picture is a file beside the notebook.")

    def fence(self, cell: Node, source: Node) -> None:
        options = cell.get("metadata", {}).get("book", "")
        line = f"python {{{options}}}" if options else "python"
        if not source.value:
            self.found.complain(source.line, "the cell is empty.", "Fill it or take it out.")
        elif not isinstance(options, str) or not fences.EXACT.match(line):
            self.found.complain(source.line, f"`{options}` in the cell's metadata are no options of a block.", 'For example `"book": ".fold timeout=5"`.')
        else:
            ticks = max((len(run) for node in source.value for run in TICKS.findall(node.value)), default=2) + 1
            self.text[source.line - 1], self.text[source.end - 1] = "`" * ticks + line, "`" * ticks
            self.code[source.line] = cell

    def section(self) -> Section:
        start = sum(len(line) + 1 for line in self.text[: self.start])
        made = section.parse("\n".join(self.text) + "\n", self.found.file, start=start)
        made = replace(made, notebook=Notebook(self.found.text, self.begins))
        found = [made.problem(p.line, p.message, p.mend, p.detail) for p in (*self.found.problems, *made.problems)]
        for block in made.blocks:
            cell = self.code.get(block.line)
            if cell is None and block.executed and not block.solution:
                found.append(made.problem(block.line, "code that runs stands in a Markdown cell.", "Make it a cell of code; solutions alone stand in the text."))
            elif cell and (wrong := [name for name in NO_CELLS if getattr(block.options, name)]):
                found.append(made.problem(block.line, f"`{wrong[0]}` cannot stand on a cell of code.", "Jupyter would run it: write it into a Markdown cell, in a fence."))
            elif cell and bool(block.options.raises) != (RAISES in (cell.get("metadata", {}).get("tags") or ())):
                found.append(made.problem(block.line, f"`raises=` and the tag `{RAISES}` go together.", "Write both: Jupyter stops at an error without the tag."))
        return replace(made, problems=tuple(sorted(set(found))))


def _parsed(lines: Lines) -> Node:
    """JSON that is known to be right, with the lines on which its values stand."""
    tokens = ((match[0], lines.line_of(match.start())) for match in TOKEN.finditer(lines.text))

    def value(token: str, line: int) -> Node:
        if token == "[":
            found: list[Node] = []
            for inner, at in tokens:
                if inner == "]":
                    return Node(found, line, at)
                if inner != ",":
                    found.append(value(inner, at))
        if token == "{":
            entries: dict[str, Node] = {}
            for inner, at in tokens:
                if inner == "}":
                    return Node(entries, line, at)
                if inner != ",":
                    next(tokens)  # the colon
                    entries[json.loads(inner)] = value(*next(tokens))
        return Node(json.loads(token), line, line)

    return value(*next(tokens))


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
