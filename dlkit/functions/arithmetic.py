"""Functions of two tensors or numbers, entry by entry: the shapes are broadcast to one.

Integers and floats together have the float's type, and a Python number leaves a tensor's type as it is.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.elementwise import log
from dlkit.functions.kinds import floating
from dlkit.functions.rounding import floor, trunc

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "add",
    "clamp",
    "clip",
    "div",
    "divide",
    "floor_divide",
    "lerp",
    "logaddexp",
    "maximum",
    "minimum",
    "mul",
    "multiply",
    "pow",
    "remainder",
    "sub",
    "subtract",
    "where",
    "xlogy",
]


def add(a: Any, b: Any, *, alpha: float = 1) -> Tensor:
    """a + alpha * b.

    >>> add(tensor([1.0, 2.0]), 10, alpha=2)
    tensor([21., 22.])
    """
    return rules.add(a, b if alpha == 1 else b * alpha)


def sub(a: Any, b: Any, *, alpha: float = 1) -> Tensor:
    """a - alpha * b.

    >>> sub(tensor([1.0, 2.0]), 1.0)
    tensor([0., 1.])
    """
    return rules.sub(a, b if alpha == 1 else b * alpha)


def mul(a: Any, b: Any) -> Tensor:
    """a * b.

    >>> mul(tensor([1.0, 2.0]), tensor([[3.0], [4.0]]))
    tensor([[3., 6.],
            [4., 8.]])
    """
    return rules.mul(a, b)


def div(a: Any, b: Any, *, rounding_mode: str | None = None) -> Tensor:
    """a / b, of integers, too.

    Args:
        a: what is divided.
        b: by what.
        rounding_mode: `"floor"` rounds down, `"trunc"` towards zero; either has gradient 0.

    Raises:
        ValueError: another `rounding_mode`.

    >>> div(tensor([7, -7]), 2), div(tensor([7, -7]), 2, rounding_mode="floor")
    (tensor([ 3.5000, -3.5000]), tensor([ 3, -4]))
    """
    if rounding_mode is None:
        return rules.div(a, b)
    if rounding_mode not in ("floor", "trunc"):
        raise ValueError(f"rounding_mode={rounding_mode!r}: it is 'floor', 'trunc' or None")
    rounded = floor(rules.div(a, b)) if rounding_mode == "floor" else trunc(rules.div(a, b))
    whole = all(isinstance(x, int) or (isinstance(x, tensors.Tensor) and x.dtype.kind != "f") for x in (a, b))
    return rules.cast(rounded, dtype=(a if isinstance(a, tensors.Tensor) else b).dtype) if whole else rounded


def floor_divide(a: Any, b: Any) -> Tensor:
    """a / b, rounded down. It has no gradient.

    >>> floor_divide(tensor([7, -7]), 2)
    tensor([ 3, -4])
    """
    a, b = (x.data if isinstance(x, tensors.Tensor) else x for x in (a, b))
    return tensors.Tensor(a // b)


def remainder(a: Any, b: Any) -> Tensor:
    """What is left of a when it is divided by b: a - b * floor(a / b), with the sign of b.

    >>> remainder(tensor([7, -7]), 3)
    tensor([1, 2])
    """
    if not any(isinstance(x, float) or (isinstance(x, tensors.Tensor) and x.dtype.kind == "f") for x in (a, b)):
        a, b = (x.data if isinstance(x, tensors.Tensor) else x for x in (a, b))
        return tensors.Tensor(a % b)
    return rules.sub(a, rules.mul(b, floor(rules.div(a, b))))


def pow(a: Any, b: Any) -> Tensor:
    """a to the power b. The gradient for b is 0 where a is 0 and b is not negative.

    >>> pow(tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    """
    return rules.pow(a, b)


def maximum(a: Any, b: Any) -> Tensor:
    """The larger of two entries; where they are equal, each gets half the gradient.

    >>> maximum(tensor([1.0, 5.0]), tensor([3.0, 4.0]))
    tensor([3., 5.])
    """
    return rules.maximum(a, b)


def minimum(a: Any, b: Any) -> Tensor:
    """The smaller of two entries; where they are equal, each gets half the gradient.

    >>> minimum(tensor([1.0, 5.0]), tensor([3.0, 4.0]))
    tensor([1., 4.])
    """
    return -rules.maximum(-a, -b)


def clamp(x: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """No entry below `min`, and none above `max`: numbers or tensors. What is cut off has no gradient.

    Raises:
        ValueError: neither bound is given.

    >>> clamp(tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise ValueError("clamp needs min or max, or both")
    if min is not None:
        x = rules.where(x < min, min, x)
    return x if max is None else rules.where(x > max, max, x)


def where(mask: Tensor, a: Any = None, b: Any = None) -> Any:
    """The entries of `a` where the mask is true, else those of `b`; without them, where the mask is true, as indices.

    >>> where(tensor([True, False]), tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """
    if a is None and b is None:
        return tuple(tensors.Tensor(i) for i in backend.xp(mask.data).nonzero(mask.data))
    return rules.where(mask, a, b)


def lerp(a: Tensor, b: Tensor, weight: Any) -> Tensor:
    """a + weight * (b - a): `a` for weight 0, `b` for weight 1.

    >>> lerp(tensor([0.0]), tensor([10.0]), 0.3)
    tensor([3.])
    """
    found: Tensor = a + weight * (b - a)
    return found


def logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """log(exp(a) + exp(b)), without overflow.

    >>> logaddexp(tensor([1000.0]), tensor([1000.0])) - 1000
    tensor([0.6932])
    """
    same = a == b  # two infinities have no difference
    return b + rules.softplus(rules.where(same, 0.0, a - b))


def xlogy(a: Any, b: Any) -> Tensor:
    """a * log(b), and 0 where a is 0.

    >>> xlogy(tensor([0.0, 2.0]), tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    a, b = (floating(x) if isinstance(x, tensors.Tensor) else tensors.Tensor(x) for x in (a, b))
    none = a == 0
    return rules.where(none & ~(b != b), 0.0, a * log(rules.where(none, 1.0, b)))


divide, multiply, subtract, clip = div, mul, sub, clamp
