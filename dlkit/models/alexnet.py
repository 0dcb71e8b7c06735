"""A small AlexNet: five convolutions, overlapping pools, dropout in wide dense layers.

Source: Krizhevsky, Sutskever and Hinton, 2012, "ImageNet classification with deep convolutional neural networks".
Its images had 224 pixels a side; here they have 28 or 32, so kernels are smaller and the first stride is 1.
Letters in names: B examples, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from torch import Tensor, nn

from dlkit.models.weights import keep_size


class AlexNet(nn.Module):
    """Classifies small images.

    Args:
        channels: of the images.
        classes: how many.
        size: height and width of the images.
        widths: channels after each of the five convolutions.
        hidden: units of the two dense layers.
        dropout: share of units that the dense layers drop while training.

    Shapes: images (B, channels, size, size) -> logits (B, classes).

    >>> import torch
    >>> AlexNet(channels=3, size=32)(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        size: int = 28,
        widths: tuple[int, int, int, int, int] = (48, 96, 192, 192, 128),
        hidden: int = 512,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        left = -(-size // 8)  # three pools, each halves and rounds up
        one, two, three, four, five = widths
        self.features = nn.Sequential(
            nn.Conv2d(channels, one, 5, padding=2), nn.ReLU(), pool(),
            nn.Conv2d(one, two, 5, padding=2), nn.ReLU(), pool(),
            nn.Conv2d(two, three, 3, padding=1), nn.ReLU(),
            nn.Conv2d(three, four, 3, padding=1), nn.ReLU(),
            nn.Conv2d(four, five, 3, padding=1), nn.ReLU(), pool(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout), nn.Linear(five * left * left, hidden), nn.ReLU(),
            nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, classes),
        )  # fmt: skip
        keep_size(self, dense=True)  # eight layers, and no normalization

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.head(self.features(images_BCHW))


def pool() -> nn.Module:
    """Windows of 3 at every second pixel: neighbors share a row."""
    return nn.MaxPool2d(3, stride=2, padding=1)
