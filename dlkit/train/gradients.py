"""From the losses of a group of batches to one update: weighed, scaled for fp16, clipped."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from dlkit.train.distributed import clip, scale
from dlkit.train.world import World


class Gradients:
    """Adds up the gradients of batches, and applies them as that of one mean over all of a group, on all processes.

    How much a group weighs is known only at its end. So each loss, a mean, is multiplied by its weight before the backward pass, and
    the gradient is divided by the sum of weights afterwards; both relative to the first weight that ever was, to stay in the range
    of fp16. Engines of several processes give the mean of their gradients; those of a `split` model see the same examples, all count
    them, and the mean is right, too.

    Args:
        optimizer: of the parameters.
        processes, device: where they are.
        weigh: whether there is more than one batch on one process to an update.
        clip: largest norm; None clips nothing.
        scaler: of losses in fp16.

    >>> weight = torch.nn.Parameter(torch.tensor(1.0))
    >>> gradients = Gradients(torch.optim.SGD([weight], lr=1.0), World(), torch.device("cpu"), weigh=True)
    >>> for part in torch.arange(6.0).split([1, 5]):
    ...     gradients.add((weight * part).mean(), len(part))
    >>> gradients.apply(), weight.item()
    (True, -1.5)
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, processes: World, device: torch.device, *, weigh: bool, clip: float | None = None, scaler: Any = None
    ) -> None:
        self.optimizer, self.processes, self.device = optimizer, processes, device
        self.weigh, self.clip, self.scaler = weigh, clip, scaler
        self.parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        if scaler is not None and len({getattr(parameter, "device_mesh", None) for parameter in self.parameters}) > 1:
            raise ValueError("a scaler does not take a model that is partly split: use precision='bf16'")
        self.norm: Tensor | None = None
        self.reference: float | None = None
        self.weight: Any = 0.0  # of the batches since the last update
        self.waiting = False  # for `apply`

    def add(self, loss: Tensor, weight: Any) -> None:
        """Of a batch, whose loss is a mean over `weight` examples or tokens: a tensor of shape ()."""
        if self.weigh:
            if self.reference is None:
                self.reference = max(self._total(weight).item() / self.processes.size, 1.0)
            self.weight += weight
            loss = loss * ((weight if isinstance(weight, (int, float)) else self._exact(weight)) / self.reference)
        if self.scaler is not None:
            loss = self.scaler.scale(loss)
        loss.backward()
        self.waiting = True

    def apply(self) -> bool:
        """Update the parameters. False: a gradient was out of the range of fp16, and they are as they were."""
        optimizer, scaler, went = self.optimizer, self.scaler, True
        if self.weigh:
            total = self._total(self.weight)  # stays on the device: to read it would make the program wait for the backward pass
            scale(self.parameters, torch.where(total > 0, (self.reference or 1.0) * self.processes.size / total, 1.0))
        if scaler is not None:
            with warnings.catch_warnings():  # distributed tensors say that the scaler has the shape (1,)
                warnings.filterwarnings("ignore", message="Found a non-scalar tensor")
                scaler.unscale_(optimizer)
        if self.clip is not None:
            self.norm = clip(self.parameters, self.clip)
        if scaler is None:
            optimizer.step()
        else:
            before = scaler.get_scale()
            scaler.step(optimizer)
            scaler.update()
            went = scaler.get_scale() >= before
        self.drop()
        return went

    def drop(self) -> None:
        """Nothing waits any more."""
        self.optimizer.zero_grad()
        self.weight, self.waiting = 0.0, False

    def _total(self, weight: Any) -> Tensor:
        """Of all processes."""
        return self.processes.sum(self._exact(weight))

    def _exact(self, weight: Any) -> Tensor:
        """A count divided as it is would be rounded to float32. Numbers are filled in on the device: a copy would be waited for."""
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        return weight.to(self.device, dtype) if isinstance(weight, Tensor) else torch.full((), weight, dtype=dtype, device=self.device)
