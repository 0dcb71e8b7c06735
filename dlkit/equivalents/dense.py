"""Dense layers, softmax, normalization and attention in primitives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dlkit.autograd import backend, rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


def linear(x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    """x w' + b for rows x (..., features), w (out, features) and b (out)."""
    y = x @ w.T
    return y if b is None else y + b


def embedding(w: Tensor, index: Tensor, share: Tensor | None) -> Tensor:
    """The rows of w at some indices, of whose gradients only a share arrives."""
    rows = w[index]
    return rows if share is None else rows * share + rows.detach() * (1 - share)


def _largest(x: Tensor, dim: int) -> Tensor:
    """The largest entry along an axis, as a number that is known: it cancels out, and needs no gradient."""
    if not x.shape[dim]:
        return x.detach().sum(dim, keepdim=True)
    m = rules.amax(x.detach(), dim=(dim % x.ndim,), keepdim=True)
    return rules.where(m == -math.inf, 0.0, m)


def softmax(x: Tensor, *, dim: int) -> Tensor:
    """exp(x) / sum exp(x), where subtracting the largest x keeps exp in range."""
    e = rules.exp(x - _largest(x, dim))
    return e / e.sum(dim, keepdim=True)


def log_softmax(x: Tensor, *, dim: int) -> Tensor:
    """x - log sum exp(x)."""
    z = x - _largest(x, dim)
    return z - rules.log(rules.exp(z).sum(dim, keepdim=True))


def nll_of_logits(x: Tensor, target: Tensor) -> Tensor:
    """-log softmax(x) at one class in each row."""
    return -log_softmax(x, dim=1)[backend.arange(x.data), target]


def normalize(
    x: Tensor, w: Tensor | None, b: Tensor | None, *, dim: tuple[int, ...], eps: float, center: bool = True, **_: Any
) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * w + b with the mean and the variance over `dim`."""
    n = max(math.prod(x.shape[i] for i in dim), 1)
    z = x - x.sum(dim, keepdim=True) / n if center else x
    y = z / rules.sqrt((z * z).sum(dim, keepdim=True) / n + eps)
    y = y if w is None else y * w
    return y if b is None else y + b


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, kept: Tensor | None, *, scale: float) -> Tensor:
    """softmax(q k' * scale + mask) v; rows whose mask is -inf throughout give zeros."""
    scores = q @ k.mT * scale
    if mask is not None:
        scores = scores + mask
    e = rules.exp(scores - _largest(scores, -1))
    total = e.sum(-1, keepdim=True)
    p = e / rules.where(total == 0, 1.0, total)
    return (p if kept is None else p * kept) @ v
