"""Padding: more entries at the ends of the last axis, or of the last two.

`padding` is one number for all ends, or a number for each: (left, right), and for two axes (left, right, top, bottom).
Shapes: input (N, C, L) or (N, C, H, W), the batch N may be left out -> the same with longer last axes.
"""

from __future__ import annotations

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.module import Module

Padding = int | tuple[int, ...]


class _Pad(Module):
    n: int
    mode = "constant"

    def __init__(self, padding: Padding, value: float = 0.0) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.n) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self.n:
            raise ValueError(f"{type(self).__name__} takes one number or {2 * self.n}, not padding={padding}")
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return functional.pad(input, self.padding, self.mode, self.value if self.mode == "constant" else None)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_Pad):
    """A number at both ends.

    >>> ConstantPad1d((1, 2), 7.0)(Tensor([[1.0, 2.0]]))
    tensor([[7., 1., 2., 7., 7.]])
    """

    n = 1

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding, value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """A number all around.

    >>> from dlkit import ones
    >>> ConstantPad2d(1, 7.0)(ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    n = 2


class ZeroPad1d(_Pad):
    """Zeros at both ends.

    >>> ZeroPad1d(1)(Tensor([[1.0, 2.0]]))
    tensor([[0., 1., 2., 0.]])
    """

    n = 1

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding)


class ZeroPad2d(ZeroPad1d):
    """Zeros all around.

    >>> from dlkit import ones
    >>> ZeroPad2d((1, 0, 2, 0))(ones(1, 2, 3)).shape
    (1, 4, 4)
    """

    n = 2


class ReflectionPad1d(_Pad):
    """The entries at each end once more, mirrored, without the last one.

    >>> ReflectionPad1d(2)(Tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    n, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """As `ReflectionPad1d`, along two axes.

    >>> from dlkit import ones
    >>> ReflectionPad2d(1)(ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    n, mode = 2, "reflect"


class ReplicationPad1d(_Pad):
    """The last entry at each end, repeated.

    >>> ReplicationPad1d(2)(Tensor([[1.0, 2.0, 3.0]]))
    tensor([[1., 1., 1., 2., 3., 3., 3.]])
    """

    n, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """As `ReplicationPad1d`, along two axes.

    >>> from dlkit import ones
    >>> ReplicationPad2d(1)(ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    n, mode = 2, "replicate"


class CircularPad1d(_Pad):
    """The entries of the other end, as on a circle.

    >>> CircularPad1d(1)(Tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    n, mode = 1, "circular"


class CircularPad2d(_Pad):
    """As `CircularPad1d`, along two axes.

    >>> from dlkit import ones
    >>> CircularPad2d(1)(ones(1, 2, 3)).shape
    (1, 4, 5)
    """

    n, mode = 2, "circular"
