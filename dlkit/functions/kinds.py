"""Which element type a function computes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlkit.autograd import rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


def floating(x: Tensor) -> Tensor:
    """The tensor itself, or integers and booleans as float32.

    >>> from dlkit import tensor
    >>> floating(tensor([1, 2]))
    tensor([1., 2.])
    """
    return x if x.dtype.kind == "f" else rules.cast(x, dtype=np.dtype(np.float32))


def typed(x: Tensor, dtype: Any) -> Tensor:
    """The tensor in another element type; itself if it has that already, or if none is given."""
    return x if dtype is None or x.dtype == np.dtype(dtype) else rules.cast(x, dtype=np.dtype(dtype))
