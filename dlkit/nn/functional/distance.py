"""Distances and angles between vectors, and losses that are made of them.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlkit.autograd import rules
from dlkit.functions.arithmetic import clamp, minimum
from dlkit.functions.axes import Dims
from dlkit.functions.linalg import vector_norm
from dlkit.functions.parts import broadcast_tensors
from dlkit.nn.functional.loss import of_old, reduced

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "cosine_embedding_loss",
    "cosine_similarity",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "normalize",
    "pairwise_distance",
    "soft_margin_loss",
    "triplet_margin_loss",
]


def normalize(input: Tensor, p: float = 2.0, dim: Dims = 1, eps: float = 1e-12) -> Tensor:
    """Vectors along an axis divided by their norm, or by `eps` where that is larger.

    >>> normalize(tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return input / clamp(vector_norm(input, p, dim, keepdim=True), min=eps)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along an axis: x . y / (max(|x|, eps) max(|y|, eps)).

    >>> cosine_similarity(tensor([[1.0, 0.0]]), tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    x, y = broadcast_tensors(x1, x2)
    return rules.sum(
        normalize(x, 2, dim, eps) * normalize(y, 2, dim, eps), dim=(dim % max(x.ndim, 1),) if x.ndim else ()
    )


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The norm of x - y + eps along the last axis.

    >>> pairwise_distance(tensor([[3.0, 0.0]]), tensor([[0.0, 4.0]]))
    tensor([5.])
    """
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos(x, y) where the target is 1, max(0, cos(x, y) - margin) where it is -1.

    >>> cosine_embedding_loss(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1.0]))
    tensor(1.)
    """
    of_old(size_average, reduce)
    x, y = input1, input2
    dots, one, other = (rules.sum(t, dim=(x.ndim - 1,)) for t in (x * y, x * x, y * y))
    cosine = dots / rules.sqrt((one + 1e-12) * (other + 1e-12))
    loss = rules.where(target == 1, 1.0 - cosine, 0.0) + rules.where(target == -1, clamp(cosine - margin, min=0.0), 0.0)
    return reduced(loss, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin - target (x - y)): a target of 1 wants x above y, and -1 below.

    >>> margin_ranking_loss(tensor([1.0]), tensor([3.0]), tensor([1.0]))
    tensor(2.)
    """
    of_old(size_average, reduce)
    return reduced(clamp(-target * (input1 - input2) + margin, min=0.0), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1.

    >>> hinge_embedding_loss(tensor([2.0, 0.25]), tensor([1.0, -1.0]), reduction="none")
    tensor([2.0000, 0.7500])
    """
    of_old(size_average, reduce)
    loss = rules.where(target != 1, clamp(margin - input, min=0.0), 0.0) + rules.where(target != -1, input, 0.0)
    return reduced(loss, reduction)


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: None = None, reduce: None = None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target x)).

    >>> soft_margin_loss(tensor([0.0]), tensor([1.0]))
    tensor(0.6931)
    """
    of_old(size_average, reduce)
    return reduced(rules.softplus(-target * input), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin); with `swap`, the negative may be nearer the positive.

    >>> triplet_margin_loss(tensor([[0.0]]), tensor([[1.0]]), tensor([[5.0]]))
    tensor(0.)
    """
    of_old(size_average, reduce)
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(clamp(near - far + margin, min=0.0), reduction)
