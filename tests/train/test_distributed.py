"""Many processes do what one does: the same losses and parameters, to 1e-12 of their size in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel

from dlkit.train.distributed import full_state, grid, replicate, shard, split
from dlkit.train.gradients import clip, weighted
from dlkit.train.launch import run
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import World, join

TOLERANCE = 1e-12
PLAN = {"*.up": ColwiseParallel(), "*.down": RowwiseParallel()}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.down(torch.tanh(self.up(self.norm(x))))
        return out


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(Block(), Block(), nn.Linear(8, 3)).double()


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(53, 8, generator=generator, dtype=torch.float64), torch.randint(3, (53,), generator=generator)


def alone(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return net, world


def copies(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return replicate(net, world), world


def shards(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return shard(net, world), world


def slices(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    """All see all examples."""
    return split(net, world, PLAN), World()


Spread = Callable[[nn.Module, World], tuple[nn.Module, World]]


def train(spread: Spread, parts: int = 1) -> tuple[list[float], dict[str, torch.Tensor], list[float]]:
    """Two epochs; another seed in each process, which must not matter. Losses, parameters, norms of gradients."""
    inputs, labels = data()
    net, share = spread(model(join().rank), join())
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    losses, norms = [], []
    batches = DistributedBatchSampler(53, 20, share, seed=3)
    for _ in range(2):
        for indices in batches:
            optimizer.zero_grad()
            seen = 0.0
            pieces = torch.tensor(indices).tensor_split(parts)
            for piece, weight in weighted(share, net, pieces, len):
                loss = nn.functional.cross_entropy(net(inputs[piece]), labels[piece], reduction="sum")
                (weight * loss).backward()
                seen += float(loss.detach())
            total, count = share.total(seen, len(indices))
            losses.append(total / count)
            norms.append(float(clip(net.parameters(), 0.5)))
            optimizer.step()
    return losses, full_state(net), norms


@pytest.fixture(scope="module")
def reference() -> tuple[list[float], dict[str, torch.Tensor], list[float]]:
    """By hand, without any of this."""
    inputs, labels = data()
    net = model()
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    losses, norms = [], []
    for epoch in range(2):
        order = torch.randperm(53, generator=torch.Generator().manual_seed((3 << 32) + epoch))
        for indices in order.split(20):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs[indices]), labels[indices])
            loss.backward()
            losses.append(float(loss.detach()))
            norms.append(float(nn.utils.clip_grad_norm_(net.parameters(), 0.5)))
            optimizer.step()
    return losses, {name: value.detach() for name, value in net.state_dict().items()}, norms


@pytest.mark.parametrize(("spread", "size"), [(alone, 1), (copies, 2), (shards, 2), (slices, 2)])
def test_an_own_loop_trains_as_one(spread: Spread, size: int, reference: Any) -> None:
    """With `weighted` and `clip` alone. `Trainer` stands on the same, and is held to it with 4 processes, too."""
    losses, state, norms = reference
    for found, final, lengths in run(train, spread, 3, world=size):
        torch.testing.assert_close(found, losses, rtol=TOLERANCE, atol=0)
        torch.testing.assert_close(lengths, norms, rtol=TOLERANCE, atol=TOLERANCE)
        assert list(final) == list(state), "its own names, without prefixes"
        torch.testing.assert_close(final, state, rtol=TOLERANCE, atol=TOLERANCE)


def test_memory_is_spread() -> None:
    def work() -> list[int]:
        net = shard(model(), join())
        return [parameter.to_local().numel() for parameter in net.parameters()]  # type: ignore[operator]

    whole = sum(parameter.numel() for parameter in model().parameters())
    found = run(work, world=4)
    assert [sum(sizes) for sizes in zip(*found, strict=True)] == [p.numel() for p in model().parameters()]
    assert max(sum(sizes) for sizes in found) < 0.35 * whole


def test_gradients_travel_once_for_all_parts() -> None:
    """Only the last part's backward pass talks to the others: until then copies differ, and shards have none."""

    def work(spread: Spread) -> list[torch.Tensor | None]:
        net, share = spread(nn.Sequential(nn.Linear(2, 2)), join())
        found: list[torch.Tensor | None] = []
        for part, weight in weighted(share, net, torch.full((3, 4, 2), join().rank + 1.0).unbind(), len):
            (weight * net(part).sum()).backward()
            gradient = next(net.parameters()).grad
            found.append(gradient if gradient is None else getattr(gradient, "full_tensor", gradient.clone)())
        return found

    one, two = run(work, copies)
    assert [torch.equal(mine, yours) for mine, yours in zip(one, two, strict=True)] == [False, False, True]
    for rank in run(work, shards):
        assert rank[:2] == [None, None]
        assert torch.equal(rank[2], one[2])


def test_tokens_weigh_and_not_parts() -> None:
    """Two processes, three parts each, all with other numbers of tokens: the mean over tokens."""

    def work() -> torch.Tensor:
        world = join()
        net = replicate(nn.Linear(1, 1, bias=False), world)
        nn.init.ones_(net.module.weight)
        parts = [torch.full((tokens + world.rank, 1), float(tokens)) for tokens in (1, 2, 5)]
        for part, weight in weighted(world, net, parts, len):
            (weight * net(part).sum()).backward()
        assert net.module.weight.grad is not None
        return net.module.weight.grad

    every = [float(tokens) for rank in (0, 1) for tokens in (1, 2, 5) for _ in range(tokens + rank)]
    for gradient in run(work):
        assert gradient.item() == pytest.approx(sum(every) / len(every), rel=1e-6)


def test_parts_must_be_as_many() -> None:
    def work() -> None:
        list(weighted(join(), nn.Linear(1, 1), [1] * (join().rank + 1), int))

    with pytest.raises(ValueError, match="have 1, 2 parts"):
        run(work)


def test_no_tokens_are_no_division() -> None:
    assert list(weighted(World(), nn.Linear(1, 1), [[], []], len)) == [([], 0.0), ([], 0.0)]


def test_what_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="data 3 x tensor 2 makes 6 processes, and there are 1"):
        grid(World(), data=3, tensor=2)
    with pytest.raises(ValueError, match=r"the plan has '\*\.upp'"):
        split(model(), World(), {"*.upp": ColwiseParallel()})
