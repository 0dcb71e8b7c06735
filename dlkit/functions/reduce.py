"""Functions that make a tensor smaller: sums, means and the like.

`dim` is an axis or several, all by default; `keepdim` leaves the axes there, with length 1.

>>> from dlkit import tensor
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, rules
from dlkit.functions.axes import Dims, axes, axis
from dlkit.functions.kinds import floating, typed

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "logsumexp",
    "mean",
    "prod",
    "std",
    "std_mean",
    "sum",
    "var",
    "var_mean",
]


def sum(x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over some axes.

    >>> sum(tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    return rules.sum(typed(x, dtype), dim=axes(x, dim), keepdim=keepdim)


def _count(x: Tensor, dim: Dims) -> int:
    return math.prod(x.shape[i] for i in axes(x, dim))


def mean(x: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over some axes; nan of no entries.

    Raises:
        TypeError: integers, which have no mean in their type.

    >>> mean(tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1.5000, 3.5000])
    """
    x = typed(x, dtype)
    if x.dtype.kind != "f":
        raise TypeError(f"the mean of {x.dtype} is not one of them: take x.float().mean(), or name a dtype")
    count = _count(x, dim)
    return sum(x, dim, keepdim) / (count or math.nan)


def prod(x: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over an axis, or of all entries; 1 of none.

    Half of the entries are multiplied with the other half until one is left. So the gradient is the product of the
    others even where an entry is 0, and nothing is divided.

    >>> prod(tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([3., 8.])
    """
    if dtype is None and x.dtype.kind in "bi":
        dtype = "int64"
    y, dims = typed(x, dtype), axes(x, dim)
    kept = [i for i in range(x.ndim) if i not in dims]
    y = rules.permute(y, dims=(*kept, *dims))
    y = rules.reshape(y, shape=(*(x.shape[i] for i in kept), _count(x, dim)))
    if not y.shape[-1]:
        y = tensors.Tensor(backend.full((*y.shape[:-1], 1), 1, y.data))
    while (n := y.shape[-1]) > 1:
        paired = y[..., : n // 2] * y[..., n // 2 : n - n % 2]
        y = rules.cat(paired, y[..., n - 1 :], dim=y.ndim - 1) if n % 2 else paired
    return rules.reshape(y, shape=tuple(1 if i in dims else n for i, n in enumerate(x.shape) if keepdim or i in kept))


def cumsum(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The sums of the first entries along an axis: of one, of two, and so on.

    >>> cumsum(tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 3., 6.])
    """
    dim = axis(dim, x.ndim)
    return rules.cumsum(typed(x, dtype), dim=dim) if x.ndim else rules.cast(x, dtype=dtype or x.dtype)


def cumprod(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The products of the first entries along an axis: of one, of two, and so on.

    Each entry is multiplied with the one before, then with the one two before, then four, until all have met.

    >>> cumprod(tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 2., 6.])
    """
    y, dim = typed(x, dtype), axis(dim, x.ndim)
    before, step = (slice(None),) * dim, 1
    while x.ndim and step < x.shape[dim]:
        later = y[(*before, slice(step, None))] * y[(*before, slice(None, -step))]
        y = rules.cat(y[(*before, slice(None, step))], later, dim=dim)
        step *= 2
    return y


def var(
    x: Tensor, dim: Dims | bool = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """The variance over some axes: the sum of squared distances from the mean, divided by the count less `correction`.

    Args:
        x: any shape.
        dim: an axis or several; or, as torch has it, `unbiased` alone.
        unbiased: a correction of 1; otherwise of 0.
        keepdim: leave the axes there, with length 1.
        correction: how much less than the count.

    >>> var(tensor([1.0, 2.0, 3.0, 4.0])), var(tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    (tensor(1.6667), tensor(1.2500))
    """
    return var_mean(x, dim, unbiased, keepdim, correction=correction)[0]


def std(
    x: Tensor, dim: Dims | bool = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> Tensor:
    """The standard deviation, the root of `var`. Where it is 0, so is its gradient.

    >>> std(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor(1.2910)
    """
    return std_mean(x, dim, unbiased, keepdim, correction=correction)[0]


def var_mean(
    x: Tensor, dim: Dims | bool = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The variance, as `var` has it, and the mean.

    >>> var_mean(tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    if isinstance(dim, bool):
        return var_mean(x, None, dim, keepdim, correction=correction)
    less = float(unbiased) if correction is None else correction
    average = mean(x, dim, keepdim=True)
    distance = x - average
    count = max(0, _count(x, dim) - less)
    squares = sum(distance * distance, dim, keepdim)
    spread = squares / count if count else squares * math.inf  # nan where there is no distance
    return spread, average if keepdim else rules.reshape(average, shape=spread.shape)


def std_mean(
    x: Tensor, dim: Dims | bool = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation, as `std` has it, and the mean.

    >>> std_mean(tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    spread, average = var_mean(x, dim, unbiased, keepdim, correction=correction)
    return root(spread), average


def root(x: Tensor) -> Tensor:
    """The square root, with a gradient of 0 instead of infinity at 0.

    >>> root(tensor([0.0, 4.0]))
    tensor([0., 2.])
    """
    none = x == 0
    return rules.where(none, 0.0, rules.sqrt(rules.where(none, 1.0, x)))


def logsumexp(x: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over some axes, without overflow: the largest entry is taken out first.

    >>> logsumexp(tensor([1000.0, 1000.0]), dim=0) - 1000
    tensor(0.6932)
    """
    if not _count(x, dim):
        return rules.log(rules.sum(rules.exp(x), dim=axes(x, dim), keepdim=keepdim))
    x = floating(x)
    largest = rules.amax(x.detach(), dim=axes(x, dim), keepdim=True)
    largest = rules.where(abs(largest) == math.inf, 0.0, largest)
    found = rules.log(rules.sum(rules.exp(x - largest), dim=axes(x, dim), keepdim=True)) + largest
    return found if keepdim else rules.reshape(found, shape=tuple(rules.sum(x.detach(), dim=axes(x, dim)).shape))


def all(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether all entries are true: not zero.

    >>> all(tensor([[True, False], [True, True]]), dim=1)
    tensor([False,  True])
    """
    return tensors.Tensor(backend.xp(x.data).all(x.data != 0, axis=axes(x, dim), keepdims=keepdim))


def any(x: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether an entry is true: not zero.

    >>> any(tensor([[True, False], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return tensors.Tensor(backend.xp(x.data).any(x.data != 0, axis=axes(x, dim), keepdims=keepdim))


def count_nonzero(x: Tensor, dim: Dims = None) -> Tensor:
    """How many entries are not zero.

    >>> count_nonzero(tensor([0.0, 3.0, 4.0]))
    tensor(2)
    """
    return rules.sum(typed(x != 0, "int64"), dim=axes(x, dim))
