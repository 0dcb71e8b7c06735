"""What goes wrong with other trainers, and must not with this one.

Tested elsewhere:
    mean of means over unequal counts       test_train_loop (accumulated, tokens), test_trainer_world (many as one), test_distributed (tokens weigh)
    `set_epoch` forgotten                   test_train_loop (own order), test_sampler (needs no set_epoch); together with a resumed run: here
    duplicated padding in evaluation        test_train_loop (refused), test_sampler and test_trainer_world (each example once)
    metrics of one process                  test_trainer_world (evaluation), and a metric that gives a mean: test_train_loop
    forks of a process that has used a GPU  test_launch (distributed already begun: spawned; a fork that cannot differentiate)
    a process that hangs or dies            test_launch
    keys of an optimizer's shards           the tests of checkpoints
"""

from __future__ import annotations

import os
import traceback
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend
from torch.nn import functional
from torch.utils.data import DataLoader

from dlkit.train import Checkpoints, Loop, Trainer
from dlkit.train.distributed import full_state, replicate, unwrap
from dlkit.train.launch import run
from dlkit.train.sampler import DistributedBatchSampler
from dlkit.train.world import choose, join


def linear() -> tuple[nn.Sequential, torch.optim.SGD]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 5))
    return net, torch.optim.SGD(net.parameters(), lr=0.1)


def some(*sizes: int) -> list[tuple[Tensor, Tensor]]:
    return [(torch.ones(size, 3), torch.zeros(size, dtype=torch.int64)) for size in sizes]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_schedule_advances_once_an_update_at_any_number_of_processes(size: int) -> None:
    """accelerate #1382, #2318: steps multiplied by processes."""

    def work() -> tuple[float, int]:
        net, optimizer = linear()
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        model = replicate(net, join())
        trainer = Trainer(model, optimizer, functional.cross_entropy, processes=join(), schedule=schedule, accumulate=2)
        trainer.fit(some(2, 2, 2, 2), epochs=2)
        return optimizer.param_groups[0]["lr"], trainer.updates

    assert run(work, world=size) == [(0.1 * 0.5**4, 4)] * size


def orders(stop: int | None, resume: bool, folder: Any) -> list[list[int]]:
    """What batches of two epochs hold; an own loop that stops after `stop` batches in all, where it saves."""
    net, optimizer = linear()
    loop, saves, seen = Loop(net, optimizer, device="cpu"), Checkpoints(folder), []
    if resume:
        assert saves.resume(loop)
    loader = DataLoader(torch.arange(10), batch_sampler=DistributedBatchSampler(10, 4, seed=1))  # type: ignore[arg-type]
    for _ in loop.epochs(3):
        for batch in loop.batches(loader):
            loop.step(net(torch.ones(1, 3)).sum())
            seen.append(batch.tolist())
            if len(seen) == stop:
                saves.save(loop)
                return seen
    return seen


@pytest.mark.parametrize("stop", range(1, 9))
def test_each_epoch_has_its_own_order_and_a_resumed_run_that_of_the_unbroken(stop: int, tmp_path: Any) -> None:
    """pytorch #31771, transformers #4398: `set_epoch` forgotten."""
    unbroken = orders(None, False, tmp_path)
    assert unbroken[:3] != unbroken[3:6]
    assert orders(stop, False, tmp_path) + orders(None, True, tmp_path) == unbroken


@pytest.mark.parametrize("how", ["plain", "compiled", "copies", "compiled copies"])
def test_names_in_a_checkpoint_have_no_prefix(how: str, tmp_path: Any) -> None:
    """nanoGPT #325, pytorch #101107: `_orig_mod.` and `module.`."""

    def work() -> tuple[list[str], list[str], list[str]]:
        net, optimizer = linear()
        model = replicate(net, join()) if "copies" in how else net
        trainer = Trainer(model, optimizer, functional.cross_entropy, processes=join(), compile={"backend": "eager"} if "compiled" in how else False)
        trainer.fit(some(2), epochs=1)
        path = Checkpoints(tmp_path).save(trainer)
        return list(unwrap(trainer.model).state_dict()), list(full_state(trainer.model)), sorted(load_file(path / "model.safetensors"))

    names = ["0.weight", "0.bias"]
    for own, full, saved in run(work, world=2 if "copies" in how else 1):
        assert (own, full, saved) == (names, names, sorted(names))


def test_a_model_that_someone_else_has_compiled_is_found_within() -> None:
    net = linear()[0]
    assert unwrap(torch.compile(nn.DataParallel(net), backend="eager")) is net  # type: ignore[arg-type]


def test_neither_a_last_batch_nor_the_rate_compiles_again_and_again() -> None:
    """pytorch #120934, litgpt #794: once more for the other size, which is dynamic from then on; the rate is no part of the model."""
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("eager")
    net, optimizer = linear()
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)  # another rate in each step
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu", compile={"backend": counter}, schedule=schedule, accumulate=2)
    trainer.fit(some(8, 8, 8, 5), epochs=1)
    first = counter.frame_count
    assert 1 <= first <= 2
    trainer.fit(some(8, 7, 6, 5, 4, 3), epochs=6)
    assert counter.frame_count == first
    assert trainer.updates == 17


def test_gloo_stays_on_this_machine() -> None:
    """pytorch #106365: gloo asks the name server for its address, and waits at an interface that leads nowhere."""
    assert run(lambda: os.environ["GLOO_SOCKET_IFNAME"]) == ["lo"] * 2 if os.uname().sysname == "Linux" else ["lo0"] * 2


@pytest.mark.parametrize("moment", ["before_fit", "after_update", "after_epoch", "after_fit"])
def test_an_error_in_a_callback_is_where_it_is(moment: str) -> None:
    """course22p2 PR #8, fastai #4019: the user's line deep within the trainer's, or as the cause of another error."""

    def breaks(self: object, trainer: Any) -> None:
        raise LookupError("mine")

    net, optimizer = linear()
    callback = type("Mine", (), {moment: breaks})()
    trainer = Trainer(net, optimizer, functional.cross_entropy, device="cpu", callbacks=[callback])
    with pytest.raises(LookupError, match="mine") as caught:
        trainer.fit(some(2), epochs=1)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].name == "breaks", "the last line is the user's"
    assert len(frames) <= 6, "a reader finds the way"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_too_few_gpus_are_an_error_and_no_mixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process on a GPU and one on the CPU would wait for each other in vain, one by NCCL, one by gloo."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose(0, None) == torch.device("cuda", 0)
    with pytest.raises(RuntimeError, match=r"process 1 of this machine has no GPU: there is 1\. Start fewer processes"):
        choose(1, None)
    assert choose(1, "cpu") == torch.device("cpu")
