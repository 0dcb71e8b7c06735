"""Where random numbers come from."""

from __future__ import annotations

import numpy as np

from dlkit.autograd import backend
from dlkit.autograd.backend import Array


def draw(kind: str, shape: tuple[int, ...], a: Array | None = None) -> Array:
    """Random numbers: `"uniform"` in [0, 1) or `"normal"`, float64 from NumPy's global generator, float32 from torch's."""
    library, where = (
        backend.default.get() if a is None else ("numpy" if backend.is_numpy(a) else "torch", backend.device(a))
    )
    if library == "numpy":
        return np.random.random_sample(shape) if kind == "uniform" else np.random.standard_normal(shape)
    import torch

    return (torch.rand if kind == "uniform" else torch.randn)(shape, device=where)
