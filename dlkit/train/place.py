"""The place of a run in its data: what the loader drew, and how a resumed run comes to the same batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from dlkit.train import devices


class Place:
    """Random generators now and when the epoch began.

    A loader has no position that could be saved. So a resumed run begins the epoch again, with the generators of its beginning,
    lets the batches that were done pass, and then sets the generators as they were at the checkpoint: order, augmentation (in
    workers, too, but not in persistent ones) and dropout go on as if nothing had happened.
    """

    def __init__(self) -> None:
        self._own: torch.Generator | None = None  # the loader's
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
        own = self._own = getattr(loader, "generator", None)
        for holder in (getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None), getattr(loader, "dataset", None), loader):
            set_epoch = getattr(holder, "set_epoch", None)
            if set_epoch is not None:  # else each epoch has the order of the first
                set_epoch(epoch)
        later, self._later = self._later, None
        if later is None or not done or self._start is None:
            if later is not None and own is not None and later["loader"] is not None:
                own.set_state(later["loader"])
            self._start = self._now()
            return iter(loader)
        devices.restore(self._start["all"])
        if own is not None and self._start["loader"] is not None:
            own.set_state(self._start["loader"])
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
        return {"all": devices.random_state(), "loader": None if self._own is None else self._own.get_state()}

    def state_dict(self) -> dict[str, Any]:
        return {"now": self._now(), "start": self._start}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        devices.restore(state["now"]["all"])
        self._start, self._later = state["start"], state["now"]
