"""Losses: how far an output is from what it should be.

All take `reduction`: `"mean"` and `"sum"` give one number, `"none"` one for each entry. `size_average` and `reduce` are
torch's old arguments for the same.
"""

from __future__ import annotations

from typing import Any

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.module import Module


class Loss(Module):
    """A loss of an input and a target, with weights or without."""

    weight: Tensor | None

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction is 'none', 'mean' or 'sum', not {reduction!r}")
        self.reduction = reduction


class MSELoss(Loss):
    """(x - y)^2, averaged.

    Shapes: input and target (*), the same.

    >>> MSELoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """|x - y|, averaged.

    Shapes: input and target (*), the same.

    >>> L1Loss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """(x - y)^2 / (2 beta) where |x - y| is below beta, else |x - y| - beta / 2, averaged.

    Shapes: input and target (*), the same.

    >>> SmoothL1Loss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    tensor(0.7500)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """(x - y)^2 / 2 where |x - y| is below delta, else delta * (|x - y| - delta / 2), averaged.

    Source: Huber 1964, "Robust Estimation of a Location Parameter".

    Shapes: input and target (*), the same.

    >>> HuberLoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))
    tensor(0.7500)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class KLDivLoss(Loss):
    """y * (log y - x), for an input x of log-probabilities and a target y of probabilities.

    Shapes: input and target (*), the same.

    Args:
        reduction: also `"batchmean"`, the sum divided by the length of the first axis, which is the divergence itself.
        log_target: whether the target is log-probabilities, too.

    >>> KLDivLoss(reduction="sum")(Tensor([0.5, 0.5]).log(), Tensor([0.5, 0.5]))
    tensor(0.)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, "mean" if reduction == "batchmean" else reduction)
        self.reduction = reduction if reduction == "batchmean" else self.reduction
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Loss):
    """exp(x) - y * x, the negative log-likelihood of counts y with the rate exp(x), but for a constant.

    Shapes: input and target (*), the same.

    Args:
        log_input: False where the input is the rate itself: x - y * log(x + eps).
        full: add Stirling's approximation of log(y!).

    >>> PoissonNLLLoss()(Tensor([0.0]), Tensor([2.0]))
    tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return functional.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Loss):
    """(log(var) + (x - y)^2 / var) / 2, the negative log-likelihood of normal y, but for a constant.

    Shapes: input and target (*); var as they are, or with a last axis of length 1, or without it.

    Args:
        full: add the constant, log(2 pi) / 2.
        eps: the least variance that is divided by.

    >>> GaussianNLLLoss()(Tensor([1.0]), Tensor([3.0]), Tensor([1.0]))
    tensor(2.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Any) -> Tensor:
        return functional.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
