"""Activations that are smooth. The result has the input's shape and element type.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules
from dlkit.functions.axes import axis
from dlkit.functions.parts import chunk
from dlkit.nn.functional.softmax import softmax

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "gelu",
    "glu",
    "logsigmoid",
    "mish",
    "sigmoid",
    "silu",
    "softmin",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
]


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    >>> sigmoid(tensor([0.0]))
    tensor([0.5000])
    """
    return rules.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> tanh(tensor([0.0]))
    tensor([0.])
    """
    return rules.tanh(input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the probability that a standard normal number is smaller than x (Hendrycks and Gimpel, 2016).

    Args:
        input: any shape.
        approximate: `"tanh"` for 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

    Raises:
        ValueError: another `approximate`.

    >>> gelu(tensor([-1.0, 1.0]))
    tensor([-0.1587,  0.8413])
    """
    x = input
    if approximate == "tanh":
        return x * (rules.tanh((x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)) + 1) * 0.5
    if approximate != "none":
        raise ValueError(f"approximate={approximate!r}: it is 'none' or 'tanh'")
    return x * (rules.erf(x * math.sqrt(0.5)) + 1) * 0.5


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish.

    >>> silu(tensor([-1.0, 1.0]))
    tensor([-0.2689,  0.7311])
    """
    return input * rules.sigmoid(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(log(1 + exp(x))) (Misra, 2019).

    >>> mish(tensor([-1.0, 1.0]))
    tensor([-0.3034,  0.8651])
    """
    return input * rules.tanh(rules.softplus(input))


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above `threshold`.

    >>> softplus(tensor([0.0, 100.0]))
    tensor([  0.6931, 100.0000])
    """
    x = input * beta if beta != 1 else input
    return rules.where(x > threshold, input, rules.softplus(x) / beta)


def logsigmoid(input: Tensor) -> Tensor:
    """log sigmoid(x), without overflow.

    >>> logsigmoid(tensor([0.0, -100.0]))
    tensor([  -0.6931, -100.0000])
    """
    return -rules.softplus(-input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> softsign(tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (rules.abs(input) + 1.0)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    >>> tanhshrink(tensor([1.0]))
    tensor([0.2384])
    """
    return input - rules.tanh(input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """One half of an axis times the sigmoid of the other (Dauphin and others, 2017): that axis is half as long.

    Raises:
        RuntimeError: the axis has no halves.

    >>> glu(tensor([3.0, 0.0]))
    tensor([1.5000])
    """
    length = input.shape[axis(dim, input.ndim)] if input.ndim else 1
    if length % 2:
        raise RuntimeError(f"glu of {input.shape}: axis {dim} is {length} long, and must have two halves")
    first, second = chunk(input, 2, dim)
    return first * rules.sigmoid(second)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The softmax of -x: the smallest entry has the largest part.

    >>> softmin(tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return softmax(-input, dim, dtype=dtype)
