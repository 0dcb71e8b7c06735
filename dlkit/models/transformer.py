"""The Transformer that translates: an encoder reads the source, a decoder writes the target.

Source: Vaswani et al., 2017, arXiv:1706.03762; norms stand before each part, as Xiong et al., 2020, arXiv:2002.04745
advise, so that it trains without a warm-up.
Letters in names: B pairs, S positions of the source, T of the target, V tokens of the vocabulary, D width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlkit.models.attention import MultiHeadAttention


class MLP(nn.Module):
    """Four times as wide inside. (B, T, D) -> (B, T, D)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x_BTD: Tensor) -> Tensor:
        return self.down(F.relu(self.up(x_BTD)))


class EncoderBlock(nn.Module):
    """The source looks at itself. (B, S, D) -> (B, S, D)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention, self.mlp = MultiHeadAttention(width, heads, dropout), MLP(width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BSD: Tensor, mask_B11S: Tensor) -> Tensor:
        x_BSD = x_BSD + self.dropout(self.attention(self.norm1(x_BSD), mask=mask_B11S))
        return x_BSD + self.dropout(self.mlp(self.norm2(x_BSD)))


class DecoderBlock(nn.Module):
    """The target looks back at itself, then at the source. (B, T, D) -> (B, T, D)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention, self.mlp = MultiHeadAttention(width, heads, dropout), MLP(width)
        self.cross = MultiHeadAttention(width, heads, dropout)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor, memory_BSD: Tensor, mask_B11S: Tensor) -> Tensor:
        x_BTD = x_BTD + self.dropout(self.attention(self.norm1(x_BTD), causal=True))
        x_BTD = x_BTD + self.dropout(self.cross(self.norm2(x_BTD), memory_BSD, mask=mask_B11S))
        return x_BTD + self.dropout(self.mlp(self.norm3(x_BTD)))


class Transformer(nn.Module):
    """Logits of the next token of the target, after each of its positions.

    Args:
        source, target: sizes of the two vocabularies.
        width: D.
        heads: attention heads, a divisor of the width.
        layers: blocks of the encoder, and of the decoder.
        dropout: share of units dropped while training.
        pad: the token that fills up the source; nothing looks at it.

    Raises:
        ValueError: the heads do not divide the width.

    Shapes: source (B, S), with at least one token that is no `pad`, and target (B, T) -> (B, T, target).

    >>> model = Transformer(10, 12, width=8, heads=2)
    >>> model(torch.ones(3, 5, dtype=torch.int64), torch.ones(3, 4, dtype=torch.int64)).shape
    torch.Size([3, 4, 12])
    """

    def __init__(
        self, source: int, target: int, width: int = 128, heads: int = 4, layers: int = 2, dropout: float = 0.1, pad: int = 0
    ) -> None:
        super().__init__()
        self.width, self.pad = width, pad
        self.source, self.target = nn.Embedding(source, width), nn.Embedding(target, width)
        for embedding in (self.source, self.target):
            nn.init.normal_(embedding.weight, std=width**-0.5)  # `embed` makes it 1
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(EncoderBlock(width, heads, dropout) for _ in range(layers))
        self.decoder = nn.ModuleList(DecoderBlock(width, heads, dropout) for _ in range(layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.head = nn.Linear(width, target)

    def forward(self, source_BS: Tensor, target_BT: Tensor) -> Tensor:
        return self.decode(target_BT, *self.start(source_BS))

    def start(self, source_BS: Tensor) -> tuple[Tensor, Tensor]:
        """What decoding needs of the source: memory (B, S, D), and where it is no padding, (B, 1, 1, S)."""
        mask_B11S = (source_BS != self.pad)[:, None, None]
        x_BSD = self.embed(self.source, source_BS)
        for block in self.encoder:
            x_BSD = block(x_BSD, mask_B11S)
        return self.encoder_norm(x_BSD), mask_B11S

    def decode(self, target_BT: Tensor, memory_BSD: Tensor, mask_B11S: Tensor) -> Tensor:
        x_BTD = self.embed(self.target, target_BT)
        for block in self.decoder:
            x_BTD = block(x_BTD, memory_BSD, mask_B11S)
        return self.head(self.decoder_norm(x_BTD))

    def step(self, tokens_BT: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits (B, V) of the token after those written so far, and the state: for `decoding`."""
        return self.decode(tokens_BT, *state)[:, -1], state

    def embed(self, embedding: nn.Module, tokens_BT: Tensor) -> Tensor:
        x_BTD = embedding(tokens_BT) * math.sqrt(self.width)
        return self.dropout(x_BTD + positions(tokens_BT.shape[1], self.width, x_BTD.device).to(x_BTD.dtype))


def positions(count: int, width: int, device: torch.device | str | None = None) -> Tensor:
    """Waves that tell positions apart: sines, then cosines, of wavelengths from 2 pi to 20,000 pi. (count, width), float32.

    >>> positions(2, 4)[0]
    tensor([0., 0., 1., 1.])
    """
    rates = torch.exp(-math.log(10_000) * torch.arange(0, width, 2, device=device) / width)
    angles = torch.arange(count, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1)[:, :width]
