"""The mean loss of an epoch so far, read from a GPU in groups; and what to do about a loss that is not finite."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor, stack


class RunningLoss:
    """The weighted mean of the losses so far. Losses on a GPU are looked at in groups: to read one makes the program wait.

    >>> from torch import tensor
    >>> running = RunningLoss(); running.add(tensor(1.0), 3), running.add(tensor(5.0), 1), running.mean()
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


def not_finite(loss: Tensor, weight: Any, where: str) -> FloatingPointError:
    """What to raise of a loss that is no number."""
    value = loss.item()
    said = f"the loss is {value} ({where})"
    if math.isfinite(value):
        said = f"a loss was not finite, at most {RunningLoss.EVERY} batches ago ({where})"
    if not weight:
        return FloatingPointError(f"{said}. The batch has nothing to take a mean over (its weight is 0): leave it out")
    return FloatingPointError(
        f"{said}. Often: a rate too large, log(0), 0/0, or fp16 out of range.\n"
        "    Try a smaller rate, clip=1.0, precision='bf16'; torch.autograd.set_detect_anomaly(True) names the operation"
    )
