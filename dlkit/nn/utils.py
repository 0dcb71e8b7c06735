"""What is done to all parameters of a model together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from dlkit.autograd import Tensor, backend, no_grad
from dlkit.functions import cat


def _gradients(parameters: Iterable[Tensor] | Tensor) -> list[Tensor]:
    found = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in found if p.grad is not None]


def clip_grad_norm_(
    parameters: Iterable[Tensor] | Tensor, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Shrink all gradients by one factor, in place, so that their norm as one vector is `max_norm` at most.

    Source: Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks".

    Args:
        norm_type: p of the p-norm; `math.inf` is the largest absolute value.
        error_if_nonfinite: refuse a norm that is infinite or not a number.

    Returns:
        The norm as it was before.

    Raises:
        RuntimeError: a norm that is not finite, if `error_if_nonfinite`.

    >>> p = Tensor([0.0, 0.0], requires_grad=True)
    >>> p.grad = Tensor([3.0, 4.0])
    >>> clip_grad_norm_(p, 1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    gradients = _gradients(parameters)
    if not gradients:
        return Tensor(0.0)
    sizes = [_norm(g, norm_type) for g in gradients]
    total = max(sizes) if math.isinf(norm_type) else sum(size**norm_type for size in sizes) ** (1 / norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"the gradients have the norm {total} and cannot be clipped: look for a step where a loss or an activation "
            f"became infinite, or say error_if_nonfinite=False"
        )
    factor = max_norm / (total + 1e-6)
    if not factor >= 1:  # smaller, or not a number, which is to be seen in the gradients
        with no_grad():
            for g in gradients:
                g.data *= factor
                g.version[0] += 1
    return Tensor(backend.like(np.asarray(total, dtype=gradients[0].dtype), gradients[0].data))


def _norm(g: Tensor, p: float) -> float:
    flat = backend.xp(g.data).reshape(g.data, (-1,))
    if p == 2:
        return math.sqrt(float(flat @ flat))
    size = backend.xp(flat).abs(flat)
    return float(size.max() if math.isinf(p) else (size**p).sum() ** (1 / p))


def clip_grad_value_(parameters: Iterable[Tensor] | Tensor, clip_value: float) -> None:
    """Bring every entry of every gradient into [-clip_value, clip_value], in place.

    >>> p = Tensor([0.0, 0.0], requires_grad=True)
    >>> p.grad = Tensor([3.0, -0.5])
    >>> clip_grad_value_(p, 1.0)
    >>> p.grad
    tensor([ 1.0000, -0.5000])
    """
    for g in _gradients(parameters):
        g.data[...] = backend.xp(g.data).clip(g.data, -float(clip_value), float(clip_value))
        g.version[0] += 1


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All parameters as one vector, with a graph.

    >>> parameters_to_vector([Tensor([1.0]), Tensor([[2.0], [3.0]])])
    tensor([1., 2., 3.])
    """
    return cat([p.reshape((-1,)) for p in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the entries of a vector into parameters, in their order.

    Raises:
        ValueError: a vector of another length than the parameters have together.
    """
    found = list(parameters)
    total = sum(p.numel() for p in found)
    if vec.shape != (total,):
        raise ValueError(f"the parameters have {total} numbers together, and the vector has the shape {vec.shape}")
    start = 0
    with no_grad():
        for p in found:
            p.copy_(vec.data[start : start + p.numel()].reshape(p.shape))
            start += p.numel()
