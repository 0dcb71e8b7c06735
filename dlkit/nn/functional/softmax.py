"""Softmax, its logarithm, and the cross entropy of classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, fused, rules
from dlkit.functions.axes import axis

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["cross_entropy", "log_softmax", "softmax"]


def _prepared(x: Tensor, dim: int | None, dtype: Any) -> tuple[Tensor, int]:
    if dim is None:  # as torch guesses it
        dim = 0 if x.ndim in (0, 1, 3) else 1
    x = x if dtype is None or x.dtype == dtype else rules.cast(x, dtype=dtype)
    dim = axis(dim, x.ndim)
    return (x, dim) if x.ndim else (x.reshape(1), 0)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) / sum exp(x) along an axis: positive numbers that sum to 1.

    Args:
        dim: the axis. Name it: without it, torch's old guess is made (0 for 1 or 3 axes, else 1).
        dtype: compute with this element type.

    >>> from dlkit import Tensor
    >>> softmax(Tensor([0.0, 0.0, -float("inf")]), dim=0)
    tensor([0.5000, 0.5000, 0.0000])
    """
    x, dim = _prepared(input, dim, dtype)
    return fused.softmax(x, dim=dim).reshape(input.shape) if x.numel() else x * 1.0


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log softmax(x) = x - log sum exp(x), exact also where the softmax is too small for a float."""
    x, dim = _prepared(input, dim, dtype)
    return fused.log_softmax(x, dim=dim).reshape(input.shape) if x.numel() else x * 1.0


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of classes under softmax(logits): for a class y, -log softmax(x)[y].

    Args:
        input: logits (n, classes, ...), or (classes).
        target: the class of each (n, ...), integers; or a probability for each class, as the input's shape.
        weight: how much each class counts (classes).
        ignore_index: targets of this class do not count at all.
        reduction: "mean" (weighted by `weight`), "sum", or "none".
        label_smoothing: so much of every target is spread evenly over all classes.

    Raises:
        ValueError: a reduction that does not exist, or shapes that do not fit.
        IndexError: a target that is no class.

    >>> from dlkit import Tensor, tensor
    >>> cross_entropy(Tensor([[0.0, 0.0]]), tensor([1]))
    tensor(0.6931)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction!r} is not a valid value for reduction: it is 'mean', 'sum' or 'none'")
    if size_average is not None or reduce is not None:
        raise NotImplementedError(
            "size_average and reduce are torch's old names: say reduction='mean', 'sum' or 'none'"
        )
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing={label_smoothing}: it is between 0 and 1")
    if input.ndim == 0:
        raise ValueError("cross_entropy of one number: logits are (n, classes, ...), or (classes)")
    classes = input.shape[0 if input.ndim == 1 else 1]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(f"weight has shape {weight.shape}, and there are {classes} classes")
    if target.shape == input.shape and backend.is_float(target.data):
        return _of_probabilities(input, target, weight, reduction, label_smoothing)
    if target.shape != (input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()):
        raise ValueError(
            f"cross_entropy of logits {input.shape} and targets {target.shape}: the targets have no axis of classes"
        )

    logits = _rows(input, classes)
    labels = target.data.reshape(-1)
    counts = labels != ignore_index
    known = rules.where(tensors.Tensor(counts), tensors.Tensor(labels), 0).data
    if len(known) and (int(known.min()) < 0 or int(known.max()) >= classes):
        raise IndexError(
            f"a target is {int(known.min())} or {int(known.max())}, and there are {classes} classes: 0 to {classes - 1}"
        )
    of_class = None if weight is None else weight.data
    plain = of_class is None and bool(counts.all())
    worth = backend.cast(counts, input.dtype) if of_class is None else of_class[known] * counts
    loss = fused.nll_of_logits(logits, tensors.Tensor(known))
    if not plain:  # what does not count gets no gradient, not even 0 times infinity where nothing counts
        loss = loss if of_class is None else loss * tensors.Tensor(of_class[known])
        loss = rules.where(tensors.Tensor(counts), loss, 0.0)
    if label_smoothing:
        log_p = fused.log_softmax(logits, dim=1)
        log_p = log_p if weight is None else log_p * weight.detach()
        even = rules.where(tensors.Tensor(counts), log_p.sum(1) / -classes, 0.0)
        loss = loss * (1 - label_smoothing) + even * label_smoothing
    if reduction == "none":
        return loss.reshape(target.shape)
    total = loss.sum()
    return total if reduction == "sum" else total / (float(len(labels)) if plain else tensors.Tensor(worth).sum())


def _rows(x: Tensor, classes: int) -> Tensor:
    """Logits with the classes as the last of two axes."""
    if x.ndim > 2:
        x = rules.permute(x, dims=(0, *range(2, x.ndim), 1))
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape) // max(classes, 1), classes)


def _of_probabilities(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    dim = 0 if x.ndim == 1 else 1
    classes = x.shape[dim]
    log_p = fused.log_softmax(x, dim=dim)
    if smoothing:
        target = target * (1 - smoothing) + smoothing / classes
    if weight is not None:
        log_p = log_p * weight.detach().reshape(classes, *(1 for _ in x.shape[dim + 1 :]))
    loss = -(log_p * target).sum(dim)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / (math.prod(x.shape) / max(classes, 1))
