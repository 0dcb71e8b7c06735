"""What a run measured, a row an epoch, and the line that shows how far it is."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from torch import Tensor, stack


class History:
    """Rows of numbers; a name gives its column, for plots.

    >>> history = History()
    >>> history.append({"epoch": 1, "loss": 0.5}); history.append({"epoch": 2, "loss": 0.25})
    >>> history["loss"]
    [0.5, 0.25]
    """

    def __init__(self, rows: list[dict[str, Any]] | None = None) -> None:
        self.rows = rows or []

    def append(self, row: dict[str, Any]) -> None:
        self.rows.append(row)

    def __getitem__(self, name: str) -> list[Any]:
        if not any(name in row for row in self.rows):
            known = sorted({name for row in self.rows for name in row})
            raise KeyError(f"history has no {name!r}; it has: {', '.join(known) or 'nothing yet'}")
        return [row.get(name) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def write(self, path: str | Path) -> None:
        """As JSON, an object a line."""
        Path(path).write_text("".join(json.dumps(row) + "\n" for row in self.rows))


class Running:
    """The weighted mean of the losses so far. Losses on a GPU are looked at in groups: to read one makes the program wait.

    >>> from torch import tensor
    >>> running = Running(); running.add(tensor(1.0), 3), running.add(tensor(5.0), 1), running.mean()
    (True, True, 2.0)
    """

    EVERY = 64

    def __init__(self) -> None:
        self.sum = 0.0
        self.weight = 0.0
        self._waiting: list[tuple[Tensor, Any]] = []

    def add(self, loss: Tensor, weight: Any) -> bool:
        """Count a batch's mean loss, shape (), by its weight; False if it, or one that has waited, is not finite: it is not counted."""
        if loss.is_cpu:
            value = loss.item()
            if not math.isfinite(value):
                return False
            count = weight if type(weight) is int else float(weight)
            self.sum += value * count
            self.weight += count
            return True
        self._waiting.append((loss.detach(), weight))
        return len(self._waiting) < self.EVERY or self.fold()

    def fold(self) -> bool:
        """Read what waits; whether all is finite."""
        if self._waiting:
            losses = stack([loss for loss, _ in self._waiting]).tolist()  # exact, and MPS has no float64
            weights = [float(weight) for _, weight in self._waiting]
            self._waiting.clear()
            self.sum += sum(loss * weight for loss, weight in zip(losses, weights, strict=True))
            self.weight += sum(weights)
        return math.isfinite(self.sum)

    def mean(self) -> float:
        self.fold()
        return self.sum / self.weight if self.weight else math.nan


class Progress:
    """One line that is written again and again: batches done, rate, time left. Where no one watches it is silent.

    >>> import io
    >>> screen = io.StringIO(); progress = Progress(4, "epoch 1", screen, show=True, every=0)
    >>> progress.done(2, 1.5)
    >>> screen.getvalue().startswith("\\repoch 1  2/4")
    True
    """

    def __init__(self, total: int | None, label: str, screen: TextIO | None = None, show: bool | None = None, every: float = 0.1) -> None:
        self.screen = screen or sys.stderr
        self.on = self.screen.isatty() if show is None else show
        self.total, self.label, self.every = total, label, every
        self.began = self.last = time.monotonic()
        self.first: int | None = None  # batches that an earlier run did
        self.width = 0

    def done(self, count: int, loss: float | None = None) -> None:
        """`count` batches are done."""
        now = time.monotonic()
        if self.first is None:
            self.first = count - 1
        if now - self.last < self.every:
            return
        self.last = now
        rate = (count - self.first) / max(now - self.began, 1e-9)
        left = "" if self.total is None else f"  {clock((self.total - count) / rate)} left"
        of = "" if self.total is None else f"/{self.total}"
        shown = "" if loss is None else f"  loss {loss:.4g}"
        self._write(f"{self.label}  {count}{of}  {rate:.3g} batches/s{left}{shown}")

    def _write(self, text: str) -> None:
        self.screen.write("\r" + text.ljust(self.width))
        self.screen.flush()
        self.width = len(text)

    def close(self) -> None:
        """Leave the line empty."""
        if self.on and self.width:
            self._write("")
            self.screen.write("\r")
            self.screen.flush()


def clock(seconds: float) -> str:
    """Seconds as people say them.

    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
