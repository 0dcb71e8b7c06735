"""A small run that draws from every generator: the order of the data, noise in the data, dropout; and ways to end it."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import torch
import torch._dynamo  # these three: a fork need not load them
import torch.distributed.checkpoint.state_dict
import torch.distributed.fsdp
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from dlkit.train import Checkpoints, Trainer, devices
from dlkit.train.checkpoint import checkpoints, manifest, snapshot
from dlkit.train.distributed import full_state, replicate
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import World


class Noisy(Dataset[tuple[Tensor, Tensor]]):
    def __len__(self) -> int:
        return 22

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x = torch.full((4,), index / 22) + 0.1 * torch.randn(4) + 0.1 * random.random() + 0.1 * float(numpy.random.rand())
        return x, torch.tensor(index % 3)


def build(
    folder: Path | None = None, *, seed: int = 7, every: int = 1, callbacks: Any = (), own: bool = False, workers: int = 0, **options: Any
) -> tuple[Trainer, Any]:
    """A trainer and its loader of 6 batches, the last one smaller; `own`: the loader has its own generator."""
    saves = [] if folder is None else [Checkpoints(folder, every=every, keep=2, best="val_loss")]
    loader = DataLoader(Noisy(), 4, shuffle=True, generator=torch.Generator().manual_seed(3) if own else None, num_workers=workers)
    return trainer(World(), lambda net, world: net, seed, [*callbacks, *saves], {"device": "cpu", "clip": 1.0} | options), loader


Spread = Callable[[nn.Module, World], nn.Module]


def build_for(
    world: World, folder: Path | None = None, *, spread: Spread = replicate, seed: int = 7, every: int = 1, callbacks: Any = (), asynchronous: bool = False
) -> tuple[Trainer, Any]:
    """One of several processes, and its loader of 4 batches."""
    saves = [] if folder is None else [Checkpoints(folder, every=every, keep=2, best="val_loss", asynchronous=asynchronous)]
    loader = DataLoader(Noisy(), batch_sampler=DistributedBatchSampler(22, 6, world, seed=5))
    return trainer(world, spread, seed, [*callbacks, *saves], {"device": "cpu", "processes": world}), loader


def trainer(world: World, spread: Spread, seed: int, callbacks: list[Any], options: dict[str, Any]) -> Trainer:
    devices.seed(seed, rank=world.rank)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 3))
    net = spread(net, world)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=100)
    return Trainer(net, optimizer, functional.cross_entropy, callbacks=callbacks, **{"schedule": schedule} | options)


def validation() -> list[tuple[Tensor, Tensor]]:
    return [(torch.linspace(0, 1, 12).reshape(3, 4), torch.tensor([0, 1, 2]))]


def weights(trainer: Trainer) -> list[Tensor]:
    """The whole model's, and what of it is not spread; all processes must ask."""
    whole = full_state(trainer.model) if any(hasattr(each, "full_tensor") for each in trainer.model.parameters()) else trainer.model.state_dict()
    return [value.clone() for value in whole.values()]


def alike(one: list[Tensor], other: list[Tensor]) -> bool:
    """To the bit."""
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


PLACES = {"before": None, "write_tensors": snapshot, "write": snapshot, "digest": manifest, "publish": checkpoints, "thin": None}


class Killed:
    """Kills the run, as a loss of power does, at an update: before it is saved, or in a part of saving it.

    With several processes, the one of `rank` kills all of them. Must come before what saves.
    """

    def __init__(self, after: int, place: str = "before", rank: int = 0) -> None:
        self.after, self.place, self.rank = after, place, rank
        self.updates = 0

    def before_fit(self, trainer: Any) -> None:
        world = trainer.processes
        self.pids = world.gather(os.getpid()) if world.world > 1 else [os.getpid()]
        holder: Any = Checkpoints if self.place == "thin" else PLACES[self.place]
        name = "_thin" if self.place == "thin" else self.place
        if holder is None or world.rank != self.rank:
            return
        real = getattr(holder, name)

        def dies(*arguments: Any) -> Any:
            if self.updates >= self.after:
                self.kill()
            return real(*arguments)

        setattr(holder, name, dies)

    def after_update(self, trainer: Any) -> None:
        self.updates = trainer.updates
        if self.place == "before" and self.updates == self.after and trainer.processes.rank == self.rank:
            self.kill()

    def kill(self) -> None:
        for pid in sorted(self.pids, key=lambda pid: pid == os.getpid()):
            os.kill(pid, signal.SIGKILL)
