"""Classes as vectors.

>>> from dlkit import tensor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["one_hot"]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each integer as a row of int64 with a 1 at its place and 0 elsewhere: one axis more, of `num_classes`.

    Args:
        tensor: integers, not negative, any shape.
        num_classes: how many places; without it, just enough.

    Raises:
        ValueError: an integer that has no place, or none from which to guess how many there are.

    >>> one_hot(tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    labels = backend.to_numpy(tensor.data)
    if num_classes < 0 and not labels.size:
        raise ValueError("one_hot of no integers: say num_classes")
    places = num_classes if num_classes >= 0 else int(labels.max()) + 1
    if labels.size and not (labels.min() >= 0 and labels.max() < places):
        raise ValueError(
            f"one_hot of {labels.min()} to {labels.max()} with {places} classes: they are 0 to {places - 1}"
        )
    found = (labels[..., None] == np.arange(places)).astype(np.int64)
    return tensors.Tensor(backend.like(found, tensor.data))
