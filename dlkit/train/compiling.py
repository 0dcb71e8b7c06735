"""`torch.compile`, in place."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def compile_in_place(model: nn.Module, **options: Any) -> None:
    """`torch.compile` that leaves the model the same object, with the same names in its `state_dict`.

    As `nn.Module.compile`; but that does nothing, silently, where `forward` is torch.nn's own, as in an `nn.Sequential`: the
    compiler passes over that package's frames unless a frame of someone else's comes first.
    """
    plain = model._call_impl

    def call(*inputs: Any, **named: Any) -> Any:
        return plain(*inputs, **named)

    model._compiled_call_impl = torch.compile(call, **options)
