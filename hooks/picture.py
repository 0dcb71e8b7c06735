"""A figure's SVG, and the small gray raster by which it is compared, from one drawing.

While matplotlib draws the SVG, every call that draws is repeated on the raster: a figure's parts are traversed, laid
out and transformed once. Where that goes wrong, the figure is drawn once more, for the raster alone.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hooks.raster import DPI, DRAWING, Raster

EMBEDDED = re.compile(rb"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
PALETTE = 256  # colors: a drawing, or numbers shown as colors, has no more


def saved(figure: Any) -> tuple[bytes, bytes]:
    """The SVG and the raster, a PNG."""
    vector, raster = io.BytesIO(), Raster()
    with _beside(raster):
        figure.savefig(vector, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return EMBEDDED.sub(_light, vector.getvalue()), _png(raster.image() or _drawn_again(figure))


def _light(match: re.Match[bytes]) -> bytes:
    """A photograph inside an SVG, as WebP: a fifth of the PNG. What has few colors stays as it is, exact."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(match[1])))
    if image.convert("RGB").getcolors(PALETTE) is not None:
        return match[0]
    opaque = image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255)
    small = io.BytesIO()
    image.convert("RGB" if opaque else "RGBA").save(small, "WEBP", quality=90, method=6)
    return b"data:image/webp;base64," + base64.b64encode(small.getvalue())


def _drawn_again(figure: Any) -> Any:
    from PIL import Image

    pixels = io.BytesIO()
    figure.savefig(pixels, format="png", bbox_inches="tight", facecolor="white", dpi=DPI, pil_kwargs={"compress_level": 1})
    return Image.open(pixels)


def _png(image: Any) -> bytes:
    gray = io.BytesIO()
    image.convert("L").save(gray, "PNG")
    return gray.getvalue()


@contextmanager
def _beside(raster: Raster) -> Iterator[None]:
    """While an SVG is drawn, so is the raster."""
    from matplotlib.backends import backend_svg

    original: Any = backend_svg.RendererSVG
    if not isinstance(original, type):  # a block has replaced it
        yield
        return
    both: Any = type(original.__name__, (original,), {name: _doubled(name, getattr(original, name), raster) for name in DRAWING})
    backend_svg.RendererSVG = both
    try:
        yield
    finally:
        backend_svg.RendererSVG = original


def _doubled(name: str, original: Callable[..., None], raster: Raster) -> Callable[..., None]:
    """A method of the SVG's renderer that draws on the raster too, but not what it calls itself."""

    def draw(self: Any, gc: Any, *args: Any, **options: Any) -> None:
        outermost, raster.busy = not raster.busy, True
        try:
            original(self, gc, *args, **options)
        finally:
            raster.busy = not outermost
        if outermost:
            raster.draw(self, name, gc, args, options)

    return draw
