"""The same page in each tool's own dialect, and what stands around the pages.

A dialect writes a whole book into a folder, and one page of it anew after an edit.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import around, blocks
from benchmarks.corpus import Code, Page


@dataclass(frozen=True)
class Dialect:
    source: str  # the folder of the pages
    suffix: str
    page: Callable[[Page], str]
    frame: Callable[[Path, int], None]  # everything but the pages, for a number of them

    def file(self, root: Path, page: Page) -> Path:
        return root / self.source / page.folder / (page.slug + self.suffix)

    def write(self, root: Path, page: Page) -> None:
        path = self.file(root, page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.page(page), encoding="utf-8")

    def write_all(self, root: Path, pages: Iterable[Page]) -> None:
        """The book as it is before any edit; what a build has left there stays."""
        for old in (root / self.source).glob("chapter-*/page-*" + self.suffix):
            old.unlink()
        count = 0
        for page in pages:
            self.write(root, page)
            count += 1
        library = root / blocks.LIBRARY
        shutil.rmtree(library, ignore_errors=True)
        library.mkdir(parents=True)
        for name, text in blocks.MODULES.items():
            (library / name).write_text(text)
        self.frame(root, count)


def _text(page: Page, block: Callable[[Code], str], part: Callable[[str], str] = str) -> str:
    return "\n".join(block(p) if isinstance(p, Code) else part(p) for p in page.parts)


def _whole(code: Code) -> str:
    return f"{code.source}\n{code.last}" if code.last else code.source


# Ours


def _ours(page: Page) -> str:
    front = "---\nstars: 1\nneeds: []\nable: [read a ruler, fit a line]\n---\n\n"
    return front + _text(page, lambda code: f"```python\n{_whole(code)}\n```\n")


def _ours_frame(root: Path, count: int) -> None:
    around.mkdocs(root, count, own=True)
    (root / "book" / "outline.yml").write_text(around.outline(count))
    (root / "book" / "_runtime.py").write_text(around.RUNTIME)
    pins = []
    for name in around.PINNED:
        try:
            pins.append(f"{name}=={version(name).partition('+')[0]}\n")
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed. Run `python -m hooks install book run`.") from None
    (root / "constraints.txt").write_text("".join(pins))


# MkDocs that runs nothing


def _plain(page: Page) -> str:
    return _text(page, lambda code: f"```python\n{_whole(code)}\n```\n")


# markdown-exec: what is to be seen must be printed; a figure is printed as SVG


def _exec(page: Page) -> str:
    def block(code: Code) -> str:
        source = f"{code.source}\nprint({code.last})" if code.last else code.source
        kind = 'result="text"'
        if code.figure:
            kind = 'html="true"'
            source += f'\nfrom io import StringIO\npicture = StringIO()\n{code.figure}.savefig(picture, format="svg", bbox_inches="tight")\n'
            source += f"plt.close({code.figure})\nprint(picture.getvalue())"
        return f'```python exec="true" source="above" session="{page.slug}" {kind}\n{source}\n```\n'

    return _text(page, block)


# Jupyter Book 1: MyST Markdown


def _myst(page: Page) -> str:
    front = (
        "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
        "kernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n\n"
    )
    return front + _text(page, lambda code: f"```{{code-cell}} ipython3\n{_whole(code)}\n```\n")


# mkdocs-jupyter: notebooks


def _notebook(page: Page) -> str:
    cells = []
    for at, part in enumerate(page.parts):
        cell: dict[str, object] = {"id": f"cell-{at}", "metadata": {}}
        if isinstance(part, Code):
            cell |= {"cell_type": "code", "source": _whole(part), "outputs": [], "execution_count": None}
        else:
            cell |= {"cell_type": "markdown", "source": part.replace(".md)", ".ipynb)")}
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"name": "python", "version": platform.python_version()}
    metadata = {"kernelspec": kernel, "language_info": language}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _mkdocs_frame(suffix: str, *plugins: str) -> Callable[[Path, int], None]:
    return lambda root, count: around.mkdocs(root, count, suffix=suffix, plugins=plugins)


DIALECTS = {
    "ours": Dialect("book", ".md", _ours, _ours_frame),
    "mkdocs": Dialect("docs", ".md", _plain, _mkdocs_frame(".md")),
    "markdown-exec": Dialect("docs", ".md", _exec, _mkdocs_frame(".md", "markdown-exec")),
    "mkdocs-jupyter": Dialect("docs", ".ipynb", _notebook, _mkdocs_frame(".ipynb", "mkdocs-jupyter: {execute: true}")),
    "jupyter-book": Dialect("book", ".md", _myst, around.jupyter_book),
}
