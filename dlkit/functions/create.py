"""New tensors, in torch's spelling, as arrays of the library that `use` has set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "manual_seed",
    "ones",
    "rand",
    "randn",
    "tensor",
    "zeros",
]


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of some numbers as a tensor.

    Args:
        data: numbers, lists of them, or an array. Python's floats become float32, its integers int64; an array keeps
            its type.
        dtype: another element type: a NumPy dtype or its name.

    >>> tensor([1.0, 2.0]).dtype
    dtype('float32')
    """
    if isinstance(data, tensors.Tensor):
        array = backend.copy(data.data)
    elif backend.is_array(data):
        array = backend.native(backend.copy(data))
    else:
        found = np.array(data)
        array = backend.native(found.astype(np.float32) if found.dtype == np.float64 else found)
    return tensors.Tensor(array if dtype is None else backend.cast(array, dtype), requires_grad)


def _filled(shape: tuple[Any, ...], value: float, dtype: Any, requires_grad: bool) -> Tensor:
    size = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    return tensors.Tensor(backend.native(np.full(size, value, dtype=dtype or np.float32)), requires_grad)


def zeros(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of a shape, given as numbers or as one tuple."""
    return _filled(shape, 0.0, dtype, requires_grad)


def ones(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of a shape, given as numbers or as one tuple."""
    return _filled(shape, 1.0, dtype, requires_grad)


def manual_seed(seed: int) -> None:
    """Put the generators of random numbers into a known state: NumPy's global one, and torch's if it is loaded."""
    import sys

    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _random(kind: str, shape: tuple[Any, ...], dtype: Any, requires_grad: bool) -> Tensor:
    size = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    return tensors.Tensor(backend.cast(backend.draw(kind, tuple(size)), dtype or np.float32), requires_grad)


def rand(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, uniform in [0, 1)."""
    return _random("uniform", shape, dtype, requires_grad)


def randn(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers from the standard normal distribution."""
    return _random("normal", shape, dtype, requires_grad)
