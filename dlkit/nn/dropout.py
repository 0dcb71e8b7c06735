"""Dropout, which in training sets random entries to zero.

Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, "Dropout", JMLR 15.
"""

from __future__ import annotations

from dlkit.autograd import Tensor
from dlkit.nn import functional
from dlkit.nn.module import Module, refuse


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, between 0 and 1, not {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, sets entries to zero, each with probability p, and divides the others by 1 - p; else changes nothing.

    Shapes: any -> the same.

    Args:
        p: the probability.
        inplace: taken for torch's sake; the result is a new tensor in any case.

    Raises:
        ValueError: p outside of [0, 1].

    >>> from dlkit import ones
    >>> sorted({float(x) for x in Dropout(0.5)(ones(100))})
    [0.0, 2.0]
    >>> Dropout(0.5).eval()(ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return functional.dropout(input, self.p, self.training)


class Dropout1d(_Dropout):
    """Dropout of whole channels.

    Shapes: input (N, C, L) or (C, L) -> the same.

    >>> from dlkit import ones
    >>> Dropout1d(0.5)(ones(2, 3, 4)).shape
    (2, 3, 4)
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (2, 3):
            refuse(self, "(batch, channels, length), with or without the batch", input)
        return functional.dropout1d(input, self.p, self.training)


class Dropout2d(_Dropout):
    """Dropout of whole channels.

    Shapes: input (N, C, H, W) or (N, C, L) -> the same.

    >>> from dlkit import ones
    >>> Dropout2d(0.5)(ones(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            refuse(self, "(batch, channels, height, width)", input)
        return functional.dropout2d(input, self.p, self.training)
