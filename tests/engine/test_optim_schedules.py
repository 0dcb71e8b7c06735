"""Schedules against torch's, step by step."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlkit import Tensor, optim

Library = Any


def twice(t: int) -> float:
    return 1.0 / (1 + t)


class Decay:
    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, t: int) -> float:
        return self.rate**t


CASES: dict[str, Callable[[Library, Any], Any]] = {
    "step": lambda s, o: s.StepLR(o, 3),
    "step, gamma": lambda s, o: s.StepLR(o, step_size=1, gamma=0.5),
    "milestones": lambda s, o: s.MultiStepLR(o, [2, 5, 5, 9], gamma=0.3),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.7),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 7),
    "cosine, short": lambda s, o: s.CosineAnnealingLR(o, T_max=3, eta_min=0.01),
    "cosine, 1": lambda s, o: s.CosineAnnealingLR(o, T_max=1, eta_min=0.01),
    "linear": lambda s, o: s.LinearLR(o),
    "linear, down": lambda s, o: s.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=4),
    "linear, to nothing": lambda s, o: s.LinearLR(o, start_factor=0.5, end_factor=0.0, total_iters=4),
    "function": lambda s, o: s.LambdaLR(o, twice),
    "functions": lambda s, o: s.LambdaLR(o, [twice, Decay(0.9)]),
    "one cycle": lambda s, o: s.OneCycleLR(o, 1.0, total_steps=25),
    "one cycle, linear": lambda s, o: s.OneCycleLR(
        o, [1.0, 0.3], epochs=5, steps_per_epoch=5, anneal_strategy="linear"
    ),
    "one cycle, three": lambda s, o: s.OneCycleLR(
        o, 1.0, 24, three_phase=True, pct_start=0.4, base_momentum=[0.8, 0.7], div_factor=10.0, final_div_factor=100.0
    ),
    "one cycle, rate alone": lambda s, o: s.OneCycleLR(o, 1.0, 24, cycle_momentum=False, pct_start=0.0),
    "warm up, then fall": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=4), s.CosineAnnealingLR(o, 12)], milestones=[4]
    ),
    "fall, then warm up": lambda s, o: s.SequentialLR(
        o, [s.CosineAnnealingLR(o, 4), s.LinearLR(o, 0.1, total_iters=4), s.StepLR(o, 2)], milestones=[3, 8]
    ),
    "functions in turn": lambda s, o: s.SequentialLR(
        o, [s.LambdaLR(o, twice), s.ExponentialLR(o, 0.9)], milestones=[5]
    ),
}
NAMES = pytest.mark.parametrize("name", CASES)


def pair(kind: str = "SGD") -> tuple[Any, Any]:
    """An optimizer of torch's and one of dlkit's, with two groups that differ in their rates."""
    options: dict[str, Any] = {"momentum": 0.9} if kind == "SGD" else {}
    leaves = [[torch.zeros(2, requires_grad=True) for _ in "ab"], [Tensor([0.0], requires_grad=True) for _ in "ab"]]
    theirs, ours = (
        getattr(library, kind)([{"params": [a]}, {"params": [b], "lr": 0.02}], lr=0.4, **options)
        for library, (a, b) in zip((torch.optim, optim), leaves, strict=True)
    )
    return theirs, ours


def same(theirs: Any, ours: Any) -> None:
    """The same rates, and the same momentum."""
    for group, expected in zip(ours.param_groups, theirs.param_groups, strict=True):
        for key in {"lr", "momentum", "betas"} & expected.keys():
            assert group[key] == pytest.approx(expected[key], rel=1e-9, abs=1e-12), key


def run(optimizer: Any, schedule: Any) -> None:
    optimizer.step()
    schedule.step()


@NAMES
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_every_step_is_torchs(name: str, kind: str) -> None:
    theirs, ours = pair(kind)
    expected, schedule = CASES[name](torch.optim.lr_scheduler, theirs), CASES[name](optim.lr_scheduler, ours)
    for t in range(23):
        same(theirs, ours)
        assert schedule.get_last_lr() == pytest.approx(expected.get_last_lr(), rel=1e-9, abs=1e-12)
        assert schedule.last_epoch == expected.last_epoch == t
        run(theirs, expected)
        run(ours, schedule)


@NAMES
def test_a_schedule_goes_on_from_its_state(name: str) -> None:
    _, ours = pair()
    _, straight = pair()
    schedule, reference = (CASES[name](optim.lr_scheduler, o) for o in (ours, straight))
    for _ in range(6):
        run(ours, schedule)
        run(straight, reference)
    saved = pickle.loads(pickle.dumps((schedule.state_dict(), ours.state_dict())))
    _, fresh = pair()
    again = CASES[name](optim.lr_scheduler, fresh)
    again.load_state_dict(saved[0])
    fresh.load_state_dict(saved[1])
    for _ in range(12):
        run(fresh, again)
        run(straight, reference)
        same(straight, fresh)
        assert again.get_last_lr() == reference.get_last_lr()


@pytest.mark.parametrize("name", [name for name in CASES if "one cycle" not in name])
def test_a_schedule_goes_on_from_torchs_state(name: str) -> None:
    theirs, ours = pair()
    expected, schedule = CASES[name](torch.optim.lr_scheduler, theirs), CASES[name](optim.lr_scheduler, ours)
    for _ in range(6):
        run(theirs, expected)
    schedule.load_state_dict(expected.state_dict())
    ours.load_state_dict(theirs.state_dict())
    ours.stepped = True
    for _ in range(8):
        run(theirs, expected)
        run(ours, schedule)
        same(theirs, ours)


@pytest.mark.parametrize("name", ["step", "milestones", "exponential", "cosine", "linear", "function", "one cycle"])
def test_last_epoch_goes_on_with_a_loaded_optimizer(name: str) -> None:
    """Of both libraries, beginning where no milestone is."""
    kinds: dict[str, Callable[[Library, Any], Any]] = {
        "step": lambda s, o: s.StepLR(o, 3, last_epoch=6),
        "milestones": lambda s, o: s.MultiStepLR(o, [2, 5, 9], last_epoch=6),
        "exponential": lambda s, o: s.ExponentialLR(o, 0.7, last_epoch=6),
        "cosine": lambda s, o: s.CosineAnnealingLR(o, 20, last_epoch=6),
        "linear": lambda s, o: s.LinearLR(o, total_iters=15, last_epoch=6),
        "function": lambda s, o: s.LambdaLR(o, twice, last_epoch=6),
        "one cycle": lambda s, o: s.OneCycleLR(o, 1.0, 25, last_epoch=6),
    }
    theirs, ours = pair()
    for library, optimizer in ((torch.optim.lr_scheduler, theirs), (optim.lr_scheduler, ours)):
        first = CASES[name](library, optimizer)
        for _ in range(7):
            run(optimizer, first)
    expected, schedule = kinds[name](torch.optim.lr_scheduler, theirs), kinds[name](optim.lr_scheduler, ours)
    for _ in range(6):
        same(theirs, ours)
        run(theirs, expected)
        run(ours, schedule)


def test_schedules_of_one_optimizer_multiply() -> None:
    theirs, ours = pair()
    chains = [
        [s.LinearLR(o, 0.5, total_iters=4), s.ExponentialLR(o, 0.9), s.StepLR(o, 3)]
        for s, o in ((torch.optim.lr_scheduler, theirs), (optim.lr_scheduler, ours))
    ]
    for _ in range(9):
        for optimizer, chain in zip((theirs, ours), chains, strict=True):
            optimizer.step()
            for schedule in chain:
                schedule.step()
        same(theirs, ours)


def test_a_rate_set_by_hand_stays() -> None:
    theirs, ours = pair()
    expected, schedule = (
        s.ExponentialLR(o, 0.5) for s, o in ((torch.optim.lr_scheduler, theirs), (optim.lr_scheduler, ours))
    )
    for optimizer, made in ((theirs, expected), (ours, schedule)):
        optimizer.param_groups[0]["lr"] = 8.0
        run(optimizer, made)
    same(theirs, ours)
    assert ours.param_groups[0]["lr"] == 4.0


def test_a_schedule_in_a_schedule() -> None:
    _, ours = pair()
    s = optim.lr_scheduler
    inner = s.SequentialLR(ours, [s.LinearLR(ours, 0.5, total_iters=2), s.ExponentialLR(ours, 0.5)], milestones=[2])
    outer = s.SequentialLR(ours, [s.LambdaLR(ours, lambda t: 2.0), inner], milestones=[2])
    rates = []
    for _ in range(7):
        rates.append(ours.param_groups[0]["lr"] / 0.4)
        run(ours, outer)
    assert rates == pytest.approx([2.0, 2.0, 0.5, 0.75, 1.0, 0.5, 0.25])


def test_errors() -> None:
    s = optim.lr_scheduler
    _, ours = pair()
    _, other = pair()
    with pytest.raises(TypeError, match="StepLR is for an optimizer, not a list"):
        s.StepLR([], 3)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="load the optimizer's state_dict first"):
        s.StepLR(ours, 3, last_epoch=4)
    with pytest.raises(ValueError, match=r"LinearLR goes from above 0 up to 1, not from 0\.0 to 1\.0"):
        s.LinearLR(ours, 0.0)
    with pytest.raises(ValueError, match="there are 2 groups of parameters, and 1 functions for them"):
        s.LambdaLR(ours, [twice])
    with pytest.raises(ValueError, match="all of them of its own optimizer"):
        s.SequentialLR(ours, [s.StepLR(ours, 1), s.StepLR(other, 1)], [2])
    with pytest.raises(ValueError, match="2 schedules have 1 milestones between them, not 2"):
        s.SequentialLR(ours, [s.StepLR(ours, 1), s.StepLR(ours, 1)], [2, 3])
    with pytest.raises(ValueError, match="needs the length of the run"):
        s.OneCycleLR(ours, 1.0)
    with pytest.raises(ValueError, match="'cos' or 'linear'"):
        s.OneCycleLR(ours, 1.0, 10, anneal_strategy="sin")
    with pytest.raises(ValueError, match="there are 2 groups of parameters, and 3 numbers for them"):
        s.OneCycleLR(ours, [1.0, 2.0, 3.0], 10)
    with pytest.raises(ValueError, match="Adagrad has no momentum to cycle"):
        s.OneCycleLR(optim.Adagrad([Tensor([1.0], requires_grad=True)]), 1.0, 10)
    schedule = s.OneCycleLR(ours, 1.0, 2)
    for _ in range(2):
        run(ours, schedule)
    with pytest.raises(ValueError, match="OneCycleLR has 2 steps, and this is step 3"):
        run(ours, schedule)
    with pytest.raises(NotImplementedError, match=r"define factor\(\)"):
        s.LRScheduler(other)


def test_a_schedule_before_its_optimizer_is_warned_of() -> None:
    _, ours = pair()
    schedule = optim.lr_scheduler.StepLR(ours, 2)
    with pytest.warns(UserWarning, match=r"call optimizer\.step\(\) first"):
        schedule.step()
