"""Functions that put the entries of a tensor into another shape or order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlkit.autograd import rules
from dlkit.functions.axes import axis

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["cat", "expand", "permute", "reshape", "stack", "to", "transpose", "unbind"]


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same entries, in the same order, in another shape; one length may be -1."""
    return rules.reshape(x, shape=tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape)


def unbind(x: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, one by one."""
    before = (slice(None),) * axis(dim, x.ndim)
    return tuple(x[(*before, i)] for i in range(x.shape[dim]))


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors put together along an axis that they have."""
    return rules.cat(*tensors, dim=axis(dim, tensors[0].ndim))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape put together along a new axis."""
    return rules.stack(*tensors, dim=axis(dim, tensors[0].ndim + 1))


def permute(x: Tensor, *dims: Any) -> Tensor:
    """The axes in another order."""
    return rules.permute(
        x, dims=tuple(d % x.ndim for d in (dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims))
    )


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two axes exchanged."""
    order = list(range(x.ndim))
    dim0, dim1 = axis(dim0, x.ndim), axis(dim1, x.ndim)
    if x.ndim:
        order[dim0], order[dim1] = dim1, dim0
    return rules.permute(x, dims=tuple(order))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """Axes of length 1, and new ones in front, repeated without a copy; -1 keeps a length."""
    size = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    lead = len(size) - x.ndim
    return rules.expand(x, shape=tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(size)))


def to(x: Tensor, *where: Any) -> Tensor:
    """As another element type, or on another device (`"cpu"`, `"cuda"`, ...), or both."""
    for target in where:
        if isinstance(target, str) and target.split(":")[0] in ("cpu", "cuda", "mps"):
            raise NotImplementedError
        x = rules.cast(x, dtype=target)
    return x
