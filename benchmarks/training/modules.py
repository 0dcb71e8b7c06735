"""Peers with torch's names: torch itself, and ours on two kinds of arrays. One text trains all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.training.models import build
from benchmarks.training.task import Task


def start(library: str, arrays: str, model: str, task: Task) -> Callable[[], float]:
    """A function that makes one step and returns the loss before it."""
    nn, optim = import_module(f"{library}.nn"), import_module(f"{library}.optim")
    native: Callable[[np.ndarray], Any] = np.array
    if arrays == "torch":
        torch = import_module("torch")
        native = torch.tensor
    wrap = (lambda array: array) if library == "torch" else import_module(library).Tensor

    net = build(model, nn)
    parameters = dict(net.named_parameters())
    if parameters.keys() != task.weights.keys():
        raise SystemExit(f"{library}: the parameters are {sorted(parameters)}, torch's are {sorted(task.weights)}")
    for name, parameter in parameters.items():
        parameter.data = native(task.weights[name])
    inputs, targets = [wrap(native(array)) for array in task.inputs], wrap(native(task.targets))
    optimizer = optim.SGD(net.parameters(), lr=task.rate)

    def step() -> float:
        optimizer.zero_grad()
        logits = net(*inputs)
        loss = nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step
