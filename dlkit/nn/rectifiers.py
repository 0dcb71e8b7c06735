"""Activations that let large numbers pass: entry by entry, with the shape of the input."""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional, init
from dlkit.nn.module import Module, refuse
from dlkit.nn.parameter import empty


class InPlace(Module):
    """An activation with torch's argument `inplace`, which is taken and remembered; the result is a new tensor here."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""

    def _said(self, *names: str) -> str:
        """Some arguments as text, then `inplace`."""
        return ", ".join(
            [*(f"{name}={getattr(self, name)}" for name in names), *filter(None, [InPlace.extra_repr(self)])]
        )


class ReLU(InPlace):
    """max(0, x).

    >>> ReLU()(Tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.relu(input)


class ReLU6(InPlace):
    """min(max(0, x), 6).

    >>> ReLU6()(Tensor([-1.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.relu6(input)


class LeakyReLU(InPlace):
    """x where x is positive, else negative_slope * x.

    >>> LeakyReLU(0.5)(Tensor([-1.0, 2.0]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return functional.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        return self._said("negative_slope")


class PReLU(Module):
    """x where x is positive, else weight * x, with a slope that is learned.

    Source: He, Zhang, Ren and Sun 2015, "Delving Deep into Rectifiers".

    Shapes: input (N, num_parameters, *), or any where there is one parameter -> the same; weight (num_parameters).

    Args:
        num_parameters: 1 for one slope, or the number of channels for one slope each.
        init: what the slopes begin with.

    >>> PReLU()(Tensor([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = empty(num_parameters, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """All slopes as `init` says."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        if self.num_parameters != 1 and (input.ndim < 2 or input.shape[1] != self.num_parameters):
            refuse(self, f"(batch, {self.num_parameters}, ...)", input)
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(InPlace):
    """x where x is positive, else alpha * (exp(x) - 1).

    Source: Clevert, Unterthiner and Hochreiter 2016, "Fast and Accurate Deep Network Learning by Exponential Linear Units".

    >>> ELU()(Tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return functional.elu(input, self.alpha)

    def extra_repr(self) -> str:
        return self._said("alpha")


class CELU(InPlace):
    """x where x is positive, else alpha * (exp(x / alpha) - 1).

    >>> CELU(2.0)(Tensor([-1.0, 2.0]))
    tensor([-0.7869,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return functional.celu(input, self.alpha)

    def extra_repr(self) -> str:
        return self._said("alpha")


class SELU(InPlace):
    """scale * ELU(x, alpha) with the two constants that keep mean 0 and variance 1.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter 2017, "Self-Normalizing Neural Networks".

    >>> SELU()(Tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.selu(input)


class GELU(Module):
    """x * Phi(x), with the distribution function Phi of the standard normal distribution.

    Source: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units".

    Args:
        approximate: `"tanh"` for 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).

    >>> GELU()(Tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return functional.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(InPlace):
    """x * sigmoid(x).

    >>> SiLU()(Tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.silu(input)


class Mish(InPlace):
    """x * tanh(softplus(x)).

    Source: Misra 2019, "Mish: A Self Regularized Non-Monotonic Activation Function".

    >>> Mish()(Tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.mish(input)


class Hardswish(InPlace):
    """x * min(max(0, x + 3), 6) / 6.

    >>> Hardswish()(Tensor([-3.0, 3.0, 4.0]))
    tensor([-0.,  3.,  4.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.hardswish(input)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x is above the threshold, where the two agree.

    >>> Softplus()(Tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = beta, threshold

    def forward(self, input: Tensor) -> Tensor:
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"
