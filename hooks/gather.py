"""The notes of a section's processes, put together; and how many processes left none."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from hooks.watch import NOTES


def gather(own: dict[str, Any], folder: str) -> dict[str, Any]:
    """A section's notes with those of the processes that it started. `unknown` counts processes that left none."""
    notes: dict[str, Any] = {**{name: set(own[name]) for name in NOTES}, "listed": own["listed"]}
    began = [path for path in Path(folder).iterdir() if not path.suffix]
    left = [json.loads(path.read_text()) for began_at in began if (path := began_at.with_suffix(".json")).exists()]
    for one in left:
        notes["listed"] |= one["listed"]
        for name in NOTES:
            notes[name] |= set(one[name])
    notes["unknown"] = len(began) - len(left) + _missing(own, left)
    return notes


def _missing(own: dict[str, Any], left: list[dict[str, Any]]) -> int:
    """How many processes were started, and said nothing at all: each is missed by its own parent."""
    images = Counter(one["processes"][-1] for one in left)  # of one process: it may become another program
    parents = Counter({one["processes"][-1]: one["parent"] for one in left}.values())
    started: Counter[int] = Counter()
    for one in left:
        started[one["processes"][-1]] += one["children"]
        images[one["processes"][-1]] -= one["became"]
    missing: int = own["became"] + max(0, own["children"] - sum(parents[process] for process in own["processes"]))
    missing += sum(max(0, count - parents[process]) for process, count in started.items())
    return missing + sum(max(0, 1 - count) for count in images.values())
