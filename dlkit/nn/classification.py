"""Losses of classifiers."""

from __future__ import annotations

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.loss import Loss


class _Weighted(Loss):
    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_Weighted):
    """-log softmax(x)[y], for an input x of logits and a target y of classes, averaged.

    Shapes: input (N, C), (C), or (N, C, d1, d2, ...); target, integers, without the axis C; or probabilities, of the
    input's shape.

    Args:
        weight: a factor for each class, (C).
        ignore_index: a target that does not count.
        label_smoothing: how much of the target is spread over all classes (Szegedy et al. 2016, "Rethinking the
            Inception Architecture for Computer Vision").

    >>> from dlkit import tensor, zeros
    >>> CrossEntropyLoss()(zeros(1, 4), tensor([2]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_Weighted):
    """-x[y], for an input x of log-probabilities and a target y of classes, averaged.

    Shapes: input (N, C), (C), or (N, C, d1, d2, ...); target, integers, without the axis C.

    Args:
        weight: a factor for each class, (C).
        ignore_index: a target that does not count.

    >>> from dlkit import tensor
    >>> NLLLoss()(tensor([[-1.0, -2.0]]), tensor([1]))
    tensor(2.)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.nll_loss(
            input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class BCELoss(_Weighted):
    """-(y log x + (1 - y) log(1 - x)), for an input x and a target y of probabilities, averaged.

    Shapes: input and target (*), the same.

    Args:
        weight: a factor for each entry.

    >>> BCELoss()(Tensor([0.5]), Tensor([1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Weighted):
    """`BCELoss` of sigmoid(x), computed so that nothing overflows.

    Shapes: input and target (*), the same.

    Args:
        weight: a factor for each entry.
        pos_weight: a factor for the part of the loss that has y = 1.

    >>> BCEWithLogitsLoss()(Tensor([0.0]), Tensor([1.0]))
    tensor(0.6931)
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )
