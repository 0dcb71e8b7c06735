"""Changing a tensor where it is: refused where a graph would not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlkit.autograd.tensor as tensors
from dlkit.autograd import backend, recording, rules

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor


SIGNS = {"__iadd__": "+=", "__isub__": "-=", "__imul__": "*=", "__itruediv__": "/="}


class InPlace:
    """Methods of tensors that change them, by operator or with torch's trailing underscore."""

    __slots__ = ()
    data: Any
    changed: Any

    def __iadd__(self, other: Any) -> Tensor:
        return _in_place(self, other, "__iadd__", rules.add)

    def __isub__(self, other: Any) -> Tensor:
        return _in_place(self, other, "__isub__", rules.sub)

    def __imul__(self, other: Any) -> Tensor:
        return _in_place(self, other, "__imul__", rules.mul)

    def __itruediv__(self, other: Any) -> Tensor:
        return _in_place(self, other, "__itruediv__", rules.div)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._changed("writing to entries", value)
        self.data[plain(index)] = plain(value)

    def copy_(self, other: Any) -> Tensor:
        """Take over the numbers of another tensor or array, which is broadcast to this shape."""
        self._changed("copy_", other)
        self.data[...] = backend.like(plain(other), self.data)
        return self  # type: ignore[return-value]

    def fill_(self, value: float) -> Tensor:
        self._changed("fill_", value)
        self.data[...] = value
        return self  # type: ignore[return-value]

    def zero_(self) -> Tensor:
        return self.fill_(0.0)

    def _changed(self, how: str, value: Any) -> None:
        self.changed(how)
        if recording.is_grad_enabled() and getattr(value, "requires_grad", False):
            raise RuntimeError(
                f"{how} in place would lose the gradient of what is written: build the tensor with where(), cat() or stack()"
            )


def plain(value: Any) -> Any:
    """An index or a value with arrays in the place of Tensors."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(plain, value))
    return value.data if isinstance(value, tensors.Tensor) else value


def _in_place(a: Any, b: Any, how: str, otherwise: Any) -> Tensor:
    """`a += b`. Where `a` or `b` has a graph, the sum is a new tensor: nothing is overwritten, and the graph goes on."""
    if recording.is_grad_enabled() and (
        a.op is not None or (getattr(b, "requires_grad", False) and not a.requires_grad)
    ):
        return otherwise(a, b)  # type: ignore[no-any-return]
    a.changed(SIGNS[how])
    try:
        getattr(a.data, how)(backend.like(plain(b), a.data) if not isinstance(plain(b), (int, float)) else b)
    except (TypeError, ValueError, RuntimeError) as error:
        raise type(error)(f"{SIGNS[how]} of {a.shape}: {error}") from error
    return a  # type: ignore[no-any-return]
