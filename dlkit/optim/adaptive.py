"""Optimizers with a rate for every entry: the larger its gradients have been, the smaller its steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlkit.autograd import backend
from dlkit.autograd.backend import Array, xp
from dlkit.optim.optimizer import Group, Optimizer, State, blocks, count, descent


class Adagrad(Optimizer):
    r"""Steps divided by the root of the sum of all squared gradients so far.

    $$ \mathbf{s}_t = \mathbf{s}_{t-1} + \mathbf{g}_t^2, \qquad
       \mathbf{p}_t = \mathbf{p}_{t-1} - \frac{\eta}{1 + (t-1)\kappa} \cdot \frac{\mathbf{g}_t}{\sqrt{\mathbf{s}_t} + \epsilon} $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$.
        lr_decay: $\kappa$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        initial_accumulator_value: $\mathbf{s}_0$.
        eps: $\epsilon$.
        maximize: go uphill.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Adagrad([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "maximize": maximize,
        }
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        if "sum" not in state:
            state["sum"] = backend.full(param.shape, group["initial_accumulator_value"], param)
        lr = group["lr"] / (1 + (count(state, param) - 1) * group["lr_decay"])
        for p, g, s in blocks(param, grad, state["sum"]):
            g = descent(p, g, group)
            s += g * g
            p -= lr * g / (xp(s).sqrt(s) + group["eps"])


class RMSprop(Optimizer):
    r"""Steps divided by the root of a running mean of squared gradients.

    $$ \mathbf{s}_t = \alpha \mathbf{s}_{t-1} + (1 - \alpha) \mathbf{g}_t^2, \qquad
       \mathbf{p}_t = \mathbf{p}_{t-1} - \eta \frac{\mathbf{g}_t}{\sqrt{\mathbf{s}_t} + \epsilon} $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: the learning rate $\eta$.
        alpha: $\alpha$.
        eps: $\epsilon$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        momentum: $\mu$; the parameter moves by $\eta\mathbf{b}_t$, and $\mathbf{b}_t$ is the quotient plus
            $\mu\mathbf{b}_{t-1}$.
        centered: subtract from $\mathbf{s}_t$ the square of the running mean of gradients, which leaves their variance.
        maximize: go uphill.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012; centered: Graves, "Generating sequences with recurrent
    neural networks", 2013.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = RMSprop([p], lr=0.01)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, alpha, momentum, centered = group["lr"], group["alpha"], group["momentum"], group["centered"]
        count(state, param, "square_avg", *["momentum_buffer"] * bool(momentum), *["grad_avg"] * centered)
        buffer, mean = state.get("momentum_buffer", param), state.get("grad_avg", param)
        for p, g, s, b, m in blocks(param, grad, state["square_avg"], buffer, mean):
            g = descent(p, g, group)
            s *= alpha
            s += (1 - alpha) * g * g
            if centered:
                m += (1 - alpha) * (g - m)
            q = g / (xp(s).sqrt(s - m * m if centered else s) + group["eps"])
            if momentum:
                b *= momentum
                b += q
                q = b
            p -= lr * q


class Adadelta(Optimizer):
    r"""Steps as long as the steps have been: their running mean square takes the place of a rate.

    $$ \mathbf{s}_t = \rho \mathbf{s}_{t-1} + (1 - \rho) \mathbf{g}_t^2, \qquad
       \mathbf{d}_t = \frac{\sqrt{\mathbf{u}_{t-1} + \epsilon}}{\sqrt{\mathbf{s}_t + \epsilon}} \mathbf{g}_t, \qquad
       \mathbf{u}_t = \rho \mathbf{u}_{t-1} + (1 - \rho) \mathbf{d}_t^2, \qquad
       \mathbf{p}_t = \mathbf{p}_{t-1} - \eta \mathbf{d}_t $$

    Args:
        params: parameters or groups, as in `Optimizer`.
        lr: $\eta$.
        rho: $\rho$.
        eps: $\epsilon$.
        weight_decay: $\lambda$; adds $\lambda\mathbf{p}_{t-1}$ to the gradient.
        maximize: go uphill.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

    >>> from dlkit import Tensor
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = Adadelta([p], lr=10.0)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.9684, 1.9684], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        **flags: Any,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, **flags)

    def update(self, param: Array, grad: Array, state: State, group: Group) -> None:
        lr, rho, eps = group["lr"], group["rho"], group["eps"]
        count(state, param, "square_avg", "acc_delta")
        for p, g, s, u in blocks(param, grad, state["square_avg"], state["acc_delta"]):
            g = descent(p, g, group)
            s *= rho
            s += (1 - rho) * g * g
            d = xp(p).sqrt(u + eps) / xp(p).sqrt(s + eps) * g
            u *= rho
            u += (1 - rho) * d * d
            p -= lr * d
