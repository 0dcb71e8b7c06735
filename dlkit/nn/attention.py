"""Attention with several heads."""

from __future__ import annotations

import math
from typing import Any

from dlkit.autograd import Tensor, backend
from dlkit.functions import cat, where
from dlkit.nn import functional, init
from dlkit.nn.linear import Linear
from dlkit.nn.module import Module
from dlkit.nn.parameter import Parameter, empty

Mask = Tensor | None


class MultiheadAttention(Module):
    """softmax(Q K^T / sqrt(head_dim)) V in each head, for projections Q, K, V; then a projection of all heads together.

    Source: Vaswani et al. 2017, "Attention Is All You Need".

    Shapes: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), with `batch_first` (N, L, embed_dim) and so on;
    the batch N may be left out -> outputs as the query, and weights (N, L, S).
    in_proj_weight (3 * embed_dim, embed_dim) has the rows of Q, K, V; with `kdim` or `vdim` there are q_proj_weight,
    k_proj_weight and v_proj_weight instead.

    Args:
        num_heads: must divide embed_dim.
        dropout: the probability that a weight is dropped in training.
        add_bias_kv: put a learned key and value behind the others.
        add_zero_attn: put a key and a value of zeros behind the others.

    Raises:
        ValueError: embed_dim that cannot be split into the heads.
        RuntimeError: inputs or masks of another shape.

    >>> from dlkit import ones
    >>> output, weights = MultiheadAttention(8, 2, batch_first=True)(ones(3, 5, 8), ones(3, 6, 8), ones(3, 6, 8))
    >>> output.shape, weights.shape
    ((3, 5, 8), (3, 5, 6))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(f"embed_dim={embed_dim} cannot be split into num_heads={num_heads} of one size")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        where = {"device": device, "dtype": dtype}
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = empty(3 * embed_dim, embed_dim, **where)
        else:
            self.q_proj_weight = empty(embed_dim, embed_dim, **where)
            self.k_proj_weight = empty(embed_dim, self.kdim, **where)
            self.v_proj_weight = empty(embed_dim, self.vdim, **where)
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", empty(3 * embed_dim, **where) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias, **where)
        self.register_parameter("bias_k", empty(1, 1, embed_dim, **where) if add_bias_kv else None)
        self.register_parameter("bias_v", empty(1, 1, embed_dim, **where) if add_bias_kv else None)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Xavier's uniform weights for Q, K, V; zeros for biases; Xavier's normal ones for the learned key and value."""
        for name, p in self.named_parameters(recurse=False):
            if name.startswith("bias_"):
                init.xavier_normal_(p)
            elif name == "in_proj_bias":
                init.zeros_(p)
            else:
                init.xavier_uniform_(p)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Mask = None,
        need_weights: bool = True,
        attn_mask: Mask = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The outputs, and the weights of attention, or None.

        Args:
            key_padding_mask: (N, S), true for keys that nobody may look at, or numbers to add to their scores.
            need_weights: False for no weights, which is faster.
            attn_mask: (L, S) or (N * num_heads, L, S), true where one may not look, or numbers to add to scores.
            average_attn_weights: False for the weights of each head, (N, num_heads, L, S).
            is_causal: says that `attn_mask` hides all that comes later; the mask itself is what counts.
        """
        if is_causal and attn_mask is None:
            raise RuntimeError("is_causal=True describes attn_mask, which is missing: give the mask, too")
        self._check(query, key, value)
        batched = query.ndim == 3
        if not batched:
            query, key, value = (t.reshape((1, *t.shape)) for t in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.reshape((1, -1))
        heads = self._heads(query, key, value, swap=batched and not self.batch_first)
        mask = self._mask(heads[0], heads[1].shape[2], attn_mask, key_padding_mask)
        output, weights = self._attend(*heads, mask, need_weights)
        n, _, steps, _ = output.shape
        output = self.out_proj(output.transpose(1, 2).reshape((n, steps, self.embed_dim)))
        output = output.transpose(0, 1) if batched and not self.batch_first else output
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        return (output, weights) if batched else (output[0], None if weights is None else weights[0])

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        wanted = (self.embed_dim, self.kdim, self.vdim)
        given = (query, key, value)
        if query.ndim not in (2, 3) or any(t.ndim != query.ndim for t in given):
            fault = "2 axes each, or 3 with a batch"
        elif any(t.shape[-1] != n for t, n in zip(given, wanted, strict=True)):
            fault = f"{wanted} features"
        elif key.shape[:-1] != value.shape[:-1]:
            fault = "a value for each key"
        elif query.ndim == 3 and query.shape[not self.batch_first] != key.shape[not self.batch_first]:
            fault = "one batch"
        else:
            return
        shapes = ", ".join(str(t.shape) for t in given)
        name = f"MultiheadAttention(embed_dim={self.embed_dim}, num_heads={self.num_heads})"
        raise RuntimeError(f"{name} takes query, key and value with {fault}, and their shapes are {shapes}")

    def _heads(self, query: Tensor, key: Tensor, value: Tensor, swap: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Projections (N, heads, steps, head_dim)."""
        e, bias = self.embed_dim, self.in_proj_bias
        if query is key and key is value and self.in_proj_weight is not None:
            together = functional.linear(query, self.in_proj_weight, bias)
            parts = [together[..., i * e : (i + 1) * e] for i in range(3)]
        else:
            whole = self.in_proj_weight
            rows = [slice(i * e, (i + 1) * e) for i in range(3)]
            own = (
                [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
                if whole is None
                else [whole[r] for r in rows]
            )
            biases = [None if bias is None else bias[r] for r in rows]
            parts = [functional.linear(*given) for given in zip((query, key, value), own, biases, strict=True)]
        if swap:
            parts = [t.transpose(0, 1) for t in parts]
        if self.bias_k is not None and self.bias_v is not None:
            n = parts[0].shape[0]
            parts[1:] = [
                cat([t, b.expand((n, 1, e))], 1) for t, b in zip(parts[1:], (self.bias_k, self.bias_v), strict=True)
            ]
        if self.add_zero_attn:
            zeros = Tensor(backend.full((parts[0].shape[0], 1, e), 0.0, parts[0].data))
            parts[1:] = [cat([t, zeros], 1) for t in parts[1:]]
        q, k, v = (t.reshape((*t.shape[:2], self.num_heads, self.head_dim)).transpose(1, 2) for t in parts)
        return q, k, v

    def _mask(self, q: Tensor, keys: int, attn_mask: Mask, key_padding_mask: Mask) -> Mask:
        """Both masks as numbers that are added to scores (N, heads, steps, keys); keys that were added are seen by all."""
        n, heads, steps, _ = q.shape
        given = keys - (self.bias_k is not None) - self.add_zero_attn
        found: list[Tensor] = []
        for name, mask, shapes in (
            ("attn_mask", attn_mask, [(steps, given), (n * heads, steps, given)]),
            ("key_padding_mask", key_padding_mask, [(n, given)]),
        ):
            if mask is None:
                continue
            if mask.shape not in shapes:
                raise RuntimeError(f"{name} has the shape {mask.shape}, and it must be {' or '.join(map(str, shapes))}")
            if not backend.is_float(mask.data):
                mask = where(mask, -math.inf, 0.0)
            mask = mask.to(q.dtype)
            if keys > given:
                mask = cat([mask, Tensor(backend.full((*mask.shape[:-1], keys - given), 0.0, mask.data))], -1)
            if name == "key_padding_mask":
                found.append(mask.reshape((n, 1, 1, keys)))
            else:
                found.append(mask.reshape((1, 1, steps, keys) if mask.ndim == 2 else (n, heads, steps, keys)))
        return found[0] if len(found) == 1 else found[0] + found[1] if found else None

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Mask, need_weights: bool) -> tuple[Tensor, Mask]:
        dropped = self.dropout if self.training else 0.0
        if not need_weights:
            return functional.scaled_dot_product_attention(q, k, v, mask, dropped), None
        scores = (q * (1 / math.sqrt(self.head_dim))) @ k.mT
        weights = functional.softmax(scores if mask is None else scores + mask, -1)
        if dropped:
            weights = functional.dropout(weights, dropped)
        return weights @ v, weights
