"""What goes wrong around a checkpoint: each time a clear error, the earlier ones as they were, nothing half written, nothing running."""

from __future__ import annotations

import contextlib
import math
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from runs import Spread, alike, build, build_for, validation, weights
from test_launch import gone
from torch import nn

from dlkit.train import CheckpointError, Checkpoints, Trainer
from dlkit.train.checkpoint.manifest import read_manifest, verify
from dlkit.train.distributed import replicate, shard
from dlkit.train.launch import run
from dlkit.train.supervisor import RunFailed
from dlkit.train.world import join


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = sys.platform == "linux" and not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", folder], capture_output=True).returncode
    if not mounted:
        pytest.skip("NOT TESTED: a real full disk. Mounting one needs root; the tests beside this one limit the size of files.")
    yield folder
    subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def no_large_files() -> Iterator[None]:
    """Writing past 1000 bytes is an error of the system, as on a full disk."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_real_disk_that_is_full(small: Path) -> None:
    trainer, loader = build(small, every=100)
    trainer.fit(loader, validation(), epochs=1)
    before = files(small)
    ballast = small / "ballast"
    ballast.write_bytes(b"x" * (os.statvfs(small).f_bavail - 3) * 4096)
    with pytest.raises(CheckpointError, match=r"epoch-0002-batch-00000000 could not be written: .*No space left.*the last whole one is .*epoch-0001"):
        trainer.fit(loader, validation(), epochs=2)
    ballast.unlink()
    assert files(small) == before
    again, loader = build(small)
    assert Checkpoints(small).resume(again)
    again.fit(loader, validation(), epochs=2)
    assert Checkpoints(small).latest() == small / "epoch-0002-batch-00000000"


@pytest.mark.parametrize("spread", [replicate, shard])
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("bad", [0, 1])
def test_where_one_process_cannot_write_all_hear_of_it(tmp_path: Path, spread: Spread, asynchronous: bool, bad: int) -> None:
    def work() -> tuple[str, bool, dict[str, bytes]]:
        trainer, loader = build_for(join(), tmp_path, spread=spread, every=100, asynchronous=asynchronous)
        trainer.fit(loader, validation(), epochs=1)
        saves = trainer.callbacks[-1]
        before = files(tmp_path)
        join().barrier()
        with no_large_files() if join().rank == bad else contextlib.nullcontext(), pytest.raises(CheckpointError) as caught:
            trainer.fit(loader, validation(), epochs=2)  # an asynchronous one tells it at the end
        join().barrier()
        same = files(tmp_path) == before
        join().barrier()
        saves.save(trainer)
        saves.wait()
        return str(caught.value), same, {}

    for rank, (said, same, _) in enumerate(run(work)):
        assert "epoch-0002-batch-00000000 could not be written: " in said
        assert "File too large" in said
        assert f"rank {bad}: " in said or rank == bad
        assert "the last whole one is" in said
        assert same
    assert [path.name for path in Checkpoints(tmp_path).all()] == ["epoch-0001-batch-00000000", "epoch-0002-batch-00000000"]
    assert not list(tmp_path.glob(".writing-*"))


def test_an_error_beside_the_training_comes_with_the_next_save(tmp_path: Path) -> None:
    trainer, _ = build()
    saves = Checkpoints(tmp_path, asynchronous=True)
    first = saves.save(trainer)
    saves.wait()
    with no_large_files():
        trainer.epoch = 1
        saves.save(trainer)
        while saves._writing is not None and not saves._writing.done():
            time.sleep(0.01)
    with pytest.raises(CheckpointError, match=f"epoch-0001-batch-00000000 could not be written: .*the last whole one is {first}"):
        saves.save(trainer)
    assert saves.save(trainer).name == "epoch-0001-batch-00000000"
    saves.wait()
    assert len(saves.all()) == 2


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "optimizer.json", "rank-0.safetensors", "rank-0.json", "checkpoint.json"])
def test_a_file_that_ends_too_early(saved: Path, name: str) -> None:
    content = (saved / name).read_bytes()
    for length in (0, 1, 8, len(content) // 2, len(content) - 1):
        (saved / name).write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=rf"{name} (is truncated|was) .*changed|damaged.*remove the folder {saved.name}, and the run resumes"):
            Checkpoints(saved.parent).resume(build()[0])
    (saved / name).write_bytes(content)
    assert Checkpoints(saved.parent).resume(build()[0])


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(saved: Path) -> None:
    trainer, _ = build(seed=1)
    Checkpoints(saved.parent).resume(trainer)
    good, known = weights(trainer), read_manifest(saved)
    chance, noticed, harmless = random.Random(0), 0, 0
    for path in sorted(saved.iterdir()):
        content = path.read_bytes()
        for at in chance.sample(range(len(content)), 200 if path.name == "checkpoint.json" else 15):
            path.write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
            try:
                verify(saved)
            except CheckpointError:
                noticed += 1
                continue
            harmless += 1
            assert read_manifest(saved) == known, (path, at)
            assert path.name == "checkpoint.json", "a space is another space"
        path.write_bytes(content)
    again, _ = build(seed=2)
    Checkpoints(saved.parent).resume(again)
    assert alike(weights(again), good)
    assert noticed > 200
    assert harmless < 10


def test_a_damaged_one_does_not_stop_a_run_that_goes_on(tmp_path: Path) -> None:
    trainer, loader = build(tmp_path, every=100)
    trainer.fit(loader, validation(), epochs=1)
    first = Checkpoints(tmp_path).latest()
    assert first is not None
    (first / "checkpoint.json").write_text("{")
    trainer.fit(loader, validation(), epochs=2)
    assert Checkpoints(tmp_path).resume(build(tmp_path)[0])


def test_a_run_goes_on_from_the_one_before(tmp_path: Path) -> None:
    """As the error says."""
    trainer, loader = build(tmp_path)
    trainer.fit(loader, validation(), epochs=2)
    last = Checkpoints(tmp_path).latest()
    assert last is not None
    (last / "rank-0.json").unlink()
    again, loader = build(tmp_path, seed=9)
    with pytest.raises(CheckpointError, match=f"rank-0.json is not there: remove the folder {last.name}"):
        again.callbacks[-1].resume(again)
    last.rename(tmp_path / "removed")
    assert again.callbacks[-1].resume(again)
    again.fit(loader, validation(), epochs=2)
    assert alike(weights(again), weights(trainer))


def test_of_another_model_when_the_run_resumes(saved: Path) -> None:
    trainer, _ = build(schedule=None)
    net = nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 3))
    other = Trainer(net, torch.optim.AdamW(net.parameters()), trainer.loss, device="cpu")
    before = weights(other)
    with pytest.raises(CheckpointError, match=f"{saved} is of another model") as caught:
        Checkpoints(saved.parent).resume(other)
    assert "0.weight is (8, 4), the model's is (9, 4)" in str(caught.value)
    assert "it has 1.num_batches_tracked, the model has not" in str(caught.value)
    assert alike(weights(other), before)
    assert other.updates == 0


class Bad:
    """Breaks a weight of one process at an update."""

    def __init__(self, at: int, rank: int = 0, value: float = math.nan) -> None:
        self.at, self.rank, self.value = at, rank, value

    def after_update(self, trainer: Any) -> None:
        if trainer.updates == self.at and trainer.processes.rank == self.rank:
            weight = trainer.model.state_dict(keep_vars=True)[next(iter(trainer.model.state_dict()))]
            with torch.no_grad():
                (weight.to_local() if hasattr(weight, "to_local") else weight).fill_(self.value)


def test_a_loss_that_is_not_a_number(tmp_path: Path) -> None:
    trainer, loader = build(tmp_path, every=2, callbacks=[Bad(9)])
    with pytest.raises(FloatingPointError, match=r"the loss is nan \(epoch 2, batch 4, after 9 updates\)"):
        trainer.fit(loader, validation(), epochs=2)
    assert [read_manifest(path)["updates"] for path in Checkpoints(tmp_path).all()][-1] == 8
    assert Checkpoints(tmp_path).resume(build(tmp_path)[0])


def test_a_model_that_holds_nan_is_not_saved(tmp_path: Path) -> None:
    trainer, loader = build(tmp_path, every=2, callbacks=[Bad(8)])
    with pytest.raises(CheckpointError, match=r"it holds NaN \(epoch 2, batch 2, after 8 updates\): 0\.weight\. The earlier checkpoints stay") as caught:
        trainer.fit(loader, validation(), epochs=2)
    assert "resume from the last one, with a smaller rate" in str(caught.value)
    assert [read_manifest(path)["updates"] for path in Checkpoints(tmp_path).all()] == [6, 6]
    assert not list(tmp_path.glob(".writing-*"))
    assert Checkpoints(tmp_path).resume(build(tmp_path)[0])


def test_infinity_may_be_meant(tmp_path: Path) -> None:
    trainer, _ = build(callbacks=[])
    trainer.model.register_buffer("mask", torch.tensor([0.0, -math.inf]))
    assert Checkpoints(tmp_path).save(trainer)


@pytest.mark.parametrize("spread", [replicate, shard])
def test_nan_in_one_of_two_processes(tmp_path: Path, spread: Spread) -> None:
    """Of copies, those of rank 0 are saved; of shards, each has its own."""
    rank = 0 if spread is replicate else 1

    def work() -> None:
        trainer, loader = build_for(join(), tmp_path, every=2, spread=spread, callbacks=[Bad(6, rank)])
        trainer.fit(loader, validation(), epochs=2)

    with pytest.raises(CheckpointError, match=r"it holds NaN \(epoch 2, batch 2"):
        run(work)
    assert {read_manifest(path)["updates"] for path in Checkpoints(tmp_path).all()} == {4}
    assert not list(tmp_path.glob(".writing-*"))


@pytest.mark.parametrize("how", ["killed", "hung", "hung in a save"])
def test_a_process_that_fails_ends_the_run_and_the_next_one_goes_on(tmp_path: Path, how: str) -> None:
    folder, pids = tmp_path / "runs", tmp_path / "pids"
    pids.mkdir()

    class Fails:
        def after_update(self, trainer: Any) -> None:
            if trainer.updates == 5 and trainer.processes.rank == 1:
                if how == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                elif how == "hung":
                    time.sleep(1000)

        def state_dict(self) -> dict[str, Any]:
            if how == "hung in a save" and join().rank == 1 and len(Checkpoints(folder).all()) == 3:
                time.sleep(1000)
            return {}

        def load_state_dict(self, state: Any) -> None: ...

    def work(fails: bool) -> list[torch.Tensor]:
        (pids / str(os.getpid())).touch()
        trainer, loader = build_for(join(), folder, callbacks=[Fails()] if fails else [Kept()])
        trainer.callbacks[-1].resume(trainer)
        trainer.fit(loader, validation(), epochs=2)
        return weights(trainer)

    error = "rank 1 of 2 was ended by SIGKILL" if how == "killed" else "rank 0 of 2 waited in vain for the others. Rank 1 did not come"
    with pytest.raises(RunFailed, match=error):
        run(lambda: work(True), patience=8.0)
    assert gone(pids)
    last = Checkpoints(folder).latest()
    assert last is not None
    verify(last)
    assert 3 <= read_manifest(last)["updates"] < 8
    got = run(lambda: work(False))
    assert not list(folder.glob(".writing-*"))
    folder = tmp_path / "unbroken"
    assert all(alike(one, other) for one, other in zip(got, run(lambda: work(False)), strict=True))


class Kept:
    """Has a state, as what fails has."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Any) -> None: ...
