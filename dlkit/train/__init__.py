"""Training PyTorch models: a loop you can see, and what a long run needs around it. Needs torch.

Each name is loaded from its module when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.train.checkpoint import CheckpointError as CheckpointError
    from dlkit.train.checkpoint import Checkpoints as Checkpoints
    from dlkit.train.checkpoint import load_model as load_model
    from dlkit.train.distributed import along as along
    from dlkit.train.distributed import full_state as full_state
    from dlkit.train.distributed import grid as grid
    from dlkit.train.distributed import replicate as replicate
    from dlkit.train.distributed import shard as shard
    from dlkit.train.distributed import split as split
    from dlkit.train.early_stopping import EarlyStopping as EarlyStopping
    from dlkit.train.gradients import clip as clip
    from dlkit.train.gradients import weighted as weighted
    from dlkit.train.history import History as History
    from dlkit.train.launch import run as run
    from dlkit.train.loop import Loop as Loop
    from dlkit.train.sampler import DistributedBatchSampler as DistributedBatchSampler
    from dlkit.train.supervisor import RunFailed as RunFailed
    from dlkit.train.trainer import Trainer as Trainer
    from dlkit.train.world import World as World
    from dlkit.train.world import join as join

_NAMES = {
    "checkpoint": ("CheckpointError", "Checkpoints", "load_model"),
    "distributed": ("along", "full_state", "grid", "replicate", "shard", "split"),
    "gradients": ("clip", "weighted"),
    "early_stopping": ("EarlyStopping",),
    "history": ("History",),
    "launch": ("run",),
    "loop": ("Loop",),
    "sampler": ("DistributedBatchSampler",),
    "supervisor": ("RunFailed",),
    "trainer": ("Trainer",),
    "world": ("World", "join"),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
_MODULES = ("devices", "measure", "metrics")

__all__ = [*sorted(_HOME), *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"dlkit.train.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"dlkit.train.{name}")
    raise AttributeError(f"dlkit.train has no {name!r}", name=name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
