"""`Trainer` on several processes computes what it computes on one, to 1e-12 of the size of its numbers in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from dlkit.train import Loop, Trainer
from dlkit.train.distributed import along, full_state, grid, replicate, shard, split
from dlkit.train.launch import run
from dlkit.train.metrics import Confusion, accuracy
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import World, join

TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
PLAN = {"*.up": ColwiseParallel(), "*.down": RowwiseParallel()}
PAD = -100
COUNT = 41  # a prime: no number of processes divides it


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.down(torch.tanh(self.up(self.norm(x))))
        return out


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks, self.head = nn.Sequential(Block(), Block()), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.log_softmax(self.head(self.blocks(x)), -1)


def model(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return Net().double()


def data() -> TensorDataset:
    """Sequences of 5 tokens, of which 1 to 5 count."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(COUNT, 5, 8, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (COUNT, 5), generator=generator)
    kept = torch.randint(1, 6, (COUNT, 1), generator=generator)
    return TensorDataset(inputs, labels.masked_fill(torch.arange(5) >= kept, PAD))


def alone(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return net, world


def copies(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return replicate(net, world), world


def shards(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return shard(net, world), world


def slices(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    """All see all examples."""
    return split(net, world, PLAN), World()


def both(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    """Two by two: slices within a pair, shards across pairs."""
    mesh = grid(world, data=2, tensor=2)
    split(net, world, PLAN, mesh["tensor"])
    share = along(world, mesh["data"])
    return shard(net, share, mesh=mesh["data"]), share


Spread = Callable[[nn.Module, World], tuple[nn.Module, World]]
SPREADS = [(copies, 2), (copies, 4), (shards, 2), (shards, 4), (slices, 2), (slices, 4), (both, 4)]


def loss_of_tokens(output: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(output.flatten(0, 1), target.flatten(), ignore_index=PAD)


def right(output: Tensor, target: Tensor) -> Tensor:
    kept = target != PAD
    return accuracy(output[kept], target[kept])


def train(spread: Spread, size: int, accumulate: int) -> tuple[list[dict[str, Any]], float, dict[str, Tensor]]:
    """Two epochs with clipping and a schedule: what the history says, the last gradient's norm, the parameters."""
    world = join()
    net, share = spread(model(world.rank), world)  # another seed in each: it must not matter
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    weigh = {"weigh": lambda batch: (batch[1] != PAD).sum(), "metrics": {"right": right}}
    trainer = Trainer(net, optimizer, loss_of_tokens, processes=world, accumulate=accumulate, clip=0.5, schedule=schedule, **weigh)
    batches, evaluation = DistributedBatchSampler(COUNT, size, share, seed=3), DistributedBatchSampler(COUNT, 6, share, shuffle=False)
    trainer.fit(DataLoader(data(), batch_sampler=batches), DataLoader(data(), batch_sampler=evaluation), epochs=2)
    assert trainer.norm is not None
    return trainer.history.rows, trainer.norm.item(), full_state(net)


@pytest.fixture(scope="module")
def reference() -> Any:
    """One process, big batches, by hand: no weights, and nothing is added up."""
    net, examples = model(), data()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    rows, updates = [], 0
    inputs, labels = examples.tensors
    for epoch in range(2):
        order = torch.randperm(COUNT, generator=torch.Generator().manual_seed((3 << 32) + epoch))
        total, tokens = 0.0, 0
        for indices in order.split(16):
            loss = loss_of_tokens(net(inputs[indices]), labels[indices])
            kept = int((labels[indices] != PAD).sum())
            total, tokens, updates = total + loss.item() * kept, tokens + kept, updates + 1
            loss.backward()
            norm = nn.utils.clip_grad_norm_(net.parameters(), 0.5).item()
            optimizer.step()
            optimizer.zero_grad()
            optimizer.param_groups[0]["lr"] *= 0.9
        with torch.no_grad():
            output = net(inputs)
        measured = {"val_loss": loss_of_tokens(output, labels).item(), "val_right": right(output, labels).double().mean().item()}
        rows.append({"epoch": epoch + 1, "updates": updates, "loss": total / tokens, "rate": 0.2 * 0.9**updates} | measured)
    return rows, norm, {name: value.detach() for name, value in net.state_dict().items()}


@pytest.mark.parametrize(("spread", "size", "accumulate"), [(alone, 1, 1), (alone, 1, 2), *((*each, 2) for each in SPREADS), *((*each, 1) for each in SPREADS if each[1] == 2)])
def test_many_train_as_one(spread: Spread, size: int, accumulate: int, reference: Any) -> None:
    """Weighed by tokens, of which each process and each batch has another number."""
    rows, norm, state = reference
    for found, length, final in run(train, spread, 16 // accumulate, accumulate, world=size):
        assert [sorted(row) for row in found] == [sorted(row) for row in rows]
        for name in rows[0]:
            torch.testing.assert_close([float(row[name]) for row in found], [float(row[name]) for row in rows], **TOLERANCE)
        assert length == pytest.approx(norm, rel=1e-12)
        assert list(final) == list(state), "its own names, without prefixes"
        torch.testing.assert_close(final, state, **TOLERANCE)


def evaluate(spread: Spread, count: int, size: int) -> tuple[dict[str, float], int]:
    net, share = spread(model(), join())
    confusion = Confusion(3)
    trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1), loss_of_tokens, metrics={"f1": confusion, "right": right}, processes=join())
    trainer.predict = lambda model, batch: (model(batch[0])[:, :1], batch[1][:, :1])  # the first token always counts
    examples = TensorDataset(*data()[:count])
    found = trainer.evaluate(DataLoader(examples, batch_sampler=DistributedBatchSampler(count, size, share, shuffle=False)))
    return found, int(join().total(float(confusion.counts.sum()))[0]) * share.size // join().size


@pytest.mark.parametrize(("spread", "size"), SPREADS)
def test_evaluation_counts_each_example_once(spread: Spread, size: int) -> None:
    def work() -> list[Any]:
        return [evaluate(spread, count, 5) for count in (4, 7, 10, 23)]

    expected = [evaluate(alone, count, 23) for count in (4, 7, 10, 23)]
    assert [counted for _, counted in expected] == [4, 7, 10, 23]
    for found in run(work, world=size):
        assert found == [(pytest.approx(values, rel=1e-12), counted) for values, counted in expected]


def stream(length: int) -> DataLoader[Any]:
    class Stream(IterableDataset[tuple[Tensor, Tensor]]):
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            return iter([tuple(part[0] for part in data().tensors)] * length)  # type: ignore[misc]

    return DataLoader(Stream(), 1)


def listed(length: int) -> list[Any]:
    return list(DataLoader(data(), 1))[:length]


@pytest.mark.parametrize("spread", [copies, shards])
@pytest.mark.parametrize(("loader", "says"), [(listed, "have 3, 4 batches.*DistributedBatchSampler"), (stream, "after 3 batches, 1 of 2 processes have no more")])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_unequal_numbers_of_batches_are_an_error_and_no_hang(spread: Spread, loader: Callable[[int], Any], says: str, accumulate: int) -> None:
    def work() -> None:
        net, _ = spread(model(), join())
        trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1), loss_of_tokens, processes=join(), accumulate=accumulate)
        trainer.fit(loader(3 + join().rank), epochs=1)

    with pytest.raises(ValueError, match=says):
        run(work)


def test_evaluation_with_unequal_numbers_of_batches() -> None:
    """Copies do not need each other; shards do, and say so."""

    def work(spread: Spread) -> float:
        net, _ = spread(model(), join())
        trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1), loss_of_tokens, processes=join())
        return trainer.evaluate(listed(5)[join().rank * 2 :])["loss"]

    net = model()
    inputs, labels = (torch.cat([torch.cat([batch[which] for batch in part]) for part in (listed(5), listed(5)[2:])]) for which in (0, 1))
    rows = [loss_of_tokens(net(x), y).item() for x, y in zip(inputs.split(1), labels.split(1), strict=True)]
    for found in run(work, copies):
        assert found == pytest.approx(sum(rows) / len(rows), rel=1e-12), "a batch's loss weighs as much as its examples"
    with pytest.raises(ValueError, match="have 5, 3 batches"):
        run(work, shards)


def test_streams_of_equal_length_end_together() -> None:
    """The last group is not full, and still an update."""

    def work() -> tuple[int, list[Tensor]]:
        net, _ = copies(model(), join())
        loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), processes=join(), accumulate=2)
        for x, y in loop.batches(stream(3)):
            loop.step(loss_of_tokens(net(x), y))
        return loop.updates, [parameter.detach() for parameter in net.parameters()]

    (updates, one), (_, other) = run(work)
    assert updates == 2
    assert all(torch.equal(mine, yours) for mine, yours in zip(one, other, strict=True))


