"""One schedule for a whole run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlkit.optim.lr_scheduler.base import LRScheduler
from dlkit.optim.optimizer import Optimizer

Phase = tuple[float, tuple[str, str], tuple[str, str]]
"""The step at which it ends, and between which entries of a group the rate and the momentum go."""


class OneCycleLR(LRScheduler):
    """Up from `max_lr / div_factor` to `max_lr` and far below where it began, within one run; momentum the other way.

    Args:
        max_lr: the highest rate, or a list of one for each group.
        total_steps: the length of the run; or `epochs` times `steps_per_epoch`.
        pct_start: the part of the run that goes up.
        anneal_strategy: `"cos"` or `"linear"`, the shape of the ways.
        cycle_momentum: whether momentum (or the first beta) goes from `max_momentum` to `base_momentum` and back.
        div_factor: `max_lr` divided by the first rate.
        final_div_factor: the first rate divided by the last.
        three_phase: come down to the first rate as steeply as up, and only then below it.

    Raises:
        ValueError: no length, an unknown strategy, an optimizer without momentum to cycle; or a step beyond the end.

    Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR needs the length of the run: total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0:
            raise ValueError(f"OneCycleLR: a run of {total_steps} steps is none")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start={pct_start}, and it must be from 0 to 1")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy={anneal_strategy!r}, and it must be 'cos' or 'linear'")
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        up = pct_start * total_steps - 1
        rises, falls = ("max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
        self.phases: list[Phase] = [(up, ("initial_lr", "max_lr"), rises)]
        if three_phase:
            self.phases += [(2 * up, ("max_lr", "initial_lr"), falls)]
            self.phases += [(total_steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]
        else:
            self.phases += [(total_steps - 1, ("max_lr", "min_lr"), falls)]
        if cycle_momentum and not {"momentum", "betas"} & {*optimizer.defaults}:
            raise ValueError(f"{type(optimizer).__name__} has no momentum to cycle: say cycle_momentum=False")
        if last_epoch == -1:
            given = (_each(optimizer, value) for value in (max_lr, base_momentum, max_momentum))
            for group, high, base, most in zip(optimizer.param_groups, *given, strict=True):
                first = high / div_factor
                group |= {"initial_lr": first, "max_lr": high, "min_lr": first / final_div_factor}
                if cycle_momentum:
                    group |= {"base_momentum": base, "max_momentum": most}
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return self._at(self.last_epoch)

    def _at(self, epoch: int) -> list[float]:
        if epoch > self.total_steps:
            raise ValueError(f"the run of OneCycleLR has {self.total_steps} steps, and this is step {epoch}")
        i = next((i for i, phase in enumerate(self.phases) if epoch <= phase[0]), len(self.phases) - 1)
        start, (end, rate, momentum) = self.phases[i - 1][0] if i else 0.0, self.phases[i]
        part = (epoch - start) / (end - start) if end != start else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                now = self._between(group[momentum[0]], group[momentum[1]], part)
                group |= {"betas": (now, *group["betas"][1:])} if "betas" in group else {"momentum": now}
        return [self._between(group[rate[0]], group[rate[1]], part) for group in self.optimizer.param_groups]

    def _between(self, start: float, end: float, part: float) -> float:
        if self.anneal_strategy == "cos":
            part = (1 - math.cos(math.pi * part)) / 2
        return start + (end - start) * part


def _each(optimizer: Optimizer, value: float | Sequence[float]) -> list[float]:
    """A number for each group."""
    groups = len(optimizer.param_groups)
    found = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)] * groups
    if len(found) != groups:
        raise ValueError(f"there are {groups} groups of parameters, and {len(found)} numbers for them")
    return found
