"""Entries in another order, repeated, or cut out along diagonals.

>>> from dlkit import arange, ones, tensor, zeros
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.axes import Dims, axes, axis
from dlkit.functions.shapes import movedim, numbers

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "diag",
    "diag_embed",
    "diagonal",
    "flip",
    "repeat",
    "repeat_interleave",
    "roll",
    "tile",
    "tril",
    "triu",
]


def flip(x: Tensor, *args: Any, dims: Any = ()) -> Tensor:
    """Some axes backwards, given as numbers or as one tuple; with none, a copy.

    >>> flip(arange(3), 0)
    tensor([2, 1, 0])
    """
    return rules.flip(x, dim=tuple(axis(d, x.ndim) for d in numbers(args or (dims,))) if x.ndim else ())


def roll(x: Tensor, shifts: Any, dims: Dims = None) -> Tensor:
    """Entries moved on along some axes, those that fall out at the end coming in in front; without axes, all in a row.

    >>> roll(arange(5), 2)
    tensor([3, 4, 0, 1, 2])
    """
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if dims is None or dims == ():
        return rules.reshape(roll(rules.reshape(x, shape=(-1,)), shifts, 0), shape=x.shape)
    for shift, d in zip(shifts, axes(x, dims) if x.ndim else (), strict=bool(x.ndim)):
        if n := x.shape[d]:
            before, cut = (slice(None),) * d, n - shift % n
            x = rules.cat(x[(*before, slice(cut, None))], x[(*before, slice(None, cut))], dim=d)
    return x


def repeat(x: Tensor, *sizes: Any) -> Tensor:
    """Copies side by side along each axis, new axes in front, as many as `sizes` says.

    Raises:
        RuntimeError: fewer numbers than axes.

    >>> repeat(tensor([1.0, 2.0]), 2, 2)
    tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    times = numbers(sizes)
    if len(times) < x.ndim:
        raise RuntimeError(f"repeat of {x.shape} by {times}: it needs a number for each axis")
    lengths = (*(1,) * (len(times) - x.ndim), *x.shape)
    y = rules.reshape(x, shape=tuple(n for length in lengths for n in (1, length)))
    y = rules.expand(y, shape=tuple(n for pair in zip(times, lengths, strict=True) for n in pair))
    return rules.reshape(y, shape=tuple(a * b for a, b in zip(times, lengths, strict=True)))


def tile(x: Tensor, *dims: Any) -> Tensor:
    """As `repeat`, but fewer numbers than axes are for the last ones.

    >>> tile(zeros(2, 3), 2).shape
    (2, 6)
    """
    times = numbers(dims)
    return repeat(x, (1,) * (x.ndim - len(times)) + times)


def repeat_interleave(x: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Every slice of an axis so many times, one behind the other; `repeats` may hold a number for each.

    >>> repeat_interleave(tensor([1.0, 2.0]), 2)
    tensor([1., 1., 2., 2.])
    """
    if dim is None or not x.ndim:
        x, dim = rules.reshape(x, shape=(-1,)), 0
    d = axis(dim, x.ndim)
    times = backend.to_numpy(repeats.data) if isinstance(repeats, tensors.Tensor) else repeats
    places = np.repeat(np.arange(x.shape[d]), times)
    return rules.getitem(x, index=(*(slice(None),) * d, backend.like(places, x.data)))


def _triangle(x: Tensor, k: int, lower: bool) -> Tensor:
    if x.ndim < 2:
        raise RuntimeError(f"a triangle of {x.shape}: it needs the two axes of a matrix")
    mask = np.tri(x.shape[-2], x.shape[-1], k if lower else k - 1, dtype=bool)
    mask = backend.like(mask if lower else ~mask, x.data)
    return rules.where(tensors.Tensor(mask), x, 0)


def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above a diagonal: 0 is the main one, 1 the next above.

    >>> tril(ones(2, 2))
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle(x, diagonal, lower=True)


def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below a diagonal: 0 is the main one, 1 the next above.

    >>> triu(ones(2, 2), 1)
    tensor([[0., 1.],
            [0., 0.]])
    """
    return _triangle(x, diagonal, lower=False)


def diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two axes, as a last axis; `offset` 1 is the one above.

    >>> diagonal(tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    y = movedim(x, (dim1, dim2), (-2, -1))
    length = max(0, min(y.shape[-2] + min(offset, 0), y.shape[-1] - max(offset, 0)))
    places = np.arange(length)
    row, column = (backend.like(places + max(0, shift), x.data) for shift in (-offset, offset))
    return rules.getitem(y, index=(*(slice(None),) * (x.ndim - 2), row, column))


def diag_embed(x: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the last axis of `x` on the diagonal of two new axes.

    >>> diag_embed(tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    n = x.shape[-1] + abs(offset)
    row, column = (backend.like(np.arange(x.shape[-1]) + max(0, shift), x.data) for shift in (-offset, offset))
    y = rules.put(x, index=(*(slice(None),) * (x.ndim - 1), row, column), shape=(*x.shape[:-1], n, n))
    return movedim(y, (-2, -1), (dim1, dim2))


def diag(x: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix; or a matrix with a vector on its diagonal.

    >>> diag(tensor([1.0, 2.0]), 1)
    tensor([[0., 1., 0.],
            [0., 0., 2.],
            [0., 0., 0.]])
    """
    return diag_embed(x, diagonal) if x.ndim == 1 else _diagonal(x, diagonal)


_diagonal = diagonal  # under a name that `diag` does not hide with its argument
