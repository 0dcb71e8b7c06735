"""Every example once, in the same batches at any number of processes, in another order each epoch."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from torch.utils.data import DataLoader

from dlkit.train.launch import run
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import World, join


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_every_example_once(size: int, drop: bool) -> None:
    for count in range(size, 60):
        for batch in range(size, 20):
            if drop and count < batch:
                continue
            ranks = [list(DistributedBatchSampler(count, batch, World(rank, size), drop_last=drop, seed=count)) for rank in range(size)]
            assert len({len(steps) for steps in ranks}) == 1, "as many batches in all"
            assert len(ranks[0]) == len(DistributedBatchSampler(count, batch, World(0, size), drop_last=drop))
            assert all(step for steps in ranks for step in steps), "no empty one"
            together = [list(chain(*parts)) for parts in zip(*ranks, strict=True)]
            seen = list(chain(*together))
            assert len(set(seen)) == len(seen) == (count - count % batch if drop else count)
            if drop or count % batch == 0 or count % batch >= size:
                assert together == list(DistributedBatchSampler(count, batch, drop_last=drop, seed=count)), "the batches of one process"


def test_each_pass_is_another_epoch() -> None:
    batches = DistributedBatchSampler(100, 10)
    passes = [list(chain(*batches)) for _ in range(3)]
    assert all(sorted(order) == list(range(100)) for order in passes)
    assert passes[0] != passes[1] != passes[2] != passes[0]
    broken = DistributedBatchSampler(100, 10)
    next(iter(broken))
    assert list(chain(*broken)) == passes[1], "also after one that was broken off"


def test_a_loader_needs_no_set_epoch() -> None:
    loader = DataLoader(range(20), batch_sampler=DistributedBatchSampler(20, 5), num_workers=0)  # type: ignore[arg-type]
    first, second = (torch.cat(list(loader)).tolist() for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second


@pytest.mark.parametrize("taken", range(7))
def test_it_goes_on_where_it_was(taken: int) -> None:
    batches = DistributedBatchSampler(10, 4)
    unbroken = [batch for _ in range(3) for batch in batches]
    stopped = DistributedBatchSampler(10, 4)
    done: list[list[int]] = []
    while len(done) < taken:
        for batch in stopped:
            done.append(batch)
            if len(done) == taken:
                break
    resumed = DistributedBatchSampler(10, 4, seed=99)
    resumed.load_state_dict(stopped.state_dict())
    while len(done) < len(unbroken):
        done += resumed
    assert done[: len(unbroken)] == unbroken


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_evaluation_counts_every_example_once(size: int) -> None:
    def work() -> list[float]:
        world = join()
        values = torch.arange(1.0, 104.0)
        batches = list(DistributedBatchSampler(values, 8, world, shuffle=False))
        return world.total(sum(float(values[batch].sum()) for batch in batches), sum(map(len, batches)))

    assert run(work, world=size) == [[103 * 104 / 2, 103.0]] * size


def test_what_cannot_be_dealt() -> None:
    with pytest.raises(ValueError, match="a batch of 2 for 3 processes"):
        DistributedBatchSampler(10, 2, World(0, 3))
    with pytest.raises(ValueError, match="2 examples for 3 processes"):
        DistributedBatchSampler(2, 4, World(0, 3))
    with pytest.raises(ValueError, match="there is no whole one"):
        DistributedBatchSampler(3, 4, drop_last=True)
