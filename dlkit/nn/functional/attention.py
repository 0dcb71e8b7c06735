"""Attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, fused, rules
from dlkit.functions.draw import draw

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(q k' * scale + mask) v (Vaswani et al., 2017).

    Args:
        query: (..., steps, features).
        key: (..., keys, features).
        value: (..., keys, values).
        attn_mask: (..., steps, keys): true where a step may look, or numbers that are added to the scores.
        dropout_p: so many of the weights are dropped, at random.
        is_causal: a step looks at itself and at earlier ones alone.
        scale: 1 / sqrt(features) by default.
        enable_gqa: keys and values may have fewer heads (axis -3) than the query; each then serves several.

    Returns:
        (..., steps, values). A step that may look at nothing gives zeros.

    Raises:
        RuntimeError: both `attn_mask` and `is_causal`, or shapes that do not fit.

    >>> from dlkit import Tensor
    >>> q = k = Tensor([[1.0], [2.0]])
    >>> scaled_dot_product_attention(q, k, Tensor([[3.0], [5.0]]), is_causal=True)[0]
    tensor([3.])
    """
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("give attn_mask or is_causal=True, not both")
        attn_mask = tensors.Tensor(backend.like(np.tri(query.shape[-2], key.shape[-2], dtype=bool), query.data))
    if attn_mask is not None and not backend.is_float(attn_mask.data):
        attn_mask = rules.where(attn_mask, 0.0, -math.inf)
        attn_mask = rules.cast(attn_mask, dtype=query.dtype)
    if enable_gqa:
        key, value = _shared(key, query.shape[-3]), _shared(value, query.shape[-3])
    kept = None
    if dropout_p:
        shape = (*np.broadcast_shapes(query.shape[:-2], key.shape[:-2]), query.shape[-2], key.shape[-2])
        drawn = draw("uniform", shape, query.data) >= dropout_p
        kept = tensors.Tensor(backend.cast(drawn, query.dtype) / (1.0 - dropout_p if dropout_p < 1.0 else 1.0))
    scale = 1 / math.sqrt(max(query.shape[-1], 1)) if scale is None else scale
    return fused.attention(query, key, value, attn_mask, kept, scale=scale)


def _shared(x: Tensor, heads: int) -> Tensor:
    """Each head several times, one after the other."""
    *lead, own, steps, features = x.shape
    if own == heads:
        return x
    if heads % own:
        raise RuntimeError(f"enable_gqa: {heads} heads of the query cannot share {own} of the keys and values evenly")
    x = x.reshape(*lead, own, 1, steps, features)
    return x.expand(*lead, own, heads // own, steps, features).reshape(*lead, heads, steps, features)
