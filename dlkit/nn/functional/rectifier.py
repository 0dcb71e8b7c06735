"""Activations that are straight on one side at least. The result has the input's shape and element type.

Where torch has an argument `inplace`, it is taken and ignored: no function here changes its input.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlkit.autograd import rules
from dlkit.functions.arithmetic import clamp

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "celu",
    "elu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "threshold",
]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    >>> relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return rules.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, a small part of it below.

    >>> leaky_relu(tensor([-1.0, 1.0]), 0.1)
    tensor([-0.1000,  1.0000])
    """
    return rules.where(input > 0, input, input * negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`leaky_relu` with learned slopes: one, or one for each channel (He and others, 2015).

    Args:
        input: shape (batch, channels, ...), or any with one slope.
        weight: shape (1), (channels) or ().

    >>> prelu(tensor([[-1.0, -1.0]]), tensor([0.1, 0.5]))
    tensor([[-0.1000, -0.5000]])
    """
    if weight.numel() != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.shape != (channels,):
            raise RuntimeError(f"prelu of {input.shape} with slopes {weight.shape}: it takes one, or {channels}")
        weight = rules.reshape(weight, shape=(channels, *(1,) * (input.ndim - 2)))
    else:
        weight = rules.reshape(weight, shape=())
    return rules.where(input > 0, input, input * weight)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x, cut off at 0 and 6.

    >>> relu6(tensor([-3.0, 3.0, 9.0]))
    tensor([0., 3., 6.])
    """
    return hardtanh(input, 0.0, 6.0)


def _elu(x: Tensor, alpha: float, scale: float = 1.0, sharpness: float = 1.0) -> Tensor:
    positive = x > 0
    below = rules.expm1(rules.where(positive, 0.0, x) * sharpness) * (alpha * scale)
    return rules.where(positive, x * scale if scale != 1 else x, below)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x) - 1) below (Clevert, Unterthiner and Hochreiter, 2016).

    >>> elu(tensor([-1.0, 1.0]))
    tensor([-0.6321,  1.0000])
    """
    return _elu(input, alpha)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x / alpha) - 1) below (Barron, 2017).

    >>> celu(tensor([-1.0, 1.0]), alpha=2.0)
    tensor([-0.7869,  1.0000])
    """
    return _elu(input, alpha, sharpness=1 / alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """A scaled `elu` that keeps means at 0 and variances at 1 (Klambauer and others, 2017).

    >>> selu(tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    return _elu(input, 1.6732632423543772, 1.0507009873554805)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x, cut off at two bounds, where the gradient is 0.

    >>> hardtanh(tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    low = rules.where(input <= min_val, min_val, input)
    return rules.where(input >= max_val, max_val, low)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """x / 6 + 1/2, cut off at 0 and 1.

    >>> hardsigmoid(tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return hardtanh(input + 3.0, 0.0, 6.0) / 6.0


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x hardsigmoid(x) (Howard and others, 2019).

    >>> hardswish(tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000,  0.6667,  4.0000])
    """
    return input * clamp(input + 3.0, 0.0, 6.0) / 6.0


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above a threshold, else a value.

    >>> threshold(tensor([0.5, 2.0]), 1.0, 9.0)
    tensor([9., 2.])
    """
    return rules.where(input <= threshold, value, input)
