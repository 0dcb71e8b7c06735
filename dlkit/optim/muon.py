"""Muon: momentum for matrices, made orthogonal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State

RATES = {
    "original": lambda rows, columns: math.sqrt(max(1, rows / columns)),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}


class Muon(Optimizer):
    r"""Momentum whose matrix is replaced by the nearest orthogonal one: all directions in it get steps of one length.

    $$ \mathbf{B}_t = \mu \mathbf{B}_{t-1} + (1 - \mu) \mathbf{G}_t, \qquad
       \mathbf{P}_t = (1 - \eta\lambda) \mathbf{P}_{t-1} - \eta' \operatorname{orthogonal}(\mathbf{B}_t) $$

    Args:
        params: matrices, or groups of them. Biases, embeddings and the like are for another optimizer.
        lr: the learning rate $\eta$.
        weight_decay: $\lambda$, decoupled.
        momentum: $\mu$.
        nesterov: take $\mu \mathbf{B}_t + (1 - \mu) \mathbf{G}_t$ in the place of $\mathbf{B}_t$.
        ns_coefficients: of the polynomial, see `orthogonal`.
        eps: the smallest norm that is divided by.
        ns_steps: how often the polynomial is applied.
        adjust_lr_fn: what $\eta' / \eta$ is for m rows and n columns: `"original"` or None, $\sqrt{\max(1, m/n)}$;
            `"match_rms_adamw"`, $0.2 \sqrt{\max(m, n)}$, with which rates found for AdamW serve here.

    Raises:
        ValueError: as `Optimizer`; or a parameter that is no matrix, or an unknown `adjust_lr_fn`.

    Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    >>> from dlkit import Tensor
    >>> p = Tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> optimizer = Muon([p], lr=0.1)
    >>> (p * Tensor([[3.0, 0.0], [0.0, 0.5]])).sum().backward()
    >>> optimizer.step()
    >>> bool(p.data[0, 0] < 0.95 and p.data[1, 1] < 0.95)
    True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if adjust_lr_fn not in (None, *RATES):
            raise ValueError(f"Muon: adjust_lr_fn={adjust_lr_fn!r}, and it must be None or one of {', '.join(RATES)}")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: Group) -> None:
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.ndim != 2:
                raise ValueError(f"Muon is for matrices, and a parameter has shape {p.shape}: give it to AdamW")

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        weight, b = 1 - group["momentum"], state.setdefault("momentum_buffer", backend.zeros_like(param))
        b += weight * (grad - b)
        u = b + weight * (grad - b) if group["nesterov"] else b
        u = orthogonal(u, group["ns_coefficients"], group["ns_steps"], group["eps"])
        param *= 1 - group["lr"] * group["weight_decay"]
        param -= group["lr"] * RATES[group["adjust_lr_fn"] or "original"](*param.shape) * u


def orthogonal(
    g: Array, coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315), steps: int = 5, eps: float = 1e-7
) -> Array:
    r"""A matrix with the singular vectors of another one, and singular values near 1.

    Newton and Schulz's iteration: $\mathbf{X} \leftarrow a\mathbf{X} + b(\mathbf{X}\mathbf{X}^\top)\mathbf{X} +
    c(\mathbf{X}\mathbf{X}^\top)^2\mathbf{X}$ takes every singular value $s$ to $as + bs^3 + cs^5$. With these
    coefficients it comes to between 0.7 and 1.2 within five steps: near enough, and sooner than at exactly 1. The
    numbers are rounded as torch rounds them, to 8 binary digits.
    """
    a, b, c = coefficients
    x = _short(g if g.shape[0] <= g.shape[1] else g.T)
    x = _short(x / xp(x).maximum(_short(xp(x).linalg.vector_norm(x)), eps))
    for _ in range(steps):
        s = _short(x @ x.T)
        s = _plus(b, s, c, s, s)
        x = _plus(a, x, 1, s, x)
    return backend.cast(x if g.shape[0] <= g.shape[1] else x.T, backend.dtype(g))


def _plus(a: float, x: Array, b: float, s: Array, y: Array) -> Array:
    """a x + b s y, rounded once."""
    return _short(a * x + b * (s @ y)) if backend.is_numpy(x) else x.addmm(s, y, beta=a, alpha=b)


def _short(a: Array) -> Array:
    """An array rounded to bfloat16's 8 binary digits, as float32 on NumPy, which lacks that type."""
    if not backend.is_numpy(a):
        return a.bfloat16()
    bits = np.asarray(a, dtype=np.float32, order="C").view(np.uint32)
    return ((bits + (0x7FFF + (bits >> 16 & 1))) & 0xFFFF0000).view(np.float32)
