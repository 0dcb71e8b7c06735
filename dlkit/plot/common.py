"""What all figures share: numbers from any array, axes to draw in, text that can be read on a color."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def array(values: Any) -> Array:
    """Numbers as NumPy has them; tensors, of whichever device and library, and lists of them, too.

    >>> array([1, None]).tolist()
    [1.0, nan]
    """
    if isinstance(values, (list, tuple)):
        parts = [array(part) for part in values]
        if len({part.shape for part in parts}) > 1:
            raise ValueError(f"the parts have shapes {', '.join(str(part.shape) for part in parts)}: all must have the same.")
        return np.stack(parts) if parts else np.zeros(0)
    for step in ("detach", "cpu"):
        if hasattr(values, step):
            values = getattr(values, step)()
    if str(getattr(values, "dtype", "")).endswith("bfloat16"):  # which NumPy does not know
        values = values.float()
    found = np.asarray(values.numpy() if hasattr(values, "numpy") else values)
    return found.astype(float) if found.dtype == object else found


def axes(ax: Any, size: tuple[float, float] | None = None) -> Any:
    """The axes given, or those of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1]


def on(color: Any) -> str:
    """The ink that is read on a color: light or dark, and the same on a light and on a dark page.

    So it is not pure black, which a page turns into its own ink.

    >>> on("white"), on("navy")
    ('#111111', '#ffffff')
    """
    from matplotlib.colors import to_rgb

    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#111111" if luminance > 0.18 else "#ffffff"
