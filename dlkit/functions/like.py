"""New tensors of another's shape, library, device and element type; each of these but the library can be given.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend
from dlkit.functions.draw import draw
from dlkit.functions.shapes import numbers

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "empty_like",
    "full_like",
    "new_full",
    "new_ones",
    "new_tensor",
    "new_zeros",
    "ones_like",
    "rand_like",
    "randn_like",
    "zeros_like",
]


def _filled(x: Tensor, shape: Any, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    array = np.full(shape, value, dtype or x.dtype)
    made = tensors.Tensor(backend.like(array, x.data))
    made = made if device is None else made.to(device)
    made.requires_grad = requires_grad
    return made


def full_like(x: Tensor, value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere.

    >>> full_like(tensor([1.0, 2.0]), 7)
    tensor([7., 7.])
    """
    return _filled(x, x.shape, value, dtype, device, requires_grad)


def zeros_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros.

    >>> zeros_like(tensor([1, 2]))
    tensor([0, 0])
    """
    return _filled(x, x.shape, 0, dtype, device, requires_grad)


def ones_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones.

    >>> ones_like(tensor([1, 2]), dtype="float32")
    tensor([1., 1.])
    """
    return _filled(x, x.shape, 1, dtype, device, requires_grad)


def empty_like(x: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers that do not matter: zeros.

    >>> empty_like(tensor([1, 2])).shape
    (2,)
    """
    return _filled(x, x.shape, 0, dtype, device, requires_grad)


def new_full(
    x: Tensor, shape: Any, value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value everywhere, in another shape.

    >>> new_full(tensor([1.0]), (2,), 7)
    tensor([7., 7.])
    """
    return _filled(x, numbers((shape,)), value, dtype, device, requires_grad)


def new_zeros(x: Tensor, *shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in another shape.

    >>> new_zeros(tensor([1.0]), 2)
    tensor([0., 0.])
    """
    return _filled(x, numbers(shape), 0, dtype, device, requires_grad)


def new_ones(x: Tensor, *shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in another shape.

    >>> new_ones(tensor([1.0]), 2)
    tensor([1., 1.])
    """
    return _filled(x, numbers(shape), 1, dtype, device, requires_grad)


def new_tensor(x: Tensor, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Some numbers.

    >>> new_tensor(tensor([1.0]), [3, 4])
    tensor([3., 4.])
    """
    array = np.array(data)
    return _filled(x, array.shape, array, dtype, None, requires_grad)


def _drawn(kind: str, x: Tensor, dtype: Any) -> Tensor:
    return tensors.Tensor(backend.cast(draw(kind, x.shape, x.data), dtype or x.dtype))


def rand_like(x: Tensor, *, dtype: Any = None) -> Tensor:
    """Random numbers, uniform in [0, 1).

    >>> rand_like(tensor([1.0, 2.0])).shape
    (2,)
    """
    return _drawn("uniform", x, dtype)


def randn_like(x: Tensor, *, dtype: Any = None) -> Tensor:
    """Random numbers from the standard normal distribution.

    >>> randn_like(tensor([1.0, 2.0])).shape
    (2,)
    """
    return _drawn("normal", x, dtype)
