"""Copies of tensors, and pickles."""

from __future__ import annotations

import copy
from typing import Any


class Copies:
    """How Python's `copy` and `pickle` treat a tensor: a leaf keeps `requires_grad`, what belongs to a graph is refused."""

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
