"""Which examples each process sees: every one once an epoch, in the same batches whatever the number of processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from dlkit.train.world import World


class DistributedBatchSampler:
    """Lists of indices: a `batch_sampler` for a `DataLoader`, or to index tensors with.

    `size` is the batch of all processes together; each gets its part, the sizes differ by one at most, and all get as many
    batches. Nothing is repeated, so sums over processes (`World.total`) are those of one process. Every pass over it is
    the next epoch, in another order if `shuffle`: there is no `set_epoch` to forget (a resumed loop calls it). A last batch
    smaller than the number of processes joins the one before it.

    Args:
        count: examples there are, or anything with a length.
        size: examples in a batch of all processes.
        world: who shares it.
        shuffle: another order in each epoch, from `seed` and the epoch alone.
        drop_last: leave out a last batch that is smaller.

    Raises:
        ValueError: a process would get no example of a batch.

    >>> [list(DistributedBatchSampler(7, 4, World(rank, 2), shuffle=False)) for rank in range(2)]
    [[[0, 1], [4, 5]], [[2, 3], [6]]]
    """

    def __init__(
        self, count: Any, size: int, world: World | None = None, *, shuffle: bool = True, seed: int = 0, drop_last: bool = False
    ) -> None:
        self.count = count if isinstance(count, int) else len(count)
        self.size, self.world, self.shuffle, self.seed, self.drop_last = size, world or World(), shuffle, seed, drop_last
        if size < self.world.size:
            raise ValueError(f"a batch of {size} for {self.world.size} processes: give each at least one example.")
        if self.count < (size if drop_last else self.world.size):
            raise ValueError(f"{self.count} examples for {self.world.size} processes, in batches of {size}: there is no whole one.")
        self.epoch = self.step = 0  # of the last batch that was taken: its epoch, and how many of this were
        self._next = (0, 0)  # where the next pass begins

    def __len__(self) -> int:
        whole, rest = divmod(self.count, self.size)
        return whole + int(not self.drop_last and rest > 0 and (rest >= self.world.size or not whole))

    def __iter__(self) -> Iterator[list[int]]:
        self.epoch, first = self._next
        self._next = (self.epoch + 1, 0)  # also of a pass that is broken off
        order, steps = self._order(), len(self)
        for step in range(first, steps):
            end = len(order) if step == steps - 1 and not self.drop_last else (step + 1) * self.size
            self.step = step + 1
            yield self._part(order[step * self.size : end])

    def _order(self) -> list[int]:
        if not self.shuffle:
            return list(range(self.count))
        generator = torch.Generator().manual_seed((self.seed << 32) + self.epoch)
        order: list[int] = torch.randperm(self.count, generator=generator).tolist()
        return order

    def _part(self, batch: list[int]) -> list[int]:
        """What of a batch is this process's: the first ones get one more, if it must be."""
        each, more = divmod(len(batch), self.world.size)
        begin = self.world.rank * each + min(self.world.rank, more)
        return batch[begin : begin + each + (self.world.rank < more)]

    def set_epoch(self, epoch: int) -> None:
        """The next pass is that epoch's: a loop that resumes says so."""
        self._next = (epoch, 0)

    def state_dict(self) -> dict[str, int]:
        """Where it stands: behind the last batch that was taken. A `DataLoader` with workers takes some in advance."""
        return {"epoch": self.epoch, "step": self.step, "seed": self.seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there: with the same order, at any number of processes."""
        self.epoch, self.step, self.seed = state["epoch"], state["step"], state["seed"]
        self._next = (self.epoch, self.step) if self.step < len(self) else (self.epoch + 1, 0)
