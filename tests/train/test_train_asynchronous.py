"""Checkpoints that are written while the training goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from runs import alike, build, build_for, validation, weights
from torch import nn

from dlkit.train import Checkpoints
from dlkit.train.checkpoint import load_model, snapshot
from dlkit.train.distributed import replicate, shard
from dlkit.train.launch import run
from dlkit.train.world import World, join


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing is written until it is opened."""
    opened, real = threading.Event(), snapshot.write_tensors

    def slow(*arguments: object) -> None:
        assert opened.wait(60)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshot, "write_tensors", slow)
    yield opened
    opened.set()


def test_it_holds_the_moment_of_the_save(tmp_path: Path, gate: threading.Event) -> None:
    trainer, loader = build()
    trainer.fit(loader, validation(), epochs=1)
    saves = Checkpoints(tmp_path, asynchronous=True)
    before = weights(trainer)
    path = saves.save(trainer)
    trainer.fit(loader, validation(), epochs=2)
    expected = weights(trainer)
    assert saves.all() == []
    gate.set()
    saves.wait()
    assert saves.all() == [path]
    again, loader = build(seed=99)
    assert saves.resume(again)
    assert alike(weights(again), before)
    again.fit(loader, validation(), epochs=2)
    assert alike(weights(again), expected), "optimizer and generators are of that moment, too"


def test_one_at_a_time(tmp_path: Path, gate: threading.Event) -> None:
    trainer, _ = build()
    saves = Checkpoints(tmp_path, asynchronous=True)
    first = saves.save(trainer)
    trainer.epoch = 1
    second = threading.Thread(target=saves.save, args=(trainer,))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    gate.set()
    second.join(60)
    assert first in saves.all()
    saves.wait()
    assert len(saves.all()) == 2


def test_the_end_of_fit_waits(tmp_path: Path) -> None:
    trainer, loader = build(callbacks=[Checkpoints(tmp_path, every=1, asynchronous=True)])
    trainer.fit(loader, validation(), epochs=1)
    assert len(Checkpoints(tmp_path).all()) == 3
    assert Checkpoints(tmp_path).latest() == tmp_path / "epoch-0001-batch-00000000"
    for thread in threading.enumerate():
        if thread.name.startswith("checkpoint"):
            thread.join(60)  # it ends by itself
            assert not thread.is_alive()


def test_tied_weights_are_one_in_the_copy_too(tmp_path: Path) -> None:
    trainer, _ = build()
    trainer.model[4].weight = nn.Parameter(torch.ones(3, 8))
    trainer.model.again = nn.Linear(8, 3)
    trainer.model.again.weight = trainer.model[4].weight
    sizes = []
    for asynchronous in (False, True):
        saves = Checkpoints(tmp_path, asynchronous=asynchronous)
        path = saves.save(trainer)
        saves.wait()
        sizes.append((path / "model.safetensors").stat().st_size)
        load_model(trainer.model, path)
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("spread", [replicate, shard])
def test_with_two_processes(tmp_path: Path, spread: object) -> None:
    def work() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        world: World = join()
        trainer, loader = build_for(world, spread=spread)  # type: ignore[arg-type]
        trainer.fit(loader, validation(), epochs=1)
        saves = Checkpoints(tmp_path, asynchronous=True)
        before = weights(trainer)
        saves.save(trainer)
        with torch.no_grad():
            for parameter in trainer.model.parameters():  # while it is written
                parameter.mul_(2)
                world.all_reduce(torch.ones(1))
        saves.wait()
        assert not alike(weights(trainer), before)
        saves.resume(trainer)
        return weights(trainer), before

    for got, before in run(work):
        assert alike(got, before)
