"""Copies and pickles of tensors."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


class Copies:
    """A copy is another leaf: the numbers, and whether it shall have a gradient; never a graph.

    >>> from dlkit import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> copy.deepcopy(x)
    tensor([1.], requires_grad=True)
    """

    __slots__ = ()
    data: Any
    requires_grad: bool
    op: Any
    grad: Any
    version: list[int]

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise RuntimeError(
                f"the result of {self.op.name} belongs to a graph, which can be neither copied nor pickled: use .detach()"
            )
        return type(self), (self.data, self.requires_grad)

    def __copy__(self) -> Any:
        kind, given = self.__reduce__()
        made = kind(*given)
        made.version = self.version  # it lies in the same memory
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        kind, given = self.__reduce__()
        made = memo[id(self)] = kind(*copy.deepcopy(given, memo))
        made.grad = copy.deepcopy(self.grad, memo)
        return made

    def requires_grad_(self: Any, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`, and give the tensor itself."""
        self.requires_grad = requires_grad
        return self  # type: ignore[no-any-return]
