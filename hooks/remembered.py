"""What matplotlib asks itself again and again while nothing moves: answered once.

Between the moments at which a figure's parts can move, the ticks of an axis and the layout of a text are asked for
five times and more, and worked out each time; together that is a third of the time that a figure takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def remembered() -> Iterator[None]:
    """While everything stands still: ticks and layouts are worked out once."""
    import matplotlib.axis
    import matplotlib.text

    Axis: Any = matplotlib.axis.Axis  # noqa: N806
    Text: Any = matplotlib.text.Text  # noqa: N806
    ticks: dict[Any, Any] = {}
    layouts: dict[Any, Any] = {}
    update_ticks, get_layout = getattr(Axis, "_update_ticks", None), getattr(Text, "_get_layout", None)
    if update_ticks is None or get_layout is None:  # in another matplotlib they have other names
        yield
        return

    def _update_ticks(self: Any) -> Any:
        if self not in ticks:
            ticks[self] = update_ticks(self)
        return ticks[self]

    def _get_layout(self: Any, renderer: Any) -> Any:
        if self.get_wrap():  # to the figure's frame, which is moved
            return get_layout(self, renderer)
        # Whichever renderer it is: one that serves to measure knows the same letters. One of SVG may turn into another
        # while it draws what is to be rasterized.
        key = self, self.get_text(), type(getattr(renderer, "_renderer", renderer)), self.get_figure(root=True).dpi
        if key not in layouts:
            layouts[key] = get_layout(self, renderer)
        return layouts[key]

    Axis._update_ticks = _update_ticks
    Text._get_layout = _get_layout
    try:
        yield
    finally:
        Axis._update_ticks = update_ticks
        Text._get_layout = get_layout
