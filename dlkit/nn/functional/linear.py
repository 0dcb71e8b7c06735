"""Dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlkit.autograd import fused

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["linear"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W' + b, for every row of the input.

    Args:
        input: (..., in).
        weight: (out, in); or (in), which gives one number a row.
        bias: (out).

    >>> from dlkit import Tensor
    >>> linear(Tensor([1.0, 2.0]), Tensor([[3.0, 4.0], [0.0, 1.0]]), Tensor([0.5, 0.0]))
    tensor([11.5000,  2.0000])
    """
    if weight.ndim == 1:
        return fused.linear(input, weight.reshape(1, -1), bias).reshape(*input.shape[:-1])
    return fused.linear(input, weight, bias)
