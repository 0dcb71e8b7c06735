"""The loop, for those who write their own: batches on the device, and steps that accumulate, clip and update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train import devices
from dlkit.train.batches import batch_count, batch_size, in_step
from dlkit.train.compiling import compile_in_place
from dlkit.train.distributed import is_distributed, is_sharded
from dlkit.train.gradients import Gradients
from dlkit.train.loader_state import LoaderState
from dlkit.train.running_loss import RunningLoss, not_finite
from dlkit.train.world import World


class Loop:
    """Trains a model, batch by batch; the loop stays yours.

    Args:
        model: moved to the device, where it stays the same object; may be spread by `replicate`, `shard` or `split`.
        optimizer: of the model's parameters.
        device: a name; None: that of `processes`, else the best there is.
        precision: "fp32", "bf16" or "fp16" (with a scaled loss).
        accumulate: batches to an update. Each counts by its weight, so that the update is that of one big batch.
        clip: largest norm of the gradient.
        schedule: a schedule of `torch.optim.lr_scheduler`, advanced with every update, whatever the number of processes.
        schedule_every: "step" or "epoch".
        compile: compile the model in place, so that names in its `state_dict` stay; or the arguments of `torch.compile`.
        processes: who trains together, as `join()` says. All of them, also where a `split` model's see the same examples.

    Attributes:
        epoch, batch, updates: epochs done, batches done in this one, updates done in all.
        running: the weighted mean of the losses of this epoch.
        stop: set it, and `epochs` ends.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.5), device="cpu")
    >>> for epoch in loop.epochs(20):
    ...     for x, y in loop.batches([(torch.ones(4, 1), torch.full((4, 1), 3.0))]):
    ...         with loop.autocast():
    ...             loss = nn.functional.mse_loss(net(x), y)
    ...         loop.step(loss)
    >>> loop.updates, net.weight.item()
    (20, 3.0)
    """

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, *, device: str | torch.device | None = None, precision: str = "fp32",
        accumulate: int = 1, clip: float | None = None, schedule: Any = None, schedule_every: str = "step",
        compile: bool | dict[str, Any] = False, processes: World | None = None,
    ) -> None:  # fmt: skip
        if accumulate < 1:
            raise ValueError(f"accumulate={accumulate}: an update needs at least 1 batch")
        if clip is not None and not clip > 0:
            raise ValueError(f"clip={clip}: the largest norm must be above 0; None clips nothing")
        if schedule_every not in ("step", "epoch"):
            raise ValueError(f"schedule_every={schedule_every!r} is neither 'step' nor 'epoch'")
        if schedule is not None and schedule.optimizer is not optimizer:
            raise ValueError("the schedule changes the rate of another optimizer: make it with the one given here")
        own = {id(parameter) for parameter in model.parameters()}
        if not any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
            raise ValueError("the optimizer holds no parameter of the model: make it from `model.parameters()`, after the model is final")
        if processes is None and is_distributed(model):
            raise ValueError("the model is spread over processes: say which, by processes=world")
        if processes is not None and processes.size > 1 and not is_distributed(model):
            raise ValueError(f"each of {processes.size} processes would train a model of its own: use replicate(model, world), shard or split")
        self.processes = processes or World()
        self.device = devices.pick(processes.device if device is None and processes else device)
        self.dtype = devices.precision(precision, self.device)
        self.model, self.optimizer = model.to(self.device), optimizer
        self.accumulate, self.schedule, self.schedule_every = accumulate, schedule, schedule_every
        scaler = torch.amp.GradScaler(self.device.type) if precision == "fp16" else None
        self.gradients = Gradients(optimizer, self.processes, self.device, weigh=accumulate > 1 or self.processes.size > 1, clip=clip, scaler=scaler)
        if compile:
            compile_in_place(model, **(compile if isinstance(compile, dict) else {}))
        self.epoch = self.batch = self.updates = 0
        self.stop = False
        self.running = RunningLoss()
        self.after_update: list[Callable[[Any], object]] = []  # called with the loop itself
        self._examples = 1
        self._last = True  # of a group of batches
        self._loader_state = LoaderState()

    @property
    def norm(self) -> Tensor | None:
        """Of the last gradient, before it was clipped: a tensor of shape (); None where nothing clips."""
        return self.gradients.norm

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
        """One epoch of batches on the device. After `resume` it begins where the checkpoint was made.

        Raises:
            ValueError: the loaders of several processes do not have as many batches: those that have more would wait for ever.
        """
        if self.gradients.waiting and is_sharded(self.model):  # FSDP holds them where `zero_grad` does not reach
            raise RuntimeError("the last epoch was left between the batches of a group, whose gradients would be added to the next: leave after an update")
        self.model.train()
        self.gradients.drop()
        if not self._loader_state.resumed:
            self.batch = 0
        if not self.batch:
            self.running = RunningLoss()
        iterator, total, every = self._loader_state.begin(loader, self.epoch, self.batch), batch_count(loader), self.accumulate
        still, several = self.device.type == "cpu", self.processes.size > 1
        self._last = True
        for batch in in_step(iterator, total, self.processes) if several else iterator:
            self.batch += 1
            if every > 1:
                self._last = self.batch % every == 0 or self.batch == total
            if several:  # the end of a stream is not known before
                self.processes.synchronize(self.model, self._last or total is None)
            self._examples = batch_size(batch)
            yield batch if still else devices.move(batch, self.device)
        if self.gradients.waiting:
            self._update()
        self._finish()
        if self.schedule is not None and self.schedule_every == "epoch" and not takes_a_value(self.schedule):
            self.schedule.step()

    def step(self, loss: Tensor, weight: Any = None) -> None:
        """Add the gradient of a batch's mean loss; after the last batch of a group, update.

        Args:
            loss: a mean over examples or tokens, a tensor of shape ().
            weight: over how many; a number or tensor. None: the examples of the batch.

        Raises:
            FloatingPointError: the loss is NaN or infinite. On a GPU it is looked at once in 64 steps.
        """
        if weight is None:
            weight = self._examples
        if not self.running.add(loss, weight):
            raise not_finite(loss, weight, f"epoch {self.epoch + 1}, batch {self.batch}, after {self.updates} updates")
        self.gradients.add(loss, weight)
        if self._last:
            self._update()

    def _update(self) -> None:
        went = self.gradients.apply()
        self.updates += 1
        if self.schedule is not None and self.schedule_every == "step" and went:
            self.schedule.step()
        for call in self.after_update:
            call(self)

    def _finish(self) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._loader_state.finish()

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, but the model's own state."""
        if self.gradients.waiting:
            raise RuntimeError("a checkpoint between the batches of a group would lose their gradients: save after an update")
        self.running.fold()
        return {
            "epoch": self.epoch, "batch": self.batch, "updates": self.updates, "stop": self.stop, "reference": self.gradients.reference,
            "running": [self.running.sum, self.running.weight],
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "scaler": None if self.gradients.scaler is None else self.gradients.scaler.state_dict(),
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch, self.batch, self.updates = state["epoch"], state["batch"], state["updates"]
        self.stop, self.gradients.reference = state["stop"], state["reference"]
        self.running = RunningLoss()
        self.running.sum, self.running.weight = state["running"]
        self.optimizer.load_state_dict(state["optimizer"])
        for name, own in (("schedule", self.schedule), ("scaler", self.gradients.scaler)):
            if (own is None) != (state[name] is None):
                raise ValueError(f"the checkpoint has {'a' if state[name] else 'no'} {name}, this run has {'one' if own else 'none'}: make both alike")
            if own is not None:
                own.load_state_dict(state[name])

    def random_state(self) -> dict[str, Any]:
        """The generators now and when the epoch began: each process has its own."""
        return self._loader_state.state_dict()

    def load_random_state(self, state: dict[str, Any]) -> None:
        """As it was; the next `batches` goes to the place in the data."""
        self._loader_state.load_state_dict(state)


def takes_a_value(schedule: Any) -> bool:
    """Whether a schedule goes by a measured value, as ReduceLROnPlateau does."""
    return isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)
