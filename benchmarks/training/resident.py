"""A process that trains for 50 steps with the cyclic collector off, and tells what that took of memory.

    python -m benchmarks.training.resident FILE MODEL rss|traced MODULE [ARGUMENT...]
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tracemalloc
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from benchmarks.training.task import Task

SETTLED, STEPS = 5, 50


def main(file: str, model: str, how: str, module: str, *arguments: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    task = Task.read(Path(file))
    try:
        start = import_module(f"benchmarks.training.{module}").start
        _one_row(start, arguments, model, task)
    except ImportError as error:
        print(json.dumps({"skipped": f"{type(error).__name__}: {error}"}), file=answers)
        return
    gc.collect()
    gc.disable()
    memory = Traced() if how == "traced" else Resident()
    before = memory.now()
    step = start(*arguments, model, task)
    for _ in range(SETTLED):
        step()
    settled = memory.now()
    for _ in range(STEPS - SETTLED):
        step()
    grown = memory.now() - settled
    print(json.dumps({"peak": memory.peak() - before, "grown": grown, "cycles": gc.collect()}), file=answers)


def _one_row(start, arguments, model: str, task: Task) -> None:  # type: ignore[no-untyped-def]
    """A step on one row of the batch, so that what a library loads and sets up late is there before the measurement."""
    rows = len(task.inputs[0])
    inputs = [task.inputs[0][:1], *task.inputs[1:]]
    small = replace(task, inputs=inputs, targets=task.targets[: len(task.targets) // rows])
    small.weights.update({name: array.copy() for name, array in task.weights.items()})
    start(*arguments, model, small)()


class Resident:
    """Bytes of this process in memory, as Linux counts them; the peak begins anew here."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")

    def now(self) -> int:
        return self._field("VmRSS")

    def peak(self) -> int:
        return self._field("VmHWM")

    def _field(self, name: str) -> int:
        with open("/proc/self/status") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith(name + ":"))


class Traced:
    """Bytes that Python and NumPy have asked for; those of torch do not show."""

    def __init__(self) -> None:
        tracemalloc.start()

    def now(self) -> int:
        return tracemalloc.get_traced_memory()[0]

    def peak(self) -> int:
        return tracemalloc.get_traced_memory()[1]


if __name__ == "__main__":
    main(*sys.argv[1:])
