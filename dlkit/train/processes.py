"""The processes that train together, as the loop sees them. One process is the plain case; `distributed` has the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import Tensor, nn


class Processes(Protocol):
    """What the loop asks of the processes it runs in."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""

    @property
    def world(self) -> int:
        """How many there are."""

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, in each of them."""

    def barrier(self) -> None:
        """Wait until all processes are here."""

    def synchronize(self, model: nn.Module, now: bool) -> None:
        """Whether the next backward pass shall average the gradients over the processes: not before the last of a group."""


class Single:
    """One process: nothing to wait for.

    >>> Single().world
    1
    """

    rank = 0
    world = 1

    def sum(self, tensor: Tensor) -> Tensor:
        return tensor

    def barrier(self) -> None:
        pass

    def synchronize(self, model: nn.Module, now: bool) -> None:
        pass


class Shard:
    """A sampler that deals examples to processes, each example once: what evaluation needs.

    `torch.utils.data.DistributedSampler` repeats examples until all processes have as many, and so counts some twice.

    Args:
        data: anything with a length.
        processes: who shares; or give `rank` and `world`.

    >>> [list(Shard("abcde", rank=rank, world=2)) for rank in range(2)]
    [[0, 2, 4], [1, 3]]
    """

    def __init__(self, data: Any, processes: Processes | None = None, *, rank: int = 0, world: int = 1) -> None:
        if processes is not None:
            rank, world = processes.rank, processes.world
        if not 0 <= rank < world:
            raise ValueError(f"Shard: rank {rank} is not one of {world} processes: ranks go from 0 to {world - 1}")
        self.indices = range(rank, len(data), world)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)
