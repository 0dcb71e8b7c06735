"""What the loop asks of several processes, with two real ones over gloo."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from test_train_resume import forked
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dlkit.train import Shard, Trainer
from dlkit.train.metrics import accuracy

# A process with threads warns before it forks, from Python 3.12 on; the threads here sleep.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

SIZES = [[1, 6, 2, 4, 3], [5, 2, 2, 1, 7]]  # examples in the batches of each process


class Gloo:
    """The least that is a `Processes`."""

    world = 2

    def __init__(self, rank: int, store: Path) -> None:
        self.rank = rank
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2, timeout=timedelta(seconds=60))

    def sum(self, tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        dist.all_reduce(tensor)
        return tensor

    def barrier(self) -> None:
        dist.barrier()

    def synchronize(self, model: nn.Module, now: bool) -> None:
        assert isinstance(model, nn.parallel.DistributedDataParallel)
        model.require_backward_grad_sync = now


def data() -> list[list[tuple[Tensor, Tensor]]]:
    torch.manual_seed(1)
    return [[(torch.randn(size, 3), torch.randint(0, 4, (size,))) for size in sizes] for sizes in SIZES]


def train(batches: list[tuple[Tensor, Tensor]], whole: TensorDataset, accumulate: int, processes: Gloo | None) -> list[Tensor]:
    """Weights, the rate, the training's mean loss and an evaluation on all examples."""
    torch.manual_seed(0)
    net: nn.Module = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    model = net if processes is None else nn.parallel.DistributedDataParallel(net)
    options = {"accumulate": accumulate, "schedule": schedule, "processes": processes, "metrics": {"accuracy": accuracy}}
    trainer = Trainer(model, optimizer, functional.cross_entropy, device="cpu", **options)
    history = trainer.fit(batches, DataLoader(whole, 4, sampler=None if processes is None else Shard(whole, processes)), epochs=2)
    row = [history[name][-1] for name in ("rate", "loss", "val_loss", "val_accuracy", "updates")]
    return [*(parameter.detach() for parameter in net.parameters()), torch.tensor(row)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_two_processes_compute_what_one_does(tmp_path: Path) -> None:
    parts = data()
    everything = [batch for part in parts for batch in part]
    whole = TensorDataset(torch.cat([x for x, _ in everything]), torch.cat([y for _, y in everything]))
    groups = [slice(0, 2), slice(2, 4), slice(4, 5)]
    big = [tuple(torch.cat([each[which] for part in parts for each in part[group]]) for which in range(2)) for group in groups]
    expected = train(big, whole, 1, None)

    def work(rank: int) -> None:
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        processes = Gloo(rank, tmp_path / "store")
        torch.save(train(parts[rank], whole, 2, processes), tmp_path / f"{rank}.pt")
        dist.barrier()

    pid = os.fork()
    if pid == 0:
        os._exit(forked(lambda: work(1)))
    assert forked(lambda: work(0)) == 0
    assert os.waitpid(pid, 0)[1] == 0
    for rank in range(2):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), expected, rtol=1e-5, atol=1e-6)
