"""Compound operations as one node each: fewer arrays, less Python, and sums that keep within the range of floats.

Each names its equivalent in primitives (`dlkit.equivalents`), which computes the same, slowly. Here are dense layers,
softmax, normalization and attention; `windows.py` has convolutions and pools, `recurrent.py` networks over time.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from dlkit import equivalents
from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.autograd.graph import Gradients, fused


def flat(x: Array) -> Array:
    """All rows of an array in one matrix."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _linear(x: Array, w: Array, b: Array) -> tuple[Array, None]:
    y = flat(x) @ w.T
    if b is not None:
        y += b
    return y.reshape(*x.shape[:-1], w.shape[0]), None


@fused(_linear, equivalents.linear)
def linear(g: Array, y: Array, saved: None, x: Array, w: Array, b: Array) -> Gradients:
    rows = flat(g)
    return lambda: (rows @ w).reshape(x.shape), lambda: rows.T @ flat(x), lambda: rows.sum(0)


def _exp(x: Array, dim: int) -> tuple[Array, Array, Array]:
    """exp(x - m) with the largest entry m, and its sum. A row of nothing but -inf gives zeros."""
    m = xp(x).max(x, axis=dim, keepdims=True) if x.shape[dim] else xp(x).sum(x, axis=dim, keepdims=True)
    m = xp(x).where(m == -math.inf, 0.0, m)
    e = x - m
    xp(x).exp(e, out=e)
    return e, m, xp(x).sum(e, axis=dim, keepdims=True)


def _softmax(x: Array, *, dim: int) -> tuple[Array, None]:
    y, _, total = _exp(x, dim)
    y /= total
    return y, None


@fused(_softmax, equivalents.softmax)
def softmax(g: Array, y: Array, saved: None, x: Array, *, dim: int) -> Gradients:
    gx = g * y
    return (gx - y * xp(y).sum(gx, axis=dim, keepdims=True),)


def _log_softmax(x: Array, *, dim: int) -> tuple[Array, None]:
    _, m, total = _exp(x, dim)
    return x - (m + xp(x).log(total)), None


@fused(_log_softmax, equivalents.log_softmax)
def log_softmax(g: Array, y: Array, saved: None, x: Array, *, dim: int) -> Gradients:
    return (g - xp(y).exp(y) * xp(y).sum(g, axis=dim, keepdims=True),)


def _nll(x: Array, target: Array) -> tuple[Array, Array]:
    p, m, total = _exp(x, 1)
    y = (m + xp(x).log(total))[:, 0] - x[backend.arange(x), target]
    p /= total
    return y, p


@fused(_nll, equivalents.nll_of_logits)
def nll_of_logits(g: Array, y: Array, p: Array, x: Array, target: Array) -> Gradients:
    """-log of the probability that logits (n, classes) give to a class each (n)."""
    gx = p * g[:, None]
    gx[backend.arange(x), target] -= g
    return gx, None


def _normalize(
    x: Array, w: Array, b: Array, *, dim: tuple[int, ...], eps: float, center: bool = True, tell: Any = None
) -> tuple[Array, Any]:
    n = math.prod(x.shape[i] for i in dim)
    mean = xp(x).sum(x, axis=dim, keepdims=True) / max(n, 1) if center else None
    z = x - mean if center else backend.copy(x)
    variance = xp(x).sum(z * z, axis=dim, keepdims=True) / max(n, 1)
    if tell is not None:
        tell(mean, variance)
    r = 1 / xp(x).sqrt(variance + eps)
    z *= r
    y = z if w is None else z * w
    return y if b is None else y + b, (z, r)


@fused(_normalize, equivalents.normalize)
def normalize(
    g: Array, y: Array, saved: Any, x: Array, w: Array, b: Array, *, dim: tuple[int, ...], center: bool = True, **_: Any
) -> Gradients:
    """(x - mean) / sqrt(variance + eps) * w + b, mean and variance over `dim`; `tell` is called with the two."""
    z, r = saved
    n = math.prod(x.shape[i] for i in dim)

    def of_x() -> Array:
        gx = g * r if w is None else g * w * r
        along = xp(x).sum(gx * z, axis=dim, keepdims=True) / n
        if center:
            gx -= xp(x).sum(gx, axis=dim, keepdims=True) / n
        gx -= z * along
        return gx

    return of_x, lambda: g * z, g


def _attention(q: Array, k: Array, v: Array, mask: Array, kept: Array, *, scale: float) -> tuple[Array, Array]:
    scores = (q * scale) @ k.mT
    if mask is not None:
        scores = scores + mask
    p, _, total = _exp(scores, -1)
    p /= total + (total == 0)  # a row that may look at nothing gives zeros
    return (p if kept is None else p * kept) @ v, p


@fused(_attention, equivalents.attention)
def attention(
    g: Array, y: Array, p: Array, q: Array, k: Array, v: Array, mask: Array, kept: Array, *, scale: float
) -> Gradients:
    """softmax(q k' * scale + mask) v; `kept` are the factors of dropout."""

    @cache
    def of_scores() -> Array:
        gp = g @ v.mT
        if kept is not None:
            gp *= kept
        gp *= p
        gp -= p * xp(p).sum(gp, axis=-1, keepdims=True)
        return gp

    used = p if kept is None else p * kept
    return lambda: of_scores() @ k * scale, lambda: of_scores().mT @ (q * scale), lambda: used.mT @ g, of_scores, None
