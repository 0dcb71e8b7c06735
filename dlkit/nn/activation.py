"""Activations that keep numbers small, and those that weigh numbers against each other."""

from __future__ import annotations

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.module import Module
from dlkit.nn.rectifiers import InPlace


class Sigmoid(Module):
    """1 / (1 + exp(-x)), entry by entry.

    >>> Sigmoid()(Tensor([-1.0, 2.0]))
    tensor([0.2689, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.sigmoid()


class LogSigmoid(Module):
    """-log(1 + exp(-x)), entry by entry.

    >>> LogSigmoid()(Tensor([-1.0, 2.0]))
    tensor([-1.3133, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, entry by entry.

    >>> Tanh()(Tensor([-1.0, 2.0]))
    tensor([-0.7616,  0.9640])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.tanh()


class Tanhshrink(Module):
    """x - tanh(x), entry by entry.

    >>> Tanhshrink()(Tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.0360])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input - input.tanh()


class Softsign(Module):
    """x / (1 + |x|), entry by entry.

    >>> Softsign()(Tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.softsign(input)


class Hardtanh(InPlace):
    """min(max(min_val, x), max_val), entry by entry.

    Raises:
        ValueError: max_val that is not above min_val.

    >>> Hardtanh()(Tensor([-3.0, 0.5, 2.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if not min_val < max_val:
            raise ValueError(f"max_val={max_val} must be above min_val={min_val}")
        self.min_val, self.max_val = min_val, max_val

    def forward(self, input: Tensor) -> Tensor:
        return functional.hardtanh(input, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return self._said("min_val", "max_val")


class Hardsigmoid(InPlace):
    """min(max(0, x / 6 + 1 / 2), 1), entry by entry.

    >>> Hardsigmoid()(Tensor([-3.0, 0.0, 3.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.hardsigmoid(input)

    def extra_repr(self) -> str:
        return ""


class Threshold(InPlace):
    """x where x is above the threshold, else `value`, entry by entry.

    >>> Threshold(1.0, 20.0)(Tensor([-1.0, 2.0]))
    tensor([20.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold, self.value = threshold, value

    def forward(self, input: Tensor) -> Tensor:
        return functional.threshold(input, self.threshold, self.value)

    def extra_repr(self) -> str:
        return self._said("threshold", "value")


class GLU(Module):
    """The first half of an axis times the sigmoid of its second half.

    >>> GLU()(Tensor([4.0, 0.0]))
    tensor([2.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return functional.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class _Along(Module):
    """A function of all entries along an axis; without `dim`, it is axis 0 of inputs with 0, 1 or 3 axes, else 1."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def _dim(self, input: Tensor) -> int:
        return self.dim if self.dim is not None else 0 if input.ndim in (0, 1, 3) else 1

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """exp(x_i) / sum over j of exp(x_j), along an axis; without `dim`, axis 0 of inputs with 0, 1 or 3 axes, else 1.

    >>> Softmax(dim=0)(Tensor([1.0, 1.0]))
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.softmax(input, self._dim(input))


class Softmin(_Along):
    """softmax(-x).

    >>> Softmin(dim=0)(Tensor([1.0, 1.0]))
    tensor([0.5000, 0.5000])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.softmax(-input, self._dim(input))


class LogSoftmax(_Along):
    """log(softmax(x)), computed so that nothing overflows.

    >>> LogSoftmax(dim=0)(Tensor([1.0, 1.0]))
    tensor([-0.6931, -0.6931])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.log_softmax(input, self._dim(input))
