"""Picking entries by their places, and putting entries at places.

An index is an integer tensor. Where a place is named several times, the gradients of all of them are added.

>>> from dlkit import tensor, zeros
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.axes import axis
from dlkit.functions.inplace import plain

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "gather",
    "getitem",
    "index_add",
    "index_fill",
    "index_put",
    "index_select",
    "masked_fill",
    "masked_select",
    "nonzero",
    "scatter",
    "scatter_add",
    "take_along_dim",
]


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index]: numbers, slices, `...`, None, lists, masks and integer tensors, as torch and NumPy have them.

    >>> getitem(tensor([[1.0, 2.0], [3.0, 4.0]]), (0, tensor([1, 0])))
    tensor([2., 1.])
    """
    index = plain(index)
    if isinstance(index, tuple) and any(backend.is_array(i) or isinstance(i, list) for i in index):
        index = tuple(backend.like(i, x.data) if isinstance(i, (list, np.ndarray)) else i for i in index)
        if any(type(i) is int for i in index):  # torch takes these first; NumPy would broadcast them with the arrays
            first = tuple(i if type(i) is int or i is Ellipsis else slice(None) for i in index if i is not None)
            x = rules.getitem(x, index=first)
            index = tuple(i for i in index if type(i) is not int)
    elif isinstance(index, (list, np.ndarray)):
        index = backend.like(index, x.data)
    return rules.getitem(x, index=index)


def mesh(x: Tensor, dim: int, index: Tensor) -> tuple[Any, ...]:
    """What picks, for each entry of `index`, that place along `dim`, and the entry's own places along the others.

    >>> [i.shape for i in mesh(zeros(2, 3), 1, tensor([[0, 1], [2, 0]]))]
    [(2, 1), (2, 2)]
    """
    n = index.ndim
    places = [backend.like(np.arange(k).reshape(-1, *(1,) * (n - 1 - i)), x.data) for i, k in enumerate(index.shape)]
    return tuple(index.data if i == dim else places[i] for i in range(n))


