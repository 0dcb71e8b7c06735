"""Batches, of whatever form: how large, how many, and as many in every process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from dlkit.train.world import World


def batch_size(batch: Any) -> int:
    """How many examples a batch has: the length of its first tensor.

    >>> batch_size((torch.zeros(5, 2), torch.zeros(5)))
    5
    """
    while not isinstance(batch, torch.Tensor):
        if isinstance(batch, dict):
            batch = next(iter(batch.values()), None)
        elif isinstance(batch, (tuple, list)) and batch:
            batch = batch[0]
        else:
            return 1
    shape = batch.shape
    return shape[0] if shape else 1


def batch_count(loader: Any) -> int | None:
    """The number of batches, where it is known: a loader of a stream has a length, and raises when asked."""
    try:
        return len(loader)
    except TypeError:
        return None


def in_step(batches: Iterable[Any], total: int | None, world: World) -> Iterator[Any]:
    """The batches of a process, where all must have as many: to compute a gradient, or with a model in parts, each needs the others.

    Where all know their numbers they are compared once; of streams, each time whether all still have one.

    Args:
        batches: of this process.
        total: how many; None: not known before the end.
        world: all processes.

    Raises:
        ValueError: one has fewer. In all processes, at the same batch: none is left waiting.
    """
    totals = world.gather(total)
    iterator, done = iter(batches), 0
    if None in totals:
        while True:
            batch = next(iterator, in_step)
            there = int(world.total(batch is not in_step)[0])
            if not there:
                return
            if there < world.size:
                raise ValueError(f"after {done} batches, {world.size - there} of {world.size} processes have no more: give each as many")
            done += 1
            yield batch
    if len(set(totals)) > 1:
        said = ", ".join(str(each) for each in totals)
        raise ValueError(f"the processes have {said} batches: give each as many, as DataLoader(data, batch_sampler=DistributedBatchSampler(data, size, world)) does")
    yield from iterator
