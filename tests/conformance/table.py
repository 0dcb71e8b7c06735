"""What the suite finds, as a page of the website: docs/conformance.md, an operation a row."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from pathlib import Path

from tests.conformance import databases, modules, optimizers
from tests.conformance.operations import LIBRARIES, NAMES, WANTED, Result, run

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
SPELLED = {"numpy": "NumPy", "torch": "torch"}
DTYPES = ("float32", "float64")

HEAD = f"""# Conformance

<!-- Written by `python -m tests.conformance --write`. -->

What `dlkit` computes is compared with PyTorch {databases.RELEASE} on the inputs that PyTorch tests its own functions
with (`op_db`, its private database of operations; at most {databases.CAP} samples an entry): shapes, element types,
broadcasting, keyword arguments, empty tensors, values at edges. A sample is compared in one element type, on both array
libraries. *Passed* means that all of it agrees within PyTorch's own tolerances: the value with its shape and element
type, the gradient for a random cotangent, and in float64 the gradient of that gradient. *Unsupported* is what `dlkit`
refuses; it has not passed.

A cell such as 11·9·9 counts the samples whose value, gradient and second gradient agree, as far as there are any;
8/9 says that one of nine does not.
"""


OPTIMIZERS = """Ten steps on random gradients with every setting that PyTorch tests its own with (`optim_db`), two groups of
parameters, both array libraries and element types.
"""


def cell(results: Iterable[Result], library: str, dtype: str) -> str:
    """How many samples agree at each order."""
    good, asked = collections.Counter[int](), collections.Counter[int]()
    for result in results:
        if result.dtype == dtype or dtype not in DTYPES:
            for (where, order), wrong in result.wrong.items():
                if where == library:
                    asked[order] += 1
                    good[order] += not wrong
    return "·".join(f"{good[n]}" if good[n] == asked[n] else f"{good[n]}/{asked[n]}" for n in sorted(asked)) or "-"


def row(name: str, results: list[Result]) -> str:
    """An operation's row of the table."""
    reasons = collections.Counter(r.unsupported for r in results if r.unsupported)
    failed = sum(1 for r in results if not r.passed and not r.unsupported)
    why = [f"{times} unsupported: {reason}" for reason, times in sorted(reasons.items())]
    why += [f"{failed} differ"] * bool(failed)
    cells = [cell(results, library, dtype) for library in LIBRARIES for dtype in DTYPES]
    if not any(r.dtype in DTYPES for r in results):
        cells = [cell(results, library, "any") for library in LIBRARIES for _ in range(2)]
        cells[1] = cells[3] = "-"
    passed = sum(r.passed for r in results)
    return f"| `{name}` | {len(results)} | {passed} | {' | '.join(cells)} | {'; '.join(why)} |"


def page(found: dict[str, list[Result]]) -> str:
    """The whole page."""
    every = [result for results in found.values() for result in results]
    passed, refused = sum(r.passed for r in every), sum(bool(r.unsupported) for r in every)
    lines = [HEAD]
    lines.append(
        f"**{len(found)} operations, {len(every)} samples: {passed} passed ({passed / len(every):.2%}), {refused} unsupported, "
        f"{len(every) - passed - refused} differ.**\n"
    )
    columns = [f"{SPELLED[library]} {dtype}" for library in LIBRARIES for dtype in DTYPES]
    for theme, names in WANTED.items():
        lines.append(f"## {theme.capitalize()}\n")
        lines.append(f"| operation | samples | passed | {' | '.join(columns)} | not passed |")
        lines.append("|---|--:|--:|--:|--:|--:|--:|---|")
        lines += [row(name, found[name]) for name in names.split()]
        lines.append("")
    lines += modules.section()
    lines += ["## Optimizers\n", OPTIMIZERS, *optimizers.rows(), ""]
    return "\n".join(lines)


def everything() -> dict[str, list[Result]]:
    """All samples of all operations: a minute or more."""
    return {name: list(run(name)) for name in NAMES}
