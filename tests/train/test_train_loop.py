"""The loop: what it computes is what the loop by hand computes, and the known pitfalls of trainers."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from runs import alike, build, validation, weights
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, DistributedSampler, IterableDataset, TensorDataset

from dlkit.train import Loop, Trainer, devices
from dlkit.train.metrics import Confusion, accuracy, token_loss
from dlkit.train.progress import Progress


def linear() -> tuple[nn.Linear, torch.optim.SGD]:
    torch.manual_seed(0)
    net = nn.Linear(3, 5)
    return net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)


def some(*sizes: int) -> list[tuple[Tensor, Tensor]]:
    torch.manual_seed(1)
    return [(torch.randn(size, 3), torch.randint(0, 5, (size,))) for size in sizes]


def test_it_is_the_loop_by_hand_to_the_bit() -> None:
    data = some(4, 4, 2)
    net, optimizer = linear()
    for _ in range(3):
        for x, y in data:
            functional.cross_entropy(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()
    own, its = linear()
    trainer = Trainer(own, its, functional.cross_entropy, device="cpu")
    trainer.fit(data, epochs=3)
    assert alike(list(own.parameters()), list(net.parameters()))
    assert trainer.updates == 9


@pytest.mark.parametrize("stream", [False, True])
def test_accumulated_batches_of_unequal_size_are_one_big_batch(stream: bool) -> None:
    """The last group is not full, and its gradient is still a mean over its examples."""
    data = some(1, 7, 3, 2, 6)
    net, optimizer = linear()
    for group in (data[:2], data[2:4], data[4:]):
        functional.cross_entropy(net(torch.cat([x for x, _ in group])), torch.cat([y for _, y in group])).backward()
        optimizer.step()
        optimizer.zero_grad()
    own, its = linear()
    loop = Loop(own, its, device="cpu", accumulate=2)
    for x, y in loop.batches(iter(data) if stream else data):
        loop.step(functional.cross_entropy(own(x), y))
    assert loop.updates == 3
    torch.testing.assert_close(list(own.parameters()), list(net.parameters()), rtol=1e-6, atol=1e-7)


def test_accumulation_counts_tokens() -> None:
    torch.manual_seed(2)
    x, y = torch.randn(8, 6, 3), torch.randint(0, 5, (8, 6))
    for row, kept in enumerate([6, 1, 2, 6, 1, 1, 5, 3]):
        y[row, kept:] = -100

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(output.flatten(0, 1), target.flatten())

    results = []
    for size, accumulate in ((8, 1), (2, 4)):
        net, optimizer = linear()
        trainer = Trainer(net, optimizer, loss, weigh=lambda batch: (batch[1] != -100).sum(), device="cpu", accumulate=accumulate)
        trainer.metrics["token"] = token_loss()
        trainer.fit(DataLoader(TensorDataset(x, y), size), epochs=2)
        measured = trainer.evaluate(DataLoader(TensorDataset(x, y), 3))
        assert measured["loss"] == pytest.approx(measured["token"])
        results.append((list(net.parameters()), trainer.history["loss"], measured["loss"]))
    torch.testing.assert_close(results[0], results[1], rtol=1e-6, atol=1e-7)


def test_each_epoch_has_its_own_order() -> None:
    data = TensorDataset(torch.arange(32.0).unsqueeze(1))
    loader = DataLoader(data, 32, sampler=DistributedSampler(data, num_replicas=1, rank=0, seed=1))
    net = nn.Linear(1, 1)
    loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.0), device="cpu")
    orders = [[batch[0].flatten().tolist() for batch in loop.batches(loader)] for _ in loop.epochs(3)]
    assert orders[0] != orders[1] != orders[2]


def test_the_schedule_advances_once_an_update() -> None:
    net, optimizer = linear()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    Trainer(net, optimizer, functional.cross_entropy, device="cpu", accumulate=2, schedule=schedule).fit(some(2, 2, 2), epochs=2)
    assert optimizer.param_groups[0]["lr"] == 0.1 * 0.5**4
    net, optimizer = linear()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    Trainer(net, optimizer, functional.cross_entropy, device="cpu", schedule=schedule, schedule_every="epoch").fit(some(2, 2, 2), epochs=2)
    assert optimizer.param_groups[0]["lr"] == 0.1 * 0.5**2


def test_a_schedule_that_goes_by_a_value() -> None:
    net, optimizer = linear()
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=10.0)
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu", schedule=schedule, schedule_every="epoch")
    trainer.fit(some(2), some(2), epochs=3)
    assert trainer.history["rate"][0] == 0.1
    assert optimizer.param_groups[0]["lr"] < 0.1


def test_an_overflow_in_fp16_updates_neither_weights_nor_schedule() -> None:
    net, optimizer = linear()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    loop = Loop(net, optimizer, device="cpu", precision="fp16", schedule=schedule)
    before = [parameter.clone() for parameter in net.parameters()]
    for scale in (3e38, 1.0):
        for x, _ in loop.batches(some(2)):
            loop.step(net(x).mean() * scale)
        if scale > 1:
            assert alike(list(net.parameters()), before)
            assert optimizer.param_groups[0]["lr"] == 0.1
    assert not alike(list(net.parameters()), before)
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_bf16_computes_products_in_bf16() -> None:
    net, optimizer = linear()
    kinds = []
    net.register_forward_hook(lambda module, inputs, output: kinds.append(output.dtype))
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu", precision="bf16")
    trainer.fit(some(2), some(2), epochs=1)
    assert set(kinds) == {torch.bfloat16}
    assert net.weight.dtype == torch.float32


def test_clipping() -> None:
    net, optimizer = linear()
    loop = Loop(net, optimizer, device="cpu", clip=0.01)
    before = net.weight.detach().clone()
    for x, _ in loop.batches(some(4)):
        loop.step(net(x).square().sum())
    assert loop.norm is not None
    assert loop.norm > 0.01
    assert (net.weight - before).norm() <= 0.1 * 0.01 * 1.001


def test_a_loss_that_is_no_number_spoils_nothing() -> None:
    net, optimizer = linear()
    loop = Loop(net, optimizer, device="cpu")
    before = [parameter.clone() for parameter in net.parameters()]
    for x, _ in loop.batches(some(2)):
        with pytest.raises(FloatingPointError, match=r"the loss is nan \(epoch 1, batch 1, after 0 updates\)"):
            loop.step((net(x) - torch.inf).sum() * 0)
    assert alike(list(net.parameters()), before)


def test_a_step_makes_few_calls() -> None:
    """What the loop costs is how many functions it calls, of its own and of others; a clock would tell less on a busy machine."""
    net, optimizer = linear()
    data, calls = some(*[2] * 200), 0

    def count(frame: Any, event: str, of: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call") and "dlkit" in frame.f_code.co_filename

    loop = Loop(net, optimizer, device="cpu")
    sys.setprofile(count)
    try:
        for x, y in loop.batches(data):
            loop.step(functional.cross_entropy(net(x), y))
    finally:
        sys.setprofile(None)
    assert loop.updates == len(data)
    assert calls / len(data) < 18


class Own(nn.Sequential):
    """A class that is not torch.nn's own."""


