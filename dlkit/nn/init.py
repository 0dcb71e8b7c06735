"""What a layer's parameters begin with. Every function fills a tensor in place, and returns it.

>>> from dlkit import nn
>>> constant_(nn.Linear(2, 1).weight, 0.5)
Parameter containing:
tensor([[0.5000, 0.5000]], requires_grad=True)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlkit.autograd import Tensor, backend, no_grad
from dlkit.functions.draw import draw

_GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
_PLAIN = ("linear", "sigmoid", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights are to be larger so that a nonlinearity behind them keeps the size of its signal.

    Args:
        nonlinearity: `"linear"`, `"sigmoid"`, `"tanh"`, `"relu"`, `"leaky_relu"`, `"selu"`, or a convolution's name.
        param: the negative slope of `"leaky_relu"`, 0.01 where none is given.

    Raises:
        ValueError: another nonlinearity.

    >>> round(calculate_gain("leaky_relu", 0.2), 4)
    1.3868
    """
    if nonlinearity in _PLAIN:
        return 1.0
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"the slope of leaky_relu is a number, not {slope!r}")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_PLAIN, *_GAINS, "leaky_relu"])
        raise ValueError(f"no gain is known for {nonlinearity!r}, only for {known}")
    return _GAINS[nonlinearity]


def _fill(tensor: Tensor, numbers: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(numbers)


def _draw(kind: str, tensor: Tensor) -> np.ndarray[Any, Any]:
    """Random numbers for a tensor, from the generator of its library."""
    return backend.to_numpy(draw(kind, tensor.shape, tensor.data))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One number everywhere."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity: a matrix with ones on the diagonal."""
    _matrix("eye_", tensor, exactly=True)
    return _fill(tensor, np.eye(*tensor.shape, dtype=np.float32))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Random numbers, uniform between a and b."""
    return _fill(tensor, a + (b - a) * _draw("uniform", tensor))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Random numbers from a normal distribution."""
    return _fill(tensor, mean + std * _draw("normal", tensor))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Random numbers from a normal distribution without those outside of [a, b].

    Raises:
        ValueError: an interval in which next to no number of the distribution lies.
    """
    low, high = (math.erf((end - mean) / std / math.sqrt(2)) for end in (a, b))
    if not high - low > 1e-3:
        raise ValueError(f"nearly all of a normal distribution with mean {mean} and std {std} is outside of [{a}, {b}]")
    numbers = mean + std * _draw("normal", tensor)
    while (outside := (numbers < a) | (numbers > b)).any():
        again = backend.to_numpy(draw("normal", (int(outside.sum()),), tensor.data))
        numbers = np.array(numbers)
        numbers[outside] = mean + std * again
    return _fill(tensor, numbers)


def _matrix(name: str, tensor: Tensor, exactly: bool = False) -> None:
    if tensor.ndim < 2 or (exactly and tensor.ndim != 2):
        raise ValueError(f"{name} takes {'a matrix' if exactly else 'two axes or more'}, not the shape {tensor.shape}")


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many numbers go into one output, and how many outputs one input goes into."""
    _matrix("the number of inputs and outputs", tensor)
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform within plus or minus gain * sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, AISTATS)."""
    bound = gain * math.sqrt(6 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, AISTATS)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_calculate_fan_in_and_fan_out(tensor))))


def _kaiming(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', not {mode!r}")
    fans = _calculate_fan_in_and_fan_out(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fans[mode == "fan_out"], 1))


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform within plus or minus gain * sqrt(3 / fan) (He et al. 2015, "Delving Deep into Rectifiers").

    Args:
        a: the negative slope of a leaky_relu behind the layer.
        mode: `"fan_in"` keeps the size of signals on the way forward, `"fan_out"` that of gradients on the way back.
    """
    bound = math.sqrt(3) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Normal with standard deviation gain / sqrt(fan) (He et al. 2015, "Delving Deep into Rectifiers")."""
    return normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity))


def orthogonal_(tensor: Tensor, gain: float = 1) -> Tensor:
    """Orthogonal rows, or columns where there are fewer of them; all axes but the first count as one.

    Every orthogonal matrix is as likely as any other (Mezzadri 2007, "How to Generate Random Matrices from the Classical
    Compact Groups").
    """
    _matrix("orthogonal_", tensor)
    flat = _draw("normal", tensor).reshape(tensor.shape[0], -1)
    q, r = np.linalg.qr(flat if flat.shape[0] >= flat.shape[1] else flat.T)
    q = q * np.sign(np.diag(r))
    return _fill(tensor, gain * (q if flat.shape[0] >= flat.shape[1] else q.T).reshape(tensor.shape))
