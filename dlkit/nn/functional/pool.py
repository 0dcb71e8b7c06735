"""Pools: the largest entry, or the mean, of each window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit import equivalents
from dlkit.autograd import backend, rules, windows
from dlkit.functions.sliding import Slide
from dlkit.nn.functional.conv import Size, sizes

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]


def max_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool2d` along one axis."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest entry of each window of an image.

    Args:
        input: (n, channels, height, width), or (channels, height, width).
        kernel_size, stride, padding, dilation: one number, or one an axis; the stride is the window's size by default.
            What is padded never is the largest.
        ceil_mode: windows may hang over the end, as long as they begin within the image or its padding before.
        return_indices: return where the largest entries are, too: positions in the flattened image (int64).

    Raises:
        RuntimeError: more padding than half a window, or an image too small.

    >>> from dlkit import Tensor
    >>> max_pool2d(Tensor([[[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 1.0, 1.0]]]), 2)
    tensor([[[4., 5.]]])
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool2d` along three axes."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """`avg_pool2d` along one axis."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of an image.

    Args:
        count_include_pad: zeros of the padding count as entries of the window.
        divisor_override: divide the sum by this, and not by the number of entries.

    The others are as for `max_pool2d`.

    >>> from dlkit import Tensor
    >>> avg_pool2d(Tensor([[[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 1.0, 1.0]]]), 2)
    tensor([[[2.5000, 1.7500]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """`avg_pool2d` along three axes."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """`adaptive_avg_pool2d` along one axis."""
    return _adaptive(1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of as many windows, of nearly equal size, as the output shall have entries; None keeps an axis as it is.

    Window i of m goes from i * n // m up to the next whole number from (i + 1) * n / m.

    >>> from dlkit import Tensor
    >>> adaptive_avg_pool2d(Tensor([[[1.0, 2.0, 6.0]]]), (None, 2))
    tensor([[[1.5000, 4.0000]]])
    """
    return _adaptive(2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """`adaptive_avg_pool2d` along three axes."""
    return _adaptive(3, input, output_size)


def _slide(n: int, x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Slide:
    """How the windows of a pool slide, and how much the input is padded for them."""
    kernel = sizes(kernel, n, "kernel_size")
    stride = kernel if stride is None or np.size(stride) == 0 else sizes(stride, n, "stride")
    padding, dilation = sizes(padding, n, "padding"), sizes(dilation, n, "dilation")
    if x.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"a pool along {n} axes of {x.shape}: the input has {n + 2} axes (batch, channels, size), or {n + 1}"
        )
    if (
        min(*kernel, *stride, *dilation) < 1
        or min(padding) < 0
        or any(2 * p > k for p, k in zip(padding, kernel, strict=True))
    ):
        raise RuntimeError(
            f"kernel_size={kernel}, stride={stride}, dilation={dilation} must be positive, and padding={padding} at most half the kernel"
        )
    pads = []
    for m, k, s, p, d in zip(x.shape[-n:], kernel, stride, padding, dilation, strict=True):
        open_end = m + 2 * p - d * (k - 1) - 1
        count = (-(-open_end // s) if ceil else open_end // s) + 1
        if ceil and (count - 1) * s >= m + p:
            count -= 1
        if count < 1:
            raise RuntimeError(f"a window of {d * (k - 1) + 1} does not fit into {m} entries with padding {p}")
        pads.append((p, max((count - 1) * s + d * (k - 1) + 1 - m - p, 0)))
    return Slide(kernel, stride, tuple(pads), dilation)


def _max_pool(
    n: int, x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, return_indices: bool
) -> Any:
    slide = _slide(n, x, kernel, stride, padding, dilation, ceil)
    padded = equivalents.pad(x, slide)
    if padded is not x:
        border = np.full(padded.shape[-n:], -math.inf, x.dtype)
        border[slide.inside(slide.size(x.shape))] = 0.0
        padded = padded + tensors.Tensor(backend.like(border, x.data))
    plain = slide._replace(padding=((0, 0),) * n)
    y = windows.max_pool(padded, slide=plain)
    return (y, _positions(padded, plain, slide, x.shape)) if return_indices else y


def _positions(padded: Tensor, plain: Slide, slide: Slide, shape: tuple[int, ...]) -> Tensor:
    """Where the largest entries lie in the flattened image, which is of this shape without its padding."""
    best = backend.to_numpy(windows.max_pool.forward(padded.data, slide=plain)[1])
    rows = []
    for _, where in plain.taps(plain.places(plain.size(padded.shape))):
        axes = [np.arange(s.start, s.stop, s.step) - low for s, (low, _) in zip(where, slide.padding, strict=True)]
        rows.append(np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), slide.size(shape), mode="wrap").ravel())
    found = np.take_along_axis(np.stack(rows), best.astype(np.int64).reshape(-1, len(rows[0])), axis=0)
    return tensors.Tensor(backend.like(found.reshape(best.shape), padded.data))


def _avg_pool(
    n: int, x: Tensor, kernel: Any, stride: Any, padding: Any, ceil: bool, include: bool, divisor: int | None
) -> Tensor:
    slide = _slide(n, x, kernel, stride, padding, 1, ceil)
    total = equivalents.sum_pool(x, slide=slide)
    if divisor is not None:
        if divisor == 0:
            raise RuntimeError("divisor_override is 0")
        return total / divisor
    if not any(map(any, slide.padding)):
        return total / math.prod(slide.kernel)
    return total * tensors.Tensor(backend.like(_shares(x, slide, sizes(padding, n, "padding"), include), x.data))


def _shares(x: Tensor, slide: Slide, padding: Any, include: bool) -> Any:
    """1 over the number of entries of each window. Padding counts or does not, what hangs over behind it never does."""
    total: Any = 1.0
    size = slide.size(x.shape)
    for m, k, s, p, count in zip(size, slide.kernel, slide.stride, padding, slide.places(size), strict=True):
        start = np.arange(count) * s - p
        end = np.minimum(start + k, m + p)
        if not include:
            start, end = np.maximum(start, 0), np.minimum(end, m)
        total = np.multiply.outer(total, end - start)
    return (1 / total).astype(x.dtype)


def _adaptive(n: int, x: Tensor, output_size: Any) -> Tensor:
    wanted = (output_size,) * n if output_size is None or isinstance(output_size, int) else tuple(output_size)
    if x.ndim not in (n + 1, n + 2) or len(wanted) != n:
        raise RuntimeError(
            f"an adaptive pool along {n} axes of {x.shape} to {output_size}: the input has {n + 2} axes, or {n + 1}"
        )
    for axis, m in zip(range(x.ndim - n, x.ndim), wanted, strict=True):
        if m is not None and m != x.shape[axis]:
            weights = tensors.Tensor(backend.like(_means(x.shape[axis], m).astype(x.dtype), x.data))
            order = [*(i for i in range(x.ndim) if i != axis), axis]
            x = rules.matmul(rules.permute(x, dims=tuple(order)), weights)
            x = rules.permute(x, dims=tuple(sorted(range(x.ndim), key=order.__getitem__)))
    return x


def _means(n: int, m: int) -> Any:
    """The (n, m) matrix that takes n numbers to the means of m windows."""
    i, at = np.arange(m), np.arange(n)[:, None]
    start, end = i * n // m, -(-(i + 1) * n // m)
    return ((at >= start) & (at < end)) / (end - start)
