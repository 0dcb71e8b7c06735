"""Tensors of another element type, on another device, or as a copy.

>>> from dlkit import float64, tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import rules
from dlkit.functions.kinds import typed

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["clone", "contiguous", "cpu", "cuda", "to", "type_as"]


def to(
    x: Tensor,
    *where: Any,
    dtype: Any = None,
    device: Any = None,
    copy: bool = False,
    non_blocking: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """As another element type, on another device, or as another tensor is; itself, where nothing changes.

    Args:
        x: any tensor.
        where: an element type, a device (`"cpu"`, `"cuda"`, ...), both, or a tensor to be like.
        dtype: the element type by name.
        device: the device by name. What is NumPy's array becomes torch's where it leaves the CPU.
        copy: even where nothing changes.
        non_blocking: for torch's sake; nothing here runs behind.
        memory_format: for torch's sake; the order in memory is not promised.

    >>> to(tensor([1.5, 2.5]), "int64")
    tensor([1, 2])
    """
    for target in where:
        if isinstance(target, tensors.Tensor):
            dtype, device = target.dtype, target.device
        elif isinstance(target, str) and target.split(":")[0] in ("cpu", "cuda", "mps", "xpu"):
            device = target
        elif target is not None and not isinstance(target, bool):
            dtype = target
    y = typed(x, dtype)
    if device is not None and str(device) != y.device:
        y = rules.move(y, device=str(device))
    return clone(y) if copy and y is x else y


def cpu(x: Tensor) -> Tensor:
    """On the CPU.

    >>> cpu(tensor([1.0])).device
    'cpu'
    """
    return to(x, "cpu")


def cuda(x: Tensor, device: int = 0) -> Tensor:
    """On a GPU."""
    return to(x, f"cuda:{device}")


def type_as(x: Tensor, other: Tensor) -> Tensor:
    """As another tensor's element type.

    >>> type_as(tensor([1.5]), tensor([1]))
    tensor([1])
    """
    return typed(x, other.dtype)


def clone(x: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy, with a gradient.

    >>> clone(tensor([1.0]))
    tensor([1.])
    """
    return rules.cast(x, dtype=x.dtype)


def contiguous(x: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself: in which order entries lie in memory is no business of a function here.

    >>> contiguous(tensor([1.0]))
    tensor([1.])
    """
    return x


def float_(x: Tensor, memory_format: Any = None) -> Tensor:
    """As float32: the method `x.float()`."""
    return typed(x, np.float32)


def double_(x: Tensor, memory_format: Any = None) -> Tensor:
    """As float64: the method `x.double()`."""
    return typed(x, np.float64)


def half_(x: Tensor, memory_format: Any = None) -> Tensor:
    """As float16: the method `x.half()`."""
    return typed(x, np.float16)


def long_(x: Tensor, memory_format: Any = None) -> Tensor:
    """As int64: the method `x.long()`."""
    return typed(x, np.int64)


def int_(x: Tensor, memory_format: Any = None) -> Tensor:
    """As int32: the method `x.int()`."""
    return typed(x, np.int32)


def bool_(x: Tensor, memory_format: Any = None) -> Tensor:
    """Whether entries are not zero: the method `x.bool()`."""
    return typed(x, np.bool_)


CASTS = {"float": float_, "double": double_, "half": half_, "long": long_, "int": int_, "bool": bool_}
"""Methods whose names are element types' as functions."""
