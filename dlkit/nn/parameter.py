"""Tensors that a module learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlkit.autograd import Tensor, backend


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module that it is assigned to, and has a gradient.

    Args:
        data: a Tensor or an array, whose memory it shares; or numbers and lists of them.
        requires_grad: False for one that training leaves alone.

    >>> Parameter(np.zeros(2, dtype="float32"))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data.data if isinstance(data, Tensor) else data, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        made = memo[id(self)] = type(self)(backend.copy(self.data), self.requires_grad)
        return made

    def __reduce__(self) -> Any:
        return type(self), (self.data, self.requires_grad)


def place(array: Any, device: Any = None, dtype: Any = None) -> Any:
    """A NumPy array as an array of the library and on the device that new tensors have, or on a device that is given."""
    array = array if dtype is None else array.astype(np.dtype(dtype), copy=False)
    where = None if device is None else str(device)
    return backend.native(array, None if where in (None, "cpu") else "torch", where)


def empty(*shape: int, device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter whose numbers are not set yet.

    >>> empty(2, 3, dtype="float64").dtype
    dtype('float64')
    """
    return Parameter(place(np.empty(shape, dtype=np.float32), device, dtype))


def full(shape: tuple[int, ...], value: float, device: Any = None, dtype: Any = None) -> Tensor:
    """A tensor of one number, for a buffer.

    >>> full((2,), 1.0)
    tensor([1., 1.])
    """
    return Tensor(place(np.full(shape, value, dtype=np.float32), device, dtype))
