"""Who else trains: one process alone, or one of several that `torchrun` or `run` has started.

The same script runs everywhere: `with join() as world:` finds out, and a world of one process answers like any other.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
from torch import distributed as dist
from torch import nn

PATIENCE = 30.0  # seconds that a process waits for the others at a meeting point
_joined: World | None = None


@dataclass(frozen=True)
class World:
    """This process among those that train together: `rank` of `size`, `local_rank` on its machine, on its `device`.

    >>> world = World()
    >>> world.main, world.size, world.device
    (True, 1, device(type='cpu'))
    >>> world.total(3, 0.5)
    [3.0, 0.5]
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    group: Any = None  # of torch.distributed; None: all processes

    @property
    def world(self) -> int:
        """`size`, as PyTorch's `world_size` calls it."""
        return self.size

    @property
    def main(self) -> bool:
        """Whether this is the one process that prints and saves."""
        return self.rank == 0

    def all_reduce(self, tensor: torch.Tensor, op: str = "sum") -> torch.Tensor:
        """The sum of every process's tensor (or their `"mean"`, `"max"`, `"min"`), in place, in all of them: of one shape and type.

        Raises:
            ValueError: another `op`.
        """
        if op not in ("sum", "mean", "max", "min"):
            raise ValueError(f'op is {op!r}: write "sum", "mean", "max" or "min".')
        if self.size > 1:
            dist.all_reduce(tensor, {"max": dist.ReduceOp.MAX, "min": dist.ReduceOp.MIN}.get(op, dist.ReduceOp.SUM), group=self.group)
            if op == "mean":
                tensor /= self.size
        return tensor

    def broadcast(self, tensor: torch.Tensor, source: int = 0) -> torch.Tensor:
        """The tensor of the process of rank `source`, in place, in all of them."""
        if self.size > 1:
            dist.broadcast(tensor, dist.get_global_rank(self.group, source) if self.group else source, group=self.group)
        return tensor

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum of every process's tensor, in all of them; the tensor itself stays."""
        return self.all_reduce(tensor.clone()) if self.size > 1 else tensor

    def total(self, *numbers: float) -> list[float]:
        """Each number's sum over all processes, in double precision: for losses and counts of a whole evaluation."""
        if self.size == 1:
            return [float(number) for number in numbers]
        return [float(number) for number in self.all_reduce(torch.tensor(numbers, dtype=torch.float64, device=self.device))]

    def gather(self, value: Any) -> list[Any]:
        """What every process gives, by rank, in all of them: any object that pickle takes, so nothing large."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value, group=self.group)
        return values

    def barrier(self) -> None:
        """Wait until every process is here."""
        if self.size > 1:
            dist.barrier(self.group, device_ids=[self.local_rank] if self.device.type == "cuda" else None)

    def synchronize(self, model: nn.Module, now: bool) -> None:
        """Whether the next backward pass shall average the gradients over the processes: not before the last of a group."""
        if isinstance(model, nn.parallel.DistributedDataParallel):
            model.require_backward_grad_sync = now  # read by the forward pass, too
        elif change := getattr(model, "set_requires_gradient_sync", None):  # what `fully_shard` has added
            change(now)

    def leave(self) -> None:
        """The end of working together; called by `with join() as world:`."""
        global _joined
        _joined = None
        if dist.is_initialized():
            dist.destroy_process_group()

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.leave()


def join(device: str | None = None, patience: float | None = None) -> World:
    """The world this process belongs to: what `run` or `torchrun --nproc-per-node N` has started, else a world of one.

    `device` is `"cpu"` or `"cuda"`; None takes the GPUs where there are any. `patience`, in seconds (30), is how long a
    process waits for the others before it fails with an error.

    Raises:
        ValueError: another device.
        RuntimeError: this process would have no GPU, and others have.

    >>> with join(device="cpu") as world:
    ...     print(f"{world.rank} of {world.size} on {world.device}")
    0 of 1 on cpu
    """
    if _joined:
        return _joined
    rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local = int(os.environ.get("LOCAL_RANK", 0))
    machines = size != int(os.environ.get("LOCAL_WORLD_SIZE", size))
    if "RANK" not in os.environ:
        return _remember(World(device=choose(local, device)))
    return enter(rank, size, local, choose(local, device), patience or PATIENCE, machines)


def enter(
    rank: int, size: int, local: int, device: torch.device, patience: float, machines: bool = False, store: dist.Store | None = None
) -> World:
    """Become part of a world: with others through `store`, or at the address that torchrun has put into the environment."""
    if not machines:  # a gloo that looks for its own address may wait at an interface that leads nowhere
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    options: dict[str, Any] = {"store": store, "rank": rank, "world_size": size} if store is not None else {}
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.set_device(device)
        options["device_id"] = device
    dist.init_process_group("nccl" if cuda else "gloo", timeout=timedelta(seconds=patience), **options)
    return _remember(World(rank, size, local, device))


def choose(local: int, device: str | None) -> torch.device:
    """The device of the process `local` on this machine."""
    if device not in (None, "cpu", "cuda"):
        raise ValueError(f'device is {device!r}: write "cpu" or "cuda", or leave it out.')
    count = torch.cuda.device_count() if device != "cpu" else 0
    if local >= count and (device == "cuda" or count):  # some on GPUs and others not cannot talk
        raise RuntimeError(f'process {local} of this machine has no GPU: there {"is 1" if count == 1 else f"are {count}"}. Start fewer processes, or say device="cpu".')
    return torch.device("cuda", local) if local < count else torch.device("cpu")


def _remember(world: World) -> World:
    global _joined
    _joined = world
    return world


@contextlib.contextmanager
def nobody() -> Any:
    """Inside, no world is joined: for a process that has inherited its parent's."""
    global _joined
    before, _joined = _joined, None
    try:
        yield
    finally:
        _joined = before
