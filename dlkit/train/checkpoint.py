"""Checkpoints: folders that are whole or not there, and say when they were changed.

    runs/epoch-0003-batch-00000120/
        model.safetensors     the model alone, for any program that reads safetensors
        rank-0.safetensors    tensors of optimizer, schedule and random generators, a file for each process
        rank-0.json           all else
        checkpoint.json       what it is, and the SHA-256 of the other files; written last
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from dlkit.train import tree
from dlkit.train.ask import inner
from dlkit.train.files import digest, place, read_tensors, write, write_tensors
from dlkit.train.stopping import better, monitored

FORMAT = 1


class CheckpointError(RuntimeError):
    """A checkpoint could not be written, or is not what this run needs."""


class Checkpoints:
    """A folder of checkpoints; as a callback of `Trainer` it saves by itself.

    Args:
        folder: made when it is needed.
        every: save after so many updates, too; always after each epoch.
        keep: how many of the last to keep, besides the best.
        best: the column of the history that tells which is best; None: none is.
        mode: "min" or "max".

        checkpoints = Checkpoints("runs", every=500, best="val_loss")
        trainer = Trainer(model, optimizer, loss, callbacks=[checkpoints])
        checkpoints.resume(trainer)     # nothing there: nothing happens
        trainer.fit(train, validate, epochs=10)
    """

    def __init__(self, folder: str | Path, *, every: int | None = None, keep: int = 3, best: str | None = None, mode: str = "min") -> None:
        if keep < 1:
            raise ValueError(f"keep={keep}: at least the last checkpoint must stay")
        if mode not in ("min", "max"):
            raise ValueError(f"mode={mode!r} is neither 'min' nor 'max'")
        self.folder, self.every, self.keep, self.monitor, self.mode = Path(folder), every, keep, best, mode

    def after_update(self, trainer: Any) -> None:
        if self.every and trainer.updates % self.every == 0:
            self.save(trainer)

    def after_epoch(self, trainer: Any) -> None:
        self.save(trainer, None if self.monitor is None else monitored(trainer, self.monitor))

    def save(self, trainer: Any, value: float | None = None) -> Path:
        """Write a checkpoint of the run, then remove those no longer kept.

        Raises:
            CheckpointError: it could not be written, as on a full disk; the earlier ones are as they were.
        """
        final = self.folder / f"epoch-{trainer.epoch:04}-batch-{trainer.batch:08}"
        while final.exists():  # never replaced: between removing one and placing another there would be none
            final = final.with_name(f"{final.name}-again")
        partial = final.with_name(f".writing-{final.name}")
        rank, processes = trainer.processes.rank, trainer.processes
        state = {"loop": trainer.state_dict(), "random": trainer.random_state()}
        try:
            if rank == 0:
                for left in self.folder.glob(".writing-*"):  # by a run that was killed
                    shutil.rmtree(left, ignore_errors=True)
                partial.mkdir(parents=True)
                write_tensors(partial / "model.safetensors", inner(trainer.model).state_dict())
            processes.barrier()
            tensors: dict[str, Tensor] = {}
            structure = tree.flatten(state, tensors)
            write_tensors(partial / f"rank-{rank}.safetensors", tensors)
            write(partial / f"rank-{rank}.json", json.dumps(structure))
            processes.barrier()
            if rank == 0:
                files = {path.name: digest(path) for path in sorted(partial.iterdir())}
                about = {"format": FORMAT, "updates": trainer.updates, "world": processes.world, "optimizer": type(trainer.optimizer).__name__}
                write(partial / "checkpoint.json", json.dumps(about | {"monitor": self.monitor, "value": value, "files": files}, indent=1))
                place(partial, final)
                self._thin()
            processes.barrier()
        except (OSError, ImportError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            whole = self.latest()
            kept = f"the last whole one is {whole}" if whole else "there is no earlier one"
            raise CheckpointError(f"{final} could not be written: {error}; {kept}") from error
        return final

    def all(self) -> list[Path]:
        """The checkpoints, oldest first."""
        return sorted(path.parent for path in self.folder.glob("epoch-*/checkpoint.json"))

    def latest(self) -> Path | None:
        """The last one, or None."""
        found = self.all()
        return found[-1] if found else None

    def best(self) -> Path | None:
        """The one with the best value, the first of equals; None where none has a value."""
        found, least = None, None
        for path in self.all():
            value = about(path)["value"]
            if value is not None and better(value, least, self.mode):
                found, least = path, value
        return found

    def _thin(self) -> None:
        kept = {*self.all()[-self.keep :], self.best()}
        for path in self.all():
            if path not in kept:
                # First it is no checkpoint any more: what is half removed must not be taken for one.
                doomed = path.rename(path.with_name(f".writing-{path.name}"))
                shutil.rmtree(doomed, ignore_errors=True)

    def resume(self, trainer: Any, path: Path | None = None) -> bool:
        """Bring a run to where the last checkpoint (or the one at `path`) was made. False: there is none, nothing happened.

        Raises:
            CheckpointError: it is damaged, or of another model, optimizer or number of processes. The run is as it was
                where the files or the model differ.
        """
        path = path or self.latest()
        if path is None:
            return False
        known = verify(path)
        rank, world = trainer.processes.rank, trainer.processes.world
        if known["world"] != world:
            raise CheckpointError(f"{path} was made by {known['world']} processes, this run has {world}: resume with as many")
        if known["optimizer"] != type(trainer.optimizer).__name__:
            raise CheckpointError(f"{path} was made with {known['optimizer']}, this run has {type(trainer.optimizer).__name__}")
        structure = json.loads((path / f"rank-{rank}.json").read_text())
        state = tree.restore(structure, read_tensors(path / f"rank-{rank}.safetensors"))
        load_model(trainer.model, path)
        try:
            trainer.load_state_dict(state["loop"])
        except (ValueError, KeyError) as error:
            raise CheckpointError(f"{path} does not fit this run: {error}") from error
        trainer.load_random_state(state["random"])
        return True


def load_model(model: nn.Module, path: str | Path) -> None:
    """Load the model of a checkpoint; nothing is loaded where one name or shape differs."""
    path = Path(path)
    verify(path)
    saved, own = read_tensors(path / "model.safetensors"), inner(model).state_dict()
    lines = [f"it lacks {name}" for name in own if name not in saved] + [f"it has {name}, the model has not" for name in saved if name not in own]
    for name in own:
        if name in saved and saved[name].shape != own[name].shape:
            lines.append(f"{name} is {tuple(saved[name].shape)}, the model's is {tuple(own[name].shape)}")
    if lines:
        more = f"\n    and {len(lines) - 5} more" if len(lines) > 5 else ""
        raise CheckpointError(f"{path} is of another model:\n    " + "\n    ".join(lines[:5]) + more)
    inner(model).load_state_dict(saved)


def about(path: Path) -> dict[str, Any]:
    """What checkpoint.json says."""
    try:
        known: dict[str, Any] = json.loads((path / "checkpoint.json").read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is no checkpoint, or damaged: {error}") from None
    if known.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {known.get('format')}, this version reads {FORMAT}")
    return known


def verify(path: str | Path) -> dict[str, Any]:
    """Whether all files of a checkpoint are as they were written."""
    path = Path(path)
    known = about(path)
    for name, hashed in known["files"].items():
        try:
            found = digest(path / name)
        except OSError:
            found = ""
        if found != hashed:
            what = "is truncated or was changed" if found else "is not there"
            raise CheckpointError(f"{path / name} {what}: remove the folder {path.name}, and the run resumes from the one before")
    return known
