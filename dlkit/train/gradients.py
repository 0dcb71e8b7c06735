"""From the losses of a group of batches to one update: weighed, scaled for fp16, clipped; on one process or several."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

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


def weighted(world: World, model: nn.Module, parts: Iterable[Any], count: Any) -> Iterator[tuple[Any, float]]:
    """Yields `(part, weight)`: the weighted sums of losses have the gradient of the mean over all tokens of all processes.

    A batch is given in `parts`, as many in every process; `count(part)` is the number of tokens (or examples) whose losses
    `part` sums up. The mean of the parts' means is another number when the counts differ.

    Raises:
        ValueError: the processes have not as many parts.

    >>> model = nn.Linear(1, 1, bias=False)
    >>> for part, weight in weighted(World(), model, torch.arange(6.0).unsqueeze(1).split([1, 5]), len):
    ...     (weight * model(part).sum()).backward()
    >>> model.weight.grad.item()  # the mean of 0, ..., 5
    2.5
    """
    parts = list(parts)
    counts = world.gather((len(parts), float(sum(count(part) for part in parts))))
    if len({length for length, _ in counts}) > 1:
        raise ValueError(f"the processes have {', '.join(str(length) for length, _ in counts)} parts: give each as many.")
    total = sum(tokens for _, tokens in counts)
    weight = world.size / total if total else 0.0  # the engines take the mean over processes
    with contextlib.ExitStack() as after:
        after.callback(world.synchronize, model, True)
        for at, part in enumerate(parts):
            world.synchronize(model, at == len(parts) - 1)
            yield part, weight


def clip(parameters: Iterable[nn.Parameter], most: float) -> Tensor:
    """Scale gradients in place so that their norm over all processes is at most `most`; the norm before, as a plain tensor of shape ().

    `torch.nn.utils.clip_grad_norm_` does not take a mixture of plain and distributed tensors, as `split` leaves it.

    >>> weight = nn.Parameter(torch.zeros(2)); weight.grad = torch.tensor([3.0, 4.0])
    >>> clip([weight], 1.0).item(), round(weight.grad.norm().item(), 3)
    (5.0, 1.0)
    """
    parameters = list(parameters)
    lists = by_mesh(parameters)
    if len(lists) <= 1:
        norm = nn.utils.clip_grad_norm_(parameters, most)
        return norm.full_tensor() if hasattr(norm, "full_tensor") else norm
    norms = [torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])) for gradients in lists]
    total = torch.linalg.vector_norm(torch.stack([norm.full_tensor() if hasattr(norm, "full_tensor") else norm for norm in norms]))
    scale(parameters, (most / (total + 1e-6)).clamp(max=1.0))
    return total


def scale(parameters: Iterable[nn.Parameter], factor: Tensor) -> None:
    """Multiply gradients by a tensor of shape (), in place: what this process has of each."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    with torch.no_grad():
        torch._foreach_mul_([gradient.to_local() if hasattr(gradient, "to_local") else gradient for gradient in gradients], factor)


def by_mesh(parameters: Iterable[nn.Parameter]) -> list[list[Tensor]]:
    """Their gradients, in lists that PyTorch's functions of lists take: `split` and `shard` leave a mixture of plain tensors
    and of distributed ones on other meshes."""
    lists: dict[Any, list[Tensor]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            lists.setdefault(getattr(parameter.grad, "device_mesh", None), []).append(parameter.grad)
    return list(lists.values())
