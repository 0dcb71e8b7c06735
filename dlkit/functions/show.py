"""How a tensor is printed."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlkit.autograd import backend
from dlkit.autograd.backend import Array


def show(a: Array, graph: str = "") -> str:
    """A tensor as text: its numbers, what is unusual about them, and what it has to do with a graph.

    >>> show(np.array([1.0, 2.5], dtype="float32"))
    'tensor([1.0000, 2.5000])'
    """
    numbers, device = backend.to_numpy(a), backend.device(a)
    notes = [np.array2string(numbers, separator=", ", prefix="tensor(", **_form(numbers))]
    if numbers.dtype not in (np.float32, np.int64, np.bool_):
        notes.append(f"dtype={numbers.dtype}")
    if device != "cpu":
        notes.append(f"device={device!r}")
    return f"tensor({', '.join([*notes, *filter(None, [graph])])})"


def _form(numbers: np.ndarray[Any, Any]) -> Any:
    """Four digits behind the point, unless all are whole, or some so large or all so small that a power of ten reads better."""
    finite = np.abs(numbers[np.isfinite(numbers)]) if numbers.dtype.kind == "f" else np.array([])
    if finite.size == 0 or (np.all(finite == np.round(finite)) and finite.max() < 1e6):
        return {}
    digits = ".4e" if finite.max() >= 1e5 or finite.max() < 1e-3 else ".4f"
    width = max(len(format(x, digits)) for x in numbers.ravel()) if numbers.ndim and numbers.size <= 1000 else 0
    return {"formatter": {"float_kind": lambda x: format(x, digits).rjust(width)}}
