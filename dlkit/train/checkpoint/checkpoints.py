"""Checkpoints: folders that are whole or not there, and say when they were changed.

    runs/epoch-0003-batch-00000120/
        model.safetensors       the model alone, for any program that reads safetensors
        optimizer.safetensors   tensors of the optimizer's state; all else of it is in optimizer.json
        shards/                 in place of both, where the model is spread over processes
        rank-0.safetensors      for each process: its random generators and its place in the data, the history and all else;
        rank-0.json             tensors apart
        checkpoint.json         what it is, and the SHA-256 of every file; written last
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from torch import distributed as dist

from dlkit.train.checkpoint.collective import CheckpointError, Elsewhere, Everyone, several
from dlkit.train.checkpoint.files import publish
from dlkit.train.checkpoint.manifest import read_manifest, write_manifest
from dlkit.train.checkpoint.resume import resume
from dlkit.train.checkpoint.snapshot import Snapshot
from dlkit.train.early_stopping import better, monitored


class Checkpoints:
    """A folder of checkpoints; as a callback of `Trainer` it saves by itself.

    In your own loop, call `save` and `resume`. With several processes all of them save and resume, into one folder that all see. What is the same in all of them is written
    once; a model that is spread over them (`shard`, `split`) is written by all, each its pieces.

    Args:
        folder: made when it is needed.
        every: save after so many updates, too; always after each epoch.
        keep: how many of the last to keep, besides the best.
        best: the column of the history that tells which is best; None: none is.
        mode: "min" or "max".
        asynchronous: write while the training goes on, from a copy in memory. One at a time: the next waits for it. An error is
            raised by the next `save`, or at the end of `fit`; in your own loop, end with `wait`.

    >>> import tempfile, torch
    >>> from dlkit.train import Trainer
    >>> def train(epochs, folder, data=[(torch.eye(2), torch.eye(2))]):
    ...     net = torch.nn.Linear(2, 2)
    ...     checkpoints = Checkpoints(folder, best="loss", keep=1)
    ...     trainer = Trainer(net, torch.optim.SGD(net.parameters(), 0.1), torch.nn.functional.mse_loss, device="cpu", callbacks=[checkpoints])
    ...     resumed = checkpoints.resume(trainer)  # nothing there: nothing happens
    ...     trainer.fit(data, epochs=epochs)
    ...     return resumed, trainer.epoch, checkpoints.latest().name
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     train(1, folder), train(3, folder)
    ((False, 1, 'epoch-0001-batch-00000000'), (True, 3, 'epoch-0003-batch-00000000'))
    """

    def __init__(
        self, folder: str | Path, *, every: int | None = None, keep: int = 3, best: str | None = None, mode: str = "min", asynchronous: bool = False
    ) -> None:
        if keep < 1:
            raise ValueError(f"keep={keep}: at least the last checkpoint must stay")
        if mode not in ("min", "max"):
            raise ValueError(f"mode={mode!r} is neither 'min' nor 'max'")
        self.folder, self.every, self.keep, self.monitor, self.mode = Path(folder), every, keep, best, mode
        self.asynchronous = asynchronous
        self._writing: Future[None] | None = None
        self._everyone: tuple[Any, Everyone] | None = None

    def after_update(self, trainer: Any) -> None:
        if self.every and trainer.updates % self.every == 0:
            self.save(trainer)

    def after_epoch(self, trainer: Any) -> None:
        self.save(trainer, None if self.monitor is None else monitored(trainer, self.monitor))

    def after_fit(self, trainer: Any) -> None:
        self.wait()

    def save(self, trainer: Any, value: float | None = None) -> Path:
        """Write a checkpoint of the run, then remove those no longer kept.

        Raises:
            CheckpointError: it could not be written, as on a full disk, or the model holds a NaN; the earlier ones are as they
                were. With `asynchronous`, also of the one before.
        """
        self.wait()
        everyone = self._among(trainer)
        final = self.folder / f"epoch-{trainer.epoch:04}-batch-{trainer.batch:08}"
        with self._told(final, everyone), everyone.all_or_none():
            while final.exists():  # never replaced: between removing one and placing another there would be none
                final = final.with_name(f"{final.name}-again")
            snapshot = Snapshot(trainer, everyone, {"monitor": self.monitor, "value": value})
        final = Path(everyone.gather(final)[0])  # the others may have looked when it was there already
        with self._told(final, everyone):
            with everyone.all_or_none():
                if everyone.rank == 0:
                    for left in self.folder.glob(".writing-*"):  # by a run that was killed
                        shutil.rmtree(left, ignore_errors=True)
                    partial(final).mkdir(parents=True)
            snapshot.begin(partial(final), self.asynchronous)
        if self.asynchronous:
            thread = ThreadPoolExecutor(1, "checkpoint")
            self._writing = thread.submit(self._write, snapshot, final, everyone)
            thread.shutdown(wait=False)  # it ends with its work, and before Python does
        else:
            self._write(snapshot, final, everyone)
        return final

    def _write(self, snapshot: Snapshot, final: Path, everyone: Everyone) -> None:
        with self._told(final, everyone):
            with everyone.all_or_none():
                snapshot.finish()
            write_manifest(partial(final), snapshot.known, everyone)
            with everyone.all_or_none():
                if everyone.rank == 0:
                    publish(partial(final), final)
                    self._thin()

    def wait(self) -> None:
        """Until what is being written is there.

        Raises:
            CheckpointError: it could not be written.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    @contextlib.contextmanager
    def _told(self, final: Path, everyone: Everyone) -> Iterator[None]:
        """Where it fails, nothing half written is left."""
        try:
            yield
        except BaseException as error:
            if everyone.rank == 0:
                shutil.rmtree(partial(final), ignore_errors=True)
            if not isinstance(error, (OSError, ImportError, Elsewhere)):
                raise
            whole = self.latest()
            kept = f"the last whole one is {whole}" if whole else "there is no earlier one"
            raise CheckpointError(f"{final} could not be written: {error}; {kept}") from error

    def _among(self, trainer: Any) -> Everyone:
        world = dist.group.WORLD if several(trainer) else None
        if self._everyone is None or self._everyone[0] is not world:
            self._everyone = world, Everyone(world is not None)
        return self._everyone[1]

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
            with contextlib.suppress(CheckpointError):  # a damaged one is not the best
                value = read_manifest(path)["value"]
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

    def resume(self, trainer: Any, path: Path | None = None, *, exact: bool = True) -> bool:
        """Bring a run to where the last checkpoint (or the one at `path`) was made. False: there is none, nothing happened.

        With `exact=False` another number of processes can go on, from the end of an epoch: then the random generators
        are this run's own, and the examples are dealt otherwise.

        Raises:
            CheckpointError: it is damaged, or of another model, optimizer or number of processes. The run is as it was
                where the files or the model differ.
        """
        self.wait()
        everyone = self._among(trainer)
        path = everyone.gather(path or self.latest())[0]
        if path is not None:
            resume(trainer, path, everyone, exact)
        return path is not None


def partial(final: Path) -> Path:
    """Where a checkpoint is while it is written."""
    return final.with_name(f".writing-{final.name}")
