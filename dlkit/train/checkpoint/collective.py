"""What all processes of a run do, or none: where one fails, all of them hear of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import torch
from torch import distributed as dist

from dlkit.train.distributed import is_sharded


class CheckpointError(RuntimeError):
    """A checkpoint could not be written, or is not what this run needs."""


class Elsewhere(CheckpointError):
    """Another process has failed; what it said."""


class Everyone:
    """All processes that write one checkpoint; they talk by a group of their own, so that a thread may, beside the training.

    Args:
        several: whether it is more than this process.

    >>> Everyone(False).gather("here")
    ['here']
    """

    def __init__(self, several: bool) -> None:
        self.rank, self.size, self.group = 0, 1, None
        if several:
            self.rank, self.size = dist.get_rank(), dist.get_world_size()
            self.group = dist.new_group(backend="gloo", timeout=patience())

    def gather(self, value: Any) -> list[Any]:
        """What each process gives, by rank."""
        if self.group is None:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value, group=self.group)
        return values

    @contextlib.contextmanager
    def all_or_none(self) -> Iterator[None]:
        """At its end all processes wait for each other.

        Raises:
            Elsewhere: in another process there was an error. Here, the error itself is raised.
        """
        mine: Exception | None = None
        try:
            yield
        except Exception as error:
            mine = error
        try:
            said = self.gather(None if mine is None else str(mine) or type(mine).__name__)
        finally:
            if mine is not None:  # also where another process no longer answers
                raise mine
        for rank, text in enumerate(said):
            if text is not None:
                raise Elsewhere(f"rank {rank}: {text}")


def several(trainer: Any) -> bool:
    """Whether a run has more than this process. Those who share one batch, as `split` does, are one to the loop."""
    return dist.is_available() and dist.is_initialized() and (trainer.processes.world > 1 or is_sharded(trainer.model))


def patience() -> timedelta:
    """How long a process waits for the others: as long as in the training."""
    group = dist.group.WORLD
    assert group is not None
    for kind in ("cpu", "cuda"):
        with contextlib.suppress(RuntimeError, AttributeError):
            found: timedelta = group._get_backend(torch.device(kind)).options._timeout
            return found
    return timedelta(minutes=30)
