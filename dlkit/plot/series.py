"""Curves: numbers over time, and curves that grow while a model trains."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from dlkit.plot import COLORS
from dlkit.plot.common import Array, array, aside, axes, whole

STYLES = ("-", "--", ":", "-.")  # when the colors are used up


def curves(
    series: Mapping[str, Any],
    x: Any = None,
    *,
    spread: Mapping[str, Any] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    log: str = "",
    ax: Any = None,
) -> Any:
    """Draw named curves in one picture.

    Args:
        series: for each name its values (N,), or a pair of places (N,) and values (N,). NaN and None leave a gap.
        x: places (N,) of those that bring none; None: 0, 1, 2, ...
        spread: for some names a band, as its half width (N,), or as its lower and upper edge, (2, N).
        xlabel, ylabel: what the axes measure, with the unit.
        log: "x", "y" or "xy": axes on which equal steps are equal factors.
        ax: where to draw; None: a new figure.

    Returns:
        The Axes; `.figure` is their figure.

    Raises:
        ValueError: shapes that do not fit, a band of an unknown curve, or a number that has no logarithm.

    >>> ax = curves({"training": [3.0, 2.0, 1.5], "validation": ([0, 2], [3.1, 2.0])}, xlabel="epoch", log="y")
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation']
    """
    if set(log) - {"x", "y"}:
        raise ValueError(f'log is {log!r}: write "x", "y" or "xy".')
    spread = spread or {}
    if unknown := sorted(set(spread) - set(series)):
        raise ValueError(f"there is a band for {unknown[0]!r}, and no such curve; there are {', '.join(map(repr, series))}.")
    lines = [(name, *_line(name, values, x, log)) for name, values in series.items()]
    bands = {name: _band(name, values, at, band, log) for name, at, values in lines if (band := spread.get(name)) is not None}
    ax = axes(ax)
    for side in log:
        getattr(ax, f"set_{side}scale")("log")
        _plainly(getattr(ax, f"{side}axis"))
    for number, (name, at, values) in enumerate(lines, len(ax.lines)):  # those of another call have their colors
        color, style = COLORS[number % len(COLORS)], STYLES[number // len(COLORS) % len(STYLES)]
        alone = len(values) == 1  # a line of one point is nothing
        ax.plot(at, values, color=color, linestyle=style, label=name, marker="o" if alone else "")
        if name in bands:
            ax.fill_between(at, *bands[name], color=color, alpha=0.25, linewidth=0)
    if xlabel:
        ax.set_xlabel(xlabel)
    if ylabel:
        ax.set_ylabel(ylabel)
    if "x" not in log and all((at == np.round(at)).all() for _, at, _ in lines):
        ax.xaxis.set_major_locator(whole())
    if len(ax.lines) > 4:
        aside(ax)
    elif any(series):
        ax.legend()
    return ax


def _plainly(axis: Any) -> None:
    """0.01, 0.1 and 1 rather than powers of ten, where all of them are short."""
    from matplotlib.ticker import LogFormatterSciNotation

    class Plain(LogFormatterSciNotation):
        def __call__(self, x: float, pos: int | None = None) -> str:
            said = super().__call__(x, pos)
            low, high = sorted(axis.get_view_interval())
            return f"{x:g}" if said and low > 1e-4 and high < 1e5 else said

    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(Plain(labelOnlyBase=False))


def _line(name: str, given: Any, x: Any, log: str) -> tuple[Array, Array]:
    """Places and values of a curve."""
    pair = isinstance(given, tuple) and len(given) == 2 and np.ndim(array(given[0])) == 1
    values = array(given[1] if pair else given).astype(float)
    if values.ndim != 1:
        raise ValueError(f"curve {name!r} has values of shape {values.shape}: a curve is one row of numbers, (N,).")
    at = array(given[0] if pair else np.arange(len(values)) if x is None else x)
    if at.shape != values.shape:
        raise ValueError(f"curve {name!r} has {len(values)} values, and places of shape {at.shape}: give as many.")
    for side, numbers in (("x", at), ("y", values)):
        if side in log and (numbers <= 0).any():
            wrong = numbers[numbers <= 0][0]
            raise ValueError(f"curve {name!r} has {wrong:g}, which has no logarithm: leave {side!r} out of log.")
    return at, values


def _band(name: str, values: Array, at: Array, band: Any, log: str) -> tuple[Array, Array]:
    """Its lower and its upper edge."""
    edges = array(band).astype(float)
    if edges.shape == values.shape:
        edges = np.stack([values - edges, values + edges])
    if edges.shape != (2, len(values)):
        raise ValueError(
            f"the band of {name!r} has shape {edges.shape}: give its half width, {values.shape}, or its edges, {(2, len(values))}."
        )
    if "y" in log and (edges <= 0).any():
        edges = np.where(edges <= 0, np.nan, edges)
    return edges[0], edges[1]


class Live:
    """Curves that grow while a model trains: redrawn in a notebook; elsewhere drawn once, at the end.

        with plot.Live(xlabel="epoch", log="y") as live:
            for epoch in range(10):
                live.add(epoch, training=train(), validation=evaluate())

    It is a callback of `dlkit.train.Trainer`, too, and then draws the losses, or what `names` says, after each epoch.

    Args:
        xlabel, ylabel, log: as in `curves`.
        every: seconds from one drawing in a notebook to the next, at least.
        names: columns of a trainer's history; None: all with "loss" in their name.

    Attributes:
        series: for each name its places and values.
        ax: the Axes of the last drawing.

    >>> with Live(xlabel="step") as live:
    ...     for step in range(3):
    ...         live.add(step, loss=1 / (step + 1))
    >>> live.ax.get_xlabel()
    'step'
    """

    def __init__(
        self, *, xlabel: str = "", ylabel: str = "", log: str = "", every: float = 0.5, names: Sequence[str] | None = None
    ) -> None:
        self.looks: dict[str, Any] = {"xlabel": xlabel, "ylabel": ylabel, "log": log}
        self.every, self.names = every, names
        self.series: dict[str, tuple[list[float], list[float]]] = {}
        self.ax: Any = None
        self.handle: Any = None  # of what a notebook shows
        self.last = -float("inf")
        self.fresh = False  # whether there are points that no drawing shows

    def add(self, x: float, **values: Any) -> None:
        """One more point for each name: `live.add(step, loss=0.3)`."""
        for name, value in values.items():
            at, known = self.series.setdefault(name, ([], []))
            at.append(float(x))
            known.append(float(value))
        self.fresh = True
        if in_notebook() and time.monotonic() - self.last >= self.every:
            self._redraw()

    def finish(self) -> None:
        """The last drawing. Called at the end of `with`, and of a trainer's `fit`."""
        if self.fresh and in_notebook():
            self._redraw()
        elif self.fresh:
            self._draw()

    def _draw(self) -> None:
        self.ax, self.fresh = curves(self.series, **self.looks), False

    def _redraw(self) -> None:
        import matplotlib.pyplot as plt
        from IPython.display import display

        self._draw()
        if self.handle is None:
            self.handle = display(self.ax.figure, display_id=True)
        else:
            self.handle.update(self.ax.figure)
        plt.close(self.ax.figure)  # or the notebook shows it once more, at the cell's end
        self.last = time.monotonic()

    def __enter__(self) -> Live:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.finish()

    def after_epoch(self, trainer: Any) -> None:
        row = trainer.history.rows[-1]
        names = [name for name in row if "loss" in name] if self.names is None else self.names
        if missing := sorted(set(names) - set(row)):
            raise ValueError(f"the history has no {missing[0]!r}; it has {', '.join(row)}.")
        if not trainer.processes.rank:  # one process draws
            self.add(row["epoch"], **{name: row[name] for name in names})

    def after_fit(self, trainer: Any) -> None:
        self.finish()


def in_notebook() -> bool:
    """Whether what is shown can be changed afterwards: a terminal cannot, nor can the page of a book."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"
