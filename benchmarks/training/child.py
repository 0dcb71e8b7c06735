"""A process that trains one model with one peer, and times the steps it is asked for.

    python -m benchmarks.training.child FILE MODEL LIMIT MODULE [ARGUMENT...]

It answers in lines of JSON: first the losses of three steps, then the seconds of as many steps as each line of its
standard input says.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.training.task import Task

CHECKED = 3  # first steps, whose losses are compared


def main(file: str, model: str, limit: str, module: str, *arguments: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer

    def answer(**said: Any) -> None:
        print(json.dumps(said), file=answers)

    signal.alarm(int(limit))  # ends the process; 0 is never
    began = time.perf_counter()
    try:
        step = import_module(f"benchmarks.training.{module}").start(*arguments, model, Task.read(Path(file)))
    except ImportError as error:
        return answer(skipped=f"{type(error).__name__}: {error}")
    losses = [step() for _ in range(CHECKED)]
    signal.alarm(0)
    answer(losses=losses, began=time.perf_counter() - began)
    for line in sys.stdin:
        cpu, wall, faults = [], [], _faults()
        for _ in range(int(line)):
            before = time.process_time(), time.perf_counter()
            step()
            cpu.append(time.process_time() - before[0])
            wall.append(time.perf_counter() - before[1])
        answer(cpu=cpu, wall=wall, faults=(_faults() - faults) / int(line))


def _faults() -> int:
    """Pages that this process had to ask the kernel for."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


if __name__ == "__main__":
    main(*sys.argv[1:])
