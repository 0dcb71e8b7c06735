"""Yogi: Adam with a mean of squares that forgets slowly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State, blocks, count, descent


class Yogi(Optimizer):
    r"""Adam whose mean of squares changes by an amount that does not depend on itself, so it forgets slowly.

    $$ \mathbf{v}_t = \mathbf{v}_{t-1} - (1 - \beta_2) \operatorname{sign}(\mathbf{v}_{t-1} - \mathbf{g}_t^2) \mathbf{g}_t^2 $$

    Everything else is as in Adam, with the means divided by their weights.

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$.
        betas: $\beta_1$ and $\beta_2$.
        eps: $\epsilon$.
        initial_accumulator_value: $\mathbf{v}_0$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        maximize: go uphill.

    Source: Zaheer et al., "Adaptive methods for nonconvex optimization", 2018.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Yogi([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9001, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-3,
        initial_accumulator_value: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "initial_accumulator_value": initial_accumulator_value,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, eps, (beta1, beta2) = group["lr"], group["eps"], group["betas"]
        if "exp_avg_sq" not in state:
            state["exp_avg_sq"] = backend.full(param.shape, group["initial_accumulator_value"], param)
        t = count(state, param, "exp_avg")
        for p, g, m, v in blocks(param, grad, state["exp_avg"], state["exp_avg_sq"]):
            g = descent(p, g, group)
            m *= beta1
            m += (1 - beta1) * g
            v -= (1 - beta2) * xp(v).sign(v - g * g) * g * g
            p -= lr / (1 - beta1**t) * m / (xp(v).sqrt(v / (1 - beta2**t)) + eps)
