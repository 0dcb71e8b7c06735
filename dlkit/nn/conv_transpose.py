"""Transposed convolutions over one, two and three axes: they make larger what a convolution makes smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.conv import Size, _Conv, lengths


class _Transposed(_Conv):
    """Transposed convolution along `n` axes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, True, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """`output_size`: the lengths wanted, among those that the stride allows."""
        self._check(input)
        extra = self.output_padding if output_size is None else self._extra(input, tuple(output_size)[-self.n :])
        convolve = (functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d)[self.n - 1]
        return convolve(input, self.weight, self.bias, self.stride, self._pads(), extra, self.groups, self.dilation)

    def _pads(self) -> tuple[int, ...]:
        return lengths(self.padding, self.n)

    def _extra(self, input: Tensor, wanted: tuple[int, ...]) -> tuple[int, ...]:
        kernels = zip(input.shape[-self.n :], self.stride, self._pads(), self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in kernels]
        extra = tuple(w - m for w, m in zip(wanted, least, strict=True))
        if not all(0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            most = [m + s - 1 for m, s in zip(least, self.stride, strict=True)]
            raise ValueError(f"{self!r} makes of {input.shape} lengths from {least} to {most}, not {list(wanted)}")
        return extra


class ConvTranspose1d(_Transposed):
    """The gradient of `Conv1d` with respect to its input, as a layer: what it makes smaller, this makes larger.

    Shapes: input (N, in_channels, L) -> (N, out_channels, (L-1)*stride - 2*padding + dilation*(kernel_size-1) +
    output_padding + 1); the batch N may be left out. weight (in_channels, out_channels / groups, kernel_size).

    Args:
        output_padding: how much longer one side of the output is; with a stride, several lengths are possible.

    >>> from dlkit import ones
    >>> ConvTranspose1d(4, 2, 4, stride=2, padding=1)(ones(5, 4, 8)).shape
    (5, 2, 16)
    """

    n = 1


class ConvTranspose2d(_Transposed):
    """The gradient of `Conv2d` with respect to its input, as a layer: what it makes smaller, this makes larger.

    Shapes: as `ConvTranspose1d` along either axis; weight (in_channels, out_channels / groups, *kernel_size).

    >>> from dlkit import ones
    >>> ConvTranspose2d(4, 2, 4, stride=2, padding=1)(ones(5, 4, 8, 8)).shape
    (5, 2, 16, 16)
    """

    n = 2


class ConvTranspose3d(_Transposed):
    """The gradient of `Conv3d` with respect to its input, as a layer: what it makes smaller, this makes larger.

    Shapes: as `ConvTranspose1d` along each of three axes.

    >>> from dlkit import ones
    >>> ConvTranspose3d(2, 1, 2, stride=2)(ones(1, 2, 3, 3, 3)).shape
    (1, 1, 6, 6, 6)
    """

    n = 3
