"""VGG: blocks of 3x3 convolutions, each block ends in a pool that halves the image.

Source: Simonyan and Zisserman, 2014, arXiv:1409.1556.
Letters in names: B examples, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from dlkit.models.weights import keep_size


class VGG(nn.Module):
    """Classifies small images.

    Args:
        channels: of the images.
        classes: how many.
        size: height and width of the images.
        blocks: for each block the number of its convolutions and of its channels.
        hidden: units of the two dense layers.
        dropout: share of units that the dense layers drop while training.
        norm: whether batch normalization follows each convolution (Ioffe and Szegedy, 2015, arXiv:1502.03167).

    Raises:
        ValueError: more blocks than the image can be halved.

    Shapes: images (B, channels, size, size) -> logits (B, classes).

    >>> import torch
    >>> VGG(blocks=[(1, 8), (2, 16)], hidden=32)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        size: int = 28,
        blocks: Sequence[tuple[int, int]] = ((1, 32), (1, 64), (2, 128), (2, 256)),
        hidden: int = 256,
        dropout: float = 0.5,
        norm: bool = False,
    ) -> None:
        super().__init__()
        left = size // 2 ** len(blocks)
        if not left:
            raise ValueError(f"{len(blocks)} blocks halve an image {len(blocks)} times: size {size} is too small.")
        widths = [channels, *(width for _, width in blocks)]
        self.features = nn.Sequential(
            *(block(convolutions, before, width, norm) for before, (convolutions, width) in zip(widths[:-1], blocks, strict=True))
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * left * left, hidden), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )  # fmt: skip
        keep_size(self)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.head(self.features(images_BCHW))


def block(convolutions: int, before: int, width: int, norm: bool = False) -> nn.Sequential:
    """So many convolutions of 3x3, then a pool. (B, before, H, W) -> (B, width, H // 2, W // 2)."""
    layers: list[nn.Module] = []
    for number in range(convolutions):
        layers.append(nn.Conv2d(width if number else before, width, 3, padding=1, bias=not norm))
        layers += [nn.BatchNorm2d(width), nn.ReLU()] if norm else [nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
