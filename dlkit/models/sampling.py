"""The next token from a model's logits. Letters in names: B sequences, V tokens of the vocabulary."""

from __future__ import annotations

import torch
from torch import Tensor


def draw(logits_BV: Tensor, temperature: float = 1.0, top_k: int | None = None, generator: torch.Generator | None = None) -> Tensor:
    """One token for each sequence.

    Args:
        logits_BV: (B, V).
        temperature: below 1 the likely become likelier; at 0 the likeliest is taken.
        top_k: draw from so many of the likeliest alone (Fan, Lewis and Dauphin, 2018, arXiv:1805.04833).
        generator: of the random numbers.

    Returns:
        (B,), int64.

    Raises:
        ValueError: a temperature below 0, or `top_k` below 1.

    >>> draw(torch.tensor([[0.0, 2.0, 1.0]]), temperature=0)
    tensor([1])
    """
    if temperature < 0:
        raise ValueError(f"temperature is {temperature}: it must be at least 0.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}: at least 1 token must be left to draw from.")
    if temperature == 0:
        return logits_BV.argmax(-1)
    logits_BV = logits_BV / temperature
    if top_k is not None and top_k < logits_BV.shape[-1]:
        least_B1 = logits_BV.topk(top_k).values[:, -1:]
        logits_BV = logits_BV.masked_fill(logits_BV < least_B1, -torch.inf)
    return torch.multinomial(logits_BV.softmax(-1), 1, generator=generator).squeeze(-1)
