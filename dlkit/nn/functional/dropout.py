"""Dropout: numbers that are left out by chance, while training.

The numbers come from the generator that `np.random.seed` governs, or, for torch's arrays, from torch's.

>>> from dlkit import ones
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.draw import draw

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["dropout", "dropout1d", "dropout2d", "dropout3d"]


def _dropped(x: Tensor, p: float, training: bool, shape: Sequence[int]) -> Tensor:
    """Zeros by chance, in parts of `x` that share a place in `shape`, and the rest so much larger."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout with p={p}: it is a probability, between 0 and 1")
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0.0
    kept = backend.cast(draw("uniform", tuple(shape), x.data) >= p, x.dtype)
    return rules.mul(x, tensors.Tensor(kept * (1 / (1 - p))))


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Every entry is 0 with probability p, and else divided by 1 - p, so that the mean stays (Srivastava and others,
    2014). Without `training`, the input.

    Raises:
        ValueError: p is no probability.

    >>> sorted({0.0, 2.0} | set(dropout(ones(100)).tolist()))
    [0.0, 2.0]
    """
    return _dropped(input, p, training, input.shape)


def _channels(x: Tensor, p: float, training: bool, axes: int) -> Tensor:
    """Whole channels of (batch, channels, ...) or, with an axis less, (channels, ...)."""
    if x.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(f"dropout{axes}d of {x.shape}: it wants (batch, channels, ...) or (channels, ...)")
    lead = x.ndim - axes
    return _dropped(x, p, training, (*x.shape[:lead], *(1,) * axes))


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout`, for whole channels of (batch, channels, length) or (channels, length).

    >>> dropout1d(ones(2, 3, 4)).shape
    (2, 3, 4)
    """
    return _channels(input, p, training, 1)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout`, for whole channels of (batch, channels, height, width); of three axes, as torch has it, the first
    two are batch and channels.

    >>> dropout2d(ones(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """
    return _channels(input, p, training, 1 if input.ndim == 3 else 2)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """As `dropout`, for whole channels of (batch, channels, depth, height, width).

    >>> dropout3d(ones(2, 3, 4, 4, 4)).shape
    (2, 3, 4, 4, 4)
    """
    return _channels(input, p, training, 3)
