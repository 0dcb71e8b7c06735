"""A run on a device is saved, broken off, and goes on to the same bits; another device reads what it has saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dlkit.train import CheckpointError, Checkpoints, load_model
from tests.gpu.places import PLACES, on
from tests.train.runs import alike, build, validation, weights

EPOCHS = 3  # of 6 batches


class Broken(Exception):
    pass


class Breaks:
    """Ends the run at its ninth update, before that is saved."""

    def after_update(self, trainer: Any) -> None:
        if trainer.updates == 9:
            raise Broken


def resumed(device: str, folder: Path, asynchronous: bool) -> tuple[bool, int, list[Tensor], list[float], list[float]]:
    torch.use_deterministic_algorithms(True)
    whole, loader = build(device=device)
    whole.fit(loader, validation(), epochs=EPOCHS)
    saves = Checkpoints(folder, every=1, keep=2, asynchronous=asynchronous)
    broken, loader = build(device=device, callbacks=[Breaks(), saves])
    with pytest.raises(Broken):
        broken.fit(loader, validation(), epochs=EPOCHS)
    saves.wait()
    again, loader = build(folder, seed=99, device=device)
    again.callbacks[-1].resume(again)
    at = again.updates
    again.fit(loader, validation(), epochs=EPOCHS)
    return alike(weights(whole), weights(again)), at, weights(again), whole.history["loss"], again.history["loss"]


@PLACES
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_resumed_run_has_the_same_bits(device: str, asynchronous: bool, tmp_path: Path) -> None:
    same, at, _, losses, again = on(device, resumed, tmp_path, asynchronous)
    assert at == 8
    assert same
    assert losses == again


def saved(device: str, folder: Path) -> tuple[list[Tensor], float]:
    trainer, loader = build(folder, device=device)
    trainer.fit(loader, validation(), epochs=1)
    return [value.cpu() for value in weights(trainer)], trainer.evaluate(validation())["loss"]


def read(device: str, folder: Path) -> tuple[list[Tensor], list[Tensor], float, int]:
    """By `load_model`; and by a run that goes on."""
    trainer, loader = build(folder, seed=99, device=device)
    checkpoints: Checkpoints = trainer.callbacks[-1]
    load_model(trainer.model, checkpoints.latest())
    model = [value.cpu() for value in weights(trainer)]
    other, loader = build(folder, seed=98, device=device)
    other.callbacks[-1].resume(other)
    found = [value.cpu() for value in weights(other)], other.evaluate(validation())["loss"]
    other.fit(loader, validation(), epochs=2)
    return model, *found, other.updates


@PLACES
def test_a_checkpoint_is_read_on_the_cpu_and_a_cpu_s_on_the_device(device: str, tmp_path: Path) -> None:
    for way, (one, other) in {"there": (device, "cpu"), "back": ("cpu", device)}.items():
        folder = tmp_path / way
        wrote, loss = on(one, saved, folder)
        model, run, again, updates = on(other, read, folder)
        assert alike(wrote, model)
        assert alike(wrote, run)
        assert again == pytest.approx(loss, rel=1e-5)
        assert updates == 12


def refused(device: str, folder: Path) -> tuple[str, int]:
    trainer, loader = build(folder, device=device, every=100)
    trainer.fit(loader, validation(), epochs=1)
    with torch.no_grad():
        next(iter(trainer.model.parameters()))[0] = torch.nan
    with pytest.raises(CheckpointError) as caught:
        trainer.callbacks[-1].save(trainer)
    return str(caught.value), len(trainer.callbacks[-1].all())


@PLACES
def test_a_model_with_nan_is_not_saved(device: str, tmp_path: Path) -> None:
    said, left = on(device, refused, tmp_path)
    assert "holds NaN" in said
    assert left == 1
