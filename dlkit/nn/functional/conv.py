"""Convolutions (in truth cross-correlations, as everywhere in deep learning) and their transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dlkit.autograd import windows
from dlkit.functions.sliding import Slide

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Size = int | Sequence[int]


def sizes(value: Any, n: int, name: str) -> tuple[int, ...]:
    """One number for each of n axes, from as many, or from one for all."""
    found = (value,) * n if isinstance(value, int) else tuple(value)
    found = found * n if len(found) == 1 else found
    if len(found) != n:
        raise RuntimeError(f"{name}={value}: it is one number, or {n}, one for each axis that windows slide along")
    return found


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """`conv2d` along one axis: (n, channels, length), weight (filters, channels / groups, k).

    >>> from dlkit import Tensor
    >>> conv1d(Tensor([[[1.0, 2.0, 3.0, 4.0]]]), Tensor([[[1.0, -1.0]]]))
    tensor([[[-1., -1., -1.]]])
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Filters that slide over images: the product of each window with each filter.

    y[n, f, i, j] = b[f] + sum over c, a, e of w[f, c, a, e] * x[n, c, i * stride + a * dilation, j * stride + e * dilation]

    Args:
        input: (n, channels, height, width), or one image (channels, height, width).
        weight: (filters, channels / groups, kernel height, kernel width).
        bias: (filters).
        stride, dilation: one number, or one an axis.
        padding: zeros added on both sides, likewise; or "valid" (none), or "same" (as many as keep the size).
        groups: the channels and the filters are divided into so many groups, each for itself.

    Returns:
        (n, filters, height, width), with (height + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 rows.

    Raises:
        RuntimeError: shapes that do not fit, or a window larger than the image.

    >>> from dlkit import ones
    >>> conv2d(ones(2, 3, 8, 8), ones(4, 3, 3, 3), padding=1, stride=2).shape
    (2, 4, 4, 4)
    """
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """`conv2d` along three axes: (n, channels, depth, height, width)."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """`conv_transpose2d` along one axis: (n, channels, length), weight (channels, filters / groups, k)."""
    return _transpose(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Every entry stamps the kernel into a larger image: what a convolution's gradient does for its input.

    Args:
        input: (n, channels, height, width), or one image.
        weight: (channels, filters / groups, kernel height, kernel width).
        output_padding: rows more at the end, where a stride leaves it open how large the image was.

    Returns:
        (n, filters, height, width), with
        (height - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1 rows.

    >>> from dlkit import Tensor
    >>> conv_transpose2d(Tensor([[[[1.0, 2.0]]]]), Tensor([[[[1.0, 1.0]]]]), stride=2)
    tensor([[[[1., 1., 2., 2.]]]])
    """
    return _transpose(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """`conv_transpose2d` along three axes."""
    return _transpose(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _batch(x: Tensor, n: int, name: str, call: Any) -> Tensor:
    """Call with a batch, be it a batch of one."""
    if x.ndim == n + 1:
        return call(x.reshape(1, *x.shape))[0]  # type: ignore[no-any-return]
    if x.ndim != n + 2:
        raise RuntimeError(f"{name} of {x.shape}: the input has {n + 2} axes (batch, channels, size), or {n + 1}")
    return call(x)  # type: ignore[no-any-return]


def _conv(
    n: int, x: Tensor, w: Tensor, b: Tensor | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    name = f"conv{n}d"
    stride, dilation = sizes(stride, n, "stride"), sizes(dilation, n, "dilation")
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError(f"{name}: padding='same' keeps the size only with stride 1, not {stride}")
        extra = [d * (k - 1) for d, k in zip(dilation, w.shape[2:], strict=True)]
        pads = tuple((e // 2, e - e // 2) for e in extra)
    else:
        pads = tuple((p, p) for p in sizes(0 if padding == "valid" else padding, n, "padding"))

    def call(x: Tensor) -> Tensor:
        if w.ndim != n + 2 or x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
            raise RuntimeError(
                f"{name} of {x.shape} with a weight of {w.shape} in {groups} groups: the weight is (filters, channels / groups, "
                f"*kernel), the input (n, channels, *size), and groups divide both"
            )
        size = [m + low + high for m, (low, high) in zip(x.shape[2:], pads, strict=True)]
        reach = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
        if any(r > m for r, m in zip(reach, size, strict=True)) or min(stride) < 1:
            raise RuntimeError(
                f"{name}: a window of {reach} does not fit into the padded input of {size}, or stride={stride} is not positive"
            )
        return windows.conv(x, w, b, slide=Slide(w.shape[2:], stride, pads, dilation), groups=groups)

    return _batch(x, n, name, call)


def _transpose(
    n: int,
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    name = f"conv_transpose{n}d"
    stride, dilation, padding = sizes(stride, n, "stride"), sizes(dilation, n, "dilation"), sizes(padding, n, "padding")
    more = sizes(output_padding, n, "output_padding")
    if any(o >= max(s, d) for o, s, d in zip(more, stride, dilation, strict=True)):
        raise RuntimeError(f"{name}: output_padding={more} must be smaller than stride={stride} or dilation={dilation}")

    def call(x: Tensor) -> Tensor:
        if w.ndim != n + 2 or x.shape[1] != w.shape[0] or w.shape[0] % groups:
            raise RuntimeError(
                f"{name} of {x.shape} with a weight of {w.shape} in {groups} groups: the weight is (channels, filters / groups, "
                f"*kernel), the input (n, channels, *size), and groups divide both"
            )
        each = zip(x.shape[2:], w.shape[2:], stride, padding, dilation, more, strict=True)
        size = tuple((m - 1) * s - 2 * p + d * (k - 1) + o + 1 for m, k, s, p, d, o in each)
        pads = tuple((p, p) for p in padding)
        slide = Slide(w.shape[2:], stride, pads, dilation)
        y = windows.conv_transpose(x, w, size=size, slide=slide, groups=groups)
        return y if b is None else y + b.reshape(-1, *(1 for _ in size))

    return _batch(x, n, name, call)
