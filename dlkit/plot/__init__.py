"""Figures for pages that adapt to light and dark.

Text, axes and ticks are drawn in pure black, which the site turns into the page's own ink; the ground is
transparent. The colors of a figure's *content* are chosen to stand on both grounds and to differ in gray.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlkit.plot.fields import contour as contour
    from dlkit.plot.fields import heat as heat
    from dlkit.plot.fields import trace as trace
    from dlkit.plot.pictures import boxes as boxes
    from dlkit.plot.pictures import images as images
    from dlkit.plot.pictures import masks as masks
    from dlkit.plot.series import Live as Live
    from dlkit.plot.series import curves as curves

# Loaded when first asked for: most figures need the style alone.
_HOMES = {
    "Live": "series",
    "boxes": "pictures",
    "contour": "fields",
    "curves": "series",
    "heat": "fields",
    "images": "pictures",
    "masks": "pictures",
    "trace": "fields",
}

COLORS = ("#2f7fb8", "#dd7326", "#3f9b5f", "#b0559d", "#b8a02a", "#7a7a7a")
"""The cycle `C0`, `C1`, ...: blue, orange, green, purple, ochre, gray.

Each has a contrast of at least 2.5 against white paper and 3 against a dark page.
"""

STYLE: dict[str, Any] = {
    "figure.figsize": (5.6, 2.8),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": "black",
    "axes.labelcolor": "black",
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "grid.color": "black",
    "grid.alpha": 0.15,
    "image.cmap": "viridis",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.transparent": True,
    "svg.fonttype": "none",
}
"""Settings of matplotlib, by name."""


def use() -> None:
    """Make every figure drawn from now on look like the book's.

    >>> import matplotlib
    >>> use()
    >>> matplotlib.rcParams["legend.frameon"]
    False
    """
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(STYLE)
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=COLORS)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"dlkit.plot.{_HOMES[name]}"), name)
    raise AttributeError(f"dlkit.plot has no {name!r}", name=name)
