"""A small raster that shows what an SVG shows: every call that draws is repeated on it, made smaller."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

DPI = 40
SCALE = DPI / 72  # an SVG's unit is the point
DRAWING = (
    "draw_path", "draw_markers", "draw_path_collection", "draw_quad_mesh",
    "draw_gouraud_triangles", "draw_image", "draw_text", "draw_tex",
)  # fmt: skip


class Raster:
    """The small picture. It is made when something is first drawn on it: an SVG's renderer may serve to measure only."""

    def __init__(self) -> None:
        self.busy = False  # the SVG's renderer is drawing
        self.broken = False
        self.beside: Any = None  # the SVG's renderer
        self.agg: Any = None  # a renderer of matplotlib's

    def draw(self, beside: Any, name: str, gc: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """What the SVG's renderer has drawn by this method."""
        if self.broken:
            return
        try:
            if beside is not self.beside:
                self._begin(beside)
            repeat: Any = {"draw_image": self._image, "draw_text": self._text, "draw_tex": self._text}.get(name, self._path)
            repeat(getattr(self.agg, name), _smaller(gc), *args, **options)
        except Exception:
            self.broken = True

    def image(self) -> Any:
        """The picture; nothing where it is not whole."""
        from PIL import Image

        if self.broken or self.agg is None:
            return None
        buffer = self.agg.buffer_rgba()
        return Image.frombuffer("RGBA", buffer.shape[1::-1], buffer, "raw", "RGBA", 0, 1)

    def _begin(self, beside: Any) -> None:
        from matplotlib.backends import backend_agg

        agg: Any = backend_agg.RendererAgg
        # Rounded, so that no error of the last digit takes a row of pixels away.
        width, height = (round(size * SCALE, 3) for size in (beside.width, beside.height))
        self.beside, self.agg = beside, agg(width, height, DPI)
        ground = self.agg.buffer_rgba().cast("B")
        ground[:] = b"\xff" * len(ground)

    def _path(self, draw: Callable[..., None], gc: Any, *args: Any, **options: Any) -> None:
        """All transforms among the arguments lead to the picture."""
        from matplotlib.transforms import Transform

        def smaller(value: Any) -> Any:
            return _scaled(value) if isinstance(value, Transform) else value

        draw(gc, *map(smaller, args), **{name: smaller(value) for name, value in options.items()})

    def _text(self, draw: Callable[..., None], gc: Any, x: float, y: float, *args: Any, **options: Any) -> None:
        """Not hinted, as in the SVG: otherwise small letters take more room, or less."""
        from matplotlib import rcParams

        hinting = rcParams["text.hinting"]
        rcParams["text.hinting"] = "none"
        try:
            draw(gc, x * SCALE, y * SCALE, *args, **options)
        finally:
            rcParams["text.hinting"] = hinting

    def _image(self, draw: Callable[..., None], gc: Any, x: float, y: float, image: Any, transform: Any = None) -> None:
        """Agg takes an image as it is: it gets one as large as the picture, transparent around. Row 0 is the lowest."""
        from matplotlib.transforms import Affine2D
        from PIL import Image

        height, width = image.shape[:2]
        if not (width and height):
            return
        alpha = gc.get_alpha()
        if transform is None:  # such an image has its alpha in it
            alpha, transform = 1, Affine2D().scale(width * 72 / self.beside.image_dpi, height * 72 / self.beside.image_dpi)
        a, b, c, d, e, f = (_scaled(transform) + Affine2D().translate(x * SCALE, y * SCALE)).to_values()
        # Averaged first where it shrinks, so that every pixel counts.
        size = tuple(min(old, max(1, round(new))) for old, new in ((width, (a * a + b * b) ** 0.5), (height, (c * c + d * d) ** 0.5)))
        small = Image.fromarray(image).convert("RGBA").resize(size, Image.Resampling.BOX)
        back: Any = (Affine2D().scale(1 / size[0], 1 / size[1]) + Affine2D.from_values(a, b, c, d, e, f)).inverted()
        a, b, c, d, e, f = back.to_values()
        if alpha != 1:
            small.putalpha(small.getchannel("A").point([round(level * alpha) for level in range(256)]))
        canvas = self.agg.buffer_rgba().shape[1::-1]
        whole = small.transform(canvas, Image.Transform.AFFINE, (a, c, e, b, d, f))
        draw(gc, 0, 0, memoryview(bytearray(whole.tobytes())).cast("B", (*canvas[::-1], 4)))


def _scaled(transform: Any) -> Any:
    from matplotlib.transforms import Affine2D

    return Affine2D(transform.get_matrix()).scale(SCALE)


def _smaller(gc: Any) -> Any:
    """A copy of a graphics context, with lengths in pixels of the raster. Those in points need no change."""
    from matplotlib.transforms import Bbox, TransformedPath

    gc = copy.copy(gc)
    if (rectangle := gc.get_clip_rectangle()) is not None:
        gc.set_clip_rectangle(Bbox(rectangle.get_points() * SCALE))
    path, transform = gc.get_clip_path()
    if path is not None:
        gc.set_clip_path(TransformedPath(path, _scaled(transform)))
    if (sketch := gc.get_sketch_params()) is not None:
        gc.set_sketch_params(sketch[0] * SCALE, sketch[1] * SCALE, sketch[2])
    return gc
