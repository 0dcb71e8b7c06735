"""A figure's SVG is the same to the byte (but for pixels in it, which are packed), however little matplotlib is made to draw for it; its raster shows the same."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from gallery import FIGURES
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends import backend_svg
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.path import Path
from matplotlib.patheffects import SimpleLineShadow
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from PIL import Image, ImageChops, ImageFilter, ImageStat

from hooks import capture, compare, picture, pixels

STYLES = {
    "plain": {},
    "the book's": {"figure.constrained_layout.use": True, "axes.spines.top": False, "savefig.transparent": True, "legend.frameon": False},
}


def plain(figure: Any) -> bytes:
    """The SVG that matplotlib makes when it is left alone."""
    vector = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "book"}):
        figure.savefig(vector, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return vector.getvalue()


def apart(figure: Any) -> Image.Image:
    """The raster that matplotlib makes of a figure, with its own layout of texts."""
    pixels = io.BytesIO()
    figure.savefig(pixels, format="png", bbox_inches="tight", facecolor="white", dpi=40)
    return Image.open(pixels).convert("L")


def opened(raster: bytes) -> Image.Image:
    return Image.open(io.BytesIO(raster))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
@pytest.mark.filterwarnings("ignore:.*[Ll]ayout")
def test_the_bytes_are_those_of_matplotlib(make: Callable[[], Any], style: str) -> None:
    with matplotlib.rc_context(STYLES[style]):
        wanted = make()
        twice = [plain(wanted), plain(wanted)]  # what was drawn before may leave its traces
        figure = make()
        shown = [capture.figure(figure), capture.figure(figure)]
        plt.close("all")
    assert [output.content for output in shown] == [pixels.inside(vector) for vector in twice]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
@pytest.mark.filterwarnings("ignore:.*[Ll]ayout")
def test_the_raster_shows_the_same_picture(make: Callable[[], Any], style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_drawn_again", None)  # nothing of it is so unusual
    with matplotlib.rc_context(STYLES[style]):
        shown, again = capture.figure(make()), capture.figure(make())
        old = apart(make())
        plt.close("all")
    new = opened(shown.raster)
    assert shown.raster == again.raster
    extent = re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', shown.content)
    assert extent
    assert new.size == tuple(int(float(points) * 40 / 72 + 1e-3) for points in extent.groups())
    # Letters are not quite as wide in the one as in the other, which moves what stands beside them.
    blur = ImageFilter.BoxBlur(6)
    difference = ImageChops.difference(new.filter(blur), old.resize(new.size).filter(blur))
    assert ImageStat.Stat(difference).mean[0] < 5
    assert difference.getextrema()[1] < 64


CHANGES: dict[str, Callable[[Any], Any]] = {
    "path": lambda axes: axes.plot([0, 9], [0, 9], lw=3),
    "dashes": lambda axes: axes.plot([0, 9], [0, 9], "--", lw=3),
    "markers": lambda axes: axes.plot([3, 6], [6, 3], "o", ms=9),
    "collection": lambda axes: axes.scatter([3, 6], [6, 3], s=[90, 180], alpha=0.5),
    "mesh": lambda axes: axes.pcolormesh([[3, 6], [6, 3]], alpha=0.5),
    "gouraud": lambda axes: axes.tripcolor([0, 9, 9], [0, 0, 9], [1, 2, 3], shading="gouraud"),
    "image": lambda axes: axes.imshow([[3, 6], [6, 3]], extent=(2, 8, 2, 8), aspect="auto"),
    "image as it is": lambda axes: axes.imshow([[3, 6], [6, 3]], extent=(2, 8, 2, 8), aspect="auto", interpolation="none"),
    "one pixel of an image": lambda axes: axes.imshow(np.eye(1, 400).reshape(20, 20), extent=(2, 8, 2, 8), cmap="gray", aspect="auto"),
    "text": lambda axes: axes.text(3, 3, "A word"),
    "another text": lambda axes: axes.text(3, 3, "A wood"),
    "mathematics": lambda axes: axes.text(3, 3, r"$\frac{x}{y}$", rotation=30),
    "hatch": lambda axes: axes.bar([5], [5], hatch="x", fill=False),
    "rasterized": lambda axes: axes.plot([0, 9], [9, 0], lw=3, rasterized=True),
    "effect": lambda axes: axes.plot([0, 9], [9, 0], lw=3, path_effects=[SimpleLineShadow()]),
    "clip path": lambda axes: axes.imshow([[3]], extent=(2, 8, 2, 8), aspect="auto").set_clip_path(Circle((5, 5), 2, transform=axes.transData)),
}


def test_every_change_is_seen() -> None:
    def drawn(change: Callable[[Any], Any]) -> bytes:
        figure, axes = plt.subplots(figsize=(3, 2))
        axes.set(xlim=(0, 9), ylim=(0, 9))
        change(axes)
        axes.set(xlim=(0, 9), ylim=(0, 9))
        raster = capture.figure(figure).raster
        plt.close("all")
        return raster

    rasters = {name: drawn(change) for name, change in {"nothing": lambda axes: None, **CHANGES}.items()}
    assert [(a, b) for a, b in combinations(rasters, 2) if compare.images_alike(rasters[a], rasters[b])] == []


class Unusual(Line2D):
    """It draws on an SVG what no other renderer would take."""

    def draw(self, renderer: Any) -> None:
        color: Any = "red" if renderer.option_scale_image() else (0.5, 0.5, 0.5, 1)
        renderer.draw_path(renderer.new_gc(), Path([(9, 9), (99, 9), (99, 99)]), Affine2D(), color)


def unusual() -> Any:
    figure = FIGURES["line"]()
    figure.add_artist(Unusual([0, 1], [0, 1]))
    return figure


def test_what_the_raster_cannot_repeat_is_drawn_again() -> None:
    shown = capture.figure(unusual())
    assert shown.content == pixels.inside(plain(unusual()))
    assert opened(shown.raster).tobytes() == apart(unusual()).tobytes()
    plt.close("all")


def test_a_renderer_of_the_blocks_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, original = plain(FIGURES["line"]()), backend_svg.RendererSVG
    monkeypatch.setattr(backend_svg, "RendererSVG", lambda *args, **options: original(*args, **options))
    shown = capture.figure(FIGURES["line"]())
    assert shown.content == wanted
    assert opened(shown.raster).tobytes() == apart(FIGURES["line"]()).tobytes()
    plt.close("all")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    original = Axes.draw

    def draw(self: Axes, renderer: Any) -> None:
        counts["draw"] += 1
        original(self, renderer)

    monkeypatch.setattr(Axes, "draw", draw)
    return counts


@pytest.mark.parametrize(("name", "times"), [("line", 1), ("mathematics", 1), ("constrained_images", 3), ("arrows", 2), ("colorbar", 4), ("watched", 2)])
def test_a_simple_figure_is_drawn_once(name: str, times: int, counted: Counter[str]) -> None:
    capture.figure(FIGURES[name]())
    plt.close("all")
    assert counted["draw"] == times


def test_nothing_is_left_of_it() -> None:
    def touched() -> list[Any]:
        return [Axis._update_ticks, Text._get_layout, backend_svg.RendererSVG, dict(matplotlib.rcParams)]

    before = touched()
    figure = FIGURES["line"]()
    attributes = set(vars(figure))
    capture.figure(figure)
    plt.close("all")
    assert touched() == before
    assert set(vars(figure)) == attributes


def test_a_part_of_a_figure_is_no_result() -> None:
    figure, places = plt.subplots(1, 2)
    parts = [places[0], places, places.reshape(2, 1), places[0].plot([1, 2]), places[0].bar([1, 2], 3), places[0].set_title("rain"), tuple(places)]
    assert all(map(capture.part, parts))
    endless: list[Any] = []
    endless.append(endless)
    others = [endless, figure, (figure, places), [], (), np.ones(2), np.array([None]), 0.5, "rain", Line2D([0], [1]), (1.0, 2.0), [places[0], 1], None]
    assert not any(map(capture.part, others))
    plt.close(figure)
