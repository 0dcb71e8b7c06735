"""The loop, for those who write their own: batches on the device, and steps that accumulate, clip and update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train import devices
from dlkit.train.ask import compile_in_place, examples, length, takes_a_value
from dlkit.train.history import Running
from dlkit.train.place import Place
from dlkit.train.processes import Processes, Single


class Loop:
    """Trains a model, batch by batch; the loop stays yours.

        loop = Loop(model, torch.optim.SGD(model.parameters(), lr=0.1))
        for epoch in loop.epochs(10):
            for x, y in loop.batches(loader):
                with loop.autocast():
                    loss = F.cross_entropy(model(x), y)
                loop.step(loss)

    Args:
        model: moved to the device, where it stays the same object; may be wrapped in `DistributedDataParallel`.
        optimizer: of the model's parameters.
        device: a name, or None for the best there is.
        precision: "fp32", "bf16" or "fp16" (with a scaled loss).
        accumulate: batches to an update. Each counts by its weight, so that the update is that of one big batch.
        clip: largest norm of the gradient.
        schedule: a schedule of `torch.optim.lr_scheduler`, advanced with every update, whatever the number of processes.
        schedule_every: "step" or "epoch".
        compile: compile the model in place, so that names in its `state_dict` stay; or the arguments of `torch.compile`.
        processes: who trains together.

    Attributes:
        epoch, batch, updates: epochs done, batches done in this one, updates done in all.
        running: the weighted mean of the losses of this epoch.
        norm: of the last gradient, where it is clipped.
        stop: set it, and `epochs` ends.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        device: str | torch.device | None = None,
        precision: str = "fp32",
        accumulate: int = 1,
        clip: float | None = None,
        schedule: Any = None,
        schedule_every: str = "step",
        compile: bool | dict[str, Any] = False,
        processes: Processes | None = None,
    ) -> None:
        if accumulate < 1:
            raise ValueError(f"accumulate={accumulate}: an update needs at least 1 batch")
        if clip is not None and not clip > 0:
            raise ValueError(f"clip={clip}: the largest norm must be above 0; None clips nothing")
        if schedule_every not in ("step", "epoch"):
            raise ValueError(f"schedule_every={schedule_every!r} is neither 'step' nor 'epoch'")
        if schedule is not None and schedule.optimizer is not optimizer:
            raise ValueError("the schedule changes the rate of another optimizer: make it with the one given here")
        self.parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if not {id(p) for p in self.parameters} & {id(p) for p in model.parameters()}:
            raise ValueError("the optimizer holds no parameter of the model: make it from `model.parameters()`, after the model is final")
        self.device = devices.pick(device)
        self.dtype = devices.precision(precision, self.device)
        self.model = model.to(self.device)
        self.optimizer, self.schedule, self.schedule_every = optimizer, schedule, schedule_every
        self.accumulate, self.clip = accumulate, clip
        self.processes: Processes = processes or Single()
        self.scaler = torch.amp.GradScaler(self.device.type) if precision == "fp16" else None
        if compile:
            compile_in_place(model, **(compile if isinstance(compile, dict) else {}))
        self.epoch = self.batch = self.updates = 0
        self.stop = False
        self.norm: Tensor | None = None
        self.running = Running()
        self.after_update: list[Callable[[Any], object]] = []  # called with the loop itself
        self._weighted = accumulate > 1 or self.processes.world > 1
        self._reference: float | None = None  # the first weight; losses are weighed relative to it, to stay in fp16's range
        self._weight: Any = 0.0  # of the batches since the last update
        self._examples = 1
        self._last = True
        self._pending = False
        self._place = Place()

    def autocast(self) -> AbstractContextManager[Any]:
        """Within it, matrix products compute in the precision asked for."""
        return nullcontext() if self.dtype == torch.float32 else torch.autocast(self.device.type, self.dtype)

    def epochs(self, count: int) -> Iterator[int]:
        """Numbers of the epochs still to do, until `count` are done."""
        while self.epoch < count and not self.stop:
            epoch = self.epoch
            yield epoch
            if self.epoch == epoch:  # the epoch was left early
                self._finish()

    def batches(self, loader: Iterable[Any]) -> Iterator[Any]:
        """One epoch of batches on the device. After `resume` it begins where the checkpoint was made."""
        self.model.train()
        self.optimizer.zero_grad()
        self._pending, self._weight = False, 0.0
        if not self._place.resumed:
            self.batch = 0
        if not self.batch:
            self.running = Running()
        iterator = self._place.begin(loader, self.epoch, self.batch)
        total = length(loader)
        still, several = self.device.type == "cpu", self.processes.world > 1
        for batch in iterator:
            self.batch += 1
            self._last = self.accumulate == 1 or self.batch % self.accumulate == 0 or self.batch == total
            if several:
                self.processes.synchronize(self.model, self._last or total is None)
            self._examples = examples(batch)
            yield batch if still else devices.move(batch, self.device)
        if self._pending:
            self._update()
        self._finish()
        if self.schedule is not None and self.schedule_every == "epoch" and not takes_a_value(self.schedule):
            self.schedule.step()

    def step(self, loss: Tensor, weight: Any = None) -> None:
        """Add the gradient of a batch's mean loss; after the last batch of a group, update.

        Args:
            loss: a mean over examples or tokens.
            weight: over how many; a number or tensor. None: the examples of the batch.
        """
        if weight is None:
            weight = self._examples
        if loss.device.type == "cpu":
            value = loss.item()
            if not math.isfinite(value):
                raise self._not_finite(value)
            count = weight if type(weight) is int else float(weight)
            self.running.sum += value * count
            self.running.weight += count
        else:
            self.running.add(loss.detach(), weight)
        if self._weighted:
            if self._reference is None:
                first = torch.tensor(float(weight), dtype=torch.float64, device=self.device)
                self._reference = max(float(self.processes.sum(first)) / self.processes.world, 1.0)
            self._weight += weight
            loss = loss * (weight / self._reference)
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        loss.backward()
        self._pending = True
        if self._last:
            self._update()

    def _update(self) -> None:
        optimizer, scaler, went = self.optimizer, self.scaler, True
        if self._weighted:
            self._divide()
        if scaler is not None:
            scaler.unscale_(optimizer)
        if self.clip is not None:
            self.norm = nn.utils.clip_grad_norm_(self.parameters, self.clip)
        if scaler is None:
            optimizer.step()
        else:
            before = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            went = scaler.get_scale() >= before  # else the gradient overflowed, and nothing was updated
        optimizer.zero_grad()
        self._pending, self._weight = False, 0.0
        self.updates += 1
        if went and self.schedule is not None and self.schedule_every == "step":
            self.schedule.step()
        if self.device.type != "cpu" and not self.running._waiting and not math.isfinite(self.running.sum):
            raise self._not_finite(self.running.sum)
        for call in self.after_update:
            call(self)

    def _divide(self) -> None:
        """Sums of gradients become the mean over all that the group, on all processes, holds."""
        weight = torch.as_tensor(self._weight, dtype=torch.float64, device=self.device)
        total = float(self.processes.sum(weight))
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if total > 0 and gradients:  # engines of several processes give the mean over processes, not the sum
            torch._foreach_mul_(gradients, (self._reference or 1.0) * self.processes.world / total)

    def _finish(self) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._place.finish()

    def _not_finite(self, value: float) -> FloatingPointError:
        where = f"epoch {self.epoch + 1}, batch {self.batch}, after {self.updates} updates"
        return FloatingPointError(
            f"the loss is {value} ({where}). Often: a rate too large, log(0), 0/0, or fp16 out of range.\n"
            "    Try a smaller rate, clip=1.0, precision='bf16'; torch.autograd.set_detect_anomaly(True) names the operation"
        )

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, but the model's own state."""
        if self._pending:
            raise RuntimeError("a checkpoint between the batches of a group would lose their gradients: save after an update")
        self.running.fold()
        return {
            "epoch": self.epoch, "batch": self.batch, "updates": self.updates, "stop": self.stop, "reference": self._reference,
            "running": [self.running.sum, self.running.weight],
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch, self.batch, self.updates = state["epoch"], state["batch"], state["updates"]
        self.stop, self._reference = state["stop"], state["reference"]
        self.running = Running()
        self.running.sum, self.running.weight = state["running"]
        self.optimizer.load_state_dict(state["optimizer"])
        for name in ("schedule", "scaler"):
            own, saved = getattr(self, name), state[name]
            if (own is None) != (saved is None):
                raise ValueError(f"the checkpoint has {'a' if saved else 'no'} {name}, this run has {'one' if own else 'none'}: make both alike")
            if own is not None:
                own.load_state_dict(saved)

    def random_state(self) -> dict[str, Any]:
        """The generators now and when the epoch began: each process has its own."""
        return self._place.state_dict()

    def load_random_state(self, state: dict[str, Any]) -> None:
        """As it was; the next `batches` goes to the place in the data."""
        self._place.load_state_dict(state)
