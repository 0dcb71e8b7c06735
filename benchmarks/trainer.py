"""What the loop costs: `python -m benchmarks.trainer` trains by hand, by hand without looking at the loss, with `Loop` and with `Trainer.fit`, one thread.

Ratios of processor time; they take turns, and each one's fastest rounds count, so that a busy machine disturbs all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dlkit.train import Loop, Trainer

ROUNDS = 40


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def by_hand(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader[tuple[Tensor, ...]]) -> Callable[[], None]:
    def epoch() -> None:
        net.train()
        total, count = 0.0, 0
        for x, y in loader:
            loss = functional.cross_entropy(net(x), y)
            total += loss.item() * len(x)
            count += len(x)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return epoch


def silent(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader[tuple[Tensor, ...]]) -> Callable[[], None]:
    """By hand, and without looking at the loss."""

    def epoch() -> None:
        net.train()
        for x, y in loader:
            functional.cross_entropy(net(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()

    return epoch


def with_loop(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader[tuple[Tensor, ...]]) -> Callable[[], None]:
    loop = Loop(net, optimizer, device="cpu")

    def epoch() -> None:
        for x, y in loop.batches(loader):
            loop.step(functional.cross_entropy(net(x), y))

    return epoch


def with_fit(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader[tuple[Tensor, ...]]) -> Callable[[], None]:
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu")
    return lambda: (trainer.fit(loader, epochs=trainer.epoch + 1), None)[1]


def compare(name: str, make: Callable[[], nn.Module], shape: tuple[int, ...], batch: int, steps: int) -> None:
    data = TensorDataset(torch.randn(batch * steps, *shape), torch.randint(0, 10, (batch * steps,)))
    ways = {}
    for way in (by_hand, silent, with_loop, with_fit):
        torch.manual_seed(0)
        net = make()
        ways[way.__name__] = way(net, torch.optim.SGD(net.parameters(), lr=0.01), DataLoader(data, batch, shuffle=True))
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, epoch in ways.items():
            began = time.process_time()
            epoch()
            times[way].append((time.process_time() - began) / steps)
    base = sum(sorted(times["by_hand"])[:10]) / 10
    for way, each in times.items():
        mean = sum(sorted(each)[:10]) / 10
        print(f"{name:6} {way:10} {mean * 1e6:8.1f} us a step   {mean / base - 1:+6.1%}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    compare("MLP", mlp, (64,), 32, 100)
    compare("LeNet", lenet, (1, 28, 28), 64, 20)
