"""Layers without parameters that leave the numbers as they are."""

from __future__ import annotations

import math
from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn.module import Module, refuse


class Identity(Module):
    """The input as it is; arguments are taken and forgotten, so that it can stand for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """Several axes as one.

    Args:
        start_dim: the first of them; all but the first axis, the batch, by default.
        end_dim: the last of them.

    >>> from dlkit import zeros
    >>> Flatten()(zeros(2, 3, 4)).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        n = input.ndim
        if not n:
            return input.reshape((1,))
        for dim in (self.start_dim, self.end_dim):
            if not -n <= dim < n:
                raise IndexError(f"{self!r}: the input of shape {input.shape} has no axis {dim}")
        start, end = self.start_dim % n, self.end_dim % n
        if start > end:
            refuse(self, "axes from start_dim to end_dim, in this order", input)
        return input.reshape((*input.shape[:start], math.prod(input.shape[start : end + 1]), *input.shape[end + 1 :]))

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several.

    Args:
        dim: the axis.
        unflattened_size: the lengths of the new axes; one may be -1.

    >>> from dlkit import zeros
    >>> Unflatten(1, (3, 4))(zeros(2, 12)).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        dim = self.dim % input.ndim
        known = math.prod(n for n in self.unflattened_size if n != -1)
        if input.shape[dim] % known if -1 in self.unflattened_size else input.shape[dim] != known:
            refuse(self, f"a length along axis {self.dim} that is the product of {self.unflattened_size}", input)
        return input.reshape((*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :]))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
