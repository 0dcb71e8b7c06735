"""The state of a data loader: what it drew, and how a resumed run comes to the same batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from dlkit.train import devices


class LoaderState:
    """Random generators now and when the epoch began.

    A loader has no position that could be saved. So a resumed run begins the epoch again, with the generators of its beginning,
    lets the batches that were done pass, and then sets the generators as they were at the checkpoint: order, augmentation (in
    workers, too, but not in persistent ones) and dropout go on as if nothing had happened.
    """

    def __init__(self) -> None:
        self._own: list[torch.Generator] = []  # of the loader and its samplers
        self._start: dict[str, Any] | None = None
        self._later: dict[str, Any] | None = None  # when the checkpoint was made

    @property
    def resumed(self) -> bool:
        """Whether the next epoch is one that was begun before."""
        return self._later is not None

    def begin(self, loader: Iterable[Any], epoch: int, done: int) -> Iterator[Any]:
        """The loader's iterator for an epoch, past the batches that are done.

        Raises:
            ValueError: the loader has fewer batches than were done.
        """
        self._own = generators(loader)
        for holder in (*parts(loader), getattr(loader, "dataset", None)):
            set_epoch = getattr(holder, "set_epoch", None)
            if set_epoch is not None:  # else each epoch has the order of the first
                set_epoch(epoch)
        later, self._later = self._later, None
        if later is None or not done or self._start is None:
            if later is not None:
                self._put(later)
            self._start = self._now()
            return iter(loader)
        devices.restore(self._start["all"])
        self._put(self._start)
        iterator = iter(loader)
        for passed in range(done):
            if next(iterator, self) is self:
                raise ValueError(f"the checkpoint was made after batch {done}, but the loader has only {passed}: it is another loader")
        devices.restore(later["all"])
        return iterator

    def finish(self) -> None:
        """The epoch is over."""
        self._start = None

    def _now(self) -> dict[str, Any]:
        return {"all": devices.random_state(), "loader": [own.get_state() for own in self._own]}

    def _put(self, state: dict[str, Any]) -> None:
        for own, saved in zip(self._own, state["loader"], strict=False):
            own.set_state(saved)

    def state_dict(self) -> dict[str, Any]:
        return {"now": self._now(), "start": self._start}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        devices.restore(state["now"]["all"])
        self._start, self._later = state["start"], state["now"]


def parts(loader: Any) -> list[Any]:
    """A loader and its samplers: who may decide on the order."""
    batches = getattr(loader, "batch_sampler", None)
    return [part for part in (getattr(loader, "sampler", None), batches, getattr(batches, "sampler", None), loader) if part is not None]


def generators(loader: Any) -> list[torch.Generator]:
    """Their own generators of random numbers, each once."""
    found = {id(own): own for own in (getattr(part, "generator", None) for part in parts(loader)) if isinstance(own, torch.Generator)}
    return list(found.values())
