"""The table: milliseconds a step and how many times torch eager that is, with glibc's thresholds as they are and raised."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median, quantiles

from benchmarks.training.models import TEXT
from benchmarks.training.pinned import PEERS
from benchmarks.training.run import Run

HEAD = """\
| model | peer | ms | x torch | faults | raised: ms | x torch | faults | losses off | fall off | first steps, s |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def table(runs: list[Run], clock: str) -> str:
    return "\n".join([HEAD, *_lines(runs, clock)])


def _lines(runs: list[Run], clock: str) -> Iterator[str]:
    known = {(run.model, run.name, run.raised): run for run in runs}
    for model, name in dict.fromkeys((run.model, run.name) for run in runs):
        torch = known[model, "torch", False]
        both = [known[key] for raised in (False, True) if (key := (model, name, raised)) in known]
        start = f"| {TEXT[model]} | {PEERS[name].text} |"
        troubles = dict.fromkeys(run.trouble for run in both if run.trouble)
        if troubles:
            yield f"{start} {'; '.join(troubles)} |{' |' * 8}"
            continue
        cells = [cell for run in both for cell in _cells(run, torch, clock)] + [""] * 3 * (2 - len(both))
        off, fall = max(run.off(torch) for run in both), max(run.fall_off(torch) for run in both)
        wrong = " WRONG" if any(run.wrong for run in both) else ""
        yield f"{start} {' | '.join(cells)} | {off:.1e}{wrong} | {fall:.1e} | {both[0].began:.1f} |"


def _cells(run: Run, torch: Run, clock: str) -> tuple[str, str, str]:
    own, other = run.seconds(clock), torch.seconds(clock)
    ratios = [a / b for a, b in zip(own, other, strict=True)]
    return f"{1e3 * median(own):.2f}", f"{median(ratios):.2f}{'' if run is torch else _span(ratios)}", f"{run.faults():.0f}"


def _span(ratios: list[float]) -> str:
    """The middle half of the rounds: what else runs on the machine can spoil a few."""
    if len(ratios) < 2:
        return ""
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return f" ({low:.2f}-{high:.2f})"
