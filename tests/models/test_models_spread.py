"""A GPT that knows nothing of parallelism trains the same in two processes: sliced, sharded, copied, alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel
from torch.nn import functional

from dlkit.models import GPT
from dlkit.models.gpt import Config, decay_groups, generate
from dlkit.train.distributed import full_state, replicate, shard, split
from dlkit.train.launch import run
from dlkit.train.world import World, join

TOLERANCE = 1e-10
COLUMN, ROW = ColwiseParallel(), RowwiseParallel()
PLAN = {
    "*.attention.q": COLUMN,
    "*.attention.k": COLUMN,
    "*.attention.v": COLUMN,
    "*.attention.o": ROW,
    "*.mlp.up": COLUMN,
    "*.mlp.down": ROW,
}


def build(seed: int) -> GPT:
    torch.manual_seed(seed)
    return GPT(Config(vocabulary=13, context=8, layers=2, heads=4, width=16)).double()


def train(how: str) -> tuple[list[float], dict[str, torch.Tensor], torch.Tensor]:
    """Four steps on eight sequences, of which each process has its share unless all see all; then a text from the model."""
    world = join()
    model: Any = build(world.rank)  # another seed in each process, which must not matter
    share = world
    if how == "sliced":
        model, share = split(model, world, PLAN), World()
    elif how != "alone":
        model = {"sharded": shard, "copied": replicate}[how](model, world)
    text = torch.randint(13, (8, 9), generator=torch.Generator().manual_seed(5)).chunk(share.size)[share.rank]
    optimizer = torch.optim.AdamW(decay_groups(model), lr=0.01)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
        loss.backward()
        losses.append(share.total(float(loss.detach()) / share.size)[0])
        optimizer.step()
    inner = model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model
    said = generate(inner, torch.tensor([[1, 2, 3]]), 8, temperature=0)
    return losses, full_state(model), said


@pytest.fixture(scope="module")
def reference() -> Any:
    return train("alone")


@pytest.mark.parametrize("how", ["sliced", "sharded", "copied"])
def test_two_train_as_one(how: str, reference: Any) -> None:
    losses, state, said = reference
    for found, final, written in run(train, how, world=2):
        torch.testing.assert_close(found, losses, rtol=TOLERANCE, atol=0)
        assert list(final) == list(state)
        torch.testing.assert_close(final, state, rtol=TOLERANCE, atol=TOLERANCE)
        assert torch.equal(written, said)


def test_heads_are_cut_too() -> None:
    """Each process holds half of every map of the attention, and computes half of the heads."""

    def work() -> tuple[list[int], int]:
        model: Any = split(build(0), join(), PLAN)
        attention = model.blocks[0].attention
        held = [layer.weight.to_local().numel() for layer in (attention.q, attention.k, attention.v, attention.o)]
        return held, attention.split(attention.q(torch.zeros(1, 3, 16, dtype=torch.float64))).shape[1]

    assert run(work, world=2) == [([128] * 4, 2)] * 2
