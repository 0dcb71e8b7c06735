"""What stands around the pages: a tool's configuration, contents and home page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from benchmarks.corpus import FOLDER, PART, folder, title

ROOT = Path(__file__).resolve().parents[1]
HOME = "# Days with a ruler\n\nA book that is made to be built.\n"

# What blocks of the corpus import, and what running them needs.
PINNED = ("ipython", "matplotlib", "numpy", "pillow", "torch")

# The same theme and extensions for every tool that stands on MkDocs; they are those of the book. All but ours use the theme's search.
MKDOCS = """site_name: Days with a ruler
docs_dir: docs
theme:
  name: material
  font: false
  features:
    - navigation.tabs
    - navigation.indexes
    - navigation.prune
    - navigation.footer
    - toc.follow
    - content.code.copy
    - search.highlight
markdown_extensions:
  - admonition
  - attr_list
  - def_list
  - footnotes
  - md_in_html
  - smarty: {smart_dashes: false, smart_ellipses: false}
  - tables
  - toc: {title: On this page, permalink: "#", toc_depth: 3}
  - pymdownx.details
  - pymdownx.superfences
  - pymdownx.highlight: {use_pygments: true, anchor_linenums: false}
"""
# Mathematics is left to the reader's browser.
ARITHMATEX = "  - pymdownx.arithmatex: {generic: true}\n"

RUNTIME = '''"""In what world the blocks run."""

import random
import sys

environment = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


heavy = ("torch",)


def warm(packages):
    """What the sections import, with what comes late: the first optimizer, the first figure."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1])
    figure.canvas.draw()
    plt.close(figure)
    if packages is not None and "torch" not in packages:
        return
    import torch

    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    weight.sum().backward()
    optimizer.step()


def seed():
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
'''


def chapters(count: int) -> Iterator[tuple[int, str, list[int]]]:
    """Part, folder and pages of every chapter, in order."""
    for name, numbers in groupby(range(1, count + 1), folder):
        pages = list(numbers)
        yield (pages[0] - 1) // (FOLDER * PART) + 1, name, pages


def parts(count: int) -> Iterator[tuple[int, list[tuple[str, list[int]]]]]:
    for part, inside in groupby(chapters(count), lambda chapter: chapter[0]):
        yield part, [(name, pages) for _, name, pages in inside]


def mkdocs(root: Path, count: int, suffix: str = ".md", plugins: tuple[str, ...] = (), own: bool = False) -> None:
    """mkdocs.yml and the home page; `own` is the build that is measured against the others."""
    lines = [MKDOCS]
    if own:
        lines.append(f"hooks: [{ROOT / 'hooks' / 'mkdocs_events.py'}]\n")
        lines.append("extra:\n  book: {source: book, library: yardstick}\n")
    else:
        lines.append(ARITHMATEX)
    lines.append("plugins: []\n" if own else "plugins:\n" + "".join(f"  - {plugin}\n" for plugin in ("search", *plugins)))  # ours has its own search
    lines.append("nav:\n  - Home: index.md\n")
    for part, inside in () if own else parts(count):
        lines.append(f"  - Part {part}:\n")
        for name, pages in inside:
            lines.append(f"    - {name}:\n")
            lines += [f"      - {title(page)}: {name}/page-{page:03d}{suffix}\n" for page in pages]
    (root / "docs").mkdir(parents=True, exist_ok=True)
    (root / "docs" / "index.md").write_text(HOME)
    (root / "mkdocs.yml").write_text("".join(lines))


def outline(count: int) -> str:
    """Our own contents."""
    lines = ["parts:\n"]
    for part, inside in parts(count):
        lines.append(f"  - title: Part {part}\n    chapters:\n")
        for name, pages in inside:
            lines.append(f"      - slug: {name}\n        title: {name}\n        sections:\n")
            lines += [f"          - page-{page:03d}:\n" for page in pages]
    return "".join(lines)


def jupyter_book(root: Path, count: int) -> None:
    book = root / "book"
    book.mkdir(parents=True, exist_ok=True)
    (book / "index.md").write_text(HOME)
    lines = ["format: jb-book\nroot: index\nparts:\n"]
    for part, inside in parts(count):
        lines.append(f"  - caption: Part {part}\n    chapters:\n")
        lines += [f"      - file: {name}/page-{page:03d}\n" for name, pages in inside for page in pages]
    (book / "_toc.yml").write_text("".join(lines))
    (book / "_config.yml").write_text(
        "title: Days with a ruler\nauthor: a machine\nonly_build_toc_files: true\n"
        "execute: {execute_notebooks: cache, timeout: 120}\n"
        "parse: {myst_enable_extensions: [dollarmath]}\n"
    )
