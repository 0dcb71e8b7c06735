"""What the marks cost by which the build sees which functions of a library a section uses.

    python -m benchmarks.marks [ROUNDS]

The same training with and without marks, in one process, in turn; processor time, median of the ratios.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from types import ModuleType

from hooks.marked import compile_marked, marks_name

PATH = Path(__file__).with_name("engine.py")


def load(marked: bool) -> ModuleType:
    """The engine as a module, with marks or without."""
    module = ModuleType("engine")
    source = PATH.read_bytes()
    if marked:
        code, names = compile_marked("engine", str(PATH), source)
        module.__dict__[marks_name("engine")] = [0] * len(names)
    else:
        code = compile(source, str(PATH), "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module


def seconds(train: Callable[[], float]) -> float:
    start = process_time()
    train()
    return process_time() - start


def main(rounds: int = 15) -> None:
    plain, marked = load(False), load(True)
    print(f"{'training':24s} {'plain, ms':>10s} {'marked, ms':>10s} {'ratio':>7s}   (median of {rounds}, min to max)")
    for name in ("train_numbers", "train_arrays", "train_torch"):
        without, with_marks = getattr(plain, name), getattr(marked, name)
        try:
            assert without() == with_marks()  # warm, and the same training
        except ImportError:
            print(f"{name:24s} torch is not installed")
            continue
        pairs = []
        for turn in range(rounds):
            first, second = (without, with_marks) if turn % 2 else (with_marks, without)
            a, b = seconds(first), seconds(second)
            pairs.append((a, b) if turn % 2 else (b, a))
        ratios = [b / a for a, b in pairs]
        print(
            f"{name:24s} {1e3 * median(a for a, _ in pairs):10.1f} {1e3 * median(b for _, b in pairs):10.1f}"
            f" {median(ratios):7.3f}   {min(ratios):.3f} to {max(ratios):.3f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
