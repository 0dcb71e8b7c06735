"""LeNet-5: two convolutions, each pooled, then three dense layers.

Source: LeCun, Bottou, Bengio and Haffner, 1998, "Gradient-based learning applied to document recognition".
Letters in names: B examples, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class LeNet(nn.Module):
    """Classifies small images. On 28x28 gray pixels it has 61,706 parameters.

    Args:
        channels: of the images.
        classes: how many.
        size: height and width of the images, at least 12.
        activation: makes the nonlinearity: `nn.ReLU`, or `nn.Sigmoid` and `nn.Tanh` as in its day.

    Raises:
        ValueError: images that are too small.

    Shapes: images (B, channels, size, size) -> logits (B, classes).

    >>> import torch
    >>> LeNet()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, channels: int = 1, classes: int = 10, size: int = 28, activation: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        if size < 12:
            raise ValueError(f"size is {size}: after two convolutions and two poolings nothing is left of fewer than 12 pixels.")
        left = (size // 2 - 4) // 2
        self.features = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2), activation(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), activation(), nn.AvgPool2d(2),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * left * left, 120), activation(),
            nn.Linear(120, 84), activation(),
            nn.Linear(84, classes),
        )  # fmt: skip

    def forward(self, images_BCHW: Tensor) -> Tensor:
        return self.head(self.features(images_BCHW))
