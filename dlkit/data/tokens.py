"""From text to numbers: tokens, a vocabulary, padded batches of sequences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def tokenize(text: str) -> list[str]:
    """Words and marks in lower case; an apostrophe stays within its word.

    >>> tokenize("Don't panic, Arthur!")
    ["don't", 'panic', ',', 'arthur', '!']
    """
    return re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower())


class Vocabulary:
    """Numbers for tokens: first the special ones, then by how often they come, then by the alphabet.

    Make it from the training split alone. `pad`, `unk`, `bos` and `eos` are the numbers of the special tokens, 0 to 3; `encode`
    adds neither beginning nor end: `[words.bos, *words.encode(tokens), words.eos]`.

    Args:
        texts: lists of tokens (or strings, whose tokens are their characters).
        min_count: leave out tokens that come less often.
        max_size: the largest length, special tokens included; the rarest are left out.

    >>> words = Vocabulary(["to be or not to be".split()])
    >>> words.tokens
    ['<pad>', '<unk>', '<bos>', '<eos>', 'be', 'to', 'not', 'or']
    >>> words.encode(["to", "err"]), words.decode([5, 1])
    ([5, 1], ['to', '<unk>'])
    """

    def __init__(self, texts: Iterable[Iterable[str]], min_count: int = 1, max_size: int | None = None) -> None:
        counts = Counter(token for text in texts for token in text)
        special = ["<pad>", "<unk>", "<bos>", "<eos>"]
        common = sorted((token for token, n in counts.items() if n >= min_count and token not in special), key=lambda token: (-counts[token], token))
        self.tokens = special + common[: None if max_size is None else max(0, max_size - len(special))]
        self.numbers = {token: number for number, token in enumerate(self.tokens)}
        self.pad, self.unk, self.bos, self.eos = range(4)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The number of each token, `unk` for one that is not in the vocabulary."""
        return [self.numbers.get(token, self.unk) for token in tokens]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The token of each number."""
        return [self.tokens[number] for number in numbers]


def pad(sequences: Sequence[Sequence[int]], value: int = 0) -> tuple[Any, Any]:
    """Sequences as one tensor, int64 (N, longest), filled up with `value`; and their lengths, int64 (N,).

    What is real and no padding: `torch.arange(padded.shape[1]) < lengths[:, None]`, bool (N, longest).

    >>> pad([[1, 2, 3], [4]])
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))
    """
    import torch

    lengths = torch.tensor([len(sequence) for sequence in sequences], dtype=torch.int64)
    padded = torch.full((len(sequences), int(lengths.max()) if len(sequences) else 0), value, dtype=torch.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = torch.as_tensor(sequence, dtype=torch.int64)
    return padded, lengths


def windows(numbers: Sequence[int], length: int, batch_size: int, offset: int = 0) -> Iterator[tuple[Any, Any]]:
    """A long text as consecutive batches for a language model: inputs and targets, int64 (batch_size, length).

    Row i of a batch goes on where row i of the batch before ended; targets are the inputs one token later. What is left at the
    end, less than a batch, is dropped. `offset` tokens are left out at the beginning: another in each epoch, other windows.

    Raises:
        ValueError: the text is too short for one batch, or a length or batch_size is less than 1.

    >>> next(windows(range(9), length=2, batch_size=2))
    (tensor([[0, 1],
            [4, 5]]), tensor([[1, 2],
            [5, 6]]))
    """
    import torch

    text = torch.as_tensor(numbers, dtype=torch.int64)[offset:]
    if length < 1 or batch_size < 1 or len(text) - 1 < length * batch_size:
        raise ValueError(f"{len(text)} tokens give no batch of {batch_size} rows and {length} tokens, and one token more for the targets")
    width = (len(text) - 1) // batch_size
    inputs = text[: width * batch_size].reshape(batch_size, width)
    targets = text[1 : width * batch_size + 1].reshape(batch_size, width)
    for start in range(0, width - length + 1, length):
        yield inputs[:, start : start + length], targets[:, start : start + length]
