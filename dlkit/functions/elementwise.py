"""Functions of one tensor that work on every entry by itself. The result has the input's shape.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dlkit.autograd import rules
from dlkit.functions.kinds import floating

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "abs",
    "cos",
    "erf",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "neg",
    "reciprocal",
    "relu",
    "rsqrt",
    "sigmoid",
    "sin",
    "sqrt",
    "square",
    "tan",
    "tanh",
]


def exp(x: Tensor) -> Tensor:
    """e to the power of every entry.

    >>> exp(tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return rules.exp(floating(x))


def exp2(x: Tensor) -> Tensor:
    """2 to the power of every entry.

    >>> exp2(tensor([3.0, -1.0]))
    tensor([8.0000, 0.5000])
    """
    return rules.pow(2.0, floating(x))


def expm1(x: Tensor) -> Tensor:
    """exp(x) - 1, exact for small x.

    >>> expm1(tensor(1e-6)).item() > 0.999e-6
    True
    """
    return rules.expm1(floating(x))


def log(x: Tensor) -> Tensor:
    """The natural logarithm; -inf of 0, and nan of a negative number.

    >>> log(tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    return rules.log(floating(x))


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact for small x.

    >>> log1p(tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return rules.log1p(floating(x))


def log2(x: Tensor) -> Tensor:
    """The logarithm to base 2.

    >>> log2(tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return rules.log(floating(x)) * (1 / math.log(2))


def log10(x: Tensor) -> Tensor:
    """The logarithm to base 10.

    >>> log10(tensor([1.0, 50.0]))
    tensor([0.0000, 1.6990])
    """
    return rules.log(floating(x)) * (1 / math.log(10))


def sqrt(x: Tensor) -> Tensor:
    """The square root; nan of a negative number. At 0 the slope is infinite.

    >>> sqrt(tensor([4.0, 2.0]))
    tensor([2.0000, 1.4142])
    """
    return rules.sqrt(floating(x))


def rsqrt(x: Tensor) -> Tensor:
    """1 / sqrt(x).

    >>> rsqrt(tensor([4.0]))
    tensor([0.5000])
    """
    return rules.pow(floating(x), -0.5)


def square(x: Tensor) -> Tensor:
    """x * x.

    >>> square(tensor([3, -2]))
    tensor([9, 4])
    """
    return rules.mul(x, x)


def reciprocal(x: Tensor) -> Tensor:
    """1 / x.

    >>> reciprocal(tensor([4.0]))
    tensor([0.2500])
    """
    return rules.div(1.0, x)


def sin(x: Tensor) -> Tensor:
    """The sine of an angle in radians.

    >>> sin(tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return rules.sin(floating(x))


def cos(x: Tensor) -> Tensor:
    """The cosine of an angle in radians.

    >>> cos(tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return rules.cos(floating(x))


def tan(x: Tensor) -> Tensor:
    """The tangent of an angle in radians.

    >>> tan(tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return sin(x) / cos(x)


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, between -1 and 1.

    >>> tanh(tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return rules.tanh(floating(x))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), between 0 and 1, without overflow.

    >>> sigmoid(tensor([0.0, -1000.0]))
    tensor([0.5000, 0.0000])
    """
    return rules.sigmoid(floating(x))


def erf(x: Tensor) -> Tensor:
    """The error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x.

    >>> erf(tensor([0.0, 0.5]))
    tensor([0.0000, 0.5205])
    """
    return rules.erf(floating(x))


def abs(x: Tensor) -> Tensor:
    """The absolute value. At 0 the gradient is 0.

    >>> abs(tensor([-1.0, 2.0]))
    tensor([1., 2.])
    """
    return rules.abs(x)


def neg(x: Tensor) -> Tensor:
    """Every entry with the other sign.

    >>> neg(tensor([-1.0, 2.0]))
    tensor([ 1., -2.])
    """
    return rules.neg(x)


def relu(x: Tensor) -> Tensor:
    """The positive part. At 0 the gradient is 0.

    >>> relu(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return rules.relu(x)
