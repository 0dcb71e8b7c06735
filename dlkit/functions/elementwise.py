"""Functions that work on every entry by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "abs",
    "add",
    "cos",
    "div",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "maximum",
    "mul",
    "neg",
    "pow",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "sub",
    "tanh",
    "where",
]


def exp(x: Tensor) -> Tensor:
    """e to the power of every entry."""
    return rules.exp(x)


def expm1(x: Tensor) -> Tensor:
    """exp(x) - 1, exact for small x."""
    return rules.expm1(x)


def log(x: Tensor) -> Tensor:
    """The natural logarithm of every entry."""
    return rules.log(x)


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact for small x."""
    return rules.log1p(x)


def sqrt(x: Tensor) -> Tensor:
    """The square root of every entry."""
    return rules.sqrt(x)


def sin(x: Tensor) -> Tensor:
    """The sine of every entry."""
    return rules.sin(x)


def cos(x: Tensor) -> Tensor:
    """The cosine of every entry."""
    return rules.cos(x)


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent of every entry."""
    return rules.tanh(x)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) of every entry."""
    return rules.sigmoid(x)


def erf(x: Tensor) -> Tensor:
    """The error function of every entry."""
    return rules.erf(x)


def abs(x: Tensor) -> Tensor:
    """The absolute value of every entry."""
    return rules.abs(x)


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1 for every entry."""
    return rules.sign(x)


def relu(x: Tensor) -> Tensor:
    """The positive part of every entry."""
    return rules.relu(x)


def neg(x: Tensor) -> Tensor:
    """Every entry with the other sign."""
    return rules.neg(x)


def add(a: Any, b: Any) -> Tensor:
    """a + b, entry by entry; shapes are broadcast."""
    return rules.add(a, b)


def sub(a: Any, b: Any) -> Tensor:
    """a - b, entry by entry; shapes are broadcast."""
    return rules.sub(a, b)


def mul(a: Any, b: Any) -> Tensor:
    """a * b, entry by entry; shapes are broadcast."""
    return rules.mul(a, b)


def div(a: Any, b: Any) -> Tensor:
    """a / b, entry by entry; shapes are broadcast."""
    return rules.div(a, b)


def pow(a: Any, b: Any) -> Tensor:
    """a to the power b, entry by entry; shapes are broadcast."""
    return rules.pow(a, b)


def maximum(a: Any, b: Any) -> Tensor:
    """The larger of two entries; where they are equal, each gets half the gradient, entry by entry; shapes are broadcast."""
    return rules.maximum(a, b)


def where(mask: Tensor, a: Any, b: Any) -> Tensor:
    """The entries of `a` where the mask is true, else those of `b`; shapes are broadcast."""
    return rules.where(mask, a, b)
