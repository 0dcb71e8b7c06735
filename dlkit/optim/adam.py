"""Adam and its relatives: a running mean of gradients gives the direction, another one the length of a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State, blocks, descent

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
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if not state:
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 2 + group["amsgrad"]]
            state |= {"step": 0, **{name: backend.zeros_like(param) for name in names}}
        state["step"] += 1
        weight1, weight2 = (1 - beta ** state["step"] for beta in (beta1, beta2))
        for p, g, m, v, top in blocks(
            param, grad, state["exp_avg"], state["exp_avg_sq"], state.get("max_exp_avg_sq", param)
        ):
            if group["decoupled_weight_decay"]:
                p *= 1 - lr * decay
                g = -g if group["maximize"] else g
            else:
                g = descent(p, g, group)
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            if group["amsgrad"]:
                top[...] = v = xp(v).maximum(top, v)
            p -= lr / weight1 * m / (xp(v).sqrt(v / weight2) + group["eps"])


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
        betas: Betas = (0.9, 0.999),
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
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if not state:
            state |= {"step": 0, "exp_avg": backend.zeros_like(param)}
            state["exp_avg_sq"] = backend.full(param.shape, group["initial_accumulator_value"], param)
        state["step"] += 1
        weight1, weight2 = (1 - beta ** state["step"] for beta in (beta1, beta2))
        for p, g, m, v in blocks(param, grad, state["exp_avg"], state["exp_avg_sq"]):
            g = descent(p, g, group)
            m *= beta1
            m += (1 - beta1) * g
            v -= (1 - beta2) * xp(v).sign(v - g * g) * g * g
            p -= lr / weight1 * m / (xp(v).sqrt(v / weight2) + group["eps"])


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
        betas: Betas = (0.9, 0.99),
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
