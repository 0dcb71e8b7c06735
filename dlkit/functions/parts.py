"""Tensors taken apart, without a copy, and put together.

>>> from dlkit import arange, tensor, zeros
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import rules
from dlkit.functions.axes import axis

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "broadcast_tensors",
    "cat",
    "chunk",
    "concat",
    "concatenate",
    "hstack",
    "meshgrid",
    "narrow",
    "select",
    "split",
    "stack",
    "tensor_split",
    "unbind",
    "vstack",
]


def cut(x: Tensor, dim: int, part: Any) -> Tensor:
    """A slice, or one place, of an axis.

    >>> cut(zeros(2, 3), -1, slice(2)).shape
    (2, 2)
    """
    return rules.getitem(x, index=(*(slice(None),) * axis(dim, x.ndim), part))


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, one by one.

    >>> unbind(tensor([[1.0, 2.0], [3.0, 4.0]]))
    (tensor([1., 2.]), tensor([3., 4.]))
    """
    return tuple(cut(x, dim, i) for i in range(x.shape[dim]))


def select(x: Tensor, dim: int, index: int) -> Tensor:
    """One slice along an axis.

    >>> select(tensor([[1.0, 2.0], [3.0, 4.0]]), 1, 0)
    tensor([1., 3.])
    """
    return cut(x, dim, index)


def narrow(x: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """So many slices along an axis, from one on.

    >>> narrow(arange(5), 0, 1, 3)
    tensor([1, 2, 3])
    """
    first = int(start) % (x.shape[dim] or 1) if int(start) < 0 else int(start)
    if first + length > x.shape[dim]:
        raise RuntimeError(f"narrow of {x.shape} to {first}:{first + length} of axis {dim}: it is not that long")
    return cut(x, dim, slice(first, first + length))


def split(x: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of an axis of one length, the last perhaps shorter; or of these lengths.

    Raises:
        ValueError: the lengths are not the axis' in sum.

    >>> [part.shape for part in split(zeros(5, 2), 2)]
    [(2, 2), (2, 2), (1, 2)]
    """
    n, sizes = x.shape[dim], split_size_or_sections
    if isinstance(sizes, int):
        starts = range(0, n, sizes) if n else range(1)
        return tuple(cut(x, dim, slice(i, i + sizes)) for i in starts)
    if sum(sizes) != n:
        raise ValueError(f"split of {x.shape} into {list(sizes)} along axis {dim}: they sum to {sum(sizes)}, not {n}")
    return tuple(cut(x, dim, slice(i, j)) for i, j in pairwise(accumulate(sizes, initial=0)))


def chunk(x: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of one length, the last perhaps shorter.

    >>> [part.shape for part in chunk(zeros(5), 3)]
    [(2,), (2,), (1,)]
    """
    return split(x, max(1, -(-x.shape[dim] // chunks)), dim)


def tensor_split(x: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts, of lengths as equal as can be; or parts that end at these places.

    >>> [part.shape for part in tensor_split(zeros(5), 3)]
    [(2,), (2,), (1,)]
    """
    n, given = x.shape[dim], indices_or_sections
    given = given.tolist() if isinstance(given, tensors.Tensor) else given
    ends = (
        [0, *given, n]
        if not isinstance(given, int)
        else [i * (n // given) + min(i, n % given) for i in range(given + 1)]
    )
    return tuple(cut(x, dim, slice(i, j)) for i, j in pairwise(ends))


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors put together along an axis that they have; an empty vector among them counts for nothing.

    Raises:
        ValueError: the other axes differ; the message names the shapes.

    >>> cat([tensor([1.0]), tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    some = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    return rules.cat(*some, dim=axis(dim, some[0].ndim))


concat = concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape put together along a new axis.

    Raises:
        ValueError: the shapes differ; the message names them.

    >>> stack([tensor([1.0, 2.0]), tensor([3.0, 4.0])], dim=1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    return rules.stack(*tensors, dim=axis(dim, tensors[0].ndim + 1))


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along the second axis, vectors along their only one.

    >>> hstack([zeros(2, 1), zeros(2, 3)]).shape
    (2, 4)
    """
    some = [x if x.ndim else rules.reshape(x, shape=(1,)) for x in tensors]
    return cat(some, dim=min(1, some[0].ndim - 1))


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """One above the other: along the first axis; a vector is a row.

    >>> vstack([zeros(3), zeros(2, 3)]).shape
    (3, 3)
    """
    return cat([x if x.ndim > 1 else rules.reshape(x, shape=(1, -1)) for x in tensors])


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors repeated to the shape that they have together.

    >>> [x.shape for x in broadcast_tensors(zeros(3), zeros(2, 1))]
    [(2, 3), (2, 3)]
    """
    shape = np.broadcast_shapes(*(x.shape for x in tensors))
    return tuple(rules.expand(x, shape=shape) for x in tensors)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinates of a grid from those along its axes.

    Args:
        tensors: vectors, or one list of them.
        indexing: `"ij"`, or `"xy"` with the first two axes of the results exchanged.

    >>> [x.shape for x in meshgrid(zeros(2), zeros(3))]
    [(2, 3), (2, 3)]
    """
    given = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)
    order = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        order[:2] = 1, 0
    shape = tuple(given[k].numel() for k in order)
    rows = [
        rules.reshape(x, shape=tuple(x.numel() if order[i] == k else 1 for i in range(len(given))))
        for k, x in enumerate(given)
    ]
    return tuple(rules.expand(x, shape=shape) for x in rows)
