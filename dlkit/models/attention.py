"""Attention: each position asks, and gets a mean of what the others offer.

Source: Vaswani et al., 2017, arXiv:1706.03762.
Letters in names: B examples, T positions that ask, S positions that answer, D width, H heads, E width of a head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend(q_BHTE: Tensor, k_BHSE: Tensor, v_BHSE: Tensor, mask: Tensor | None = None) -> Tensor:
    """What `scaled_dot_product_attention` computes, step by step.

    Args:
        q_BHTE: queries (..., T, E).
        k_BHSE: keys (..., S, E).
        v_BHSE: values (..., S, E).
        mask: true where a query may look; broadcast to (..., T, S). Each query must see at least one key.

    Returns:
        (..., T, E): for each query the mean of the values, weighted by the softmax of its products with the keys.

    >>> q = k = torch.zeros(2, 1)
    >>> attend(q, k, torch.tensor([[1.0], [3.0]]), causal_mask(2, 2))
    tensor([[1.],
            [2.]])
    """
    scores_BHTS = q_BHTE @ k_BHSE.mT / math.sqrt(q_BHTE.shape[-1])
    if mask is not None:
        scores_BHTS = scores_BHTS.masked_fill(~mask, -torch.inf)
    weights_BHTS = scores_BHTS.softmax(-1)
    return weights_BHTS @ v_BHSE


def causal_mask(queries: int, keys: int, device: torch.device | str | None = None) -> Tensor:
    """Position t sees itself and what came before. The queries are the last of the keys' positions. (queries, keys), bool.

    >>> causal_mask(2, 3).int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


class Cache:
    """Keys and values of the positions so far, so that a new one need not compute them again."""

    def __init__(self) -> None:
        self.k_BHSE: Tensor | None = None
        self.v_BHSE: Tensor | None = None

    def __len__(self) -> int:
        return 0 if self.k_BHSE is None else self.k_BHSE.shape[-2]

    def add(self, k_BHTE: Tensor, v_BHTE: Tensor) -> tuple[Tensor, Tensor]:
        """Those of the new positions come in; all that are there."""
        self.k_BHSE = k_BHTE if self.k_BHSE is None else torch.cat([self.k_BHSE, k_BHTE], -2)
        self.v_BHSE = v_BHTE if self.v_BHSE is None else torch.cat([self.v_BHSE, v_BHTE], -2)
        return self.k_BHSE, self.v_BHSE


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each in its own part of the width.

    The number of heads is read from what the layers give: cut into slices by tensor parallelism, `q`, `k` and `v`
    by columns and `o` by rows, each process computes its own heads.

    Args:
        width: D, of what comes in and what goes out.
        heads: H, a divisor of the width.
        dropout: share of the attention weights dropped while training.
        bias: of the four linear maps.

    Raises:
        ValueError: the heads do not divide the width; or, when called, both `mask` and `causal`.

    Shapes: x (B, T, D), memory (B, S, D) or None: x itself; mask, true where a position may look, broadcast to
    (B, H, T, S) -> (B, T, D). `causal` is the mask of `causal_mask`, and not given with another.

    >>> MultiHeadAttention(8, heads=2)(torch.zeros(3, 5, 8), causal=True).shape
    torch.Size([3, 5, 8])
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width} evenly.")
        self.head_width, self.dropout = width // heads, dropout
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias) for _ in range(4))

    def forward(
        self, x_BTD: Tensor, memory_BSD: Tensor | None = None, mask: Tensor | None = None, causal: bool = False, cache: Cache | None = None
    ) -> Tensor:
        if causal and mask is not None:
            raise ValueError("both a mask and causal=True: give mask & causal_mask(T, S) alone.")
        memory_BSD = x_BTD if memory_BSD is None else memory_BSD
        q_BHTE, k_BHSE, v_BHSE = self.split(self.q(x_BTD)), self.split(self.k(memory_BSD)), self.split(self.v(memory_BSD))
        if cache is not None:
            k_BHSE, v_BHSE = cache.add(k_BHSE, v_BHSE)
        queries, keys = q_BHTE.shape[-2], k_BHSE.shape[-2]
        if causal and queries != keys:  # torch's own flag takes the queries for the first positions
            mask, causal = causal_mask(queries, keys, x_BTD.device), False
        dropout = self.dropout if self.training else 0.0
        mixed_BHTE = F.scaled_dot_product_attention(q_BHTE, k_BHSE, v_BHSE, mask, dropout, is_causal=causal)
        return self.o(mixed_BHTE.transpose(1, 2).flatten(2))

    def split(self, x_BTD: Tensor) -> Tensor:
        """(B, T, D) -> (B, H, T, E)."""
        return x_BTD.unflatten(-1, (-1, self.head_width)).transpose(1, 2)
