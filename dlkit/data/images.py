"""Images with a class each: idx files, and archives of JPEG and PNG files."""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dlkit.data.archives import members
from dlkit.data.catalogue import DataError
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch

FASHION = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
DIGITS = tuple("0123456789")
IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@dataclass(frozen=True)
class Images:
    """Images as they were stored, and the number of each one's class.

    Shapes: `images` uint8 (N, C, H, W); `labels` int64 (N,).
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def floats(self) -> torch.Tensor:
        """The images as float32 from 0 to 1."""
        return self.images.to(torch.float32) / 255


def idx(content: bytes) -> np.ndarray[Any, Any]:
    """The array in an idx file: two zeros, the type, the number of axes, the length of each, the values.

    >>> idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 6, 7])).tolist()
    [5, 6, 7]
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX:
        raise DataError("not an idx file: it begins with two zero bytes and a type")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise DataError("an idx file that ends inside its header")
    shape = [int(n) for n in np.frombuffer(content[4:start], ">u4")]
    kind = np.dtype(IDX[content[2]])
    if len(content) - start != math.prod(shape) * kind.itemsize:
        raise DataError(f"an idx file of shape {tuple(shape)} holds {len(content) - start} bytes of values")
    return np.frombuffer(content, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def mnist(split: str = "train") -> Images:
    """Handwritten digits, uint8 (N, 1, 28, 28); split "train" (60,000) or "test" (10,000). Source: LeCun et al., 1998.

    Example: `mnist("test").floats().shape == (10_000, 1, 28, 28)`.

    Raises:
        DataError: a file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    return _idx_pair("mnist", split, DIGITS)


def fashion_mnist(split: str = "train") -> Images:
    """Pieces of clothing, uint8 (N, 1, 28, 28); split "train" (60,000) or "test" (10,000). Source: Xiao et al., 2017.

    Example: `fashion_mnist("test").classes[9] == "ankle boot"`.

    Raises:
        DataError: a file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    return _idx_pair("fashion-mnist", split, FASHION)


def _idx_pair(name: str, split: str, classes: tuple[str, ...]) -> Images:
    stem = {"train": "train", "test": "t10k"}[one_of(split, "train", "test")]
    images = idx(gzip.decompress(fetch(f"{name}/{stem}-images-idx3-ubyte.gz").read_bytes()))
    labels = idx(gzip.decompress(fetch(f"{name}/{stem}-labels-idx1-ubyte.gz").read_bytes()))
    return Images(torch.from_numpy(images)[:, None], torch.from_numpy(labels.astype(np.int64)), classes)


def cifar10(split: str = "train") -> Images:
    """Ten kinds of things, uint8 (N, 3, 32, 32); split "train" (50,000; takes some 8 s to unpack) or "test" (10,000).
    Source: Krizhevsky, 2009.

    They come from lossy JPEG files: results differ a little from those on the original files.

    Example: `cifar10("test").images.shape == (10_000, 3, 32, 32)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    one_of(split, "train", "test")
    return labeled(_below(split, members(fetch("cifar10-jpeg/cifar10-jpeg.tar.xz"))))


def _below(folder: str, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Those in a folder, by the name of the folder in it; the files stand in the order of their names."""
    for name, content in files:
        first, second, _ = name.split("/")
        if first == folder:
            yield second, content
        elif first > folder:
            return  # so that the test set does not wait for the other


def omniglot(part: int = 1) -> Images:
    """Characters of five alphabets, uint8 (N, 1, 105, 105), black (0) on white (255); part 1 (2,720) or 2 (3,120), which are two
    choices of training alphabets and share some. A class is "alphabet/character", of 20 examples. Source: Lake et al., 2015.

    Example: `len(omniglot().classes) == 136`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another part.
    """
    one_of(part, 1, 2)
    files = members(fetch(f"omniglot/images_background_small{part}.zip"))
    return labeled((name.split("/", 1)[1].rpartition("/")[0], content) for name, content in files if name.endswith(".png"))


def painting(name: str = "starry_night") -> torch.Tensor:
    """A painting, uint8 (3, H, W): "starry_night" (1014 x 1280) or "great_wave" (514 x 928). Source: Van Gogh, 1889; Hokusai,
    about 1831.

    Example: `painting("great_wave").shape == (3, 514, 928)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another name.
    """
    return decode(fetch(f"paintings/{one_of(name, 'starry_night', 'great_wave')}.jpg").read_bytes())


def labeled(files: Iterable[tuple[str, bytes]]) -> Images:
    """Encoded images of one size with their classes' names."""
    names, images = [], []
    for name, content in files:
        names.append(name)
        images.append(pixels(content))
    classes = tuple(sorted(set(names)))
    numbers = {name: number for number, name in enumerate(classes)}
    whole = torch.from_numpy(np.stack(images))  # in one go: what is done to each image costs, where they are many and small
    return Images(whole.permute(0, 3, 1, 2).contiguous(), torch.tensor([numbers[name] for name in names]), classes)


def decode(content: bytes | Path) -> torch.Tensor:
    """An encoded image, JPEG or PNG, as uint8 (C, H, W): one channel for gray, black and white or labels, else three.

    Raises:
        DataError: it is no such image, or a damaged one.
    """
    found = pixels(content.read_bytes() if isinstance(content, Path) else content)
    return torch.from_numpy(found.transpose(2, 0, 1).copy())


def pixels(content: bytes) -> np.ndarray[Any, Any]:
    """An encoded image as uint8 (H, W, C)."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            mode = {"1": "L", "L": "L", "P": "P"}.get(image.mode, "RGB")
            found = np.array(image if image.mode == mode else image.convert(mode))
    except (OSError, SyntaxError, ValueError) as error:  # SyntaxError: a broken PNG
        raise DataError(f"not an image that can be read ({error})") from error
    return found if found.ndim == 3 else found[:, :, None]
