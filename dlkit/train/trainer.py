"""`fit` and `evaluate`, a few dozen lines on top of the loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train import devices
from dlkit.train.batches import batch_count, batch_size, in_step
from dlkit.train.distributed import broadcast_tensors, is_sharded, unwrap
from dlkit.train.early_stopping import EarlyStopping
from dlkit.train.history import History
from dlkit.train.loop import Loop, takes_a_value
from dlkit.train.metrics import Confusion, Mean, Metric
from dlkit.train.progress import Progress

MOMENTS = ("before_fit", "after_update", "after_epoch", "after_fit")


class Trainer(Loop):
    """A loop with `fit` and `evaluate`.

    Args:
        model, optimizer: as `Loop`, and all its other arguments.
        loss: of (output, target), a mean over what `weigh` counts.
        predict: from (model, batch) to (output, target). By default the last part of a batch is the target.
        weigh: from a batch to the number of its examples or tokens, the weight of its loss.
        metrics: functions of (output, target), by the name that `evaluate` reports.
        callbacks: objects with any of the methods `before_fit`, `after_update`, `after_epoch`, `after_fit`; each takes the trainer,
            and is called plainly: an error in it shows its own line. Set `trainer.stop` to end the training, in all processes alike.
        patience: stop after so many epochs without a better `monitor`.
        monitor: the name of a column of the history that shall fall ("accuracy" and such: `mode="max"`).
        progress: show a line with rate and remaining time; None: where someone watches.

    >>> devices.seed(0)
    >>> x = torch.linspace(-1, 1, 64).unsqueeze(1); data = [(x, 3 * x)]
    >>> net = nn.Linear(1, 1)
    >>> trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.5), nn.functional.mse_loss, device="cpu")
    >>> history = trainer.fit(data, epochs=50)
    >>> round(net.weight.item(), 2), len(history["loss"])
    (3.0, 50)
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Callable[[Any, Any], Tensor],
        *,
        predict: Callable[[nn.Module, Any], tuple[Any, Any]] | None = None,
        weigh: Callable[[Any], Any] = batch_size,
        metrics: Mapping[str, Metric | Confusion] | None = None,
        callbacks: Iterable[Any] = (),
        patience: int | None = None,
        monitor: str = "val_loss",
        mode: str = "min",
        progress: bool | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model, optimizer, **options)
        self.loss, self.predict, self.weigh, self.metrics = loss, predict or supervised, weigh, dict(metrics or {})
        self.callbacks = [*callbacks, *([] if patience is None else [EarlyStopping(patience, monitor, mode)])]
        # What saves comes last: it finds the state of the others done.
        self.callbacks.sort(key=lambda callback: hasattr(callback, "resume"))
        for callback in self.callbacks:
            check(callback)
        self.after_update += [callback.after_update for callback in self.callbacks if hasattr(callback, "after_update")]
        self.monitor, self.progress, self.history = monitor, progress, History()

    def fit(self, train: Iterable[Any], validate: Iterable[Any] | None = None, *, epochs: int) -> History:
        """Train until `epochs` are done in all; after each, evaluate on `validate`.

        Raises:
            FloatingPointError: the loss is not finite.
        """
        self._call("before_fit")
        for _ in self.epochs(epochs):
            self._epoch(train, f"epoch {self.epoch + 1}/{epochs}")
            row: dict[str, Any] = {"epoch": self.epoch, "updates": self.updates, "loss": self.training_loss()}
            row["rate"] = float(self.optimizer.param_groups[0]["lr"])
            if validate is not None:
                row |= {f"val_{name}": value for name, value in self.evaluate(validate).items()}
            if self.schedule is not None and takes_a_value(self.schedule):
                self.schedule.step(row[self.monitor] if self.monitor in row else row["loss"])
            self.history.append(row)
            self._call("after_epoch")
        self._call("after_fit")
        return self.history

    def _epoch(self, train: Iterable[Any], label: str) -> None:
        progress = Progress(batch_count(train), label, show=self._shows())
        model, predict, compute, weigh, plain = self.model, self.predict, self.loss, self.weigh, self.dtype == torch.float32
        try:
            for batch in self.batches(train):
                if plain:
                    output, target = predict(model, batch)
                    loss = compute(output, target)
                else:
                    with self.autocast():
                        output, target = predict(model, batch)
                        loss = compute(output, target)
                self.step(loss, None if weigh is batch_size else weigh(batch))
                if progress.on:
                    progress.done(self.batch, self.running.sum / self.running.weight if self.running.weight else None)
        finally:
            progress.close()

    def evaluate(self, loader: Iterable[Any]) -> dict[str, float]:
        """Means over all examples of the loaders of all processes; the model's mode is as before.

        Deal the examples by `DistributedBatchSampler(data, size, world, shuffle=False)`, which repeats none and gives each process as many batches.

        Raises:
            ValueError: the loader's sampler counts examples twice; or the processes hold parts of the model, and have not as many batches.
        """
        once(loader)
        model = unwrap(self.model)
        broadcast_tensors(model.buffers(), self.processes)  # the model that is measured is the one that is saved
        training = model.training
        model.eval()
        loss, tables = Mean(lambda output, target: output), {name: table(metric) for name, metric in self.metrics.items()}
        try:
            for batch in in_step(loader, batch_count(loader), self.processes) if self.processes.size > 1 and is_sharded(model) else loader:
                batch = devices.move(batch, self.device)
                with torch.no_grad(), self.autocast():
                    output, target = self.predict(model, batch)
                    value = self.loss(output, target)
                weight = self.weigh(batch)
                if weight:  # a mean over nothing is NaN
                    loss.add((value.float() if value.device.type == "mps" else value.double()) * weight, weight)
                for each in tables.values():
                    each.update(output, target)
        finally:
            model.train(training)
        means = {"loss": loss, **tables}
        return {name: each.compute(self.processes, self.device) for name, each in means.items()}

    def training_loss(self) -> float:
        """The weighted mean of this epoch's losses, over all processes."""
        self.running.fold()
        total, weight = self.processes.total(self.running.sum, self.running.weight)
        return total / weight if weight else math.nan

    def _call(self, moment: str) -> None:
        for callback in self.callbacks:
            if hasattr(callback, moment):
                getattr(callback, moment)(self)

    def _shows(self) -> bool | None:
        return False if self.processes.rank else self.progress

    def state_dict(self) -> dict[str, Any]:
        kept = [callback.state_dict() for callback in self.callbacks if hasattr(callback, "state_dict")]
        return super().state_dict() | {"history": self.history.rows, "callbacks": kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.history = History(state["history"])
        own = [callback for callback in self.callbacks if hasattr(callback, "state_dict")]
        if len(own) != len(state["callbacks"]):
            raise ValueError(f"the checkpoint has the state of {len(state['callbacks'])} callbacks, this run has {len(own)}: make both alike")
        for callback, kept in zip(own, state["callbacks"], strict=True):
            callback.load_state_dict(kept)


def supervised(model: nn.Module, batch: Any) -> tuple[Any, Any]:
    """The model's output for all parts of a batch but the last, and the last: the target."""
    *inputs, target = batch
    return model(*inputs), target


def check(callback: Any) -> None:
    """A method that would never be called is a slip of the pen."""
    wrong = [name for name in dir(callback) if name.startswith(("before_", "after_", "on_")) and name not in MOMENTS]
    if wrong:
        raise ValueError(f"{type(callback).__name__}.{wrong[0]} would never be called; a callback may have: {', '.join(MOMENTS)}")


def table(metric: Metric | Confusion) -> Mean | Confusion:
    """Where the values of a metric are gathered."""
    if isinstance(metric, Confusion):
        metric.reset()
        return metric
    return Mean(metric)


def once(loader: Any) -> None:
    """Each example is counted once: no sampler that repeats some to make shares equal."""
    sampler = getattr(loader, "sampler", None)
    if isinstance(sampler, torch.utils.data.DistributedSampler) and sampler.total_size != len(sampler.dataset):
        done = "repeats" if sampler.total_size > len(sampler.dataset) else "drops"
        raise ValueError(f"DistributedSampler {done} examples, so this evaluation would be wrong: use batch_sampler=DistributedBatchSampler(data, size, world, shuffle=False)")
