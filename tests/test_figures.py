"""A figure is the same to the byte, however little matplotlib is made to draw for it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest
from gallery import FIGURES
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.text import Text
from PIL import Image

from hooks import capture

STYLES = {
    "plain": {},
    "the book's": {"figure.constrained_layout.use": True, "axes.spines.top": False, "savefig.transparent": True, "legend.frameon": False},
}


def plain(figure: Any) -> tuple[bytes, bytes]:
    """What matplotlib makes when it is left alone."""
    vector, pixels, gray = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "book"}):
        figure.savefig(vector, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
        figure.savefig(pixels, format="png", bbox_inches="tight", facecolor="white", dpi=40)
    Image.open(pixels).convert("L").save(gray, "PNG", optimize=True)
    return vector.getvalue(), gray.getvalue()


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
    assert [(output.content, output.raster) for output in shown] == twice


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts: Counter[str] = Counter()
    original = Axes.draw

    def draw(self: Axes, renderer: Any) -> None:
        counts["draw"] += 1
        original(self, renderer)

    monkeypatch.setattr(Axes, "draw", draw)
    return counts


@pytest.mark.parametrize(("name", "times"), [("line", 2), ("mathematics", 2), ("constrained_images", 6), ("arrows", 4), ("colorbar", 8), ("watched", 4)])
def test_a_simple_figure_is_drawn_once_for_each_picture(name: str, times: int, counted: Counter[str]) -> None:
    capture.figure(FIGURES[name]())
    plt.close("all")
    assert counted["draw"] == times


def test_nothing_is_left_of_it() -> None:
    before = Axis._update_ticks, Text._get_layout
    figure = FIGURES["line"]()
    attributes = set(vars(figure))
    capture.figure(figure)
    plt.close("all")
    assert (Axis._update_ticks, Text._get_layout) == before
    assert set(vars(figure)) == attributes
