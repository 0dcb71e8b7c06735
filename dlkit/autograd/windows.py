"""Convolutions, their transposes, and the largest entry of each window, along any number of axes.

A convolution is a product of matrices once every window is a column. Columns repeat the input as often as the kernel has
places, so they are made for a part of the batch at a time, and made again for the gradient: that is cheaper than
memory. In them the batch is the last axis, which makes every slice a long one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dlkit import equivalents
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.graph import Gradients, fused
from dlkit.functions.sliding import Sizes, Slide

CHUNK = 2**18  # numbers in columns at a time: what a cache holds


def _parts(n: int, channels: int, slide: Slide, count: Sizes) -> Iterator[slice]:
    step = max(1, CHUNK // (channels * math.prod(slide.kernel) * math.prod(count)))
    return (slice(i, min(i + step, n)) for i in range(0, n, step))


def _grouped(y: Array, groups: int) -> Array:
    """(n, filters, *count) -> (groups, filters of a group, count x n)."""
    return xp(y).moveaxis(y, 0, -1).reshape(groups, y.shape[1] // groups, -1)


def _columns(x: Array, slide: Slide, count: Sizes, groups: int) -> Array:
    """Every window as a column: (groups, channels of a group x places in the kernel, count x n)."""
    n, channels, *size = x.shape
    padded = backend.full((channels, *slide.padded(size), n), 0.0, x)
    padded[(slice(None), *slide.inside(size))] = xp(x).moveaxis(x, 0, -1)
    columns = backend.empty((channels, *slide.kernel, *count, n), x)
    for at, where in slide.taps(count):
        columns[(slice(None), *at)] = padded[(slice(None), *where)]
    return columns.reshape(groups, -1, n * math.prod(count))


def _conv(x: Array, w: Array, b: Array, *, slide: Slide, groups: int) -> tuple[Array, None]:
    count = slide.places(tuple(x.shape[2:]))
    y, rows = backend.empty((len(x), len(w), *count), x), w.reshape(groups, len(w) // groups, -1)
    for part in _parts(len(x), x.shape[1], slide, count):
        product = rows @ _columns(x[part], slide, count, groups)
        if b is not None:
            product += b.reshape(groups, -1, 1)
        y[part] = xp(y).moveaxis(product.reshape(len(w), *count, -1), -1, 0)
    return y, None


def _to_input(g: Array, w: Array, size: Sizes, slide: Slide, groups: int) -> Array:
    """The gradient of a convolution for its input, which had this size."""
    n, filters, *count = g.shape
    out, rows = backend.empty((n, w.shape[1] * groups, *size), g), w.reshape(groups, filters // groups, -1)
    for part in _parts(n, out.shape[1], slide, tuple(count)):
        columns = (rows.mT @ _grouped(g[part], groups)).reshape(out.shape[1], *slide.kernel, *count, -1)
        total = backend.full((out.shape[1], *slide.padded(size), columns.shape[-1]), 0.0, g)
        for at, where in slide.taps(tuple(count)):
            total[(slice(None), *where)] += columns[(slice(None), *at)]
        out[part] = xp(g).moveaxis(total[(slice(None), *slide.inside(size))], -1, 0)
    return out


def _to_weight(g: Array, x: Array, w: Array, slide: Slide, groups: int) -> Array:
    """The gradient of a convolution for its weight."""
    count, total = tuple(g.shape[2:]), backend.zeros_like(w).reshape(groups, -1, len(w) // groups)
    for part in _parts(len(x), x.shape[1], slide, count):
        total += _columns(x[part], slide, count, groups) @ _grouped(g[part], groups).mT  # this way round BLAS is faster
    return total.mT.reshape(w.shape)


@fused(_conv, equivalents.conv)
def conv(g: Array, y: Array, saved: None, x: Array, w: Array, b: Array, **how: Any) -> Gradients:
    """x (n, channels, *size), w (filters, channels / groups, *kernel), b (filters) -> (n, filters, *count)."""
    of_bias = lambda: xp(g).sum(g, axis=(0, *range(2, g.ndim)))  # noqa: E731
    return lambda: _to_input(g, w, tuple(x.shape[2:]), **how), lambda: _to_weight(g, x, w, **how), of_bias


@fused(lambda x, w, **how: (_to_input(x, w, **how), None), equivalents.conv_transpose)
def conv_transpose(g: Array, y: Array, saved: None, x: Array, w: Array, *, size: Sizes, **how: Any) -> Gradients:
    """x (n, channels, *count), w (channels, filters / groups, *kernel) -> (n, filters, *size)."""
    met = (..., *(slice(n) for n in x.shape[2:]))  # with much output padding, a window more fits than x has entries
    return lambda: _conv(g, w, None, **how)[0][met], lambda: _to_weight(x, g, w, **how)


def _max_pool(x: Array, *, slide: Slide) -> tuple[Array, Array]:
    (_, where), *others = slide.taps(slide.places(slide.size(tuple(x.shape))))
    y = backend.copy(x[(..., *where)])
    best = backend.cast(y != y, "uint8" if len(others) < 255 else "int32") * 0
    for number, (_, where) in enumerate(others, 1):
        larger = backend.cast(x[(..., *where)] > y, backend.dtype(best))
        best = xp(y).maximum(best, larger * number)  # later numbers are larger
        y = xp(y).maximum(y, x[(..., *where)])
    return y, best


@fused(_max_pool, equivalents.max_pool)
def max_pool(g: Array, y: Array, best: Array, x: Array, *, slide: Slide) -> Gradients:
    """The largest entry of each window of x (..., *size); `best` is the first place in the kernel that has it."""
    total = backend.zeros_like(x)
    for number, (_, where) in enumerate(slide.taps(slide.places(slide.size(tuple(x.shape))))):
        total[(..., *where)] += g * (best == number)
    return (total,)
