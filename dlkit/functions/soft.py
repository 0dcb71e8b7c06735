"""The softmax and its logarithm as functions and methods of tensors; what they compute is in `nn.functional`.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["log_softmax", "softmax"]


def softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """exp(x) / sum exp(x) along an axis.

    >>> softmax(tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    from dlkit.nn.functional.softmax import softmax as found  # it needs the engine first

    return found(x, dim, dtype=dtype)


def log_softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """log softmax(x), exact also where the softmax is too small for a float.

    >>> log_softmax(tensor([0.0, 0.0]), 0)
    tensor([-0.6931, -0.6931])
    """
    from dlkit.nn.functional.softmax import log_softmax as found

    return found(x, dim, dtype=dtype)
