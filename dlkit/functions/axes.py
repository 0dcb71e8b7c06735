"""Which axes a function means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Dims = int | Sequence[int] | None


def axes(x: Any, dim: Dims) -> tuple[int, ...]:
    """Axes as a tuple of non-negative numbers; none given means all. A single number has the axes 0 and -1, too.

    >>> import numpy as np
    >>> axes(np.zeros((2, 3)), -1)
    (1,)
    """
    n = x.ndim
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(n))
    found = tuple(axis(d, n) for d in ((dim,) if isinstance(dim, int) else dim))
    if len(set(found)) < len(found):
        raise RuntimeError(f"dim={dim} names an axis twice")
    return found if n else ()


def axis(d: int, n: int) -> int:
    if not -max(n, 1) <= d < max(n, 1):
        raise IndexError(f"dim={d}, and the tensor has {n} axes: it may be {-max(n, 1)} to {max(n, 1) - 1}")
    return d % max(n, 1)
