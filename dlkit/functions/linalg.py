"""Norms, in the spelling of `torch.linalg`.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules
from dlkit.functions.axes import Dims, axes
from dlkit.functions.kinds import typed
from dlkit.functions.reduce import root

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["matrix_norm", "norm", "vector_norm"]


def vector_norm(x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The length of vectors along some axes, all by default: sum(|x|^ord)^(1/ord).

    Args:
        x: any shape.
        ord: 2 is the Euclidean length, 1 the sum, infinity the largest of the absolute values, 0 how many are not 0.
        dim: an axis or several.
        keepdim: leave the axes there, with length 1.
        dtype: compute in this element type.

    >>> vector_norm(tensor([3.0, 4.0])), vector_norm(tensor([3.0, 4.0]), 1)
    (tensor(5.), tensor(7.))
    """
    x, over = typed(x, dtype), axes(x, dim)
    if ord == 0:
        return rules.cast(rules.sum(x != 0, dim=over, keepdim=keepdim), dtype=x.dtype) + rules.sum(
            x * 0.0, dim=over, keepdim=keepdim
        )
    if ord == 2:
        return root(rules.sum(x * x, dim=over, keepdim=keepdim))
    size = rules.abs(x)
    if ord == math.inf:
        return rules.amax(size, dim=over, keepdim=keepdim)
    if ord == -math.inf:
        return -rules.amax(-size, dim=over, keepdim=keepdim)
    if ord == 1:
        return rules.sum(size, dim=over, keepdim=keepdim)
    none = x == 0  # where the power has no slope
    powers = rules.where(none, 0.0 if ord > 0 else math.inf, rules.pow(rules.where(none, 1.0, size), ord))
    total = rules.sum(powers, dim=over, keepdim=keepdim)
    flat = (total == 0) | (total == math.inf)
    edge = 0.0 if ord > 0 else math.inf
    safe = rules.pow(rules.where(flat, 1.0, total), 1 / ord)
    return rules.where(total == 0, edge, rules.where(total == math.inf, math.inf if ord > 0 else 0.0, safe))


def matrix_norm(
    x: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """A norm of matrices, along two axes.

    Args:
        x: shape (..., n, m).
        ord: `"fro"`, the root of the sum of squares; 1 or -1, the largest or smallest sum of a column's absolute
            values; infinity or -infinity, of a row's.
        dim: the two axes.
        keepdim: leave the axes there, with length 1.
        dtype: compute in this element type.

    Raises:
        NotImplementedError: 2, -2 and `"nuc"`, which need singular values.

    >>> matrix_norm(tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    if ord == "fro":
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(f"the norm {ord!r} of a matrix needs its singular values")
    x = typed(x, dtype)
    row, column = axes(x, dim)
    summed, left = (row, column) if abs(ord) == 1 else (column, row)
    sums = rules.sum(rules.abs(x), dim=(summed,), keepdim=True)
    found = rules.amax(sums, dim=(left,), keepdim=True) if ord > 0 else -rules.amax(-sums, dim=(left,), keepdim=True)
    return (
        found
        if keepdim
        else rules.reshape(found, shape=tuple(n for i, n in enumerate(x.shape) if i not in (row, column)))
    )


def norm(x: Tensor, ord: Any = None, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of a vector or matrix: `matrix_norm` where `ord` is given with two axes, or for a matrix; else
    `vector_norm`.

    >>> norm(tensor([[1.0, 2.0], [3.0, 4.0]])), norm(tensor([[1.0, 2.0], [3.0, 4.0]]), math.inf)
    (tensor(5.4772), tensor(7.))
    """
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    over = axes(x, dim) if dim is not None or x.ndim in (1, 2) else ()
    if dim is None and not over:
        raise RuntimeError(f"norm of {x.shape} with ord={ord!r}: say along which axis, or which two")
    if len(over) == 2:
        return matrix_norm(x, ord, dim if dim is not None else over, keepdim, dtype=dtype)
    return vector_norm(x, ord, dim, keepdim, dtype=dtype)
