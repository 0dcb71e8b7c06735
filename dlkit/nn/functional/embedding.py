"""Embeddings: rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit import equivalents
from dlkit.autograd import backend

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["embedding"]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that some numbers name.

    Args:
        input: numbers of rows, integers of any shape.
        weight: the table (rows, features).
        padding_idx: this row gets no gradient.
        max_norm: rows that are used and longer than this (by the norm of order `norm_type`) are shortened in place.
        scale_grad_by_freq: divide a row's gradient by how often it is used here.
        sparse: has no effect: gradients are dense.

    Raises:
        IndexError: a number that is no row.

    >>> from dlkit import Tensor, tensor
    >>> embedding(tensor([1, 0, 1]), Tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.],
            [3., 4.]])
    """
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError(f"padding_idx={padding_idx}, and the table has {rows} rows")
        padding_idx %= rows
    if max_norm is not None:
        _shorten(weight, input, max_norm, norm_type)
    share = None
    if padding_idx is not None:
        share = input.data != padding_idx
    if scale_grad_by_freq:
        _, where, often = np.unique(backend.to_numpy(input.data), return_inverse=True, return_counts=True)
        share = backend.like((1 / often)[where].reshape(input.shape), weight.data) * (1 if share is None else share)
    if share is not None:
        share = tensors.Tensor(backend.cast(share, weight.dtype)[..., None])
    return equivalents.embedding(weight, input, share)


def _shorten(weight: Tensor, index: Tensor, most: float, order: float) -> None:
    used = np.unique(backend.to_numpy(index.data))
    rows = backend.to_numpy(weight.data)[used]
    norms = np.linalg.norm(rows, ord=order, axis=1, keepdims=True)
    shorter = np.where(norms > most, rows * (most / (norms + 1e-7)), rows).astype(rows.dtype)
    weight.data[backend.like(used, weight.data)] = backend.like(shorter, weight.data)
