"""Measures of a model's answers. A metric is a function that gives one value for each example (or token): `Trainer.evaluate`
averages over all of them, however they were batched or dealt to processes. What is no mean, like F1, is a `Confusion`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dlkit.train.world import World

Metric = Callable[[Any, Any], Tensor]


def accuracy(output: Tensor, target: Tensor) -> Tensor:
    """Whether the largest of `output` (N, classes) stands at `target` (N).

    >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0]))
    tensor([ True, False])
    """
    return output.argmax(-1) == target


def top(k: int) -> Metric:
    """Whether the target is among the `k` largest.

    >>> top(2)(torch.tensor([[3.0, 2.0, 1.0]]), torch.tensor([1]))
    tensor([True])
    """

    def among(output: Tensor, target: Tensor) -> Tensor:
        return (output.topk(k, -1).indices == target.unsqueeze(-1)).any(-1)

    among.__name__ = f"top{k}"
    return among


def token_loss(ignore: int = -100) -> Metric:
    """Cross-entropy of each token of `output` (N, T, classes), `target` (N, T), without tokens that are `ignore`; its mean over
    a set is the logarithm of the perplexity.

    >>> token_loss()(torch.zeros(1, 3, 2), torch.tensor([[0, 1, -100]]))
    tensor([0.6931, 0.6931])
    """

    def loss(output: Tensor, target: Tensor) -> Tensor:
        kept = target != ignore
        return functional.cross_entropy(output[kept], target[kept], reduction="none")

    return loss


def absolute_error(output: Tensor, target: Tensor) -> Tensor:
    """|output − target|, each element.

    Raises:
        ValueError: the shapes differ: (N, 1) against (N) would silently compare all with all.
    """
    if output.shape != target.shape:
        raise ValueError(f"output {tuple(output.shape)} and target {tuple(target.shape)} differ in shape: squeeze or unsqueeze one")
    return (output - target).abs()


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """(output − target)², each element; errors as `absolute_error`.

    >>> squared_error(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    tensor([0., 4.])
    """
    return absolute_error(output, target).square()


class Mean:
    """The mean of a metric over all examples of all processes.

    >>> mean = Mean(accuracy)
    >>> mean.update(torch.eye(3), torch.tensor([0, 1, 0])); mean.update(torch.eye(3)[:1], torch.tensor([1]))
    >>> mean.compute()
    0.5
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.total: Tensor | None = None  # sum and count

    def update(self, output: Any, target: Any) -> None:
        values = self.metric(output, target)
        if values.ndim == 0:
            name = getattr(self.metric, "__name__", "the metric")
            raise ValueError(f"{name} gives one value for a batch; it must give one for each example: a mean of means counts small batches too much")
        self.add(values.sum(dtype=torch.float32 if values.device.type == "mps" else torch.float64), values.numel())

    def add(self, sum: Tensor, count: Any) -> None:
        """A sum, of shape (), over so many."""
        count = count.to(sum) if isinstance(count, Tensor) else torch.full_like(sum, count)  # filled there: a copy would be waited for
        pair = torch.stack([sum, count])
        self.total = pair if self.total is None else self.total + pair

    def compute(self, processes: World | None = None, device: torch.device | str = "cpu") -> float:
        """The mean; NaN without examples."""
        total = torch.zeros(2, dtype=torch.float32 if torch.device(device).type == "mps" else torch.float64, device=device) if self.total is None else self.total
        sum, count = (processes.sum(total) if processes else total).tolist()
        return sum / count if count else float("nan")


class Confusion:
    """Counts of (true class, answered class), and what follows from them. Give it to `evaluate` in the place of a function.

    Args:
        classes: how many.
        of: what of it `evaluate` reports: "f1", "recall" or "precision", each the mean over the classes.

    >>> confusion = Confusion(2)
    >>> confusion.update(torch.tensor([[0., 1.], [1., 0.], [0., 1.]]), torch.tensor([1, 0, 0]))
    >>> confusion.counts.tolist(), round(confusion.compute(), 3)
    ([[1, 1], [0, 1]], 0.667)
    """

    def __init__(self, classes: int, of: str = "f1") -> None:
        if of not in ("f1", "recall", "precision"):
            raise ValueError(f"of={of!r} is none of 'f1', 'recall', 'precision'")
        self.classes, self.of = classes, of
        self.reset()

    def reset(self) -> None:
        self.counts = torch.zeros(self.classes, self.classes, dtype=torch.int64)

    def update(self, output: Tensor, target: Tensor) -> None:
        pairs = target.flatten() * self.classes + output.argmax(-1).flatten()
        counts = torch.bincount(pairs, minlength=self.classes**2).reshape(self.classes, self.classes)
        self.counts = self.counts.to(counts.device) + counts

    def compute(self, processes: World | None = None, device: torch.device | str = "cpu") -> float:
        counts = self.counts.to(device)
        counts = (processes.sum(counts) if processes else counts).cpu().double()
        right, true, said = counts.diagonal(), counts.sum(1), counts.sum(0)
        of = {"recall": right / true, "precision": right / said, "f1": 2 * right / (true + said)}[self.of]
        return float(of.nan_to_num(0.0).mean())