def gather(x: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """out[i, j] = x[index[i, j], j] for `dim` 0, x[i, index[i, j]] for `dim` 1, and so on. The shape is the index's.

    Raises:
        ValueError: the tensors have not equally many axes.

    >>> gather(tensor([[1.0, 2.0], [3.0, 4.0]]), 1, tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    if index.dtype.kind != "i":
        index = rules.cast(index, dtype="int64")  # torch takes bytes for a mask
    if not index.numel():
        return x.new_zeros(index.shape)
    if x.ndim != index.ndim and x.ndim and index.ndim:
        raise ValueError(f"gather from {x.shape} by an index of {index.shape}: they need equally many axes")
    if not x.ndim:
        return rules.expand(x, shape=index.shape)
    if not index.ndim:
        return x[index]
    return rules.getitem(x, index=mesh(x, axis(dim, x.ndim), index))


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with shapes broadcast but for `dim`; without it, from all entries in a row.

    >>> take_along_dim(tensor([[3.0, 1.0]]), tensor([[1, 0]]), dim=1)
    tensor([[1., 3.]])
    """
    if dim is None:
        return rules.reshape(x, shape=(-1,))[rules.reshape(indices, shape=(-1,))]
    if not x.ndim:
        return gather(x, dim, indices)
    d = axis(dim, x.ndim)
    shapes = [list(t.shape) for t in (x, indices)]
    common = list(np.broadcast_shapes(*(tuple(1 if i == d else n for i, n in enumerate(s)) for s in shapes)))
    x, indices = (
        rules.expand(t, shape=tuple(s[d] if i == d else n for i, n in enumerate(common)))
        for t, s in zip((x, indices), shapes, strict=True)
    )
    return gather(x, d, indices)


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of an axis that an index of shape (N) or () names.

    >>> index_select(tensor([[1.0, 2.0], [3.0, 4.0]]), 1, tensor([1]))
    tensor([[2.],
            [4.]])
    """
    if not x.ndim:
        return rules.reshape(x, shape=())
    row = rules.reshape(index, shape=(-1,))
    return rules.getitem(x, index=(*(slice(None),) * axis(dim, x.ndim), row.data))


def index_put(x: Tensor, indices: Sequence[Tensor], values: Any, accumulate: bool = False) -> Tensor:
    """A copy of `x` with `values` at `x[indices]`, or, with `accumulate`, added there.

    >>> index_put(zeros(3), [tensor([0, 0])], tensor([1.0, 2.0]), accumulate=True)
    tensor([3., 0., 0.])
    """
    return put_at(x, tuple(plain(i) for i in indices), values, accumulate)


def put_at(x: Tensor, index: Any, values: Any, accumulate: bool) -> Tensor:
    """`index_put` for any index of arrays and slices.

    >>> put_at(zeros(3), (slice(1, None),), 2.0, accumulate=False)
    tensor([0., 2., 2.])
    """
    shape = tuple(x.data[index].shape)
    values = values if isinstance(values, tensors.Tensor) else tensors.Tensor(backend.full((), values, x.data))
    values = rules.expand(values, shape=shape)
    if accumulate:
        return x + rules.put(values, index=index, shape=x.shape)
    source = np.arange(values.numel()).reshape(shape)  # which value comes to a place; the last one stays
    places = backend.full(x.shape, -1, backend.like(source, x.data))
    places[index] = backend.like(source, x.data)
    if not values.numel():
        return rules.cast(x, dtype=x.dtype)
    row = rules.reshape(values, shape=(-1,))
    return rules.where(tensors.Tensor(places >= 0), rules.getitem(row, index=places * (places >= 0)), x)


def _first(src: Tensor, index: Tensor) -> Tensor:
    """As much of `src` as the index has places for."""
    return src[tuple(slice(n) for n in index.shape)] if src.ndim and src.shape != index.shape else src


def scatter(x: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: Any = None) -> Tensor:
    """A copy of `x` with out[index[i, j], j] = src[i, j] for `dim` 0, and so on: what `gather` would read.

    Raises:
        NotImplementedError: `reduce` other than `"add"`.

    >>> scatter(zeros(1, 3), 1, tensor([[2]]), 5.0)
    tensor([[0., 0., 5.]])
    """
    if reduce not in (None, "add"):
        raise NotImplementedError(f"scatter with reduce={reduce!r}")
    src = value if src is None else src
    src = _first(src, index) if isinstance(src, tensors.Tensor) else src
    if not x.ndim:
        x, index = rules.reshape(x, shape=(1,)), rules.reshape(index, shape=(1,))
        src = rules.reshape(src, shape=(1,)) if isinstance(src, tensors.Tensor) else src
        return rules.reshape(put_at(x, mesh(x, 0, index), src, reduce == "add"), shape=())
    if not index.numel():
        return rules.cast(x, dtype=x.dtype)
    return put_at(x, mesh(x, axis(dim, x.ndim), index), src, reduce == "add")


def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `x` with src[i, j] added to out[index[i, j], j] for `dim` 0, and so on.

    >>> scatter_add(zeros(3), 0, tensor([2, 2]), tensor([1.0, 2.0]))
    tensor([0., 0., 3.])
    """
    return scatter(x, dim, index, src, reduce="add")


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy of `x` with `alpha` times the slices of `source` added to those that the index names.

    >>> index_add(zeros(3), 0, tensor([1, 1]), tensor([1.0, 2.0]), alpha=10)
    tensor([ 0., 30.,  0.])
    """
    source = source if alpha == 1 else source * alpha
    if not x.ndim:
        return x + rules.sum(source, dim=tuple(range(source.ndim)))
    d, row = axis(dim, x.ndim), rules.reshape(index, shape=(-1,))
    source = source if source.ndim else rules.reshape(source, shape=(1,))
    return x + rules.put(source, index=(*(slice(None),) * d, row.data), shape=x.shape)


def index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy of `x` with one value in the slices that the index names.

    >>> index_fill(zeros(3), 0, tensor([1]), 5.0)
    tensor([0., 5., 0.])
    """
    if not x.ndim:
        return masked_fill(x, x == x, value) if index.numel() else rules.cast(x, dtype=x.dtype)
    d = axis(dim, x.ndim)
    named = np.zeros((x.shape[d], *(1,) * (x.ndim - 1 - d)), dtype=bool)
    named[backend.to_numpy(index.data).reshape(-1)] = True
    return masked_fill(x, tensors.Tensor(backend.like(named, x.data)), value)


def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A copy of `x` with one value where the mask, broadcast to x's shape, is true.

    >>> masked_fill(tensor([1.0, 2.0]), tensor([True, False]), 0.0)
    tensor([0., 2.])
    """
    return rules.where(mask, value, x)


def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """The entries where the mask is true, in a row; shapes are broadcast.

    >>> masked_select(tensor([1.0, 2.0]), tensor([True, False]))
    tensor([1.])
    """
    shape = np.broadcast_shapes(x.shape, mask.shape)
    row, chosen = (rules.reshape(rules.expand(t, shape=shape), shape=(-1,)) for t in (x, mask))
    return rules.getitem(row, index=chosen.data)


def nonzero(x: Tensor, *, as_tuple: bool = False) -> Any:
    """Where the entries are that are not zero: shape (how many, axes); or a tuple of one index an axis.

    >>> nonzero(tensor([0.0, 3.0, 4.0]))
    tensor([[1],
            [2]])
    """
    row = x.data if x.ndim else x.data.reshape(1)
    found = [tensors.Tensor(i) for i in backend.xp(row).nonzero(row)]
    if as_tuple:
        return tuple(found)
    return rules.stack(*found, dim=1)[:, : x.ndim]
