"""The same entries in another shape, mostly without a copy.

A shape is given as numbers or as one tuple.

>>> from dlkit import tensor, zeros
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules
from dlkit.functions.axes import Dims, axes, axis

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "broadcast_to",
    "expand",
    "expand_as",
    "flatten",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "reshape_as",
    "squeeze",
    "swapaxes",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
    "view_as",
]


def numbers(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Numbers, given one by one or as one tuple or list.

    >>> numbers((2, 3)), numbers(((2, 3),))
    ((2, 3), (2, 3))
    """
    return tuple(map(int, given[0] if len(given) == 1 and isinstance(given[0], (tuple, list)) else given))


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same entries, in the same order, in another shape; one length may be -1.

    Raises:
        ValueError: the shape has more entries, or fewer.

    >>> reshape(tensor([1.0, 2.0, 3.0, 4.0]), 2, -1)
    tensor([[1., 2.],
            [3., 4.]])
    """
    return rules.reshape(x, shape=numbers(shape))


def view(x: Tensor, *shape: Any) -> Tensor:
    """As `reshape`; where the entries do not lie in that order, they are copied.

    >>> view(zeros(2, 3), (3, 2)).shape
    (3, 2)
    """
    if len(shape) == 1 and not isinstance(shape[0], (int, tuple, list)):
        raise NotImplementedError("view as another element type: see to()")
    return rules.reshape(x, shape=numbers(shape))


def reshape_as(x: Tensor, other: Tensor) -> Tensor:
    """In another tensor's shape.

    >>> reshape_as(zeros(6), zeros(2, 3)).shape
    (2, 3)
    """
    return rules.reshape(x, shape=other.shape)


def view_as(x: Tensor, other: Tensor) -> Tensor:
    """In another tensor's shape.

    >>> view_as(zeros(6), zeros(2, 3)).shape
    (2, 3)
    """
    return rules.reshape(x, shape=other.shape)


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Some neighboring axes made one, all by default.

    >>> flatten(zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    if not x.ndim:
        return rules.reshape(x, shape=(1,))
    first, last = axis(start_dim, x.ndim), axis(end_dim, x.ndim)
    if first > last:
        raise RuntimeError(f"flatten from axis {start_dim} to axis {end_dim}: the first must not come behind the last")
    shape = (*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :])
    return rules.reshape(x, shape=shape)


def unflatten(x: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One axis made several, of these lengths; one may be -1.

    >>> unflatten(zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)
    """
    d = axis(dim, x.ndim)
    known = math.prod(n for n in sizes if n != -1)
    lengths = (x.shape[d] // known if n == -1 else n for n in sizes)
    return rules.reshape(x, shape=(*x.shape[:d], *lengths, *x.shape[d + 1 :]))


def ravel(x: Tensor) -> Tensor:
    """All entries in a row.

    >>> ravel(zeros(2, 3)).shape
    (6,)
    """
    return rules.reshape(x, shape=(-1,))


def squeeze(x: Tensor, dim: Dims = None) -> Tensor:
    """Without axes of length 1: all of them, or those given where they have that length.

    >>> squeeze(zeros(1, 2, 1)).shape, squeeze(zeros(1, 2, 1), 0).shape
    ((2,), (2, 1))
    """
    gone = axes(x, dim) if dim is None or isinstance(dim, int) or len(dim) else ()
    return rules.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in gone))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """With a new axis of length 1.

    >>> unsqueeze(zeros(2, 3), 1).shape
    (2, 1, 3)
    """
    d = axis(dim, x.ndim + 1)
    return rules.reshape(x, shape=(*x.shape[:d], 1, *x.shape[d:]))


def permute(x: Tensor, *dims: Any) -> Tensor:
    """The axes in another order.

    Raises:
        ValueError: not every axis is named once.

    >>> permute(zeros(2, 3, 4), 2, 0, 1).shape
    (4, 2, 3)
    """
    order = tuple(axis(d, x.ndim) for d in numbers(dims))
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"permute of {x.shape} to {numbers(dims)}: each of its {x.ndim} axes must be named once")
    return rules.permute(x, dims=order)


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged.

    >>> transpose(zeros(2, 3, 4), 0, -1).shape
    (4, 3, 2)
    """
    order = list(range(x.ndim))
    dim0, dim1 = axis(dim0, x.ndim), axis(dim1, x.ndim)
    if x.ndim:
        order[dim0], order[dim1] = dim1, dim0
    return rules.permute(x, dims=tuple(order))


swapaxes = transpose


def t(x: Tensor) -> Tensor:
    """A matrix with its two axes exchanged; a vector stays as it is.

    >>> t(zeros(2, 3)).shape
    (3, 2)
    """
    if x.ndim > 2:
        raise RuntimeError(f"t() of {x.shape}: that is for a matrix; say which axes with transpose(), or see mT")
    return transpose(x, 0, 1) if x.ndim == 2 else rules.permute(x, dims=tuple(range(x.ndim)))


def movedim(x: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Some axes at other places; the others keep their order.

    >>> movedim(zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    pairs = zip(
        *((axis(d, x.ndim) for d in ([a] if isinstance(a, int) else a or ())) for a in (source, destination)),
        strict=True,
    )
    to = {place: d for d, place in pairs}
    rest = iter(i for i in range(x.ndim) if i not in to.values())
    return rules.permute(x, dims=tuple(to[i] if i in to else next(rest) for i in range(x.ndim)))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """Axes of length 1, and new ones in front, repeated without a copy; -1 keeps a length.

    >>> expand(tensor([[1.0], [2.0]]), -1, 3)
    tensor([[1., 1., 1.],
            [2., 2., 2.]])
    """
    size = numbers(shape)
    lead = len(size) - x.ndim
    return rules.expand(x, shape=tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(size)))


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """Repeated to another tensor's shape.

    >>> expand_as(zeros(1, 3), zeros(2, 3)).shape
    (2, 3)
    """
    return rules.expand(x, shape=other.shape)


def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Repeated to a shape, without a copy.

    >>> broadcast_to(tensor([1.0, 2.0]), (2, 2))
    tensor([[1., 2.],
            [1., 2.]])
    """
    return expand(x, tuple(shape))
