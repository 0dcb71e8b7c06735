"""Photographs in a figure are light, and numbers shown as colors stay exact."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from hooks import picture


def shown(pixels: np.ndarray, **options: str) -> tuple[str, np.ndarray, int]:
    """The type of the picture inside a figure's SVG, its pixels, and its bytes."""
    figure = Figure(figsize=(2, 2))
    figure.subplots().imshow(pixels, interpolation="none", **options)
    svg, _ = picture.saved(figure)
    match = re.search(rb"data:image/(\w+);base64,([A-Za-z0-9+/=\s]+)", svg)
    assert match
    data = base64.b64decode(match[2])
    return match[1].decode(), np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float), len(data)


def test_a_photograph_is_webp_and_looks_the_same() -> None:
    y, x = np.mgrid[:90, :128]
    grain = np.random.default_rng(0).normal(0, 3, (90, 128, 3))
    photograph = np.clip(np.stack([120 + 80 * np.sin(x / 9), 90 + y, 100 + 60 * np.cos((x + y) / 13)], -1) + grain, 0, 255).astype(np.uint8)
    kind, pixels, size = shown(photograph)
    assert kind == "webp"
    assert np.abs(pixels - photograph).mean() < 4
    plain = io.BytesIO()
    Image.fromarray(photograph).save(plain, "PNG")
    assert 3 * size < len(plain.getvalue())


def test_numbers_shown_as_colors_are_exact() -> None:
    numbers = np.arange(64.0).reshape(8, 8)
    kind, pixels, _ = shown(numbers, cmap="gray")
    assert kind == "png"
    assert np.array_equal(pixels[..., 0], np.floor(numbers / 63 * 256).clip(0, 255))
