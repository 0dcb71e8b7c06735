"""Figures of many kinds, each made anew by a function: what is simple, and all that a shortcut could get wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle
from matplotlib.patheffects import Normal, SimpleLineShadow, withStroke
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Affine2D

FIGURES: dict[str, Callable[[], Any]] = {}

X = np.linspace(0, 10, 60)


def shown(make: Callable[[], Any]) -> Callable[[], Any]:
    FIGURES[make.__name__] = make
    return make


@shown
def empty() -> Any:
    return plt.figure()


@shown
def empty_axes() -> Any:
    return plt.subplots()[0]


@shown
def line() -> Any:
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.plot(X, np.sin(X), ".-", label="sine of the day")
    axes.plot(X, 1e7 * np.cos(X), label="more")
    axes.set(xlabel="input", ylabel="target", title="A line\nin two lines")
    axes.legend()
    axes.grid(True)
    return figure


@shown
def legends() -> Any:
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.5))
    left.plot(X, X**2, label="$x^2$")
    left.scatter(X, 30 * np.sin(X), s=X * 9, c=X, label="points")
    left.fill_between(X, X, 2 * X, alpha=0.3, label="between")
    left.legend(loc="best", title="best", ncols=2)
    right.bar(["a", "b", "c"], [3, 1, 2], yerr=0.4, label="bars")
    right.hist(X, bins=7, histtype="step", label="steps")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    figure.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, -0.2))
    return figure


@shown
def legend_as_wide_as_the_axes() -> Any:
    figure, axes = plt.subplots()
    axes.plot(X, label="one")
    axes.plot(2 * X, label="two")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02, 1, 0.2), mode="expand", ncols=2)
    return figure


@shown
def constrained() -> Any:
    figure, grid = plt.subplots(2, 3, layout="constrained", figsize=(6, 4), sharex=True)
    for number, axes in enumerate(grid.flat):
        axes.plot(X, 10.0 ** (3 * number) * np.sin(X))
        axes.set(title=f"panel {number}", ylabel="y" * number, xlabel="x")
    figure.suptitle("All of them")
    figure.supxlabel("shared")
    figure.align_labels()
    return figure


@shown
def constrained_images() -> Any:
    figure, grid = plt.subplots(1, 3, layout="constrained", figsize=(6.4, 1.5))
    for axes, width in zip(grid, (4, 9, 30), strict=True):
        axes.imshow(np.outer(np.arange(6), np.arange(width)))
        axes.set_title(f"6 x {width}")
    return figure


@shown
def constrained_colorbar() -> Any:
    figure, grid = plt.subplots(1, 2, layout="constrained")
    for axes in grid:
        drawn = axes.imshow(np.outer(X, X))
    figure.colorbar(drawn, ax=grid, label="how much")
    return figure


@shown
def tight() -> Any:
    figure, grid = plt.subplots(2, 2, layout="tight")
    for axes in grid.flat:
        axes.plot(X, 1e5 * X)
        axes.set(xlabel="long\nlabel", title="title")
    return figure


@shown
def tight_once() -> Any:
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.5))
    left.plot(X)
    left.set(xlabel="step", ylabel="loss", title="day")
    right.hist(np.sin(X), bins=20)
    figure.tight_layout()
    return figure


@shown
def images() -> Any:
    figure, (left, right) = plt.subplots(1, 2)
    left.imshow(np.random.default_rng(0).random((12, 20)), cmap="gray")
    left.axis("off")
    right.pcolormesh(np.outer(X, X))
    right.set_aspect("equal")
    right.set_title("mesh", loc="left")
    return figure


@shown
def equal_by_limits() -> Any:
    figure, axes = plt.subplots()
    axes.plot(np.cos(X), 2 * np.sin(X))
    axes.axis("equal")
    axes.set_title("limits follow")
    return figure


@shown
def equal_and_shared() -> Any:
    figure, (left, right) = plt.subplots(1, 2, sharex=True, sharey=True)
    left.plot(np.cos(X), 3 * np.sin(X))
    left.set_aspect("equal")
    right.plot(X, X)
    right.text(0.5, 1.3, "over the left one", transform=left.transAxes)
    return figure


@shown
def colorbar() -> Any:
    figure, axes = plt.subplots()
    figure.colorbar(axes.scatter(X, X, c=X), label="x")
    return figure


@shown
def outside() -> Any:
    figure, axes = plt.subplots()
    axes.plot(X, X, clip_on=False, lw=8)
    axes.set_xlim(2, 5)
    axes.text(1.3, -0.4, "far away", transform=axes.transAxes, rotation=30, bbox={"boxstyle": "round", "pad": 1})
    axes.annotate("without an arrow", (3, 3), (-90, 40), textcoords="offset points")
    figure.text(-0.1, 0.5, "left of all", rotation="vertical")
    return figure


@shown
def points_outside() -> Any:
    figure, axes = plt.subplots()
    axes.scatter([0, 1], [0, 1], s=[9000, 100], clip_on=False)
    return figure


@shown
def arrows() -> Any:
    figure, axes = plt.subplots()
    axes.annotate("here", (0.5, 0.5), (1.2, 1.1), arrowprops={"arrowstyle": "->", "shrinkA": 9})
    axes.annotate("", (0, 0), (-0.3, -0.3), arrowprops={"facecolor": "black"})
    axes.arrow(0, 0, 1.4, 0.2, clip_on=False)
    axes.quiver([0, 1], [1, 0], [1, -1], [2, 1])
    return figure


@shown
def twins() -> Any:
    figure, axes = plt.subplots()
    axes.plot(X, X * 1e6)
    axes.set(title="two scales", ylabel="left")
    twin = axes.twinx()
    twin.semilogy(X, np.exp(X), "r")
    twin.set_ylabel("right")
    top = axes.twiny()
    top.set_xlabel("top", fontsize=20)
    return figure


@shown
def scales() -> Any:
    figure, grid = plt.subplots(2, 2)
    for axes, scale in zip(grid.flat, ("log", "symlog", "logit", "linear"), strict=True):
        axes.plot(np.linspace(0.01, 0.99, 50))
        axes.set_yscale(scale)
        axes.minorticks_on()
        axes.tick_params(labelrotation=35, which="both")
    grid[0, 0].xaxis.tick_top()
    grid[0, 1].spines[["left", "bottom"]].set_position(("outward", 20))
    grid[1, 0].spines["bottom"].set_position(("data", 0.5))
    return figure


@shown
def dates_and_words() -> Any:
    figure, (left, right) = plt.subplots(1, 2)
    left.plot(np.arange("2026-01-01", "2026-03-01", dtype="datetime64[D]"), np.arange(59))
    figure.autofmt_xdate()
    right.barh(["a word that is long", "b"], [1, 2])
    right.bar_label(right.containers[0], fmt="%.2f", padding=3)
    return figure


@shown
def own_formatter() -> Any:
    figure, axes = plt.subplots()
    asked: list[float] = []
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, at: f"{value:.0f}, asked {len(asked)} times {asked.append(value) or ''}"))
    axes.plot(X)
    return figure


@shown
def pie() -> Any:
    figure, axes = plt.subplots()
    axes.pie([1, 2, 3], labels=["one", "two", "a long three"], autopct="%d%%", shadow=True)
    return figure


@shown
def table() -> Any:
    figure, axes = plt.subplots()
    drawn = axes.table([["a long cell", "b"], ["1", "2"]], colWidths=[0.1, 0.3], loc="bottom")
    drawn.auto_set_font_size(True)
    return figure


@shown
def polar() -> Any:
    figure, axes = plt.subplots(subplot_kw={"projection": "polar"})
    axes.plot(X, X)
    axes.set_title("around")
    return figure


@shown
def solid() -> Any:
    figure, axes = plt.subplots(subplot_kw={"projection": "3d"})
    axes.plot_surface(*np.meshgrid(X[::6], X[::6]), np.outer(X[::6], X[::6]))
    axes.set(xlabel="x", zlabel="z", title="solid")
    return figure


@shown
def inset() -> Any:
    figure, axes = plt.subplots()
    inside = axes.inset_axes((0.6, 0.9, 0.6, 0.4))
    inside.plot(X)
    axes.plot(X**2)
    axes.indicate_inset_zoom(inside)
    axes.set_title("moved by what is inside")
    return figure


@shown
def subfigures() -> Any:
    figure = plt.figure(layout="constrained")
    for part in figure.subfigures(1, 2):
        part.subplots(2, 1)[0].plot(X)
        part.suptitle("part")
    return figure


@shown
def invisible() -> Any:
    figure, (left, right) = plt.subplots(1, 2)
    left.set_visible(False)
    right.plot(X, label="_hidden")
    right.xaxis.set_visible(False)
    right.set_title("wrapped " * 12, wrap=True)
    return figure


@shown
def mathematics() -> Any:
    figure, axes = plt.subplots()
    axes.set_title(r"$\frac{\partial f}{\partial x_{i}} = \sqrt{\alpha^2}$", fontsize=22)
    axes.plot(X, 1e-9 * X)
    axes.set_xlabel(r"$\mathbf{w}$ and words")
    axes.axhline(3e-9, ls=":")
    axes.axvspan(2, 3, alpha=0.2)
    axes.stem([1, 2], [1e-9, 2e-9])
    return figure


@shown
def watched() -> Any:
    """Its text counts how often it was drawn."""
    figure, axes = plt.subplots()
    words = axes.text(1.2, 0.5, "drawn 0 times", transform=axes.transAxes)
    figure.canvas.mpl_connect("draw_event", lambda event: words.set_text(f"drawn {int(words.get_text().split()[1]) + 1} times"))
    return figure


@shown
def own_draw() -> Any:
    figure, axes = plt.subplots()
    axes.set_title("drawn 0 times")
    (drawn,) = axes.plot(X)
    original = drawn.draw

    def draw(renderer: Any) -> None:
        axes.set_title(f"drawn {int(axes.get_title().split()[1]) + 1} times")
        original(renderer)

    drawn.draw = draw
    return figure


@shown
def images_as_they_are() -> Any:
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(6, 2.5))
    left.imshow(np.arange(16).reshape(4, 4), interpolation="none", alpha=0.4)
    middle.imshow(np.outer(X, X), interpolation="none", cmap="gray")
    turned = right.imshow(np.arange(16).reshape(4, 4), extent=(0, 1, 0, 1), interpolation="none")
    turned.set_transform(Affine2D().rotate_deg(30) + right.transData)
    right.set(xlim=(-1, 2), ylim=(-1, 2))
    return figure


@shown
def images_cut() -> Any:
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(6, 2.5))
    left.imshow(np.outer(X, X)).set_clip_path(Circle((30, 30), 20, transform=left.transData))
    middle.imshow(np.indices((9, 9)).sum(0) % 2, interpolation="none", alpha=0.4)
    middle.set(xlim=(3.4, 3.6), ylim=(3.2, 3.6))  # pixels larger than the figure
    right.imshow(np.outer(X, X), alpha=0.3, interpolation="bilinear")
    return figure


@shown
def meshes() -> Any:
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.5))
    left.pcolormesh(np.arange(42).reshape(6, 7), edgecolors="white", alpha=0.5)
    right.tripcolor(X[:20] ** 2 % 7, X[:20] ** 3 % 5, X[:20], shading="gouraud")
    return figure


@shown
def hatches_and_dashes() -> Any:
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.bar([1, 4], [30, 70], hatch="xo", fill=False)
    axes.fill_between(X, X**2, hatch="//", alpha=0.5)
    axes.plot(X, 90 - X, "k--", lw=3)
    axes.plot(X, 80 - X, ":")[0].set_sketch_params(9, 60, 3)
    return figure


@shown
def rasterized() -> Any:
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 2.5))
    left.plot(X, X**2, lw=4, rasterized=True)
    right.scatter(X, X**2, s=200, alpha=0.3)
    right.text(4, 20, "rasterized")
    right.set_rasterized(True)
    return figure


@shown
def effects() -> Any:
    figure, axes = plt.subplots(figsize=(5, 3))
    axes.text(1, 3, "effects", fontsize=40, color="white", path_effects=[withStroke(linewidth=5, foreground="black")])
    axes.plot(X, lw=6, path_effects=[SimpleLineShadow(), Normal()])
    return figure
