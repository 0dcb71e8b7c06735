"""`Trainer`, `devices` and `measure` on a device: mixed precision, memory, speed, and batches that arrive whole."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from dlkit.train import Loop, Trainer, devices, measure
from tests.gpu.places import CUDA, GPUS, PLACES, on


def train(device: str, precision: str, compile: bool = False) -> tuple[list[float], float | None, str]:
    """The losses of 6 epochs, the scaler's factor, and the type of a product within `autocast`."""
    devices.seed(0)
    x = torch.randn(256, 32)
    y = (x @ torch.randn(32, 4)).argmax(1)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.LayerNorm(64), nn.Linear(64, 4))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.003)
    trainer = Trainer(net, optimizer, functional.cross_entropy, device=device, precision=precision, accumulate=2, clip=1.0, compile=compile)
    pinned = device == "cuda"
    history = trainer.fit(DataLoader(TensorDataset(x, y), 32, pin_memory=pinned), epochs=6)
    with trainer.autocast():
        kind = str(net[0](torch.ones(1, 32, device=device)).dtype)
    assert all(parameter.device.type == device and parameter.dtype == torch.float32 for parameter in net.parameters())
    scaler = trainer.gradients.scaler
    return history["loss"], None if scaler is None else scaler.get_scale(), kind


@PLACES
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_losses_in_half_precision_are_near_those_in_full(device: str, precision: str) -> None:
    """To 3 % of each epoch's loss; in full precision a device's are the CPU's to 1e-3."""
    full, none, kind = on(device, train, "fp32")
    assert (none, kind) == (None, "torch.float32")
    assert full == pytest.approx(on("cpu", train, "fp32")[0], rel=1e-3)
    half, factor, kind = on(device, train, precision)
    assert half == pytest.approx(full, rel=0.03)
    assert half != full
    assert half[-1] < half[0] / 2
    assert kind == {"bf16": "torch.bfloat16", "fp16": "torch.float16"}[precision]
    assert (factor is None) == (precision == "bf16")


@pytest.mark.parametrize("device", [CUDA])
def test_losses_compiled_are_those_without(device: str) -> None:
    """To 2 % in bf16: fused operations round less often. On the CPU, tests of the loop compile."""
    assert on(device, train, "bf16", True)[0] == pytest.approx(on(device, train, "bf16")[0], rel=0.02)


def overflow(device: str) -> tuple[list[float], float, float]:
    """The weight before and after a step whose gradient fp16 cannot hold; the scaler's factor before and after."""
    net = nn.Linear(1, 1, bias=False)
    loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), device=device, precision="fp16")
    before, weight = loop.gradients.scaler.get_scale(), net.weight.item()
    for (x,) in loop.batches([(torch.full((1, 1), 100.0),)]):
        with loop.autocast():
            out = net(x)
        loop.step(out.float().sum())  # its gradient, multiplied by 65536, goes through fp16
    return [weight, net.weight.item()], before, loop.gradients.scaler.get_scale()


@PLACES
def test_an_overflow_in_fp16_leaves_the_weights_and_lowers_the_factor(device: str) -> None:
    (weight, later), before, after = on(device, overflow)
    assert weight == later
    assert after < before


def poisoned(device: str) -> str:
    """What is said of a NaN, and after how many batches."""
    net = nn.Linear(4, 1)
    loop = Loop(net, torch.optim.SGD(net.parameters(), lr=0.1), device=device)
    try:
        for at, x in enumerate(loop.batches([torch.ones(2, 4)] * 200)):
            loop.step(net(x).mean() * (math.nan if at == 3 else 1.0))
    except FloatingPointError as error:
        return f"{loop.batch} {error}"
    return "200 nothing"


@PLACES
def test_a_loss_that_is_nan_ends_the_run_soon(device: str) -> None:
    batch, said = on(device, poisoned).split(" ", 1)
    assert int(batch) == (4 if device == "cpu" else 64)
    assert "loss" in said


def megabytes(device: str) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Before, with and after 64 MB of zeros."""
    start = torch.zeros(1, device=device)
    before = devices.memory(device)
    more = torch.zeros(16_000_000, device=device) + start
    with_more = devices.memory(device)
    del more
    return before, with_more, devices.memory(device)


@PLACES
def test_memory(device: str) -> None:
    before, more, after = on(device, megabytes)
    assert after["peak"] >= more["peak"] >= before["peak"] > 0
    if device == "cuda":
        assert more["used"] - before["used"] == pytest.approx(64, abs=3)
        assert after["used"] == pytest.approx(before["used"], abs=3)
        assert more["peak"] >= more["used"]
        assert more["total"] > more["peak"]


def speed(device: str) -> tuple[measure.Speed, float | None]:
    """Of products of matrices in bf16, and the published peak."""
    size = 4096 if device == "cuda" else 128
    a = torch.randn(size, size, device=device, dtype=torch.bfloat16)

    def step() -> Tensor:
        for _ in range(10):
            out = a @ a
        return out

    found = measure.measure(step, count=size, steps=5, device=device)
    assert found.flops == 10 * 2 * size**3
    return found, measure.peak_flops(devices.pick(device))


@PLACES
def test_a_speed_is_a_share_of_the_device_s(device: str) -> None:
    found, peak = on(device, speed)
    assert found.memory is not None
    if peak is None:
        assert found.mfu is None
    else:
        assert found.mfu == pytest.approx(found.flops / found.step / peak)
        assert 0.1 < found.mfu <= 1.0, str(found)


def moved(device: str) -> tuple[bool, list[Any]]:
    """Whether batches of 16 MB, copied behind one another, are what they were; and what a batch of many parts has become."""
    where = devices.pick(device)
    sources = [torch.arange(4_000_000, dtype=torch.float32) + number for number in range(4)]
    if device == "cuda":
        sources = [source.pin_memory() for source in sources]
    there = [devices.move(source, where) * 2 for source in sources]  # used at once: the copy is on the same stream
    right = all(torch.equal(one.cpu(), source * 2) for one, source in zip(there, sources, strict=True))
    back = devices.move(there[0], torch.device("cpu"))  # to be read at once
    right = right and torch.equal(back, sources[0] * 2)
    many = devices.move({"x": (torch.ones(2), [torch.zeros(1)]), "name": "a"}, where)
    return right, [many["x"][0].device.type, many["x"][1][0].device.type, many["name"]]


@PLACES
def test_batches_from_pinned_memory_arrive_whole(device: str) -> None:
    right, parts = on(device, moved)
    assert right
    assert parts == [device, device, "a"]


def chosen(device: str) -> list[str]:
    return [*devices.available(), devices.pick().type, str(devices.pick(device))]


@PLACES
def test_the_best_device_is_picked(device: str) -> None:
    *names, best, asked = on(device, chosen)
    assert asked == device
    assert names[-1] == "cpu"
    assert best == names[0].partition(":")[0]
    assert ("cuda" in names) == bool(GPUS)
    assert [name for name in names if name.startswith("cuda:")] == [f"cuda:{index}" for index in range(GPUS)]
