"""Ending a run that no longer gets better."""

from __future__ import annotations

import math
from typing import Any


def better(value: float, than: float | None, mode: str) -> bool:
    """Whether a value is better than another, or the first; NaN never is.

    >>> better(1.0, 2.0, "min"), better(1.0, 2.0, "max"), better(math.nan, None, "min")
    (True, False, False)
    """
    if math.isnan(value):
        return False
    return than is None or (value < than if mode == "min" else value > than)


def monitored(trainer: Any, name: str) -> float:
    """The last value of a column of the history; without validation the training's own."""
    row = trainer.history.rows[-1]
    if name not in row:
        raise KeyError(f"the history has no {name!r} to go by; it has: {', '.join(row)}. Give fit a `validate`, or monitor='loss'")
    return float(row[name])


class EarlyStopping:
    """A callback: stops after `patience` epochs in which `monitor` did not get better by more than `least`.

    Raises:
        ValueError: `mode` is neither "min" nor "max".
        KeyError: at the end of an epoch: the history has no such column.

    >>> from types import SimpleNamespace
    >>> from dlkit.train import History
    >>> trainer, stopping = SimpleNamespace(history=History(), stop=False), EarlyStopping(2)
    >>> for loss in (0.5, 0.4, 0.41, 0.4):
    ...     trainer.history.append({"val_loss": loss}); stopping.after_epoch(trainer)
    >>> stopping.best, trainer.stop
    (0.4, True)
    """

    def __init__(self, patience: int, monitor: str = "val_loss", mode: str = "min", least: float = 0.0) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode={mode!r} is neither 'min' nor 'max'")
        self.patience, self.monitor, self.mode, self.least = patience, monitor, mode, least
        self.best: float | None = None
        self.waited = 0

    def after_epoch(self, trainer: Any) -> None:
        value = monitored(trainer, self.monitor)
        margin = self.least if self.mode == "min" else -self.least
        if better(value + (margin if self.best is not None else 0), self.best, self.mode):
            self.best, self.waited = value, 0
        else:
            self.waited += 1
            trainer.stop = self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.waited = state["best"], state["waited"]
