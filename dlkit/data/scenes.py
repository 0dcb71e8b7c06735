"""Images with boxes, and images with a mask."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

import torch

from dlkit.data.archives import members
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch
from dlkit.data.images import decode

CELLS = ("RBC", "WBC", "Platelets")
STREET = ("sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist", "void")


@dataclass(frozen=True)
class Boxed:
    """Images of one size with any number of boxes each.

    Shapes: `images` uint8 (N, 3, H, W); for each image `boxes` float32 (K, 4) as left, top, right, bottom in pixels,
    and `labels` int64 (K,).
    """

    images: torch.Tensor
    boxes: list[torch.Tensor]
    labels: list[torch.Tensor]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Masked:
    """Images with a class for each pixel. Shapes: `images` uint8 (N, 3, H, W); `masks` uint8 (N, H, W)."""

    images: torch.Tensor
    masks: torch.Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)


def bccd(split: str = "train", empty: bool = False) -> Boxed:
    """Blood cells under the microscope, uint8 (N, 3, 480, 640), in boxes; split "train" (205), "val" (87), "trainval" or
    "test" (72). Source: Shenggan's BCCD.

    Two boxes of the set have no area; they are left out unless `empty`. Boxes are as annotated, where pixels count from 1.

    Example: `bccd("test").boxes[0].shape[1] == 4`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    one_of(split, "train", "val", "test", "trainval")
    files = dict(members(fetch("bccd/bccd.tar.xz")))
    names = files[f"ImageSets/Main/{split}.txt"].decode().split()
    marked = [voc(files[f"Annotations/{name}.xml"], CELLS, empty) for name in names]
    images = torch.stack([decode(files[f"JPEGImages/{name}.jpg"]) for name in names])
    return Boxed(images, [boxes for boxes, _ in marked], [labels for _, labels in marked], CELLS)


def voc(content: bytes, classes: tuple[str, ...], empty: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """The boxes (K, 4) and classes (K,) of an annotation in Pascal VOC's XML."""
    boxes, labels = [], []
    for thing in ElementTree.fromstring(content).iter("object"):
        left, top, right, bottom = (float(thing.findtext(f"bndbox/{side}", "nan")) for side in ("xmin", "ymin", "xmax", "ymax"))
        if empty or (right > left and bottom > top):
            boxes.append((left, top, right, bottom))
            labels.append(classes.index(thing.findtext("name", "")))
    return torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.tensor(labels, dtype=torch.int64)


def camvid(split: str = "train") -> Masked:
    """Streets from a car, uint8 (N, 3, 360, 480), a class for each pixel (11 is void: leave it out of losses and scores); split
    "train" (62) or "val" (17), each sixth frame of the whole set's. Source: Brostow et al., 2009.

    Example: `camvid("val").masks.shape == (17, 360, 480)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    one_of(split, "train", "val")
    files = dict(members(fetch("camvid-small/camvid-small.tar.xz")))
    names = sorted(name.partition("/")[2] for name in files if name.startswith(f"{split}/"))
    images = torch.stack([decode(files[f"{split}/{name}"]) for name in names])
    return Masked(images, torch.stack([decode(files[f"{split}annot/{name}"])[0] for name in names]), STREET)
