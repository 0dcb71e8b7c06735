"""How fast a GPT trains under `Loop`: `python -m benchmarks.gpt` takes turns with a loop written by hand, in the manner of nanoGPT's.

That loop does what nanoGPT's train.py does (github.com/karpathy/nanoGPT, MIT): batches cut from a file of tokens at random places and
copied from pinned memory while the GPU computes, bf16 by autocast, groups of batches to an update, gradients clipped, fused AdamW, a rate
that falls as a cosine, `torch.compile` of the model with its loss, and the loss read once in ten updates. The model, its first weights
and the order of the batches are the same for all; in the end their losses on one more batch are shown.

In each round every way makes as many updates, in another order each time. What is printed is the median of the rounds' ratios of tokens
a second; `again` is by hand once more: how far it is from 1 says how far the other is to be believed. MFU is the share of the published
bf16 peak, with the operations that `measure.flops` counts (attention as if nothing were masked, as is the custom). On a CPU a tiny model
trains in float32, which shows that all of it works, and tells nothing of a GPU.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

from dlkit.models.gpt import GPT, Config, decay_groups
from dlkit.train import Loop, devices, measure

RATE, CLIP = 6e-4, 1.0


@dataclass(frozen=True)
class Plan:
    """A model, and how a round trains it."""

    config: Config
    batch: int
    accumulate: int
    updates: int = 10  # in a round

    @property
    def tokens(self) -> int:
        """Of a round."""
        return self.updates * self.accumulate * self.batch * self.config.context


# Those on GPUs have the sizes of nanoGPT's two examples, with its vocabulary rounded up to a multiple of 64.
PLANS = {
    "tiny": Plan(Config(vocabulary=256, context=32, layers=2, heads=2, width=32), batch=4, accumulate=2, updates=3),
    "10M": Plan(Config(vocabulary=256, context=256, layers=6, heads=6, width=384, bias=False), batch=64, accumulate=1),
    "124M": Plan(Config(vocabulary=50304, context=1024, bias=False), batch=12, accumulate=4),
}


class Guess(nn.Module):
    """The mean loss of guessing the next token: (B, T), (B, T) -> (). With the model in it, both are compiled as one."""

    def __init__(self, gpt: GPT) -> None:
        super().__init__()
        self.gpt = gpt

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(self.gpt(tokens).flatten(0, 1), targets.flatten())


class Batches:
    """Pieces of a file of tokens, from random places, in pinned memory where a GPU will fetch them; a round of them is a pass."""

    def __init__(self, path: Path, plan: Plan, pin: bool, seed: int = 1) -> None:
        self.path, self.plan, self.pin = path, plan, pin
        self.generator = torch.Generator().manual_seed(seed)

    def next(self) -> tuple[Tensor, Tensor]:
        tokens, length = numpy.memmap(self.path, dtype=numpy.uint16, mode="r"), self.plan.config.context
        places = torch.randint(len(tokens) - length, (self.plan.batch,), generator=self.generator).tolist()
        pieces = torch.from_numpy(numpy.stack([tokens[at : at + length + 1].astype(numpy.int64) for at in places]))
        x, y = pieces[:, :-1].contiguous(), pieces[:, 1:].contiguous()
        return (x.pin_memory(), y.pin_memory()) if self.pin else (x, y)

    def __len__(self) -> int:
        return self.plan.updates * self.plan.accumulate

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return (self.next() for _ in range(len(self)))


def write_tokens(path: Path, vocabulary: int, count: int = 1_000_000) -> None:
    """Steps of 31, each twice, with noise: something to learn."""
    noise = numpy.random.default_rng(0).integers(0, 4, count)
    ((numpy.arange(count) // 2 * 31 + noise) % vocabulary).astype(numpy.uint16).tofile(path)


def adamw(model: nn.Module, device: torch.device) -> torch.optim.Optimizer:
    return torch.optim.AdamW(decay_groups(model), lr=RATE, betas=(0.9, 0.95), fused=device.type == "cuda")


def factor(update: int) -> float:
    """Of the rate: up in 10 updates, then down to a tenth in 1000."""
    return (update + 1) / 10 if update < 10 else 0.1 + 0.45 * (1 + math.cos(math.pi * min(update / 1000, 1)))


def by_hand(model: nn.Module, batches: Batches, device: torch.device, precision: str, compiled: bool) -> Callable[[], None]:
    plan, optimizer = batches.plan, adamw(model, device)
    forward = torch.compile(model) if compiled else model
    autocast = torch.autocast(device.type, devices.PRECISIONS[precision], enabled=precision != "fp32")
    done = 0

    def fetch() -> tuple[Tensor, Tensor]:
        x, y = batches.next()
        return x.to(device, non_blocking=True), y.to(device, non_blocking=True)

    x, y = fetch()

    def train() -> None:
        nonlocal x, y, done
        model.train()
        for _ in range(plan.updates):
            for group in optimizer.param_groups:
                group["lr"] = RATE * factor(done)
            for _ in range(plan.accumulate):
                with autocast:
                    loss = forward(x, y) / plan.accumulate
                x, y = fetch()  # while the GPU computes
                loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if done % 10 == 0:
                loss.item()
            done += 1

    return train


def with_loop(model: nn.Module, batches: Batches, device: torch.device, precision: str, compiled: bool) -> Callable[[], None]:
    optimizer = adamw(model, device)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    loop = Loop(
        model, optimizer, device=device, precision=precision, accumulate=batches.plan.accumulate, clip=CLIP, schedule=schedule, compile=compiled
    )  # fmt: skip

    def train() -> None:
        for x, y in loop.batches(batches):
            with loop.autocast():
                loss = model(x, y)
            loop.step(loss)

    return train


WAYS = {"by hand": by_hand, "again": by_hand, "Loop": with_loop}


def operations(model: nn.Module, batches: Batches, device: torch.device, precision: str) -> int:
    """Of a round, forward and backward."""
    x, y = devices.move(batches.next(), device)

    def step() -> None:
        with torch.autocast(device.type, devices.PRECISIONS[precision], enabled=precision != "fp32"):
            loss = model(x, y)
        loss.backward()

    found = measure.flops(step) * len(batches)
    model.zero_grad()
    return found


@dataclass(frozen=True)
class Result:
    """Tokens a second in each round, by way; the losses at the end; operations of a round; the peak in megabytes."""

    rates: dict[str, list[float]]
    losses: dict[str, float]
    flops: int
    memory: float | None

    def ratios(self, way: str) -> list[float]:
        return [one / hand for one, hand in zip(self.rates[way], self.rates["by hand"], strict=True)]


def compare(plan: Plan, device: torch.device, precision: str, compiled: bool, rounds: int) -> Result:
    """The rounds of all ways, after two that are not timed."""
    pin = device.type == "cuda"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokens.bin")
        write_tokens(path, plan.config.vocabulary)
        torch.manual_seed(0)
        first = Guess(GPT(plan.config)).to(device)
        flops = operations(first, Batches(path, plan, pin), device, precision)
        models = {way: copy.deepcopy(first) for way in WAYS}
        ways = {way: make(models[way], Batches(path, plan, pin), device, precision, compiled) for way, make in WAYS.items()}
        for _ in range(2):  # the second finds all compiled
            for train in ways.values():
                train()
        rates: dict[str, list[float]] = {way: [] for way in ways}
        order = list(ways)
        for _ in range(rounds):
            random.shuffle(order)
            for way in order:
                measure.synchronize(device)
                began = time.perf_counter()
                ways[way]()
                measure.synchronize(device)
                rates[way].append(plan.tokens / (time.perf_counter() - began))
        x, y = devices.move(Batches(path, plan, pin, seed=2).next(), device)
        with torch.no_grad(), torch.autocast(device.type, devices.PRECISIONS[precision], enabled=precision != "fp32"):
            losses = {way: model(x, y).item() for way, model in models.items()}
    return Result(rates, losses, flops, devices.memory(device).get("peak"))


def show(name: str, plan: Plan, result: Result, peak: float | None) -> None:
    size = f"{plan.config.layers} layers of {plan.config.width}, context {plan.config.context}, batch {plan.batch} x {plan.accumulate}"
    print(f"{name}: {size}, {result.flops / plan.tokens / 1e6:.1f} MFLOP a token, peak memory {result.memory or math.nan:.0f} MB", flush=True)
    for way, rates in result.rates.items():
        rate = statistics.median(rates)
        share = f"MFU {result.flops / plan.tokens * rate / peak:.1%}" if peak else "MFU unknown"
        said = f"    {way:8} {rate:12,.0f} tokens/s   {share}   loss {result.losses[way]:.4f}"
        if way != "by hand":
            low, middle, high = statistics.quantiles(result.ratios(way), n=4)
            said += f"   x by hand {middle:.3f} (half of the rounds within {low:.3f} to {high:.3f})"
        print(said, flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpt")
    parser.add_argument("--sizes", nargs="+", choices=PLANS, help="on a GPU 10M and 124M, on a CPU tiny")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--device", help="cuda or cpu; else the best there is")
    parser.add_argument("--precision", choices=devices.PRECISIONS, help="on a GPU bf16, on a CPU fp32")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, help="on a GPU yes, on a CPU no")
    asked: Any = parser.parse_args(arguments)
    if asked.rounds < 2:
        parser.error("--rounds: a median needs at least 2")
    device = devices.pick(asked.device)
    gpu = device.type == "cuda"
    precision = asked.precision or ("bf16" if gpu else "fp32")
    compiled = gpu if asked.compile is None else asked.compile
    devices.tf32()
    where = torch.cuda.get_device_name(device) if gpu else f"a {device.type}: THIS IS NO FIGURE OF A GPU, it shows that all works"
    print(f"On {where}; {precision}, {'compiled' if compiled else 'eager'}, PyTorch {torch.__version__}, {asked.rounds} rounds", flush=True)
    for name in asked.sizes or (["10M", "124M"] if gpu else ["tiny"]):
        torch.compiler.reset()  # what was compiled for another size counts against a limit
        if gpu:
            torch.cuda.reset_peak_memory_stats(device)
        show(name, PLANS[name], compare(PLANS[name], device, precision, compiled, asked.rounds), measure.peak_flops(device))


if __name__ == "__main__":
    main()
