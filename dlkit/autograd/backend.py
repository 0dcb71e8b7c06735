"""What the array libraries spell differently.

The engine computes with functions of the Python array API, which NumPy has by itself and PyTorch through
`array_api_compat`. What the standard lacks stands here, once for each library.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import ModuleType
from typing import Any, TypeAlias
from typing import cast as cast_type

import numpy as np

Array: TypeAlias = Any
"""A NumPy array or a torch tensor; never a `dlkit.Tensor`."""

default: ContextVar[tuple[str, str]] = ContextVar("dlkit_default", default=("numpy", "cpu"))


def is_numpy(a: Array) -> bool:
    return isinstance(a, (np.ndarray, np.generic))


def is_array(a: Any) -> bool:
    """Whether this is an array of a library that the engine computes with."""
    return is_numpy(a) or (type(a).__module__ == "torch" and hasattr(a, "data_ptr"))


def xp(*arrays: Array) -> ModuleType:
    """The namespace of array functions that fits some arrays; numbers among them do not count.

    >>> import numpy as np
    >>> xp(np.zeros(3)).__name__
    'numpy'
    """
    return _torch() if any(type(a).__module__ == "torch" for a in arrays) else np


def _torch() -> ModuleType:
    import array_api_compat.torch

    return cast_type(ModuleType, array_api_compat.torch)


@contextlib.contextmanager
def use(library: str, device: str = "cpu") -> Iterator[None]:
    """Make new tensors arrays of a library, on a device, while this is in force.

    Args:
        library: `"numpy"` or `"torch"`.
        device: `"cpu"`, or with torch a device such as `"cuda"`.

    Raises:
        ValueError: an unknown library, or NumPy on another device than the CPU.

    >>> import dlkit
    >>> with use("numpy"):
    ...     type(dlkit.zeros(2).data).__name__
    'ndarray'
    """
    if library not in ("numpy", "torch"):
        raise ValueError(f"no array library is called {library!r}: it is 'numpy' or 'torch'")
    if library == "numpy" and device != "cpu":
        raise ValueError(f"NumPy computes on the CPU, not on {device!r}: say use('torch', {device!r})")
    before = default.set((library, device))
    try:
        yield
    finally:
        default.reset(before)


def native(a: Array, library: str | None = None, device: str | None = None) -> Array:
    """An array as one of the library and on the device that new tensors have, or of those given; memory is shared where
    that is possible."""
    default_library, default_device = default.get()
    library, device = library or default_library, device or default_device
    if library == "numpy":
        return a if is_numpy(a) else a.detach().cpu().numpy()
    import torch

    made = torch.from_numpy(a if a.flags.writeable else a.copy()) if isinstance(a, np.ndarray) else torch.as_tensor(a)
    return made.to(device)


def to_numpy(a: Array) -> np.ndarray[Any, Any]:
    """An array as NumPy's, memory shared where that is possible.

    >>> to_numpy(1.5).shape
    ()
    """
    return np.asarray(a if is_numpy(a) or not is_array(a) else a.detach().cpu().numpy())


def device(a: Array) -> str:
    return "cpu" if is_numpy(a) else str(a.device)


def dtype(a: Array) -> np.dtype[Any]:
    """NumPy's name for an array's element type."""
    return a.dtype if is_numpy(a) else np.dtype(str(a.dtype).removeprefix("torch."))


def is_float(a: Array) -> bool:
    return a.dtype.kind == "f" if is_numpy(a) else bool(a.is_floating_point())


def cast(a: Array, to: Any, copy: bool = False) -> Array:
    """The same numbers as another element type (a NumPy dtype, or its name)."""
    to = np.dtype(to)
    if is_numpy(a):
        return a.astype(to, copy=copy)
    import torch

    return a.to(getattr(torch, to.name), copy=copy)


def meet(operation: Callable[[Array, Array], Array], fraction: bool = False) -> Callable[[Array, Array], Array]:
    """An operation on two arrays that has torch's types on NumPy's: an integer array with a float of any kind becomes
    that kind (NumPy would say float64), and a tensor of shape () leaves an array's type as it is. `fraction` says that
    two integers become float32, too."""

    def met(a: Array, b: Array) -> Array:
        first, second = getattr(a, "dtype", None), getattr(b, "dtype", None)
        if (of := first or second) is not (second or first) or (of and not is_float(a if first else b)):
            floats = [x for x in (a, b) if (is_float(x) if is_array(x) else isinstance(x, float))]
            arrays = [x for x in (a, b) if is_numpy(x)]
            if arrays and (fraction or floats):
                typed = sorted((x for x in floats if is_numpy(x)), key=lambda x: -x.ndim)
                if len(typed) < 2 or (typed[0].ndim and not typed[1].ndim):
                    to = typed[0].dtype if typed else np.float32
                    a, b = (x.astype(to, copy=False) if is_numpy(x) else x for x in (a, b))
        return operation(a, b)

    return met


def like(value: Any, a: Array) -> Array:
    """A number, list or array as an array of a's library, on its device; the element type stays where it has one."""
    if is_array(value) and is_numpy(value) == is_numpy(a):
        return value if is_numpy(a) else value.to(a.device)
    if not is_array(value):
        value = np.asarray(value)
    return native(value, "numpy") if is_numpy(a) else native(value, "torch", str(a.device))


