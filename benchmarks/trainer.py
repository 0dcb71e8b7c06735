"""What the loop costs: `python -m benchmarks.trainer [ROUNDS]` trains by hand, with `Loop` and with `Trainer.fit`, one thread.

By hand is what a real loop does: a DataLoader's batches, forward, loss, its value added up for the history, backward, step, zero_grad;
the others have the same DataLoader, model and optimizer. They take turns in short rounds, in another order each time, and what is
printed is the median of each round's ratio of processor times: what disturbs a busy machine disturbs all that take part in a round.
`again` is by hand once more: how far it is from nought says how far the others are to be believed. The last lines are of a model that
does nothing: what is left is the loop's own time, which a busy machine can hardly hide.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dlkit.train import Loop, Trainer

PROMISED = {"MLP": 0.05, "LeNet": 0.01}


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def by_hand(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader) -> Callable[[], object]:
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


def with_loop(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader) -> Callable[[], object]:
    loop = Loop(net, optimizer, device="cpu")

    def epoch() -> None:
        for x, y in loop.batches(loader):
            loop.step(functional.cross_entropy(net(x), y))

    return epoch


def with_fit(net: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader) -> Callable[[], object]:
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu")
    return lambda: trainer.fit(loader, epochs=trainer.epoch + 1)


def compare(name: str, make: Callable[[], nn.Module], shape: tuple[int, ...], batch: int, steps: int, rounds: int) -> None:
    """An epoch of `steps` batches is a round."""
    data = TensorDataset(torch.randn(batch * steps, *shape), torch.randint(0, 10, (batch * steps,)))
    ways = {}
    for label, way in {"by hand": by_hand, "again": by_hand, "Loop": with_loop, "fit": with_fit}.items():
        torch.manual_seed(0)
        net = make()
        ways[label] = way(net, torch.optim.SGD(net.parameters(), lr=0.01), DataLoader(data, batch, shuffle=True))
        ways[label]()
    times: dict[str, list[float]] = {label: [] for label in ways}
    order = list(ways)
    for _ in range(rounds):
        random.shuffle(order)
        for label in order:
            began = time.process_time()
            ways[label]()
            times[label].append((time.process_time() - began) / steps)
    print(f"{name}: {statistics.median(times['by hand']) * 1e6:.0f} us a step by hand; at most {PROMISED[name]:+.0%} is promised", flush=True)
    for label in ("again", "Loop", "fit"):
        ratios = [one / hand - 1 for one, hand in zip(times[label], times["by hand"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(f"    {label:6} {middle:+6.1%}   (half of the rounds within {low:+.1%} to {high:+.1%})", flush=True)


class Nothing:
    """A model, its loss and its optimizer, without any work."""

    is_cpu = True

    def item(self) -> float:
        return 1.0

    def nothing(self) -> None:
        pass

    backward = nothing


def bare(rounds: int, steps: int = 1000) -> None:
    """The fastest round of each way."""
    net = nn.Linear(1, 1)
    optimizer, loss, data = torch.optim.SGD(net.parameters(), lr=0.1), Nothing(), [(torch.ones(32, 1), torch.ones(32))] * steps
    optimizer.step = optimizer.zero_grad = loss.nothing  # type: ignore[assignment, method-assign]
    loop = Loop(net, optimizer, device="cpu")
    trainer = Trainer(net, optimizer, lambda output, target: loss, predict=lambda model, batch: batch, device="cpu")  # type: ignore[arg-type, return-value]

    def by_hand() -> None:
        total, count = 0.0, 0
        for x, _ in data:
            total += loss.item() * len(x)
            count += len(x)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    def with_loop() -> None:
        for _ in loop.batches(data):
            loop.step(loss)  # type: ignore[arg-type]

    for label, way in {"by hand": by_hand, "Loop": with_loop, "fit": lambda: trainer.fit(data, epochs=trainer.epoch + 1)}.items():
        times = []
        for _ in range(rounds):
            began = time.process_time()
            way()
            times.append((time.process_time() - began) / steps)
        print(f"bare: {label:8} {min(times) * 1e6:5.2f} us a step")


if __name__ == "__main__":
    torch.set_num_threads(1)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    compare("MLP", mlp, (64,), 32, 100, rounds)
    compare("LeNet", lenet, (1, 28, 28), 64, 5, rounds)
    bare(rounds)
