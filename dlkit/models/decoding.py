"""Writing the target of a translation: always the likeliest token, or the best of several beginnings.

A model here has `start(source) -> state`, a tuple of tensors whose first axis is that of the sources, and
`step(tokens, state) -> (logits, state)`, as `Seq2Seq` and `Transformer` do; and `pad`, the token after the end.
Letters in names: B sources, W width of the beam, N = B * W beginnings, T steps, V tokens of the vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def greedy(model: Any, source_BS: Tensor, start: int, end: int, steps: int) -> Tensor:
    """The likeliest token, again and again, until `end` or for so many steps.

    Args:
        model: in whichever mode it is; `eval()` turns dropout off.
        source_BS: (B, S).
        start, end: the tokens before the first and after the last.
        steps: at most so many tokens.

    Returns:
        (B, at most steps), int64: what stands after `end` is the model's `pad`.

    >>> from dlkit.models import Transformer
    >>> model = Transformer(10, 12, width=8, heads=2).eval()
    >>> len(greedy(model, torch.ones(3, 5, dtype=torch.int64), start=1, end=2, steps=4))
    3
    """
    with torch.no_grad():
        state = model.start(source_BS)
        tokens_BT = source_BS.new_full((len(source_BS), 1), start)
        done_B = torch.zeros(len(source_BS), dtype=torch.bool, device=source_BS.device)
        for _ in range(steps):
            logits_BV, state = model.step(tokens_BT, state)
            new_B = logits_BV.argmax(-1).masked_fill(done_B, model.pad)
            tokens_BT = torch.cat([tokens_BT, new_B[:, None]], 1)
            done_B |= new_B == end
            if done_B.all():
                break
    return tokens_BT[:, 1:]


def beam(model: Any, source_BS: Tensor, start: int, end: int, steps: int, width: int = 4, penalty: float = 1.0) -> tuple[Tensor, Tensor]:
    """The `width` likeliest beginnings are followed; the best of them at the end is taken.

    Args:
        model, source_BS, start, end, steps: as in `greedy`, which a width of 1 equals.
        width: W.
        penalty: the sum of log-probabilities is divided by the length to this power: 0 favors the short.

    Returns:
        The best tokens, (B, at most steps), with `pad` after `end`; and their scores (B,).

    Raises:
        ValueError: a width below 1.

    >>> from dlkit.models import Seq2Seq
    >>> model = Seq2Seq(10, 12, width=8).eval()
    >>> tokens, scores = beam(model, torch.ones(3, 5, dtype=torch.int64), start=1, end=2, steps=4)
    >>> len(tokens), scores.shape
    (3, torch.Size([3]))
    """
    if width < 1:
        raise ValueError(f"width is {width}: at least 1 beginning must be followed.")
    count = len(source_BS)
    rows_B1 = torch.arange(count, device=source_BS.device)[:, None] * width
    with torch.no_grad():
        state = tuple(part.repeat_interleave(width, 0) for part in model.start(source_BS))
        tokens_NT = source_BS.new_full((count * width, 1), start)
        done_N = torch.zeros(count * width, dtype=torch.bool, device=source_BS.device)
        scores_BW = torch.full((count, width), -torch.inf, device=source_BS.device)
        scores_BW[:, 0] = 0.0  # all begin alike: one of them counts
        for _ in range(steps):
            logits_NV, state = model.step(tokens_NT, state)
            logs_NV = logits_NV.log_softmax(-1).masked_fill(done_N[:, None], -torch.inf)
            logs_NV[done_N, model.pad] = 0.0  # what has ended stays as it is
            size = logs_NV.shape[-1]
            scores_BW, at_BW = (scores_BW[:, :, None] + logs_NV.view(count, width, size)).flatten(1).topk(width)
            from_N, new_N = (rows_B1 + at_BW // size).flatten(), (at_BW % size).flatten()
            state = tuple(part[from_N] for part in state)
            tokens_NT = torch.cat([tokens_NT[from_N], new_N[:, None]], 1)
            done_N = done_N[from_N] | (new_N == end)
            if done_N.all():
                break
        tokens_NT = tokens_NT[:, 1:]
        lengths_N = steps_taken(tokens_NT, end)
        scores_BW = scores_BW / lengths_N.view(count, width) ** penalty
        scores_B, best_B = scores_BW.max(1)
        chosen_B = rows_B1[:, 0] + best_B
    return tokens_NT[chosen_B, : int(lengths_N[chosen_B].max())], scores_B


def steps_taken(tokens_NT: Tensor, end: int) -> Tensor:
    """How many tokens each row has, up to the first `end` and with it.

    >>> steps_taken(torch.tensor([[5, 2, 0], [5, 6, 7]]), end=2)
    tensor([2, 3])
    """
    before_NT = (tokens_NT == end).cumsum(1) - (tokens_NT == end).long()
    return (before_NT == 0).sum(1)
