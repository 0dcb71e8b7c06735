"""Normalization of each example by itself."""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty

Shape = int | tuple[int, ...] | list[int]


class _OverLast(Module):
    """Normalization over the last axes, with a scale for each of their entries."""

    weight: Parameter | None

    def __init__(self, normalized_shape: Shape, eps: float | None, elementwise_affine: bool, **where: Any) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.register_parameter("weight", empty(*shape, **where) if elementwise_affine else None)

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        for name, p in self.named_parameters():
            init.constant_(p, float(name == "weight"))

    def _check(self, input: Tensor) -> Tensor:
        if input.shape[-len(self.normalized_shape) :] != self.normalized_shape:
            refuse(self, f"{self.normalized_shape} as its last axes", input)
        return input

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LayerNorm(_OverLast):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the variance over the last axes.

    Source: Ba, Kiros and Hinton 2016, "Layer Normalization".

    Shapes: input (*, *normalized_shape) -> the same; weight and bias (*normalized_shape).

    Args:
        normalized_shape: the lengths of the last axes; a number for one axis.
        elementwise_affine: False for neither weight nor bias.
        bias: False for a weight alone.

    Raises:
        RuntimeError: an input whose last axes have other lengths.

    >>> from dlkit import Tensor
    >>> LayerNorm(2, elementwise_affine=False)(Tensor([[1.0, 3.0]])).tolist()
    [[-0.9999949932098389, 0.9999949932098389]]
    """

    eps: float
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, device=device, dtype=dtype)
        shift = empty(*self.normalized_shape, device=device, dtype=dtype) if elementwise_affine and bias else None
        self.register_parameter("bias", shift)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functional.layer_norm(self._check(input), self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, bias={self.bias is not None}"


class RMSNorm(_OverLast):
    """x / sqrt(mean of x^2 + eps) * weight, with the mean over the last axes.

    Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization".

    Shapes: input (*, *normalized_shape) -> the same; weight (*normalized_shape).

    Args:
        normalized_shape: the lengths of the last axes; a number for one axis.
        eps: None for the smallest step that the input's element type makes behind 1.
        elementwise_affine: False for no weight.

    >>> from dlkit import Tensor
    >>> RMSNorm(2, eps=0.0, elementwise_affine=False)(Tensor([[3.0, 3.0]]))
    tensor([[1., 1.]])
    """

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(normalized_shape, eps, elementwise_affine, device=device, dtype=dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functional.rms_norm(self._check(input), self.normalized_shape, self.weight, self.eps)


class GroupNorm(Module):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the variance over a group of channels.

    Source: Wu and He 2018, "Group Normalization".

    Shapes: input (N, num_channels, *) -> the same; weight and bias (num_channels).

    Args:
        num_groups: into how many groups the channels are split.
        affine: False for neither weight nor bias.

    Raises:
        ValueError: channels that cannot be split into the groups.

    >>> from dlkit import ones
    >>> GroupNorm(2, 6)(ones(3, 6, 5, 5)).shape
    (3, 6, 5, 5)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(f"{num_channels} channels cannot be split into {num_groups} groups of one size")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.register_parameter("weight", empty(num_channels, device=device, dtype=dtype) if affine else None)
        self.register_parameter("bias", empty(num_channels, device=device, dtype=dtype) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0."""
        for name, p in self.named_parameters():
            init.constant_(p, float(name == "weight"))

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim < 2 or input.shape[1] != self.num_channels:
            refuse(self, f"(batch, {self.num_channels}, ...)", input)
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
