"""Memory: what training takes does not grow, and activations are freed while the walk passes."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlkit
from dlkit import Tensor, optim


def random(*shape: int) -> Tensor:
    return Tensor(np.random.default_rng(sum(shape)).normal(size=shape).astype("float32") * 0.1, requires_grad=True)


def perceptron() -> Callable[[], Any]:
    weights = [random(20, 64), random(64), random(64, 64), random(64), random(64, 5), random(5)]
    optimizer = optim.Adam(weights)
    x, y = Tensor(np.ones((32, 20), "float32")), Tensor(np.zeros((32, 5), "float32"))

    def step() -> float:
        optimizer.zero_grad()
        h = x
        for i in (0, 2):
            h = (h @ weights[i] + weights[i + 1]).relu()
        loss = ((h @ weights[4] + weights[5] - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def sentences() -> Callable[[], Any]:
    """Embedding, attention and softmax, with a hook, a retained gradient, and a penalty on the gradient."""
    weights = [random(50, 16), random(16, 48), random(16, 50)]
    optimizer = optim.SGD(weights, lr=0.1, momentum=0.9)
    words = Tensor(np.arange(40).reshape(4, 10) % 50)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.99)

    def step() -> float:
        optimizer.zero_grad()
        e = weights[0][words]
        q, k, v = (e @ weights[1]).chunk(3, dim=-1)
        scores = (q @ k.transpose(-1, -2) / 4.0).softmax(-1)
        scores.retain_grad()
        scores.register_hook(lambda g: g * 1.0)
        out = ((e + scores @ v) @ weights[2]).log_softmax(-1)
        loss = -out.gather(-1, words.unsqueeze(-1)).mean()
        (slope,) = dlkit.grad(loss, weights[2], create_graph=True)
        (loss + 0.01 * (slope * slope).sum()).backward()
        optimizer.step()
        schedule.step()
        return float(loss.item())

    return step


def kept() -> tuple[int, int]:
    """Bytes in arrays, and tensors that live. (All that is traced would count the interpreter's free lists, which grow.)"""
    arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    traces = tracemalloc.take_snapshot().filter_traces([arrays]).traces
    return sum(trace.size for trace in traces), sum(type(o) is Tensor for o in gc.get_objects())


@pytest.mark.parametrize("made", [perceptron, sentences])
def test_fifty_steps_take_what_ten_take(made: Callable[[], Callable[[], float]]) -> None:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        step = made()
        first = step()
        for _ in range(9):
            step()
        after_ten = kept()
        for _ in range(40):
            last = step()
        after_fifty = kept()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert last < first
    assert after_ten[0] > 1_000
    assert after_fifty == after_ten


def test_activations_die_though_the_loss_lives() -> None:
    w = random(30, 30)
    h = w
    arrays = []
    for _ in range(5):
        h = (h @ w).tanh()
        arrays.append(weakref.ref(h.data))
    loss = h.sum()
    del h
    assert all(ref() is not None for ref in arrays)
    loss.backward()
    assert [ref() is None for ref in arrays] == [True] * 5
    assert loss.item() != 0.0
    assert loss.shape == ()


def test_what_a_compound_operation_keeps_dies_too() -> None:
    """What it has saved for its gradient, and the arrays among its options."""
    x, place = random(30, 30), np.array([0, 1, 2])
    y = dlkit.nn.functional.layer_norm(x, (30,), random(30))
    z = y[place]
    refs = [weakref.ref(a) for a in (*y.saved, place) if isinstance(a, np.ndarray)]
    assert len(refs) >= 2
    del place
    loss = z.sum()
    loss.backward()
    assert [ref() is None for ref in refs] == [True] * len(refs)
    assert y.shape == (30, 30)


def test_activations_die_while_the_walk_passes() -> None:
    """When the gradient of an early layer is there, the later layers' arrays are gone."""
    w = random(30, 30)
    first = (w @ w).tanh()
    h, arrays = first, []
    for _ in range(5):
        h = (h * 0.5).exp()
        arrays.append(weakref.ref(h.data))
    alive: list[int] = []
    first.register_hook(lambda g: alive.append(sum(ref() is not None for ref in arrays)))
    loss = h.log().sum()
    del h
    loss.backward()
    assert alive == [0]


def test_a_graph_that_is_dropped_is_freed_at_once() -> None:
    w = random(30, 30)
    gc.disable()
    try:
        loss = (w @ w).tanh().sum()
        assert loss.inputs is not None
        inner = weakref.ref(loss.inputs[0])
        del loss
        assert inner() is None
    finally:
        gc.enable()


def test_create_graph_makes_no_circle_of_grad() -> None:
    gc.disable()
    try:
        w = random(10, 10)
        y = w.tanh()
        (slope,) = dlkit.grad(y.sum(), w, create_graph=True)
        refs = [weakref.ref(y), weakref.ref(slope)]
        del y, slope
        assert [ref() for ref in refs] == [None, None]
    finally:
        gc.enable()
