"""Convolutions and pools in primitives: every place of the kernel meets a slice of the image (`functions/sliding.py`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.sliding import Pads, Sizes, inside, padded, places, taps

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


def pad(x: Tensor, padding: Pads) -> Tensor:
    """Zeros around the last axes."""
    size = x.shape[-len(padding) :]
    return rules.put(x, index=inside(size, padding), shape=(*x.shape[: -len(padding)], *padded(size, padding)))


def conv(
    x: Tensor, w: Tensor, b: Tensor | None, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> Tensor:
    """y[n, f, i] = sum over c and a of w[f, c, a] * x[n, c, i * stride + a * dilation], plus b[f].

    x is (n, channels, *size), w (filters, channels / groups, *kernel); a group of filters sees its group of channels.
    """
    n, kernel = x.shape[0], w.shape[2:]
    count = places(x.shape[2:], kernel, stride, padding, dilation)
    x = pad(x, padding)
    met = rules.stack(*(x[(..., *where)] for _, where in taps(kernel, stride, dilation, count)), dim=2)
    filters, channels = w.shape[0] // groups, x.shape[1] // groups
    met = met.reshape(n, groups, channels * math.prod(kernel), math.prod(count))  # (n, g, c * k, i)
    y = w.reshape(groups, filters, channels * math.prod(kernel)) @ met
    y = y.reshape(n, groups * filters, *count)
    return y if b is None else y + b.reshape(-1, *(1 for _ in count))


def conv_transpose(
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    *,
    size: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    """Every entry of x (n, channels, *count) stamps the kernel w (channels, filters / groups, *kernel), times itself,
    into an image; stamps that overlap add up. `size` is the image's without its padding."""
    n, channels, *count = x.shape
    filters, kernel = w.shape[1], w.shape[2:]
    parts = x.reshape(n, groups, channels // groups, math.prod(count))
    shape = (n, groups * filters, *padded(size, padding))
    stamps = []
    for at, where in taps(kernel, stride, dilation, count):
        stamp = w[(slice(None), slice(None), *at)].reshape(groups, channels // groups, filters).mT @ parts
        stamps.append(rules.put(stamp.reshape(n, groups * filters, *count), index=(..., *where), shape=shape))
    y = rules.stack(*stamps, dim=0).sum(0)[inside(size, padding)]
    return y if b is None else y + b.reshape(-1, *(1 for _ in count))


def max_pool(x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Tensor:
    """The largest entry in each window. Of equal ones the first gets the gradient."""
    count = places(x.shape[-len(kernel) :], kernel, stride, padding, dilation)
    real = pad(tensors.Tensor(backend.ones_like(x.data)), padding) == 1.0
    x = rules.where(real, pad(x, padding), -math.inf)
    met = rules.stack(*(x[(..., *where)] for _, where in taps(kernel, stride, dilation, count)), dim=x.ndim)
    first = backend.xp(met.data).argmax(met.data, axis=-1)
    best = first[..., None] == backend.like(range(math.prod(kernel)), first)
    return rules.where(tensors.Tensor(best), met, 0.0).sum(-1)


def sum_pool(x: Tensor, *, kernel: Sizes, stride: Sizes, padding: Pads) -> Tensor:
    """The sum of each window."""
    dilation = (1,) * len(kernel)
    count = places(x.shape[-len(kernel) :], kernel, stride, padding, dilation)
    x = pad(x, padding)
    met = [x[(..., *where)] for _, where in taps(kernel, stride, dilation, count)]
    return rules.stack(*met, dim=0).sum(0)
