"""What schedules of learning rates have in common."""

from __future__ import annotations

import warnings
from typing import Any

from dlkit.optim.optimizer import Optimizer


class LRScheduler:
    """Sets the rates of an optimizer's groups, anew with every `step`, which comes after the optimizer's.

    A subclass defines `factor`, what the rate at first is multiplied by after some steps. As in torch, a step changes
    the rate from what it is by the quotient of two factors: so schedules of one optimizer multiply.

    Args:
        optimizer: its rates at first become `base_lrs`.
        last_epoch: how many steps were made before, less 1: to go on with an optimizer whose state was loaded.

    Raises:
        TypeError: no optimizer.
        KeyError: `last_epoch` of an optimizer that no schedule has changed before.
    """

    floor = 0.0  # what the factor does not apply to

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__} is for an optimizer, not a {type(optimizer).__name__}")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"group {i} has no 'initial_lr' to go on with: load the optimizer's state_dict first")
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        self._step_count = 0
        self.step()

    def _undo(self) -> None:
        """Forget the step that was made when this schedule was."""
        self.last_epoch -= 1

    def factor(self, epoch: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} does not say what a rate is multiplied by: define factor()")

    def get_lr(self) -> list[float]:
        """The rates after one more step, from what they are."""
        t, rates = self.last_epoch, [group["lr"] for group in self.optimizer.param_groups]
        if t > 0 and self._step_count == 1:  # going on
            return rates
        if t > 0 and self.factor(t - 1) == 0:
            return self._at(t)
        quotient = self.factor(t) / (self.factor(t - 1) if t > 0 else 1.0)
        return [self.floor + (rate - self.floor) * quotient for rate in rates]

    def _at(self, epoch: int) -> list[float]:
        """The rates after some steps, whatever they are now."""
        return [self.floor + (base - self.floor) * self.factor(epoch) for base in self.base_lrs]

    def get_last_lr(self) -> list[float]:
        """The rates that the last step has set, a number for each group."""
        return self._last_lr

    def step(self) -> None:
        """Set the rates for the next step of the optimizer."""
        if self._step_count == 1 and not self.optimizer.stepped:
            warnings.warn(
                "a schedule's step() came before the first step() of its optimizer, which skips the first rate: call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def _restart(self) -> None:
        """Set the rates as after no step."""
        self.last_epoch = 0
        self._set(self._at(0))

    def _set(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = rates

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update(state_dict)
