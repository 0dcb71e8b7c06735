"""How fast a step is, how many operations it takes, and what share of the device's speed that is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from dlkit.train.devices import memory, pick

# Published dense bf16 peaks, in operations a second: of what the makers' pages give for bf16 tensor cores, half where that is with
# sparsity. A name is looked for as whole words, the first that is found counts; of a device that is not here no share is told.
#   A100: nvidia.com/en-us/data-center/a100   H100: .../h100   H200: .../h200   L40S: its data sheet   B200: the Blackwell data sheet
PEAKS = {"H200 NVL": 836e12, "H200": 989e12, "H100 PCIe": 756e12, "H100 NVL": 835e12, "H100": 989e12, "B200": 2250e12, "A100": 312e12, "L40S": 362e12}


@dataclass(frozen=True)
class Speed:
    """What `measure` found.

    Attributes:
        step: seconds of the median step.
        rate: examples (or tokens) a second.
        flops: floating-point operations of a step; None: none were seen, as in compiled code.
        mfu: their share of what the device could do in this time at its published dense bf16 peak; None: one of them is not known.
        memory: megabytes at the most; None: not known.
    """

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
    """The device's published dense bf16 peak in operations a second, whatever precision is used; None where it is not known."""
    return published(torch.cuda.get_device_name(device)) if device.type == "cuda" else None


def published(name: str) -> float | None:
    """The peak of the device that CUDA calls so.

    >>> published("NVIDIA A100-SXM4-80GB"), published("NVIDIA GH200 480GB")
    (312000000000000.0, None)
    """
    return next((peak for part, peak in PEAKS.items() if re.search(rf"\b{part}\b", name)), None)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