@pytest.mark.parametrize("kind", [nn.Sequential, Own])
def test_a_smaller_last_batch_compiles_once_more_and_never_again(kind: type[nn.Sequential]) -> None:
    torch._dynamo.reset()
    compiled = []

    def backend(graph: Any, inputs: Any) -> Any:
        compiled.append(graph)
        return graph.forward

    inside, optimizer = linear()
    net = kind(inside)
    names = set(net.state_dict())
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu", compile={"backend": backend})
    trainer.fit(some(8, 8, 5), epochs=4)
    assert 1 <= len(compiled) <= 2
    assert set(net.state_dict()) == names


def test_evaluation_counts_each_example_once_and_keeps_the_mode() -> None:
    net, optimizer = linear()
    confusion = Confusion(5)
    trainer = Trainer(net, optimizer, functional.cross_entropy, metrics={"accuracy": accuracy, "f1": confusion}, device="cpu")
    x, y = some(11)[0]
    net.train()
    whole, parts = trainer.evaluate([(x, y)]), trainer.evaluate(DataLoader(TensorDataset(x, y), 4))
    assert parts == pytest.approx(whole)
    assert confusion.counts.sum() == 11
    assert net.training
    assert net.weight.grad is None


def test_a_sampler_that_repeats_examples_is_refused_in_evaluation() -> None:
    trainer, _ = build()
    data = TensorDataset(torch.randn(5, 4), torch.zeros(5, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"DistributedSampler repeats examples.*DistributedBatchSampler"):
        trainer.evaluate(DataLoader(data, sampler=DistributedSampler(data, num_replicas=2, rank=0)))


def test_a_metric_that_gives_a_mean_is_refused() -> None:
    trainer, _ = build(metrics={"m": lambda output, target: (output.argmax(-1) == target).float().mean()})
    with pytest.raises(ValueError, match="a mean of means"):
        trainer.evaluate(validation())


def test_an_error_in_a_callback_shows_its_own_line_near_the_top() -> None:
    class Mine:
        def after_epoch(self, trainer: Any) -> None:
            raise LookupError("mine")

    trainer, loader = build(callbacks=[Mine()])
    with pytest.raises(LookupError) as caught:
        trainer.fit(loader, epochs=1)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.name for frame in frames[1:]] == ["fit", "_call", "after_epoch"]
    assert caught.value.__cause__ is None


