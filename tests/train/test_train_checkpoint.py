"""Checkpoints that are damaged, of another model, or that the disk has no room for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from runs import alike, build, weights
from torch import nn

from dlkit.train import CheckpointError, Checkpoints
from dlkit.train.checkpoint import load_model
from dlkit.train.checkpoint.files import read_tensors, write_tensors


def test_it_keeps_the_last_and_the_best(tmp_path: Path) -> None:
    trainer, _ = build()
    saves = Checkpoints(tmp_path, keep=2, best="x", mode="max")
    paths = []
    for value in (1.0, 3.0, 2.0, float("nan"), 0.0):
        trainer.epoch += 1
        paths.append(saves.save(trainer, value))
    assert saves.all() == [paths[1], *paths[3:]]
    assert saves.best() == paths[1]
    assert saves.latest() == paths[4]


def test_two_checkpoints_of_one_moment_both_stay(tmp_path: Path) -> None:
    trainer, _ = build()
    saves = Checkpoints(tmp_path)
    first, second = saves.save(trainer), saves.save(trainer)
    assert saves.all() == [first, second]


@pytest.mark.parametrize("name", ["model.safetensors", "rank-0.safetensors", "rank-0.json"])
@pytest.mark.parametrize("damage", ["truncated", "tampered", "missing"])
def test_damage_is_named_and_nothing_is_loaded(saved: Path, name: str, damage: str) -> None:
    file = saved / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "truncated" else content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    trainer, _ = build(seed=1)
    before = weights(trainer)
    with pytest.raises(CheckpointError, match=f"{name} is .*resumes from the one before"):
        Checkpoints(saved.parent).resume(trainer)
    assert alike(weights(trainer), before)
    assert trainer.updates == 0


@pytest.mark.parametrize(("content", "says"), [("{", "damaged"), ('{"format": 99}', "format 99")])
def test_a_damaged_description(saved: Path, content: str, says: str) -> None:
    (saved / "checkpoint.json").write_text(content)
    with pytest.raises(CheckpointError, match=says):
        Checkpoints(saved.parent).resume(build()[0])


def test_of_another_model(saved: Path) -> None:
    net = build()[0].model
    net[0], net[2] = nn.Linear(4, 9), nn.Linear(9, 3)
    with pytest.raises(CheckpointError, match="of another model") as caught:
        load_model(net, saved)
    assert "0.weight is (8, 4), the model's is (9, 4)" in str(caught.value)
    assert "it lacks 2.weight" in str(caught.value)
    assert "1.weight" not in str(caught.value)


def test_of_another_optimizer(saved: Path) -> None:
    trainer, _ = build(schedule=None)
    trainer.optimizer = torch.optim.SGD(trainer.model.parameters())
    with pytest.raises(CheckpointError, match="made with AdamW, this run has SGD"):
        Checkpoints(saved.parent).resume(trainer)


def test_of_a_run_with_a_schedule(saved: Path) -> None:
    trainer, _ = build(saved.parent, schedule=None)
    with pytest.raises(CheckpointError, match="has a schedule, this run has none"):
        Checkpoints(saved.parent).resume(trainer)


def test_names_have_no_prefix_of_what_wraps_the_model(tmp_path: Path) -> None:
    plain = build()[0]
    for options in ({"compile": {"backend": "eager"}}, {}):
        trainer, _ = build(**options)
        if not options:
            trainer.model = torch.compile(trainer.model, backend="eager")
        path = Checkpoints(tmp_path).save(trainer)
        assert set(read_tensors(path / "model.safetensors")) == set(plain.model.state_dict())
        load_model(plain.model, path)


def test_tied_weights_and_views(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    tensors = {"a": whole, "tied": whole, "column": whole[:, 1], "turned": whole.T, "none": torch.empty(0), "other": torch.empty(0), "one": torch.tensor(3)}
    write_tensors(tmp_path / "x", tensors)
    read = read_tensors(tmp_path / "x")
    assert set(read) == set(tensors)
    assert alike([read[name] for name in tensors], list(tensors.values()))


def test_no_pickle(saved: Path) -> None:
    assert {path.suffix for path in saved.iterdir()} == {".json", ".safetensors"}
    assert json.loads((saved / "checkpoint.json").read_text())["updates"] == 6


def test_a_state_that_cannot_be_saved_is_named(tmp_path: Path) -> None:
    class Odd:
        def state_dict(self) -> dict[str, object]:
            return {"thing": object()}

        def load_state_dict(self, state: object) -> None: ...

    trainer, _ = build(callbacks=[Odd()])
    with pytest.raises(TypeError, match=r"callbacks\.0\.thing is a object"):
        Checkpoints(tmp_path).save(trainer)
