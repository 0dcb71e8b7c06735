"""Compound operations on windows that slide over sequences, images or volumes: convolutions and pools.

All go over the taps of the window (`functions/sliding.py`). Arrays are (n, channels, *size); `padding` is a pair an axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from dlkit import equivalents
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.graph import Gradients, fused
from dlkit.functions.sliding import Pads, Sizes, inside, padded, places, taps

CHUNK = 2**19
"""About so many numbers are columns of windows at a time: they stay in the cache, and need no memory to speak of."""


def _chunks(n: int, each: int) -> Iterator[slice]:
    """The batch, part by part, where an item takes `each` numbers."""
    step = max(1, CHUNK // max(1, each))
    return (slice(i, min(i + step, n)) for i in range(0, n, step))


def _pad(x: Array, padding: Pads, value: float = 0.0) -> Array:
    if not any(map(any, padding)):
        return x
    size = x.shape[-len(padding) :]
    out = backend.full((*x.shape[: -len(padding)], *padded(size, padding)), value, x)
    out[inside(size, padding)] = x
    return out


def _swap(x: Array) -> Array:
    """Batch and channels exchanged."""
    return xp(x).permute_dims(x, (1, 0, *range(2, x.ndim)))


def _columns(x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes, count: Sizes, groups: int) -> Array:
    """All windows side by side: (groups, channels of a group x taps, n x places)."""
    x, n = _swap(x), x.shape[0]
    columns = backend.empty((x.shape[0], *kernel, n, *count), x)
    for at, where in taps(kernel, stride, dilation, count):
        columns[(slice(None), *at)] = x[(..., *where)]
    return columns.reshape(groups, -1, n * math.prod(count))


def _conv(
    x: Array, w: Array, b: Array, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> tuple[Array, None]:
    n, filters, kernel = x.shape[0], w.shape[0], w.shape[2:]
    count = places(x.shape[2:], kernel, stride, padding, dilation)
    y, rows = backend.empty((n, filters, *count), x), w.reshape(groups, filters // groups, -1)
    for part in _chunks(n, x.shape[1] * math.prod(kernel) * math.prod(count)):
        product = rows @ _columns(_pad(x[part], padding), kernel, stride, dilation, count, groups)
        if b is not None:
            product += b.reshape(groups, -1, 1)
        y[part] = _swap(product.reshape(filters, -1, *count))
    return y, None


def _to_input(g: Array, w: Array, shape: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int) -> Array:
    """The gradient of a convolution for its input, which had this shape."""
    n, filters, *count = g.shape
    kernel, out = w.shape[2:], backend.empty(shape, g)
    rows = w.reshape(groups, filters // groups, -1)
    for part in _chunks(n, shape[1] * math.prod(kernel) * math.prod(count)):
        columns = rows.mT @ _swap(g[part]).reshape(groups, filters // groups, -1)
        columns = columns.reshape(shape[1], *kernel, -1, *count)
        sums = backend.full((shape[1], columns.shape[1 + len(kernel)], *padded(shape[2:], padding)), 0.0, g)
        for at, where in taps(kernel, stride, dilation, count):
            sums[(..., *where)] += columns[(slice(None), *at)]
        out[part] = _swap(sums[inside(shape[2:], padding)])
    return out


def _to_weight(g: Array, x: Array, w: Array, stride: Sizes, padding: Pads, dilation: Sizes, groups: int) -> Array:
    """The gradient of a convolution for its weight."""
    n, filters, *count = g.shape
    kernel, total = w.shape[2:], backend.zeros_like(w).reshape(groups, filters // groups, -1)
    for part in _chunks(n, x.shape[1] * math.prod(kernel) * math.prod(count)):
        columns = _columns(_pad(x[part], padding), kernel, stride, dilation, count, groups)
        total += _swap(g[part]).reshape(groups, filters // groups, -1) @ columns.mT
    return total.reshape(w.shape)


def _to_bias(g: Array) -> Array:
    return xp(g).sum(g, axis=(0, *range(2, g.ndim)))


@fused(_conv, equivalents.conv)
def conv(g: Array, y: Array, saved: None, x: Array, w: Array, b: Array, **how: Any) -> Gradients:
    return lambda: _to_input(g, w, x.shape, **how), lambda: _to_weight(g, x, w, **how), lambda: _to_bias(g)


def _conv_transpose(x: Array, w: Array, b: Array, *, size: Sizes, **how: Any) -> tuple[Array, None]:
    y = _to_input(x, w, (x.shape[0], w.shape[1] * how["groups"], *size), **how)
    if b is not None:
        y += b.reshape(-1, *(1 for _ in size))
    return y, None


@fused(_conv_transpose, equivalents.conv_transpose)
def conv_transpose(
    g: Array, y: Array, saved: None, x: Array, w: Array, b: Array, *, size: Sizes, **how: Any
) -> Gradients:
    met = (..., *(slice(n) for n in x.shape[2:]))  # with much output padding, one window more than x has entries
    return lambda: _conv(g, w, None, **how)[0][met], lambda: _to_weight(x, g, w, **how), lambda: _to_bias(g)


def _stamp(
    share: Callable[[int], Array], g: Array, x: Array, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Array:
    """The gradient of a pool: every tap adds its share of `g` to the entries that it has met."""
    lead, size = x.shape[: -len(kernel)], x.shape[-len(kernel) :]
    sums = backend.full((*lead, *padded(size, padding)), 0.0, g)
    for number, (_, where) in enumerate(taps(kernel, stride, dilation, g.shape[-len(kernel) :])):
        sums[(..., *where)] += share(number)
    return sums[inside(size, padding)]


def _max_pool(x: Array, *, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> tuple[Array, Array]:
    count = places(x.shape[-len(kernel) :], kernel, stride, padding, dilation)
    x = _pad(x, padding, -math.inf)
    (_, first), *others = taps(kernel, stride, dilation, count)
    y = backend.copy(x[(..., *first)])
    best = backend.cast(y != y, "uint8" if len(others) < 255 else "int32") * 0
    for number, (_, where) in enumerate(others, 1):
        entries = x[(..., *where)]
        best = xp(y).maximum(best, backend.cast(entries > y, backend.dtype(best)) * number)  # later numbers are larger
        y = xp(y).maximum(y, entries)
    return y, best


@fused(_max_pool, equivalents.max_pool)
def max_pool(
    g: Array, y: Array, best: Array, x: Array, *, kernel: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Gradients:
    return (_stamp(lambda number: g * (best == number), g, x, kernel, stride, padding, dilation),)


def _sum_pool(x: Array, *, kernel: Sizes, stride: Sizes, padding: Pads) -> tuple[Array, None]:
    dilation = (1,) * len(kernel)
    count = places(x.shape[-len(kernel) :], kernel, stride, padding, dilation)
    x = _pad(x, padding)
    y = backend.full((*x.shape[: -len(kernel)], *count), 0.0, x)
    for _, where in taps(kernel, stride, dilation, count):
        y += x[(..., *where)]
    return y, None


@fused(_sum_pool, equivalents.sum_pool)
def sum_pool(g: Array, y: Array, saved: None, x: Array, *, kernel: Sizes, stride: Sizes, padding: Pads) -> Gradients:
    return (_stamp(lambda number: g, g, x, kernel, stride, padding, (1,) * len(kernel)),)
