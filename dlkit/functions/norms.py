"""The norm in torch's older spelling, which is a method of tensors, too.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlkit.functions.axes import Dims
from dlkit.functions.linalg import vector_norm

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["norm"]


def norm(x: Tensor, p: Any = "fro", dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The length of vectors along some axes, all by default; `"fro"` and 2 are the root of the sum of squares.

    Raises:
        NotImplementedError: `"nuc"`, which needs singular values.

    >>> norm(tensor([[3.0], [4.0]]))
    tensor(5.)
    """
    if p == "nuc":
        raise NotImplementedError("the norm 'nuc' of a matrix needs its singular values")
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)
