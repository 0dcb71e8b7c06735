"""Vectors looked up by number."""

from __future__ import annotations

from typing import Any, Self

from dlkit.autograd import Tensor, no_grad
from dlkit.nn import functional, init
from dlkit.nn.module import Module
from dlkit.nn.parameter import Parameter, empty


class Embedding(Module):
    """A table of vectors: the result is weight[input].

    Shapes: input, integers, (*) -> (*, embedding_dim); weight (num_embeddings, embedding_dim).

    Args:
        padding_idx: a number whose vector is zero at first, and never gets a gradient.
        max_norm: vectors that are longer are shortened to this, in place, when they are looked up.
        norm_type: p of the p-norm for `max_norm`.
        scale_grad_by_freq: divide a vector's gradient by how often it was looked up.
        sparse: refused; gradients here are dense.

    Raises:
        IndexError: a number outside of 0 to num_embeddings - 1.

    >>> from dlkit import tensor
    >>> Embedding(10, 3)(tensor([[1, 2], [4, 0]])).shape
    (2, 2, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(f"padding_idx={padding_idx} is none of {num_embeddings} vectors")
            padding_idx %= num_embeddings
        if sparse:
            raise ValueError("sparse=True is not supported: gradients are dense here")
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            self.weight = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight.requires_grad = not _freeze
            self.reset_parameters()
        else:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ValueError(f"weight has shape {_weight.shape}, not {(num_embeddings, embedding_dim)}")
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer with these vectors, (num_embeddings, embedding_dim); `freeze` leaves them as they are in training.

        >>> from dlkit import tensor
        >>> Embedding.from_pretrained(tensor([[1.0, 2.0], [3.0, 4.0]]))(tensor(1))
        tensor([3., 4.])
        """
        if embeddings.ndim != 2:
            raise ValueError(f"the vectors make a matrix, and this tensor has the shape {tuple(embeddings.shape)}")
        rows, columns = embeddings.shape
        return cls(
            rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, _freeze=freeze
        )

    def reset_parameters(self) -> None:
        """Numbers from the standard normal distribution; zeros for `padding_idx`."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Tensor) -> Tensor:
        return functional.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        said = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in (
            ("padding_idx", None),
            ("max_norm", None),
            ("norm_type", 2.0),
            ("scale_grad_by_freq", False),
        ):
            if getattr(self, name) != usual:
                said += f", {name}={getattr(self, name)}"
        return said
