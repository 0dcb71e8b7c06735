"""Schedules one after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from dlkit.optim.lr_scheduler.base import LRScheduler
from dlkit.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """Several schedules, each from its milestone on, where it begins at its own step 0.

    Args:
        schedulers: schedules of the same optimizer.
        milestones: the steps at which all but the first of them begin.

    Raises:
        ValueError: no schedules, one of another optimizer, or not one milestone less than schedules.

    >>> from dlkit import Tensor, optim
    >>> optimizer = optim.SGD([Tensor(0.0, requires_grad=True)], lr=1.0)
    >>> warm = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> fall = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1)
    >>> schedule, rates = SequentialLR(optimizer, [warm, fall], milestones=[2]), []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.5, 0.75, 1.0, 0.1]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        if not schedulers or any(scheduler.optimizer is not optimizer for scheduler in schedulers):
            raise ValueError("SequentialLR needs schedules, and all of them of its own optimizer")
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedules have {len(schedulers) - 1} milestones between them, not {len(milestones)}"
            )
        self.optimizer, self.last_epoch = optimizer, last_epoch + 1
        self._schedulers, self._milestones = list(schedulers), list(milestones)
        for group in optimizer.param_groups:  # each schedule has set its first rate: only the first may
            group["lr"] = group["initial_lr"]
        for scheduler in schedulers:
            scheduler._undo()
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def _undo(self) -> None:
        for scheduler in self._schedulers:
            scheduler._undo()

    def _restart(self) -> None:
        self.last_epoch = 0
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._restart()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({**state_dict, "_schedulers": self._schedulers})
        for scheduler, kept in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(kept)
