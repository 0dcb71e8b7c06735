"""Functions of every entry that rise in steps: between them they are flat, and their gradient is 0.

>>> from dlkit import tensor
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from dlkit.autograd import rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["ceil", "floor", "round", "sign", "trunc"]


def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1 as the entry is negative, zero or positive.

    >>> sign(tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    return rules.step(x, how="sign")


def floor(x: Tensor) -> Tensor:
    """The largest whole number that is not larger.

    >>> floor(tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    return rules.step(x, how="floor")


def ceil(x: Tensor) -> Tensor:
    """The smallest whole number that is not smaller.

    >>> ceil(tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return rules.step(x, how="ceil")


def trunc(x: Tensor) -> Tensor:
    """Without what is behind the point.

    >>> trunc(tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    return rules.step(x, how="trunc")


def round(x: Tensor, *, decimals: int = 0) -> Tensor:
    """The nearest number with so many decimals; of two equally near ones the even.

    >>> round(tensor([0.5, 1.5, 2.345]), decimals=0)
    tensor([0., 2., 2.])
    """
    if decimals == 0:
        return rules.step(x, how="round")
    shift = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return rules.step(x * shift, how="round") / shift
    return rules.step(x / shift, how="round") * shift
