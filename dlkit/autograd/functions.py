"""Functions in torch's spelling that are made of primitives."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

from dlkit.autograd import rules
from dlkit.autograd.rules import cat as _cat
from dlkit.autograd.tensor import Tensor

__all__ = [
    "cat",
    "expand",
    "mean",
    "permute",
    "reshape",
    "stack",
    "sum",
    "to",
    "transpose",
    "unbind",
]

Dims = int | Sequence[int] | None


def axes(x: Any, dim: Dims) -> tuple[int, ...]:
    """Axes as a tuple of non-negative numbers; none given means all. A single number has the axes 0 and -1, too.

    >>> axes(Tensor([[1.0]]), -1)
    (1,)
    """
    n = x.ndim
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(n))
    found = tuple(_axis(d, n) for d in ((dim,) if isinstance(dim, int) else dim))
    if len(set(found)) < len(found):
        raise RuntimeError(f"dim={dim} names an axis twice")
    return found if n else ()


def _axis(d: int, n: int) -> int:
    if not -builtins.max(n, 1) <= d < builtins.max(n, 1):
        raise IndexError(
            f"dim={d}, and the tensor has {n} axes: it may be {-builtins.max(n, 1)} to {builtins.max(n, 1) - 1}"
        )
    return d % builtins.max(n, 1)


def sum(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The sum over some axes, all by default.

    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    return rules.sum(x, dim=axes(x, dim), keepdim=keepdim)


def mean(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """The mean over some axes, all by default."""
    return sum(x, dim, keepdim) / math.prod(x.shape[i] for i in axes(x, dim))


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same entries, in the same order, in another shape; one length may be -1."""
    return rules.reshape(x, tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, one by one."""
    before = (slice(None),) * _axis(dim, x.ndim)
    return tuple(x[(*before, i)] for i in range(x.shape[dim]))


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors put together along an axis that they have."""
    return _cat(*tensors, dim=dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape put together along a new axis."""
    return rules.stack(*tensors, dim=dim)


def permute(x: Tensor, *dims: Any) -> Tensor:
    """The axes in another order."""
    return rules.permute(x, tuple(dims[0]) if len(dims) == 1 and not isinstance(dims[0], int) else dims)


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged."""
    order = list(range(x.ndim))
    dim0, dim1 = _axis(dim0, x.ndim), _axis(dim1, x.ndim)
    if x.ndim:
        order[dim0], order[dim1] = dim1, dim0
    return rules.permute(x, tuple(order))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """Axes of length 1, and new ones in front, repeated without a copy; -1 keeps a length."""
    size = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    lead = len(size) - x.ndim
    return rules.expand(x, tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(size)))


def to(x: Tensor, *where: Any) -> Tensor:
    """As another element type, or on another device (`"cpu"`, `"cuda"`, ...), or both."""
    for target in where:
        if isinstance(target, str) and target.split(":")[0] in ("cpu", "cuda", "mps"):
            raise NotImplementedError
        x = rules.cast(x, dtype=target)
    return x
