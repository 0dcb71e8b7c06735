"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array
from dlkit.optim.optimizer import Group, Optimizer, State, blocks, descent


class SGD(Optimizer):
    r"""Stochastic gradient descent, with momentum and Nesterov's variant of it.

    $$ \mathbf{b}_t = \mu \mathbf{b}_{t-1} + (1 - \tau) \mathbf{g}_t, \qquad
       \mathbf{p}_t = \mathbf{p}_{t-1} - \eta \mathbf{b}_t $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$.
        momentum: $\mu$; with 0 the gradient itself is taken. At first $\mathbf{b}_1 = \mathbf{g}_1$.
        dampening: $\tau$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        nesterov: take $\mathbf{g}_t + \mu \mathbf{b}_t$ in the place of $\mathbf{b}_t$.
        maximize: go uphill.

    Raises:
        ValueError: as `Optimizer`; or `nesterov` without momentum or with dampening.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and no dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, momentum = group["lr"], group["momentum"]
        fresh = 1.0 if "momentum_buffer" not in state else 1 - group["dampening"]
        if momentum:
            state.setdefault("momentum_buffer", backend.zeros_like(param))
        for p, g, b in blocks(param, grad, state.get("momentum_buffer", param)):
            g = descent(p, g, group)
            if momentum:
                b *= momentum
                b += fresh * g
                g = g + momentum * b if group["nesterov"] else b
            p -= lr * g
