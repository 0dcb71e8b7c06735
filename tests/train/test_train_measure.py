"""Measures: operations are counted as one counts by hand."""

from __future__ import annotations

import pytest
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


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12), ("NVIDIA H100 PCIe", 756e12), ("NVIDIA H100 NVL", 835e12), ("NVIDIA H200", 989e12),
        ("NVIDIA H200 NVL", 836e12), ("NVIDIA GH200 480GB", None), ("NVIDIA GB200", None), ("NVIDIA B200", 2250e12), ("NVIDIA L40S", 362e12),
        ("NVIDIA L40", None), ("NVIDIA L4", None), ("NVIDIA A100-PCIE-40GB", 312e12), ("NVIDIA A10", None), ("Tesla T4", None),
    ],
)  # fmt: skip
def test_peaks_go_by_the_whole_name(name: str, peak: float | None) -> None:
    assert measure.published(name) == peak
