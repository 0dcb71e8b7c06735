"""Random tensors: from NumPy's global generator, which `np.random.seed` governs, or, as torch's arrays, from torch's.

>>> from dlkit import ones, tensor
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend
from dlkit.functions.draw import draw
from dlkit.functions.shapes import numbers

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = ["bernoulli", "manual_seed", "multinomial", "normal", "rand", "randint", "randn", "randperm"]


def manual_seed(seed: int) -> None:
    """Put the generators of random numbers into a known state: NumPy's global one, and torch's if it is loaded.

    >>> manual_seed(0)
    """
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _sampled(kind: str, shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers of one kind, `"uniform"` or `"normal"`, float32 by default.

    >>> _sampled("normal", (2, 3)).shape
    (2, 3)
    """
    array = backend.cast(draw(kind, tuple(shape)), dtype or np.float32)
    return tensors.Tensor(array if device is None else backend.native(array, device=device), requires_grad)


def rand(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers, uniform in [0, 1).

    >>> 0 <= rand(1).item() < 1
    True
    """
    return _sampled("uniform", numbers(shape), dtype, device, requires_grad)


def randn(*shape: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers from the standard normal distribution.

    >>> randn(2, 3).shape
    (2, 3)
    """
    return _sampled("normal", numbers(shape), dtype, device, requires_grad)


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None) -> Tensor:
    """Random numbers from normal distributions, one for each mean and deviation, or of one for a whole shape.

    >>> normal(ones(3), 0.1).shape
    (3,)
    """
    if size is None:
        sizes = [x.shape for x in (mean, std) if isinstance(x, tensors.Tensor)]
        size = np.broadcast_shapes(*sizes)
    found: Tensor = _sampled("normal", size) * std + mean
    return found


def randint(low: int, high: Any = None, size: Any = None, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Random integers from `low` (0 where only one bound is given) to before `high`.

    >>> randint(3, (2, 2)).shape
    (2, 2)
    """
    if size is None:
        low, high, size = 0, low, high
    if high <= low:
        raise ValueError(f"randint from {low} to before {high}: there is none")
    whole = np.floor(backend.to_numpy(draw("uniform", tuple(size))).astype(np.float64) * (high - low)) + low
    return tensors.Tensor(backend.native(whole.astype(dtype or np.int64), device=device))


def randperm(n: int, *, dtype: Any = None, device: Any = None) -> Tensor:
    """The integers from 0 to before n in random order.

    >>> sorted(randperm(3).tolist())
    [0, 1, 2]
    """
    order = np.argsort(backend.to_numpy(draw("uniform", (n,))), kind="stable")
    return tensors.Tensor(backend.native(order.astype(dtype or np.int64), device=device))


def bernoulli(x: Tensor) -> Tensor:
    """1 with the probability that each entry says, else 0.

    >>> bernoulli(tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    drawn = draw("uniform", x.shape, x.data)
    return tensors.Tensor(backend.cast(drawn < x.data, x.dtype))


def multinomial(x: Tensor, num_samples: int, replacement: bool = False) -> Tensor:
    """Places drawn from a row (n), or from each row (rows, n), with probabilities in the ratio of its entries.

    Raises:
        ValueError: more are wanted than a row has entries above 0, without `replacement`.

    >>> multinomial(tensor([0.0, 2.0, 1.0]), 1).item() > 0
    True
    """
    weights = backend.to_numpy(x.data).astype(np.float64)
    rows = weights.reshape(-1, weights.shape[-1])
    if not replacement and (rows > 0).sum(axis=1).min() < num_samples:
        raise ValueError(f"multinomial: {num_samples} different places, and a row has fewer entries above 0")
    if replacement:
        bounds = np.cumsum(rows, axis=1)
        drawn = backend.to_numpy(draw("uniform", (len(rows), num_samples), x.data)) * bounds[:, -1:]
        found = np.stack([np.searchsorted(b, d, side="right") for b, d in zip(bounds, drawn, strict=True)])
    else:  # the first arrivals of clocks that run at these rates
        with np.errstate(divide="ignore"):
            times = -np.log1p(-backend.to_numpy(draw("uniform", rows.shape, x.data))) / rows
        found = np.argsort(times, axis=1, kind="stable")[:, :num_samples]
    return tensors.Tensor(backend.like(found.reshape(*weights.shape[:-1], num_samples), x.data))
