"""Normalization: over a layer's features, over a batch, over groups of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlkit.autograd import fused, rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]


def _trailing(x: Tensor, shape: int | Sequence[int], name: str) -> tuple[int, ...]:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise RuntimeError(f"{name} of {x.shape} with normalized_shape={shape}: the last axes must be those")
    return tuple(range(x.ndim - len(shape), x.ndim))


def layer_norm(
    input: Tensor,
    normalized_shape: int | Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * weight + bias, over the last axes (Ba, Kiros and Hinton, 2016).

    Args:
        normalized_shape: the lengths of the axes that are normalized together; weight and bias have this shape.

    >>> from dlkit import Tensor
    >>> layer_norm(Tensor([[1.0, 3.0], [0.0, 20.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    return fused.normalize(input, weight, bias, dim=_trailing(input, normalized_shape, "layer_norm"), eps=eps)


def rms_norm(
    input: Tensor, normalized_shape: int | Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean of x squared + eps) * weight, over the last axes (Zhang and Sennrich, 2019).

    Args:
        eps: the smallest step from 1 of the element type by default.
    """
    dim = _trailing(input, normalized_shape, "rms_norm")
    eps = float(np.finfo(input.dtype).eps) if eps is None else eps
    return fused.normalize(input, weight, None, dim=dim, eps=eps, center=False)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalization over groups of channels of each item (Wu and He, 2018).

    Args:
        input: (n, channels, ...).
        weight, bias: (channels).
    """
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise RuntimeError(
            f"group_norm of {input.shape} in {num_groups} groups: they must divide the channels, which are axis 1"
        )
    n, channels, *size = input.shape
    shape = (n, num_groups, channels // num_groups, math.prod(size))
    across = (1, num_groups, channels // num_groups, 1)
    w, b = (None if p is None else p.reshape(across) for p in (weight, bias))
    return fused.normalize(input.reshape(shape), w, b, dim=(2, 3), eps=eps).reshape(input.shape)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalization of each channel over the batch (Ioffe and Szegedy, 2015).

    Args:
        input: (n, channels, ...).
        running_mean, running_var: (channels). In training they take over `momentum` of the batch's mean and (unbiased)
            variance, in place; else they stand for the batch's.
        weight, bias: (channels).

    Raises:
        ValueError: training with a single value a channel, whose variance is 0.
    """
    return _over_batch(input, running_mean, running_var, weight, bias, training, momentum, eps, "batch_norm")


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalization of each channel of each item (Ulyanov, Vedaldi and Lempitsky, 2016); arguments as `batch_norm`."""
    name = "instance_norm"
    return _over_batch(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps, name)


def _over_batch(
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    name: str,
) -> Tensor:
    if x.shape == (0,):
        return rules.cast(x, dtype=x.dtype)  # neither rows nor channels
    if x.ndim < 2:
        if math.prod(x.shape) == 0:
            return x * 1.0  # nothing in it, so there is nothing to know of its channels
        raise RuntimeError(f"{name} of {x.shape}: the channels are axis 1")
    dim = (0, *range(2, x.ndim)) if name == "batch_norm" else tuple(range(2, x.ndim))
    across = (1, x.shape[1], *(1 for _ in x.shape[2:]))
    w, b = (None if p is None else p.reshape(across) for p in (weight, bias))
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                f"{name} without training: running_mean and running_var stand for the batch's, and are missing"
            )
        scale = 1 / (running_var + eps).sqrt().reshape(across)
        scale = scale if w is None else scale * w
        y = (x - running_mean.reshape(across)) * scale
        return y if b is None else y + b
    n = math.prod(x.shape[i] for i in dim)
    if n == 1 or (name == "instance_norm" and n < 1):
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")

    def tell(mean: Any, variance: Any) -> None:
        unbiased = variance * (n / max(n - 1, 1))
        for running, found in ((running_mean, mean), (running_var, unbiased)):
            if running is not None and n:
                running.data[...] = running.data * (1 - momentum) + momentum * found.mean(0).reshape(running.shape)

    wanted = running_mean is not None or running_var is not None
    return fused.normalize(x, w, b, dim=dim, eps=eps, tell=tell if wanted else None)
