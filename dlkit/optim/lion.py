"""Lion: the sign of a mean of gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State, blocks


class Lion(Optimizer):
    r"""Steps of one length: the sign of a mean of gradients, in which the newest one weighs more than in the mean kept.

    $$ \mathbf{p}_t = \mathbf{p}_{t-1} - \eta (\operatorname{sign}(\beta_1 \mathbf{m}_{t-1} + (1 - \beta_1) \mathbf{g}_t)
       + \lambda \mathbf{p}_{t-1}), \qquad \mathbf{m}_t = \beta_2 \mathbf{m}_{t-1} + (1 - \beta_2) \mathbf{g}_t $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$; a good one is several times smaller than Adam's.
        betas: $\beta_1$ and $\beta_2$.
        weight_decay: $\lambda$, decoupled.
        maximize: go uphill.

    Source: Chen et al., "Symbolic discovery of optimization algorithms", 2023.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Lion([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        for p, g, m in blocks(param, grad, state.setdefault("exp_avg", backend.zeros_like(param))):
            g = -g if group["maximize"] else g
            p *= 1 - lr * group["weight_decay"]
            p -= lr * xp(p).sign(beta1 * m + (1 - beta1) * g)
            m *= beta2
            m += (1 - beta2) * g
