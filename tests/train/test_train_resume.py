"""A run that is killed and resumed ends with the weights of one that was not, to the bit."""

from __future__ import annotations

import functools
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from runs import PLACES, Killed, Noisy, alike, build, validation, weights
from torch.utils.data import DataLoader, RandomSampler

from dlkit.train import Checkpoints

# A process with threads warns before it forks, from Python 3.12 on; the threads here sleep.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

EPOCHS = 3


def forked(work: Callable[[], object]) -> int:
    """Do some work in a fork of this process; its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            torch.set_num_threads(1)
            work()
            os._exit(0)
        except BaseException:
            os._exit(9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@functools.cache
def unbroken(epochs: int = EPOCHS, **options: Any) -> tuple[list[torch.Tensor], list[dict[str, Any]]]:
    trainer, loader = build(**options)
    trainer.fit(loader, validation(), epochs=epochs)
    return weights(trainer), trainer.history.rows


def resumed(folder: Path, epochs: int = EPOCHS, **options: Any) -> tuple[list[torch.Tensor], list[dict[str, Any]]]:
    trainer, loader = build(folder, seed=99, **options)  # nothing may depend on the new seed, but what comes before the first checkpoint
    assert trainer.callbacks[-1].resume(trainer)
    trainer.fit(loader, validation(), epochs=epochs)
    return weights(trainer), trainer.history.rows


CASES = random.Random(2).sample([(after, every) for after in range(3, 19) for every in (1, 2)], 20)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork of this process")
@pytest.mark.parametrize(("after", "every"), CASES)
def test_a_killed_run_resumes_to_the_bit(tmp_path: Path, after: int, every: int) -> None:
    options = {"own": after % 2 == 0, "accumulate": 1 + after % 3 // 2}
    expected = unbroken(**options)

    def run() -> None:
        # `Killed` comes before what saves: the last update is lost.
        trainer, loader = build(tmp_path, every=every, callbacks=[Killed(after if options["accumulate"] == 1 else after // 2 + 1)], **options)
        trainer.fit(loader, validation(), epochs=EPOCHS)

    assert forked(run) == -signal.SIGKILL
    got = resumed(tmp_path, every=every, **options)
    assert alike(got[0], expected[0])
    assert got[1] == expected[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork of this process")
@pytest.mark.parametrize("place", [place for place in PLACES if place != "before"])
def test_a_run_that_is_killed_while_it_saves_loses_nothing(tmp_path: Path, place: str) -> None:
    expected = unbroken()

    def run() -> None:
        trainer, loader = build(tmp_path, callbacks=[Killed(8, place)])
        trainer.fit(loader, validation(), epochs=EPOCHS)

    assert forked(run) == -signal.SIGKILL
    assert bool(list(tmp_path.glob(".writing-*"))) == (place != "thin")
    got = resumed(tmp_path)
    assert alike(got[0], expected[0])
    assert got[1] == expected[1]
    assert not list(tmp_path.glob(".writing-*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a fork of this process")
@pytest.mark.parametrize(("after", "own"), [(3, False), (10, True)])
def test_a_loader_with_processes_of_its_own(tmp_path: Path, after: int, own: bool) -> None:
    """In the middle of an epoch: each has drawn its noise from a generator that the checkpoint does not see."""
    expected = unbroken(epochs=2, workers=2, own=own)

    def run() -> None:
        trainer, loader = build(tmp_path, callbacks=[Killed(after)], workers=2, own=own)
        trainer.fit(loader, validation(), epochs=2)

    assert forked(run) == -signal.SIGKILL
    got = resumed(tmp_path, epochs=2, workers=2, own=own)
    assert alike(got[0], expected[0])
    assert got[1] == expected[1]
    assert not alike(got[0], unbroken(epochs=2, own=own)[0]), "the noise of the workers is another"


def test_a_sampler_with_a_generator_of_its_own(tmp_path: Path) -> None:
    def loader() -> DataLoader[Any]:
        return DataLoader(Noisy(), 4, sampler=RandomSampler(Noisy(), generator=torch.Generator().manual_seed(11)))

    trainer, _ = build()
    trainer.fit(loader(), validation(), epochs=EPOCHS)
    broken, _ = build(tmp_path)
    broken.fit(loader(), validation(), epochs=2)
    for path in Checkpoints(tmp_path).all():
        again, _ = build(seed=99)
        Checkpoints(tmp_path).resume(again, path)
        again.fit(loader(), validation(), epochs=EPOCHS)
        assert alike(weights(again), weights(trainer))


def test_an_own_loop_resumes_too(tmp_path: Path) -> None:
    def run(stop: int | None) -> list[torch.Tensor] | None:
        trainer, loader = build()
        saves = Checkpoints(tmp_path)
        saves.resume(trainer)
        for _ in trainer.epochs(2):
            for x, y in trainer.batches(loader):
                trainer.step(torch.nn.functional.cross_entropy(trainer.model(x), y))
                if stop is not None and trainer.updates == stop:
                    saves.save(trainer)
                    return None
        return weights(trainer)

    expected = run(None)
    assert run(9) is None
    got = run(None)
    assert got is not None
    assert expected is not None
    assert alike(got, expected)


def test_a_finished_run_does_nothing_more(tmp_path: Path) -> None:
    trainer, loader = build(tmp_path)
    trainer.fit(loader, validation(), epochs=1)
    again, loader = build(tmp_path)
    again.callbacks[-1].resume(again)
    again.fit(loader, validation(), epochs=1)
    assert again.history.rows == trainer.history.rows
    assert alike(weights(again), weights(trainer))


def test_nothing_to_resume(tmp_path: Path) -> None:
    trainer, _ = build(tmp_path)
    assert not Checkpoints(tmp_path / "none").resume(trainer)


def test_another_loader_is_noticed(tmp_path: Path) -> None:
    trainer, loader = build(tmp_path, callbacks=[])
    for _ in trainer.batches(loader):
        trainer.step(trainer.model(torch.ones(4, 4)).sum())
        if trainer.updates == 5:
            break
    again, _ = build(tmp_path)
    again.callbacks[-1].resume(again)
    with pytest.raises(ValueError, match="made after batch 5, but the loader has only 1"):
        again.fit(validation(), epochs=1)
