"""Batches: an in-memory loader for data that fit, and thin adapters to torch's DataLoader for the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset


class Batches:
    """Batches of tensors that lie in memory. A DataLoader collects each example by itself; here a batch is one indexing.

    Every pass over it is the next epoch. Shuffled, each has another order, drawn from `seed` and the epoch alone: the same
    in every run. `state_dict` holds the epoch and how many of its batches were taken, so a run that was broken off goes on
    where it stood; `set_epoch` is called by a `Trainer`, which resumes by itself.

    Args:
        tensors: of one length N; a batch is a tuple of as many, each (batch_size, ...).
        batch_size: examples in a batch.
        shuffle: another order in each epoch.
        drop_last: leave out a last batch that is smaller.
        seed: of the orders.

    Raises:
        ValueError: no tensors, tensors of different lengths, or a batch_size of less than 1.

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
        self.epoch = self.step = 0  # of the last batch that was taken: its epoch, and how many of this were
        self._next = (0, 0)  # where the next pass begins

    def __len__(self) -> int:
        count = len(self.tensors[0])
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, ...]]:
        self.epoch, first = self._next
        self._next = (self.epoch + 1, 0)  # also of a pass that is broken off, as `next(iter(batches))` does
        order = self._order() if self.shuffle else None
        for number in range(first, len(self)):
            self.step = number + 1
            part = slice(number * self.batch_size, (number + 1) * self.batch_size)
            yield tuple(tensor[part if order is None else order[part]] for tensor in self.tensors)

    def _order(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        return torch.randperm(len(self.tensors[0]), generator=generator).to(self.tensors[0].device)

    def to(self, device: torch.device | str) -> Batches:
        """The same batches with the data on a device, from where these stand."""
        moved = Batches(*(tensor.to(device) for tensor in self.tensors), batch_size=self.batch_size, shuffle=self.shuffle, drop_last=self.drop_last)
        moved.load_state_dict(self.state_dict())
        moved._next = self._next
        return moved

    def set_epoch(self, epoch: int) -> None:
        """The next pass is that epoch's: a loop that resumes says so."""
        self._next = (epoch, 0)

    def state_dict(self) -> dict[str, int]:
        """Where it stands: behind the last batch that was taken."""
        return {"epoch": self.epoch, "step": self.step, "seed": self.seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """The next pass goes on from there, with the same order."""
        self.epoch, self.step, self.seed = state["epoch"], state["step"], state["seed"]
        self._next = (self.epoch, self.step) if self.step < len(self) else (self.epoch + 1, 0)


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
