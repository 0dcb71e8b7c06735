"""Small questions that the loop asks of models, loaders and schedules."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from dlkit.train.history import Running


def examples(batch: Any) -> int:
    """How many examples a batch has: the length of its first tensor.

    >>> examples((torch.zeros(5, 2), torch.zeros(5)))
    5
    """
    while not isinstance(batch, Tensor):
        if isinstance(batch, dict):
            batch = next(iter(batch.values()), None)
        elif isinstance(batch, (tuple, list)) and batch:
            batch = batch[0]
        else:
            return 1
    shape = batch.shape
    return shape[0] if shape else 1


def length(loader: Any) -> int | None:
    """The number of batches, where it is known: a loader of a stream has a length, and raises when asked."""
    try:
        return len(loader)
    except TypeError:
        return None


def not_finite(loss: Tensor, weight: Any, where: str) -> FloatingPointError:
    """What to raise of a loss that is no number."""
    value = loss.item()
    said = f"the loss is {value} ({where})"
    if math.isfinite(value):
        said = f"a loss was not finite, at most {Running.EVERY} batches ago ({where})"
    if not weight:
        return FloatingPointError(f"{said}. The batch has nothing to take a mean over (its weight is 0): leave it out")
    return FloatingPointError(
        f"{said}. Often: a rate too large, log(0), 0/0, or fp16 out of range.\n"
        "    Try a smaller rate, clip=1.0, precision='bf16'; torch.autograd.set_detect_anomaly(True) names the operation"
    )


def takes_a_value(schedule: Any) -> bool:
    """Whether a schedule goes by a measured value, as ReduceLROnPlateau does."""
    return isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)


def compile_in_place(model: nn.Module, **options: Any) -> None:
    """`torch.compile` that leaves the model the same object, with the same names in its `state_dict`.

    As `nn.Module.compile`; but that does nothing, silently, where `forward` is torch.nn's own, as in an `nn.Sequential`: the
    compiler passes over that package's frames unless a frame of someone else's comes first.
    """
    plain = model._call_impl

    def call(*inputs: Any, **named: Any) -> Any:
        return plain(*inputs, **named)

    model._compiled_call_impl = torch.compile(call, **options)


def inner(model: nn.Module) -> nn.Module:
    """The model itself, without what `DistributedDataParallel` or `torch.compile` wrapped around it: its names have no prefix."""
    while True:
        wrapped = model._modules.get("_orig_mod")
        if wrapped is None and isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            wrapped = model.module
        if wrapped is None:
            return model
        model = wrapped
