"""The engine written from scratch, on a device's arrays: it computes what PyTorch computes on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import dlkit
import dlkit.nn.functional
import dlkit.optim
from tests.gpu.places import PLACES, on

STEPS = 20


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Bright squares; the class says where."""
    torch.manual_seed(0)
    labels = torch.arange(32) % 10
    pictures = 0.1 * torch.randn(32, 1, 28, 28)
    for picture, label in zip(pictures, labels.tolist(), strict=True):
        picture[0, 5 * (label // 5) + 5 :, 5 * (label % 5) :] += 1.0
    return pictures, labels


def losses(net: Any, optimizer: Any, loss_of: Any, x: Any, y: Any) -> list[float]:
    found = []
    for _ in range(STEPS):
        loss = loss_of(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.item()))
    return found


def train_both(device: str) -> tuple[list[float], list[float]]:
    x, y = images()
    theirs = lenet(nn)
    with dlkit.autograd.use("torch", device):
        ours = lenet(dlkit.nn)
        ours.load_state_dict({name: dlkit.tensor(value.numpy().copy()) for name, value in theirs.state_dict().items()})
        assert all(parameter.data.device.type == device for parameter in ours.parameters())
        optimizer = dlkit.optim.Adam(ours.parameters(), lr=0.01)
        found = losses(ours, optimizer, dlkit.nn.functional.cross_entropy, dlkit.tensor(x.numpy()), dlkit.tensor(y.numpy()))
        assert all(parameter.data.device.type == device for parameter in ours.parameters())
    expected = losses(theirs, torch.optim.Adam(theirs.parameters(), lr=0.01), nn.functional.cross_entropy, x, y)
    return found, expected


@PLACES
def test_lenet_has_the_losses_of_torch_on_the_cpu(device: str) -> None:
    """In float32, without TF32, to 1e-3 of the loss in each of 20 steps of Adam: rounding errors grow with them."""
    found, expected = on(device, train_both)
    assert found == pytest.approx(expected, rel=1e-3)
    assert found[-1] < found[0] / 2


F = dlkit.nn.functional
# By torch's or by our functions `t` and layers `f`, of x (2, 3, 8, 8), w (4, 3, 3, 3), m (8, 8).
Op = Callable[[Any, Any, Any, Any, Any], Any]
OPERATIONS: dict[str, Op] = {
    "matmul": lambda t, f, x, w, m: x @ m,
    "einsum": lambda t, f, x, w, m: t.einsum("bcij,jk->bki", x, m),
    "conv2d": lambda t, f, x, w, m: f.conv2d(x, w, padding=1, stride=2),
    "conv_transpose2d": lambda t, f, x, w, m: f.conv_transpose2d(x, w.transpose(0, 1), stride=2),
    "max_pool2d": lambda t, f, x, w, m: f.max_pool2d(x, 3, stride=2),
    "softmax": lambda t, f, x, w, m: f.softmax(x, dim=-1) * m,
    "gelu": lambda t, f, x, w, m: f.gelu(x),
    "layer_norm": lambda t, f, x, w, m: f.layer_norm(x, (8, 8), m, m),
    "attention": lambda t, f, x, w, m: f.scaled_dot_product_attention(x, x @ m, x, is_causal=True),
    "cross_entropy": lambda t, f, x, w, m: f.cross_entropy(m, t.arange(8)),
    "index": lambda t, f, x, w, m: m[t.tensor([0, 2, 2, 7])] * 2,
    "where": lambda t, f, x, w, m: t.where(m > 0, m, m * m),
    "cumsum": lambda t, f, x, w, m: t.cumsum(x, 1),
    "logsumexp": lambda t, f, x, w, m: t.logsumexp(x, 2),
    "cat": lambda t, f, x, w, m: t.cat([x.flatten(1), x.flatten(1)], 0),
    "var": lambda t, f, x, w, m: x.var(1),
}


def inputs() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, 3, 8, 8, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64), torch.randn(8, 8, dtype=torch.float64)]


def by_engine(device: str) -> dict[str, list[torch.Tensor]]:
    """Of each operation the result and the gradients of x, w and m, as tensors of the CPU."""
    found = {}
    for name, operation in OPERATIONS.items():
        with dlkit.autograd.use("torch", device):
            leaves = [dlkit.tensor(value.numpy().copy(), requires_grad=True) for value in inputs()]
            out = operation(dlkit, F, *leaves)
            (out * out).sum().backward()
            arrays = [out.data, *(leaf.grad.data for leaf in leaves if leaf.grad is not None)]
        assert {array.device.type for array in arrays} == {device}, name
        found[name] = [array.detach().cpu() for array in arrays]
    return found


@PLACES
def test_operations_and_their_gradients_are_torch_s_on_the_cpu(device: str) -> None:
    """In float64, to 1e-9."""
    for name, found in on(device, by_engine).items():
        leaves = [value.requires_grad_() for value in inputs()]
        out = OPERATIONS[name](torch, nn.functional, *leaves)
        (out * out).sum().backward()
        expected = [out.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9, msg=lambda said, name=name: f"{name}: {said}")
