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

    >>> words = Vocabulary(["to be or not to be".split()])
    >>> words.tokens
    ['<pad>', '<unk>', '<bos>', '<eos>', 'be', 'to', 'not', 'or']
    >>> words.encode(["to", "err"]), words.decode([5, 1])
    ([5, 1], ['to', '<unk>'])
    """

    def __init__(self, texts: Iterable[Iterable[str]], least: int = 1, most: int | None = None) -> None:
        counts = Counter(token for text in texts for token in text)
        special = ["<pad>", "<unk>", "<bos>", "<eos>"]
        common = sorted((token for token, n in counts.items() if n >= least and token not in special), key=lambda token: (-counts[token], token))
        self.tokens = special + common[: None if most is None else max(0, most - len(special))]
        self.numbers = {token: number for number, token in enumerate(self.tokens)}
        self.pad, self.unknown, self.begin, self.end = range(4)

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """The number of each token, `unknown` for one that is not in the vocabulary."""
        return [self.numbers.get(token, self.unknown) for token in tokens]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The token of each number."""
        return [self.tokens[number] for number in numbers]


def pad(sequences: Sequence[Sequence[int]], value: int = 0) -> tuple[Any, Any]:
    """Sequences as one tensor, int64 (N, longest), filled up with `value`; and their lengths, int64 (N,).

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

    Row i of a batch goes on where row i of the batch before ended.

    >>> next(windows(range(9), length=2, batch_size=2))
    (tensor([[0, 1],
            [4, 5]]), tensor([[1, 2],
            [5, 6]]))
    """
    import torch

    text = torch.as_tensor(numbers, dtype=torch.int64)[offset:]
    width = (len(text) - 1) // batch_size
    inputs = text[: width * batch_size].reshape(batch_size, width)
    targets = text[1 : width * batch_size + 1].reshape(batch_size, width)
    for start in range(0, width - length + 1, length):
        yield inputs[:, start : start + length], targets[:, start : start + length]
