"""How fast a step is, how many operations it takes, and what share of the device's speed that is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from dlkit.train.devices import memory, pick

# Dense bf16 operations a second, as the makers' data sheets say (without sparsity); the first name that is part of the device's counts.
PEAKS = {
    "H200": 989.4e12, "GH200": 989.4e12, "H100 PCIe": 756e12, "H100 NVL": 835e12, "H100": 989.4e12, "H800": 989.4e12,
    "B200": 2250e12, "A100": 312e12, "A800": 312e12, "A10G": 70e12, "A10": 125e12, "A40": 149.7e12, "A6000": 154.8e12,
    "L40S": 362e12, "L40": 181e12, "L4": 121e12, "V100": 125e12, "T4": 65e12, "RTX 4090": 165.2e12, "RTX 3090": 71e12,
}  # fmt: skip


@dataclass(frozen=True)
class Speed:
    """What `measure` found: seconds of the median step, examples (or tokens) a second, floating-point operations of a step, their share
    of the device's peak (None: peak unknown), and peak memory in megabytes."""

    step: float
    rate: float
    flops: int | None
    mfu: float | None
    memory: float | None

    def __str__(self) -> str:
        parts = [f"{self.step * 1e3:.3g} ms a step", f"{self.rate:.4g} examples/s"]
        if self.flops:
            parts.append(f"{self.flops / self.step / 1e9:.3g} GFLOP/s")
        if self.mfu is not None:
            parts.append(f"MFU {self.mfu:.1%}")
        if self.memory is not None:
            parts.append(f"peak {self.memory:.4g} MB")
        return ", ".join(parts)


def measure(step: Callable[[], Any], count: int, *, steps: int = 20, warmup: int = 3, device: str | torch.device | None = None) -> Speed:
    """Run a step of training again and again.

    Args:
        step: does one whole step.
        count: examples or tokens in a step.
        steps, warmup: how many are timed, and how many come before.
        device: waited for, so that the work is timed and not the request.

    >>> a = torch.ones(8, 8)
    >>> measure(lambda: a @ a, count=8, device="cpu").flops
    1024
    """
    where = pick(device)
    for _ in range(max(warmup, 1)):
        step()
    operations = flops(step)
    synchronize(where)
    if where.type == "cuda":
        torch.cuda.reset_peak_memory_stats(where)
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        step()
        synchronize(where)
        times.append(time.perf_counter() - began)
    middle = sorted(times)[len(times) // 2]
    peak = peak_flops(where)
    share = operations / middle / peak if peak and operations else None
    return Speed(middle, count / middle, operations or None, share, memory(where).get("peak"))


def flops(function: Callable[[], Any]) -> int:
    """Floating-point operations of a call: its matrix products, convolutions and attention, forward and backward.

    A product of (m, k) with (k, n) counts 2mkn. Elementwise work is not counted, as is the custom for MFU. Code that was compiled
    is not seen: measure the model before it is.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        function()
    return int(counter.get_total_flops())


def peak_flops(device: torch.device) -> float | None:
    """The device's dense bf16 peak, where it is known."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for part, peak in PEAKS.items() if part in name), None)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
