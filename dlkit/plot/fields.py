"""Numbers over two directions: tables as heat maps, functions as contour lines, the way an optimizer took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlkit.plot import COLORS
from dlkit.plot.common import LETTER, array, aside, axes, on, rendering, whole


def heat(
    values: Any,
    rows: Sequence[Any] | None = None,
    columns: Sequence[Any] | None = None,
    *,
    numbers: bool | str | None = None,
    low: float | None = None,
    high: float | None = None,
    bar: bool = False,
    ylabel: str = "",
    xlabel: str = "",
    ax: Any = None,
) -> Any:
    """Draw a table as colors: a confusion matrix, attention weights, correlations.

    Args:
        values: (R, C); NaN leaves a cell empty.
        rows, columns: R and C words or numbers, to stand beside and below.
        numbers: whether cells show theirs, or in which format: ".2f"; None: where there is room.
        low, high: the numbers of the darkest and of the brightest color; None: the smallest and the largest.
        bar: whether a scale of the colors stands beside.
        ylabel, xlabel: what rows and columns are.
        ax: where to draw; None: a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: values that are no table, or other numbers of labels than of rows or columns.

    >>> ax = heat([[5, 1], [0, 4]], rows=["cat", "dog"], columns=["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]
    ['5', '1', '0', '4']
    """
    table = array(values)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"the values have shape {table.shape}: give a table, (R, C).")
    for what, count, labels in (("rows", table.shape[0], rows), ("columns", table.shape[1], columns)):
        if labels is not None and len(labels) != count:
            raise ValueError(f"there are {count} {what} and {len(labels)} labels: give as many.")
    high_inches = min(max(0.32 * table.shape[0], 1.2), 6.0)
    ax = axes(ax, (min(max(0.5 * table.shape[1], 1.8), 6.0) + 1.0, high_inches + 0.7))
    shown = ax.imshow(table.astype(float), vmin=low, vmax=high, aspect="auto", interpolation=rendering(*table.shape))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    inches = ax.get_window_extent().width / ax.figure.dpi / table.shape[1]  # of a cell
    for axis, labels in ((ax.xaxis, columns), (ax.yaxis, rows)):
        if labels is None:
            axis.set_major_locator(whole())
            continue
        words = [str(label) for label in labels]
        turned = axis is ax.xaxis and 1.2 * LETTER * (max(map(len, words)) + 1) > inches  # its letters are larger
        axis.set_ticks(range(len(words)), words, **({"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if turned else {}))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    form = numbers if isinstance(numbers, str) else "d" if table.dtype.kind in "iub" else ".2f"
    said = {at: format(int(value) if form == "d" else value, form) for at, value in np.ndenumerate(table) if np.isfinite(value)}
    room = said and max(map(len, said.values())) * LETTER < inches
    for (row, column), text in said.items() if numbers or (numbers is None and room) else ():
        ink = on(shown.to_rgba(float(table[row, column]))[:3])
        ax.text(column, row, text, ha="center", va="center", fontsize="small", color=ink)
    if bar:
        ax.figure.colorbar(shown, ax=ax).outline.set_visible(False)
    return ax


def contour(
    function: Callable[[Any, Any], Any],
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    levels: int | Sequence[float] = 10,
    steps: int = 100,
    xlabel: str = "",
    ylabel: str = "",
    ax: Any = None,
) -> Any:
    """Draw lines along which a function of two numbers is the same.

    Args:
        function: from two arrays (steps, steps) to one, number by number.
        x, y: from where to where.
        levels: how many lines; or the values to draw, rising. Lines are denser where the function is low, so that
            a bowl shows rings at equal distances, and the floor of a valley shows, too.
        steps: points in each direction.
        xlabel, ylabel: what the directions are.
        ax: where to draw; None: a new figure.

    Returns:
        The Axes; `trace` draws in it.

    Raises:
        ValueError: a function that gives another shape, or no finite number.

    >>> ax = contour(lambda a, b: a**2 + 4 * b**2, (-3, 3), (-2, 2), xlabel="a", ylabel="b")
    >>> ax = trace([(2.5, 1.5), (1.0, -0.5), (0.3, 0.1)], ax=ax)
    """
    across, up = np.meshgrid(np.linspace(*x, steps), np.linspace(*y, steps))
    values = array(function(across, up))
    if values.shape != across.shape:
        raise ValueError(f"from two arrays of shape {across.shape} the function made one of shape {values.shape}: it must compute number by number.")
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        raise ValueError("the function is the same everywhere, or nowhere a finite number: there is no line to draw.")
    if isinstance(levels, int):
        shares = (np.arange(1, levels + 1) / (levels + 1)) ** 2
        levels = np.unique(np.quantile(finite, shares)).tolist()
    ax = axes(ax, (4.2, 3.2))
    ax.contour(across, up, values, levels=levels, colors="black", linewidths=0.8, alpha=0.45)
    if xlabel:
        ax.set_xlabel(xlabel)
    if ylabel:
        ax.set_ylabel(ylabel)
    return ax


def trace(points: Any, *, label: str = "", color: str | None = None, ax: Any = None) -> Any:
    """Draw the way that an optimizer took: a ring where it began, a dot where it is.

    Args:
        points: (N, 2), in order.
        label: the optimizer's name, for a legend.
        color: None: the next of the cycle.
        ax: where to draw; None: a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: points that are no pairs.

    >>> ax = trace([(2.0, 1.0), (1.0, 0.2)], label="SGD")
    """
    way = array(points).astype(float)
    if way.ndim != 2 or way.shape[1] != 2 or not len(way):
        raise ValueError(f"the points have shape {way.shape}: give two numbers for each, (N, 2).")
    ax = axes(ax, (4.2, 3.2))
    color = color or COLORS[sum(line.get_gid() == "way" for line in ax.lines) % len(COLORS)]
    # Where it leaves the picture, the picture stays.
    view = (ax.get_xlim(), ax.get_ylim()) if ax.collections else None
    ax.plot(way[:, 0], way[:, 1], color=color, marker=".", markersize=5, label=label or None, gid="way")
    ax.plot(*way[0], color=color, marker="o", markersize=7, fillstyle="none", linestyle="")
    ax.plot(*way[-1], color=color, marker="o", markersize=7, linestyle="")
    if view:
        ax.set_xlim(view[0])
        ax.set_ylim(view[1])
    if label:
        aside(ax)
    return ax
