"""`run` on GPUs: through NCCL, spread models compute what one process computes; and it spawns where a fork could not use CUDA."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dlkit.train import Checkpoints, Trainer, full_state, join, replicate, run, shard
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import World
from tests.gpu.places import CUDA, GPUS, PLACES, needs

ROOT = Path(__file__).resolve().parents[2]
WORLDS = pytest.mark.parametrize(
    ("device", "size"), [("cpu", 2), pytest.param("cuda", 1, marks=needs(1)), pytest.param("cuda", 2, marks=needs(2)), pytest.param("cuda", 4, marks=needs(4))]
)


def trainer(world: World, spread: Any, **options: Any) -> tuple[Trainer, DataLoader[Any]]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)).double()
    x = torch.randn(47, 8, dtype=torch.float64)
    data = TensorDataset(x, (x @ torch.randn(8, 3, dtype=torch.float64)).argmax(1))
    net = spread(net, world)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    loader = DataLoader(data, batch_sampler=DistributedBatchSampler(47, 8, world, seed=3))
    return Trainer(net, optimizer, functional.cross_entropy, processes=world, clip=1.0, **options), loader


def trained(spread: Any, folder: Path | None = None) -> tuple[list[float], dict[str, Tensor], str]:
    world = join()
    made, loader = trainer(world, spread, callbacks=[] if folder is None else [Checkpoints(folder)])
    made.fit(loader, epochs=2)
    backend = torch.distributed.get_backend()
    return made.history["loss"], full_state(made.model), f"{backend} {next(iter(made.model.parameters())).device.type}"


@WORLDS
@pytest.mark.parametrize("spread", [replicate, shard])
def test_several_gpus_compute_what_one_process_does(device: str, size: int, spread: Any) -> None:
    """In float64, to 1e-9 of one process on the CPU."""
    [(losses, weights, _)] = run(trained, replicate, world=1)
    for found, theirs, where in run(trained, spread, world=size, device=device):
        assert found == pytest.approx(losses, rel=1e-9)
        for name, value in theirs.items():
            torch.testing.assert_close(value, weights[name], rtol=1e-9, atol=1e-9)
        assert where == ("nccl cuda" if device == "cuda" else "gloo cpu")


def went_on(spread: Any, folder: Path) -> tuple[int, list[float]]:
    made, loader = trainer(join(), spread, callbacks=[Checkpoints(folder)])
    made.callbacks[-1].resume(made)
    at = made.updates
    made.fit(loader, epochs=3)
    return at, made.history["loss"]


@WORLDS
@pytest.mark.parametrize("spread", [replicate, shard])
def test_several_gpus_save_and_go_on(device: str, size: int, spread: Any, tmp_path: Path) -> None:
    saved = run(trained, spread, tmp_path, world=size, device=device)
    for (at, losses), (before, _, _) in zip(run(went_on, spread, tmp_path, world=size, device=device), saved, strict=True):
        assert at > 0
        assert losses[:2] == before
        assert losses[2] < losses[1]


def meetings() -> list[Any]:
    world = join()
    mine = torch.full((3,), float(world.rank + 1), device=world.device)
    world.barrier()
    ops = [world.all_reduce(mine.clone(), op)[0].item() for op in ("sum", "mean", "max", "min")]
    return [*ops, world.broadcast(mine.clone(), world.size - 1)[0].item(), world.total(1, 0.5), world.gather(world.device.index)]


@WORLDS
def test_processes_meet(device: str, size: int) -> None:
    each = [None] * size if device == "cpu" else list(range(size))
    total = size * (size + 1) / 2
    assert run(meetings, world=size, device=device) == [[total, total / size, size, 1.0, size, [size, size / 2], each]] * size


def fails() -> None:
    world = join()
    product = torch.ones(64, 64, device=world.device) @ torch.ones(64, 64, device=world.device)
    if world.rank == world.size - 1:
        raise KeyError(f"of {product.sum().item():.0f}")
    world.barrier()


@WORLDS
def test_an_error_beside_a_waiting_process_is_raised(device: str, size: int) -> None:
    with pytest.raises(KeyError, match="of 262144"):
        run(fails, world=size, device=device, timeout=120)


SCRIPT = """
import sys, torch
from dlkit.train import join, run

def work(device):
    x = torch.ones(3, device=device, requires_grad=True)
    (x * x).sum().backward()
    return x.grad.sum().item(), "dlkit.train.worker" in sys.orig_argv, join().device.type

device = sys.argv[1]
work(device)  # a gradient on the device: its threads are here now, and no fork has them
join().leave()
(value, spawned, where), = run(work, device, world=1, device=device, timeout=120)
assert (value, where) == (6.0, device), (value, where)
print("spawned" if spawned else "forked")
"""


@PLACES
def test_run_spawns_where_a_fork_could_not_use_the_gpu(device: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script, device], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    forks = device == "cpu" and sys.platform == "linux"
    if forks and GPUS:  # PyTorch may have begun a thread for each GPU even so
        assert done.stdout in ("forked\n", "spawned\n")
    else:
        assert done.stdout == ("forked\n" if forks else "spawned\n")


@pytest.mark.parametrize("device", [CUDA])
def test_run_spawns_after_the_driver_was_merely_asked(device: str, tmp_path: Path) -> None:
    """`torch.cuda.is_available()` is enough to keep a fork from CUDA."""
    script = tmp_path / "script.py"
    script.write_text("import torch\nfrom dlkit.train import join, run\ntorch.cuda.is_available()\nprint(run(lambda: str(join().device), world=1, device='cuda'))\n")
    done = subprocess.run([sys.executable, script], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300)
    assert done.stdout == "['cuda:0']\n", done.stderr
