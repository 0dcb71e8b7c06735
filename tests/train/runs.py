"""A small run that draws from every generator: the order of the data, noise in the data, dropout."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from dlkit.train import Checkpoints, Trainer, devices


class Noisy(Dataset[tuple[Tensor, Tensor]]):
    def __len__(self) -> int:
        return 22

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        x = torch.full((4,), index / 22) + 0.1 * torch.randn(4) + 0.1 * random.random() + 0.1 * float(numpy.random.rand())
        return x, torch.tensor(index % 3)


def build(folder: Path | None = None, *, seed: int = 7, every: int = 1, callbacks: Any = (), own: bool = False, **options: Any) -> tuple[Trainer, Any]:
    """A trainer and its loader of 6 batches, the last one smaller; `own`: the loader has its own generator."""
    devices.seed(seed)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=100)
    saves = [] if folder is None else [Checkpoints(folder, every=every, keep=2, best="val_loss")]
    options = {"device": "cpu", "schedule": schedule, "clip": 1.0} | options
    trainer = Trainer(net, optimizer, functional.cross_entropy, callbacks=[*callbacks, *saves], **options)
    return trainer, DataLoader(Noisy(), 4, shuffle=True, generator=torch.Generator().manual_seed(3) if own else None)


def validation() -> list[tuple[Tensor, Tensor]]:
    return [(torch.linspace(0, 1, 12).reshape(3, 4), torch.tensor([0, 1, 2]))]


def weights(trainer: Trainer) -> list[Tensor]:
    return [value.clone() for value in trainer.model.state_dict().values()]


def alike(one: list[Tensor], other: list[Tensor]) -> bool:
    """To the bit."""
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
