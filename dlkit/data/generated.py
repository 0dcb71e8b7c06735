"""Generated sets: as many examples as are wanted, exact labels, the same ones for the same seed on every machine."""

from __future__ import annotations

import numpy as np
import torch

from dlkit.data.images import DIGITS, Images
from dlkit.data.scenes import Boxed

SHAPES = ("disk", "square", "triangle")
FONT = """
111 010 111 111 101 111 111 111 111 111
101 110 001 001 101 100 100 001 101 101
101 010 111 111 111 111 111 010 111 111
101 010 100 001 001 001 101 010 101 001
111 111 111 111 001 111 111 010 111 111
"""


def shapes(count: int, size: int = 64, most: int = 3, seed: int = 0) -> tuple[Boxed, torch.Tensor]:
    """Images with 1 to `most` shapes on a noisy ground: their boxes and classes, and a mask for each image.

    Returns:
        Images (N, 3, size, size) with boxes; and masks, uint8 (N, size, size): 0 the ground, else 1 + the class.
        A box is the smallest that holds what is seen of its shape; a shape that others hide has none.

    Raises:
        ValueError: size is less than 16.

    >>> held, masks = shapes(2)
    >>> held.images.shape, masks.shape, len(held.boxes[0]) == len(held.labels[0])
    (torch.Size([2, 3, 64, 64]), torch.Size([2, 64, 64]), True)
    """
    if size < 16:
        raise ValueError(f"size is {size}; shapes need at least 16 pixels")
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 60, (count, 3, size, size), dtype=np.uint8)
    masks = np.zeros((count, size, size), np.uint8)
    boxes, labels = [], []
    for image, mask in zip(images, masks, strict=True):
        owner = np.full((size, size), -1)
        kinds = draw.integers(0, len(SHAPES), draw.integers(1, most + 1))
        for number, kind in enumerate(kinds):
            inside = _inside(SHAPES[kind], size, draw)
            image[:, inside] = draw.integers(100, 256, (3, 1), dtype=np.uint8)
            mask[inside], owner[inside] = 1 + kind, number
        seen = [number for number in range(len(kinds)) if (owner == number).any()]
        boxes.append(torch.tensor([_box(owner == number) for number in seen], dtype=torch.float32))
        labels.append(torch.from_numpy(kinds[seen].astype(np.int64)))
    return Boxed(torch.from_numpy(images), boxes, labels, SHAPES), torch.from_numpy(masks)


def _inside(kind: str, size: int, draw: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """The pixels of a shape somewhere within the image."""
    radius = int(draw.integers(size // 10, size // 4))
    x, y = draw.integers(radius, size - radius, 2)
    down, right = np.mgrid[:size, :size] - np.array([y, x])[:, None, None]
    if kind == "disk":
        return np.asarray(down**2 + right**2 <= radius**2)
    if kind == "square":
        return np.asarray((abs(down) <= radius) & (abs(right) <= radius))
    return np.asarray((abs(down) <= radius) & (2 * abs(right) <= down + radius))


def _box(inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels; right and bottom are the first outside."""
    down, right = np.nonzero(inside)
    return int(right.min()), int(down.min()), int(right.max()) + 1, int(down.max()) + 1


def glyphs(count: int, noise: float = 0.1, seed: int = 0) -> Images:
    """Digits of 3x5 blocks somewhere in 16x16 pixels, on a noisy ground; learned in seconds.

    Shapes: images uint8 (N, 1, 16, 16), labels int64 (N,).

    >>> glyphs(100).floats().shape
    torch.Size([100, 1, 16, 16])
    """
    draw = np.random.default_rng(seed)
    rows = [row.split() for row in FONT.split("\n") if row]
    font = np.array([[[int(pixel) for pixel in row[n]] for row in rows] for n in range(10)])
    labels = draw.integers(0, 10, count)
    images = draw.random((count, 16, 16)) * noise
    for image, label, (y, x) in zip(images, labels, draw.integers(0, [7, 11], (count, 2)), strict=True):
        image[y : y + 10, x : x + 6] = np.maximum(image[y : y + 10, x : x + 6], font[label].repeat(2, 0).repeat(2, 1))
    return Images(torch.from_numpy((255 * images).astype(np.uint8))[:, None], torch.from_numpy(labels), DIGITS)


def arithmetic(count: int, digits: int = 2, seed: int = 0) -> list[tuple[str, str]]:
    """Sums of two numbers of at most so many digits, as text.

    They are drawn with replacement: problems of another seed are partly the same. To test, leave out those that were trained on.

    >>> problem, answer = arithmetic(1)[0]
    >>> eval(problem) == int(answer)
    True
    """
    pairs = np.random.default_rng(seed).integers(0, 10**digits, (count, 2)).tolist()
    return [(f"{a}+{b}", str(a + b)) for a, b in pairs]


def copying(count: int, length: int = 8, delay: int = 10, symbols: int = 8, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """The copying task: remember symbols over a delay, then repeat them at the signal. Source: Hochreiter and Schmidhuber, 1997.

    Returns:
        Inputs and targets, int64 (N, 2 * length + delay): symbols 1 to `symbols`, blank 0, signal `symbols + 1`.

    Raises:
        ValueError: delay is less than 1; the signal is its last step.

    >>> inputs, targets = copying(1, length=2, delay=3)
    >>> inputs[0].tolist(), targets[0].tolist()
    ([7, 6, 0, 0, 9, 0, 0], [0, 0, 0, 0, 0, 7, 6])
    """
    if delay < 1:
        raise ValueError(f"delay is {delay}; the signal needs one step at least")
    said = torch.from_numpy(np.random.default_rng(seed).integers(1, symbols + 1, (count, length)))
    inputs, targets = torch.zeros(2, count, 2 * length + delay, dtype=torch.int64)
    inputs[:, :length], targets[:, -length:] = said, said
    inputs[:, length + delay - 1] = symbols + 1
    return inputs, targets


def recall(count: int, pairs: int = 4, keys: int = 16, values: int = 16, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Associative recall: pairs of key and value, then one of the keys. Which value went with it? Source: Ba et al., 2016.

    Returns:
        Inputs int64 (N, 2 * pairs + 1): keys 0 to `keys - 1`, values from `keys` on; and the answers, int64 (N,).

    Raises:
        ValueError: there are fewer keys than pairs.

    >>> inputs, answers = recall(3)
    >>> inputs.shape, [int(answer) in row.tolist() for row, answer in zip(inputs, answers)]
    (torch.Size([3, 9]), [True, True, True])
    """
    if pairs > keys:
        raise ValueError(f"{pairs} pairs need as many different keys; there are {keys}")
    draw = np.random.default_rng(seed)
    chosen = np.argsort(draw.random((count, keys)), 1)[:, :pairs]
    given = draw.integers(keys, keys + values, (count, pairs))
    asked = draw.integers(0, pairs, count)
    rows = np.arange(count)
    inputs = np.concatenate([np.stack([chosen, given], 2).reshape(count, -1), chosen[rows, asked][:, None]], 1)
    return torch.from_numpy(inputs), torch.from_numpy(given[rows, asked])
