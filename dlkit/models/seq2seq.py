"""Sequence to sequence with recurrent networks and attention.

Sources: Sutskever, Vinyals and Le, 2014, arXiv:1409.3215; additive attention: Bahdanau, Cho and Bengio, 2014,
arXiv:1409.0473; dot-product attention: Luong, Pham and Manning, 2015, arXiv:1508.04025.
Letters in names: B pairs, S positions of the source, T of the target, V tokens of the vocabulary, D width,
E half of it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

State = tuple[Tensor, Tensor, Tensor, Tensor]  # h_BD, memory_BSD, keys_BSD, mask_BS


class Attention(nn.Module):
    """A mean of the memory, weighted by how well each position answers the query.

    Args:
        width: D.
        kind: "additive", v' tanh(W q + U k), or "dot", q' U k.

    Raises:
        ValueError: another kind.

    Shapes: query (B, D), memory and keys (B, S, D), mask (B, S) -> mean (B, D) and weights (B, S).
    """

    def __init__(self, width: int, kind: str = "additive") -> None:
        super().__init__()
        if kind not in ("additive", "dot"):
            raise ValueError(f'attention is {kind!r}: write "additive" or "dot".')
        self.key = nn.Linear(width, width, bias=False)
        self.query = self.score = None
        if kind == "additive":
            self.query, self.score = nn.Linear(width, width), nn.Linear(width, 1, bias=False)

    def forward(self, query_BD: Tensor, memory_BSD: Tensor, keys_BSD: Tensor, mask_BS: Tensor) -> tuple[Tensor, Tensor]:
        if self.query is not None and self.score is not None:
            scores_BS = self.score(torch.tanh(self.query(query_BD)[:, None] + keys_BSD)).squeeze(-1)
        else:
            scores_BS = (keys_BSD @ query_BD[:, :, None]).squeeze(-1)
        weights_BS = scores_BS.masked_fill(~mask_BS, -torch.inf).softmax(-1)
        return (weights_BS[:, None] @ memory_BSD).squeeze(1), weights_BS


class Seq2Seq(nn.Module):
    """Logits of the next token of the target, after each of its positions.

    Args:
        source, target: sizes of the two vocabularies.
        width: D, of embeddings and states; even, because the source is read from both ends by half as wide states.
        attention: "additive" or "dot".
        dropout: share of units dropped while training.
        pad: the token that fills up the source; nothing looks at it.

    Raises:
        ValueError: an odd width, or another attention.

    Shapes: source (B, S), each with its padding last and at least one token, and target (B, T) -> (B, T, target).

    >>> model = Seq2Seq(10, 12, width=8)
    >>> model(torch.ones(3, 5, dtype=torch.int64), torch.ones(3, 4, dtype=torch.int64)).shape
    torch.Size([3, 4, 12])
    """

    def __init__(self, source: int, target: int, width: int = 128, attention: str = "additive", dropout: float = 0.0, pad: int = 0) -> None:
        super().__init__()
        if width % 2:
            raise ValueError(f"width is {width}: it must be even, a half for each direction.")
        self.pad = pad
        self.source, self.target = nn.Embedding(source, width), nn.Embedding(target, width)
        self.encoder = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(width, width)
        self.attention = Attention(width, attention)
        self.decoder = nn.GRUCell(2 * width, width)
        self.head = nn.Linear(3 * width, target)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source_BS: Tensor, target_BT: Tensor) -> Tensor:
        state, logits = self.start(source_BS), []
        for token_B in target_BT.unbind(1):
            logits_BV, state = self.step(token_B[:, None], state)
            logits.append(logits_BV)
        return torch.stack(logits, 1)

    def start(self, source_BS: Tensor) -> State:
        """The state before the first token is written."""
        mask_BS = source_BS != self.pad
        x_BSD = self.dropout(self.source(source_BS))
        packed = pack_padded_sequence(x_BSD, mask_BS.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        packed, ends_2BE = self.encoder(packed)
        memory_BSD, _ = pad_packed_sequence(packed, batch_first=True, total_length=source_BS.shape[1])
        h_BD = torch.tanh(self.bridge(torch.cat([*ends_2BE], 1)))
        return h_BD, memory_BSD, self.attention.key(memory_BSD), mask_BS

    def step(self, tokens_BT: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after the last one written, and the new state: for `decoding`."""
        h_BD, memory_BSD, keys_BSD, mask_BS = state
        x_BD = self.dropout(self.target(tokens_BT[:, -1]))
        context_BD, _ = self.attention(h_BD, memory_BSD, keys_BSD, mask_BS)
        h_BD = self.decoder(torch.cat([x_BD, context_BD], 1), h_BD)
        logits_BV = self.head(self.dropout(torch.cat([h_BD, context_BD, x_BD], 1)))
        return logits_BV, (h_BD, memory_BSD, keys_BSD, mask_BS)
