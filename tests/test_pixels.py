"""Pictures of pixels take fewer bytes, and lose nothing; photographs inside a drawing, nothing that is seen."""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode

import numpy as np
import pytest
from PIL import Image

from hooks import pixels

CHANCE = np.random.default_rng(0)
GRAY = CHANCE.integers(0, 256, (40, 60), dtype=np.uint8)
FEW = CHANCE.integers(0, 3, (40, 60, 3), dtype=np.uint8) * 100
MANY = np.indices((40, 60)).sum(0).astype(np.uint8)[..., None] * np.array([1, 2, 3], dtype=np.uint8)
PICTURES = {
    "gray as color": np.stack([GRAY] * 3, -1),
    "gray as color, opaque": np.stack([GRAY] * 3 + [np.full_like(GRAY, 255)], -1),
    "few colors": FEW,
    "many colors": MANY,
    "transparent": np.dstack([FEW, GRAY]),
}


def png(picture: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", compress_level=1)
    return data.getvalue()


def seen(data: bytes) -> np.ndarray:
    """Colors as a screen shows them: where nothing is opaque, there is none."""
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).copy()
    shown[shown[..., 3] == 0] = 0
    return shown


@pytest.mark.parametrize("name", PICTURES)
def test_a_png_gets_smaller_and_stays_the_same(name: str) -> None:
    before = png(PICTURES[name])
    after = pixels.smaller(before)
    assert len(after) < len(before)
    assert (seen(after) == seen(before)).all()
    assert pixels.smaller(before) == after


@pytest.mark.parametrize("name", PICTURES)
def test_so_does_one_inside_a_drawing(name: str) -> None:
    before = png(PICTURES[name])
    drawing = b'<svg><image href="data:image/png;base64,' + b64encode(before) + b'"/><path d="M0 0"/></svg>'
    after = pixels.inside(drawing)
    assert len(after) < len(drawing)
    found = re.fullmatch(rb'<svg><image href="data:image/(?:webp|png);base64,([^"]+)"/><path d="M0 0"/></svg>', after)
    assert found
    assert (seen(b64decode(found[1])) == seen(before)).all()


def test_a_photograph_inside_a_drawing_is_light_and_looks_the_same() -> None:
    y, x = np.mgrid[:90, :128]
    smooth = np.stack([120 + 80 * np.sin(x / 9), 90 + y, 100 + 60 * np.cos((x + y) / 13)], -1)
    photograph = np.clip(smooth + CHANCE.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)
    before = png(photograph)
    match = re.search(rb"data:image/webp;base64,([^\"]+)", pixels.inside(b'<image href="data:image/png;base64,' + b64encode(before) + b'"/>'))
    assert match
    after = b64decode(match[1])
    assert 3 * len(after) < len(before)
    assert np.abs(seen(after)[..., :3].astype(float) - photograph).mean() < 4


def test_what_is_no_picture_stays() -> None:
    for data in (b"", b"words", png(GRAY)[:100]):
        assert pixels.smaller(data) == data
    assert pixels.inside(b"<svg/>") == b"<svg/>"
