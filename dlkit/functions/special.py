"""The error function, which NumPy lacks: two Chebyshev series, fitted once to the standard library's `math.erf`."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

NEAR = 1.0  # up to here a series for erf, beyond it one for 1 - erf
FAR = 6.0  # beyond here erf is 1, to the last bit of float64


@cache
def _series(double: bool) -> tuple[Any, Any]:
    """Coefficients for erf(x) / x in x * x, and for log(1 - erf(x)) + x * x in 1 / (x + 2)."""
    near, far = (14, 24) if double else (7, 11)

    def slope(t: Any) -> list[float]:
        return [math.erf(x) / x for x in np.sqrt((t + 1) / 2 * NEAR**2)]

    def tail(t: Any) -> list[float]:
        return [math.log(math.erfc(x)) + x * x for x in 1 / ((t + 1) / 2 * (_u(NEAR) - _u(FAR)) + _u(FAR)) - 2]

    return chebyshev.chebinterpolate(slope, near), chebyshev.chebinterpolate(tail, far)


def _u(x: Any) -> Any:
    return 1 / (x + 2)


def erf(x: Any) -> Any:
    """The error function of every entry of an array of floats, to about the last digit of its type.

    >>> import numpy as np
    >>> bool(abs(erf(np.array(0.5)) - 0.5204998778130465) < 1e-15)
    True
    """
    x = np.asarray(x)
    near, far = (c.astype(x.dtype) for c in _series(x.dtype == np.float64))
    size = np.minimum(np.abs(x), FAR).astype(x.dtype)
    close = chebyshev.chebval(np.minimum(size * size, NEAR) * 2 / NEAR - 1, near) * size
    t = (_u(np.maximum(size, NEAR)) - _u(FAR)) / (_u(NEAR) - _u(FAR)) * 2 - 1
    away = 1 - np.exp(chebyshev.chebval(t, far) - size * size)
    return np.copysign(np.where(size < NEAR, close, away), x).astype(x.dtype, copy=False)
