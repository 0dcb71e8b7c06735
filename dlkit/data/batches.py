"""Batches: an in-memory loader for data that fit, and thin adapters to torch's DataLoader for the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset


class Batches:
    """Batches of tensors that lie in memory. A DataLoader collects each example by itself; here a batch is one indexing.

    Each pass over a shuffled one has another order, drawn from `seed`: the same in every run. `state_dict` holds the
    pass and the batch that comes next, so a run that was broken off goes on where it stood.

    >>> x = torch.arange(5)
    >>> [batch.tolist() for (batch,) in Batches(x, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    >>> len(Batches(x, batch_size=2, drop_last=True))
    2
    """

    def __init__(self, *tensors: torch.Tensor, batch_size: int, shuffle: bool = False, drop_last: bool = False, seed: int = 0) -> None:
        lengths = [len(tensor) for tensor in tensors]
        if not lengths or len(set(lengths)) > 1:
            raise ValueError(f"tensors of one length are wanted, not of {lengths}")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
        self.tensors, self.batch_size, self.shuffle, self.drop_last, self.seed = tensors, batch_size, shuffle, drop_last, seed
        self.passes = self.next = 0

    def __len__(self) -> int:
        count = len(self.tensors[0])
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        order = self._order() if self.shuffle else None
        first, self.next = self.next, 0
        for number in range(first, len(self)):
            self.next = number + 1
            part = slice(number * self.batch_size, (number + 1) * self.batch_size)
            yield tuple(tensor[part if order is None else order[part]] for tensor in self.tensors)
        self.passes, self.next = self.passes + 1, 0

    def _order(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.passes)
        return torch.randperm(len(self.tensors[0]), generator=generator).to(self.tensors[0].device)

    def to(self, device: torch.device | str) -> Batches:
        """The same batches with the data on a device."""
        moved = (tensor.to(device) for tensor in self.tensors)
        return Batches(*moved, batch_size=self.batch_size, shuffle=self.shuffle, drop_last=self.drop_last, seed=self.seed)

    def state_dict(self) -> dict[str, int]:
        """Where it stands."""
        return {"seed": self.seed, "passes": self.passes, "next": self.next}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there."""
        self.seed, self.passes, self.next = state["seed"], state["passes"], state["next"]


def buckets(lengths: Sequence[int], batch_size: int, shuffle: bool = False, seed: int = 0) -> list[list[int]]:
    """Batches of sequences of like length, as numbers of examples, so that little of a padded batch is padding.

    Shuffled, equal lengths are mixed and the batches come in any order, both drawn from `seed`: give each pass another.
    For `pad`, or as the `batch_sampler` of torch's DataLoader.

    >>> buckets([5, 1, 4, 2], batch_size=2)
    [[1, 3], [2, 0]]

    Raises:
        ValueError: batch_size is less than 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be at least 1")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(lengths), generator=generator).tolist() if shuffle else list(range(len(lengths)))
    order.sort(key=lengths.__getitem__)
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return [batches[number] for number in torch.randperm(len(batches), generator=generator).tolist()] if shuffle else batches


def loader(*tensors: torch.Tensor, batch_size: int, shuffle: bool = False, seed: int = 0, **options: Any) -> DataLoader[Any]:
    """torch's DataLoader over tensors, its order drawn from `seed`; the options are the DataLoader's own.

    >>> [batch.tolist() for (batch,) in loader(torch.arange(3), batch_size=2)]
    [[0, 1], [2]]
    """
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(TensorDataset(*tensors), batch_size=batch_size, shuffle=shuffle, generator=generator, **options)
