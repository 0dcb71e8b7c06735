"""The largest and the smallest entries, and where they are.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.axes import Dims, axes, axis
from dlkit.functions.indexing import take_along_dim

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["amax", "amin", "argmax", "argmin", "argsort", "max", "median", "min", "sort", "topk"]


class Found(NamedTuple):
    """Entries, and their places along an axis."""

    values: Tensor
    indices: Tensor


def amax(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The largest entry over some axes, all by default; equal ones share the gradient.

    >>> amax(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    tensor([5., 4.])
    """
    return rules.amax(x, dim=axes(x, dim), keepdim=keepdim)


def amin(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The smallest entry over some axes, all by default; equal ones share the gradient.

    >>> amin(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    tensor([1., 3.])
    """
    return -rules.amax(-x, dim=axes(x, dim), keepdim=keepdim)


def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest entry stands along an axis, or, without one, among all entries: the first of equal ones.

    >>> argmax(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([1, 0])
    """
    data = x.data
    if dim is None or not x.ndim:
        found = backend.xp(data).argmax(backend.xp(data).reshape(data, (-1,)), axis=0)
        return rules.reshape(tensors.Tensor(found), shape=(1,) * x.ndim if keepdim else ())
    return tensors.Tensor(backend.xp(data).argmax(data, axis=axis(dim, x.ndim), keepdims=keepdim))


def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest entry stands along an axis, or, without one, among all entries: the first of equal ones.

    >>> argmin(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([0, 1])
    """
    return argmax(-x.detach(), dim, keepdim)


def max(x: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest entry of all; along an axis, also where it is; or the larger of two tensors.

    Returns:
        A tensor; with an axis, a pair `(values, indices)`. Along an axis, the first of equal ones has all the gradient.

    >>> max(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).values
    tensor([5., 4.])
    """
    if isinstance(dim, tensors.Tensor):
        return rules.maximum(x, dim)
    return amax(x) if dim is None else _at(x, argmax(x, dim, keepdim=True), dim, keepdim)


def min(x: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest entry of all; along an axis, also where it is; or the smaller of two tensors. As `max`.

    >>> min(tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1).indices
    tensor([0, 0])
    """
    if isinstance(dim, tensors.Tensor):
        return -rules.maximum(-x, -dim)
    return amin(x) if dim is None else _at(x, argmin(x, dim, keepdim=True), dim, keepdim)


def _at(x: Tensor, indices: Tensor, dim: int, keepdim: bool) -> Found:
    values = take_along_dim(x, indices, dim)
    if not keepdim and x.ndim:
        shape = tuple(n for i, n in enumerate(x.shape) if i != axis(dim, x.ndim))
        values, indices = rules.reshape(values, shape=shape), rules.reshape(indices, shape=shape)
    return Found(values, indices)


def argsort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The order in which an axis' entries rise, or fall; equal ones stay in their order, in any case.

    >>> argsort(tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0])
    """
    if not x.ndim:
        return rules.cast(x.detach() * 0, dtype="int64")
    dim, namespace = axis(dim, x.ndim), backend.xp(x.data)
    if not descending:
        return tensors.Tensor(namespace.argsort(x.data, axis=dim, stable=True))
    last = namespace.argsort(namespace.flip(x.data, axis=dim), axis=dim, stable=True)
    return tensors.Tensor(x.shape[dim] - 1 - namespace.flip(last, axis=dim))


def sort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Found:
    """An axis' entries in rising order, or falling, and where they stood; equal ones stay in their order.

    >>> sort(tensor([3.0, 1.0, 2.0]), descending=True).values
    tensor([3., 2., 1.])
    """
    order = argsort(x, dim, descending)
    return Found(take_along_dim(x, order, dim), order)


def topk(x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Found:
    """The k largest entries of an axis, or smallest, in order, and where they stand.

    Raises:
        RuntimeError: the axis has fewer entries.

    >>> topk(tensor([3.0, 1.0, 2.0]), 2)
    Found(values=tensor([3., 2.]), indices=tensor([0, 2]))
    """
    length = x.shape[axis(dim, x.ndim)] if x.ndim else 1
    if k > length:
        raise RuntimeError(f"topk: the {k} first of an axis of {length}: k must not be larger")
    order = argsort(x, dim, descending=largest)
    if x.ndim:
        order = order[(*(slice(None),) * axis(dim, x.ndim), slice(k))]
    return Found(take_along_dim(x, order, dim), order)


def median(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The entry in the middle of the order, of two the smaller; along an axis, also where it is.

    >>> median(tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    if dim is None:
        flat = rules.reshape(x, shape=(-1,))
        return flat[argsort(flat)[(flat.shape[0] - 1) // 2]]
    order = argsort(x, dim)
    if not x.ndim:
        return Found(x, order)
    middle = (x.shape[axis(dim, x.ndim)] - 1) // 2
    return _at(x, order[(*(slice(None),) * axis(dim, x.ndim), slice(middle, middle + 1))], dim, keepdim)
