"""What is warm before sections run is what they import, through the library, too."""

import subprocess
import sys

import pytest
from copies import ROOT, Tiny

from hooks import run
from hooks.book import Book
from hooks.imports import packages
from hooks.section import parse

MODULES = {
    "__init__.py": "from puddle.gauge import Gauge\n",
    "gauge.py": "import numpy as np\n\nclass Gauge: ...\n",
    "chart.py": "def draw():\n    from matplotlib import pyplot\n\n    from .deep.well import dig\n",
    "deep/__init__.py": "",
    "deep/well.py": "import pandas\n\nfrom .. import chart\n\ndef dig(): ...\n",
    "moon.py": "import torch.nn\n",
}


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("1 + 1", set()),
        ("import json, os.path as path\nfrom collections import abc", {"json", "os", "collections"}),
        ("import puddle", {"numpy"}),
        ("from puddle import Gauge", {"numpy"}),
        ("from puddle import chart", {"numpy", "matplotlib", "pandas"}),
        ("def late():\n    from puddle.deep.well import dig", {"numpy", "matplotlib", "pandas"}),
        ("import puddle.moon", {"numpy", "torch"}),
        ("exec('import torch')", {"importlib"}),
        ("import importlib", {"importlib"}),
        ("this is no Python", set()),
    ],
)
def test_packages(tiny: Tiny, block: str, found: set[str]) -> None:
    for name, text in MODULES.items():
        (tiny.root / "puddle" / name).parent.mkdir(exist_ok=True)
        (tiny.root / "puddle" / name).write_text(text)
    section = parse(f"# A\n\n```python\n{block}\n```\n", "book/water/a.md")
    book = Book.read(tiny.root / "mkdocs.yml")
    assert packages(book, [section]) == found
    assert packages(book, [section]) == found, "the same when it is kept"


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("    import pandas  # noqa: F401\n", "", False),
        ("network:", "memory = 2_000_000_000\nfork: bool = True\nnetwork:", False),
        ("random.seed(0)", "random.seed(1)", True),
        ('"TZ": "UTC"', '"TZ": "CET"', True),
        ("import sys\n", "import sys\n\nsys.path\n", True),
    ],
)
def test_what_of_the_runtime_counts(tiny: Tiny, old: str, new: str, stale: bool) -> None:
    tiny.edit("book/_runtime.py", old, new)
    states = run.states(Book.read(tiny.root / "mkdocs.yml")).values()
    assert [state.must_run for state in states] == [stale] * 3


NUMBERS = """
import sys
sys.path.insert(0, {source!r})
import _runtime
_runtime.warm({packages})
_runtime.seed()
import {first}
_runtime.imported({first!r})
import torch
_runtime.imported("torch")
print(torch.rand(2).tolist(), "torch" in {packages})
"""


@pytest.mark.parametrize("first", ["torch", "sklearn"])
def test_what_was_warm_does_not_change_what_is_drawn(first: str) -> None:
    said = []
    for given in ('{"torch"}', '{"numpy"}'):
        code = NUMBERS.format(source=str(ROOT / "book_src"), packages=given, first=first)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        said.append(done.stdout.partition("]")[0])
    assert said[0] == said[1] != ""


def test_a_program_that_a_section_writes_warms_nothing(tiny: Tiny) -> None:
    """It has a process of its own, which imports for itself."""
    read = parse('# T\n\n```python {file="a.py"}\nimport torch\n```\n\n```console {.run}\n$ python a.py\n```\n\n```python\nimport json\n```\n', "book/water/rain.md")
    assert packages(Book.read(tiny.root / "mkdocs.yml"), [read]) == {"json"}
