"""Saving a figure without the rehearsals that it does not need.

To cut a picture to what is drawn ("tight"), matplotlib draws the figure twice: first in silence, so that everything
finds its place, then, when its extent is known, on the picture. Most artists find their place when they are asked for
their extent, too. Where all do, the rehearsal is spared, and the picture is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from hooks.remembered import remembered


@contextmanager
def spared(figure: Any) -> Iterator[None]:
    """While a figure is saved, as often as one likes: no more rehearsals than it needs."""
    if not _simple(figure):
        yield
        return
    drawn, measured, still = figure.draw, figure.get_tightbbox, ExitStack()

    def draw(renderer: Any) -> None:
        # The renderer of a rehearsal has methods that wrap those that draw. Were it to be known by something else in
        # another matplotlib, everything would be drawn.
        if not hasattr(renderer.draw_path, "__wrapped__"):
            with still:
                drawn(renderer)
            return
        if figure.axes and (engine := figure.get_layout_engine()):
            with suppress(ValueError):  # as when the figure is drawn
                engine.execute(figure)
        for axes in figure.axes:
            axes.apply_aspect()

    def get_tightbbox(*args: Any, **options: Any) -> Any:
        still.enter_context(remembered())  # until it is drawn; in between, it is only moved as a whole
        return measured(*args, **options)

    figure.draw, figure.get_tightbbox = draw, get_tightbbox
    try:
        with still:
            yield
    finally:
        del figure.draw, figure.get_tightbbox


def _simple(figure: Any) -> bool:
    """Whether the place of all that counts is found anew whenever its extent is asked for, whatever was drawn before.

    Of what is not known here nothing is believed.
    """
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine, PlaceHolderLayoutEngine

    if type(figure) is not Figure or {"draw", "get_tightbbox"} & vars(figure).keys() or figure.subfigs or not figure.get_visible():
        return False
    if type(figure.get_layout_engine()) not in (type(None), PlaceHolderLayoutEngine, ConstrainedLayoutEngine):
        return False
    if "draw_event" in figure.canvas.callbacks.callbacks:  # someone waits for it
        return False
    others = [artist for artist in figure.get_children() if not isinstance(artist, Axes)]
    return all(map(_finds_its_place, others)) and all(map(_simple_axes, figure.axes))


def _simple_axes(axes: Any) -> bool:
    import matplotlib.axes

    if type(axes) is not matplotlib.axes.Axes or axes.child_axes or axes.get_axes_locator() is not None:
        return False
    if axes.get_aspect() != "auto" and axes.get_adjustable() != "box":  # its limits follow its place
        return False
    tickers = [t for axis in (axes.xaxis, axes.yaxis) for t in (axis.major.locator, axis.major.formatter, axis.minor.locator, axis.minor.formatter)]
    inside, outside = axes.get_children(), axes.get_default_bbox_extra_artists()  # those that are not cut off at the frame
    return all(map(_own, [axes, *inside, *tickers])) and all(map(_finds_its_place, outside))


def _own(part: Any) -> bool:
    """Whether this is matplotlib's, and calls nothing of the block's when it is drawn."""
    kind = type(part)
    return kind.__module__.startswith("matplotlib.") and kind.__name__ != "FuncFormatter" and "draw" not in vars(part)


def _finds_its_place(artist: Any) -> bool:
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Ellipse, PathPatch, Polygon, Rectangle, StepPatch, Wedge
    from matplotlib.spines import Spine
    from matplotlib.text import Annotation, Text

    if type(artist) is Annotation:
        return artist.arrow_patch is None and _own(artist)
    if type(artist) is Legend:
        return getattr(artist, "_mode", "") is None and _own(artist)
    return type(artist) in (Line2D, Text, Rectangle, Polygon, Circle, Ellipse, Wedge, PathPatch, StepPatch, Spine) and _own(artist)
