"""Adam: a running mean of gradients gives the direction of a step, another one its length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State, blocks, count, descent

Betas = tuple[float, float]


class Adam(Optimizer):
    r"""Running means of gradients and of their squares, each divided by the weight that it has gathered so far.

    $$ \mathbf{m}_t = \beta_1 \mathbf{m}_{t-1} + (1 - \beta_1) \mathbf{g}_t, \qquad
       \mathbf{v}_t = \beta_2 \mathbf{v}_{t-1} + (1 - \beta_2) \mathbf{g}_t^2, \qquad
       \mathbf{p}_t = \mathbf{p}_{t-1} - \eta \frac{\mathbf{m}_t / (1 - \beta_1^t)}{\sqrt{\mathbf{v}_t / (1 - \beta_2^t)} + \epsilon} $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$.
        betas: $\beta_1$ and $\beta_2$.
        eps: $\epsilon$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        amsgrad: take the largest $\mathbf{v}$ so far.
        maximize: go uphill.
        decoupled_weight_decay: subtract $\eta\lambda\mathbf{p}_{t-1}$ from the parameter, with no part in the means:
            AdamW.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; amsgrad: Reddi, Kale and Kumar, "On the
    convergence of Adam and beyond", 2018.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, eps, (beta1, beta2), amsgrad = group["lr"], group["eps"], group["betas"], group["amsgrad"]
        t = count(state, param, "exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * amsgrad)
        largest = state["max_exp_avg_sq" if amsgrad else "exp_avg_sq"]
        for p, g, m, v, top in blocks(param, grad, state["exp_avg"], state["exp_avg_sq"], largest):
            g = descent(p, g, group)
            if group["decoupled_weight_decay"]:
                p *= 1 - lr * group["weight_decay"]
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            if amsgrad:
                top[...] = xp(v).maximum(top, v)
            p -= lr / (1 - beta1**t) * m / (xp(v).sqrt(top / (1 - beta2**t)) + eps)


class AdamW(Adam):
    r"""Adam with a weight decay that takes no part in the means: $\mathbf{p}$ shrinks by $1 - \eta\lambda$ before each step.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.8500, 1.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True, **flags
        )
