"""Normalization over a batch."""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty, full


class _BatchNorm(Module):
    axes: tuple[int, ...]  # how many an input may have
    shape: str
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        n, where, track = (num_features,), {"device": device, "dtype": dtype}, track_running_stats
        self.register_parameter("weight", empty(*n, **where) if affine else None)
        self.register_parameter("bias", empty(*n, **where) if affine and bias else None)
        self.register_buffer("running_mean", full(n, 0.0, **where) if track else None)
        self.register_buffer("running_var", full(n, 1.0, **where) if track else None)
        self.register_buffer("num_batches_tracked", full((), 0, device, "int64") if track else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Scale 1, shift 0, no batches seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in self.axes or input.shape[1] != self.num_features:
            refuse(self, self.shape.format(self.num_features), input)
        mean, variance = self.running_mean, self.running_var
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            if self.momentum is None:  # the mean of all batches
                momentum = 1 / float(self.num_batches_tracked)
        if self.training and not self.track_running_stats:
            mean = variance = None
        by_batch = self.training or mean is None
        return functional.batch_norm(input, mean, variance, self.weight, self.bias, by_batch, momentum, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the variance of each feature.

    In training they are those of the batch, and the running ones move towards them (the running variance towards the
    unbiased one); in evaluation they are the running ones. Source: Ioffe and Szegedy 2015, "Batch Normalization".

    Shapes: input (N, num_features) or (N, num_features, L) -> the same; weight, bias and the buffers running_mean and
    running_var (num_features).

    Args:
        eps: added to the variance.
        momentum: the weight of the newest batch in the running statistics; None for the mean of all batches.
        affine: False for neither weight nor bias.
        track_running_stats: False for the statistics of the batch in evaluation, too.

    Raises:
        RuntimeError: an input with another number of features.

    >>> from dlkit import Tensor
    >>> BatchNorm1d(1, affine=False)(Tensor([[1.0], [3.0]])).tolist()
    [[-0.9999949932098389], [0.9999949932098389]]
    """

    axes, shape = (2, 3), "(batch, {0}) or (batch, {0}, length)"


class BatchNorm2d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the variance of each channel, as `BatchNorm1d`.

    Shapes: input (N, num_features, H, W) -> the same; weight, bias, running_mean and running_var (num_features).

    >>> from dlkit import ones
    >>> norm = BatchNorm2d(3)
    >>> norm(ones(2, 3, 4, 4)).shape, norm.running_mean
    ((2, 3, 4, 4), tensor([0.1000, 0.1000, 0.1000]))
    """

    axes, shape = (4,), "(batch, {0}, height, width)"


class BatchNorm3d(_BatchNorm):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and the variance of each channel, as `BatchNorm1d`.

    Shapes: input (N, num_features, D, H, W) -> the same; weight, bias, running_mean and running_var (num_features).

    >>> from dlkit import ones
    >>> BatchNorm3d(3)(ones(2, 3, 4, 4, 4)).shape
    (2, 3, 4, 4, 4)
    """

    axes, shape = (5,), "(batch, {0}, depth, height, width)"