@pytest.mark.parametrize("spread", [copies, shards])
def test_an_epoch_that_is_left_within_a_group_adds_nothing_to_the_next(spread: Spread) -> None:
    """FSDP keeps such gradients where nobody can drop them: that is an error, and no wrong update."""

    def work() -> list[Tensor]:
        net, _ = spread(model(), join())
        loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), processes=join(), accumulate=2)
        for left in (True, False):
            for x, y in loop.batches(listed(2)):
                loop.step(loss_of_tokens(net(x), y))
                if left:
                    break
        return list(full_state(net).values())

    if spread is shards:
        with pytest.raises(RuntimeError, match="left between the batches of a group"):
            run(work)
        return
    expected = model()
    loop = Loop(expected, torch.optim.SGD(expected.parameters(), lr=0.1), device="cpu", accumulate=2)
    for x, y in loop.batches(listed(2)):
        loop.step(loss_of_tokens(expected(x), y))
    for found in run(work):
        torch.testing.assert_close(found, list(expected.state_dict().values()), **TOLERANCE)


def test_the_model_that_is_measured_is_the_one_that_is_saved() -> None:
    """Batch norm's running means differ between processes; rank 0's count."""

    def work() -> tuple[float, float]:
        net = replicate(nn.BatchNorm1d(1), join())
        net.module.running_mean.fill_(float(join().rank))
        trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1), functional.mse_loss, processes=join())
        x = torch.zeros(4, 1)
        return trainer.evaluate([(x, x)])["loss"], net.module.running_mean.item()

    assert run(work) == [(0.0, 0.0)] * 2


