"""What a checkpoint holds of a run: taken at one moment, written then or later."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train.checkpoint import pytree, sharded
from dlkit.train.checkpoint.collective import CheckpointError, Everyone
from dlkit.train.checkpoint.files import copied, write, write_tensors
from dlkit.train.distributed import is_sharded, unwrap


class Snapshot:
    """The state of a run.

    Args:
        trainer: whose.
        everyone: who writes; rank 0 what is the same in all.
        more: entries of checkpoint.json.

    Raises:
        CheckpointError: the model holds a NaN.
        TypeError: a state that a checkpoint cannot hold.
    """

    def __init__(self, trainer: Any, everyone: Everyone, more: dict[str, Any]) -> None:
        self.everyone, self.spread = everyone, is_sharded(trainer.model)
        model = unwrap(trainer.model)
        self.model: dict[str, Tensor] = model.state_dict()
        if everyone.rank == 0 or self.spread:
            refuse_nan(self.model, trainer)
        loop = trainer.state_dict()
        optimizer = loop.pop("optimizer")
        state = {"loop": loop, "random": trainer.random_state()}
        if self.spread:
            optimizer = sharded.optimizer_state(model, trainer.optimizer)
        if everyone.size > 1:
            state["buffers"] = own_buffers(model)
        self.tensors: dict[str, Tensor] = {}
        self.optimizer: dict[str, Tensor] = {}
        self.structure = json.dumps(pytree.flatten(state, self.tensors))
        self.optimizer_structure = json.dumps(pytree.flatten(optimizer, self.optimizer, "optimizer"))
        self.known = {"updates": trainer.updates, "epoch": trainer.epoch, "batch": trainer.batch, "world": everyone.size}
        self.known |= {"optimizer": type(trainer.optimizer).__name__, "sharded": self.spread} | more
        self._finish: Callable[[], None] | None = None

    def begin(self, folder: Path, later: bool) -> None:
        """Make ready; with `later` the training may go on before `finish`. All must call."""
        self.folder = folder
        if self.spread:
            self._finish = sharded.begin(folder / sharded.FOLDER, self.model, self.optimizer, self.everyone.group, later)
        if later:
            self.tensors = copied(self.tensors)
            if self.everyone.rank == 0 and not self.spread:
                self.model, self.optimizer = copied(self.model), copied(self.optimizer)

    def finish(self) -> None:
        """Write all files. All must call."""
        rank, folder = self.everyone.rank, self.folder
        if self._finish is not None:
            self._finish()
        elif rank == 0:
            write_tensors(folder / "model.safetensors", self.model)
            write_tensors(folder / "optimizer.safetensors", self.optimizer)
        if rank == 0:
            write(folder / "optimizer.json", self.optimizer_structure)
        write_tensors(folder / f"rank-{rank}.safetensors", self.tensors)
        write(folder / f"rank-{rank}.json", self.structure)


def refuse_nan(model: dict[str, Tensor], trainer: Any) -> None:
    wrong = []
    for name, tensor in model.items():
        local = tensor.to_local() if hasattr(tensor, "to_local") else tensor
        if local.is_floating_point() and torch.isnan(local).any():
            wrong.append(name)
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        where = f"epoch {trainer.epoch + 1}, batch {trainer.batch}, after {trainer.updates} updates"
        raise CheckpointError(
            f"the model is not saved, it holds NaN ({where}): {', '.join(wrong[:3])}{more}. The earlier checkpoints stay:\n"
            "    resume from the last one, with a smaller rate or clip=1.0"
        )


def own_buffers(model: nn.Module) -> dict[str, Tensor]:
    """Those that are not spread: each process has its own, as the running means of BatchNorm. (DDP takes those of rank 0 when it
    trains, but not when it evaluates.)
    """
    kept = model.state_dict()
    return {name: tensor for name, tensor in model.named_buffers() if name in kept and not hasattr(tensor, "device_mesh")}
