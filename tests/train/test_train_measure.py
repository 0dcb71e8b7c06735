"""Measures: operations are counted as one counts by hand."""

from __future__ import annotations

import torch
from torch import nn

from dlkit.train import measure
from dlkit.train.measure import flops


def test_operations_of_a_step() -> None:
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    x = torch.randn(32, 64)
    forward = 2 * 32 * 64 * 64 + 2 * 32 * 64 * 10
    assert flops(lambda: net(x)) == forward
    # Backward: for each layer the gradient of the weight, and of the input but for the first.
    assert flops(lambda: net(x).sum().backward()) == 3 * forward - 2 * 32 * 64 * 64


def test_a_speed_and_its_words() -> None:
    a = torch.randn(64, 64)
    speed = measure.measure(lambda: a @ a, count=64, steps=3, device="cpu")
    assert speed.flops == 2 * 64**3
    assert speed.mfu is None
    assert abs(speed.rate * speed.step - 64) < 1e-9
    assert "examples/s" in str(speed)
    assert "MFU" not in str(speed)


def test_peaks_go_by_the_most_particular_name() -> None:
    names = list(measure.PEAKS)
    for index, name in enumerate(names):
        assert not any(earlier in name for earlier in names[:index] if measure.PEAKS[earlier] != measure.PEAKS[name]), name