@pytest.mark.parametrize("spread", [copies, shards])
def test_an_overflow_in_fp16_on_one_process_is_one_on_all(spread: Spread) -> None:
    def work() -> tuple[Any, ...]:
        torch.manual_seed(0)
        net, _ = spread(nn.Linear(4, 4, bias=False), join())
        optimizer = torch.optim.SGD(net.parameters(), lr=0.001)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        loop = Loop(net, optimizer, processes=join(), precision="fp16", schedule=schedule)
        before = full_state(net)["weight"]
        big = torch.tensor([1.0, 1.0, 1.0, 1e37])  # of the last row alone, which is rank 1's shard
        for factor in (big, torch.ones(4)):
            for (x,) in loop.batches([(torch.ones(2, 4),)]):
                loop.step((net(x).float() * factor).mean())
            if factor is big:
                assert torch.equal(full_state(net)["weight"], before)
        return optimizer.param_groups[0]["lr"], bool(full_state(net)["weight"].isfinite().all()), torch.equal(full_state(net)["weight"], before)

    assert run(work) == [(0.0005, True, False)] * 2


def test_a_model_and_its_processes_belong_together() -> None:
    def work(given: bool, spreads: bool) -> None:
        net = replicate(model(), join()) if spreads else model()
        Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), processes=join() if given else None)

    run(work, True, True)
    with pytest.raises(ValueError, match="say which, by processes=world"):
        run(work, False, True)
    with pytest.raises(ValueError, match="each of 2 processes would train a model of its own"):
        run(work, True, False)
