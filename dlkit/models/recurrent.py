"""A recurrent language model: after each token, a guess at the next.

Sources: Mikolov et al., 2010, "Recurrent neural network based language model"; Hochreiter and Schmidhuber, 1997 (LSTM);
Cho et al., 2014, arXiv:1406.1078 (GRU).
Letters in names: B sequences, T steps, V tokens of the vocabulary, D width, L layers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dlkit.models.sampling import draw

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class LanguageModel(nn.Module):
    """Reads tokens and hands on its state, so that a long text can be read in pieces.

    Args:
        vocabulary: how many tokens there are.
        width: of the embedding and of the state.
        layers: recurrent layers, one on the other.
        cell: "gru", "lstm" or "rnn".
        dropout: share of units dropped before, between and after the layers while training.

    Raises:
        ValueError: another cell.

    Shapes: tokens (B, T) -> logits (B, T, vocabulary), and the state: (L, B, width), for an LSTM a pair of these.

    >>> model = LanguageModel(10, width=8)
    >>> logits, state = model(torch.zeros(2, 5, dtype=torch.int64))
    >>> logits.shape, state.shape
    (torch.Size([2, 5, 10]), torch.Size([1, 2, 8]))
    """

    def __init__(self, vocabulary: int, width: int = 128, layers: int = 1, cell: str = "gru", dropout: float = 0.0) -> None:
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell is {cell!r}: write {', '.join(map(repr, CELLS))}.")
        self.embedding = nn.Embedding(vocabulary, width)
        self.recurrent = CELLS[cell](width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens_BT: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        x_BTD = self.dropout(self.embedding(tokens_BT))
        x_BTD, state = self.recurrent(x_BTD, state)
        logits_BTV = self.head(self.dropout(x_BTD))
        return logits_BTV, state


def detach(state: Any) -> Any:
    """The state as a mere number: gradients end there, so that a text is learned piece by piece.

    >>> detach(torch.ones(1, requires_grad=True) * 2).requires_grad
    False
    """
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def sample(
    model: nn.Module,
    tokens_BT: Tensor,
    steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The tokens, gone on with for so many steps; `temperature`, `top_k` and `generator` are those of `sampling.draw`.

    Shapes: tokens (B, T), T at least 1 -> (B, T + steps). The model's mode is as before.

    Raises:
        ValueError: no token to begin with.

    >>> sample(LanguageModel(10, width=8), torch.ones(2, 3, dtype=torch.int64), 4).shape
    torch.Size([2, 7])
    """
    if not tokens_BT.shape[-1]:
        raise ValueError("there is no token to begin with: give at least one for each sequence.")
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            fed_BT, state = tokens_BT, None
            for _ in range(steps):
                logits_BTV, state = model(fed_BT, state)
                fed_BT = draw(logits_BTV[:, -1], temperature, top_k, generator)[:, None]
                tokens_BT = torch.cat([tokens_BT, fed_BT], 1)
    finally:
        model.train(training)
    return tokens_BT
