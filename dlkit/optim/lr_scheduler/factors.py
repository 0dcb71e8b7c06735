"""Schedules that say what the first rate is multiplied by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType
from typing import Any

from dlkit.optim.lr_scheduler.base import LRScheduler
from dlkit.optim.optimizer import Optimizer


class StepLR(LRScheduler):
    r"""The rate times `gamma` after every `step_size` steps: $\eta_t = \eta_0 \gamma^{\lfloor t / s \rfloor}$.

    >>> from dlkit import Tensor, optim
    >>> schedule = StepLR(optim.SGD([Tensor(0.0, requires_grad=True)], lr=1.0), step_size=2, gamma=0.5)
    >>> [schedule._at(t) for t in range(5)]
    [[1.0], [1.0], [0.5], [0.5], [0.25]]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """The rate times `gamma` at each of some steps; one that is named twice counts twice."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma ** sum(times for milestone, times in self.milestones.items() if milestone <= epoch)


class ExponentialLR(LRScheduler):
    r"""The rate times `gamma` after every step: $\eta_t = \eta_0 \gamma^t$."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.gamma**epoch


class LinearLR(LRScheduler):
    """A line from `start_factor` to `end_factor` in `total_iters` steps, as for warming up; level after that.

    Raises:
        ValueError: `start_factor` not above 0 and up to 1, or `end_factor` not from 0 to 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not (0 < start_factor <= 1 and 0 <= end_factor <= 1):
            raise ValueError(f"LinearLR goes from above 0 up to 1, not from {start_factor} to {end_factor}")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return (
            self.start_factor + (self.end_factor - self.start_factor) * min(epoch, self.total_iters) / self.total_iters
        )


class CosineAnnealingLR(LRScheduler):
    r"""Half a wave of the cosine down to `eta_min` in `T_max` steps, and up again if there are more.

    $$ \eta_t = \eta_{\min} + (\eta_0 - \eta_{\min}) \frac{1 + \cos(\pi t / T)}{2} $$

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017 (here without restarts).
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:  # noqa: N803
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:  # type: ignore[override]
        return self.eta_min

    def factor(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class LambdaLR(LRScheduler):
    """The rate at first times a function of the number of steps.

    Args:
        lr_lambda: the function, or a list of them, one for each group.

    Raises:
        ValueError: a list of another length than there are groups.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"there are {groups} groups of parameters, and {len(self.lr_lambdas)} functions for them")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._at(self.last_epoch)

    def _at(self, epoch: int) -> list[float]:
        return [base * function(epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """As of any schedule; of the functions, those are kept that are objects with a state of their own."""
        kept = [None if isinstance(f, FunctionType) else dict(f.__dict__) for f in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        functions = self.lr_lambdas
        super().load_state_dict({**state_dict, "lr_lambdas": functions})
        for function, kept in zip(functions, state_dict["lr_lambdas"], strict=True):
            if kept is not None:
                function.__dict__.update(kept)
