"""Normalization of each channel of each example.

Source: Ulyanov, Vedaldi and Lempitsky 2016, "Instance Normalization: The Missing Ingredient for Fast Stylization".
"""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.batchnorm import _BatchNorm
from dlkit.nn.module import refuse


class _InstanceNorm(_BatchNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        batched = input.ndim == self.axes[1]
        if input.ndim not in self.axes or input.shape[1 if batched else 0] != self.num_features:
            refuse(self, self.shape.format(self.num_features), input)
        x = input if batched else input.reshape((1, *input.shape))
        alone = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        statistics = (self.running_mean, self.running_var, self.weight, self.bias)
        return functional.instance_norm(x, *statistics, alone, momentum, self.eps).reshape(input.shape)


class InstanceNorm1d(_InstanceNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance over the length alone.

    Shapes: input (N, num_features, L) -> the same; the batch N may be left out.

    Args:
        affine: True for a weight and a bias for each channel.
        track_running_stats: True to keep running statistics, which are what evaluation uses.

    >>> from dlkit import Tensor
    >>> InstanceNorm1d(1, eps=0.0)(Tensor([[1.0, 3.0]]))
    tensor([[-1.,  1.]])
    """

    axes, shape = (2, 3), "(batch, {0}, length), with or without the batch"


class InstanceNorm2d(_InstanceNorm):
    """As `InstanceNorm1d`, with mean and variance over height and width.

    Shapes: input (N, num_features, H, W) -> the same; the batch N may be left out.

    >>> from dlkit import ones
    >>> InstanceNorm2d(3)(ones(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    axes, shape = (3, 4), "(batch, {0}, height, width), with or without the batch"
