"""Convolutions and pools in primitives: every place of the kernel meets a slice of the image (`functions/sliding.py`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.sliding import Sizes, Slide

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


def pad(x: Tensor, slide: Slide) -> Tensor:
    """Zeros around the last axes."""
    size = slide.size(x.shape)
    if not any(map(any, slide.padding)):
        return x
    return rules.put(x, index=(..., *slide.inside(size)), shape=(*x.shape[: -len(size)], *slide.padded(size)))


def _met(x: Tensor, slide: Slide) -> list[Tensor]:
    """For each place of the kernel, what it meets in all windows: (..., *count)."""
    taps = slide.taps(slide.places(slide.size(x.shape)))
    x = pad(x, slide)
    return [x[(..., *where)] for _, where in taps]


def conv(x: Tensor, w: Tensor, b: Tensor | None, *, slide: Slide, groups: int) -> Tensor:
    """y[n, f, i] = sum over c and a of w[f, c, a] * x[n, c, i * stride + a * dilation], plus b[f].

    x is (n, channels, *size), w (filters, channels / groups, *kernel); a group of filters sees its group of channels.
    """
    count = slide.places(x.shape[2:])
    filters, inputs = w.shape[0] // groups, w.shape[1] * math.prod(slide.kernel)
    columns = rules.stack(*_met(x, slide), dim=2).reshape(x.shape[0], groups, inputs, math.prod(count))
    y = (w.reshape(groups, filters, inputs) @ columns).reshape(x.shape[0], groups * filters, *count)
    return y if b is None else y + b.reshape(-1, *(1 for _ in count))


def conv_transpose(x: Tensor, w: Tensor, *, size: Sizes, slide: Slide, groups: int) -> Tensor:
    """Every entry of x (n, channels, *count) stamps the kernel w (channels, filters / groups, *kernel), times itself,
    into an image; stamps that overlap add up. `size` is the image's without its padding."""
    n, channels, *count = x.shape
    filters, each = w.shape[1], channels // groups
    parts = x.reshape(n, groups, each, math.prod(count))
    shape, stamps = (n, groups * filters, *slide.padded(size)), []
    for at, where in slide.taps(tuple(count)):
        stamp = w[(slice(None), slice(None), *at)].reshape(groups, each, filters).mT @ parts
        stamps.append(rules.put(stamp.reshape(n, groups * filters, *count), index=(..., *where), shape=shape))
    return rules.stack(*stamps, dim=0).sum(0)[(..., *slide.inside(size))]


def max_pool(x: Tensor, *, slide: Slide) -> Tensor:
    """The largest entry in each window. Of equal ones the first gets the gradient."""
    met = rules.stack(*_met(x, slide), dim=0)
    first = backend.xp(met.data).argmax(met.data, axis=0)
    best = rules.stack(*(tensors.Tensor(first == number) for number in range(met.shape[0])), dim=0)
    return rules.where(best, met, 0.0).sum(0)


def sum_pool(x: Tensor, *, slide: Slide) -> Tensor:
    """The sum of each window."""
    first, *others = _met(x, slide)
    for entries in others:
        first = first + entries
    return first
