"""A run of two processes that lose their power again and again ends with the weights of one that never did, to the bit."""

from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from runs import PLACES, Killed, Spread, alike, build_for, validation, weights

from dlkit.train import Checkpoints
from dlkit.train.distributed import replicate, shard
from dlkit.train.launch import run
from dlkit.train.supervisor import RunFailed
from dlkit.train.world import join

EPOCHS, UPDATES = 2, 8


def go(folder: Path | None, kill: tuple[int, str, int] | None = None, **options: Any) -> tuple[list[torch.Tensor], list[dict[str, Any]]]:
    """One of the processes: resumes where something is there to resume, and trains to the end."""
    known = folder is not None and Checkpoints(folder).latest() is not None
    trainer, loader = build_for(join(), folder, seed=99 if known else 7, callbacks=[Killed(*kill)] if kill else [], **options)
    if folder is not None:
        assert trainer.callbacks[-1].resume(trainer) == known
    trainer.fit(loader, validation(), epochs=EPOCHS)
    return weights(trainer), trainer.history.rows


@functools.cache
def unbroken(spread: Spread) -> list[tuple[list[torch.Tensor], list[dict[str, Any]]]]:
    return run(lambda: go(None, spread=spread))


def kills(seed: int, count: int) -> list[tuple[int, str, int]]:
    """Updates, places and ranks, in the order in which they come."""
    chance = random.Random(seed)
    places = [place for place in PLACES if place != "before"]
    chosen = [(update, "before", chance.randrange(2)) for update in range(2, UPDATES + 1)]
    chosen += [(update, place, 0 if place in ("publish", "thin") else chance.randrange(2)) for update in range(1, UPDATES + 1) for place in places]
    return sorted(chance.sample(chosen, count), key=lambda kill: (kill[0], kill[1] != "before", kill[1] == "thin"))


@pytest.mark.parametrize(
    ("seed", "count", "options"),
    [(1, 5, {}), (3, 5, {"every": 2}), (4, 4, {"asynchronous": True}), (5, 3, {"spread": shard}), (6, 3, {"spread": shard, "asynchronous": True})],
)
def test_two_processes_that_are_killed_resume_to_the_bit(tmp_path: Path, seed: int, count: int, options: dict[str, Any]) -> None:
    spread: Spread = options.get("spread", replicate)
    expected = unbroken(spread)
    for kill in kills(seed, count):
        with pytest.raises(RunFailed, match="SIGKILL"):
            run(lambda kill=kill: go(tmp_path, kill, **options))
    got = run(lambda: go(tmp_path, **options))
    for one, other in zip(got, expected, strict=True):
        assert alike(one[0], other[0])
        assert one[1] == other[1]
    assert not list(tmp_path.glob(".writing-*"))
    assert len(Checkpoints(tmp_path).all()) in (2, 3)
