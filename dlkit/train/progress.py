"""The line that shows how far a run is."""

from __future__ import annotations

import sys
import time
from typing import TextIO


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