def test_a_callback_that_would_never_be_called() -> None:
    class Slip:
        def after_epochs(self, trainer: Any) -> None: ...

    with pytest.raises(ValueError, match=r"Slip\.after_epochs would never be called"):
        build(callbacks=[Slip()])


def test_early_stopping() -> None:
    trainer, loader = build(patience=2, monitor="loss", mode="max")
    trainer.fit(loader, epochs=50)
    losses = trainer.history["loss"]
    best = max(losses)
    assert len(losses) < 50
    assert len(losses) == losses.index(best) + 3


def test_an_epoch_left_early_is_an_epoch() -> None:
    net, optimizer = linear()
    loop = Loop(net, optimizer, device="cpu", accumulate=2)
    seen = 0
    for _ in loop.epochs(3):
        for x, y in loop.batches(some(2, 2, 2)):
            loop.step(functional.cross_entropy(net(x), y))
            seen += 1
            break
    assert (seen, loop.epoch, loop.updates) == (3, 3, 0)


def test_a_stream_without_a_length() -> None:
    class Stream(IterableDataset[tuple[Tensor, Tensor]]):
        def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
            return iter([(torch.ones(3), torch.tensor(1))] * 5)

    net, optimizer = linear()
    history = Trainer(net, optimizer, functional.cross_entropy, device="cpu").fit(DataLoader(Stream(), 2), epochs=2)
    assert history["updates"] == [3, 6]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"accumulate": 0}, "at least 1 batch"),
        ({"clip": 0.0}, "above 0"),
        ({"schedule_every": "day"}, "neither 'step' nor 'epoch'"),
        ({"precision": "fp8"}, "none of fp32, bf16, fp16"),
        ({"device": "gpu"}, "no device. This machine has: .*cpu"),
        ({"device": "cuda:77"}, "no cuda:77 on this machine"),
        ({"schedule": torch.optim.lr_scheduler.StepLR(linear()[1], 1)}, "another optimizer"),
    ],
)
def test_errors_are_for_people(options: dict[str, Any], says: str) -> None:
    net, optimizer = linear()
    with pytest.raises(ValueError, match=says):
        Loop(net, optimizer, **({"device": "cpu"} | options))


def test_an_optimizer_of_another_model() -> None:
    with pytest.raises(ValueError, match="holds no parameter of the model"):
        Loop(linear()[0], linear()[1], device="cpu")


def test_a_checkpoint_within_a_group_is_refused() -> None:
    net, optimizer = linear()
    loop = Loop(net, optimizer, device="cpu", accumulate=2)
    for x, y in loop.batches(some(2, 2)):
        loop.step(functional.cross_entropy(net(x), y))
        if loop.batch == 1:
            with pytest.raises(RuntimeError, match="save after an update"):
                loop.state_dict()


def test_progress_is_silent_where_no_one_watches(capsys: pytest.CaptureFixture[str]) -> None:
    trainer, loader = build()
    trainer.fit(loader, validation(), epochs=1)
    assert capsys.readouterr() == ("", "")
    screen = io.StringIO()
    Progress(3, "x", screen, every=0).done(1)
    assert not Progress(3, "x", screen).on


def test_two_runs_of_one_seed_are_alike_and_of_two_are_not() -> None:
    first, second, third = (build(seed=seed) for seed in (1, 1, 2))
    for trainer, loader in (first, second, third):
        devices.seed(5)
        trainer.fit(loader, epochs=1)
    assert alike(weights(first[0]), weights(second[0]))
    assert not alike(weights(first[0]), weights(third[0]))
