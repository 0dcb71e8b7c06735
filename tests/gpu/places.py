"""Where each test of this folder runs: always on the CPU, and on CUDA, where there is one.

A test's body is a function of the device, and runs in a process of its own: one that has used CUDA cannot be forked any more, and other
tests fork theirs. Where there is a GPU it is a new process, not a fork: another test may have asked for CUDA.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlkit.train.devices import tf32
from dlkit.train.launch import run

GPUS = torch.cuda.device_count()  # asks the driver's library, and starts nothing
FOUND = {0: "none here", 1: "1 here"}.get(GPUS, f"{GPUS} here")


def needs(count: int) -> list[pytest.MarkDecorator]:
    """Marks of what runs on so many GPUs alone."""
    said = "a GPU" if count == 1 else f"{count} GPUs"
    return [pytest.mark.gpu, pytest.mark.skipif(count > GPUS, reason=f"NOT TESTED: needs {said} (CUDA): {FOUND}")]


CUDA = pytest.param("cuda", marks=needs(1))
PLACES = pytest.mark.parametrize("device", ["cpu", CUDA])


def on(device: str, body: Callable[..., Any], *arguments: Any) -> Any:
    """What `body(device, *arguments)` returns in a new process, without TF32."""

    def work() -> Any:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # read when cuBLAS starts: else its sums are not the same each time
        tf32(False)
        return body(device, *arguments)

    return run(work, world=1, start="spawn" if GPUS else None)[0]
