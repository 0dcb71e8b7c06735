"""New tensors, in torch's spelling, as arrays of the library that `use` has set.

Everywhere `dtype` is a NumPy dtype or its name, `device` one that the library has, and `requires_grad` makes a leaf.
A shape is given as numbers or as one tuple.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend
from dlkit.functions.shapes import numbers

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "eye",
    "from_numpy",
    "full",
    "linspace",
    "ones",
    "tensor",
    "zeros",
]


def new(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A NumPy array as a tensor of the library that is in force.

    >>> new(np.zeros(2), "float32")
    tensor([0., 0.])
    """
    array = backend.native(np.asarray(data, dtype=None if dtype is None else np.dtype(dtype)), device=device)
    return tensors.Tensor(array, requires_grad)


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of some numbers as a tensor.

    Args:
        data: numbers, lists of them, or an array. Python's floats become float32, its integers int64; an array keeps
            its type.
        dtype: another element type: a NumPy dtype or its name.
        device: where it shall lie.
        requires_grad: whether `backward` shall find a gradient for it.

    >>> tensor([1.0, 2.0]).dtype
    dtype('float32')
    """
    if isinstance(data, tensors.Tensor):
        array = backend.copy(data.data)
    elif backend.is_array(data):
        array = backend.native(backend.copy(data), device=device)
    else:
        found = np.array(data)
        array = backend.native(found.astype(np.float32) if found.dtype == np.float64 else found, device=device)
    return tensors.Tensor(array if dtype is None else backend.cast(array, dtype), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Some numbers as a tensor; arrays and tensors are not copied where their type and library fit.

    >>> as_tensor([1, 2])
    tensor([1, 2])
    """
    if isinstance(data, tensors.Tensor):
        return data.to(dtype=dtype, device=device)
    if backend.is_array(data):
        array = backend.native(data, device=device)
        return tensors.Tensor(array if dtype is None else backend.cast(array, dtype))
    return tensor(data, dtype, device)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """A NumPy array as a tensor of its element type, over the same memory where the library allows it.

    >>> from_numpy(np.zeros(2)).dtype
    dtype('float64')
    """
    return tensors.Tensor(backend.native(array))


def zeros(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros.

    >>> zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """
    return new(np.zeros(numbers(shape), dtype or np.float32), None, device, requires_grad)


def ones(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones.

    >>> ones(2)
    tensor([1., 1.])
    """
    return new(np.ones(numbers(shape), dtype or np.float32), None, device, requires_grad)


def empty(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers that do not matter: zeros, so that no run differs from another.

    >>> empty(2).shape
    (2,)
    """
    return zeros(*shape, dtype=dtype, device=device, requires_grad=requires_grad)


def full(shape: Any, value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere: float32, or int64 or bool as the value is.

    >>> full((2,), 7)
    tensor([7, 7])
    """
    kind = dtype or (np.bool_ if isinstance(value, bool) else np.int64 if isinstance(value, int) else np.float32)
    return new(np.full(numbers((shape,)), value, kind), None, device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The matrix (n, m) with ones on its diagonal, and zeros elsewhere.

    >>> eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return new(np.eye(n, m, dtype=dtype or np.float32), None, device, requires_grad)


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The numbers from `start` (0 where only one is given) to before `end`: int64, or float32 if one of them is a float.

    Raises:
        ValueError: `end` does not lie in the direction of `step`.

    >>> arange(3), arange(1, 2, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    if end is None:
        start, end = 0, start
    if not step or (end - start) / step < 0:
        raise ValueError(f"arange from {start} to {end} by {step}: that leads nowhere")
    whole = all(isinstance(x, (int, np.integer)) for x in (start, end, step))
    found = np.arange(start, end, step)
    return new(found, dtype or (np.int64 if whole else np.float32), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """So many numbers from `start` to `end`, both included, at equal distances.

    >>> linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return new(np.linspace(float(start), float(end), steps), dtype or np.float32, device, requires_grad)
