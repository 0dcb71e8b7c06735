"""Images: grids of them, and what was found in one, as boxes or as masks."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from dlkit.plot.common import LETTER, SMALL, Array, array, aside, axes, color, on, rendering

WIDEST = 7.2  # inches of a page
CROWD = 8  # boxes, beyond which labels would hide each other
AREA = 5.5  # square inches of photographs: a drawing is text, and more of them would make it long


def images(pictures: Any, titles: Sequence[Any] | None = None, *, columns: int | None = None, scale: bool = False, ax: Any = None) -> Any:
    """Draw images in rows and columns.

    Args:
        pictures: (N, H, W), (N, C, H, W) or (N, H, W, C) with 1 or 3 channels, or a list of N of them, of any sizes.
            uint8 from 0 to 255, floats from 0 to 1.
        titles: N words or numbers, to stand above the images.
        columns: images in a row; None: at most 8, or 4 photographs, in rows of the same length where that goes.
        scale: show each image from its smallest number, black, to its largest, white: for weights and features.
        ax: N Axes to draw in; None: a new figure.

    Returns:
        The Figure.

    Raises:
        ValueError: shapes that are no images, numbers out of range, or other numbers of titles or Axes than of images.

    >>> figure = images(np.zeros((6, 28, 28)), titles=range(6))
    >>> [ax.get_title() for ax in figure.axes]
    ['0', '1', '2', '3', '4', '5']
    """
    shown = [picture(each, scale) for each in pictures]
    if not shown:
        raise ValueError("there is no image to draw.")
    places = None if ax is None else np.ravel(ax)
    for what, given in (("titles", titles), ("Axes", places)):
        if given is not None and len(given) != len(shown):
            raise ValueError(f"there are {len(shown)} images and {len(given)} {what}: give as many.")
    if places is None:
        import matplotlib.pyplot as plt

        most = 8 if _small(shown) else 4
        columns = min(columns or -(-len(shown) // -(-len(shown) // most)), len(shown))
        rows = -(-len(shown) // columns)
        high, wide = shown[0].shape[:2]
        side = min(WIDEST / columns, 1.8, _most(shown))
        words = [_wrapped(str(title), side) for title in titles or ()]
        above = 0.05 + max((0.05 + 0.15 * (title.count("\n") + 1) for title in words), default=0.0)
        size = (side * columns, (side * high / wide + above) * rows)
        titles = words or None
        places = np.ravel(plt.subplots(rows, columns, figsize=size, squeeze=False)[1])
    for place in places[len(shown) :]:
        place.remove()
    for number, (place, image) in enumerate(zip(places, shown, strict=False)):
        _show(place, image)
        if titles is not None:
            place.set_title(str(titles[number]), fontsize="small", pad=3)
    return places[0].figure


def boxes(image: Any, corners: Any, labels: Any = None, *, classes: Sequence[str] | None = None, ax: Any = None) -> Any:
    """Draw boxes over an image.

    Args:
        image: (H, W), (C, H, W) or (H, W, C), as in `images`; None: over what `ax` shows.
        corners: (K, 4): left, top, right and bottom in pixels; right and bottom are the first outside.
        labels: K words or numbers; each has its color. Of more than 8 boxes a legend names them.
        classes: names of the labels 0, 1, ...
        ax: where to draw; None: a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: shapes that do not fit, or a box that ends before it begins.

    >>> ax = boxes(np.zeros((32, 32)), [[4, 4, 20, 12]], labels=[1], classes=["cat", "dog"])
    >>> ax.texts[0].get_text()
    'dog'
    """
    from matplotlib.patches import Rectangle

    edges = array(corners).astype(float).reshape(-1, 4) if np.size(array(corners)) == 0 else array(corners).astype(float)
    if edges.ndim != 2 or edges.shape[1] != 4:
        raise ValueError(f"the boxes have shape {edges.shape}: give left, top, right and bottom for each, (K, 4).")
    kinds = [0] * len(edges) if labels is None else array(labels).tolist()
    if len(kinds) != len(edges):
        raise ValueError(f"there are {len(edges)} boxes and {len(kinds)} labels: give as many.")
    for number, (left, top, right, bottom) in enumerate(edges):
        if not (left <= right and top <= bottom):
            raise ValueError(f"box {number} goes from ({left:g}, {top:g}) to ({right:g}, {bottom:g}): left and top come first.")
    if classes is not None and any(isinstance(kind, int) and not 0 <= kind < len(classes) for kind in kinds):
        raise ValueError(f"labels go from {min(kinds)} to {max(kinds)}, and there are {len(classes)} classes.")
    order = list(dict.fromkeys(kinds))
    ax = _under(image, ax)
    crowded, names = len(edges) > CROWD, {}
    for (left, top, right, bottom), kind in zip(edges, kinds, strict=True):
        whole = isinstance(kind, int)
        ink = color(kind if whole else order.index(kind))
        # A pixel's middle is a whole number, so its left edge lies half before it.
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False, edgecolor=ink, linewidth=1.2 if crowded else 2))
        said = classes[kind] if classes is not None and whole else str(kind)
        names[said] = Rectangle((0, 0), 1, 1, color=ink, linewidth=0, label=said)
        if labels is not None and not crowded:
            ground = {"facecolor": ink, "edgecolor": "none", "pad": 1.5}
            ax.text(left - 0.5, top - 0.5, said, color=on(ink), fontsize="small", va="bottom", bbox=ground)
    if labels is not None and crowded:
        aside(ax, list(names.values()))
    return ax


def masks(
    image: Any, mask: Any, *, classes: Sequence[str] | None = None, ground: int | None = 0, strength: float = 0.55, ax: Any = None
) -> Any:
    """Draw the class of each pixel over an image, in color.

    Args:
        image: (H, W), (C, H, W) or (H, W, C), as in `images`; None: over what `ax` shows.
        mask: (H, W), whole numbers from 0 on, or true and false.
        classes: names of the numbers, for a legend.
        ground: the number that gets no color; None: all get one.
        strength: of the color, from 0 to 1.
        ax: where to draw; None: a new figure.

    Returns:
        The Axes.

    Raises:
        ValueError: a mask of another size than the image, or of other numbers.

    >>> ax = masks(np.zeros((8, 8)), np.eye(8, dtype=int), classes=["ground", "line"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['line']
    """
    from matplotlib.patches import Patch

    numbers = array(mask)
    if numbers.ndim != 2 or numbers.dtype.kind not in "iub" or (numbers.size and numbers.min() < 0):
        raise ValueError(f"the mask is {numbers.dtype} of shape {numbers.shape}: give whole numbers from 0 on, (H, W).")
    if image is not None and picture(image).shape[:2] != numbers.shape:
        raise ValueError(f"the mask has shape {numbers.shape}, and the image {picture(image).shape[:2]}: both must be as large.")
    found = [int(number) for number in np.unique(numbers) if ground is None or number != ground]
    if classes is not None and found and found[-1] >= len(classes):
        raise ValueError(f"the mask has a {found[-1]}, and there are {len(classes)} classes, from 0 on.")
    ax = _under(image, ax)
    over = np.zeros((*numbers.shape, 4))
    colors = {number: color(number - (ground == 0)) for number in found}
    for number, ink in colors.items():
        over[numbers == number] = (*ink, strength)
    _show(ax, over)
    if classes is not None and found:
        patches = [Patch(color=colors[number], linewidth=0, label=classes[number]) for number in found]
        aside(ax, patches)
    return ax


def picture(values: Any, scale: bool = False) -> Array:
    """An image as matplotlib wants it: (H, W) or (H, W, 3), uint8 or floats from 0 to 1.

    >>> picture(np.zeros((3, 5, 4), np.uint8)).shape
    (5, 4, 3)
    """
    image = array(values)
    if image.ndim == 3 and image.shape[0] in (1, 3):
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if (image.ndim != 2 and not (image.ndim == 3 and image.shape[-1] == 3)) or not image.size:
        raise ValueError(f"an image of shape {np.shape(array(values))}: give (H, W), (C, H, W) or (H, W, C) with 1 or 3 channels.")
    if scale:
        low, high = float(image.min()), float(image.max())
        return np.asarray((image - low) / (high - low or 1.0))
    if image.dtype != np.uint8:
        image = image.astype(float)
        if not (image.min() >= 0 and image.max() <= 1):
            raise ValueError(
                f"the image has numbers from {image.min():.3g} to {image.max():.3g}: floats go from 0 to 1. "
                "Undo its normalization, or give images(..., scale=True)."
            )
    return image


def _under(image: Any, ax: Any) -> Any:
    """Axes that show the image."""
    if image is None:
        if ax is None:
            raise ValueError("there is no image and no ax: give one of them.")
        return ax
    shown = picture(image)
    side = min(3.4, _most([shown]))
    ax = axes(ax, (side, side * shown.shape[0] / shown.shape[1]))
    _show(ax, shown)
    return ax


def _wrapped(title: str, side: float) -> str:
    """In lines as wide as its image: it would run into its neighbors."""
    return "\n".join(fill(line, max(int(side / LETTER), 1), break_long_words=False, break_on_hyphens=False) for line in title.split("\n"))


def _small(shown: list[Array]) -> bool:
    return all(max(image.shape[:2]) <= SMALL for image in shown)


def _most(shown: list[Array]) -> float:
    """The width that images may have in inches."""
    if _small(shown):
        return WIDEST
    return float(np.sqrt(AREA / sum(image.shape[0] / image.shape[1] for image in shown)))


def _show(ax: Any, image: Array) -> None:
    ax.imshow(image, cmap="gray", vmin=0, vmax=255 if image.dtype == np.uint8 else 1, interpolation=rendering(*image.shape[:2]))
    ax.set_axis_off()
