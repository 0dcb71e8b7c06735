"""Networks for images: shapes, and parameters counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

from dlkit import data
from dlkit.models import VGG, AlexNet, LeNet, ResNet
from dlkit.models.resnet import Block


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def dense(*widths: int) -> int:
    return sum(before * after + after for before, after in pairwise(widths))


def conv(before: int, after: int, kernel: int, bias: bool = True) -> int:
    return before * after * kernel**2 + after * bias


def residual(before: int, width: int, project: bool) -> int:
    """A block: two convolutions and their norms, perhaps a projection and its norm."""
    body = conv(before, width, 3, bias=False) + conv(width, width, 3, bias=False) + 4 * width
    return body + (conv(before, width, 1, bias=False) + 2 * width if project and before != width else 0)


def stages(channels: int, widths: tuple[int, ...], blocks: tuple[int, ...], project: bool = True) -> int:
    total, before = conv(channels, widths[0], 3, bias=False) + 2 * widths[0], widths[0]
    for width, number in zip(widths, blocks, strict=True):
        total += residual(before, width, project) + (number - 1) * residual(width, width, project)
        before = width
    return total + dense(before, 10)


@pytest.mark.parametrize("size", [28, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "make",
    [
        lambda channels, size: LeNet(channels, 7, size, nn.Tanh),
        lambda channels, size: AlexNet(channels, 7, size, widths=(4, 6, 8, 8, 6), hidden=16),
        lambda channels, size: VGG(channels, 7, size, blocks=((1, 4), (1, 4), (2, 6), (2, 8)), hidden=16, norm=True),
        lambda channels, size: ResNet(channels, 7, widths=(8, 16), blocks=(1, 2)),
    ],
)
def test_small_images_of_either_size(make: Callable[[int, int], nn.Module], channels: int, size: int) -> None:
    model = make(channels, size)
    logits = model(torch.rand(2, channels, size, size))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_lenet_has_as_many_parameters_as_in_its_paper() -> None:
    assert count(LeNet()) == conv(1, 6, 5) + conv(6, 16, 5) + dense(16 * 5 * 5, 120, 84, 10) == 61_706


def test_parameters_of_alexnet() -> None:
    with torch.device("meta"):
        model = AlexNet(3, size=32)
    convolutions = conv(3, 48, 5) + conv(48, 96, 5) + conv(96, 192, 3) + conv(192, 192, 3) + conv(192, 128, 3)
    assert count(model) == convolutions + dense(128 * 4 * 4, 512, 512, 10)


def test_parameters_of_vgg() -> None:
    with torch.device("meta"):
        model = VGG(1, size=32)
    convolutions = conv(1, 32, 3) + conv(32, 64, 3) + conv(64, 128, 3) + conv(128, 128, 3) + conv(128, 256, 3) + conv(256, 256, 3)
    assert count(model) == convolutions + dense(256 * 2 * 2, 256, 256, 10)


def test_parameters_of_resnets() -> None:
    with torch.device("meta"):
        large, paper, projecting = ResNet(3), *(ResNet(3, widths=(16, 32, 64), blocks=(3, 3, 3), project=p) for p in (False, True))
    assert count(large) == stages(3, (64, 128, 256, 512), (2, 2, 2, 2)) == 11_173_962
    assert count(paper) == stages(3, (16, 32, 64), (3, 3, 3), project=False) == 269_722
    assert count(projecting) == stages(3, (16, 32, 64), (3, 3, 3)) == 272_474


def test_a_new_block_is_the_identity() -> None:
    """Of what is not negative; and where the shape changes, each second pixel and zeros in the new channels."""
    model = ResNet(2, widths=(4, 6), blocks=(1, 1), project=False)
    same, other = model.stages
    x = torch.rand(3, 4, 8, 8)
    assert torch.equal(same(x), x)
    assert torch.equal(other(x), torch.cat([x[:, :, ::2, ::2], torch.zeros(3, 2, 4, 4)], 1))
    assert Block(4, 4).project is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LeNet(size=11), "size is 11"),
        (lambda: VGG(size=28, blocks=[(1, 4)] * 5), "size 28 is too small"),
        (lambda: ResNet(widths=(4, 8), blocks=(1,)), "2 widths and 1 numbers of blocks"),
        (lambda: ResNet(widths=(8, 4), blocks=(1, 1), project=False), "shrink"),
    ],
)
def test_what_cannot_be_built(make: Callable[[], nn.Module], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(
    ("make", "rate", "epochs"),
    [
        (lambda: LeNet(size=16), 0.01, 8),
        (lambda: AlexNet(size=16, widths=(8, 16, 32, 32, 32), hidden=64, dropout=0.0), 0.005, 5),
        (lambda: VGG(size=16, blocks=((1, 16), (1, 32)), hidden=64, dropout=0.0, norm=True), 0.01, 3),
        (lambda: ResNet(widths=(8, 16), blocks=(1, 1)), 0.02, 4),
    ],
    ids=["LeNet", "AlexNet", "VGG", "ResNet"],
)
def test_each_reads_digits(make: Callable[[], nn.Module], rate: float, epochs: int) -> None:
    torch.manual_seed(0)
    model, held = make(), data.glyphs(1200)
    images, labels = (held.floats() - 0.2) / 0.35, held.labels
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * 40)
    for _ in range(epochs):
        for part in torch.randperm(1000).split(25):
            optimizer.zero_grad()
            functional.cross_entropy(model(images[part]), labels[part]).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        right = (model(images[1000:]).argmax(1) == labels[1000:]).float().mean().item()
    assert right > 0.85, "one in ten by chance"
