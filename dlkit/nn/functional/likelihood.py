"""Losses that are the negative logarithm of a probability, and the divergence of two distributions.

`reduction` is `"mean"`, `"sum"` or `"none"`. The cross entropy is in `softmax.py`.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.arithmetic import clamp, xlogy
from dlkit.nn.functional.loss import of_old, reduced

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "kl_div",
    "nll_loss",
    "poisson_nll_loss",
]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-x[y]: the negative logarithm of the probability of the right class.

    Args:
        input: logarithms of probabilities (n, classes, ...), or (classes).
        target: the class of each (n, ...), integers.
        weight: how much each class counts (classes); a mean divides by what has counted.
        ignore_index: targets of this class do not count at all.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: shapes that do not fit.
        IndexError: a target that is no class.

    >>> nll_loss(tensor([[-1.0, -2.0], [-3.0, -4.0]]), tensor([0, 1]))
    tensor(2.5000)
    """
    of_old(size_average, reduce)
    if target.shape != (input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()):
        raise ValueError(f"nll_loss of {input.shape} and targets {target.shape}: the targets have no axis of classes")
    dim, one = (1 if input.ndim > 1 else 0), rules.where
    counts = target != ignore_index
    known = one(counts, target, 0)
    classes = input.shape[dim]
    if known.numel() and not (int(known.data.min()) >= 0 and int(known.data.max()) < classes):
        raise IndexError(f"a target is no class: there are {classes}, 0 to {classes - 1}")
    picked = input.gather(dim, known.unsqueeze(dim)).squeeze(dim)
    worth = tensors.Tensor(backend.cast(counts.data, input.dtype))
    worth = worth if weight is None else weight[known] * worth
    loss = one(counts, -picked * worth, 0.0)
    return loss.sum() / worth.sum() if reduction == "mean" else reduced(loss, reduction)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(y log p + (1 - y) log(1 - p)) for probabilities p; no logarithm is taken for less than -100.

    >>> binary_cross_entropy(tensor([0.5, 0.9]), tensor([0.0, 1.0]), reduction="none")
    tensor([0.6931, 0.1054])
    """
    of_old(size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(
            f"binary_cross_entropy of {input.shape} and targets {target.shape}: the shapes must be the same"
        )
    loss = -(target * clamp(rules.log(input), min=-100) + (1 - target) * clamp(rules.log1p(-input), min=-100))
    return reduced(loss if weight is None else loss * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """The binary cross entropy of sigmoid(x), without overflow; `pos_weight` is how much more a target of 1 counts.

    >>> binary_cross_entropy_with_logits(tensor([0.0, 100.0]), tensor([0.0, 1.0]), reduction="none")
    tensor([0.6931, 0.0000])
    """
    of_old(size_average, reduce)
    if input.shape != target.shape:
        raise ValueError(f"logits of {input.shape} and targets {target.shape}: the shapes must be the same")
    if pos_weight is None:
        loss = rules.softplus(input) - input * target
    else:
        loss = (1 - target) * input + rules.softplus(-input) * ((pos_weight - 1) * target + 1)
    return reduced(loss if weight is None else loss * weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """y (log y - x) for logarithms x of probabilities: summed, the divergence of Kullback and Leibler.

    Args:
        input: logarithms of probabilities.
        target: probabilities, or, with `log_target`, their logarithms.
        reduction: also `"batchmean"`: the sum divided by the length of the first axis, which is the divergence's mean.

    >>> kl_div(tensor([[0.5, 0.5]]).log(), tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    of_old(size_average, reduce)
    loss = rules.exp(target) * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return loss.sum() / (input.shape[0] if input.ndim else 1)
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: None = None,
    eps: float = 1e-8,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - y x: the negative logarithm of a Poisson probability but for what x does not touch.

    Args:
        input: the logarithm of the rate; with `log_input=False` the rate.
        target: counts.
        full: add what x does not touch, by Stirling's formula, for counts above 1.
        eps: added to a rate before its logarithm is taken.

    >>> poisson_nll_loss(tensor([0.0]), tensor([2.0]))
    tensor(1.)
    """
    of_old(size_average, reduce)
    loss = rules.exp(input) - target * input if log_input else input - target * rules.log(input + eps)
    if full:
        big = target > 1
        y = rules.where(big, target, 1.0)
        loss = loss + rules.where(big, y * rules.log(y) - y + rules.log(y * (2 * math.pi)) * 0.5, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """(log v + (x - y)^2 / v) / 2: the negative logarithm of a normal density with mean x and variance v.

    Args:
        input: means.
        target: what was seen.
        var: variances: the input's shape, with 1 for some axes, or without the last; or one number. Not below `eps`.
        full: add the constant log(2 pi) / 2.

    Raises:
        ValueError: a negative variance, or shapes that do not fit.

    >>> gaussian_nll_loss(tensor([0.0]), tensor([2.0]), tensor([1.0]))
    tensor(2.)
    """
    if isinstance(var, float):
        var = input.new_full(input.shape, var)
    if var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or any(v not in (1, n) for v, n in zip(var.shape, input.shape, strict=True)):
            raise ValueError(f"means {input.shape} and variances {var.shape}: these are as many, or one for many")
    if bool((var < 0).any()):
        raise ValueError("a variance is negative")
    var = var + (clamp(var.detach(), min=eps) - var.detach())  # no gradient is lost below eps
    loss = (rules.log(var) + rules.pow(input - target, 2) / var) * 0.5
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
