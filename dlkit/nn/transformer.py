"""The transformer: layers of attention and dense networks.

Source: Vaswani et al. 2017, "Attention Is All You Need"; with `norm_first`, Xiong et al. 2020, "On Layer Normalization in
the Transformer Architecture". Shapes: sequences (L, N, d_model), with `batch_first` (N, L, d_model); the batch N may be
left out. Masks are as in `MultiheadAttention`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.attention import Mask, MultiheadAttention
from dlkit.nn.container import ModuleList
from dlkit.nn.dropout import Dropout
from dlkit.nn.linear import Linear
from dlkit.nn.module import Module
from dlkit.nn.normalization import LayerNorm

Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """Attention, for a decoder a second one, and a dense network; each is added to its input and normalized."""

    attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        where, parts = {"device": device, "dtype": dtype}, len(self.attentions) + 1
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **where)
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **where)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **where)
        self.norm_first = norm_first
        for i in range(1, parts + 1):
            self.add_module(f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, **where))
        for i in range(1, parts + 1):
            self.add_module(f"dropout{i}", Dropout(dropout))
        if isinstance(activation, str) and activation not in ("relu", "gelu"):
            raise RuntimeError(f"activation is 'relu', 'gelu' or a function, not {activation!r}")
        self.activation = getattr(functional, activation) if isinstance(activation, str) else activation

    def _steps(self, x: Tensor, *blocks: Callable[[Tensor], Tensor]) -> Tensor:
        """Blocks, each with dropout and its input added, and normalized before or afterwards."""
        for i, block in enumerate(blocks, 1):
            norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
            x = x + dropout(block(norm(x))) if self.norm_first else norm(x + dropout(block(x)))
        return x

    def _dense(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention and a dense network, each with a residual connection and a layer normalization.

    Args:
        nhead: how many heads; must divide d_model.
        dim_feedforward: the width of the dense network.
        activation: `"relu"`, `"gelu"`, or a function of tensors.
        norm_first: normalize before attention and dense network instead of afterwards.
        bias: False for no biases at all.

    >>> from dlkit import ones
    >>> TransformerEncoderLayer(8, 2, 16, batch_first=True)(ones(3, 5, 8)).shape
    (3, 5, 8)
    """

    attentions = ("self_attn",)
    self_attn: MultiheadAttention

    def forward(
        self, src: Tensor, src_mask: Mask = None, src_key_padding_mask: Mask = None, is_causal: bool = False
    ) -> Tensor:
        def look(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]

        return self._steps(src, look, self._dense)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to an encoder's result, and a dense network; arguments as `TransformerEncoderLayer`.

    >>> from dlkit import ones
    >>> TransformerDecoderLayer(8, 2, 16)(ones(5, 3, 8), ones(6, 3, 8)).shape
    (5, 3, 8)
    """

    attentions = ("self_attn", "multihead_attn")
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def look(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]

        def look_back(x: Tensor) -> Tensor:
            attend, causal = self.multihead_attn, memory_is_causal
            return attend(x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=causal)[0]

        return self._steps(tgt, look, look_back, self._dense)


class TransformerEncoder(Module):
    """A stack of encoder layers, all of which begin with the numbers of the one given.

    Args:
        norm: a normalization of the result.
        enable_nested_tensor, mask_check: taken for torch's sake, without effect.

    >>> from dlkit import ones
    >>> encoder = TransformerEncoder(TransformerEncoderLayer(8, 2, 16), num_layers=2)
    >>> encoder(ones(5, 3, 8)).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList([deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, src: Tensor, mask: Mask = None, src_key_padding_mask: Mask = None, is_causal: bool | None = None
    ) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """A stack of decoder layers, all of which begin with the numbers of the one given.

    Args:
        norm: a normalization of the result.

    >>> from dlkit import ones
    >>> decoder = TransformerDecoder(TransformerDecoderLayer(8, 2, 16), num_layers=2)
    >>> decoder(ones(5, 3, 8), ones(6, 3, 8)).shape
    (5, 3, 8)
    """

    def __init__(self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)
