"""Figures of the library: what they show, that they follow the page's ink, and what people are told."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text
from PIL import Image
from torch import nn

import dlkit
from dlkit import plot
from dlkit.plot import common, series
from dlkit.plot.pictures import picture
from dlkit.train import Trainer
from hooks import capture, svg

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 150_000  # what a section may show
RANDOM = np.random.default_rng(0)
PHOTO = (127 * (1 + np.sin(np.arange(3 * 480 * 640) / 50_000 + RANDOM.random(3 * 480 * 640) / 20))).astype(np.uint8).reshape(3, 480, 640)
CLASSES = [f"class {number}" for number in range(12)]


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with matplotlib.rc_context():
        plot.use()
        yield
    plt.close("all")


def valley() -> Any:
    ax = plot.contour(lambda a, b: (1 - a) ** 2 + 100 * (b - a**2) ** 2, (-2, 2), (-1, 3), xlabel="a", ylabel="b")
    plot.trace([(-1.5, 2.0), (0.0, 0.1), (1.0, 1.0)], label="SGD", ax=ax)
    return plot.trace(torch.tensor([[-1.5, 2.0], [9.0, 9.0]]), label="astray", ax=ax)


FIGURES: dict[str, Callable[[], Any]] = {
    "curves": lambda: plot.curves({"a": [3, 2, 1], "b": [2, 2, 2]}, spread={"a": [1, 1, 0.5], "b": [[1, 1, 1], [3, 4, 5]]}, xlabel="epoch", ylabel="loss", log="y"),
    "many curves": lambda: plot.curves({name: RANDOM.random(9) for name in CLASSES}),
    "images": lambda: plot.images(RANDOM.random((10, 1, 28, 28)), titles=range(10)),
    "photographs": lambda: plot.images([PHOTO] * 2, titles=["left", "right"]),
    "weights": lambda: plot.images(RANDOM.standard_normal((6, 5, 5)), scale=True),
    "boxes": lambda: plot.boxes(RANDOM.random((3, 32, 32)), [[2, 3, 20, 9], [1, 1, 4, 30]], ["one", "two"]),
    "crowd": lambda: plot.boxes(RANDOM.random((32, 32)), np.array([[2, 3, 20, 9]] * 9), [1, 2, 3] * 3, classes=CLASSES),
    "masks": lambda: plot.masks(RANDOM.random((32, 32)), np.arange(1024).reshape(32, 32) % 12, classes=CLASSES),
    "heat": lambda: plot.heat(RANDOM.random((3, 4)), ["a", "b", "c"], ["one", "two", "three", "a long one"], bar=True, xlabel="x"),
    "valley": valley,
}  # fmt: skip
ON_COLORS = {common.on("black"), common.on("white")}  # written on a picture, which no page changes
figures = pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)


def figure(drawn: Any) -> Any:
    return drawn if hasattr(drawn, "savefig") else drawn.figure


def inks(drawing: str) -> set[str]:
    """Colors of lines, areas and letters; what names none is black."""
    said = re.findall(r"(?:fill|stroke|stop-color)\s*[:=]\s*\"?\s*(#[0-9a-fA-F]{3,6}|rgb\([^)]*\)|[a-zA-Z]+)", drawing)
    return {ink.lower() for ink in said} - {"none", "round", "butt", "miter"}


@figures
def test_a_page_can_change_the_ink(make: Callable[[], Any]) -> None:
    """Black, which it changes, or a color that stands on both grounds; and no ground of its own."""
    drawn = figure(make())
    output = capture.figure(drawn)
    palette = {to_hex(common.color(number)) for number in range(18)} | ON_COLORS
    assert inks(output.content.decode()) <= palette | {"#000000", "black"}
    shown = svg.clean(output.content, "fig", "a figure")
    assert inks(shown) <= palette | {"currentcolor"}
    assert not re.search(r"#000|black", shown)
    words = {text.get_text() for text in drawn.findobj(Text) if text.get_visible()} & {"loss", "class 3", "left", "one", "SGD", "7"}
    assert all(f">{word}</" in shown for word in words), "letters are letters"
    assert len(shown) < LARGEST


@figures
def test_the_ground_is_transparent(make: Callable[[], Any]) -> None:
    pixels = io.BytesIO()
    figure(make()).savefig(pixels, format="png", bbox_inches="tight")
    alpha = np.asarray(Image.open(pixels).convert("RGBA"))[..., 3]
    assert (alpha[[0, -1], :] == 0).mean() > 0.8, "the margin"
    assert (alpha == 255).any()


@figures
def test_every_legend_lies_within_the_figure(make: Callable[[], Any]) -> None:
    drawn = figure(make())
    drawn.canvas.draw()
    whole = drawn.get_tightbbox()
    assert 0.5 < whole.width / drawn.get_size_inches()[0] < 1.02
    assert 0.5 < whole.height / drawn.get_size_inches()[1] < 1.02
    assert min(ax.get_window_extent().height for ax in drawn.axes) > 30, "no picture is squeezed"


def test_colors_stand_on_both_grounds() -> None:
    def luminance(color: Any) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
        return float(np.dot([0.2126, 0.7152, 0.0722], parts))

    def contrast(one: Any, other: Any) -> float:
        low, high = sorted([luminance(one), luminance(other)])
        return (high + 0.05) / (low + 0.05)

    assert all(contrast(color, "white") > 2.5 and contrast(color, "#16171a") > 3 for color in plot.COLORS)
    for ground in [*plot.COLORS, *matplotlib.colormaps["viridis"](np.linspace(0, 1, 20))[:, :3]]:
        assert contrast(common.on(ground), ground) > 4.2


def test_curves_show_their_numbers() -> None:
    ax = plot.curves({"a": torch.tensor([4.0, 2.0]), "b": ([1, 5], [3.0, None])}, spread={"a": [1, 1]})
    a, b = ax.lines
    assert a.get_xydata().tolist() == [[0, 4], [1, 2]]
    assert b.get_xdata().tolist() == [1, 5]
    assert b.get_ydata()[0] == 3
    assert np.isnan(b.get_ydata()[1])
    assert ax.collections[0].get_datalim(ax.transData).extents.tolist() == [0, 1, 1, 5]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert all(tick == round(tick) for tick in ax.get_xticks())
    again = plot.curves({"c": [1, 10]}, [2, 20], log="xy", ax=ax)
    assert again is ax
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert len({line.get_color() for line in ax.lines}) == 3, "a curve that is added has a color of its own"
    assert plot.curves({"": [1, 2]}).get_legend() is None
    styles = {(line.get_color(), line.get_linestyle()) for line in plot.curves({str(n): [n, n] for n in range(24)}).lines}
    assert len(styles) == 24


@pytest.mark.parametrize(
    ("values", "log", "x", "y"),
    [
        (range(31), "", ["0", "5", "10", "15", "20", "25", "30"], None),
        ([0.002, 0.9], "y", ["0", "1"], ["0.01", "0.1", "1"]),
        ([0.3, 2.0], "y", ["0", "1"], ["0.3", "0.4", "0.6", "1", "2"]),
        ([1e-6, 1.0], "y", ["0", "1"], [f"10^{{{power}}}" for power in range(-6, 1)]),
    ],
)
def test_ticks_are_few_and_short(values: Any, log: str, x: list[str], y: list[str] | None) -> None:
    ax = plot.curves({"loss": list(values)}, log=log)
    ax.figure.canvas.draw()
    for axis, wanted in ((ax.xaxis, x), (ax.yaxis, y)):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for which in (True, False) for tick in zip(axis.get_ticklocs(minor=which), axis.get_ticklabels(minor=which), strict=True)]
        said = [label.get_text() for at, label in sorted(ticks, key=lambda tick: tick[0]) if low <= at <= high and label.get_text()]
        assert wanted is None or [re.sub(r"\$\\mathdefault{(.*)}\$", r"\1", word) for word in said] == wanted


@pytest.mark.parametrize("shape", [(4, 6), (1, 4, 6), (4, 6, 1), (3, 4, 6), (4, 6, 3)])
def test_images_of_every_layout(shape: tuple[int, ...]) -> None:
    values = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    for given in (values, torch.from_numpy(values), values / 255.0):
        shown = picture(given)
        assert shown.shape == ((4, 6, 3) if 3 in shape else (4, 6))
        pixels = np.moveaxis(values, 0, -1) if shape[0] in (1, 3) else values
        assert np.allclose(shown * (1 if shown.dtype == np.uint8 else 255), pixels.squeeze())


def test_a_grid_has_a_place_for_each() -> None:
    drawn = plot.images(RANDOM.random((10, 8, 8)), columns=4)
    assert len(drawn.axes) == 10
    assert len({round(ax.get_position().y0, 3) for ax in drawn.axes}) == 3
    _, places = plt.subplots(1, 2)
    assert plot.images(RANDOM.random((2, 8, 8)), ax=places) is places[0].figure
    assert all(len(ax.images) == 1 for ax in places)


def test_boxes_lie_where_the_pixels_are() -> None:
    held, masks = dlkit.data.shapes(3)
    ax = plot.boxes(held.images[1], held.boxes[1], held.labels[1], classes=held.classes)
    drawn = [(p.get_x(), p.get_y(), p.get_x() + p.get_width(), p.get_y() + p.get_height()) for p in ax.patches]
    assert (np.array(drawn) + 0.5).tolist() == held.boxes[1].tolist()
    assert [text.get_text() for text in ax.texts] == [held.classes[label] for label in held.labels[1]]
    plot.masks(None, masks[1], ax=ax)
    over = ax.images[-1].get_array()
    assert ((over[..., 3] > 0) == (masks[1].numpy() > 0)).all()
    assert len(plot.boxes(held.images[0], torch.zeros(0, 4)).patches) == 0


def test_each_class_has_its_color_and_the_ground_none() -> None:
    mask = np.arange(12).reshape(3, 4)
    for ground, seen in ((0, 11), (None, 12), (5, 11)):
        over = plot.masks(np.zeros((3, 4)), mask, ground=ground).images[-1].get_array()
        assert len({tuple(pixel) for pixel in over.reshape(-1, 4) if pixel[3]}) == seen
    assert (plot.masks(np.zeros((3, 4)), mask > 3).images[-1].get_array()[..., 3] > 0).sum() == 8


def test_numbers_in_cells() -> None:
    ax = plot.heat([[0.5, np.nan], [1.0, 0.0]], ["a", "b"], ["c", "d"], low=0, high=2)
    assert [(text.get_position(), text.get_text()) for text in ax.texts] == [((0, 0), "0.50"), ((0, 1), "1.00"), ((1, 1), "0.00")]
    assert [label.get_text() for label in ax.get_xticklabels() + ax.get_yticklabels()] == ["c", "d", "a", "b"]
    assert ax.images[0].get_clim() == (0, 2)
    assert not plot.heat([[1]], numbers=False).texts
    assert plot.heat(torch.tensor([[0.123]]), numbers=".1%").texts[0].get_text() == "12.3%"


def overlapping(words: list[Text]) -> bool:
    """Whether any of these, in a row, runs into the next."""
    boxes = sorted((word.get_window_extent() for word in words), key=lambda box: (round(-box.y1), box.x0))
    return any(one.x1 > other.x0 and abs(one.y1 - other.y1) < 1 for one, other in pairwise(boxes))


@pytest.mark.parametrize("columns", [2, 6, 20, 60])
def test_no_word_of_a_table_hides_another(columns: int) -> None:
    ax = plot.heat(RANDOM.random((3, columns)), columns=["happy"] * columns)
    ax.figure.canvas.draw()
    assert bool(ax.texts) == (columns < 20)
    assert not overlapping(ax.texts)
    turned = ax.get_xticklabels()[0].get_rotation()
    assert turned == 45 or not overlapping(ax.get_xticklabels())
    assert (turned == 45) == (columns > 2)
    assert len(plot.heat(np.ones((2, 60)), numbers=True).texts) == 120


def test_rows_and_columns_are_counted_in_whole_numbers() -> None:
    for shape in ((2, 3), (12, 20)):
        ax = plot.heat(np.ones(shape))
        assert all(tick == round(tick) for tick in [*ax.get_xticks(), *ax.get_yticks()])


def test_long_titles_are_wrapped() -> None:
    drawn = plot.images(RANDOM.random((20, 8, 8)), titles=["airplane as automobile", "cat\ntrue: a small dog"] * 10)
    drawn.canvas.draw()
    assert drawn.axes[0].get_title() == "airplane as\nautomobile"
    assert drawn.axes[1].get_title() == "cat\ntrue: a small\ndog"
    assert not overlapping([ax.title for ax in drawn.axes])


def test_rings_of_a_bowl_are_as_far_apart() -> None:
    ax = plot.contour(lambda a, b: a**2 + b**2, (-1, 1), (-1, 1), levels=6)
    radii = np.sqrt(ax.collections[0].levels)
    assert len(radii) == 6
    assert np.diff(radii) == pytest.approx(np.diff(radii).mean(), rel=0.15)
    assert plot.contour(lambda a, b: a + b, (0, 1), (0, 1), levels=[0.5]).collections[0].levels.tolist() == [0.5]


def test_a_trace_leaves_the_picture_as_it_is() -> None:
    ax = valley()
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2, 2), (-1, 3))
    ways = [line for line in ax.lines if line.get_gid() == "way"]
    assert ways[0].get_xydata().tolist() == [[-1.5, 2.0], [0.0, 0.1], [1.0, 1.0]]
    assert [way.get_color() for way in ways] == list(plot.COLORS[:2])


ONES = np.ones((4, 4))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plot.curves({"a": [[1, 2]]}), r"curve 'a' has values of shape \(1, 2\)"),
        (lambda: plot.curves({"a": [1, 2]}, [1]), r"curve 'a' has 2 values, and places of shape \(1,\)"),
        (lambda: plot.curves({"a": [1, 0]}, log="y"), "curve 'a' has 0, which has no logarithm: leave 'y' out"),
        (lambda: plot.curves({"a": [1]}, log="z"), "log is 'z'"),
        (lambda: plot.curves({"a": [1]}, spread={"b": [1]}), "a band for 'b', and no such curve; there are 'a'"),
        (lambda: plot.curves({"a": [1, 2]}, spread={"a": [1, 2, 3]}), r"the band of 'a' has shape \(3,\)"),
        (lambda: plot.images([]), "there is no image"),
        (lambda: plot.images(ONES), r"an image of shape \(4,\)"),
        (lambda: plot.images([ONES * 2]), "from 2 to 2: floats go from 0 to 1"),
        (lambda: plot.images([ONES], titles="ab"), "1 images and 2 titles"),
        (lambda: plot.images([ONES], ax=[1, 2]), "1 images and 2 Axes"),
        (lambda: plot.boxes(ONES, [1, 2, 3]), r"the boxes have shape \(3,\)"),
        (lambda: plot.boxes(ONES, [[3, 0, 1, 1]]), r"box 0 goes from \(3, 0\) to \(1, 1\)"),
        (lambda: plot.boxes(ONES, [[0, 0, 1, 1]], [1, 2]), "1 boxes and 2 labels"),
        (lambda: plot.boxes(ONES, [[0, 0, 1, 1]], [2], classes=["a"]), "labels go from 2 to 2, and there are 1 classes"),
        (lambda: plot.boxes(None, [[0, 0, 1, 1]]), "no image and no ax"),
        (lambda: plot.masks(ONES, ONES), "the mask is float64"),
        (lambda: plot.masks(ONES, np.eye(3, dtype=int)), r"the mask has shape \(3, 3\), and the image \(4, 4\)"),
        (lambda: plot.masks(ONES, np.eye(4, dtype=int), classes=["a"]), "the mask has a 1, and there are 1 classes"),
        (lambda: plot.heat([1, 2]), r"the values have shape \(2,\)"),
        (lambda: plot.heat(ONES, rows=["a"]), "4 rows and 1 labels"),
        (lambda: plot.contour(lambda a, b: 1.0, (0, 1), (0, 1)), r"made one of shape \(\)"),
        (lambda: plot.contour(lambda a, b: 0 * a, (0, 1), (0, 1)), "the same everywhere"),
        (lambda: plot.trace([1, 2, 3]), r"the points have shape \(3,\)"),
        (lambda: common.array([[1], [1, 2]]), r"the parts have shapes \(1,\), \(2,\)"),
    ],
)
def test_errors_are_for_people(call: Callable[[], Any], said: str) -> None:
    before = plt.get_fignums()
    with pytest.raises(ValueError, match=said):
        call()
    assert plt.get_fignums() == before, "no empty figure is left to be shown"


def test_numbers_from_any_array() -> None:
    wanted = [[1.0, 2.0]]
    held = torch.tensor(wanted, requires_grad=True)
    for given in (held, held.bfloat16(), held.tolist(), [held[0]], dlkit.Tensor(wanted, requires_grad=True), np.array(wanted)):
        assert common.array(given).tolist() == wanted


def test_live_curves_are_drawn_once_where_nothing_can_be_redrawn() -> None:
    with plot.Live(xlabel="step", log="y") as live:
        for step in range(5):
            live.add(step, loss=torch.tensor(1.0 / (step + 1)))
            assert not plt.get_fignums()
    assert len(plt.get_fignums()) == 1
    assert live.ax.lines[0].get_xydata().tolist() == [[step, pytest.approx(1 / (step + 1))] for step in range(5)]
    live.finish()
    assert len(plt.get_fignums()) == 1, "there is nothing new"
    plot.Live().finish()
    assert len(plt.get_fignums()) == 1, "there is nothing"


def test_live_curves_of_a_trainer() -> None:
    net, live = nn.Linear(1, 1), plot.Live(xlabel="epoch")
    batches = [(torch.ones(4, 1), torch.ones(4, 1))]
    trainer = Trainer(net, torch.optim.SGD(net.parameters(), lr=0.1), nn.functional.mse_loss, device="cpu", callbacks=[live])
    history = trainer.fit(batches, batches, epochs=3)
    assert live.series == {name: ([1, 2, 3], history[name]) for name in ("loss", "val_loss")}
    assert len(live.ax.lines) == 2
    trainer.callbacks = [plot.Live(names=["accuracy"])]
    with pytest.raises(ValueError, match="the history has no 'accuracy'; it has epoch, updates, loss, rate, val_loss"):
        trainer.fit(batches, batches, epochs=4)


def test_live_curves_are_redrawn_in_a_notebook() -> None:
    """In a real kernel: one output, changed again and again, and no second figure at the cell's end."""
    import nbclient
    import nbformat.v4 as notebooks

    code = (
        "from dlkit import plot\nplot.use()\n"
        "with plot.Live(every=0.0) as live:\n    for step in range(4):\n        live.add(step, loss=1.0 / (step + 1))\n"
        "import matplotlib.pyplot as plt\nassert not plt.get_fignums()\nassert live.handle is not None"
    )
    book = notebooks.new_notebook(cells=[notebooks.new_code_cell(code)])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [output for output in book.cells[0].outputs if "image/png" in output.get("data", {})]
    assert [output.output_type for output in shown] == ["display_data"]


def test_a_figure_does_not_wait_for_torch() -> None:
    code = "import sys; from dlkit import plot; plot.use(); plot.heat([[1]]); plot.curves({'a': [1]}); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    with pytest.raises(AttributeError, match="no 'curvse'"):
        plot.curvse  # noqa: B018
    assert plot.curves is series.curves
