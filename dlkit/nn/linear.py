"""Layers that are affine in each of their inputs."""

from __future__ import annotations

import math
from typing import Any

from dlkit.autograd import Tensor
from dlkit.functions import einsum
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty


class Linear(Module):
    """y = x W^T + b, for every vector along the last axis.

    Shapes: input (*, in_features) -> (*, out_features); weight (out_features, in_features), bias (out_features).

    Args:
        bias: False for a layer without b.

    Raises:
        RuntimeError: an input with another number of features.

    >>> from dlkit import ones
    >>> Linear(3, 2)(ones(5, 4, 3)).shape
    (5, 4, 2)
    """

    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = empty(out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", empty(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights and biases uniform within plus or minus 1 / sqrt(in_features)."""
        fan(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if not input.ndim or input.shape[-1] != self.in_features:
            refuse(self, f"{self.in_features} features along the last axis", input)
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def fan(weight: Tensor, bias: Tensor | None) -> None:
    """Begin with numbers uniform within plus or minus 1 / sqrt(fan_in), as linear and convolutional layers do."""
    if not weight.numel():
        return
    fan_in, _ = init._calculate_fan_in_and_fan_out(weight)
    for tensor in (weight, bias):
        if tensor is not None:
            init.uniform_(tensor, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))


class Bilinear(Module):
    """y_k = x1^T W_k x2 + b_k, for every pair of vectors along the last axes.

    Shapes: input1 (*, in1_features), input2 (*, in2_features) -> (*, out_features); weight (out_features, in1_features,
    in2_features), bias (out_features).

    >>> from dlkit import ones
    >>> Bilinear(3, 4, 2)(ones(5, 3), ones(5, 4)).shape
    (5, 2)
    """

    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be positive, not {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = empty(out_features, in1_features, in2_features, device=device, dtype=dtype)
        self.register_parameter("bias", empty(out_features, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights and biases uniform within plus or minus 1 / sqrt(in1_features)."""
        bound = 1 / math.sqrt(self.in1_features)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        for wanted, input in ((self.in1_features, input1), (self.in2_features, input2)):
            if not input.ndim or input.shape[-1] != wanted:
                refuse(self, f"{wanted} features along the last axis", input)
        y = einsum("...i,oij,...j->...o", input1, self.weight, input2)
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
