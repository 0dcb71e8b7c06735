"""Residual networks for small images: a block adds to its input what its two convolutions find.

Source: He, Zhang, Ren and Sun, 2015, arXiv:1512.03385. As in its section on CIFAR-10, the image is not made smaller
before the first stage. The last normalization of a block starts at zero, so that the block starts as the identity
(Goyal et al., 2017, arXiv:1706.02677).
Letters in names: B examples, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from dlkit.models.weights import keep_size


class Block(nn.Module):
    """Two convolutions of 3x3 and a way around them. (B, before, H, W) -> (B, width, H / stride, W / stride).

    Where the shape changes, the way around is a convolution of 1x1; or, without `project`, it takes every second pixel
    and fills the new channels with zeros.
    """

    def __init__(self, before: int, width: int, stride: int = 1, project: bool = True) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.norm2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.stride, self.added = stride, width - before
        self.project = None
        if project and (stride > 1 or self.added):
            self.project = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        found_BCHW = F.relu(self.norm1(self.conv1(x_BCHW)))
        found_BCHW = self.norm2(self.conv2(found_BCHW))
        return F.relu(found_BCHW + self.around(x_BCHW))

    def around(self, x_BCHW: Tensor) -> Tensor:
        if self.project is not None:
            return self.project(x_BCHW)
        return F.pad(x_BCHW[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))


class ResNet(nn.Module):
    """Classifies small images; the default is the ResNet-18 of small images, with 11,173,962 parameters for 3 channels.

    Args:
        channels: of the images.
        classes: how many.
        widths: channels of each stage; every stage but the first halves the image.
        blocks: how many blocks in each stage.
        project: whether a way around that changes shape is learned.

    Raises:
        ValueError: `widths` and `blocks` of different lengths, or widths that shrink without `project`.

    Shapes: images (B, channels, H, W) -> logits (B, classes); any H and W.

    The paper's ResNet-20 for CIFAR-10:

    >>> import torch
    >>> resnet20 = ResNet(3, widths=(16, 32, 64), blocks=(3, 3, 3), project=False)
    >>> resnet20(torch.zeros(2, 3, 32, 32)).shape, sum(p.numel() for p in resnet20.parameters())
    (torch.Size([2, 10]), 269722)
    """

    def __init__(
        self,
        channels: int = 1,
        classes: int = 10,
        widths: Sequence[int] = (64, 128, 256, 512),
        blocks: Sequence[int] = (2, 2, 2, 2),
        project: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) != len(blocks):
            raise ValueError(f"{len(widths)} widths and {len(blocks)} numbers of blocks: give both for each stage.")
        if not project and list(widths) != sorted(widths):
            raise ValueError(f"widths {tuple(widths)} shrink, which zeros cannot do: leave out project=False.")
        self.stem = nn.Sequential(nn.Conv2d(channels, widths[0], 3, padding=1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.stages = nn.Sequential()
        before = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            for number in range(count):
                self.stages.append(Block(before, width, 2 if stage and not number else 1, project))
                before = width
        self.head = nn.Linear(before, classes)
        keep_size(self)
        for block in self.stages:
            nn.init.zeros_(block.norm2.weight)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        x_BCHW = self.stages(self.stem(images_BCHW))
        return self.head(x_BCHW.mean((2, 3)))
