"""From measurements to a table of medians and ratios, and what the machine promises beside what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

ALONE = "the page's blocks alone"  # in a fresh Python, with what they import


@dataclass(frozen=True)
class Row:
    """One build."""

    scenario: str
    tool: str
    pages: int
    turn: int
    wall: float
    cpu: float
    largest: float  # MB, the largest process
    peak: float  # MB, all processes
    shown: int = 0  # pages with what their source says now
    wrong: int = 0  # pages without
    blocks: float = 0.0  # seconds that the blocks of those pages took, where that is known


class Rows:
    """Measurements by scenario and tool, in the order of their rounds."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.found: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            self.found.setdefault((row.scenario, row.tool), []).append(row)

    def of(self, scenario: str, tool: str) -> list[Row]:
        return self.found.get((scenario, tool), [])

    def ratio(self, scenario: str, tool: str, other: str, what: str) -> float | None:
        """How many times `other` a tool is: the median of the rounds' ratios."""
        pairs = zip(self.of(scenario, tool), self.of(scenario, other), strict=False)
        ratios = [getattr(a, what) / getattr(b, what) for a, b in pairs]
        return median(ratios) if ratios else None


def builds(rows: list[Row], cores: int) -> str:
    known = Rows(rows)
    lines = [
        f"{rows[0].pages} pages, medians of {_rounds(rows)}",
        "",
        "| scenario | tool | wall s | min to max | cpu s | wall / ours | cpu / ours | largest MB | all MB | pages right / wrong |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (scenario, tool), measured in known.found.items():
        walls = [row.wall for row in measured]
        ratios = [known.ratio(scenario, tool, "ours", what) for what in ("wall", "cpu")]
        lines.append(
            f"| {scenario} | {tool} | {median(walls):.2f} | {min(walls):.2f} to {max(walls):.2f} | {_middle(measured, 'cpu'):.2f} "
            f"| {' | '.join('' if r is None else f'{r:.2f}' for r in ratios)} | {_middle(measured, 'largest'):.0f} "
            f"| {_middle(measured, 'peak'):.0f} | {measured[-1].shown} / {max(row.wrong for row in measured)} |"
        )
    lines += ["", "| promise | limit | measured | |", "|---|---:|---:|---|"]
    for text, limit, value, holds in _promises(known, cores):
        lines.append(f"| {text} | {limit} | {value:.2f} | {'holds' if holds else 'BROKEN'} |")
    return "\n".join(lines)


def _rounds(rows: list[Row]) -> str:
    count = 1 + max(row.turn for row in rows)
    return f"{count} round{'' if count == 1 else 's'}"


def _middle(rows: list[Row], what: str) -> float:
    return float(median(getattr(row, what) for row in rows))


def _promises(known: Rows, cores: int) -> Iterator[tuple[str, str, float, bool]]:
    def against(text: str, tool: str, what: str, limit: float) -> Iterator[tuple[str, str, float, bool]]:
        value = known.ratio("cold", "ours", tool, what)
        if value is not None:
            yield text, f"{limit:.2f}", value, value <= limit

    yield from against("cold, wall: ours / Jupyter Book", "jupyter-book", "wall", 1 / 4)
    yield from against("cold, wall: ours / markdown-exec", "markdown-exec", "wall", 1 / 2)
    yield from against("cold, cpu: ours / markdown-exec", "markdown-exec", "cpu", 0.9)
    if cold := known.of("cold", "ours"):
        limit = 1.1 * _middle(cold, "blocks") / cores + 4
        value = _middle(cold, "wall")
        yield "cold, wall s: 1.1 x block time / cores + 4 s", f"{limit:.2f}", value, value <= limit
    for scenario in ("no change", "prose edit", "block edit", "torch block edit"):
        ours, plain = known.of(scenario, "ours"), known.of(scenario, "mkdocs")
        if ours and plain:
            text, limits = f"{scenario}, wall s: plain MkDocs", [row.wall for row in plain]
            if scenario.endswith("block edit"):
                text += " + " + ALONE
                limits = [p.wall + a.wall for p, a in zip(plain, known.of(scenario, ALONE), strict=False)]
            limit, value = median(limits), _middle(ours, "wall")
            yield text, f"{limit:.2f}", value, value <= limit


def growth(rows: list[Row]) -> str:
    """What a page more costs, from the smallest book to the largest."""
    sizes = sorted({row.pages for row in rows})
    lines = [
        f"medians of {_rounds(rows)}; wall s / cpu s; promised: at most 5 ms a page",
        "",
        f"| scenario | tool | {' | '.join(f'{size} pages' for size in sizes)} | ms a page, wall | ms a page, cpu |",
        f"|---|---|{'---:|' * (len(sizes) + 2)}",
    ]
    for scenario, tool in dict.fromkeys((row.scenario, row.tool) for row in rows):
        by_size = {size: [row for row in rows if (row.scenario, row.tool, row.pages) == (scenario, tool, size)] for size in sizes}
        cells = [f"{_middle(by_size[size], 'wall'):.2f} / {_middle(by_size[size], 'cpu'):.2f}" for size in sizes]
        for what in ("wall", "cpu"):
            more = _middle(by_size[sizes[-1]], what) - _middle(by_size[sizes[0]], what)
            cells.append(f"{1000 * more / max(sizes[-1] - sizes[0], 1):.1f}")
        lines.append(f"| {scenario} | {tool} | {' | '.join(cells)} |")
    return "\n".join(lines)
