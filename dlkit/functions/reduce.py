"""Functions that make a tensor smaller: sums, means and the like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dlkit.autograd import rules
from dlkit.functions.axes import Dims, axes

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["mean", "sum"]


def sum(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The sum over some axes, all by default.

    >>> from dlkit import Tensor
    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    return rules.sum(x, dim=axes(x, dim), keepdim=keepdim)


def mean(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The mean over some axes, all by default."""
    return sum(x, dim, keepdim) / math.prod(x.shape[i] for i in axes(x, dim))
