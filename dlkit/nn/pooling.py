"""Pooling: the largest or the mean of the entries in a window, along one and two axes."""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.module import Module, refuse

Size = int | tuple[int, ...]
Lengths = int | None | tuple[int | None, ...]


class _Pool(Module):
    n: int

    def _check(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.n + 1, self.n + 2):
            axes = "(batch, channels, length)" if self.n == 1 else "(batch, channels, height, width)"
            refuse(self, f"{axes}, with or without the batch", input)
        return input


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.dilation, self.return_indices, self.ceil_mode = dilation, return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        pool = functional.max_pool1d if self.n == 1 else functional.max_pool2d
        return pool(
            self._check(input),
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest entry of every window along one axis.

    Shapes: input (N, C, L) -> (N, C, (L + 2*padding - dilation*(kernel_size-1) - 1) // stride + 1); the batch N may be
    left out.

    Args:
        stride: from one window to the next; by default they touch.
        padding: how many entries, smaller than all others, are put to both ends.
        return_indices: give the positions of the largest entries, too.
        ceil_mode: round the length up, so that a last window may hang over.

    >>> from dlkit import Tensor
    >>> MaxPool1d(2)(Tensor([[1.0, 4.0, 3.0, 2.0]]))
    tensor([[4., 3.]])
    """

    n = 1


class MaxPool2d(_MaxPool):
    """The largest entry of every window along two axes; sizes are a number for both or a pair.

    Shapes: input (N, C, H, W) -> (N, C, H', W'), along either axis as `MaxPool1d`; the batch N may be left out.

    >>> from dlkit import ones
    >>> MaxPool2d(2)(ones(3, 6, 28, 28)).shape
    (3, 6, 14, 14)
    """

    n = 2


class AvgPool1d(_Pool):
    """The mean of every window along one axis.

    Shapes: input (N, C, L) -> (N, C, (L + 2*padding - kernel_size) // stride + 1); the batch N may be left out.

    Args:
        stride: from one window to the next; by default they touch.
        count_include_pad: whether the zeros of the padding count as entries.

    >>> from dlkit import Tensor
    >>> AvgPool1d(2)(Tensor([[1.0, 4.0, 3.0, 2.0]]))
    tensor([[2.5000, 2.5000]])
    """

    n = 1

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = _single(kernel_size), _single(kernel_size if stride is None else stride)
        self.padding, self.ceil_mode, self.count_include_pad = _single(padding), ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return functional.avg_pool1d(
            self._check(input), self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _single(size: Size) -> tuple[int, ...]:
    return (size,) if isinstance(size, int) else tuple(size)


class AvgPool2d(_Pool):
    """The mean of every window along two axes; sizes are a number for both or a pair.

    Shapes: input (N, C, H, W) -> (N, C, H', W'), along either axis as `AvgPool1d`; the batch N may be left out.

    Args:
        divisor_override: divide sums by this number instead of by the number of entries.

    >>> from dlkit import ones
    >>> AvgPool2d(2)(ones(3, 6, 28, 28)).shape
    (3, 6, 14, 14)
    """

    n = 2

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, kernel_size if stride is None else stride, padding
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return functional.avg_pool2d(
            self._check(input),
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _Adaptive(_Pool):
    def __init__(self, output_size: Lengths) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        pool = functional.adaptive_avg_pool1d if self.n == 1 else functional.adaptive_avg_pool2d
        return pool(self._check(input), self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Means of windows that are chosen so that there are `output_size` of them.

    Shapes: input (N, C, L) -> (N, C, output_size); the batch N may be left out.

    >>> from dlkit import Tensor
    >>> AdaptiveAvgPool1d(1)(Tensor([[1.0, 4.0, 3.0, 2.0]]))
    tensor([[2.5000]])
    """

    n = 1


class AdaptiveAvgPool2d(_Adaptive):
    """Means of windows that are chosen so that there are `output_size` of them, a number for both axes or a pair.

    Shapes: input (N, C, H, W) -> (N, C, *output_size); None keeps a length; the batch N may be left out.

    >>> from dlkit import ones
    >>> AdaptiveAvgPool2d((1, None))(ones(3, 6, 28, 28)).shape
    (3, 6, 1, 28)
    """

    n = 2
