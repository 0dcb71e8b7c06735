"""What a tensor can do, in torch's spelling: operators and methods that call the functions of `dlkit.functions`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import dlkit.autograd.tensor as tensors
import dlkit.functions as ops  # looked up when a method is called: the functions need Tensor first
from dlkit.autograd import backend, rules
from dlkit.functions.copies import Copies
from dlkit.functions.inplace import InPlace, plain
from dlkit.functions.mends import explained
from dlkit.functions.show import show

if TYPE_CHECKING:
    from dlkit.autograd.tensor import Tensor

Dims = int | tuple[int, ...] | list[int] | None


class Methods(InPlace, Copies):
    __slots__ = ()
    __array_ufunc__ = None  # array + tensor is for the tensor to answer
    data: Any
    requires_grad: bool
    op: Any

    # -------------------------------------------------------------------------------------------- arithmetic

    def __add__(self, other: Any) -> Tensor:
        return rules.add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Tensor:
        return rules.sub(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return rules.sub(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return rules.mul(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Tensor:
        return rules.div(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return rules.div(other, self)

    __rdiv__ = __rtruediv__  # as torch's test database calls it

    def __pow__(self, other: Any) -> Tensor:
        return rules.pow(self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return rules.pow(other, self)

    def __neg__(self) -> Tensor:
        return rules.neg(self)

    def __matmul__(self, other: Any) -> Tensor:
        return rules.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return rules.matmul(other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return ops.floor_divide(self, other)

    def __mod__(self, other: Any) -> Tensor:
        return ops.remainder(self, other)

    def __abs__(self) -> Tensor:
        return rules.abs(self)

    # --------------------------------------------------------------------------- comparisons: no gradient

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return _compared("__eq__", self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return _compared("__ne__", self, other)

    def __lt__(self, other: Any) -> Tensor:
        return _compared("__lt__", self, other)

    def __le__(self, other: Any) -> Tensor:
        return _compared("__le__", self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _compared("__gt__", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _compared("__ge__", self, other)

    def __and__(self, other: Any) -> Tensor:
        return _compared("__and__", self, other)

    def __or__(self, other: Any) -> Tensor:
        return _compared("__or__", self, other)

    def __xor__(self, other: Any) -> Tensor:
        return _compared("__xor__", self, other)

    def __invert__(self) -> Tensor:
        return tensors.Tensor(~self.data)

    __hash__ = object.__hash__

    # ----------------------------------------------------------------------------------- what it looks like

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)

    @property
    def ndim(self) -> int:
        return len(self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return backend.dtype(self.data)

    @property
    def device(self) -> str:
        return backend.device(self.data)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return self.ndim

    def numel(self) -> int:
        n = 1
        for length in self.shape:
            n *= length
        return n

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor of shape () is one number and has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(ops.unbind(self))  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return self.data.__index__()  # type: ignore[no-any-return]

    def __format__(self, how: str) -> str:
        return format(self.item(), how) if how and not self.shape else str(self)

    def __repr__(self) -> str:
        return show(
            self.data,
            f"op={self.op.name}" if self.op is not None else "requires_grad=True" if self.requires_grad else "",
        )

    def item(self) -> Any:
        """The only number, as Python's."""
        if self.numel() != 1:
            raise RuntimeError(f"a tensor of shape {self.shape} is not one number: index it or reduce it first")
        return self.data.item()

    def tolist(self) -> Any:
        return self.data.tolist()

    def numpy(self) -> np.ndarray[Any, Any]:
        """The numbers as a NumPy array: a copy of what belongs to a graph, and of what lies on a GPU, else the same
        memory."""
        array = backend.to_numpy(self.data)
        return array.copy() if self.requires_grad else array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    # --------------------------------------------------------------------------------------- everything else

    def __getattr__(self, name: str) -> Callable[..., Tensor]:
        """Every function of `dlkit.functions` that begins with a tensor is a method, too."""
        if name not in ops.METHODS:
            raise AttributeError(f"a tensor has no method {name!r}", name=name, obj=self)
        return functools.partial(ops.METHODS[name], self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ops.METHODS})

    @property
    def mT(self) -> Tensor:  # noqa: N802
        """With the last two axes exchanged."""
        return ops.transpose(self, -1, -2)  # type: ignore[arg-type]

    @property
    def T(self) -> Tensor:  # noqa: N802
        """With the axes in the opposite order."""
        return ops.permute(self, tuple(reversed(range(self.ndim))))  # type: ignore[arg-type]

    def where(self, mask: Any, other: Any) -> Tensor:
        """The entries where the mask is true, else those of `other`."""
        return rules.where(mask, self, other)

    def __getitem__(self, index: Any) -> Tensor:
        return ops.getitem(self, index)  # type: ignore[arg-type]


def _compared(how: str, a: Any, b: Any) -> Tensor:
    try:
        found = getattr(a.data, how)(plain(b))
        if found is NotImplemented:
            raise TypeError(f"a tensor cannot be compared with a {type(b).__name__}")
    except (TypeError, ValueError, RuntimeError) as error:
        raise explained(how.strip("_"), error, [a.data, plain(b)], {}) from error
    return tensors.Tensor(found)
