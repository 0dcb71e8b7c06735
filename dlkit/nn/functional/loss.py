"""Losses: how far outputs are from targets. `reduction` is `"mean"`, `"sum"` or `"none"`.

Those of classes are in `likelihood.py` and `softmax.py`.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlkit.autograd import rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "huber_loss",
    "l1_loss",
    "mse_loss",
    "smooth_l1_loss",
]


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """Losses of entries as `reduction` says.

    Raises:
        ValueError: another word than torch's three.

    >>> reduced(tensor([1.0, 2.0]), "sum")
    tensor(3.)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction!r} is not a valid value for reduction: it is 'mean', 'sum' or 'none'")
    return loss if reduction == "none" else loss.mean() if reduction == "mean" else loss.sum()


def of_old(size_average: object, reduce: object) -> None:
    """Refuse what torch has given up."""
    if size_average is not None or reduce is not None:
        raise NotImplementedError(
            "size_average and reduce are torch's old names: say reduction='mean', 'sum' or 'none'"
        )


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(x - y)^2, perhaps times `weight`, which a mean divides by.

    >>> mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
    tensor(2.)
    """
    of_old(size_average, reduce)
    return _weighed(rules.pow(input - target, 2), weight, reduction)


def _weighed(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(loss, reduction)
    if reduction == "mean":
        return (loss * weight).sum() / rules.expand(weight, shape=loss.shape).sum()
    return reduced(loss * weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|x - y|.

    >>> l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0]))
    tensor(1.)
    """
    of_old(size_average, reduce)
    return _weighed(rules.abs(input - target), weight, reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Half the square of d = |x - y| up to `delta`, beyond it delta (d - delta / 2) (Huber, 1964).

    >>> huber_loss(tensor([0.0, 0.0]), tensor([1.0, 3.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    distance = rules.abs(input - target)
    near = distance <= delta
    loss = rules.where(near, distance * distance * 0.5, (distance - 0.5 * delta) * delta)
    return _weighed(loss, weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The Huber loss divided by `beta`: the slope far away is 1; with beta 0, |x - y|.

    >>> smooth_l1_loss(tensor([0.0, 0.0]), tensor([1.0, 3.0]), reduction="none", beta=2.0)
    tensor([0.2500, 2.0000])
    """
    of_old(size_average, reduce)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    distance = rules.abs(input - target)
    loss = rules.where(distance < beta, distance * distance * (0.5 / beta), distance - 0.5 * beta)
    return reduced(loss, reduction)
