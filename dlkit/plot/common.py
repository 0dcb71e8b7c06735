"""What all figures share: numbers from any array, axes to draw in, text that can be read on a color."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlkit.plot import COLORS

Array = np.ndarray[Any, Any]
SMALL = 160  # pixels
LETTER = 0.075  # inches, roughly


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


def aside(ax: Any, handles: Any = None) -> None:
    """The legend at the right, outside: inside there is no place that is surely free. The figure grows to hold it."""
    before, _ = _size(ax.get_legend())
    options = {} if handles is None else {"handles": handles, "handlelength": 1.0, "handleheight": 1.0}
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small", **options)
    if len(ax.figure.axes) == 1:
        wide, high = ax.figure.get_size_inches()
        more, least = _size(ax.get_legend())
        ax.figure.set_size_inches(wide - before + more, max(high, least))


def whole() -> Any:
    """Ticks at whole numbers that count on easily: 0, 5, 10; there are no half epochs, nor half rows."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10])


def _size(legend: Any) -> tuple[float, float]:
    """Width and height of a legend in inches, roughly."""
    words = [] if legend is None else [text.get_text() for text in legend.get_texts()]
    return (0.6 + 0.075 * max(map(len, words)), 0.3 + 0.19 * len(words)) if words else (0.0, 0.0)


def color(number: int) -> tuple[float, float, float]:
    """The color of a class: those of the cycle, then lighter ones, then darker ones.

    >>> len({color(number) for number in range(18)})
    18
    """
    from matplotlib.colors import to_rgb

    turn, toward = [(0.0, 0.0), (0.5, 1.0), (0.45, 0.0)][number // len(COLORS) % 3]
    red, green, blue = (round((1 - turn) * part + turn * toward, 3) for part in to_rgb(COLORS[number % len(COLORS)]))
    return red, green, blue


def rendering(height: int, width: int) -> str:
    """How an image is drawn: a small one as it is, to be made larger by who shows it; a large one in the pixels of the page."""
    return "none" if max(height, width) <= SMALL else "auto"


def on(color: Any) -> str:
    """The ink that is read on a color: light or dark, and the same on a light and on a dark page.

    So it is not pure black, which a page turns into its own ink.

    >>> on("white"), on("navy")
    ('#111111', '#ffffff')
    """
    from matplotlib.colors import to_rgb

    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#111111" if luminance > 0.19 else "#ffffff"
