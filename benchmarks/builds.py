"""Our build and its peers on the same pages, in turn, in one run.

    python -m benchmarks.builds                             a quick look: 6 pages, one round
    python -m benchmarks.builds --chapters 40 --rounds 3    what counts
    python -m benchmarks.builds --growth 20 160             what a page more costs

A table on standard output, every single measurement in a JSON file below `.cache/benchmarks/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from benchmarks import peers, report
from benchmarks.report import Row
from benchmarks.tools import TOOLS, Place

SCENARIOS = ("cold", "cold from records", "no change", "prose edit", "block edit", "torch block edit")
LIGHT = 0.02  # of the training, where only the number of pages matters


def scenarios(places: list[Place], wanted: list[str], turn: int) -> Iterator[Row]:
    """One round: every scenario, and in it every tool. The tools begin in turn."""
    order = places[turn % len(places) :] + places[: turn % len(places)]
    last = max(places[0].pages)
    edited = {"block edit": 2 if last > 1 else 1, "torch block edit": 1, "prose edit": (last + 1) // 2}
    for scenario in wanted:
        for place in order:
            if (scenario == "cold from records" and not place.tool.kept) or (scenario != "cold" and not place.tool.keeps):
                continue
            shown = list(place.pages)
            if scenario.startswith("cold"):
                place.clean(all=scenario == "cold")
            elif scenario == "prose edit":
                place.edit(edited[scenario], word=f"amber{turn}x{int(time.time())}")
            elif scenario != "no change":
                place.edit(edited[scenario], edit=1000 + turn)
            if scenario in edited:
                shown = [edited[scenario]]
            cost = place.build()
            seconds = place.block_seconds() or {}
            wrong = place.wrong(shown)
            yield Row(
                scenario, place.tool.name, last, turn, cost.wall, cost.cpu, cost.largest, cost.peak,
                shown=len(shown) - len(wrong), wrong=len(wrong), blocks=sum(seconds[n] for n in shown) if seconds else 0.0,
            )  # fmt: skip
        if scenario.endswith("block edit"):
            cost = places[0].alone(edited[scenario])
            yield Row(scenario, report.ALONE, last, turn, cost.wall, cost.cpu, cost.largest, cost.peak)


def growth(names: list[str], sizes: list[int], rounds: int) -> Iterator[Row]:
    """Builds after no change, and after the edit of a word, of books of several sizes."""
    places = []
    for size in sizes:
        for name in names:
            place = Place(TOOLS[name], size, LIGHT, f"growth-{size}")
            say(f"{name}, {size} pages: the first build")
            place.build()
            places.append(place)
    for turn in range(rounds):
        for scenario in ("no change", "prose edit"):
            for place in places:
                size = len(place.pages)
                if scenario == "prose edit":
                    place.edit(size // 2, word=f"amber{turn}x{int(time.time())}")
                cost = place.build()
                wrong = len(place.wrong(list(place.pages)))
                yield Row(scenario, place.tool.name, size, turn, cost.wall, cost.cpu, cost.largest, cost.peak, size - wrong, wrong)


def main() -> None:
    asked = _asked()
    began, load = time.strftime("%Y-%m-%d %H:%M"), os.getloadavg()[0]
    versions = {name: peers.versions(name) for name in asked.tools}
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        say(f"{row.scenario}, {row.tool}, {row.pages} pages: {row.wall:.2f} s, processor {row.cpu:.2f} s, {row.wrong} pages wrong")

    if asked.growth:
        for row in growth(asked.tools, sorted(asked.growth), asked.rounds):
            note(row)
    else:
        places = [Place(TOOLS[name], asked.chapters, 1.0, "builds", asked.memory) for name in asked.tools]
        if "cold" not in asked.scenarios:
            for place in places:
                say(f"{place.tool.name}: the first build")
                place.build()
        for turn in range(asked.rounds):
            for row in scenarios(places, asked.scenarios, turn):
                note(row)
    machine = {
        "began": began, "cores": os.cpu_count(), "load before": load, "load after": os.getloadavg()[0],
        "system": platform.platform(), "python": platform.python_version(), "versions": versions, "asked": vars(asked),
    }  # fmt: skip
    file = peers.CACHE / ("growth.json" if asked.growth else "builds.json")
    file.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=1))
    print(report.growth(rows) if asked.growth else report.builds(rows, os.cpu_count() or 1))
    print(f"\n{os.cpu_count()} cores, load {load:.1f} before and {os.getloadavg()[0]:.1f} after; all of it: {file.relative_to(peers.ROOT)}")
    sys.exit(1 if any(row.wrong for row in rows) else 0)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.builds", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chapters", type=int, default=6, help="pages of the book (6)")
    parser.add_argument("--rounds", type=int, default=1, help="how often (1)")
    parser.add_argument("--tools", nargs="+", choices=TOOLS, metavar="TOOL", help=", ".join(TOOLS))
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="SCENARIO", help=", ".join(SCENARIOS))
    what = "measure growth instead, at these sizes; ours and plain MkDocs if no tool is named"
    parser.add_argument("--growth", nargs="+", type=int, metavar="PAGES", help=what)
    parser.add_argument("--memory", action="store_true", help="look at the memory of all processes; that takes time, so trust none of the times")
    asked = parser.parse_args()
    asked.tools = asked.tools or (["ours", "mkdocs"] if asked.growth else list(TOOLS))
    return asked


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
