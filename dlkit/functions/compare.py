"""Questions to every entry. The answers are booleans, and have no gradient.

>>> from dlkit import tensor
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "gt",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "logical_and",
    "logical_not",
    "logical_or",
    "lt",
    "ne",
]


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, tensors.Tensor) else x


def _asked(how: Callable[[Any, Any], Any], a: Any, b: Any) -> Tensor:
    return tensors.Tensor(how(_raw(a), _raw(b)))


def eq(a: Tensor, b: Any) -> Tensor:
    """a == b; shapes are broadcast.

    >>> eq(tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return _asked(operator.eq, a, b)


def ne(a: Tensor, b: Any) -> Tensor:
    """a != b; shapes are broadcast.

    >>> ne(tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return _asked(operator.ne, a, b)


def lt(a: Tensor, b: Any) -> Tensor:
    """a < b; shapes are broadcast.

    >>> lt(tensor([1, 2]), 2)
    tensor([ True, False])
    """
    return _asked(operator.lt, a, b)


def le(a: Tensor, b: Any) -> Tensor:
    """a <= b; shapes are broadcast.

    >>> le(tensor([1, 2]), 2)
    tensor([ True,  True])
    """
    return _asked(operator.le, a, b)


def gt(a: Tensor, b: Any) -> Tensor:
    """a > b; shapes are broadcast.

    >>> gt(tensor([1, 2]), 1)
    tensor([False,  True])
    """
    return _asked(operator.gt, a, b)


def ge(a: Tensor, b: Any) -> Tensor:
    """a >= b; shapes are broadcast.

    >>> ge(tensor([1, 2]), 2)
    tensor([False,  True])
    """
    return _asked(operator.ge, a, b)


def isnan(x: Tensor) -> Tensor:
    """Whether an entry is not a number.

    >>> isnan(tensor([float("nan"), 1.0]))
    tensor([ True, False])
    """
    return tensors.Tensor(x.data != x.data)


def isinf(x: Tensor) -> Tensor:
    """Whether an entry is infinite.

    >>> isinf(tensor([float("-inf"), 1.0]))
    tensor([ True, False])
    """
    return tensors.Tensor(backend.xp(x.data).isinf(x.data))


def isfinite(x: Tensor) -> Tensor:
    """Whether an entry is a number, and a finite one.

    >>> isfinite(tensor([float("inf"), 1.0]))
    tensor([False,  True])
    """
    return tensors.Tensor(backend.xp(x.data).isfinite(x.data))


def logical_and(a: Tensor, b: Tensor) -> Tensor:
    """Whether both are true: not zero.

    >>> logical_and(tensor([0, 1]), tensor([1, 2]))
    tensor([False,  True])
    """
    return tensors.Tensor((a.data != 0) & (b.data != 0))


def logical_or(a: Tensor, b: Tensor) -> Tensor:
    """Whether one of them or both are true: not zero.

    >>> logical_or(tensor([0, 1]), tensor([0, 2]))
    tensor([False,  True])
    """
    return tensors.Tensor((a.data != 0) | (b.data != 0))


def logical_not(x: Tensor) -> Tensor:
    """Whether an entry is false: zero.

    >>> logical_not(tensor([0, 3]))
    tensor([ True, False])
    """
    return tensors.Tensor(x.data == 0)


def equal(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one shape and the same entries.

    >>> equal(tensor([1.0]), tensor([1.0])), equal(tensor([1.0]), tensor([1.0, 1.0]))
    (True, False)
    """
    return a.shape == b.shape and bool((a.data == b.data).all())


def isclose(a: Tensor, b: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |a - b| <= atol + rtol * |b|, entry by entry.

    >>> isclose(tensor([1.0, 2.0]), tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    one, other = backend.to_numpy(a.data), backend.to_numpy(b.data)
    found = np.isclose(one, other, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return tensors.Tensor(backend.like(found, a.data))


def allclose(a: Tensor, b: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |a - b| <= atol + rtol * |b| for all entries.

    >>> allclose(tensor([1.0]), tensor([1.000001]))
    True
    """
    return bool(isclose(a, b, rtol, atol, equal_nan).data.all())
