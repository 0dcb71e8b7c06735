"""Pictures of pixels that a block made, in fewer bytes: a visitor waits for each of them.

Nothing is lost of them but what nobody sees of a photograph inside a drawing.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from typing import Any

INSIDE = re.compile(rb"data:image/png;base64,([A-Za-z0-9+/=\s]+)")  # of an SVG
COLORS = 256  # that a palette holds


def smaller(png: bytes) -> bytes:
    """A PNG as small as it gets: in shades of gray or with a palette where that is enough.

    What is no PNG that we know how to write is left as it is.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        image: Any = Image.open(io.BytesIO(png))
        if image.mode not in ("RGB", "RGBA", "L") or getattr(image, "n_frames", 1) > 1:
            return png
        return min(png, *(_saved(form, "PNG", optimize=True) for form in _forms(image)), key=len)
    except (UnidentifiedImageError, OSError, ValueError):
        return png


def inside(vector: bytes) -> bytes:
    """A drawing in which each picture of pixels is WebP, where that is smaller than its PNG.

    A photograph is a fifth of it then, and looks the same. Numbers shown as colors, or a drawing, have no more colors than
    a palette holds: they stay exact.
    """

    def packed(match: re.Match[bytes]) -> bytes:
        from PIL import Image

        png = b64decode(match[1])
        image = Image.open(io.BytesIO(png)).convert("RGBA")
        photograph = image.convert("RGB").getcolors(COLORS) is None
        webp = _saved(image, "WEBP", quality=90, method=6) if photograph else _saved(image, "WEBP", lossless=True, quality=100, method=4)
        return b"data:image/webp;base64," + b64encode(webp) if len(webp) < len(png) else match[0]

    return INSIDE.sub(packed, vector)


def _forms(image: Any) -> list[Any]:
    """The same pixels in the modes that can hold them."""
    from PIL import Image

    forms = [image]
    if image.mode == "RGBA" and image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
        forms.append(image)
    if image.mode == "RGB":
        red, green, blue = image.split()
        if red.tobytes() == green.tobytes() == blue.tobytes():
            forms.append(red)
        elif colors := image.getcolors(COLORS):
            palette = Image.new("P", (1, 1))
            palette.putpalette([level for _, color in colors for level in color])
            forms.append(image.quantize(palette=palette, dither=Image.Dither.NONE))
    return [form for form in forms if form.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()]  # without loss


def _saved(image: Any, form: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()
