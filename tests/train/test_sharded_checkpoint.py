"""Models that are spread over processes: saved by all of them, each its pieces; read by as many, or by others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from runs import alike, build_for, validation, weights
from safetensors import safe_open
from torch import Tensor, nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel

from dlkit.train import CheckpointError, Checkpoints, Trainer
from dlkit.train.checkpoint import load_model
from dlkit.train.checkpoint.manifest import read_manifest
from dlkit.train.distributed import along, full_state, grid, replicate, shard, split
from dlkit.train.launch import run
from dlkit.train.world import World, join

PLAN = {"up": ColwiseParallel(), "down": RowwiseParallel()}


class Net(nn.Module):
    """Widths that no number of processes divides, but those that are cut in slices."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.up = nn.Linear(4, 7), nn.BatchNorm1d(7), nn.Linear(7, 12)
        self.down, self.last = nn.Linear(12, 7), nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.down(torch.tanh(self.up(self.norm(self.first(x))))))
        return out


def sharded(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return shard(net, world), world


def sliced(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return split(net, world, PLAN), World()


def both(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    mesh = grid(world, data=2, tensor=2)
    split(net, world, PLAN, mesh["tensor"])
    share = along(world, mesh["data"])
    return shard(net, share, mesh=mesh["data"]), share


def whole(net: nn.Module, world: World) -> tuple[nn.Module, World]:
    return replicate(net, world), world


Spread = Callable[[nn.Module, World], tuple[nn.Module, World]]


def make(spread: Spread, seed: int = 1, optimizer: Any = torch.optim.AdamW) -> tuple[Trainer, list[tuple[Tensor, Tensor]]]:
    torch.manual_seed(seed)
    net, share = spread(Net(), join())
    made = Trainer(net, optimizer(net.parameters(), lr=0.05), nn.functional.cross_entropy, device="cpu", processes=share)
    generator = torch.Generator().manual_seed(share.rank)
    return made, [(torch.randn(4, 4, generator=generator), torch.randint(3, (4,), generator=generator)) for _ in range(4)]


def ran(spread: Spread, epochs: int, folder: Path, **options: Any) -> list[Tensor]:
    """Train from the beginning, or from the last checkpoint; save at the end."""
    made, batches = make(spread, **options)
    Checkpoints(folder).resume(made)
    made.fit(batches, epochs=epochs)
    Checkpoints(folder).save(made)
    return weights(made)


def saved(folder: Path, spread: Spread, world: int) -> list[Tensor]:
    return run(lambda: ran(spread, 1, folder), world=world)[0]


@pytest.mark.parametrize(
    ("spread", "world", "optimizer"),
    [(sharded, 2, torch.optim.AdamW), (sharded, 2, torch.optim.SGD), (sliced, 2, torch.optim.AdamW), (both, 4, torch.optim.AdamW)],
)
def test_it_goes_on_as_if_it_had_never_ended(tmp_path: Path, spread: Spread, world: int, optimizer: Any) -> None:
    def unbroken() -> list[Tensor]:
        made, batches = make(spread, optimizer=optimizer)
        made.fit(batches, epochs=1)
        Checkpoints(tmp_path).save(made)  # which changes nothing: another test
        made.fit(batches, epochs=2)
        return weights(made)

    expected = run(unbroken, world=world)
    got = run(lambda: ran(spread, 2, tmp_path, optimizer=optimizer), world=world)
    assert all(alike(one, other) for one, other in zip(got, expected, strict=True))
    net, path = Net(), Checkpoints(tmp_path).latest()
    assert path is not None
    load_model(net, path)  # by a process that is alone
    assert alike(list(net.state_dict().values()), got[0])


def test_others_can_read_the_model(tmp_path: Path) -> None:
    expected = saved(tmp_path, sharded, 2)
    path = Checkpoints(tmp_path).latest()
    assert path is not None

    def read(other: Spread) -> list[Tensor]:
        net, _ = other(Net(), join())
        load_model(net, path)
        return list(full_state(net).values())

    for other, size in ((sharded, 1), (sharded, 3), (sliced, 2), (whole, 2)):
        for got in run(lambda other=other: read(other), world=size):
            assert alike(got, expected), (other, size)


def test_a_whole_model_is_dealt(tmp_path: Path) -> None:
    expected = saved(tmp_path, whole, 1)

    def read() -> tuple[list[Tensor], str]:
        made, _ = make(sharded, seed=9)
        load_model(made.model, Checkpoints(tmp_path).latest())
        with pytest.raises(CheckpointError) as caught:
            Checkpoints(tmp_path).resume(made, exact=False)
        return weights(made), str(caught.value)

    for got, said in run(read):
        assert alike(got, expected)
        assert "the optimizer's state cannot be cut; load_model(model, path) loads the model alone" in said


@pytest.mark.parametrize("spread", [shard, replicate])
def test_another_number_of_processes_goes_on_from_the_end_of_an_epoch(tmp_path: Path, spread: Any) -> None:
    """The mean over processes of the same batches is the same: so are the parameters, but for rounding."""

    def train(epochs: int, exact: bool = True) -> list[Tensor]:
        torch.manual_seed(join().rank)
        net = spread(nn.Sequential(nn.Linear(4, 7), nn.Tanh(), nn.Linear(7, 3)).double(), join())
        made = Trainer(net, torch.optim.AdamW(net.parameters(), lr=0.05), nn.functional.cross_entropy, device="cpu", processes=join())
        Checkpoints(tmp_path).resume(made, exact=exact)
        made.fit([(torch.eye(4).double(), torch.tensor([0, 1, 2, 0]))] * 3, epochs=epochs)
        Checkpoints(tmp_path).save(made)
        return weights(made)

    run(lambda: train(1), world=2)
    with pytest.raises(CheckpointError, match=r"by 2 processes with (a .*model.*), this run has 3 with \1.*or with exact=False"):
        run(lambda: train(2), world=3)
    run(lambda: train(2, exact=False), world=3)
    got = run(lambda: train(3, exact=False), world=1)[0]
    for path in Checkpoints(tmp_path).all():
        path.rename(tmp_path / f"old-{path.name}")
    torch.testing.assert_close(got, run(lambda: train(3), world=2)[0], rtol=1e-10, atol=1e-12)


def test_in_the_middle_of_an_epoch_another_number_cannot(tmp_path: Path) -> None:
    class Stop:
        def after_update(self, made: Trainer) -> None:
            if made.updates == 6:
                Checkpoints(tmp_path).save(made)
                raise KeyError("enough")

    def begin() -> None:
        made, loader = build_for(join(), tmp_path, every=100, spread=shard, callbacks=[Stop()])
        with pytest.raises(KeyError):
            made.fit(loader, validation(), epochs=2)

    def go_on(**options: Any) -> None:
        Checkpoints(tmp_path).resume(build_for(join(), spread=shard)[0], exact=False, **options)

    run(begin)
    end = Checkpoints(tmp_path).all()[0]
    with pytest.raises(CheckpointError, match=f"resume with as many, or with exact=False and path='{end}', the end of an epoch"):
        run(go_on, world=3)
    run(lambda: go_on(path=end), world=3)


def test_what_is_in_it(tmp_path: Path) -> None:
    saved(tmp_path, sharded, 2)
    path = Checkpoints(tmp_path).latest()
    assert path is not None
    assert {file.suffix for file in path.rglob("*") if file.is_file()} == {".json", ".safetensors"}, "no pickle, which could run code"
    names = set()
    for file in (path / "shards").iterdir():
        with safe_open(file, "pt") as opened:
            names |= set(opened.keys())
    assert {"model.up.weight", "optimizer.state.up.weight.exp_avg", "optimizer.state.up.weight.step"} <= names
    assert read_manifest(path)["sharded"]


def test_another_model_is_named(tmp_path: Path) -> None:
    saved(tmp_path, sharded, 2)

    def read() -> str:
        net = nn.ModuleDict({"first": nn.Linear(4, 8), "end": nn.Linear(7, 3)})
        before = [parameter.clone() for parameter in net.parameters()]
        with pytest.raises(CheckpointError, match="of another model") as caught:
            load_model(net, Checkpoints(tmp_path).latest())
        assert alike(list(net.parameters()), before)
        return str(caught.value)

    said = read()
    assert "it lacks end.weight" in said
    assert "of another model" in run(lambda: shard_and_read(tmp_path))[1]


def test_a_changed_piece_is_named_in_every_process(tmp_path: Path) -> None:
    saved(tmp_path, sharded, 2)
    path = Checkpoints(tmp_path).latest()
    assert path is not None

    def resume() -> str:
        made, _ = make(sharded, seed=9)
        before = weights(made)
        with pytest.raises(CheckpointError) as caught:
            Checkpoints(tmp_path).resume(made)
        assert alike(weights(made), before)
        return str(caught.value)

    def flipped(content: bytes) -> bytes:
        return content[:100] + bytes([content[100] ^ 1]) + content[101:]

    first, second = sorted((path / "shards").iterdir())
    for file, damage in ((first, lambda content: content[:-1]), (second, flipped)):
        content = file.read_bytes()
        file.write_bytes(damage(content))
        for said in run(resume):
            assert f"{path / 'shards' / file.name} is truncated or was changed: remove the folder {path.name}" in said
        file.write_bytes(content)


def shard_and_read(folder: Path) -> str:
    net = shard(nn.Sequential(nn.Linear(4, 8)), join())
    with pytest.raises(CheckpointError) as caught:
        load_model(net, Checkpoints(folder).latest())
    return str(caught.value)


def test_saving_changes_nothing(tmp_path: Path) -> None:
    """Also before the first update, when torch would make a step, to have a state to save."""

    def train(folder: Path | None) -> list[Tensor]:
        made, batches = make(sharded)
        if folder is not None:
            Checkpoints(folder).save(made)
        made.fit(batches, epochs=1)
        return weights(made)

    def first() -> list[Tensor]:
        made, batches = make(sharded, seed=9)
        made.fit(batches, epochs=1)
        Checkpoints(tmp_path).resume(made)
        made.fit(batches, epochs=1)
        return weights(made)

    expected = run(lambda: train(None))[0]
    assert alike(run(lambda: train(tmp_path))[0], expected)
    assert alike(run(first)[0], expected), "the state of an optimizer that has begun is forgotten"


