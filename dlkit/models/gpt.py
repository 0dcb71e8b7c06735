"""GPT-2: a stack of causal attention and dense layers that guesses the next token.

Source: Radford et al., 2019, "Language models are unsupervised multitask learners". The embedding serves as the last
layer, too (Press and Wolf, 2016, arXiv:1608.05859).
Letters in names: B sequences, T positions, V tokens of the vocabulary, D width.

The model knows nothing of parallelism. Across processes its layers are cut by

    column, row = ColwiseParallel(), RowwiseParallel()
    plan = {"*.attention.q": column, "*.attention.k": column, "*.attention.v": column, "*.attention.o": row,
            "*.mlp.up": column, "*.mlp.down": row}
    split(model, world, plan)

and the number of processes must divide the number of heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlkit.models.attention import Cache, MultiHeadAttention
from dlkit.models.sampling import draw


@dataclass(frozen=True)
class Config:
    """Sizes of a GPT; the defaults are the smallest GPT-2's, 124,439,808 parameters."""

    vocabulary: int = 50257
    context: int = 1024
    layers: int = 12
    heads: int = 12
    width: int = 768
    dropout: float = 0.0
    bias: bool = True


class MLP(nn.Module):
    """Four times as wide inside. (B, T, D) -> (B, T, D)."""

    def __init__(self, width: int, bias: bool = True) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width, bias), nn.Linear(4 * width, width, bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x_BTD), approximate="tanh"))


class Block(nn.Module):
    """Attention, then the dense layers; each adds to what it was given. (B, T, D) -> (B, T, D)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(config.width, bias=config.bias), nn.LayerNorm(config.width, bias=config.bias)
        self.attention = MultiHeadAttention(config.width, config.heads, config.dropout, config.bias)
        self.mlp = MLP(config.width, config.bias)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x_BTD: Tensor, cache: Cache | None = None) -> Tensor:
        x_BTD = x_BTD + self.dropout(self.attention(self.norm1(x_BTD), causal=True, cache=cache))
        return x_BTD + self.dropout(self.mlp(self.norm2(x_BTD)))


class GPT(nn.Module):
    """Logits of the next token after each position.

    Shapes: tokens (B, T), T at most `config.context` -> (B, T, vocabulary). With caches, one a layer, the tokens follow
    those that the caches have seen.

    Raises:
        ValueError: more positions than the context has.

    >>> model = GPT(Config(vocabulary=10, context=8, layers=2, heads=2, width=4))
    >>> model(torch.zeros(3, 5, dtype=torch.int64)).shape
    torch.Size([3, 5, 10])
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tokens, self.positions = nn.Embedding(config.vocabulary, config.width), nn.Embedding(config.context, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, bias=config.bias)
        self.initialize()

    def initialize(self) -> None:
        """Small weights. What is added to the sum of `2 * layers` parts is smaller still, so that the sum keeps its size."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.dim() > 1:
                added = name.endswith(("attention.o.weight", "mlp.down.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * self.config.layers) if added else 0.02)

    def forward(self, tokens_BT: Tensor, caches: list[Cache] | None = None) -> Tensor:
        first = len(caches[0]) if caches else 0
        last = first + tokens_BT.shape[1]
        if last > self.config.context:
            raise ValueError(f"{last} positions, and the context has {self.config.context}: give fewer tokens.")
        positions_T = torch.arange(first, last, device=tokens_BT.device)
        x_BTD = self.dropout(self.tokens(tokens_BT) + self.positions(positions_T))
        for layer, block in enumerate(self.blocks):
            x_BTD = block(x_BTD, caches[layer] if caches else None)
        return F.linear(self.norm(x_BTD), self.tokens.weight)


def generate(
    model: GPT, tokens_BT: Tensor, steps: int, temperature: float = 1.0, top_k: int | None = None,
    generator: torch.Generator | None = None, cached: bool = True,
) -> Tensor:  # fmt: skip
    """The tokens, gone on with for so many steps; `temperature`, `top_k` and `generator` are those of `sampling.draw`.

    Beyond the context, the model sees the last tokens alone: their positions move, so nothing cached is of use there.

    Shapes: tokens (B, T), T at least 1 -> (B, T + steps). The model's mode is as before.

    Raises:
        ValueError: no token to begin with.

    >>> model = GPT(Config(vocabulary=10, context=8, layers=2, heads=2, width=4))
    >>> generate(model, torch.ones(2, 3, dtype=torch.int64), 4).shape
    torch.Size([2, 7])
    """
    if not tokens_BT.shape[-1]:
        raise ValueError("there is no token to begin with: give at least one for each sequence.")
    context, training = model.config.context, model.training
    caches = [Cache() for _ in model.blocks]
    model.eval()
    try:
        with torch.no_grad():
            for _ in range(steps):
                if cached and tokens_BT.shape[1] <= context:
                    logits_BTV = model(tokens_BT[:, len(caches[0]) :], caches)
                else:
                    logits_BTV = model(tokens_BT[:, -context:])
                new_B = draw(logits_BTV[:, -1], temperature, top_k, generator)
                tokens_BT = torch.cat([tokens_BT, new_B[:, None]], 1)
    finally:
        model.train(training)
    return tokens_BT


def decay_groups(model: nn.Module, decay: float = 0.1) -> list[dict[str, Any]]:
    """Groups for an optimizer: matrices decay, biases and the scales of norms do not.

    >>> [len(group["params"]) for group in decay_groups(nn.Linear(2, 3))]
    [1, 1]
    """
    held = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in held if parameter.dim() > 1]
    vectors = [parameter for parameter in held if parameter.dim() <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