def owns(a: Array) -> bool:
    """Whether an array's memory is its own, not a view into another's."""
    return (isinstance(a, np.ndarray) and a.base is None) if is_numpy(a) else not a._is_view()


def share(a: Array, b: Array) -> bool:
    """Whether an array, made from another one, lies in its memory."""
    return (
        np.may_share_memory(a, b) if is_numpy(a) else a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
    )


def copy(a: Array) -> Array:
    return a.copy() if is_numpy(a) else a.clone()


def contiguous(a: Array) -> Array:
    return np.ascontiguousarray(a) if is_numpy(a) else a.contiguous()


def asarray(value: Any) -> Array:
    """Numbers and lists of them as a NumPy array of float32."""
    return np.asarray(value, dtype=np.float32)


def full(shape: tuple[int, ...], value: float, a: Array) -> Array:
    """An array filled with a value, of a's library, element type and device."""
    return xp(a).full(shape, value, dtype=a.dtype, **_where(a))


def empty(shape: tuple[int, ...], a: Array) -> Array:
    """An array that holds anything, of a's library, element type and device."""
    return np.empty(shape, a.dtype) if is_numpy(a) else a.new_empty(shape)


def einsum(subscripts: str, *operands: Array) -> Array:
    if is_numpy(operands[0]):
        return np.einsum(subscripts, *operands, optimize=len(operands) > 1)
    import torch

    return torch.einsum(subscripts, *operands)


def erf(a: Array) -> Array:
    """The error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to a."""
    if is_numpy(a):
        from dlkit.functions.special import erf as of_numpy

        return of_numpy(a)
    import torch

    return torch.erf(a)


def arange(a: Array) -> Array:
    """The numbers of a's rows, as an index into it."""
    return xp(a).arange(a.shape[0], **_where(a))


def zeros_like(a: Array) -> Array:
    return xp(a).zeros(a.shape, dtype=a.dtype, **_where(a))


def ones_like(a: Array) -> Array:
    return xp(a).ones(a.shape, dtype=a.dtype, **_where(a))


def _where(a: Array) -> dict[str, Any]:
    return {} if is_numpy(a) else {"device": a.device}


def add_at(into: Array, index: Any, values: Array) -> None:
    """`into[index] += values`, where an entry that the index names several times gets all its values.

    NumPy's `add.at` does that one entry at a time; for a single array of rows it is several times faster to sort the
    rows and to add up runs of equal ones.
    """
    if all(
        isinstance(i, (slice, int)) or i is None or i is Ellipsis
        for i in (index if isinstance(index, tuple) else (index,))
    ):
        into[index] += values  # slices name no entry twice
    elif not is_numpy(into):
        into.index_put_(_positions(index, into), values, accumulate=True)
    elif isinstance(index, np.ndarray) and index.dtype.kind in "iu" and index.size > 1 and into.ndim > 1:
        rows = index.ravel() % into.shape[0]
        order = np.argsort(rows, kind="stable")
        rows = rows[order]
        starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        flat = np.broadcast_to(values, index.shape + into.shape[1:]).reshape(index.size, *into.shape[1:])
        into[rows[starts]] += np.add.reduceat(flat[order], starts, axis=0)
    else:
        np.add.at(into, index, values)


def _positions(index: Any, into: Array) -> tuple[Any, ...]:
    """Any index as torch's `index_put_` wants it: one array of positions an axis."""
    import torch

    where = torch.arange(into.numel(), device=into.device).reshape(into.shape)[index]
    return tuple(torch.unravel_index(where, into.shape))
