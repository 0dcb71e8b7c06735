"""A typical section: 1,500 words, 12 blocks, 3 figures and 30 formulas, made from what is written. In three dialects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS, BLOCKS, FIGURES, DISPLAYED, INLINE = 1500, 12, 3, 14, 16
PLAIN = re.compile(r"[A-Z][^$@[\]{}|<>\\]{60,}[.]")  # a paragraph without formulas, references and values

IMPORT = "import math\n\nimport matplotlib.pyplot as plt"
PRINTED = """\
steps = [{n} * k / 40 for k in range(1, 41)]
falling = [math.exp(-x / {n}) for x in steps]
for k in (0, 19, 39):
    print(f"step {{k + 1:2d}}: {{falling[k]:.4f}}")"""
DRAWN = """\
fig, ax = plt.subplots(figsize=(5.2, 2.6))
for power in range(1, 5):
    ax.plot(steps, [value**power for value in falling], marker=".", label=f"power {{power}}")
ax.set(xlabel="step, in units of {n}", ylabel="what is left")
ax.legend();"""


def code() -> list[str]:
    """The blocks' code; every fourth draws."""
    return [IMPORT if n == 0 else DRAWN.format(n=n) if n % 4 == 3 else PRINTED.format(n=n) for n in range(BLOCKS)]


def paragraphs() -> list[str]:
    """Plain prose of the written sections, of exactly so many words."""
    found: list[str] = []
    left = WORDS
    for path in sorted((ROOT / "book_src").glob("*/*.md")):
        for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
            words = paragraph.split()
            if left and PLAIN.fullmatch(" ".join(words)):
                found.append(" ".join(words[:left]))
                left -= len(words[:left])
    assert not left, f"{left} words of plain prose are missing"
    return found


def parts() -> Iterator[tuple[str, str]]:
    """Kind and content, in order: heading, text, formula, block, figure."""
    formulas = [line for line in (ROOT / "tests" / "formulas.tex").read_text(encoding="utf-8").splitlines() if "split" not in line]
    inline = [rf"x_{{{n}}} = \tfrac{{{n}}}{{2}}\,\lambda" for n in range(1, INLINE + 1)]
    displayed, blocks, text = formulas[:DISPLAYED], code(), paragraphs()
    for n, paragraph in enumerate(text):
        if n % max(len(text) // 6, 1) == 0:
            yield "heading", f"Part {n // max(len(text) // 6, 1) + 1}"
        share = [inline.pop() for _ in range(-(-len(inline) // (len(text) - n)))]
        yield "text", paragraph + "".join(f" ${one}$" for one in share)
        for _ in range(-(-len(displayed) // (len(text) - n))):
            yield "formula", displayed.pop()
        for _ in range(-(-len(blocks) // (len(text) - n))):
            source = blocks.pop(0)
            yield "figure" if "plt.subplots" in source else "block", source


def ours() -> str:
    front = "---\nstars: 1\nneeds: []\nable: [weigh a page, time a page]\n---\n\n# A typical section\n\n"
    made = {
        "heading": "## {}",
        "text": "{}",
        "formula": "$$\n{}\n$$ {{#eq-typical-%d}}",
        "block": "```python\n{}\n```",
        "figure": '```python {{#fig-typical-%d caption="What is left after so many steps."}}\n{}\n```',
    }
    return front + "\n\n".join((made[kind] % n if "%d" in made[kind] else made[kind]).format(content) for n, (kind, content) in enumerate(parts())) + "\n"


def material(pictures: list[str], printed: str) -> str:
    """For plain MkDocs with Material, which runs nothing: what the blocks print and draw stands in the text."""
    drawn = iter(pictures)
    lines = ["# A typical section"]
    for kind, content in parts():
        if kind in ("block", "figure"):
            lines.append(f"```python\n{content}\n```")
            lines.append(f"![What is left]({next(drawn)})" if kind == "figure" else f"```\n{printed}\n```" if "print" in content else "")
        else:
            lines.append({"heading": "## {}", "text": "{}", "formula": "$$\n{}\n$$"}[kind].format(content))
    return "\n\n".join(lines) + "\n"


def notebook() -> str:
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "metadata": {}, "source": "# A typical section"}]
    for kind, content in parts():
        if kind in ("block", "figure"):
            cells.append({"cell_type": "code", "metadata": {}, "source": content, "outputs": [], "execution_count": None})
        else:
            source = {"heading": "## {}", "text": "{}", "formula": "$$\n{}\n$$"}[kind].format(content)
            cells.append({"cell_type": "markdown", "metadata": {}, "source": source})
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
