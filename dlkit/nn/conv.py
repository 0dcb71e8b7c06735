"""Convolutions over one, two and three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.linear import fan
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import Parameter, empty

Size = int | tuple[int, ...]
AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}


def lengths(size: Any, n: int) -> tuple[int, ...]:
    """One number for each of n axes.

    >>> lengths(3, 2)
    (3, 3)
    """
    return tuple(size) if isinstance(size, Sequence) else (size,) * n


class _Conv(Module):
    """What convolutions have in common: `n` axes, and parameters."""

    n: int
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        output_padding: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        transposed: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        super().__init__()
        modes = ("zeros",) if transposed else ("zeros", "reflect", "replicate", "circular")
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        if padding_mode not in modes:
            raise ValueError(f"padding_mode is one of {modes} in {type(self).__name__}, not {padding_mode!r}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = (lengths(x, self.n) for x in (kernel_size, stride, dilation))
        self.padding = padding if isinstance(padding, str) else lengths(padding, self.n)
        self.output_padding, self.padding_mode, self.transposed = (
            lengths(output_padding, self.n),
            padding_mode,
            transposed,
        )
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"padding is numbers, 'same' or 'valid', not {padding!r}")
            if padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' goes with stride=1 alone")
        channels = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = empty(*channels, *self.kernel_size, device=device, dtype=dtype)
        self.register_parameter("bias", empty(out_channels, device=device, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights and biases uniform within plus or minus 1 / sqrt(numbers that go into one output)."""
        fan(self.weight, self.bias)

    def _check(self, input: Tensor) -> None:
        n = self.n
        if input.ndim not in (n + 1, n + 2) or input.shape[-n - 1] != self.in_channels:
            refuse(self, f"(batch, {self.in_channels}, {AXES[n]}), with or without the batch", input)

    def _padded(self, input: Tensor) -> tuple[Tensor, Size | str]:
        """The input and the padding with zeros that is left to do."""
        if self.padding_mode == "zeros":
            return input, self.padding
        pads: list[int] = []
        for i in reversed(range(self.n)):  # functional.pad begins with the last axis
            if self.padding == "same":
                total = self.dilation[i] * (self.kernel_size[i] - 1)
                pads += [total // 2, total - total // 2]
            else:
                pads += [0, 0] if isinstance(self.padding, str) else [self.padding[i]] * 2
        return functional.pad(input, pads, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        said = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * (len(value) if isinstance(value, str) else self.n):
                said.append(f"{name}={value}")
        said += [f"groups={self.groups}"] if self.groups != 1 else []
        said += ["bias=False"] if self.bias is None else []
        return ", ".join(said + ([f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []))


class _Convolution(_Conv):
    """Convolution along `n` axes."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode,
            False, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        self._check(input)
        input, padding = self._padded(input)
        convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[self.n - 1]
        return convolve(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Convolution):
    """Convolution along one axis: out[n, o, t] = bias[o] + sum over c, k of weight[o, c, k] * input[n, c, t*stride + k*dilation].

    Shapes: input (N, in_channels, L) -> (N, out_channels, (L + 2*padding - dilation*(kernel_size-1) - 1) // stride + 1);
    the batch N may be left out. weight (out_channels, in_channels / groups, kernel_size), bias (out_channels).

    Args:
        padding: how much is put to both ends, or `"same"`, or `"valid"` for none.
        groups: into how many the channels are split; each output belongs to one of them.
        padding_mode: `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`.

    >>> from dlkit import ones
    >>> Conv1d(2, 4, 3, padding=1)(ones(5, 2, 8)).shape
    (5, 4, 8)
    """

    n = 1


class Conv2d(_Convolution):
    """Convolution along two axes, as `Conv1d` along one; sizes are a number for both or a pair.

    Shapes: input (N, in_channels, H, W) -> (N, out_channels, H', W') with, for either,
    H' = (H + 2*padding - dilation*(kernel_size-1) - 1) // stride + 1; the batch N may be left out.
    weight (out_channels, in_channels / groups, *kernel_size), bias (out_channels).

    >>> from dlkit import ones
    >>> Conv2d(1, 6, kernel_size=5, padding=2)(ones(3, 1, 28, 28)).shape
    (3, 6, 28, 28)
    """

    n = 2


class Conv3d(_Convolution):
    """Convolution along three axes, as `Conv1d` along one; sizes are a number for all or three numbers.

    Shapes: input (N, in_channels, D, H, W), along each axis as `Conv1d`; the batch N may be left out.

    >>> from dlkit import ones
    >>> Conv3d(1, 2, 3)(ones(1, 1, 5, 5, 5)).shape
    (1, 2, 3, 3, 3)
    """

    n = 3
